"""What is asked of the runner and what it answers: plain records, no behaviour beyond checking a request."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from room.sandbox.languages import LANGUAGES

Verdict = Literal[
    "OK", "AC", "WA", "TLE", "MLE", "OLE", "RE", "CE", "BUSY", "CANCELLED", "IE", "UNAVAILABLE", "REJECTED"
]  # fmt: skip
"""OK: a run that ended with 0. AC, WA: accepted, wrong answer. TLE, MLE, OLE: stopped at the limit of time, memory,
output. RE: ended with an error. CE: did not compile. BUSY: no place in the queue. IE: our fault. UNAVAILABLE: no
engine. REJECTED: refused before it ran."""

Lane = Literal["visible", "hidden", "interactive"]
"""Lines of their own in front of the boxes, so that neither waits for the other."""
Compare = Literal["lines", "exact", "json", "tokens", "float", "unordered_lines", "checker"]

MAX_SOURCE_BYTES = 1_048_576
MAX_STDIN_BYTES = 8 * 1_048_576
MAX_FILES = 64
MAX_CASES = 1_000
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SourceFile(msgspec.Struct, frozen=True):
    """One file of the work folder; the name is relative, with `/` between folders."""

    name: str
    text: str


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one run may use at most. Tests apply `wall_s`, `cpu_s` and `output_bytes` to each case."""

    wall_s: float = 10
    cpu_s: float = 10
    memory_mb: int = 256
    output_bytes: int = 1_048_576
    scratch_mb: int = 16
    processes: int = 64
    file_mb: int = 8


class RunRequest(msgspec.Struct, frozen=True):
    """A plain run. `entry` names the file to start. `setup` is SQL run before an SQL program, its output kept."""

    language: str
    files: tuple[SourceFile, ...]
    entry: str
    stdin: str = ""
    args: tuple[str, ...] = ()
    limits: Limits = Limits()
    setup: str = ""


class Output(msgspec.Struct, frozen=True):
    """A piece of what the program wrote: whole characters, invalid bytes replaced by U+FFFD."""

    stream: Literal["stdout", "stderr"]
    text: str


