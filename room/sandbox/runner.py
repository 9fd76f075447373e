"""The runner: what the rest of the product calls. It queues, runs, judges, and answers every fault with a verdict."""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from room.sandbox import words
from room.sandbox.budget import Budgets, Payer
from room.sandbox.compiling import Compiler, DidNotCompile
from room.sandbox.conversation import (
    BoxLost,
    OutOfTime,
    is_calm,
    signal_name,
    verdict_of,
)
from room.sandbox.demux import Demux
from room.sandbox.docker import DockerDriver
from room.sandbox.driver import Driver, EngineDown, Image, ImageMissing, Shape
from room.sandbox.frames import BadFrame, Ending, Job
from room.sandbox.interactive import MOST_CELLS, InteractiveRun
from room.sandbox.languages import LANGUAGES, fill
from room.sandbox.layout import run_files
from room.sandbox.layout import words as argv_words
from room.sandbox.line import Full, Line
from room.sandbox.pool import Pool
from room.sandbox.spec import (
    Lane,
    Limits,
    Output,
    RunnerStatus,
    RunRequest,
    RunResult,
    SourceFile,
    TestReport,
    TestRequest,
    Usage,
    Verdict,
    refusal,
)
from room.sandbox.trial import Trial

log = structlog.get_logger()

WAITING = 32
INTERACTIVE_EACH = 4
FIRST_WARM = ("python", "javascript", "sql")
WARM_FOR_S = 1800.0
SWEEP_EVERY_S = 60.0
FIRST_BACK_OFF_S = 1.0
LAST_BACK_OFF_S = 30.0

T = TypeVar("T")
Ran = TypeVar("Ran", bound=RunResult | TestReport)

OnOutput = Callable[[Output], None]
OnPlace = Callable[[int], None]


