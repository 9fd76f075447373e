"""The lobby: arrive calm, know the rules, be ready. A GET changes nothing; a form trades the link's token for a cookie."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import MediaType, Request, WebSocket, get, post, websocket
from litestar.response import Redirect, Response

from room.desk import invites, lobby, questions, schedule
from room.sandbox.languages import LANGUAGES
from room.session.commands import DeclineRecording
from room.session.ids import MemberId
from room.store import accounts, clients, interviews, links, members, requests
from room.store.accounts import Account
from room.store.clients import Client
from room.store.engine import Connection, NotFound
from room.store.interviews import Interview
from room.store.links import Link, Purpose
from room.store.members import Member
from room.web import access, cookies, sockets
from room.web.errors import Gone
from room.web.forms import Fields, Form
from room.web.interviews import calendar_file
from room.web.templating import page

COOKIE_S = 30 * 24 * 3600
MOST_REQUESTS = 20
NOT_AGREED = "Please tick that you have read what is recorded."


class Guest(msgspec.Struct, frozen=True):
    """Who holds a link, and the rows that it leads to."""

    link: Link
    interview: Interview
    client: Client
    member: Member
    lead: Member
    account: Account

    @property
    def zone(self) -> str:
        """The zone that this person's times are shown in."""
        return (
            self.interview.candidate_zone if self.member.role == "candidate" else self.account.zone
        )


def open_link(conn: Connection, token: str, purpose: Purpose, now_ms: int) -> Guest:
    """What a token leads to. One look-up tells all three refusals apart, so none takes longer than another.

    Raises:
        NotFound: nobody issued this token.
        Gone: it has expired, or was switched off.
    """
    link = links.find(conn, token, purpose)
    if link is None:
        raise NotFound("link")
    match link.standing(now_ms):
        case "revoked":
            raise Gone(
                "This link was switched off.", "The person who sent it may have sent a newer one."
            )
        case "expired":
            until = datetime.fromtimestamp(link.expires_at_ms / 1000, UTC)
            day = f"{until.day} {schedule.MONTHS[until.month - 1]} {until.year}"
            raise Gone(
                "This link has expired.",
                f"It worked until {day}. Ask the person who sent it for a new one.",
            )
    interview = interviews.load(conn, link.owner_id, link.interview_id)
    return Guest(
        link=link,
        interview=interview,
        client=clients.load(conn, link.owner_id, interview.client_id),
        member=members.load(conn, link.owner_id, link.member_id),
        lead=members.lead_of(conn, link.owner_id, interview.id),
        account=accounts.load(conn, link.owner_id),
    )


def _open(request: Request[Any, Any, Any], token: str) -> Guest:
    state = request.app.state
    with state.store.read() as conn:
        return open_link(conn, token, "join", state.clock.wall_ms())


