"""uvicorn's WebSocket protocol with a short way for what a room says thousands of times a second.

The upgrade, pings, closing, text, pieces of a message and what is no frame go through the library as ever; whole binary
messages, both ways, go through :class:`room.web.stream.Stream`. From the first message in pieces on, a connection stays with the
library, so that messages never overtake one another.

The room's socket finds the stream in ``scope["extensions"]["room.direct"]``; under another server it does not,
and goes by ASGI alone.
"""

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from room.web.stream import Stream

EXTENSION: Final = "room.direct"


class DirectSocket(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._stream = Stream(self, super().data_received)
        super().__init__(*args, **kwargs)
        self.data_received = self._stream.feed  # type: ignore[method-assign]
        """The loop calls it for every piece that comes: one call less for each."""

    # What the library knows of the connection is kept where every frame asks for it.

    @property
    def close_sent(self) -> bool:
        return self._stream.close_sent

    @close_sent.setter
    def close_sent(self, is_so: bool) -> None:
        self._stream.close_sent = is_so

    @property
    def disconnected(self) -> bool:
        return self._stream.is_disconnected

    @disconnected.setter
    def disconnected(self, is_so: bool) -> None:
        self._stream.is_disconnected = is_so

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stream.has_place = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stream.has_place = True

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        is_encrypted = transport.get_extra_info("sslcontext") is not None
        self._stream.opened(
            transport, -1 if is_encrypted else transport.get_extra_info("socket").fileno()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream.lost()
        del self.data_received  # It holds the stream, and the stream this.
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self._stream
