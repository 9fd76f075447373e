"""What becomes of a planned interview: its plan changed, moved, cancelled, nobody came, entered."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.response import Redirect, Response

from room.desk import booking, invites, plan, questions
from room.sandbox.languages import LANGUAGES
from room.session.events import MemberJoined
from room.session.ids import InterviewId
from room.store import interviews, journal, members, requests, rubrics
from room.store.accounts import Account
from room.store.engine import Connection, NotFound
from room.store.interviews import Interview, InterviewPlan
from room.web import cookies, sockets
from room.web.auth import find_session, require_account
from room.web.forms import Fields, Form
from room.web.interviews import LEVELS, languages_of, show

SESSION_S = 24 * 3600


def _back(interview_id: str, tab: str, said: str = "") -> Response[Any]:
    """To the page of the interview; ``said`` is what the page then says was done."""
    also = f"&said={said}" if said else ""
    return Redirect(f"/interviews/{interview_id}?tab={tab}{also}", status_code=303)


SIGNAL_FIELDS = (("paste", "record_pastes"), ("leave", "record_leave"), ("idle", "record_idle"))
"""Fair-play signals and the boxes that switch them on; what is off is neither recorded nor named in the lobby."""


@post("/interviews/{interview_id:str}/enter", sync_to_thread=True, status_code=200)
def enter(request: Request[Any, Any, Any], interview_id: str) -> Response[Any]:
    """The owner goes into the room as its lead; the way in ends with the sign-in."""
    account = require_account(request)
    session = find_session(request)
    state = request.app.state
    now_ms = state.clock.wall_ms()
    with state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        lead = members.lead_of(conn, account.id, interview.id)
        cookie = members.start_session(
            conn,
            lead,
            now_ms=now_ms,
            expires_at_ms=now_ms + SESSION_S * 1000,
            web_session_hash=session.cookie_hash if session else None,
        )
    response = Redirect(f"/room/{interview.id}/{lead.id}", status_code=303)
    response.set_cookie(cookies.member(state.settings, lead.id, cookie, SESSION_S))
    return response


@post("/interviews/{interview_id:str}/invited", sync_to_thread=True, status_code=204)
def invited(request: Request[Any, Any, Any], interview_id: str) -> None:
    """The invitation was copied; sent by the page's script beside the copying."""
    account = require_account(request)
    with request.app.state.store.begin() as conn:
        interviews.load(conn, account.id, interview_id)
        interviews.advance(conn, account.id, interview_id, "invited")


@post("/interviews/{interview_id:str}/move", sync_to_thread=True, status_code=200)
def move(request: Request[Any, Any, Any], interview_id: str, data: Form) -> Response[Any]:
    """Hold it at another time; links stay, and the calendar entry with its UID."""
    account = require_account(request)
    fields = Fields(data)
    with request.app.state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        starts_at_ms = fields.moment("day", "time", account.zone)
        if not interview.is_before:
            fields.fault("day", "It cannot be moved any more.")
        is_moved = not fields.faults and starts_at_ms != interview.starts_at_ms
        if is_moved:
            invites.move(conn, interview, starts_at_ms)
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
    return _back(interview_id, "people", "moved" if is_moved else "")


@post("/interviews/{interview_id:str}/cancel", sync_to_thread=True, status_code=200)
def cancel(request: Request[Any, Any, Any], interview_id: str) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        if interview.is_before:
            booking.cancel(conn, interview)
            people = members.list_for(conn, account.id, interview.id)
        else:
            people = []
    for member in people:
        sockets.close_member(request, interview_id, member.id, sockets.ENDED)
    return _back(interview_id, "people")


@post("/interviews/{interview_id:str}/no-show", sync_to_thread=True, status_code=200)
def no_show(request: Request[Any, Any, Any], interview_id: str, data: Form) -> Response[Any]:
    """Somebody did not come: whose fault it was, and how long the other one waited."""
    account = require_account(request)
    fields = Fields(data)
    whose = fields.chosen("whose", {"candidate", "interviewer"}, "Say who did not come.")
    state = request.app.state
    with state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        if not fields.faults and interview.is_before:
            came_ms = _came_ms(
                conn, request, interview, "candidate" if whose == "interviewer" else "lead"
            )
            booking.note_no_show(conn, interview, whose, state.clock.wall_ms(), came_ms)
    if fields.faults:
        return show(
            request,
            account,
            interview_id,
            tab="after",
            status=422,
            typed=fields.typed,
            faults=fields.faults,
        )
    return _back(interview_id, "after")


def _came_ms(
    conn: Connection, request: Request[Any, Any, Any], interview: Interview, role: str
) -> int | None:
    """When the member of this role first came: from the recorded joins, else from the lobby."""
    people = members.list_for(conn, interview.owner_id, interview.id)
    member = next(one for one in people if one.role == role)
    session = InterviewId(interview.id)
    if journal.last_hash(conn, session)[0] > 0:
        for recorded in journal.load(conn, request.app.state.seals, session):
            if isinstance(recorded.event, MemberJoined) and recorded.event.member == member.id:
                return recorded.wall_ms
    return member.entered_at_ms


@post("/interviews/{interview_id:str}/revive", sync_to_thread=True, status_code=200)
def revive(request: Request[Any, Any, Any], interview_id: str) -> Response[Any]:
    """A cancellation or a no-show is taken back."""
    account = require_account(request)
    with request.app.state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        if interview.state in {"cancelled", "no_show"}:
            booking.revive(conn, interview)
    return _back(interview_id, "people")


