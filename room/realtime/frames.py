"""What frames say: y-websocket's messages and Room's own, as values. ``protocol`` reads and writes their bytes."""

from enum import IntEnum

import msgspec


class CloseCode(IntEnum):
    """Why the server closes a socket. 44xx are final: the client does not come back by itself."""

    RESTARTING = 1012
    TOO_SLOW = 1013
    MALFORMED = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    ELSEWHERE = 4409
    ENDED = 4410
    TOO_LARGE = 4413


class Step1(msgspec.Struct, frozen=True, gc=False):
    """The sender says what it has: a state vector."""

    vector: bytes


class Step2(msgspec.Struct, frozen=True, gc=False):
    """What the receiver lacks: an update that answers step 1. Read-only members may not bring anything by it."""

    update: bytes


class DocUpdate(msgspec.Struct, frozen=True, gc=False):
    update: bytes


class AwarenessUpdate(msgspec.Struct, frozen=True, gc=False):
    """One client's state; ``state`` is JSON text, ``null`` when it goes. Frames about several clients are not parsed."""

    client: int
    clock: int
    state: str


class ForeignAwareness(msgspec.Struct, frozen=True, gc=False):
    """An awareness frame about none or several clients: stock clients echo what they receive. It is dropped."""


class QueryAwareness(msgspec.Struct, frozen=True, gc=False):
    pass


class Hello(msgspec.Struct, frozen=True, tag_field="t", tag="hello"):
    v: int = 1


class Do(msgspec.Struct, frozen=True, tag_field="t", tag="do"):
    id: int
    do: msgspec.Raw


class Ping(msgspec.Struct, frozen=True, tag_field="t", tag="ping"):
    pass


class TakeOver(msgspec.Struct, frozen=True, tag_field="t", tag="take_over"):
    pass


class Bye(msgspec.Struct, frozen=True, tag_field="t", tag="bye"):
    """The member leaves on purpose."""


RoomMessage = Hello | Do | Ping | TakeOver | Bye
Frame = (
    Step1 | Step2 | DocUpdate | AwarenessUpdate | ForeignAwareness | QueryAwareness | RoomMessage
)


class Saved(msgspec.Struct, frozen=True, tag_field="t", tag="saved", gc=False):
    """So many of the receiver's document messages are on disk."""

    count: int
