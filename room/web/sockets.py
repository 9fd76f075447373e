"""What a page asks of a live room from outside: close somebody's socket, or take a wish. Without an open room both do nothing."""

from typing import Any

import anyio.from_thread
from litestar.connection import ASGIConnection

from room.session.commands import Command

SIGNED_OUT = 4401
NOT_ALLOWED = 4403


def close_member(connection: ASGIConnection[Any, Any, Any, Any], interview_id: str, member_id: str, code: int) -> None:
    """Close a member's sockets at once, with this close code. Called from a handler's thread."""
    hub = connection.app.state.get("hub")
    if hub is not None:
        hub.close_member(interview_id, member_id, code)


def submit(connection: ASGIConnection[Any, Any, Any, Any], interview_id: str, command: Command) -> None:
    """Give the room a command of the server's own. Called from a handler's thread."""
    hub = connection.app.state.get("hub")
    if hub is not None:
        anyio.from_thread.run(hub.submit, interview_id, command)
