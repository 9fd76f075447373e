"""A question's own checker: a program of its author that judges an answer, in a box that no candidate's program is in."""

from __future__ import annotations

import json
from typing import Any

import structlog

from room.sandbox.compiling import Compiler, DidNotCompile
from room.sandbox.conversation import BoxLost, Conversation, OutOfTime, verdict_of
from room.sandbox.driver import Shape
from room.sandbox.frames import BadFrame, BoxFile, Job
from room.sandbox.languages import LANGUAGES, Values, fill
from room.sandbox.layout import run_files, words
from room.sandbox.pool import Pool
from room.sandbox.spec import Checker, Limits, RunRequest, SourceFile, Verdict

log = structlog.get_logger()

LIMITS = Limits(wall_s=10, cpu_s=10, output_bytes=65_536)
WRONG = 1


class CheckerBox:
    """The checker of one submission's cases. The answer it reads is a candidate's, so it is boxed as their programs are."""

    def __init__(
        self, pool: Pool, compiler: Compiler, checker: Checker | None, *, cold: bool
    ) -> None:
        self._pool = pool
        self._compiler = compiler
        self._checker = checker
        self._cold = cold
        self._talk: Conversation | None = None
        self._values: Values = {}

    async def verdict(self, given: str, answer: str, expected: Any) -> Verdict:
        """AC or WA as the checker ends with 0 or 1; IE when it ends in any other way, with a line in the log.

        Raises EngineDown, ImageMissing.
        """
        if self._checker is None:
            return "IE"
        try:
            talk = await self._box(self._checker)
            await talk.give(
                (
                    SourceFile("input.txt", given),
                    SourceFile("answer.txt", answer),
                    SourceFile(
                        "expected.txt",
                        expected if isinstance(expected, str) else json.dumps(expected),
                    ),
                )
            )
            argv = fill(LANGUAGES[self._checker.language].test["stdio"], self._values)
            job = Job(argv, b"", LIMITS.wall_s, LIMITS.cpu_s, LIMITS.output_bytes)
            ending = await talk.run(job, _ignore)
        except (OutOfTime, BoxLost, BadFrame, DidNotCompile) as error:
            log.warning("sandbox.checker_failed", reason=type(error).__name__)
            self.leave()
            return "IE"
        if verdict_of(ending) == "OK":
            return "AC"
        if ending.why == "exit" and ending.code == WRONG and not ending.oom:
            return "WA"
        log.warning(
            "sandbox.checker_failed", why=ending.why, code=ending.code, signal=ending.signal
        )
        return "IE"

    def leave(self) -> None:
        """Give the box back."""
        if self._talk is not None:
            self._pool.end(self._talk)
            self._talk = None

    async def _box(self, checker: Checker) -> Conversation:
        if self._talk is None:
            name = LANGUAGES[checker.language].file
            request = RunRequest(checker.language, (SourceFile(name, checker.source),), name)
            self._values = words(checker.language, request.files, name, memory_mb=LIMITS.memory_mb)
            files: tuple[SourceFile, ...] = run_files(request)
            made: tuple[BoxFile, ...] = await self._compiler.make(
                checker.language, "plain", files, self._values
            )
            shape = Shape(
                checker.language,
                LIMITS.memory_mb,
                LIMITS.scratch_mb,
                LIMITS.processes,
                LIMITS.file_mb,
            )
            self._talk = await self._pool.take(shape, cold=self._cold)
            await self._talk.give((*files, *made))
        return self._talk


def _ignore(kind: bytes, data: bytes) -> None:
    """What a checker writes decides nothing."""
