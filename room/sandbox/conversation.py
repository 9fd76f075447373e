"""Talking with the supervisor of one box: hand over files, run one program, hear how it ended."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Callable, Iterable

from room.sandbox.driver import Box, EngineDown, NoNamespaces
from room.sandbox.frames import (
    BadFrame,
    BoxFile,
    Ending,
    FrameReader,
    Job,
    file_frames,
    job_frames,
    next_submission,
    over,
    parse_ending,
)
from room.sandbox.spec import SourceFile, Verdict

Hear = Callable[[bytes, bytes], None]

READY_S = 15.0
RENEW_S = 3.0
GRACE_S = 1.0
"""How much later than the supervisor our own timer stops a program; ours decides when the supervisor does not."""

MOST_RESULT_BYTES = 1 << 20
"""The supervisor's cap on the result channel, which is apart from the cap on output."""
LAST_WORDS_S = 1.0
"""How long a box that takes no more input may still say why."""


class BoxLost(Exception):
    """The box fell silent before it said how the program ended; `talked` tells whether the program had begun."""

    def __init__(self, *, talked: bool) -> None:
        super().__init__("the box fell silent")
        self.talked = talked


class OutOfTime(Exception):
    """Our own timer ran out before the supervisor answered."""


class Conversation:
    """One box from its first frame to its last. Only one program runs in it at a time."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.renewals = 0
        self._frames = FrameReader()
        self._waiting: list[tuple[bytes, bytes]] = []

    async def hear_ready(self) -> None:
        """Wait until the supervisor is ready for a job. Raises EngineDown, BadFrame, NoNamespaces."""
        try:
            async with asyncio.timeout(READY_S):
                kind, _ = await self._next()
        except TimeoutError as error:
            raise EngineDown("a new box does not answer") from error
        except BoxLost as error:
            complaint = self._complaint()
            if complaint.startswith("no namespaces: "):
                raise NoNamespaces(complaint.partition(": ")[2].strip()) from error
            raise EngineDown(f"a new box ended at once: {complaint}") from error
        if kind != b"h":
            raise BadFrame(f"{kind!r} before ready")

    async def renew(self) -> None:
        """End this submission and wait for a supervisor that knows nothing of it, in a world of its own.

        The keeper says on its own stream that the old one is gone, so nobody can pretend it. It then repeats a word that
        nobody could know before: what came until then was the old one's and is dropped.

        Raises EngineDown, BadFrame, BoxLost, TimeoutError; the box must not be used then.
        """
        self.renewals += 1
        async with asyncio.timeout(RENEW_S):
            await self.box.write(over())
            said = await self.box.word()
            if said != b"over":
                raise BadFrame(f"the keeper says {said[:80]!r}")
            word = secrets.token_bytes(16)
            await self.box.write(next_submission(word))
            held = b""
            while word not in held:
                data = await self.box.read()
                if data is None:
                    raise BoxLost(talked=False)
                held = held[-len(word) :] + data
            self._frames = FrameReader()
            self._waiting = list(self._frames.feed(held.partition(word)[2]))[::-1]
            kind, _ = await self._next()
            if kind != b"h":
                raise BadFrame(f"{kind!r} before ready")

    async def give(self, files: Iterable[SourceFile | BoxFile]) -> None:
        """Hand over the work folder's files. They stay for every program that follows. Raises EngineDown."""
        frames = file_frames(files)
        if frames:
            await self.box.write(frames)

    async def run(
        self, job: Job, on_bytes: Hear, feed: asyncio.Queue[bytes] | None = None
    ) -> Ending:
        """Run one program; `on_bytes(letter, data)` hears its output (o), errors (e), result (r) as they come, and the
        files that were kept (f). What is put into `feed` while it runs, as frames, is passed on.

        Raises OutOfTime, BoxLost, EngineDown, BadFrame.
        """
        talked = False

        async def listen() -> Ending:
            nonlocal talked
            left = job.output_bytes + MOST_RESULT_BYTES + job.keep_bytes
            while True:
                kind, body = await self._next()
                talked = True
                if kind == b"x":
                    return parse_ending(body)
                left -= len(body)
                if left < 0:
                    raise BadFrame("more output than the supervisor lets through")
                on_bytes(kind, body)

        async def speak() -> None:
            await self.box.write(job_frames(job))
            while feed is not None:
                await self.box.write(await feed.get())

        send = asyncio.ensure_future(speak())
        hear = asyncio.ensure_future(listen())
        try:
            async with asyncio.timeout(job.wall_s + GRACE_S):
                await asyncio.wait((send, hear), return_when=asyncio.FIRST_COMPLETED)
                if not hear.done() and send.exception() is not None:
                    await asyncio.wait((hear,), timeout=LAST_WORDS_S)
                    if not hear.done():
                        send.result()
                return await hear
        except TimeoutError as error:
            raise OutOfTime from error
        except BoxLost:
            raise BoxLost(talked=talked) from None
        finally:
            send.cancel()
            hear.cancel()
            await asyncio.gather(send, hear, return_exceptions=True)

    async def _next(self) -> tuple[bytes, bytes]:
        while not self._waiting:
            data = await self.box.read()
            if data is None:
                raise BoxLost(talked=False)
            self._waiting = list(self._frames.feed(data))[::-1]
        return self._waiting.pop()

    def _complaint(self) -> str:
        return bytes(getattr(self.box, "complaint", b"")).decode("utf-8", "replace")


def is_calm(ending: Ending) -> bool:
    """Whether nothing about this end was odd, so that its box may be used again."""
    return ending.why == "exit" and not ending.oom


def verdict_of(ending: Ending) -> Verdict:
    """The verdict of a plain run: from the supervisor's timers and the kernel's own facts."""
    if ending.why in ("wall", "cpu"):
        return "TLE"
    if ending.why == "output":
        return "OLE"
    if ending.why == "exec":
        return "IE"  # the argv is ours
    if ending.oom and (ending.signal or ending.code):
        return "MLE"  # a child may die for lack of memory while the program itself goes on and ends well
    return "RE" if ending.signal or ending.code else "OK"


def signal_name(number: int) -> str | None:
    """SIGSEGV for 11; None for 0."""
    if not number:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
