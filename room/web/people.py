"""The people of an interview: add somebody, replace their link, switch it off."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.response import Redirect, Response

from room.desk import invites
from room.session.commands import AddMember
from room.session.ids import InterviewId, MemberId
from room.session.roles import Role
from room.store import interviews, journal, members
from room.store.engine import Connection, NotFound
from room.store.interviews import Care, Interview
from room.store.members import Member
from room.web import sockets
from room.web.auth import require_account
from room.web.forms import Fields, Form
from room.web.interviews import show

ADDED = {"interviewer", "observer", "rater"}
MOST_PEOPLE = 12
MOST_EXTRA_PERCENT = 200


def _back(interview_id: str) -> Response[Any]:
    return Redirect(f"/interviews/{interview_id}?tab=people", status_code=303)


@post("/interviews/{interview_id:str}/people", sync_to_thread=True, status_code=200)
def add(request: Request[Any, Any, Any], interview_id: str, data: Form) -> Response[Any]:
    """Give a guest interviewer, an observer or a second rater a place and a link."""
    account = require_account(request)
    state = request.app.state
    now_ms = state.clock.wall_ms()
    fields = Fields(data)
    name = fields.name("guest_name", "Who is it?")
    role = fields.chosen("guest_role", ADDED, "Choose what they come as.")
    is_begun = False
    with state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        if len(members.list_for(conn, account.id, interview.id)) >= MOST_PEOPLE:
            fields.fault("guest_name", f"At most {MOST_PEOPLE} people.")
        if not fields.faults:
            member = members.add(
                conn, account.id, interview.id, role=role, name=name, now_ms=now_ms
            )
            invites.issue_link(conn, state.store.link_key, interview, member, now_ms)
            is_begun = journal.last_hash(conn, InterviewId(interview.id))[0] > 0
    if fields.faults:
        return show(
            request,
            account,
            interview_id,
            tab="people",
            status=422,
            typed=fields.typed,
            faults=fields.faults,
        )
    if is_begun and role != "rater":
        sockets.tell(request, interview_id, AddMember(MemberId(member.id), Role(role)))
    return _back(interview_id)


@post(
    "/interviews/{interview_id:str}/people/{member_id:str}/replace",
    sync_to_thread=True,
    status_code=200,
)
def replace(request: Request[Any, Any, Any], interview_id: str, member_id: str) -> Response[Any]:
    """A new link; the old link stops at once."""
    account = require_account(request)
    state = request.app.state
    with state.store.begin() as conn:
        interview, member = _load(conn, account.id, interview_id, member_id)
        invites.replace_link(conn, state.store.link_key, interview, member, state.clock.wall_ms())
    sockets.close_member(request, interview_id, member_id, sockets.NOT_ALLOWED)
    return _back(interview_id)


@post(
    "/interviews/{interview_id:str}/people/{member_id:str}/switch-off",
    sync_to_thread=True,
    status_code=200,
)
def switch_off(request: Request[Any, Any, Any], interview_id: str, member_id: str) -> Response[Any]:
    account = require_account(request)
    state = request.app.state
    with state.store.begin() as conn:
        interview, member = _load(conn, account.id, interview_id, member_id)
        invites.switch_off_link(conn, interview, member, state.clock.wall_ms())
    sockets.close_member(request, interview_id, member_id, sockets.NOT_ALLOWED)
    return _back(interview_id)


def _load(
    conn: Connection, owner_id: str, interview_id: str, member_id: str
) -> tuple[Interview, Member]:
    interview = interviews.load(conn, owner_id, interview_id)
    member = members.load(conn, owner_id, member_id)
    if member.interview_id != interview.id:
        raise NotFound(member_id)
    return interview, member


@post("/interviews/{interview_id:str}/care", sync_to_thread=True, status_code=200)
def care(request: Request[Any, Any, Any], interview_id: str, data: Form) -> Response[Any]:
    """What the candidate needs; it can be changed until the session has begun, since it shapes the plan."""
    account = require_account(request)
    fields = Fields(data)
    wanted = Care(
        extra_percent=fields.whole("extra_percent", 0, MOST_EXTRA_PERCENT, 0),
        larger_type=bool(fields.raw("larger_type")),
        reduced_motion=bool(fields.raw("reduced_motion")),
    )
    with request.app.state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        if (
            journal.last_hash(conn, InterviewId(interview.id))[0] > 0
            and wanted.extra_percent != interview.plan.care.extra_percent
        ):
            fields.fault(
                "extra_percent",
                "The room is open already. Give more minutes there, stage by stage.",
            )
        if not fields.faults:
            plan = msgspec.structs.replace(interview.plan, care=wanted)
            interviews.save(
                conn, msgspec.structs.replace(interview, plan=plan, minutes=plan.minutes)
            )
    if fields.faults:
        return show(
            request,
            account,
            interview_id,
            tab="people",
            status=422,
            typed=fields.typed,
            faults=fields.faults,
        )
    return _back(interview_id)


ROUTES = [add, replace, switch_off, care]
