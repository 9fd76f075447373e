"""Which member of an interview a request speaks for. The cookie alone says it; an address only names who is meant."""

from typing import Any

from litestar.connection import ASGIConnection

from room.store import members
from room.store.members import Member, MemberSession
from room.web import cookies

Connection = ASGIConnection[Any, Any, Any, Any]
"""A request or a WebSocket."""


def find_member(
    connection: Connection, interview_id: str, member_id: str
) -> tuple[Member, MemberSession] | None:
    """The member and their session, when this browser came in as that member of that interview."""
    cookie = connection.cookies.get(cookies.MEMBER + member_id)
    if not cookie:
        return None
    state = connection.app.state
    with state.store.read() as conn:
        found = members.find_session(conn, member_id, cookie, state.clock.wall_ms())
    return found if found is not None and found[0].interview_id == interview_id else None


def member_of(
    connection: Connection, interview_id: str, member_id: str | None = None
) -> Member | None:
    """The member; without a member id any of this interview that the browser came in as."""
    if member_id is not None:
        found = find_member(connection, interview_id, member_id)
        return found[0] if found else None
    mine = (member for member, _ in all_members(connection) if member.interview_id == interview_id)
    return next(mine, None)


def all_members(connection: Connection) -> list[tuple[Member, MemberSession]]:
    """Every member that this browser came in as, in whatever interview."""
    state = connection.app.state
    named = [
        (name.removeprefix(cookies.MEMBER), value)
        for name, value in connection.cookies.items()
        if name.startswith(cookies.MEMBER + "m_")
    ]
    if not named:
        return []
    with state.store.read() as conn:
        found = (
            members.find_session(conn, member, cookie, state.clock.wall_ms())
            for member, cookie in named
        )
        return [pair for pair in found if pair is not None]
