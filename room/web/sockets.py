"""What a page asks of a live room from outside: close somebody's sockets, take a wish, or say who is there."""

import asyncio
from typing import Any

from litestar.connection import ASGIConnection

from room.session.commands import Command
from room.session.ids import InterviewId, MemberId
from room.session.state import SessionState

SIGNED_OUT = 4401
NOT_ALLOWED = 4403
ENDED = 4410

PUT_AWAY_S = 30

Connection = ASGIConnection[Any, Any, Any, Any]


def close_member(connection: Connection, interview_id: str, member_id: str, code: int) -> None:
    """Close a member's sockets at once, with this close code."""
    hub = connection.app.state.get("hub")
    if hub is not None:
        hub.close_member(InterviewId(interview_id), MemberId(member_id), code)


def tell(connection: Connection, interview_id: str, command: Command) -> None:
    """Give the room a command of the server's own, without waiting for it."""
    hub = connection.app.state.get("hub")
    if hub is not None:
        hub.tell(InterviewId(interview_id), command)


def put_away(connection: Connection, interview_id: str) -> None:
    """Close the room with all that it holds on disk, before its rows go. Called from a handler's thread."""
    state = connection.app.state
    if state.get("hub") is not None:
        putting = state.hub.put_away(InterviewId(interview_id))
        asyncio.run_coroutine_threadsafe(putting, state.loop).result(PUT_AWAY_S)


def open_state(connection: Connection, interview_id: str) -> SessionState | None:
    """The state of the room while it is open in this process, else None."""
    hub = connection.app.state.get("hub")
    found: SessionState | None = (
        hub.open_state(InterviewId(interview_id)) if hub is not None else None
    )
    return found
