"""A connection as its room sees it: whose it is, what it has been sent, what it has said."""

import asyncio
from typing import Literal, final

import msgspec

from room.realtime import protocol
from room.realtime.frames import CloseCode
from room.realtime.outbox import Outbox
from room.realtime.people import Person
from room.session.decide import Refused
from room.session.state import SessionState


@final
class Awareness:
    """What a client last said of itself."""

    __slots__ = ("client", "clock", "state")

    def __init__(self, client: int, clock: int, state: bytes) -> None:
        self.client = client
        self.clock = clock
        self.state = state
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
        self.member = person.id
        self._standing: Standing = "new"
        self.is_active = False
        """Its standing is ``active``."""
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
        self.judged_on: SessionState | None = None
        self.judged: Refused | None = None
        """Whether it may edit, as it was in that state of the session."""
        named = {"name": person.first, "color": person.colour, "member": person.id}
        self.identity = msgspec.Raw(msgspec.json.encode(named))
        """Who this is, as awareness says it."""
        self.closed: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()

    @property
    def standing(self) -> Standing:
        return self._standing

    @standing.setter
    def standing(self, standing: Standing) -> None:
        self._standing = standing
        self.is_active = standing == "active"

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
