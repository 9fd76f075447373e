"""A connection's bytes, cut into frames and joined from them: the short way past the WebSocket library.

A whole, masked, binary frame is taken here and handed to its reader at once, and a frame to the browser is written at once
while the peer's buffer has place. Everything else goes to the library, in order.
"""

import os
from collections.abc import Callable
from typing import Any, Final, final

try:
    from websockets.speedups import apply_mask
except ImportError:  # No compiled part for this machine.
    from websockets.utils import apply_mask

_WHOLE_BINARY: Final = 0x82
_MASKED: Final = 0x80
UNSENT_MAX: Final = 64 * 1024
"""Bytes that are gathered before they are sent at once: beyond it the peer's buffer must say whether it has place."""


def _nobody() -> None:
    """Nobody reads yet."""


def _nothing(data: bytes) -> None:
    """Nothing comes any more."""


@final
class Stream:
    """One connection's two directions. ``connection`` is the library's protocol, with its transport and its flags."""

    def __init__(self, connection: Any, pass_on: Callable[[bytes], None]) -> None:
        """``pass_on``: has the library read some bytes."""
        self._connection = connection
        self._pass_on = pass_on
        self._transport: Any = None
        self._unread = bytearray()
        self._is_upgraded = False
        self._is_plain = False
        """The library alone reads on."""
        self._take: Callable[[bytes], bool] | None = None
        self._taken: Callable[[], None] = _nobody
        self._is_held = False
        self._descriptor = -1
        """The socket's, while it is open and not encrypted here."""
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self.has_place = True
        """The peer's buffer is not full."""
        self.close_sent = False
        self.is_disconnected = False

    def opened(self, transport: Any, descriptor: int) -> None:
        """The connection is there; ``descriptor``: its socket's, to be written to directly; -1: only by the transport."""
        self._transport = transport
        self._descriptor = descriptor

    def lost(self) -> None:
        """The connection is gone."""
        self._descriptor = -1
        self._is_plain = True
        self._take, self._taken, self._pass_on = None, _nobody, _nothing  # These lead back here.

    # ------------------------------------------------------------------------------------------------ out

    @property
    def is_writable(self) -> bool:
        """Whether the peer's buffer has place and the connection is open."""
        return self.has_place and not self.close_sent and not self.is_disconnected

    def write(self, frame: bytes) -> bool:
        """A binary message to be sent with the next :meth:`push`; only while :attr:`is_writable`.

        Whether it is the first of those.
        """
        is_first = not self._unsent
        size = len(frame)
        if size < 126:
            head = bytes((_WHOLE_BINARY, size))
        elif size < 65536:
            head = bytes((_WHOLE_BINARY, 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((_WHOLE_BINARY, 127)) + size.to_bytes(8, "big")
        self._unsent.append(head)
        self._unsent.append(frame)
        self._unsent_bytes += size
        if self._unsent_bytes > UNSENT_MAX:
            self.push()
        return is_first

    def push(self) -> None:
        """Send what was written, all in one."""
        if self._unsent:
            if not self.close_sent and not self.is_disconnected:
                self._send(b"".join(self._unsent))
            self._unsent.clear()
            self._unsent_bytes = 0

    def _send(self, data: bytes) -> None:
        """To the kernel at once where nothing waits before it: the loop would do it after all that it has read."""
        transport = self._transport
        if (
            self._descriptor >= 0
            and not transport.get_write_buffer_size()
            and not transport.is_closing()
        ):
            try:
                sent = os.write(self._descriptor, data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                sent = 0  # The loop meets it as well, and ends the connection as it does.
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    # ------------------------------------------------------------------------------------------------ in

    def read_by(self, take: Callable[[bytes], bool], taken: Callable[[], None]) -> bool:
        """Hand binary messages to ``take`` from now on, as they come; it answers whether it wants more now.

        ``taken`` is called after those that came together.

        False when messages wait that ASGI has not delivered, or when only the library may read: ask again after the next one.
        """
        it = self._connection
        if self._is_plain or not it.queue.empty() or not it.handshake_complete:
            return False
        self._take, self._taken = take, taken
        return True

    def go_on(self) -> None:
        """``take`` wants more again."""
        if self._is_held:
            self._is_held = False
            self._cut()
            if not self._is_held and self._connection.read_paused:
                self._connection.read_paused = False
                self._transport.resume_reading()

    def feed(self, data: bytes) -> None:
        """Bytes from the peer."""
        if self._is_plain or not self._is_upgraded:
            it = self._connection
            self._is_upgraded = it.handshake_complete
            if self._is_plain or not self._is_upgraded:
                if it.handshake_initiated:
                    self._is_plain = True  # It did not wait for the upgrade.
                self._pass_on(data)
                return
        at = 0
        if not self._unread and not self._is_held and not self.close_sent:
            at = self._take_short(data)
            if at == len(data):
                return
        self._unread += data[at:] if at else data
        if not self._is_held or self.close_sent:
            self._cut()
        elif not self._connection.read_paused:
            self._pause()

    def _take_short(self, data: bytes) -> int:
        """Take the whole short frames off the front, as a key is one; how many bytes they were. :meth:`_cut` takes all."""
        take = self._take
        if take is None:
            return 0
        at, size = 0, len(data)
        while size - at >= 6 and data[at] == _WHOLE_BINARY:
            length = data[at + 1] - _MASKED
            end = at + 6 + length
            if length < 0 or length > 125 or end > size:
                break
            payload = data[at + 6 : end]
            mask = data[at + 2 : at + 6]
            at = end
            if not take(apply_mask(payload, mask)):
                self._hold()
                break
            if self.close_sent:
                break
        if at:
            self._taken()
        return at

    def _hold(self) -> None:
        """The reader wants no more for now."""
        self._is_held = True
        if not self._connection.read_paused:
            self._pause()

    def _pause(self) -> None:
        """Read no more until :meth:`go_on`, or until we close: then the library waits for the peer's answer to that."""
        self._connection.read_paused = True
        self._transport.pause_reading()

    def _cut(self) -> None:
        """Take the whole frames off the front of what came."""
        data = self._unread
        at, size = 0, len(data)
        has_taken = False
        while size - at >= 6:
            first, length = data[at], data[at + 1]
            start = at + 6
            if length < _MASKED:
                self._is_plain = True  # Unmasked: the library knows what to say to that.
                break
            length -= _MASKED
            if length == 126:
                start = at + 8
                if size < start:
                    break
                length = int.from_bytes(data[at + 2 : at + 4], "big")
            elif length == 127:
                start = at + 14
                if size < start:
                    break
                length = int.from_bytes(data[at + 2 : at + 10], "big")
            if length > self._connection.config.ws_max_size:
                self._is_plain = True  # The library refuses it without waiting for all of it.
                break
            end = start + length
            if size < end:
                break
            if first == _WHOLE_BINARY and self._take is not None and not self.close_sent:
                has_taken = True
                wants_more = self._take(apply_mask(data[start:end], data[start - 4 : start]))
                at = end
                if not wants_more:
                    self._hold()
                    break
                continue
            if first in (0x00, 0x01, 0x02, 0x80):
                self._is_plain = True  # A message in pieces.
                break
            self._pass_on(bytes(data[at:end]))
            at = end
        if has_taken:
            self._taken()
        if self._is_plain:
            rest = bytes(data[at:])
            self._unread = bytearray()
            self._pass_on(rest)
        elif at:
            del data[:at]