class Runner:
    """Runs programs and judges submissions. Make one with `Runner.open`; none of its methods raises for an engine's
    or a program's fault. A cancelled task destroys its box and goes on being cancelled; a `stop` event that is set
    ends the run with the verdict CANCELLED.
    """

    def __init__(
        self, driver: Driver, *, runs_at_once: int = 2, warm: int = 1, reuse: bool = False
    ) -> None:
        self._driver = driver
        self._pool = Pool(driver, warm=warm, reuse=reuse, rehearsal=_rehearsal)
        self._lines: dict[Lane, Line] = {
            "visible": Line(places=runs_at_once, waiting=WAITING),
            "hidden": Line(places=1, waiting=WAITING),
            # They mostly wait for somebody to type, so many fit beside each other.
            "interactive": Line(places=runs_at_once * INTERACTIVE_EACH, waiting=WAITING),
        }
        self._images: Mapping[str, Image] = {}
        self._compiler = Compiler(self._pool, self._image_id)
        self._used_at: dict[str, float] = {}
        self._versions: dict[str, str] = {}
        self._down: str | None = "the container engine was not asked yet"
        self._probe_at = 0.0
        self._back_off = FIRST_BACK_OFF_S
        self._checking = asyncio.Lock()
        self._chores: asyncio.Task[None] | None = None
        self._interactive: set[asyncio.Task[RunResult]] = set()
        self._budgets = Budgets()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        docker_host: str | None = None,
        runtime: str | None = None,
        runs_at_once: int = 2,
        warm: int = 1,
        worker: str = "",
        boot_id: str = "",
        chores: bool = True,
        reuse: bool = True,
    ) -> AsyncIterator[Runner]:
        """A runner on a Docker engine, closed at the end of the block.

        `docker_host` is an address such as unix:///var/run/docker.sock (None: where Docker usually is). `worker` names
        this installation among all that use the engine and stays the same over restarts, `boot_id` is new with each
        start: boxes left by an earlier life of the same worker are swept away. Without a name it is its own worker.
        Opens also when no engine answers. `chores` off is for a few runs and good-bye: nothing is swept, kept warm or
        asked for its version. `reuse` lets a box serve several runs and visible tests of one interview (of a payer's
        session), each in namespaces of its own; off, or where the kernel does not let boxes do that, every submission
        gets a new box. Hidden tests always do.
        """
        boot_id = boot_id or secrets.token_hex(8)
        driver = DockerDriver(
            docker_host=docker_host, runtime=runtime, worker=worker or boot_id, boot_id=boot_id
        )
        runner = cls(driver, runs_at_once=runs_at_once, warm=warm, reuse=reuse)
        await runner.start(chores=chores)
        try:
            yield runner
        finally:
            await runner.close()

    async def start(self, *, chores: bool = True) -> None:
        """Look at the engine and begin the chores: sweeping, warming, asking again when it is down."""
        await self._check(force=True)
        if not chores:
            return
        self._chores = asyncio.create_task(self._do_chores(), name="sandbox chores")

    async def close(self) -> None:
        """End every box and give back all connections; interactive runs end, others should have ended before."""
        for task in self._interactive:
            task.cancel()
        await asyncio.gather(*self._interactive, return_exceptions=True)
        if self._chores is not None:
            self._chores.cancel()
            await asyncio.gather(self._chores, return_exceptions=True)
        await self._pool.close()
        if self._down is None:
            try:
                await self._driver.sweep(self._pool.known, closing=True)
            except EngineDown as error:
                log.warning("sandbox.not_swept", reason=str(error))
        await self._driver.close()

    async def status(self) -> RunnerStatus:
        """Whether code can run now, and in which languages."""
        await self._check()
        if self._down is not None:
            wait = max(0, math.ceil(self._probe_at - time.monotonic()))
            return RunnerStatus(False, self._reason(), {}, retry_in_s=wait)
        if not self._images:
            text = "Code cannot run here yet: no language image is there. Build them with “room images build”."
            return RunnerStatus(available=False, reason=text, languages={})
        labels = {
            key: f"{language.label} {self._versions.get(key, '')}".strip()
            for key, language in LANGUAGES.items()
            if key in self._images
        }
        return RunnerStatus(available=True, reason="", languages=labels)

    async def ask_again(self) -> None:
        """Ask an engine that is down at once, for somebody who pressed for it; who comes while it is asked waits along."""
        if self._checking.locked():
            async with self._checking:
                return
        if self._down is not None:
            self._probe_at = 0.0
            await self._check()

    async def run(
        self,
        request: RunRequest,
        on_output: OnOutput,
        *,
        stop: asyncio.Event | None = None,
        on_place: OnPlace | None = None,
        on_start: Callable[[], None] | None = None,
        lane: Lane = "visible",
        payer: Payer | None = None,
    ) -> RunResult:
        """Run a program. `on_output` hears its output while it runs; `on_place` its place in line (1 is next);
        `on_start` that it left the line. `payer` is whose budget is used; without one the run is free.
        """
        problem = refusal(request)
        if problem:
            return _without_run("REJECTED", problem)

        async def once() -> RunResult:
            if on_start:
                on_start()
            return await self._run(request, on_output, owner=_owner(payer, lane))

        def work() -> Awaitable[RunResult]:
            return self._admitted(lane, on_place, request.language, once)

        done = await _unless(stop, self._paid(payer, lane, request, work))
        return done or _without_run("CANCELLED", words.CANCELLED)

    def interactive(
        self,
        request: RunRequest,
        on_output: OnOutput,
        *,
        columns: int = 80,
        rows: int = 24,
        on_place: OnPlace | None = None,
        on_start: Callable[[], None] | None = None,
        payer: Payer | None = None,
    ) -> InteractiveRun:
        """Start a program in a terminal; the request's `stdin` is typed ahead. Returns at once.

        Output comes as pieces of stdout (a terminal has one stream), in whole characters, and is in the handle's scrollback
        when `on_output` hears it. Give `interactive.LIMITS` with the request, or narrower ones.
        """
        handle = InteractiveRun()

        def show(piece: Output) -> None:
            handle.scrollback.add(piece.text)
            on_output(piece)

        async def once() -> RunResult:
            if on_start:
                on_start()
            size = (max(1, min(columns, MOST_CELLS)), max(1, min(rows, MOST_CELLS)))
            owner = _owner(payer, "interactive")
            return await self._run(request, show, owner=owner, terminal=size, feed=handle.feed)

        async def work() -> RunResult:
            problem = refusal(request)
            if problem:
                return _without_run("REJECTED", problem)

            def admitted() -> Awaitable[RunResult]:
                return self._admitted("interactive", on_place, request.language, once)

            paid = self._paid(payer, "interactive", request, admitted)
            done = await _unless(handle.stopping, paid)
            return done or _without_run("CANCELLED", words.CANCELLED)

        task = handle.begin(work())
        self._interactive.add(task)
        task.add_done_callback(self._interactive.discard)
        return handle

    async def run_tests(
        self,
        request: TestRequest,
        *,
        lane: Lane = "visible",
        stop: asyncio.Event | None = None,
        on_place: OnPlace | None = None,
        payer: Payer | None = None,
    ) -> TestReport:
        """Judge a submission. Give hidden cases in a call of their own with lane="hidden": they have their own place
        and never use a warm box, so that nothing about them can be felt in a visible run.
        """
        problem = refusal(request)
        if problem:
            return _report("REJECTED", problem, request)

        async def once() -> TestReport:
            trial = Trial(
                self._pool,
                self._compiler,
                request,
                owner=_owner(payer, lane),
                cold=lane == "hidden",
            )
            return await trial.hold()

        def work() -> Awaitable[TestReport | RunResult]:
            return self._admitted(lane, on_place, request.language, once)

        done = await _unless(stop, self._paid(payer, lane, request, work))
        if done is None:
            return _report("CANCELLED", words.CANCELLED, request)
        if isinstance(done, RunResult):
            return _report(done.verdict, done.sentence, request)
        return done

    async def _paid(
        self,
        payer: Payer | None,
        lane: Lane,
        request: RunRequest | TestRequest,
        work: Callable[[], Awaitable[Ran]],
    ) -> Ran | RunResult:
        """Let the work begin when the payer's budget allows, and charge what it used.

        What was cut off has no account of what it used: it is charged its time, up to its limit of computing.
        """
        if payer is None:
            return await work()
        began = time.monotonic()
        wait = self._budgets.admit(payer, lane, began)
        if wait:
            text = words.SPENT.format(wait=words.plain_seconds(wait))
            return _without_run("BUSY", text)
        done: Ran | None = None
        try:
            done = await work()
            return done
        finally:
            now = time.monotonic()
            usage = done.usage if done is not None else Usage()
            cpu_s = usage.cpu_s or min(now - began, request.limits.cpu_s) * (done is None)
            self._budgets.charge(payer, lane, now, output_bytes=_written(done), cpu_s=cpu_s)

    async def _admitted(
        self, lane: Lane, on_place: OnPlace | None, language: str, work: Callable[[], Awaitable[T]]
    ) -> T | RunResult:
        """Wait in line, do the work, and turn every fault into a result."""
        try:
            async with self._lines[lane].place(on_place):
                await self._check()
                if self._down is not None:
                    return _without_run("UNAVAILABLE", self._reason())
                try:
                    return await work()
                finally:
                    self._used_at[language] = time.monotonic()
                    self._keep_warm()
        except Full:
            return _without_run("BUSY", words.TOO_MANY)
        except ImageMissing:
            self._images = {key: of for key, of in self._images.items() if key != language}
            return _without_run(
                "UNAVAILABLE",
                words.NO_IMAGE.format(label=LANGUAGES[language].label, language=language),
            )
        except EngineDown as error:
            self._went_down(error)
            return _without_run("UNAVAILABLE", self._reason())
        except Exception:
            log.exception("sandbox.fault", language=language)
            return _without_run("IE", words.INTERNAL)

    async def _run(
        self,
        request: RunRequest,
        on_output: OnOutput,
        *,
        owner: str,
        terminal: tuple[int, int] | None = None,
        feed: asyncio.Queue[bytes] | None = None,
    ) -> RunResult:
        language = LANGUAGES[request.language]
        limits = request.limits
        values = argv_words(
            request.language, request.files, request.entry, memory_mb=limits.memory_mb
        )
        files = run_files(request)
        try:
            made = await self._compiler.make(request.language, "plain", files, values, owner=owner)
        except DidNotCompile as error:
            show = _Show(on_output)
            show.hear(b"e", error.message.encode())
            show.finish(cut=False)
            return _without_run("CE", error.sentence)
        job = Job(
            argv=fill(language.run, values) + request.args,
            stdin=request.stdin.encode("utf-8", "replace"),
            wall_s=limits.wall_s,
            cpu_s=limits.cpu_s,
            output_bytes=limits.output_bytes,
            terminal=terminal,
        )
        shape = shape_of(request.language, limits)
        for attempt in (1, 2):
            talk = await self._pool.take(shape, owner=owner, cold=attempt > 1)
            show = _Show(on_output)
            started = time.monotonic()
            calm = False
            try:
                await talk.give((*files, *made))
                ending = await talk.run(job, show.hear, feed)
                cut = ending.why == "output"
                show.finish(cut=cut)
                calm = is_calm(ending)
                return _result(ending, limits, cut=cut, output_bytes=show.bytes)
            except OutOfTime:
                show.finish(cut=True)
                return _stopped("TLE", limits, time.monotonic() - started)
            except BoxLost as error:
                show.finish(cut=True)
                state = await talk.box.state()
                if state.out_of_memory:
                    return _stopped("MLE", limits, time.monotonic() - started)
                if error.talked or attempt > 1:
                    log.warning("sandbox.box_lost", box=talk.box.id[:12], running=state.running)
                    return _without_run("IE", words.INTERNAL)
            except EngineDown:
                if show.bytes or attempt > 1:
                    raise  # what was shown cannot be taken back, so a second try would show it twice
            finally:
                show.close()
                if calm:
                    self._pool.leave(talk, shape, owner=owner)
                else:
                    self._pool.end(talk)
        raise AssertionError("unreachable")

    # What the engine is doing

    async def _check(self, *, force: bool = False) -> None:
        """Ask the engine again when it was down and the back-off has passed."""
        if self._down is None and not force:
            return
        async with self._checking:
            if not force and (self._down is None or time.monotonic() < self._probe_at):
                return
            try:
                await self._driver.probe()
                self._images = await self._driver.images()
            except EngineDown as error:
                self._went_down(error)
                return
            if self._down is not None:
                log.info("sandbox.engine_up", languages=sorted(self._images))
            self._down, self._back_off = None, FIRST_BACK_OFF_S
            self._keep_warm()

    def _went_down(self, error: EngineDown) -> None:
        if self._down is None:
            self._pool.drop_idle()
        elif time.monotonic() < self._probe_at:
            return  # many runs see the same fault; only a new question to the engine lengthens the wait
        self._down = str(error)
        self._probe_at = time.monotonic() + self._back_off
        self._back_off = min(self._back_off * 2, LAST_BACK_OFF_S)
        log.warning("sandbox.engine_down", reason=self._down, again_in_s=round(self._back_off / 2))

    def _reason(self) -> str:
        if self._down and "runtime" in self._down:
            return words.NO_RUNTIME.format(reason=self._down)
        return words.NO_ENGINE

    def _image_id(self, language: str) -> str:
        image = self._images.get(language)
        return image.id if image else ""

    def _keep_warm(self) -> None:
        """Boxes stand ready in the languages most asked for, and in those that were used lately."""
        if self._down is not None:
            return
        lately = time.monotonic() - WARM_FOR_S
        wanted = {
            key
            for key in self._images
            if key in FIRST_WARM or self._used_at.get(key, float("-inf")) > lately
        }
        self._pool.keep({shape_of(key, Limits()) for key in wanted})

    async def _do_chores(self) -> None:
        swept_at = -SWEEP_EVERY_S
        while True:
            await self._check()
            now = time.monotonic()
            if self._down is None:
                try:
                    if now - swept_at >= SWEEP_EVERY_S:
                        swept_at = now
                        gone = await self._driver.sweep(self._pool.known)
                        if gone:
                            log.info("sandbox.swept", boxes=gone)
                        self._images = await self._driver.images()
                        self._pool.tidy()
                        self._keep_warm()
                    await self._learn_versions()
                except EngineDown as error:
                    self._went_down(error)
                except Exception:
                    log.exception("sandbox.chores")
            wait = SWEEP_EVERY_S if self._down is None else max(0.05, self._probe_at - now)
            await asyncio.sleep(wait)

    async def _learn_versions(self) -> None:
        """What each image says of its version; one that says nothing is asked by running it."""
        self._versions |= {key: of.version for key, of in self._images.items() if of.version}
        for key in sorted(self._images.keys() - self._versions.keys()):
            job = Job(LANGUAGES[key].version, b"", wall_s=20, cpu_s=20, output_bytes=4096)
            said = bytearray()
            talk = await self._pool.take(shape_of(key, Limits()), cold=True)
            try:
                await talk.run(job, lambda _, data, said=said: said.extend(data))  # type: ignore[misc]
            except (OutOfTime, BoxLost, BadFrame):
                continue
            finally:
                self._pool.end(talk)
            self._versions[key] = version_in(said.decode("utf-8", "replace"))


