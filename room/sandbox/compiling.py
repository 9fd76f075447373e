"""Compiling: in a box of its own, which never runs what it made; the result is remembered and laid into a fresh box."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

import structlog

from room.sandbox import words
from room.sandbox.conversation import BoxLost, OutOfTime, is_calm
from room.sandbox.driver import Shape
from room.sandbox.frames import BadFrame, BoxFile, Ending, Job, parse_kept
from room.sandbox.languages import LANGUAGES, Values, fill
from room.sandbox.layout import OUT
from room.sandbox.pool import Pool
from room.sandbox.spec import SourceFile

log = structlog.get_logger()

How = Literal["plain", "function"]

WALL_S = 30.0
CPU_S = 30.0
MEMORY_MB = 768
MESSAGE_BYTES = 65_536
MOST_MADE_BYTES = 15 * 1_048_576  # a file comes in one frame, which has 16 MB at most
MOST_REMEMBERED_BYTES = 96 * 1_048_576


class DidNotCompile(Exception):
    """`message` is the compiler's, `sentence` is for people."""

    def __init__(self, message: str, sentence: str = words.NOT_COMPILED) -> None:
        super().__init__(sentence)
        self.message = message
        self.sentence = sentence


class Made:
    """What compilers made, by what they made it of; the least recently used goes first."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, tuple[BoxFile, ...]] = OrderedDict()

    def find(self, key: str) -> tuple[BoxFile, ...] | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def remember(self, key: str, made: tuple[BoxFile, ...]) -> None:
        if key in self._entries:
            self._bytes -= _size(self._entries.pop(key))
        self._entries[key] = made
        self._bytes += _size(made)
        while self._bytes > self._most:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= _size(oldest)


class Compiler:
    """Compiles submissions. `image_of(language)` tells which image is in use, so that a new one compiles anew."""

    def __init__(self, pool: Pool, image_of: Callable[[str], str]) -> None:
        self._pool = pool
        self._image_of = image_of
        self._made = Made()

    async def make(
        self,
        language_id: str,
        how: How,
        files: tuple[SourceFile, ...],
        values: Values,
        *,
        owner: str = "",
    ) -> tuple[BoxFile, ...]:
        """What is to lie in the work folder beside the sources; nothing for languages that are not compiled.

        The box may have compiled for the same owner before; it never is one that runs programs.

        Raises DidNotCompile, EngineDown, ImageMissing, BadFrame, BoxLost.
        """
        language = LANGUAGES[language_id]
        if not language.is_compiled:
            return ()
        argv = fill(language.compile[how], values)
        key = _key(self._image_of(language_id), argv, files)
        made = self._made.find(key)
        if made is None:
            made = await self._compile(language_id, argv, files, owner and f"{owner}'s compiler")
            self._made.remember(key, made)
        return made

    async def _compile(
        self,
        language_id: str,
        argv: tuple[str, ...],
        files: tuple[SourceFile, ...],
        owner: str = "",
    ) -> tuple[BoxFile, ...]:
        shape = Shape(language_id, MEMORY_MB, scratch_mb=96, processes=96, file_mb=32)
        job = Job(argv, b"", WALL_S, CPU_S, MESSAGE_BYTES, keep=OUT, keep_bytes=MOST_MADE_BYTES)
        for attempt in (1, 2):
            made: list[BoxFile] = []
            said = bytearray()

            def hear(
                kind: bytes, data: bytes, made: list[BoxFile] = made, said: bytearray = said
            ) -> None:
                if kind == b"f":
                    made.append(_checked(parse_kept(data)))
                elif kind in b"oe":
                    said.extend(data)

            talk = await self._pool.take(shape, owner=owner, cold=attempt > 1 or not owner)
            calm = False
            try:
                await talk.give(files)
                ending = await talk.run(job, hear)
                calm = is_calm(ending)
                return _outcome(ending, tuple(made), said.decode("utf-8", "replace"))
            except OutOfTime as error:
                raise DidNotCompile(said.decode("utf-8", "replace"), words.SLOW_COMPILER) from error
            except BoxLost as error:
                state = await talk.box.state()
                if state.out_of_memory:
                    text = said.decode("utf-8", "replace")
                    raise DidNotCompile(text, words.LARGE_COMPILER) from error
                if error.talked or attempt > 1:
                    raise
            finally:
                if calm:
                    self._pool.leave(talk, shape, owner=owner)
                else:
                    self._pool.end(talk)
        raise AssertionError("unreachable")


def _outcome(ending: Ending, made: tuple[BoxFile, ...], said: str) -> tuple[BoxFile, ...]:
    if ending.why in ("wall", "cpu"):
        raise DidNotCompile(said, words.SLOW_COMPILER)
    if ending.why == "output" and ending.code == 0 and ending.signal == 0:
        raise DidNotCompile(said, words.LARGE_PROGRAM)
    if ending.oom:
        raise DidNotCompile(said, words.LARGE_COMPILER)
    if ending.why == "output" or ending.code or ending.signal:
        raise DidNotCompile(said)
    if not made:
        raise DidNotCompile(said)
    return made


def _checked(file: BoxFile) -> BoxFile:
    """A box may send what it likes; only files of the folder asked for go into the next one."""
    parts = file.name.split("/")
    if not file.name.startswith(OUT + "/") or any(part in ("", ".", "..") for part in parts):
        raise BadFrame(f"kept file {file.name[:80]!r}")
    return file


def _key(image: str, argv: tuple[str, ...], files: tuple[SourceFile, ...]) -> str:
    digest = hashlib.sha256()
    for word in (image, str(len(argv)), *argv, *(t for f in files for t in (f.name, f.text))):
        data = word.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _size(made: tuple[BoxFile, ...]) -> int:
    return sum(len(file.name) + len(file.data) for file in made)
