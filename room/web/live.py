"""The live socket's route: who may sit down, decided by origin and cookie; the rest is the room's.

A plain ASGI handler, since every keystroke comes through here.
"""

from asyncio import to_thread
from typing import Any

from litestar import asgi
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from room.realtime.connection import Direct, hold
from room.realtime.frames import CloseCode
from room.realtime.hub import Hub, role_of
from room.realtime.people import Person
from room.realtime.seat import Seat
from room.session.ids import InterviewId, MemberId
from room.store.members import Member
from room.web import access
from room.web.socket import EXTENSION


def person_of(member: Member) -> Person | None:
    """The member as the room knows them; None for a second rater, who is never in it."""
    role = role_of(member.role)
    if role is None:
        return None
    return Person(
        MemberId(member.id),
        member.name or "Guest",
        member.first_name or "Guest",
        member.colour,
        role,
    )


@asgi("/live/{interview:str}", is_mount=False, copy_scope=False)
async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """Seat a member's browser, or say by the close code why not."""
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope, receive, send)
    if scope["type"] == ScopeType.HTTP:
        await _not_here(send)
        return
    await receive()  # websocket.connect
    origin = connection.headers.get("origin")
    if origin is not None and origin != connection.app.state.settings.public_url:
        await send(
            {"type": "websocket.close", "code": 403, "reason": ""}
        )  # before the upgrade: HTTP 403
        return
    interview = InterviewId(connection.path_params["interview"])
    hub: Hub = connection.app.state.hub
    code, person = CloseCode.RESTARTING, None
    if not hub.is_draining:
        code, person = await _who(connection, interview)
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    if person is None:
        await send({"type": "websocket.close", "code": code, "reason": ""})
        return

    async def receive_message() -> bytes | str | None:
        message: Any = await receive()
        if message["type"] != "websocket.receive":
            return None
        data = message.get("bytes")
        return data if data is not None else str(message.get("text") or "")

    async def send_message(frame: bytes) -> None:
        await send({"type": "websocket.send", "bytes": frame, "text": None})

    async def close(code: int) -> None:
        await send({"type": "websocket.close", "code": code, "reason": ""})

    extensions: Any = scope.get("extensions") or {}
    direct: Direct | None = extensions.get(EXTENSION)
    seat = Seat(person, connection.query_params.get("tab", ""))
    try:
        await hold(
            hub,
            interview,
            seat,
            receive=receive_message,
            send=send_message,
            close=close,
            direct=direct,
        )
    except LookupError:
        await close(CloseCode.NOT_ALLOWED)


async def _who(
    connection: ASGIConnection[Any, Any, Any, Any], interview: InterviewId
) -> tuple[CloseCode, Person | None]:
    named = connection.query_params.get("member")
    if named is None:
        # A browser may hold several members of one interview (both demo links): then the address must say which.
        mine = [
            m
            for m, _ in await to_thread(access.all_members, connection)
            if m.interview_id == interview
        ]
        member = mine[0] if len(mine) == 1 else None
    else:
        member = await to_thread(access.member_of, connection, interview, named)
    if member is None:
        return CloseCode.SIGNED_OUT, None
    return CloseCode.NOT_ALLOWED, person_of(member)


async def _not_here(send: Send) -> None:
    await send(
        {"type": "http.response.start", "status": 426, "headers": [(b"upgrade", b"websocket")]}
    )
    await send({"type": "http.response.body", "body": b"", "more_body": False})


ROUTES = [live]
