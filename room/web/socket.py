"""uvicorn's WebSocket protocol with a short way for what a room says thousands of times a second.

A whole, masked, binary frame is read here and handed to its reader at once, and a frame to the browser is written at once
while the peer's buffer has place. Everything else (the upgrade, pings, closing, text, pieces of a message, what is no frame)
goes through the library as ever: this class only cuts the stream into frames in front of it. From the first message in pieces
on, a connection stays with the library, so that messages never overtake one another.

The room's socket finds it in ``scope["extensions"]["room.direct"]``; under another server it does not, and goes by ASGI alone.
"""

import os
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # No compiled part for this machine.
    from websockets.utils import apply_mask

EXTENSION: Final = "room.direct"
_WHOLE_BINARY: Final = 0x82
_MASKED: Final = 0x80
UNSENT_MAX: Final = 64 * 1024
"""Bytes that are gathered before they are sent at once: beyond it the peer's buffer must say whether it has place."""


def _nobody() -> None:
    """Nobody reads yet."""


class DirectSocket(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unread = bytearray()
        self._is_plain = False
        """The library alone reads on."""
        self._take: Callable[[bytes], bool] | None = None
        self._taken: Callable[[], None] = _nobody
        self._is_held = False
        self._descriptor = -1
        """The socket's, while it is open and not encrypted here."""
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0

    # ------------------------------------------------------------------------------------------------ for the room

    @property
    def is_writable(self) -> bool:
        """Whether the peer's buffer has place and the connection is open."""
        return self.writable.is_set() and not self.close_sent and not self.disconnected

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
        self._unsent += (head, frame)
        self._unsent_bytes += size
        if self._unsent_bytes > UNSENT_MAX:
            self.push()
        return is_first

    def push(self) -> None:
        """Send what was written, all in one."""
        if self._unsent:
            if not self.close_sent and not self.disconnected:
                self._send(b"".join(self._unsent))
            self._unsent.clear()
            self._unsent_bytes = 0

    def _send(self, data: bytes) -> None:
        """To the kernel at once where nothing waits before it: the loop would do it after all that it has read."""
        transport = self.transport
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

    def read_by(self, take: Callable[[bytes], bool], taken: Callable[[], None]) -> bool:
        """Hand binary messages to ``take`` from now on, as they come; it answers whether it wants more now.

        ``taken`` is called after those that came together.

        False when messages wait that ASGI has not delivered, or when only the library may read: ask again after the next one.
        """
        if self._is_plain or not self.queue.empty() or not self.handshake_complete:
            return False
        self._take, self._taken = take, taken
        return True

    def go_on(self) -> None:
        """``take`` wants more again."""
        if self._is_held:
            self._is_held = False
            self._cut()
            if not self._is_held and self.read_paused:
                self.read_paused = False
                self.transport.resume_reading()

    # ------------------------------------------------------------------------------------------------ the stream

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if transport.get_extra_info("sslcontext") is None:
            self._descriptor = transport.get_extra_info("socket").fileno()

    def connection_lost(self, exc: Exception | None) -> None:
        self._descriptor = -1
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self

    def data_received(self, data: bytes) -> None:
        if self._is_plain or not self.handshake_complete:
            if self.handshake_initiated:
                self._is_plain = True  # It did not wait for the upgrade.
            super().data_received(data)
            return
        self._unread += data
        if not self._is_held or self.close_sent:
            self._cut()
        elif not self.read_paused:
            self._pause()

    def _pause(self) -> None:
        """Read no more until :meth:`go_on`, or until we close: then the library waits for the peer's answer to that."""
        self.read_paused = True
        self.transport.pause_reading()

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
            if length > self.config.ws_max_size:
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
                    self._is_held = True
                    if not self.read_paused:
                        self._pause()
                    break
                continue
            if first in (0x00, 0x01, 0x02, 0x80):
                self._is_plain = True  # A message in pieces.
                break
            super().data_received(bytes(data[at:end]))
            at = end
        if has_taken:
            self._taken()
        if self._is_plain:
            rest = bytes(data[at:])
            self._unread = bytearray()
            super().data_received(rest)
        elif at:
            del data[:at]
