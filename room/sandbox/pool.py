"""Boxes ready before anyone asks, none shared between interviews, and the certainty that every box ends."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec
import structlog

from room.sandbox.conversation import BoxLost, Conversation, OutOfTime
from room.sandbox.driver import Driver, EngineDown, ImageMissing, NoNamespaces, Shape
from room.sandbox.frames import BadFrame, Job
from room.sandbox.spec import SourceFile

log = structlog.get_logger()

T = TypeVar("T")

DESTROY_WAITS_S = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""How long to wait after each removal that failed; then the sweep is responsible."""
CLOSING_TRIES = 3
FILL_AT_ONCE = 2
"""How many warm boxes are made at the same time: filling must not take the machine from those who run."""

REFILL_AFTER_S = 0.25
"""How long after a warm box was taken the next is begun: making one at once would slow down who took it."""
MOST_RENEWALS = 100
OWN_IDLE_S = 300.0
"""How long a used box waits for the next submission of its owner."""
MOST_OWN = 16
"""Used boxes that wait, all owners together; the one that waits longest goes first."""


Rehearsal = tuple[tuple[SourceFile, ...], Job]
"""Files and a job of our own that a warm box with a keeper does before anybody's: the first program of a container pays for
looking up every file of its language, and should not be a candidate's."""