@get("/join/{token:str}", sync_to_thread=True)
def show_lobby(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    return _page(request, token, _open(request, token))


@get("/join/{token:str}/practice", sync_to_thread=True)
def practice(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    """An editor to try, with the room's keys and settings. Nothing that is typed there leaves the browser."""
    guest = _open(request, token)
    offered = [key for key in guest.interview.plan.languages if key in LANGUAGES]
    return page(
        request,
        "room/practice.html",
        lobby=f"/join/{token}",
        languages=[{"key": key, "label": LANGUAGES[key].label} for key in offered],
        csrf_token="",
    )


def _page(
    request: Request[Any, Any, Any],
    token: str,
    guest: Guest,
    *,
    status: int = 200,
    fields: Fields | None = None,
) -> Response[Any]:
    state = request.app.state
    now_ms = state.clock.wall_ms()
    interview, member = guest.interview, guest.member
    words = lobby.lobby(
        interview,
        member,
        guest.lead,
        guest.client.name,
        now_ms=now_ms,
        live=sockets.open_state(request, interview.id),
        viewer_zone=guest.zone,
    )
    inside = access.member_of(request, interview.id, member.id)
    with state.store.read() as conn:
        people = members.list_for(conn, interview.owner_id, interview.id)
        privacy = links.current_for(conn, interview.owner_id, member.id, "privacy")
        tested = [
            one
            for key in interview.plan.questions
            if (one := questions.load(conn, interview.owner_id, key)).has_visible_tests
        ]
    privacy_token = links.token_of(privacy, state.store.link_key) if privacy else None
    offered = [key for key in interview.plan.languages if key in LANGUAGES]
    return page(
        request,
        "join/lobby.html",
        status=status,
        token=token,
        words=words,
        interview=interview,
        client=guest.client,
        member=member,
        lead=guest.lead,
        others=[one for one in people if one.id != member.id and one.role != "rater"],
        has_rater=any(one.role == "rater" for one in people),
        zone=guest.zone,
        lead_zone=guest.account.zone,
        languages=[LANGUAGES[key].label for key in offered],
        untested=[
            LANGUAGES[key].label
            for key in offered
            if tested and not any(one.can_test(key) for one in tested)
        ],
        join_address=invites.join_address(state.settings.public_url, token),
        told=lobby.disclosed(interview.plan.signals),
        privacy_link=f"/privacy/{privacy_token}" if privacy_token else "",
        room_address=_target(guest) if inside else "",
        typed_name=fields.raw("name") if fields else member.name,
        faults=fields.faults if fields else {},
        said=request.query_params.get("said", ""),
        csrf_token="",
    )


def _target(guest: Guest) -> str:
    """Where this person goes after the lobby."""
    if guest.member.role == "rater":
        return f"/replay/{guest.interview.id}?as={guest.member.id}"
    return f"/room/{guest.interview.id}/{guest.member.id}"


@post("/join/{token:str}", opt={"csrf": "origin"}, sync_to_thread=True, status_code=200)
def enter(request: Request[Any, Any, Any], token: str, data: Form) -> Response[Any]:
    """Trade the token for this member's cookie: a name, and the tick that was not there beforehand."""
    guest = _open(request, token)
    state = request.app.state
    now_ms = state.clock.wall_ms()
    fields = Fields(data)
    name = fields.name("name", "Give the name that others will see.")
    if fields.raw("agree") != "on":
        fields.fault("agree", NOT_AGREED)
    door = lobby.door_of(guest.interview, guest.member.role, now_ms)
    if fields.faults or door != "open":
        return _page(request, token, guest, status=422 if fields.faults else 409, fields=fields)
    with state.store.begin() as conn:
        open_link(conn, token, "join", now_ms)  # it may have been switched off meanwhile
        if name != guest.member.name:
            members.rename(conn, guest.link.owner_id, guest.member.id, name)
        members.note_agreed(conn, guest.link.owner_id, guest.member.id, now_ms)
        links.note_opened(conn, guest.link, now_ms)
        if guest.member.role == "candidate":
            interviews.advance(conn, guest.link.owner_id, guest.interview.id, "confirmed")
        cookie = members.start_session(
            conn,
            guest.member,
            now_ms=now_ms,
            expires_at_ms=min(guest.link.expires_at_ms, now_ms + COOKIE_S * 1000),
        )
    response = Redirect(_target(guest), status_code=303)
    response.set_cookie(cookies.member(state.settings, guest.member.id, cookie, COOKIE_S))
    return response


@post("/join/{token:str}/decline", opt={"csrf": "origin"}, sync_to_thread=True, status_code=200)
def decline(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    """The candidate does not want to be recorded: the lead hears of it before anybody enters. No report says so."""
    guest = _open(request, token)
    state = request.app.state
    with state.store.begin() as conn:
        members.note_declined(conn, guest.link.owner_id, guest.member.id, state.clock.wall_ms())
    sockets.tell(request, guest.interview.id, DeclineRecording(MemberId(guest.member.id)))
    return Redirect(f"/join/{token}?said=declined", status_code=303)


@post("/join/{token:str}/confirm", opt={"csrf": "origin"}, sync_to_thread=True, status_code=200)
def confirm(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    """The candidate says that the time suits them."""
    guest = _open(request, token)
    if guest.member.role == "candidate":
        with request.app.state.store.begin() as conn:
            interviews.advance(conn, guest.link.owner_id, guest.interview.id, "confirmed")
    return Redirect(f"/join/{token}", status_code=303)


@post("/join/{token:str}/needs", opt={"csrf": "origin"}, sync_to_thread=True, status_code=200)
def needs(request: Request[Any, Any, Any], token: str, data: Form) -> Response[Any]:
    """More time, a reader layout, larger text: only the interviewer sees it, and it is in no report."""
    guest = _open(request, token)
    fields = Fields(data)
    text = fields.text("needs")
    if not text:
        fields.fault("needs", "Write what would help you.")
    with request.app.state.store.read() as conn:
        asked = requests.list_for(conn, guest.link.owner_id, guest.interview.id)
    if len(asked) >= MOST_REQUESTS:
        fields.fault(
            "needs", f"That was a lot at once. Please write to {guest.lead.first_name} directly."
        )
    if fields.faults:
        return _page(request, token, guest, status=422, fields=fields)
    with request.app.state.store.begin() as conn:
        requests.add(
            conn,
            guest.link.owner_id,
            guest.interview.id,
            guest.member.id,
            kind="accommodation",
            text=text,
            now_ms=request.app.state.clock.wall_ms(),
        )
    return Redirect(f"/join/{token}?said=needs", status_code=303)


@post("/join/{token:str}/checked", opt={"csrf": "origin"}, status_code=200)
async def checked(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    """The page's script is there: the link was opened by a browser. Answers with the runner's state for the check."""
    state = request.app.state
    await _note_opened(request, token)
    runner = state.get("runner")
    status = await runner.status() if runner is not None else None
    return Response({"runner": bool(status and status.available)}, media_type=MediaType.JSON)


async def _note_opened(request: Request[Any, Any, Any], token: str) -> None:
    def note() -> None:
        guest = _open(request, token)
        with request.app.state.store.begin() as conn:
            links.note_opened(conn, guest.link, request.app.state.clock.wall_ms())
            if guest.member.role == "candidate":
                interviews.advance(conn, guest.link.owner_id, guest.interview.id, "opened")

    await asyncio.to_thread(note)


@websocket("/join/echo")
async def echo(socket: WebSocket[Any, Any, Any]) -> None:
    """Says that a socket gets through to here, for the check of the connection; it takes nothing in."""
    await socket.accept()
    await socket.send_text("here")
    await socket.close()


@get("/join/{token:str}/calendar.ics", sync_to_thread=True)
def calendar(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    guest = _open(request, token)
    state = request.app.state
    content = invites.calendar(
        invites.Invitation(
            interview=guest.interview,
            client_name=guest.client.name,
            lead_name=guest.lead.name,
            link=invites.join_address(state.settings.public_url, token),
            own_zone=guest.account.zone,
        ),
        zone=guest.zone,
        now_ms=state.clock.wall_ms(),
        organizer_email=guest.account.email,
        for_candidate=guest.member.role == "candidate",
    )
    return calendar_file(content)


ROUTES = [show_lobby, practice, enter, decline, confirm, needs, checked, echo, calendar]