@post("/interviews/{interview_id:str}/cut-short", sync_to_thread=True, status_code=200)
def cut_short(request: Request[Any, Any, Any], interview_id: str, data: Form) -> Response[Any]:
    """Say of an interview that has ended whether it was cut short; the report says so too."""
    account = require_account(request)
    is_short = Fields(data).raw("cut_short") == "on"
    with request.app.state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        if interview.is_over:
            interviews.save(conn, msgspec.structs.replace(interview, cut_short=is_short))
    return _back(interview_id, "after")


@post(
    "/interviews/{interview_id:str}/requests/{request_id:str}/done",
    sync_to_thread=True,
    status_code=200,
)
def request_done(
    request: Request[Any, Any, Any], interview_id: str, request_id: str
) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.begin() as conn:
        interviews.load(conn, account.id, interview_id)
        requests.mark_done(conn, account.id, request_id, request.app.state.clock.wall_ms())
    return _back(interview_id, "after")


@post("/interviews/{interview_id:str}/delete", sync_to_thread=True, status_code=200)
def delete(request: Request[Any, Any, Any], interview_id: str) -> Response[Any]:
    """Delete the interview with everything recorded: the session's key is destroyed, so no copy of it can be read."""
    account = require_account(request)
    state = request.app.state
    with state.store.read() as conn:
        interview = interviews.load(conn, account.id, interview_id)
    if interview.state == "live":
        return _back(interview_id, "after")
    sockets.put_away(request, interview_id)
    with state.store.begin() as conn:
        state.seals.destroy(conn, InterviewId(interview.id))
        interviews.delete_interview(conn, account.id, interview.id)
    return Redirect("/interviews", status_code=303)


@post("/interviews/{interview_id:str}/plan", sync_to_thread=True, status_code=200)
def change_plan(request: Request[Any, Any, Any], interview_id: str, data: Form) -> Response[Any]:
    """Change what was planned, until the room was prepared: from then on the plan is changed in the room."""
    account = require_account(request)
    fields = Fields(data)
    with request.app.state.store.begin() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        changed = _changed(conn, account, interview, fields)
        if changed is not None:
            interviews.save(conn, changed)
            members.rename(
                conn,
                account.id,
                members.candidate_of(conn, account.id, interview.id).id,
                changed.candidate_name,
            )
    if changed is None:
        return show(
            request,
            account,
            interview_id,
            tab="plan",
            status=422,
            typed=fields.typed,
            faults=fields.faults,
        )
    return _back(interview_id, "plan", "saved")


def _changed(
    conn: Connection, account: Account, interview: Interview, fields: Fields
) -> Interview | None:
    candidate = fields.name("candidate", "Who is interviewed?")
    zone = fields.zone("candidate_zone")
    role_title = fields.name("role_title", "What is the role called?")
    level = fields.chosen("level", set(LEVELS), "Choose a level.")
    call_link = fields.link("call_link")
    is_prepared = journal.last_hash(conn, InterviewId(interview.id))[0] > 0
    if not interview.is_before:
        fields.fault("form", "The interview has begun; its plan stays as it was.")
    new_plan = interview.plan if is_prepared else _plan(conn, account, interview, fields)
    if fields.faults:
        return None
    has_moved = (candidate, zone, role_title, call_link, new_plan.minutes) != (
        interview.candidate_name,
        interview.candidate_zone,
        interview.role_title,
        interview.call_link,
        interview.minutes,
    )
    return msgspec.structs.replace(
        interview,
        candidate_name=candidate,
        candidate_zone=zone,
        role_title=role_title,
        level=level,
        call_link=call_link,
        plan=new_plan,
        minutes=new_plan.minutes,
        sequence=interview.sequence + has_moved,
    )


def _plan(
    conn: Connection, account: Account, interview: Interview, fields: Fields
) -> InterviewPlan:
    titles, minutes = fields.many("stage_title"), fields.many("stage_minutes")
    stages = []
    for number, (title, length) in enumerate(zip(titles, minutes, strict=False), start=1):
        one = Fields({"title": title, "minutes": length})
        name = one.name("title")
        if not name:
            continue
        count = one.whole("minutes", 1, 240)
        if one.faults:
            fields.fault(f"stage_{number}", "Give whole minutes, from 1 to 240.")
        stages.append((name, count))
    if not stages:
        fields.fault("stage_1", "A plan needs at least one stage.")
    if len(stages) > plan.MAX_STAGES:
        fields.fault("stage_1", f"At most {plan.MAX_STAGES} stages.")
    chosen: list[tuple[str, questions.Question]] = []
    for row_id in dict.fromkeys(key for key in fields.many("question") if key):
        try:
            chosen.append((row_id, questions.load(conn, account.id, row_id)))
        except NotFound:
            fields.fault("question", "Choose a question from the list.")
    rubric: str | None = fields.raw("rubric") or None
    if rubric is not None:
        try:
            rubrics.load(conn, account.id, rubric)
        except NotFound:
            fields.fault("rubric", "Choose a rubric from the list.")
    own, wished = languages_of(chosen), fields.many("language")
    languages = (*own, *(key for key in LANGUAGES if key in wished and key not in own))
    return msgspec.structs.replace(
        interview.plan,
        stages=plan.stages_from(stages),
        questions=tuple(key for key, _ in chosen),
        rubric=rubric,
        languages=languages,
        language=languages[0],
        signals=tuple(signal for signal, field in SIGNAL_FIELDS if fields.raw(field) == "on"),
        admit=fields.raw("admit") == "on",
    )


ROUTES = [
    enter,
    invited,
    move,
    cancel,
    no_show,
    revive,
    cut_short,
    request_done,
    delete,
    change_plan,
]