class Usage(msgspec.Struct, frozen=True):
    """What a run used. `peak_memory_bytes` covers the whole box, a few megabytes of our own included."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0


class RunResult(msgspec.Struct, frozen=True):
    """How a run ended. `sentence` is for people; `exit_code` is None when a signal or a limit ended it."""

    verdict: Verdict
    exit_code: int | None
    signal: str | None
    usage: Usage
    truncated: bool
    sentence: str
    output_bytes: int = 0


class TestCase(msgspec.Struct, frozen=True):
    """One case. stdio uses `stdin`, function uses `args`, sql uses `seed` (a key of the suite's seeds)."""

    __test__ = False

    name: str
    part: str
    expected: Any
    stdin: str | None = None
    args: list[Any] | None = None
    seed: str | None = None
    compare: Compare = "lines"
    hidden: bool = False
    tolerance: float = 1e-6
    """How far a number may be off with compare="float", absolutely or as a share of the expected one."""


class Checker(msgspec.Struct, frozen=True):
    """A question's own judge, for answers that can be right in several ways.

    A program of the author's that runs in a box of its own, never in the candidate's: it finds input.txt, answer.txt and
    expected.txt in its folder and ends with 0 for a right answer, with 1 for a wrong one. Anything else is our fault.
    """

    language: str
    source: str


class TestSuite(msgspec.Struct, frozen=True):
    """The cases of a question in one style. `entry` is the function's name; `schema` and `seeds` are for sql.

    `box_per_case` gives each case a box that no other case was in, for programs that must not meet their own traces.
    """

    __test__ = False

    kind: Literal["stdio", "function", "sql"]
    cases: tuple[TestCase, ...]
    entry: str | None = None
    schema: str = ""
    seeds: dict[str, str] = {}
    checker: Checker | None = None
    box_per_case: bool = False


class TestRequest(msgspec.Struct, frozen=True):
    """A submission to be judged against a suite."""

    __test__ = False

    language: str
    files: tuple[SourceFile, ...]
    entry_file: str
    suite: TestSuite
    limits: Limits = Limits(wall_s=5, cpu_s=5)


class CaseResult(msgspec.Struct, frozen=True):
    """How one case went. `got` and `expected` are cut for display; `output` is what a function-style case printed."""

    name: str
    part: str
    hidden: bool
    verdict: Verdict
    got: str
    expected: str
    wall_s: float
    sentence: str
    output: str = ""


class TestReport(msgspec.Struct, frozen=True):
    """The answer to a `TestRequest`: AC when every case passed, else the first other verdict.

    `message` is what a compiler said about a program that did not compile.
    """

    __test__ = False

    verdict: Verdict
    cases: tuple[CaseResult, ...]
    passed: int
    total: int
    usage: Usage
    sentence: str
    message: str = ""


class RunnerStatus(msgspec.Struct, frozen=True):
    """Whether code can run now.

    `reason` says why not and what to do; `languages` maps id to a label with version; `retry_in_s` is when the engine
    will be asked again, None when it answers.
    """

    available: bool
    reason: str
    languages: dict[str, str]
    retry_in_s: int | None = None


def refusal(request: RunRequest | TestRequest) -> str | None:
    """Why this request cannot be run, as a sentence for the person who asked; None when it can."""
    if request.language not in LANGUAGES:
        return f"Code in “{request.language[:40]}” cannot run here."
    entry = request.entry if isinstance(request, RunRequest) else request.entry_file
    if not request.files:
        return "There is no file to run."
    if len(request.files) > MAX_FILES:
        return f"Too many files: at most {MAX_FILES} can run together."
    names = [file.name for file in request.files]
    for name in names:
        if not is_safe_name(name):
            return f"A file cannot be called “{name[:80]}” when it runs. Rename it and run again."
    if len(set(names)) != len(names):
        return "Two files have the same name. Rename one and run again."
    if any(other.startswith(name + "/") for name in names for other in names):
        return "A file and a folder have the same name. Rename one and run again."
    if entry not in names:
        return f"There is no file called “{entry[:80]}” to start with."
    if sum(len(file.text.encode("utf-8", "replace")) for file in request.files) > MAX_SOURCE_BYTES:
        return "The files are too large to run: 1 MB together is the limit."
    if isinstance(request, RunRequest):
        if len(request.stdin.encode("utf-8", "replace")) > MAX_STDIN_BYTES:
            return "The input is too large: 8 MB is the limit."
        if any("\0" in arg for arg in request.args) or len(request.args) > 256:
            return "These command-line arguments cannot be passed to a program."
        if sum(len(arg.encode("utf-8", "replace")) for arg in request.args) > 65_536:
            return "The command-line arguments are too long."
    else:
        if len(request.suite.cases) > MAX_CASES:
            return f"Too many test cases: at most {MAX_CASES}."
        if request.suite.kind not in LANGUAGES[request.language].tests:
            return f"This question has no tests in {LANGUAGES[request.language].label}."
        is_named = _FUNCTION_NAME.fullmatch(request.suite.entry or "")
        if request.suite.kind == "function" and not is_named:
            return "The question does not say which function to call."
        problem = _checker_refusal(request.suite)
        if problem:
            return problem
    return _name_refusal(request.language, names) or limits_refusal(request.limits)


def _checker_refusal(suite: TestSuite) -> str | None:
    """The author's mistakes about a checker."""
    if suite.checker is None:
        if any(case.compare == "checker" for case in suite.cases):
            return "The question's tests need a checker, and it brings none."
        return None
    if "stdio" not in (
        LANGUAGES[suite.checker.language].tests if suite.checker.language in LANGUAGES else ()
    ):
        return f"A checker in “{suite.checker.language[:40]}” cannot run here."
    if len(suite.checker.source.encode("utf-8", "replace")) > MAX_SOURCE_BYTES:
        return "The question's checker is too large."
    return None


def _name_refusal(language_id: str, names: list[str]) -> str | None:
    """Compilers read some characters of a file's name as something else."""
    language = LANGUAGES[language_id]
    for name in names:
        if (
            language.plain_names
            and name.endswith(language.endings)
            and not _PLAIN_NAME.fullmatch(name)
        ):
            return (
                f"A {language.label} file cannot be called “{name[:80]}” when it runs: "
                "use letters, digits, _ and -. Rename it and run again."
            )
    return None


def limits_refusal(limits: Limits) -> str | None:
    """Why these limits make no sense or are more than any run may have; None when they are fine."""
    ranges = (
        ("wall_s", limits.wall_s, 0.1, 900),
        ("cpu_s", limits.cpu_s, 0.1, 900),
        ("memory_mb", limits.memory_mb, 32, 2048),
        ("output_bytes", limits.output_bytes, 1, 64 * 1_048_576),
        ("scratch_mb", limits.scratch_mb, 1, 512),
        ("processes", limits.processes, 4, 512),
        ("file_mb", limits.file_mb, 1, 512),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            return f"The limit {name} must be between {low} and {high}."
    return None


def is_safe_name(name: str) -> bool:
    """Whether a name stays inside the work folder and means the same to every program that reads it."""
    if not name or len(name.encode("utf-8", "replace")) > 200 or name.startswith(("/", "-")):
        return False
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000 for char in name):
        return False
    parts = name.split("/")
    return not any(part in ("", ".", "..") for part in parts) and parts[0] != ".room"
