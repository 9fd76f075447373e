"""Run a moment of a recording again. Interviewers alone; nothing of it is recorded."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from litestar import post
from litestar.params import Body
from litestar.response import Response

from room.replay import index, rerun
from room.replay.rerun import AsOf, Comparison, NothingToRun
from room.sandbox.spec import Output, RunRequest, SourceFile, TestReport, TestRequest
from room.session.events import Recorded, TestOutcome
from room.session.ids import InterviewId, PartId
from room.store.engine import NotFound
from room.web.house import QuestionContent, Rows
from room.web.replay import Req, copy_of, take_seat


class Wish(msgspec.Struct, frozen=True):
    at_ms: int
    kind: Literal["run", "tests"] = "run"


class Again(msgspec.Struct, frozen=True):
    """What came of it."""

    at_ms: int
    sentence: str
    """How the run ended."""
    comparison: Comparison
    output: str = ""
    outcomes: tuple[TestOutcome, ...] = ()
    hidden: tuple[TestOutcome, ...] = ()


@post("/replay/{interview:str}/rerun", status_code=200)
async def run_again(request: Req, interview: str, data: Annotated[Wish, Body()]) -> Response[Any]:
    """Run the files of a moment, or their tests. 409 and a sentence while another one runs or when there is nothing to run."""
    state = request.app.state

    def look() -> tuple[list[Recorded], int, QuestionContent]:
        seat = take_seat(request, interview)
        if not seat.can_rerun:
            raise NotFound(interview)
        copy = copy_of(state, seat)
        if not copy.started:
            raise NotFound(interview)
        duration = index.duration_of(copy.last_ms, copy.state, copy.damaged_ms)
        at_ms = min(max(0, data.at_ms), duration)
        return (
            list(copy.events()),
            at_ms,
            Rows(state.store, state.clock).content(InterviewId(interview)),
        )

    visible, at_ms, content = await asyncio.to_thread(look)
    if "replay_reruns" not in state:
        state.replay_reruns = set()
    busy: set[str] = state.replay_reruns
    if interview in busy:
        return _refused("This recording is being run already. Wait for it.")
    busy.add(interview)
    try:
        moment = await asyncio.to_thread(rerun.as_of, visible, at_ms)
        if data.kind == "tests":
            return await _test(state.runner, content, moment, at_ms)
        return await _run(state.runner, content, moment, at_ms)
    except NothingToRun as error:
        return _refused(str(error))
    finally:
        busy.discard(interview)


def _refused(sentence: str) -> Response[Any]:
    return Response({"sentence": sentence}, status_code=409)


def _sources(moment: AsOf) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(name, text) for name, text in moment.files.items())


async def _run(runner: Any, content: QuestionContent, moment: AsOf, at_ms: int) -> Response[Any]:
    pieces: list[str] = []
    request = RunRequest(
        language=moment.language,
        files=_sources(moment),
        entry=moment.entry,
        stdin=moment.stdin,
        limits=content.limits(moment.question),
        setup=content.setup(moment.question, moment.language),
    )

    def hear(output: Output) -> None:
        pieces.append(output.text)

    result = await runner.run(request, hear)
    output = "".join(pieces)[: rerun.OUTPUT_MAX]
    compared = await asyncio.to_thread(rerun.compare, moment, output)
    if result.verdict in ("UNAVAILABLE", "REJECTED", "BUSY", "IE", "CANCELLED"):
        compared = Comparison(None, "It could not be run, so there is nothing to compare.")
    return Response(Again(at_ms, result.sentence, compared, output))


async def _test(runner: Any, content: QuestionContent, moment: AsOf, at_ms: int) -> Response[Any]:
    """Visible and hidden tests, each in a call of their own: only interviewers come here."""
    reports = [
        await _judged(runner, content, moment, is_hidden=is_hidden) for is_hidden in (False, True)
    ]
    judged = [one for one in reports if one is not None]
    if not judged:
        return _refused("There were no tests at this moment.")
    visible, hidden = (() if one is None else _outcomes(one) for one in reports)
    if not visible and not hidden:
        compared = Comparison(None, "The tests could not be run.")
        return Response(Again(at_ms, judged[0].sentence, compared))
    said = [
        f"{report.passed} of {report.total} {which}passed"
        for report, which in zip(reports, ("", "hidden "), strict=True)
        if report is not None and report.cases
    ]
    compared = rerun.compare_tests(moment, visible, hidden)
    return Response(Again(at_ms, f"{', '.join(said)}.", compared, outcomes=visible, hidden=hidden))


async def _judged(
    runner: Any, content: QuestionContent, moment: AsOf, *, is_hidden: bool
) -> TestReport | None:
    if moment.question is None:
        return None
    suite = content.suite(moment.question, moment.parts, moment.language, hidden=is_hidden)
    if suite is None or not suite.cases:
        return None
    request = TestRequest(
        language=moment.language,
        files=_sources(moment),
        entry_file=moment.entry,
        suite=suite,
        limits=content.test_limits(moment.question),
    )
    report: TestReport = await runner.run_tests(request, lane="hidden" if is_hidden else "visible")
    return report


def _outcomes(report: TestReport) -> tuple[TestOutcome, ...]:
    return tuple(
        TestOutcome(
            one.name, PartId(one.part), one.verdict, one.got, one.expected, round(one.wall_s * 1000)
        )
        for one in report.cases
    )


ROUTES = [run_again]
