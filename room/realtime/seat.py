"""A connection as its room sees it: whose it is, what it has been sent, what it has said."""

import asyncio
import functools
from typing import Literal

import msgspec

from room.realtime import protocol
from room.realtime.outbox import Outbox
from room.realtime.protocol import CloseCode
from room.session.ids import MemberId
from room.session.roles import Role


class Person(msgspec.Struct, frozen=True):
    """How a member is called and coloured. Lives in rows, never in the journal."""

    id: MemberId
    name: str
    first: str
    colour: str
    role: Role


class Awareness(msgspec.Struct, frozen=True):
    client: int
    clock: int
    state: bytes
    """JSON."""


Standing = Literal["new", "waiting", "elsewhere", "active", "gone"]
"""``waiting``: not admitted yet. ``elsewhere``: the member has another tab open. Only ``active`` seats take part."""


class Seat:
    """One socket. Only the room changes it; the socket's tasks read ``outbox`` and wait for ``closed``."""

    def __init__(self, person: Person, tab: str, outbox: Outbox | None = None) -> None:
        self.person = person
        self.tab = tab
        """Names the browser tab, so that a tab that comes back replaces its own lost connection at once."""
        self.outbox = outbox or Outbox()
        self.standing: Standing = "new"
        self.speaks_room = False
        """It has sent a room message, so it may be sent some."""
        self.received = 0
        """Document messages taken from it."""
        self.behind = False
        """An update did not fit; what it holds comes with the answer to our step 1."""
        self.clients: set[int] = set()
        """Client ids it has written under here: nobody else can hold more of theirs than came from it."""
        self.vector: bytes | None = None
        """Its state vector, if it asked before it was let in."""
        self.awareness: Awareness | None = None
        self.closed: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()

    @functools.cached_property
    def identity(self) -> msgspec.Raw:
        """Who this is, as awareness says it."""
        who = self.person
        named = {"name": who.first, "color": who.colour, "member": who.id}
        return msgspec.Raw(msgspec.json.encode(named))

    @property
    def member(self) -> MemberId:
        return self.person.id

    @property
    def is_active(self) -> bool:
        return self.standing == "active"

    def post(self, frame: bytes, *, volatile: bool = False) -> None:
        """Send a frame, or close the connection as too slow."""
        if not self.outbox.put(frame, volatile=volatile):
            self.close(CloseCode.TOO_SLOW)

    def tell(self, content: object) -> None:
        """Send a room message, if the client speaks them."""
        if self.speaks_room:
            self.post(protocol.room_message(content))

    def close(self, code: CloseCode) -> None:
        """Have the socket closed. The first code wins."""
        if not self.closed.done():
            self.closed.set_result(code)
