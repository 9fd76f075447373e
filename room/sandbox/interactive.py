"""An interactive run: a program in a terminal of its own, typed into while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from room.sandbox.frames import resized, signalled, typed
from room.sandbox.spec import Limits, RunResult
from room.sandbox.terminal import Scrollback

LIMITS = Limits(wall_s=900, cpu_s=10, output_bytes=8 * 1_048_576)
"""What an interactive run may use: 15 minutes, of which 10 seconds of computing; 8 MB of output."""

MOST_CELLS = 1000
TYPED_CHUNK = 4096
WAITING_FRAMES = 256
SIGINT = 2


class InteractiveRun:
    """The handle of one interactive run. Its methods return at once and do nothing when the run is over.

    `scrollback` holds what was shown, for viewers who come later or come back. `result` waits for the end and never
    raises for a fault; it may be awaited by many.
    """

    def __init__(self) -> None:
        self.scrollback = Scrollback()
        self.feed: asyncio.Queue[bytes] = asyncio.Queue(WAITING_FRAMES)
        self._stop = asyncio.Event()
        self._task: asyncio.Task[RunResult] | None = None

    def begin(self, work: Coroutine[Any, Any, RunResult]) -> asyncio.Task[RunResult]:
        """Start the run's task; the runner calls this once."""
        self._task = asyncio.create_task(work, name="interactive run")
        return self._task

    @property
    def stopping(self) -> asyncio.Event:
        return self._stop

    @property
    def is_over(self) -> bool:
        return self._task is not None and self._task.done()

    def write(self, data: bytes) -> bool:
        """Type bytes, as a keyboard would: Ctrl-C is 0x03, Ctrl-D 0x04. False: too much waits already, nothing was typed."""
        chunks = [data[at : at + TYPED_CHUNK] for at in range(0, len(data), TYPED_CHUNK)]
        if self.is_over or self.feed.qsize() + len(chunks) > WAITING_FRAMES:
            return False
        for chunk in chunks:
            self.feed.put_nowait(typed(chunk))
        return True

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program is told by SIGWINCH."""
        self._send(resized(_cells(columns), _cells(rows)))

    def interrupt(self) -> None:
        """SIGINT to what runs in the terminal's foreground, also when the program reads Ctrl-C as a key."""
        self._send(signalled(SIGINT))

    def stop(self) -> None:
        """End the run; its verdict is CANCELLED."""
        self._stop.set()

    async def result(self) -> RunResult:
        """How it ended."""
        if self._task is None:
            raise RuntimeError("an interactive run is begun by the runner")
        return await asyncio.shield(self._task)

    def _send(self, frame: bytes) -> None:
        if not self.is_over and not self.feed.full():
            self.feed.put_nowait(frame)


def _cells(count: int) -> int:
    return min(max(int(count), 1), MOST_CELLS)
