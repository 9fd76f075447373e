"""The desk: what is next, what comes then, what is due, and a new interview."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from room.desk import booking, invites, overview, plan, questions
from room.scoring import filing
from room.session.ids import InterviewId
from room.store import clients, interviews, links, members, rubrics
from room.store.accounts import Account
from room.store.engine import Connection
from room.store.interviews import DAY_MS, Interview
from room.web import sockets
from room.web.auth import require_account
from room.web.templating import page

LATE_REPORT_MS = DAY_MS
"""A report that is owed for longer is marked."""


@get("/desk", sync_to_thread=True)
def show_desk(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.read() as conn:
        owed = _due(conn, account, request.app.state.clock.wall_ms())
    return page(
        request,
        "desk/desk.html",
        section="desk",
        **owed,
        **_desk(request, account),
        **_form(request, account),
    )


def _due(conn: Connection, account: Account, now_ms: int) -> dict[str, Any]:
    """What is owed, the longest waiting first, and how long it usually takes from end to signature."""
    held = [one for one in filing.standings(conn, account.id) if not one.interview.is_demo]
    owed = [one for one in held if one.step != "sent"]
    return {
        "due": sorted(owed, key=lambda one: one.since_ms),
        "late_before_ms": now_ms - LATE_REPORT_MS,
        "usual_minutes": filing.usual_minutes(held),
        "minutes_to_signature": {one.interview.id: one.minutes_to_signature for one in held},
    }


@get("/desk/upcoming", sync_to_thread=True)
def show_upcoming(request: Request[Any, Any, Any]) -> Response[Any]:
    """The part of the desk that changes by itself."""
    account = require_account(request)
    return page(request, "desk/upcoming.html", **_desk(request, account))


@post("/demo/remove", sync_to_thread=True, status_code=200)
def remove_demo(request: Request[Any, Any, Any]) -> Response[Any]:
    """The demo goes with one press: its interviews, recordings, reports and clients; what is the account's own stays."""
    account = require_account(request)
    state = request.app.state
    with state.store.read() as conn:
        demos = [one.id for one in interviews.list_for(conn, account.id) if one.is_demo]
    for interview_id in demos:
        sockets.put_away(request, interview_id)
    with state.store.begin() as conn:
        removed = booking.remove_demo(conn, account.id)
        for interview_id in removed:
            state.seals.destroy(conn, InterviewId(interview_id))
    return Redirect("/desk", status_code=303)


def _desk(request: Request[Any, Any, Any], account: Account) -> dict[str, Any]:
    now_ms = request.app.state.clock.wall_ms()
    with request.app.state.store.read() as conn:
        found = overview.overview(
            conn, account, now_ms, lambda one: sockets.open_state(request, one)
        )
        listed = interviews.list_for(conn, account.id)
        link = _candidate_link(conn, request, found.next.interview, now_ms) if found.next else ""
    return {
        "desk": found,
        "has_demo": any(one.is_demo for one in listed),
        "has_own": any(not one.is_demo for one in listed),
        "next_link": link,
    }


def _candidate_link(
    conn: Connection, request: Request[Any, Any, Any], interview: Interview, now_ms: int
) -> str:
    """The candidate's address, to be copied; empty while there is no link that works."""
    state = request.app.state
    candidate = members.candidate_of(conn, interview.owner_id, interview.id)
    link = links.current_for(conn, interview.owner_id, candidate.id)
    if link is None or link.standing(now_ms) != "valid":
        return ""
    token = links.token_of(link, state.store.link_key)
    return invites.join_address(state.settings.public_url, token) if token else ""


def _form(request: Request[Any, Any, Any], account: Account) -> dict[str, Any]:
    with request.app.state.store.read() as conn:
        return form_context(conn, account)


def form_context(
    conn: Connection,
    account: Account,
    typed: dict[str, Any] | None = None,
    faults: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What the form for a new interview is drawn with: the choices, what was typed, and words under the fields."""
    all_clients = clients.list_for(conn, account.id)
    first = all_clients[0] if all_clients else None
    start: dict[str, Any] = {
        "client": first.id if first else "new",
        "template": plan.templates()[0].key,
        "candidate_zone": account.zone,
        "rubric": "",
    }
    return {
        "clients": all_clients,
        "templates": plan.templates(),
        "questions": questions.list_for(conn, account.id),
        "rubrics": rubrics.list_for(conn, account.id),
        "typed": start | (typed or {}),
        "faults": faults or {},
    }


ROUTES = [show_desk, show_upcoming, remove_demo]
