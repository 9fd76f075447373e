"""`room run`: a program from the command line through the same runner as in the room, for authors and for trying limits.

What the candidate's browser would be sent is made of the room's own events and sorted by the room's own rule of who
may see what, so that the answer here is evidence for the room.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from room.sandbox.runner import Runner
from room.sandbox.spec import (
    CaseResult,
    Limits,
    Output,
    RunRequest,
    RunResult,
    SourceFile,
    TestCase,
    TestReport,
    TestRequest,
    TestSuite,
    Verdict,
)
from room.sandbox.testfile import BadTests, of_one_side, parse
from room.session import events as e
from room.session.ids import PartId, RunId
from room.session.state import EMPTY
from room.session.visibility import PUBLIC, visible_to

TEST_LIMITS = Limits(wall_s=5, cpu_s=5)
RUN, VISIBLE, HIDDEN = RunId("r_run"), RunId("r_visible"), RunId("r_hidden")
INPUT_SHOWN = 2_000
MEASURED = ("wall_ms", "cpu_ms", "peak_memory_bytes")
"""Left out of what the candidate would be sent: two runs never measure the same, and one may want to compare."""


class Rejected(Exception):
    """The command line asks for what cannot be run; the text is for whoever typed it."""


class Asked(msgspec.Struct, frozen=True):
    """What `room run` was asked for, read from files and checked."""

    language: str
    files: tuple[SourceFile, ...]
    stdin: str
    args: tuple[str, ...]
    limits: dict[str, Any]
    suite: TestSuite | None

    @property
    def entry(self) -> str:
        return self.files[0].name


class Answer(msgspec.Struct):
    """What `room run --json` prints."""

    verdict: Verdict
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    signal: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    truncated: bool = False
    sentence: str = ""
    cases: list[dict[str, Any]] = []
    candidate_view: dict[str, Any] = {}


def read(
    paths: list[Path],
    *,
    language: str,
    stdin: Path | None,
    tests: Path | None,
    limits: str,
    args: list[str],
) -> Asked:
    """Everything that was named on the command line. The first file is started; the others keep their place beside it.

    Raises Rejected.
    """
    top = paths[0].parent
    files = tuple(SourceFile(_name(path, top), _text(path)) for path in paths)
    suite = None
    if tests is not None:
        try:
            suite = parse(_bytes(tests))
        except BadTests as error:
            raise Rejected(str(error)) from error
    given = "" if stdin is None else sys.stdin.read() if str(stdin) == "-" else _text(stdin)
    return Asked(language, files, given, tuple(args), _limits(limits), suite)


async def answer(
    asked: Asked, runner: Runner, *, on_output: Any = None, stop: asyncio.Event | None = None
) -> Answer:
    """Run it, or test it; hidden cases apart and after the visible ones, as in the room. `stop` ends it: CANCELLED."""
    if asked.suite is None:
        return await _run(asked, runner, on_output, stop)
    return await _test(asked, asked.suite, runner, stop)


def rejected(sentence: str) -> Answer:
    """The answer to what was refused before it ran."""
    return Answer("REJECTED", sentence=sentence, candidate_view=candidate_view([]))


def main(
    asked_for: dict[str, Any], *, docker_host: str | None, runtime: str | None, as_json: bool
) -> int:
    """`room run`. Returns the exit code: 0 for OK and AC, with --json for every answer; 130 after Ctrl-C; 1 for others."""

    async def go() -> Answer:
        try:
            asked = read(**asked_for)
        except Rejected as error:
            return rejected(str(error))
        stop = asyncio.Event()
        if threading.current_thread() is threading.main_thread():  # Others hear no signals.
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        async with Runner.open(
            docker_host=docker_host, runtime=runtime, warm=0, chores=False
        ) as runner:
            return await answer(asked, runner, on_output=None if as_json else _print, stop=stop)

    given = asyncio.run(go())
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(given), ensure_ascii=False) + "\n")
        return 0
    for case in given.cases:
        mark = " (hidden)" if case["hidden"] else ""
        sys.stdout.write(f"{case['verdict']:4} {case['name']}{mark}: {case['sentence']}\n")
    if given.verdict == "CE" and given.cases:
        sys.stderr.write(given.stderr)
    sys.stderr.write(f"{given.verdict}: {given.sentence}\n")
    if given.verdict == "CANCELLED":
        return 128 + signal.SIGINT
    return 0 if given.verdict in ("OK", "AC") else 1


async def _run(asked: Asked, runner: Runner, on_output: Any, stop: asyncio.Event | None) -> Answer:
    pieces: list[Output] = []

    def hear(piece: Output) -> None:
        pieces.append(piece)
        if on_output:
            on_output(piece)

    request = RunRequest(
        language=asked.language,
        files=asked.files,
        entry=asked.entry,
        stdin=asked.stdin,
        args=asked.args,
        limits=_with(Limits(), asked.limits),
    )
    started: list[None] = []
    result = await runner.run(request, hear, stop=stop, on_start=lambda: started.append(None))
    return Answer(
        verdict=result.verdict,
        stdout="".join(piece.text for piece in pieces if piece.stream == "stdout"),
        stderr="".join(piece.text for piece in pieces if piece.stream == "stderr"),
        exit_code=result.exit_code,
        signal=result.signal,
        wall_s=result.usage.wall_s,
        cpu_s=result.usage.cpu_s,
        peak_memory_bytes=result.usage.peak_memory_bytes,
        truncated=result.truncated,
        sentence=result.sentence,
        candidate_view=candidate_view(run_events(pieces, result, has_started=bool(started))),
    )


async def _test(
    asked: Asked, suite: TestSuite, runner: Runner, stop: asyncio.Event | None
) -> Answer:
    limits = _with(TEST_LIMITS, asked.limits)
    reports: dict[bool, TestReport] = {}
    for hidden in (False, True):
        side = of_one_side(suite, hidden=hidden)
        if side.cases:
            request = TestRequest(asked.language, asked.files, asked.entry, side, limits)
            reports[hidden] = await runner.run_tests(
                request, stop=stop, lane="hidden" if hidden else "visible"
            )
    if not reports:
        return rejected("There are no tests in the file.")
    verdict: Verdict = next((r.verdict for r in reports.values() if r.verdict != "AC"), "AC")
    results = {hidden: iter(report.cases) for hidden, report in reports.items()}
    cases = [
        _as_case(result)
        for case in suite.cases
        if (result := next(results[case.hidden], None)) is not None
    ]
    first = next(iter(reports.values()))
    failed = next((r for r in reports.values() if r.verdict != "AC"), first)
    return Answer(
        verdict=verdict,
        stderr=first.message,
        wall_s=sum(r.usage.wall_s for r in reports.values()),
        cpu_s=sum(r.usage.cpu_s for r in reports.values()),
        peak_memory_bytes=max(r.usage.peak_memory_bytes for r in reports.values()),
        sentence=_sentence(cases, failed),
        cases=cases,
        candidate_view=candidate_view(test_events(suite, reports.get(False), reports.get(True))),
    )


def _sentence(cases: list[dict[str, Any]], failed: TestReport) -> str:
    passed = sum(case["verdict"] == "AC" for case in cases)
    if not cases or failed.verdict == "CE":
        return failed.sentence
    return f"{passed} of {len(cases)} tests passed"


def run_events(pieces: list[Output], result: RunResult, *, has_started: bool) -> list[object]:
    """What the room's journal would hold of a plain run."""
    events: list[object] = [e.RunStarted(RUN)] if has_started else []
    joined: list[Output] = []
    for piece in pieces:
        if joined and joined[-1].stream == piece.stream:
            joined[-1] = Output(piece.stream, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    events += [e.RunOutput(RUN, piece.text, piece.stream) for piece in joined]
    usage = result.usage
    events.append(
        e.RunFinished(
            RUN,
            result.verdict,
            result.sentence,
            result.exit_code,
            round(usage.wall_s * 1000),
            round(usage.cpu_s * 1000),
            usage.peak_memory_bytes,
            result.truncated,
        )
    )
    return events


def test_events(
    suite: TestSuite, visible: TestReport | None, hidden: TestReport | None
) -> list[object]:
    """What the room's journal would hold of a run of tests, the hidden ones' own run included."""
    events: list[object] = []
    if visible is None:
        events.append(e.TestsFinished(VISIBLE, "NONE", "No tests for this part."))
    else:
        events.append(
            e.TestsFinished(
                VISIBLE,
                visible.verdict,
                visible.sentence,
                _outcomes(of_one_side(suite, hidden=False), visible),
            )
        )
    if hidden is not None:
        events.append(e.HiddenTestsQueued(HIDDEN, VISIBLE))
        events.append(
            e.HiddenTestsFinished(
                HIDDEN,
                VISIBLE,
                hidden.verdict,
                hidden.sentence,
                _outcomes(of_one_side(suite, hidden=True), hidden),
            )
        )
    return events


def candidate_view(events: list[object]) -> dict[str, Any]:
    """The events that the candidate's browser would be sent, without what was measured."""
    sent = [msgspec.to_builtins(event) for event in events if visible_to(event, PUBLIC, EMPTY)]
    return {"events": [_unmeasured(event) for event in sent]}


def _unmeasured(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmeasured(one) for key, one in value.items() if key not in MEASURED}
    return [_unmeasured(one) for one in value] if isinstance(value, (list, tuple)) else value


def _outcomes(side: TestSuite, report: TestReport) -> tuple[e.TestOutcome, ...]:
    return tuple(_outcome(*pair) for pair in zip(side.cases, report.cases, strict=False))


def _outcome(given: TestCase, case: CaseResult) -> e.TestOutcome:
    shown = given.stdin
    if shown is None and given.args is not None:
        shown = msgspec.json.encode(given.args).decode()
    return e.TestOutcome(
        name=case.name,
        part=PartId(case.part),
        verdict=case.verdict,
        got=case.got,
        expected=case.expected,
        wall_ms=round(case.wall_s * 1000),
        stdin=(shown or "")[:INPUT_SHOWN],
    )


def _as_case(result: CaseResult) -> dict[str, Any]:
    case: dict[str, Any] = msgspec.to_builtins(result)
    del case["part"]
    return case


def _with(limits: Limits, changes: dict[str, Any]) -> Limits:
    return msgspec.structs.replace(limits, **changes)


def _limits(text: str) -> dict[str, Any]:
    """`wall_s=5,memory_mb=256` as values. Raises Rejected."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(Limits)}
    found: dict[str, Any] = {}
    for word in filter(None, text.split(",")):
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals or name not in kinds:
            raise Rejected(f"There is no limit called “{name}”; known: {', '.join(kinds)}.")
        try:
            found[name] = kinds[name](value)
        except ValueError as error:
            raise Rejected(f"The limit {name} cannot be “{value}”.") from error
    return found


def _name(path: Path, top: Path) -> str:
    try:
        return path.relative_to(top).as_posix()
    except ValueError:
        return path.name


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(f"{path} is no text in UTF-8.") from error


def _print(piece: Output) -> None:
    stream = sys.stdout if piece.stream == "stdout" else sys.stderr
    stream.write(piece.text)
    stream.flush()
