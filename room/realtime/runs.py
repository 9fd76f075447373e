"""Carries out a room's runs on the sandbox; what comes of them goes back through the room's inbox."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import structlog

from room.realtime.content import Content
from room.sandbox.budget import Payer
from room.sandbox.interactive import LIMITS as INTERACTIVE
from room.sandbox.interactive import InteractiveRun
from room.sandbox.runner import Runner
from room.sandbox.spec import (
    Lane,
    Output,
    RunnerStatus,
    RunRequest,
    RunResult,
    SourceFile,
    TestReport,
    TestRequest,
)
from room.session import commands as c
from room.session.events import TestOutcome
from room.session.ids import MemberId, PartId, QuestionId, RunId

log = structlog.get_logger()


class Job(msgspec.Struct, frozen=True):
    """A run with the text that its clicker saw."""

    run: RunId
    kind: str
    """run, tests or hidden."""
    language: str
    files: tuple[tuple[str, str], ...]
    """Names and texts."""
    entry: str
    stdin: str
    question: QuestionId | None
    parts: tuple[PartId, ...]
    interactive: bool = False


def finish_of(kind: str) -> Callable[..., c.SystemCommand]:
    """The command that ends a run of this kind: (run, verdict, sentence, ...)."""
    if kind == "run":
        return c.FinishRun
    return c.FinishHiddenTests if kind == "hidden" else c.FinishTests


Submit = Callable[[c.SystemCommand], None]


class Runs:
    """The runs of one room."""

    def __init__(self, runner: Runner, content: Content, payer: Payer, submit: Submit) -> None:
        self._runner = runner
        self._payer = payer
        self._content = content
        self._submit = submit
        self._stops: dict[RunId, tuple[asyncio.Event, list[MemberId]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._terminals: dict[RunId, InteractiveRun] = {}
        self._size = (80, 24)
        self._begun = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        return bool(self._tasks)

    async def status(self) -> RunnerStatus:
        return await self._runner.status()

    def start(self, job: Job) -> None:
        stop = asyncio.Event()
        by: list[MemberId] = []
        self._stops[job.run] = (stop, by)
        task = asyncio.create_task(self._guarded(job, stop, by), name=f"run {job.run}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self, run: RunId, by: MemberId) -> None:
        """Have a run stopped; its result says by whom. Nothing happens when it is over."""
        if run in self._stops:
            stop, who = self._stops[run]
            who.append(by)
            stop.set()

    def type(self, run: RunId, text: str) -> None:
        """Keys for a running terminal; nothing happens when it is over."""
        terminal = self._terminals.get(run)
        if terminal is not None and not terminal.write(text.encode()):
            log.info("run.input_dropped", run=run)

    def resize(self, run: RunId, columns: int, rows: int) -> None:
        """The terminal's size as its readers see it; the next one starts with it."""
        self._size = (columns, rows)
        terminal = self._terminals.get(run)
        if terminal is not None:
            terminal.resize(columns, rows)

    async def any_news(self) -> None:
        """Returns when a run has begun or is over; at once when there is none."""
        if self._tasks:
            begun = asyncio.create_task(self._begun.wait())
            await asyncio.wait({begun, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            begun.cancel()
            self._begun.clear()

    async def any_over(self) -> None:
        """Returns when one of the runs is over; at once when there is none."""
        if self._tasks:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Stop everything and wait until the boxes are given back."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, job: Job, stop: asyncio.Event, by: list[MemberId]) -> None:
        work: Coroutine[Any, Any, None] = (
            self._run(job, stop, by) if job.kind == "run" else self._test(job, stop)
        )
        try:
            await work
        except asyncio.CancelledError:
            self._end_without_result(
                job, "CANCELLED", "Stopped because the server restarts. Run it again."
            )
            raise
        except Exception:
            log.exception("run.fault", run=job.run)
            self._end_without_result(
                job, "IE", "That did not work, and it is our fault. Run it again."
            )
        finally:
            self._stops.pop(job.run, None)

    def _end_without_result(self, job: Job, verdict: str, sentence: str) -> None:
        self._submit(finish_of(job.kind)(job.run, verdict, sentence))

    async def _run(self, job: Job, stop: asyncio.Event, by: list[MemberId]) -> None:
        def show(output: Output) -> None:
            self._submit(c.AppendOutput(job.run, output.text, output.stream))

        request = RunRequest(
            language=job.language,
            files=_sources(job),
            entry=job.entry,
            stdin=job.stdin,
            limits=INTERACTIVE if job.interactive else self._content.limits(job.question),
            setup=self._content.setup(job.question, job.language),
        )

        def begun() -> None:
            self._submit(c.BeginRun(job.run))
            self._begun.set()

        if job.interactive:
            result = await self._hold_terminal(job.run, request, show, begun, stop)
        else:
            result = await self._runner.run(
                request, show, stop=stop, on_start=begun, payer=self._payer
            )
        self._submit(
            c.FinishRun(
                job.run,
                result.verdict,
                result.sentence,
                result.exit_code,
                round(result.usage.wall_s * 1000),
                round(result.usage.cpu_s * 1000),
                result.usage.peak_memory_bytes,
                result.truncated,
                by[0] if by and result.verdict == "CANCELLED" else None,
            )
        )

    async def _hold_terminal(
        self,
        run: RunId,
        request: RunRequest,
        show: Callable[[Output], None],
        begun: Callable[[], None],
        stop: asyncio.Event,
    ) -> RunResult:
        columns, rows = self._size
        terminal = self._runner.interactive(
            request, show, columns=columns, rows=rows, on_start=begun, payer=self._payer
        )
        self._terminals[run] = terminal
        stopped = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(terminal.result())
        try:
            await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                terminal.stop()
            return await ended
        finally:
            terminal.stop()
            stopped.cancel()
            del self._terminals[run]

    async def _test(self, job: Job, stop: asyncio.Event) -> None:
        is_hidden = job.kind == "hidden"
        finish = finish_of(job.kind)
        suite = (
            self._content.suite(job.question, job.parts, job.language, hidden=is_hidden)
            if job.question is not None
            else None
        )
        if suite is None or not suite.cases:
            self._submit(finish(job.run, "NONE", "No tests for this part."))
            return
        request = TestRequest(
            language=job.language,
            files=_sources(job),
            entry_file=job.entry,
            suite=suite,
            limits=self._content.test_limits(job.question),
        )
        lane: Lane = "hidden" if is_hidden else "visible"
        report: TestReport = await self._runner.run_tests(
            request, lane=lane, stop=stop, payer=self._payer
        )
        given = {(case.part, case.name): case for case in suite.cases}
        outcomes = tuple(
            TestOutcome(
                name=result.name,
                part=PartId(result.part),
                verdict=result.verdict,
                got=result.got,
                expected=result.expected,
                wall_ms=round(result.wall_s * 1000),
                stdin=_shown_input(given.get((result.part, result.name))),
            )
            for result in report.cases
        )
        sentence = report.sentence if not report.message else f"{report.sentence}\n{report.message}"
        self._submit(finish(job.run, report.verdict, sentence, outcomes))


INPUT_SHOWN = 2_000
"""Characters of a case's input that are kept beside its result."""


def _shown_input(case: Any) -> str:
    if case is None:
        return ""
    if case.stdin is not None:
        return str(case.stdin)[:INPUT_SHOWN]
    if case.args is not None:
        return msgspec.json.encode(case.args).decode()[:INPUT_SHOWN]
    return ""


def _sources(job: Job) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(name, text) for name, text in job.files)
