"""Where everybody's caret is: shown to the others at once, and told to the journal thinned."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from room.clock import Clock
from room.realtime import protocol
from room.realtime.frames import AwarenessUpdate
from room.realtime.seat import Awareness, Seat
from room.session.ids import MemberId
from room.yjs.encoding import Malformed

CARET_EVERY_MS: Final = 500

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class Presence:
    """The awareness of a room's seats: one client number a seat, under the name that the server knows."""

    def __init__(self, seats: list[Seat]) -> None:
        self._seats = seats
        """The room's own list."""

    def take(self, seat: Seat, frame: AwarenessUpdate) -> bytes | None:
        """Show the others what a seat says of itself; its cursor as JSON, if that says one.

        What is old, or about a number that is somebody else's, is passed over.

        Raises:
            Malformed: it is no object.
        """
        known = seat.awareness
        if known is None:
            for other in self._seats:
                if other.awareness is not None and other.awareness.client == frame.client:
                    return None
        elif known.client != frame.client or frame.clock < known.clock:
            return None
        if frame.state == "null":
            self.forget(seat)
            return None
        try:
            fields = _fields.decode(frame.state)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Malformed("awareness that is no object") from error
        fields["user"] = seat.identity
        seat.awareness = Awareness(frame.client, frame.clock, _encode(fields))
        message = _frame_of(seat.awareness)
        for other in self._seats:
            if other is not seat and other.is_active:
                other.post(message, volatile=True)
        cursor = fields.get("cursor")
        return None if cursor is None else bytes(cursor)

    def show_to(self, seat: Seat) -> None:
        """Tell a seat where all others are."""
        for other in self._seats:
            if other is not seat and other.is_active and other.awareness is not None:
                seat.post(_frame_of(other.awareness))

    def answer(self, seat: Seat) -> None:
        """Tell a seat that asks where everybody is, itself included."""
        if seat.awareness is not None:
            seat.post(_frame_of(seat.awareness))
        self.show_to(seat)

    def forget(self, seat: Seat) -> None:
        """A seat goes; the others are told."""
        gone, seat.awareness = seat.awareness, None
        if gone is not None:
            frame = protocol.awareness(gone.client, gone.clock + 1, b"null")
            for other in self._seats:
                if other is not seat and other.is_active:
                    other.post(frame)


def _frame_of(awareness: Awareness) -> bytes:
    return protocol.awareness(awareness.client, awareness.clock, awareness.state)


class CaretLog:
    """Which moves of the carets are recorded: the first one at once, the last of a burst when it is over."""

    def __init__(
        self,
        clock: Clock,
        record: Callable[[MemberId, bytes], bool],
        hand_over: Callable[[Callable[[], None]], None],
    ) -> None:
        self._clock, self._record, self._hand_over = clock, record, hand_over
        self._last: dict[MemberId, tuple[int, bytes]] = {}
        self._late: dict[MemberId, bytes] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, member: MemberId, place: bytes) -> None:
        last_ms, last = self._last.get(member, (-CARET_EVERY_MS, b""))
        if place == last:
            self._late.pop(member, None)
        elif self._clock.monotonic_ms() - last_ms >= CARET_EVERY_MS:
            self._keep(member, place)
        else:
            self._late[member] = place
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(
                    CARET_EVERY_MS / 1000, lambda: self._hand_over(self._keep_late)
                )

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _keep(self, member: MemberId, place: bytes) -> None:
        self._late.pop(member, None)
        if self._record(member, place):
            self._last[member] = (self._clock.monotonic_ms(), place)

    def _keep_late(self) -> None:
        self._timer = None
        for member, place in list(self._late.items()):
            self._keep(member, place)
        self._late.clear()
