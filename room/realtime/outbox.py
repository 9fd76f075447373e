"""A connection's bounded send queue.

Volatile messages (carets) give way first. When what must not be lost exceeds the budget, the reader is too slow: the
connection is closed with "come back" and the browser catches up by state vector. A flag would not do: the writer is parked
in ``send`` when the peer's buffer is full, so it is the task that is cancelled.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

BUDGET_BYTES: Final = 4 * 1024 * 1024
VOLATILE_BYTES: Final = 256 * 1024


class Straight(Protocol):
    """A connection that can be written to at once."""

    @property
    def is_writable(self) -> bool:
        """Whether the peer's buffer has place."""
        ...

    def write(self, frame: bytes) -> bool:
        """A frame to be sent with the next :meth:`push`; whether it is the first of those."""
        ...

    def push(self) -> None: ...


class Outbox:
    def __init__(self, budget: int = BUDGET_BYTES, volatile_budget: int = VOLATILE_BYTES) -> None:
        self._queue: deque[tuple[bytes, bool]] = deque()
        self._bytes = 0
        self._budget = budget
        self._volatile_budget = volatile_budget
        self._filled = asyncio.Event()
        self.straight: Straight | None = None
        """While nothing waits and the peer's buffer has place, frames go this way without being queued."""
        self.unpushed: list[Straight] = []
        """Whoever writes here pushes these when it has done what it had before it: a room shares one list among its seats."""
        self._is_sending = False
        self.is_over = False
        """The budget was exceeded; nothing more is taken."""

    def put(self, frame: bytes, *, volatile: bool = False) -> bool:
        """Queue a frame. False: the budget is exceeded and the connection must be closed; nothing is queued any more."""
        if self.is_over:
            return False
        straight = self.straight
        if (
            straight is not None
            and not self._queue
            and not self._is_sending
            and straight.is_writable
        ):
            if straight.write(frame):
                self.unpushed.append(straight)
            return True
        if volatile and self._bytes + len(frame) > self._volatile_budget:
            return True
        if self._bytes + len(frame) > self._budget:
            self._drop_volatile()
            if self._bytes + len(frame) > self._budget:
                self.is_over = True
                return False
        self._queue.append((frame, volatile))
        self._bytes += len(frame)
        self._filled.set()
        return True

    async def drain_into(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what comes, for ever; the connection's writer task. ``send`` waits while the peer's buffer is full."""
        while True:
            while self._queue:
                frame, _ = self._queue.popleft()
                self._bytes -= len(frame)
                self._is_sending = True
                await send(frame)
                self._is_sending = False
            self._filled.clear()
            await self._filled.wait()

    @property
    def is_empty(self) -> bool:
        return not self._queue

    def take_all(self) -> list[bytes]:
        """What waits, for a member that lives in this process and reads without a socket."""
        frames = [frame for frame, _ in self._queue]
        self._queue.clear()
        self._bytes = 0
        return frames

    def _drop_volatile(self) -> None:
        self._queue = deque(entry for entry in self._queue if not entry[1])
        self._bytes = sum(len(frame) for frame, _ in self._queue)
