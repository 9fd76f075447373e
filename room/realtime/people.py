"""Who is in a room, as its members and its log on the wire name them."""

import msgspec

from room.session.ids import MemberId
from room.session.roles import Role


class Person(msgspec.Struct, frozen=True):
    """How a member is called and coloured. Lives in rows, never in the journal."""

    id: MemberId
    name: str
    first: str
    colour: str
    role: Role