def version_in(said: str) -> str:
    """The first number of what a version command says, to its second part: 3.11 of “Python 3.11.2”."""
    found = re.search(r"\d+(?:\.\d+)?", said)
    return found.group() if found else ""


class _Show:
    """Passes a program's bytes on as `Output`, in time; the timer is the loop's."""

    def __init__(self, on_output: OnOutput) -> None:
        self._on_output = on_output
        self._demux = Demux()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.bytes = 0

    def hear(self, kind: bytes, data: bytes) -> None:
        if kind in b"oe":
            self.bytes += len(data)
            self._send(
                self._demux.feed("stdout" if kind == b"o" else "stderr", data, self._loop.time())
            )

    def finish(self, *, cut: bool) -> None:
        """Send the rest; `cut` says that more was written."""
        self.close()
        self._send(self._demux.finish(self._loop.time(), cut=cut))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, pieces: list[Output]) -> None:
        for piece in pieces:
            self._on_output(piece)
        due = self._demux.due
        if due is not None and self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._send(self._demux.flush(self._loop.time()))


def _owner(payer: Payer | None, lane: Lane) -> str:
    """For whom a box may be kept; nobody's is not, and what hidden tests were in never is."""
    return payer.session if payer is not None and lane != "hidden" else ""


def _rehearsal(shape: Shape) -> tuple[tuple[SourceFile, ...], Job] | None:
    """The language's hello program, where it needs no compiler."""
    language = LANGUAGES[shape.language]
    if language.is_compiled:
        return None
    files = (SourceFile(language.file, language.hello),)
    values = argv_words(language.id, files, language.file, memory_mb=shape.memory_mb)
    job = Job(fill(language.run, values), b"", wall_s=20, cpu_s=20, output_bytes=4096)
    return run_files(RunRequest(language.id, files, language.file)), job


