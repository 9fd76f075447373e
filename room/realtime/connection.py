"""One socket's life: frames in, frames out, and an end that never waits for a stalled peer."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from room.realtime import metrics, protocol
from room.realtime.hub import Hub
from room.realtime.protocol import CloseCode, TooLarge
from room.realtime.room import Room
from room.realtime.seat import Seat
from room.realtime.varint import Malformed
from room.session.ids import InterviewId

MESSAGES_A_SECOND: Final = 1_000
MESSAGE_BURST: Final = 4_000
CLOSE_WAIT_S: Final = 3.0

Receive = Callable[[], Awaitable[bytes | str | None]]
"""The next message; None when the peer is gone."""
Send = Callable[[bytes], Awaitable[None]]
Close = Callable[[int], Awaitable[None]]


class Pace:
    """A token bucket: over the rate the server reads more slowly, it does not close."""

    def __init__(self, rate: float = MESSAGES_A_SECOND, burst: float = MESSAGE_BURST) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, time.monotonic()

    def wait_s(self) -> float:
        """Takes one token; how long to wait before reading on."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate) - 1
        self._at = now
        return max(0.0, -self._tokens / self._rate)


async def hold(
    hub: Hub, interview: InterviewId, seat: Seat, *, receive: Receive, send: Send, close: Close
) -> None:
    """Seat a connection in its room until either side ends it.

    Raises:
        LookupError: there is no such interview.
    """
    room = await hub.attach(interview, seat)
    reader = asyncio.create_task(_read(room, seat, receive))
    writer = asyncio.create_task(seat.outbox.drain_into(send))
    try:
        ends: set[asyncio.Future[Any]] = {reader, writer, seat.closed}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # The writer may be parked in `send` to a peer that reads no more: only cancelling it helps.
        for task in (reader, writer):
            task.cancel()
        await asyncio.gather(reader, writer, return_exceptions=True)
        room.detach(seat)
    if seat.closed.done():
        metrics.CLOSED.labels(str(int(seat.closed.result()))).inc()
        with contextlib.suppress(TimeoutError, RuntimeError, OSError):
            await asyncio.wait_for(close(seat.closed.result()), CLOSE_WAIT_S)


async def _read(room: Room, seat: Seat, receive: Receive) -> None:
    pace = Pace()
    while (message := await receive()) is not None:
        if wait := pace.wait_s():
            await asyncio.sleep(wait)
        try:
            if isinstance(message, str):
                raise Malformed("a text frame")  # noqa: TRY301 - the same answer as to any other frame that is none
            frame = protocol.parse(message)
        except Malformed:
            seat.close(CloseCode.MALFORMED)
            return
        except TooLarge:
            seat.close(CloseCode.TOO_LARGE)
            return
        metrics.FRAMES.labels(type(frame).__name__).inc()
        await room.frame(seat, frame)
