"""The candidate's data page: what is kept about them, until when, and how to have it deleted."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from room.scoring import filing
from room.session import disclosure
from room.session.ids import InterviewId
from room.store import journal, requests
from room.web.forms import Fields, Form
from room.web.join import Guest, open_link
from room.web.templating import page

KINDS = {"deletion", "copy"}


def open_page(request: Request[Any, Any, Any], token: str) -> Guest:
    """Whose data the link is about."""
    state = request.app.state
    with state.store.read() as conn:
        return open_link(conn, token, "privacy", state.clock.wall_ms())


@get("/privacy/{token:str}", sync_to_thread=True)
def show(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    guest = open_page(request, token)
    with request.app.state.store.read() as conn:
        asked = [
            one
            for one in requests.list_for(conn, guest.link.owner_id, guest.interview.id)
            if one.member_id == guest.member.id
        ]
        is_recorded = (
            guest.interview.started_at_ms is not None
            and journal.last_hash(conn, InterviewId(guest.interview.id))[0] > 0
        )
        letter = filing.shown_letter(
            conn, request.app.state.seals, guest.link.owner_id, guest.interview.id
        )
    return page(
        request,
        "privacy/privacy.html",
        token=token,
        letter=letter,
        interview=guest.interview,
        client=guest.client,
        member=guest.member,
        lead=guest.lead,
        zone=guest.zone,
        asked=asked,
        is_recorded=is_recorded,
        recorded=disclosure.sentences(guest.interview.plan.signals),
        not_recorded=disclosure.NOT_RECORDED,
        csrf_token="",
    )


@post("/privacy/{token:str}", opt={"csrf": "origin"}, sync_to_thread=True, status_code=200)
def ask(request: Request[Any, Any, Any], token: str, data: Form) -> Response[Any]:
    """Store what the candidate asks for; the interviewer sees it on the page of the interview."""
    guest = open_page(request, token)
    fields = Fields(data)
    kind = fields.chosen("kind", KINDS, "Choose what you ask for.")
    if not fields.faults:
        with request.app.state.store.begin() as conn:
            open_same = [
                one
                for one in requests.list_for(conn, guest.link.owner_id, guest.interview.id)
                if one.kind == kind and one.done_at_ms is None
            ]
            if not open_same:
                requests.add(
                    conn,
                    guest.link.owner_id,
                    guest.interview.id,
                    guest.member.id,
                    kind="deletion" if kind == "deletion" else "copy",
                    text=fields.text("text"),
                    now_ms=request.app.state.clock.wall_ms(),
                )
    return Redirect(f"/privacy/{token}", status_code=303)


ROUTES = [show, ask]