def shape_of(language: str, limits: Limits) -> Shape:
    """The box that these limits need."""
    return Shape(language, limits.memory_mb, limits.scratch_mb, limits.processes, limits.file_mb)


async def _unless(stop: asyncio.Event | None, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work answers; None as soon as `stop` is set, the work being cancelled then."""
    if stop is None:
        return await work
    task = asyncio.ensure_future(work)
    bell = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, bell), return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        bell.cancel()
        task.cancel()
        await asyncio.gather(task, bell, return_exceptions=True)


def _result(ending: Ending, limits: Limits, *, cut: bool, output_bytes: int) -> RunResult:
    verdict = verdict_of(ending)
    usage = Usage(ending.wall_us / 1e6, ending.cpu_us / 1e6, ending.peak)
    ours = ending.why != "exit" or verdict == "MLE"
    signal = None if ours else signal_name(ending.signal)
    code = None if ours or ending.signal else ending.code
    sentence = words.sentence(
        verdict, code=code, signal=signal, usage=usage, limits=limits, why=ending.why
    )
    return RunResult(verdict, code, signal, usage, cut, sentence, output_bytes)


def _stopped(verdict: Verdict, limits: Limits, wall_s: float) -> RunResult:
    usage = Usage(wall_s=wall_s)
    sentence = words.sentence(
        verdict, code=None, signal=None, usage=usage, limits=limits, why="wall"
    )
    return RunResult(verdict, None, None, usage, False, sentence)


def _written(done: RunResult | TestReport | None) -> int:
    """Bytes of output, as far as the answer tells."""
    if isinstance(done, TestReport):
        return sum(len(case.got) + len(case.output) for case in done.cases)
    return done.output_bytes if done is not None else 0


def _without_run(verdict: Verdict, sentence: str) -> RunResult:
    return RunResult(verdict, None, None, Usage(), False, sentence)


def _report(verdict: Verdict, sentence: str, request: TestRequest) -> TestReport:
    return TestReport(verdict, (), 0, len(request.suite.cases), Usage(), sentence)
