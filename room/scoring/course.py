"""How the time of a session went: stages, runs, tests, hints and parts shown.

What is not here is meant: how much, how fast or when somebody typed. It says little about skill and counts against people
who use assistive technology.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from room.session import events as e
from room.session.state import SessionState

NOT_JUDGED = frozenset({"BUSY", "CANCELLED", "IE", "UNAVAILABLE", "REJECTED"})
"""Verdicts that say something about the runner, not about the program."""


class StageSpan(msgspec.Struct, frozen=True):
    title: str
    from_ms: int
    to_ms: int
    paused_ms: int = 0

    @property
    def worked_ms(self) -> int:
        return self.to_ms - self.from_ms - self.paused_ms


class TestCount(msgspec.Struct, frozen=True):
    __test__ = False

    passed: int
    of: int


class RunMark(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    """``run`` or ``tests``."""
    verdict: str
    shown: TestCount | None = None
    not_shown: TestCount | None = None

    @property
    def is_passed(self) -> bool:
        return self.verdict in ("OK", "AC")


class HintMark(msgspec.Struct, frozen=True):
    at_ms: int
    part: str
    level: int


class PartMark(msgspec.Struct, frozen=True):
    at_ms: int
    title: str


class TestLine(msgspec.Struct, frozen=True):
    __test__ = False

    name: str
    part: str
    passed: bool
    shown: bool
    """Whether the candidate could see this test."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    length_ms: int
    paused_ms: int = 0
    stages: tuple[StageSpan, ...] = ()
    parts: tuple[PartMark, ...] = ()
    hints: tuple[HintMark, ...] = ()
    runs: tuple[RunMark, ...] = ()
    tests: tuple[TestLine, ...] = ()
    """The last results, of the tests that were shown and of those that were not."""
    tested_at_ms: int | None = None
    language: str = ""
    runner_failures: int = 0
    """Runs and tests that could not be carried out."""


def follow(recorded: Iterable[e.Recorded], state: SessionState) -> Course:
    """The course of a session; ``state`` is the fold of the same events."""
    last_ms = 0
    spans: list[StageSpan] = []
    pauses: list[tuple[int, int]] = []
    pause_from: int | None = None
    titles = {stage.id: stage for stage in state.stages}
    for one in recorded:
        last_ms = max(last_ms, one.at_ms)
        match one.event:
            case e.StageStarted(stage=stage) if stage in titles:
                if spans:
                    spans[-1] = replace(spans[-1], to_ms=one.at_ms)
                # No planned minutes beside them: extra time that somebody needed would show.
                spans.append(StageSpan(titles[stage].title, one.at_ms, one.at_ms))
            case e.ClockPaused():
                pause_from = one.at_ms
            case e.ClockResumed() | e.InterviewEnded() if pause_from is not None:
                pauses.append((pause_from, one.at_ms))
                pause_from = None
            case _:
                pass
    length_ms = state.ended_at_ms if state.ended_at_ms is not None else last_ms
    if spans:
        spans[-1] = replace(spans[-1], to_ms=max(length_ms, spans[-1].from_ms))
    tests, tested_at_ms, language = _last_tests(state)
    return Course(
        length_ms=length_ms,
        paused_ms=state.paused_ms,
        stages=tuple(replace(span, paused_ms=_overlap(span, pauses)) for span in spans),
        parts=tuple(PartMark(s.at_ms, s.part_title) for s in state.shown),
        hints=tuple(
            HintMark(h.at_ms, _part_title(state, h.question, h.part), h.level) for h in state.hints
        ),
        runs=_runs(state),
        tests=tests,
        tested_at_ms=tested_at_ms,
        language=language or state.language,
        runner_failures=sum(r.verdict in NOT_JUDGED - {"CANCELLED"} for r in state.runs),
    )


def _overlap(span: StageSpan, pauses: Iterable[tuple[int, int]]) -> int:
    return sum(max(0, min(to, span.to_ms) - max(start, span.from_ms)) for start, to in pauses)


def _part_title(state: SessionState, question: str, part: str) -> str:
    for plan in state.questions:
        if plan.id == question:
            return next((p.title for p in plan.parts if p.id == part), part)
    return part


def _count(outcomes: tuple[e.TestOutcome, ...]) -> TestCount:
    return TestCount(sum(o.verdict == "AC" for o in outcomes), len(outcomes))


def _runs(state: SessionState) -> tuple[RunMark, ...]:
    hidden = {r.of: r for r in state.runs if r.kind == "hidden" and r.outcomes}
    marks = []
    for run in state.runs:
        if run.kind == "hidden" or run.status != "finished":
            continue
        if run.kind == "run":
            marks.append(RunMark(run.at_ms, "run", run.verdict))
            continue
        behind = hidden.get(run.id)
        marks.append(
            RunMark(
                run.at_ms,
                "tests",
                run.verdict,
                _count(run.outcomes) if run.outcomes else None,
                _count(behind.outcomes) if behind else None,
            )
        )
    return tuple(marks)


def _last_tests(state: SessionState) -> tuple[tuple[TestLine, ...], int | None, str]:
    lines: list[TestLine] = []
    at_ms, language = None, ""
    for kind in ("tests", "hidden"):
        run = next((r for r in reversed(state.runs) if r.kind == kind and r.outcomes), None)
        if run is None:
            continue
        if at_ms is None or run.at_ms > at_ms:
            at_ms, language = run.at_ms, run.language or language
        for outcome in run.outcomes:
            part = next(
                (p.title for q in state.questions for p in q.parts if p.id == outcome.part),
                outcome.part,
            )
            lines.append(TestLine(outcome.name, part, outcome.verdict == "AC", kind == "tests"))
    return tuple(lines), at_ms, language
