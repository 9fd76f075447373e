"""A bounded queue in front of a few places, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Full(Exception):
    """Nobody more can wait."""


class Line:
    """At most `places` inside, at most `waiting` in line. Whoever waits is told their place when it changes."""

    def __init__(self, *, places: int, waiting: int) -> None:
        self._free = places
        self._bound = waiting
        self._line: deque[tuple[asyncio.Future[None], Callable[[int], None] | None]] = deque()

    @asynccontextmanager
    async def place(self, on_place: Callable[[int], None] | None = None) -> AsyncIterator[None]:
        """Hold a place. `on_place` hears 1 for the next in line, 2 for the one behind. Raises Full."""
        if self._free and not self._line:
            self._free -= 1
        elif len(self._line) >= self._bound:
            raise Full
        else:
            await self._wait(on_place)
        try:
            yield
        finally:
            self._free += 1
            self._admit()

    async def _wait(self, on_place: Callable[[int], None] | None) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (turn, on_place)
        self._line.append(entry)
        if on_place:
            on_place(len(self._line))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free += 1  # admitted and cancelled in the same moment: the place goes on
            elif entry in self._line:
                self._line.remove(entry)
                self._tell()
            self._admit()
            raise

    def _admit(self) -> None:
        moved = False
        while self._free and self._line:
            turn, _ = self._line.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
            moved = True
        if moved:
            self._tell()

    def _tell(self) -> None:
        for number, (_, on_place) in enumerate(self._line, 1):
            if on_place:
                on_place(number)