class Pool:
    """Warm boxes by shape. Only the shapes given to `keep` are kept warm, `warm` boxes each; others start cold.

    A box serves one submission. With `reuse`, one that ended well may serve further submissions of the same owner (an
    interview), each in namespaces of its own; no box ever serves two owners. Every box the pool made is in `known` until it
    is destroyed.
    """

    def __init__(
        self,
        driver: Driver,
        *,
        warm: int,
        reuse: bool = False,
        rehearsal: Callable[[Shape], Rehearsal | None] = lambda _: None,
    ) -> None:
        self._driver = driver
        self._warm = warm
        self._rehearsal = rehearsal
        self._reuse = reuse
        self._own: OrderedDict[asyncio.Task[Conversation | None], _Place] = OrderedDict()
        self._keep: set[Shape] = set()
        self._idle: dict[Shape, list[Conversation]] = {}
        self._filling: dict[Shape, int] = {}
        self._known: set[str] = set()
        self._closing = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._making = asyncio.Semaphore(FILL_AT_ONCE)

    @property
    def known(self) -> frozenset[str]:
        """Ids of the boxes that are in use, idle or being destroyed."""
        return frozenset(self._known)

    @property
    def waiting(self) -> list[Conversation]:
        """The boxes that stand ready: those that nobody had, and used ones of an owner."""
        used = [task.result() for task in self._own if task.done() and not task.cancelled()]
        return [talk for idle in self._idle.values() for talk in idle] + [t for t in used if t]

    def keep(self, shapes: set[Shape]) -> None:
        """Say which shapes to keep warm from now on; filling goes on in the background."""
        self._keep = set(shapes)
        for shape in [shape for shape in self._idle if shape not in shapes]:
            for talk in self._idle.pop(shape):
                self.end(talk)
        for shape in shapes:
            self._fill(shape)

    async def take(self, shape: Shape, *, owner: str = "", cold: bool = False) -> Conversation:
        """A box with a supervisor ready for files and a job; it is the caller's to `end`, or to `leave`.

        It is one that this owner left, else one that nobody had. `cold` makes a new one without a keeper, which cannot be
        used again, and touches no other. Raises EngineDown, ImageMissing.
        """
        if cold:
            return await self._make(shape, keeper=False)
        place = _Place(shape, owner)
        for waiting in [task for task, its in self._own.items() if owner and its.same(place)]:
            if waiting not in self._own:
                continue  # somebody else took it meanwhile
            del self._own[waiting]
            talk = await self._renewed(waiting)
            if talk is not None:
                return talk
        idle = self._idle.get(shape)
        if idle:
            talk = idle.pop()
            self._spawn(self._fill_soon(shape))
            return talk
        return await self._make(shape, keeper=self._reuse)

    def end(self, talk: Conversation) -> None:
        """Destroy a box in the background, at once."""
        self._spawn(self._destroy(talk))

    def leave(self, talk: Conversation, shape: Shape, *, owner: str) -> None:
        """Give back a box whose submission ended well: it is made ready for the same owner, or destroyed."""
        if not (owner and talk.box.keeps and talk.renewals < MOST_RENEWALS):
            self.end(talk)
            return
        self._own[self._spawn(self._renew(talk))] = _Place(shape, owner, time.monotonic())
        while len(self._own) > MOST_OWN:
            self._let_go(next(iter(self._own)))

    def tidy(self) -> None:
        """Destroy used boxes that waited long enough."""
        now = time.monotonic()
        for task in [t for t, place in self._own.items() if now - place.since > OWN_IDLE_S]:
            self._let_go(task)

    def drop_idle(self) -> None:
        """Destroy every warm box: the engine went away under them. `keep` fills again."""
        for idle in self._idle.values():
            while idle:
                self.end(idle.pop())
        for task in list(self._own):
            self._let_go(task)

    async def close(self) -> None:
        """End all boxes and wait for it."""
        self._closing = True
        self._keep = set()
        self.drop_idle()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _renew(self, talk: Conversation) -> Conversation | None:
        """The box with a new supervisor; None: something was odd, and it is being destroyed."""
        try:
            await talk.renew()
        except (EngineDown, BadFrame, BoxLost, TimeoutError) as error:
            log.warning("sandbox.not_renewed", box=talk.box.id[:12], reason=str(error))
            self.end(talk)
            return None
        except BaseException:
            self.end(talk)
            raise
        return talk

    async def _renewed(self, waiting: asyncio.Task[Conversation | None]) -> Conversation | None:
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            self._spawn(self._destroy_renewed(waiting))  # nobody else waits for it any more
            raise

    def _let_go(self, task: asyncio.Task[Conversation | None]) -> None:
        self._own.pop(task, None)
        self._spawn(self._destroy_renewed(task))

    async def _destroy_renewed(self, task: asyncio.Task[Conversation | None]) -> None:
        talk = await task
        if talk is not None:
            await self._destroy(talk)

    async def _make(self, shape: Shape, *, keeper: bool) -> Conversation:
        if keeper:
            try:
                return await self._make_one(shape, keeper=True)
            except NoNamespaces as error:
                log.warning("sandbox.no_reuse", reason=str(error))
                self._reuse = False
        return await self._make_one(shape, keeper=False)

    async def _make_one(self, shape: Shape, *, keeper: bool) -> Conversation:
        box = await self._driver.create(shape, keeper=keeper)
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

    async def _fill_soon(self, shape: Shape) -> None:
        await asyncio.sleep(REFILL_AFTER_S)
        self._fill(shape)

    async def _warm_up(self, shape: Shape) -> None:
        try:
            async with self._making:
                if shape not in self._keep:
                    return
                talk = await self._make(shape, keeper=self._reuse)
                rehearsed = await self._rehearse(shape, talk)
        except (EngineDown, ImageMissing) as error:
            log.warning("sandbox.no_warm_box", language=shape.language, reason=str(error))
            return
        finally:
            self._filling[shape] -= 1
        if shape not in self._keep or not rehearsed:
            self.end(talk)
        else:
            self._idle.setdefault(shape, []).append(talk)

    async def _rehearse(self, shape: Shape, talk: Conversation) -> bool:
        """Whether the box is ready for somebody's program, after one of ours where it can forget that."""
        rehearsal = self._rehearsal(shape) if talk.box.keeps else None
        if rehearsal is None:
            return True
        try:
            await talk.give(rehearsal[0])
            await talk.run(rehearsal[1], lambda _kind, _data: None)
            await talk.renew()
        except (EngineDown, BadFrame, BoxLost, OutOfTime, TimeoutError) as error:
            log.warning("sandbox.no_warm_box", language=shape.language, reason=str(error))
            return False
        except BaseException:
            self.end(talk)
            raise
        return True

    async def _destroy(self, talk: Conversation) -> None:
        for attempt, wait_s in enumerate(DESTROY_WAITS_S, 1):
            try:
                await talk.box.destroy()
                break
            except EngineDown as error:
                log.warning("sandbox.box_not_destroyed", box=talk.box.id[:12], reason=str(error))
                if self._closing and attempt >= CLOSING_TRIES:
                    break
                await asyncio.sleep(wait_s)
        self._known.discard(talk.box.id)  # from here on the sweep is responsible

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Place(msgspec.Struct, frozen=True):
    """Where a used box waits: for whom, in which shape, since when."""

    shape: Shape
    owner: str
    since: float = 0.0

    def same(self, other: _Place) -> bool:
        return (self.shape, self.owner) == (other.shape, other.owner)
