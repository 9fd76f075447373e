"""The bounded queue in front of a room. Members' frames wait when it is full: the server reads more slowly, nothing is lost."""

import asyncio
from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

BOUND: Final = 1_024


class Inbox(Generic[T]):
    """Many writers, one reader."""

    def __init__(self, bound: int = BOUND) -> None:
        self._items: deque[T] = deque()
        self._bound = bound
        self._waiter: asyncio.Future[None] | None = None
        """The reader's, while it waits. An event would do, but this wakes for every keystroke."""
        self._has_place = asyncio.Event()
        self._has_place.set()

    async def put(self, item: T) -> None:
        """Queue what a member sent; waits while the queue is full."""
        if self.is_full:
            await self.place()
        self.put_now(item)

    @property
    def is_empty(self) -> bool:
        return not self._items

    @property
    def is_full(self) -> bool:
        return len(self._items) >= self._bound

    async def place(self) -> None:
        """Returns when there is place again."""
        while self.is_full:
            self._has_place.clear()
            await self._has_place.wait()

    def put_now(self, item: T) -> None:
        """Queue the room's own news (what is on disk, a run's result, a timer); these are few and must not wait."""
        self._items.append(item)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> list[T]:
        """All that is there, in order; waits for the first."""
        while not self._items:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        taken = list(self._items)
        self._items.clear()
        if not self._has_place.is_set():
            self._has_place.set()
        return taken
