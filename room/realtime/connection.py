"""One socket's life: frames in, frames out, and an end that never waits for a stalled peer."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from room.realtime import frames, metrics, protocol
from room.realtime.frames import CloseCode
from room.realtime.hub import Hub
from room.realtime.outbox import Straight
from room.realtime.protocol import TooLarge
from room.realtime.room import Room
from room.realtime.seat import Seat
from room.session.ids import InterviewId
from room.yjs.encoding import Malformed

MESSAGES_A_SECOND: Final = 1_000
MESSAGE_BURST: Final = 4_000
CLOSE_WAIT_S: Final = 3.0

Receive = Callable[[], Awaitable[bytes | str | None]]
"""The next message; None when the peer is gone."""
Send = Callable[[bytes], Awaitable[None]]
Close = Callable[[int], Awaitable[None]]


class Pace:
    """A token bucket: over the rate the server reads more slowly, it does not close. It is filled up when it is empty."""

    def __init__(self, rate: float = MESSAGES_A_SECOND, burst: float = MESSAGE_BURST) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, time.monotonic()

    def wait_s(self) -> float:
        """Takes one token; how long to wait before reading on."""
        self._tokens -= 1
        if self._tokens >= 0:
            return 0.0
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, -self._tokens / self._rate)


class Direct(Straight, Protocol):
    """A server's connection that needs no task to read or write it (``room.web.socket``)."""

    def read_by(self, take: Callable[[bytes], bool], taken: Callable[[], None]) -> bool: ...

    def go_on(self) -> None: ...


async def hold(
    hub: Hub,
    interview: InterviewId,
    seat: Seat,
    *,
    receive: Receive,
    send: Send,
    close: Close,
    direct: Direct | None = None,
) -> None:
    """Seat a connection in its room until either side ends it.

    Raises:
        LookupError: there is no such interview.
    """
    room = await hub.attach(interview, seat)
    seat.outbox.straight = direct
    reader = asyncio.create_task(_Reader(room, seat, direct).read(receive))
    writer = asyncio.create_task(seat.outbox.drain_into(send))
    try:
        ends: set[asyncio.Future[Any]] = {reader, writer, seat.closed}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        seat.outbox.straight = None
        # The writer may be parked in `send` to a peer that reads no more: only cancelling it helps.
        for task in (reader, writer):
            task.cancel()
        await asyncio.gather(reader, writer, return_exceptions=True)
        room.detach(seat)
    if seat.closed.done():
        metrics.CLOSED.labels(str(int(seat.closed.result()))).inc()
        with contextlib.suppress(TimeoutError, RuntimeError, OSError):
            await asyncio.wait_for(close(seat.closed.result()), CLOSE_WAIT_S)


class _Reader:
    """Takes a connection's messages at its pace and the room's."""

    def __init__(self, room: Room, seat: Seat, direct: Direct | None) -> None:
        self._room, self._seat, self._direct = room, seat, direct
        self._pace = Pace()
        self._is_direct = False
        self._pause: asyncio.Task[None] | None = None

    async def read(self, receive: Receive) -> None:
        """Returns when the peer is gone or said what nobody understands."""
        try:
            while (message := await receive()) is not None:
                if wait := self._pace.wait_s():
                    await asyncio.sleep(wait)
                frame = self._parse(message)
                if frame is None:
                    return
                await self._room.frame(self._seat, frame)
                if self._direct is not None and not self._is_direct:
                    # From here on only what the short way does not take comes by `receive`.
                    self._is_direct = self._direct.read_by(self._take, self._room.frames_over)
        finally:
            if self._pause is not None:
                self._pause.cancel()

    def _take(self, message: bytes) -> bool:
        """A message by the short way; whether to read on."""
        frame = self._parse(message)
        if frame is None:
            return False
        wait = self._pace.wait_s()
        has_place = self._room.frame_now(self._seat, frame)
        if has_place and not wait:
            return True
        self._pause = asyncio.create_task(self._go_on_later(wait))
        return False

    async def _go_on_later(self, wait_s: float) -> None:
        if wait_s:
            await asyncio.sleep(wait_s)
        await self._room.place()
        if self._direct is not None:
            self._direct.go_on()

    def _parse(self, message: bytes | str) -> frames.Frame | None:
        """The frame; None when it is none and the seat was closed for it."""
        if isinstance(message, str):
            self._seat.close(CloseCode.MALFORMED)
            return None
        try:
            frame = protocol.parse(message)
        except Malformed:
            self._seat.close(CloseCode.MALFORMED)
            return None
        except TooLarge:
            self._seat.close(CloseCode.TOO_LARGE)
            return None
        metrics.count_frame(type(frame))
        return frame
