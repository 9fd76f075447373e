"""Judging one submission: its cases run one after another in a box, and are compared on this side."""

from __future__ import annotations

import json
import time

import structlog

from room.sandbox import words
from room.sandbox.checker import CheckerBox
from room.sandbox.compiling import Compiler, DidNotCompile, How
from room.sandbox.conversation import (
    BoxLost,
    Conversation,
    OutOfTime,
    is_calm,
    signal_name,
    verdict_of,
)
from room.sandbox.driver import EngineDown, Shape
from room.sandbox.frames import BoxFile, Ending, Job
from room.sandbox.judge import SHOWN_CHARS, accepts, shown
from room.sandbox.languages import LANGUAGES, fill
from room.sandbox.layout import case_files, trial_files
from room.sandbox.layout import words as argv_words
from room.sandbox.pool import Pool
from room.sandbox.spec import (
    CaseResult,
    TestCase,
    TestReport,
    TestRequest,
    Usage,
    Verdict,
)

log = structlog.get_logger()


class Trial:
    """One submission against one suite.

    A case's program is told nothing but its own input: it is sent only when the case before it has ended with every
    process killed and every writable folder emptied. A box that was lost, or whose end was not the supervisor's word,
    is never used again; the cases that remain get a new one.
    """

    def __init__(
        self,
        pool: Pool,
        compiler: Compiler,
        request: TestRequest,
        *,
        owner: str = "",
        cold: bool = False,
    ) -> None:
        self._pool = pool
        self._owner = owner
        self._calm = True
        self._compiler = compiler
        self._request = request
        self._cold = cold
        self._talk: Conversation | None = None
        self._judge = CheckerBox(pool, compiler, request.suite.checker, cold=cold)
        self._usage = Usage()
        limits = request.limits
        self._shape = Shape(
            request.language,
            limits.memory_mb,
            limits.scratch_mb,
            limits.processes,
            limits.file_mb,
        )
        self._files = trial_files(request)
        self._made: tuple[BoxFile, ...] = ()
        self._values = argv_words(
            request.language,
            request.files,
            request.entry_file,
            memory_mb=request.limits.memory_mb,
            function=request.suite.entry or "",
        )

    async def hold(self) -> TestReport:
        """Run all cases. Raises EngineDown, ImageMissing, BadFrame, BoxLost."""
        results: list[CaseResult] = []
        try:
            how: How = "function" if self._request.suite.kind == "function" else "plain"
            self._made = await self._compiler.make(
                self._request.language, how, self._files, self._values, owner=self._owner
            )
            for case in self._request.suite.cases:
                result = await self._try(case)
                results.append(result)
                if self._request.suite.box_per_case:
                    self._leave()
            self._give_back()
        except DidNotCompile as error:
            return self._not_compiled(error)
        finally:
            self._leave()
            self._judge.leave()
        passed = sum(result.verdict == "AC" for result in results)
        verdict: Verdict = next((r.verdict for r in results if r.verdict != "AC"), "AC")
        return TestReport(
            verdict,
            tuple(results),
            passed,
            len(results),
            self._usage,
            words.report_sentence(results),
        )

    def _not_compiled(self, error: DidNotCompile) -> TestReport:
        """Every case carries the verdict; the first one also shows what the compiler said."""
        cases = tuple(
            CaseResult(
                name=case.name,
                part=case.part,
                hidden=case.hidden,
                verdict="CE",
                got="" if number else error.message[:SHOWN_CHARS],
                expected=shown(case.expected, case.compare),
                wall_s=0.0,
                sentence=error.sentence,
            )
            for number, case in enumerate(self._request.suite.cases)
        )
        total = len(cases)
        return TestReport("CE", cases, 0, total, self._usage, error.sentence, error.message)

    async def _try(self, case: TestCase) -> CaseResult:
        """One case, in a new box once more when the old one was lost before the program began."""
        for attempt in (1, 2):
            said = _Said()
            fresh = self._talk is None
            started = time.monotonic()
            try:
                talk = await self._box(case)
                ending = await talk.run(self._job(case), said.hear)
            except OutOfTime:
                self._leave()
                return self._closed(case, "TLE", said, time.monotonic() - started)
            except BoxLost as error:
                lost = self._talk
                state = await lost.box.state() if lost else None
                self._leave()
                if state and state.out_of_memory:
                    return self._closed(case, "MLE", said, time.monotonic() - started)
                if error.talked or attempt > 1:
                    log.warning("sandbox.box_lost", case=case.name)
                    return self._closed(case, "IE", said, time.monotonic() - started)
            except EngineDown:
                self._leave()
                if said.anything or fresh:
                    raise
            else:
                self._calm = self._calm and is_calm(ending)
                if ending.oom:
                    self._leave()  # the kernel chose what to kill: trust a new box only
                return await self._judged(case, ending, said)
        raise AssertionError("unreachable")

    async def _box(self, case: TestCase) -> Conversation:
        """The box of this submission with this case's files in it."""
        if self._talk is None:
            self._calm = True
            self._talk = await self._pool.take(self._shape, owner=self._owner, cold=self._cold)
            await self._talk.give((*self._files, *self._made))
        await self._talk.give(case_files(self._request, case))
        return self._talk

    def _give_back(self) -> None:
        if self._talk is not None and self._calm:
            self._pool.leave(self._talk, self._shape, owner=self._owner)
            self._talk = None

    def _leave(self) -> None:
        if self._talk is not None:
            self._pool.end(self._talk)
            self._talk = None

    def _given(self, case: TestCase) -> str:
        """The case's input as its program reads it."""
        is_function = self._request.suite.kind == "function"
        return json.dumps(case.args or []) if is_function else case.stdin or ""

    def _job(self, case: TestCase) -> Job:
        request, limits = self._request, self._request.limits
        return Job(
            argv=fill(LANGUAGES[request.language].test[request.suite.kind], self._values),
            stdin=self._given(case).encode("utf-8", "replace"),
            wall_s=limits.wall_s,
            cpu_s=limits.cpu_s,
            output_bytes=limits.output_bytes,
        )

    async def _judged(self, case: TestCase, ending: Ending, said: _Said) -> CaseResult:
        verdict: Verdict = verdict_of(ending)
        answer = said.answer(function=self._request.suite.kind == "function")
        if verdict == "OK":
            verdict = await self._compared(case, answer)
        before = self._usage
        self._usage = Usage(
            before.wall_s + ending.wall_us / 1e6,
            before.cpu_s + ending.cpu_us / 1e6,
            max(before.peak_memory_bytes, ending.peak),
        )
        return self._closed(case, verdict, said, ending.wall_us / 1e6, ending)

    async def _compared(self, case: TestCase, answer: str) -> Verdict:
        if case.compare == "checker":
            return await self._judge.verdict(self._given(case), answer, case.expected)
        return "AC" if accepts(case.compare, answer, case.expected, case.tolerance) else "WA"

    def _closed(
        self,
        case: TestCase,
        verdict: Verdict,
        said: _Said,
        wall_s: float,
        ending: Ending | None = None,
    ) -> CaseResult:
        if verdict in ("AC", "WA"):
            sentence = "Passed" if verdict == "AC" else "Wrong answer"
        else:
            sentence = words.sentence(
                verdict,
                code=ending.code if ending else None,
                signal=signal_name(ending.signal) if ending else None,
                usage=Usage(wall_s=wall_s),
                limits=self._request.limits,
                why=ending.why if ending else "wall",
            )
        is_function = self._request.suite.kind == "function"
        got = said.answer(function=is_function)
        printed = said.printed if is_function else said.errors
        return CaseResult(
            name=case.name,
            part=case.part,
            hidden=case.hidden,
            verdict=verdict,
            got=got if len(got) <= SHOWN_CHARS else got[:SHOWN_CHARS] + "…",
            expected=shown(case.expected, case.compare),
            wall_s=wall_s,
            sentence=sentence,
            output=printed[:SHOWN_CHARS],
        )


class _Said:
    """What one case's program gave: output, errors, result."""

    def __init__(self) -> None:
        self._parts = {b"o": bytearray(), b"e": bytearray(), b"r": bytearray()}

    def hear(self, kind: bytes, data: bytes) -> None:
        self._parts[kind] += data

    @property
    def anything(self) -> bool:
        return any(self._parts.values())

    @property
    def errors(self) -> str:
        return self._text(b"e")

    @property
    def printed(self) -> str:
        return self._text(b"o") + self._text(b"e")

    def answer(self, *, function: bool) -> str:
        """What is compared: the result for a function, else the output."""
        return self._text(b"r" if function else b"o")

    def _text(self, kind: bytes) -> str:
        return self._parts[kind].decode("utf-8", "replace")
