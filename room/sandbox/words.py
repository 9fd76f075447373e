"""The sentences in which the runner says how a run ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from room.sandbox.spec import CaseResult, Limits, Usage, Verdict

NO_ENGINE = (
    "Code cannot run just now: the container engine does not answer. Start Docker, then try again."
)
NO_IMAGE = "Code in {label} cannot run here yet: its image is missing. Build it with “room images build {language}”."
NO_RUNTIME = "Code cannot run just now: {reason}."
INTERNAL = "The run failed because of a fault on our side. It is not the program. Run again."
TOO_MANY = "Too many runs are waiting. Try again in a few seconds."
NOT_COMPILED = "The program did not compile."
SLOW_COMPILER = "The program did not compile: the compiler took longer than 30 seconds."
LARGE_COMPILER = "The program did not compile: the compiler ran out of memory."
LARGE_PROGRAM = "The program is too large: a compiled program may have 15 MB."
SPENT = "Much was run here in a short time. Try again in {wait}."
CANCELLED = "Stopped"
DEADLINE_HINT = "An endless loop is the usual cause."


def sentence(
    verdict: Verdict,
    *,
    code: int | None,
    signal: str | None,
    usage: Usage,
    limits: Limits,
    why: str,
) -> str:
    """How a run ended, for people."""
    match verdict:
        case "OK":
            return f"Finished in {seconds(usage.wall_s)} s"
        case "RE" if signal:
            return f"Ended by signal {signal}"
        case "RE":
            return f"Ended with code {code}"
        case "TLE" if why == "cpu":
            return f"Stopped after {plain_seconds(limits.cpu_s)} of computing, the limit for a run. {DEADLINE_HINT}"
        case "TLE":
            return f"Stopped after {plain_seconds(limits.wall_s)}, the limit for a run. {DEADLINE_HINT}"
        case "MLE":
            return f"Stopped at {limits.memory_mb} MB of memory, the limit for a run."
        case "OLE":
            return f"Stopped after {size(limits.output_bytes)} of output, the limit for a run."
        case "CANCELLED":
            return CANCELLED
        case "BUSY":
            return TOO_MANY
        case "CE":
            return NOT_COMPILED
        case _:
            return INTERNAL


def report_sentence(cases: Sequence[CaseResult]) -> str:
    """How a suite went, in one sentence."""
    if not cases:
        return "There are no tests here."
    passed = sum(case.verdict == "AC" for case in cases)
    if passed == len(cases):
        return "The test passed" if len(cases) == 1 else f"All {len(cases)} tests passed"
    return f"{passed} of {len(cases)} tests passed"


def seconds(value: float) -> str:
    """Seconds with one decimal, two below a tenth, none when whole and above one: 0.04, 0.4, 10."""
    if value < 0.095:
        return f"{max(value, 0.01):.2f}"
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") and value >= 1 else text


def plain_seconds(value: float) -> str:
    """As `seconds`, with the word."""
    text = seconds(value)
    return f"{text} second" if text == "1" else f"{text} seconds"


def size(count: int) -> str:
    """Bytes as people say them: 1 MB, 64 KB, 100 bytes."""
    for unit, word in ((1_048_576, "MB"), (1_024, "KB")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {word}"
    return "1 byte" if count == 1 else f"{count} bytes"
