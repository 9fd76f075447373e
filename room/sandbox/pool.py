"""Boxes ready before anyone asks, one submission each, and the certainty that every box ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from room.sandbox.conversation import Conversation
from room.sandbox.driver import Driver, EngineDown, ImageMissing, Shape
from room.sandbox.frames import BadFrame

log = structlog.get_logger()

DESTROY_TRIES = 3
FILL_AT_ONCE = 2
"""How many warm boxes are made at the same time: filling must not take the machine from those who run."""


class Pool:
    """Warm boxes by shape. Only the shapes given to `keep` are kept warm, `warm` boxes each; others start cold.

    A box leaves the pool once and never returns. Every box the pool made is in `known` until it is destroyed.
    """

    def __init__(self, driver: Driver, *, warm: int) -> None:
        self._driver = driver
        self._warm = warm
        self._keep: set[Shape] = set()
        self._idle: dict[Shape, list[Conversation]] = {}
        self._filling: dict[Shape, int] = {}
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._making = asyncio.Semaphore(FILL_AT_ONCE)

    @property
    def known(self) -> frozenset[str]:
        """Ids of the boxes that are in use, idle or being destroyed."""
        return frozenset(self._known)

    def keep(self, shapes: set[Shape]) -> None:
        """Say which shapes to keep warm from now on; filling goes on in the background."""
        self._keep = set(shapes)
        for shape in [shape for shape in self._idle if shape not in shapes]:
            for talk in self._idle.pop(shape):
                self.end(talk)
        for shape in shapes:
            self._fill(shape)

    async def take(self, shape: Shape, *, cold: bool = False) -> Conversation:
        """A box with a supervisor ready for files and a job; it is the caller's to `end`.

        `cold` never touches the warm ones. Raises EngineDown, ImageMissing.
        """
        idle = self._idle.get(shape)
        if idle and not cold:
            talk = idle.pop()
            self._fill(shape)
            return talk
        return await self._make(shape)

    def end(self, talk: Conversation) -> None:
        """Destroy a box in the background, at once."""
        self._spawn(self._destroy(talk))

    def drop_idle(self) -> None:
        """Destroy every warm box: the engine went away under them. `keep` fills again."""
        for idle in self._idle.values():
            while idle:
                self.end(idle.pop())

    async def close(self) -> None:
        """End all boxes and wait for it."""
        self._keep = set()
        self.drop_idle()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _make(self, shape: Shape) -> Conversation:
        box = await self._driver.create(shape)
        self._known.add(box.id)
        talk = Conversation(box)
        try:
            await talk.hear_ready()
        except BadFrame as error:
            self.end(talk)
            raise EngineDown(str(error)) from error
        except BaseException:
            self.end(talk)
            raise
        return talk

    def _fill(self, shape: Shape) -> None:
        if shape not in self._keep:
            return
        missing = self._warm - len(self._idle.get(shape, ())) - self._filling.get(shape, 0)
        for _ in range(missing):
            self._filling[shape] = self._filling.get(shape, 0) + 1
            self._spawn(self._warm_up(shape))

    async def _warm_up(self, shape: Shape) -> None:
        try:
            async with self._making:
                if shape not in self._keep:
                    return
                talk = await self._make(shape)
        except (EngineDown, ImageMissing) as error:
            log.warning("sandbox.no_warm_box", language=shape.language, reason=str(error))
            return
        finally:
            self._filling[shape] -= 1
        if shape not in self._keep:
            self.end(talk)
        else:
            self._idle.setdefault(shape, []).append(talk)

    async def _destroy(self, talk: Conversation) -> None:
        for attempt in range(DESTROY_TRIES):
            try:
                await talk.box.destroy()
                break
            except EngineDown as error:
                log.warning("sandbox.box_not_destroyed", box=talk.box.id[:12], reason=str(error))
                await asyncio.sleep(0.2 * 2**attempt)
        self._known.discard(talk.box.id)  # from here on the sweep is responsible

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
