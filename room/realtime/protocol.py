"""The wire, sans I/O: y-websocket's binary messages, and Room's own as type 100. docs/wire.md describes it for others.

Source: y-protocols ``PROTOCOL.md``, ``sync.js``, ``awareness.js``.
"""

from typing import Any, Final

import msgspec

from room.realtime.frames import (
    AwarenessUpdate,
    DocUpdate,
    ForeignAwareness,
    Frame,
    QueryAwareness,
    RoomMessage,
    Step1,
    Step2,
)
from room.yjs.encoding import Malformed, Reader, write_bytes, write_uint

SYNC, AWARENESS, QUERY_AWARENESS, ROOM = 0, 1, 3, 100
STEP1, STEP2, UPDATE = 0, 1, 2

FRAME_MAX: Final = 2 * 1024 * 1024
"""Bytes of one frame from a browser."""
ROOM_MESSAGE_MAX: Final = 256 * 1024
AWARENESS_MAX: Final = 8 * 1024


_SHORT_UPDATE: Final = bytes((SYNC, UPDATE))


_room_decoder: msgspec.json.Decoder[RoomMessage] = msgspec.json.Decoder(RoomMessage)
_json = msgspec.json.Encoder()


class TooLarge(ValueError):
    """A frame beyond its bound."""


def parse(data: bytes) -> Frame:
    """What a frame from a browser says.

    Raises:
        Malformed: it says nothing that the wire knows.
        TooLarge: it is beyond the bound of its kind.
    """
    size = len(data)
    if size > FRAME_MAX:
        raise TooLarge(f"{size} bytes")
    if size > 3 and data[2] == size - 3 < 0x80 and data[:2] == _SHORT_UPDATE:
        return DocUpdate(data[3:])  # A key; the way below says the same of it, more slowly.
    reader = Reader(data)
    match reader.uint():
        case 0:
            kind = reader.uint()
            payload = reader.bytes()
            reader.end()
            if kind == STEP1:
                return Step1(payload)
            if kind == STEP2:
                return Step2(payload)
            if kind == UPDATE:
                return DocUpdate(payload)
            raise Malformed("unknown sync message")
        case 1:
            if len(data) > AWARENESS_MAX:
                raise TooLarge(f"{len(data)} bytes of awareness")
            if reader.uint() != reader.left:
                raise Malformed("has bytes behind its end, or too few")
            return _parse_awareness(reader)
        case 3:
            return QueryAwareness()
        case 100:
            if len(data) > ROOM_MESSAGE_MAX:
                raise TooLarge(f"{len(data)} bytes of room message")
            # As text, since the decoder passes on bytes of a command unread, and some that are no text.
            said = reader.text()
            reader.end()
            try:
                return _room_decoder.decode(said)
            except (msgspec.DecodeError, RecursionError) as error:
                raise Malformed("a room message that is none") from error
        case _:
            raise Malformed("unknown message type")


def _parse_awareness(reader: Reader) -> AwarenessUpdate | ForeignAwareness:
    if reader.uint() != 1:
        return ForeignAwareness()
    return AwarenessUpdate(reader.uint(), reader.uint(), reader.text())


# ------------------------------------------------------------------------------------------------ to the browser


def step1(vector: bytes) -> bytes:
    return bytes((SYNC, STEP1)) + write_bytes(vector)


def step2(update: bytes) -> bytes:
    return bytes((SYNC, STEP2)) + write_bytes(update)


def update(update: bytes) -> bytes:
    return bytes((SYNC, UPDATE)) + write_bytes(update)


def awareness(client: int, clock: int, state: bytes) -> bytes:
    """``state``: JSON; ``null`` when the client goes."""
    entry = write_uint(1) + write_uint(client) + write_uint(clock) + write_bytes(state)
    return bytes((AWARENESS,)) + write_bytes(entry)


def room_message(content: Any) -> bytes:
    """A room message; ``content`` is a mapping or Struct that JSON can hold."""
    return bytes((ROOM,)) + write_bytes(_json.encode(content))
