"""Interviews: the list, a new one, and the page of one with its plan, people, disclosure and what comes after."""

from typing import Any

import msgspec
from litestar import MediaType, Request, get, post
from litestar.response import Redirect, Response

from room.desk import booking, invites, overview, plan, questions, schedule, shorthand
from room.sandbox.languages import LANGUAGES
from room.session import disclosure
from room.session.ids import InterviewId
from room.store import clients, interviews, journal, links, members, requests, rubrics
from room.store import questions as question_rows
from room.store.accounts import Account
from room.store.clients import Client
from room.store.engine import Connection, NotFound
from room.store.interviews import Interview, InterviewPlan
from room.web import sockets
from room.web.auth import require_account
from room.web.desk import form_context
from room.web.forms import Fields, Form
from room.web.templating import page

LEVELS = ("", "junior", "mid", "senior")
TABS = ("people", "plan", "disclosure", "after")
ROLE_WORDS = {
    "lead": "Interviewer",
    "candidate": "Candidate",
    "interviewer": "Guest interviewer",
    "observer": "Observer",
    "rater": "Second rater",
}


@get("/interviews", sync_to_thread=True)
def show_list(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    now_ms = request.app.state.clock.wall_ms()
    with request.app.state.store.read() as conn:
        rows = overview.rows_of(
            conn,
            account,
            interviews.list_for(conn, account.id),
            now_ms,
            lambda one: sockets.open_state(request, one),
        )
    coming = [row for row in rows if row.interview.is_before or row.interview.state == "live"]
    past = [row for row in reversed(rows) if row not in coming]
    return page(request, "interviews/list.html", section="interviews", coming=coming, past=past)


@get("/interviews/new", sync_to_thread=True)
def show_new(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.read() as conn:
        context = form_context(conn, account)
    return page(request, "interviews/new.html", section="interviews", **context)


@get("/interviews/shorthand", sync_to_thread=True)
def read_shorthand(request: Request[Any, Any, Any]) -> Response[Any]:
    """What a pasted line says, for the form to show; the time is turned into the own zone."""
    account = require_account(request)
    now_ms = request.app.state.clock.wall_ms()
    said = shorthand.read(
        request.query_params.get("text", ""), schedule.local(now_ms, account.zone).date()
    )
    zone = said.zone or account.zone
    found: dict[str, str] = {"candidate": said.name} if said.says_more else {}
    if said.zone:
        found["candidate_zone"] = said.zone
        found["candidate_zone_city"] = schedule.city(said.zone)
    if said.day and said.at:
        try:
            own = schedule.local(schedule.moment(said.day, said.at, zone), account.zone)
        except schedule.NoSuchTime:
            own = None
        if own is not None:
            found["day"], found["time"] = own.date().isoformat(), f"{own:%H:%M}"
    elif said.day:
        found["day"] = said.day.isoformat()
    elif said.at and zone == account.zone:
        found["time"] = f"{said.at:%H:%M}"
    return Response(found, media_type=MediaType.JSON)


@get("/interviews/preview", sync_to_thread=True)
def preview(request: Request[Any, Any, Any]) -> Response[Any]:
    """The times of what is typed in everybody's zone, with notes; empty while there is no time."""
    account = require_account(request)
    fields = Fields(request.query_params.dict())
    zone = fields.zone("candidate_zone")
    starts_at_ms = fields.moment("day", "time", account.zone)
    template = plan.template(fields.raw("template"))
    if fields.faults:
        # A time that the clock leaves out says so at once; what is not typed yet is no fault so far.
        left_out = fields.faults.get("time") if fields.raw("day") and fields.raw("time") else None
        notes = [left_out] if left_out else []
        return page(request, "interviews/preview.html", words="", notes=notes)
    with request.app.state.store.read() as conn:
        client = _find_client(conn, account, fields.raw("client"))
        notes = booking.notes_on_time(
            conn,
            account,
            starts_at_ms=starts_at_ms,
            minutes=template.minutes if template else 55,
            candidate_zone=zone,
            client=client,
            except_for=fields.raw("except"),
        )
    words = booking.times_in_words(
        starts_at_ms, account.zone, fields.name("candidate"), zone, client
    )
    return page(request, "interviews/preview.html", words=words, notes=notes)


@post("/interviews", sync_to_thread=True, status_code=200)
def create(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    """Make an interview. A script that wants to copy the link at once asks for JSON and gets both addresses."""
    account = require_account(request)
    state = request.app.state
    now_ms = state.clock.wall_ms()
    fields = Fields(data)
    with state.store.begin() as conn:
        wish = _wish(conn, account, fields, now_ms)
        if wish is not None:
            interview, token = booking.book(conn, state.store.link_key, account, wish, now_ms)
        else:
            context = form_context(conn, account, fields.typed, fields.faults)
    wants_json = "application/json" in request.headers.get("accept", "")
    if wish is None:
        template = "interviews/form.html" if wants_json else "interviews/new.html"
        return page(request, template, status=422, section="interviews", **context)
    target = f"/interviews/{interview.id}"
    if wants_json:
        link = invites.join_address(state.settings.public_url, token)
        return Response({"href": target, "link": link}, status_code=201, media_type=MediaType.JSON)
    return Redirect(target, status_code=303)


@get("/interviews/{interview_id:str}", sync_to_thread=True)
def show_one(request: Request[Any, Any, Any], interview_id: str) -> Response[Any]:
    account = require_account(request)
    tab = request.query_params.get("tab", TABS[0])
    return show(request, account, interview_id, tab=tab if tab in TABS else TABS[0])


def show(
    request: Request[Any, Any, Any],
    account: Account,
    interview_id: str,
    *,
    tab: str,
    status: int = 200,
    typed: dict[str, Any] | None = None,
    faults: dict[str, str] | None = None,
) -> Response[Any]:
    """The page of one interview. Raises NotFound."""
    state = request.app.state
    now_ms = state.clock.wall_ms()
    with state.store.read() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        row = overview.rows_of(
            conn, account, [interview], now_ms, lambda one: sockets.open_state(request, one)
        )[0]
        people = _people(conn, request, interview, now_ms)
        message = _invitation(conn, request, account, interview, row.client)
        privacy = booking.privacy_token(conn, state.store.link_key, interview)
        planned = plan.planned_questions(conn, interview)
        own_languages = languages_of(planned)
        context: dict[str, Any] = {
            "own_languages": own_languages,
            "other_languages": [key for key in LANGUAGES if key not in own_languages],
            "asked": requests.list_for(conn, account.id, interview.id),
            "all_questions": questions.list_for(conn, account.id),
            "all_rubrics": rubrics.list_for(conn, account.id),
            "planned": planned,
            "is_prepared": journal.last_hash(conn, InterviewId(interview.id))[0] > 0,
            "notes": booking.notes_on_time(
                conn,
                account,
                starts_at_ms=interview.starts_at_ms,
                minutes=interview.minutes,
                candidate_zone=interview.candidate_zone,
                client=row.client,
                except_for=interview.id,
            )
            if interview.is_before
            else [],
        }
    return page(
        request,
        "interviews/one.html",
        status=status,
        section="interviews",
        tab=tab,
        interview=interview,
        row=row,
        people=people,
        message=message,
        privacy_link=invites.privacy_address(state.settings.public_url, privacy) if privacy else "",
        recorded=disclosure.sentences(interview.plan.signals),
        not_recorded=disclosure.NOT_RECORDED,
        times=booking.times_in_words(
            interview.starts_at_ms,
            account.zone,
            interview.candidate_name,
            interview.candidate_zone,
            row.client,
        ),
        typed=typed or {},
        faults=faults or {},
        said=request.query_params.get("said", ""),
        waited=schedule.minutes_in_words(interview.waited_ms)
        if interview.waited_ms is not None
        else "",
        role_words=ROLE_WORDS,
        **context,
    )


class Person(msgspec.Struct, frozen=True):
    """A member with their current link, as the page shows them."""

    id: str
    name: str
    role: str
    role_words: str
    colour: str
    address: str
    """Empty: there is no link that works."""
    standing: str
    expires_at_ms: int | None
    opened: str
    is_there: bool
    is_waiting: bool
    declined_at_ms: int | None


def _people(
    conn: Connection, request: Request[Any, Any, Any], interview: Interview, now_ms: int
) -> list[Person]:
    state = request.app.state
    live = sockets.open_state(request, interview.id)
    shown = []
    for member in members.list_for(conn, interview.owner_id, interview.id):
        link = links.current_for(conn, interview.owner_id, member.id)
        token = links.token_of(link, state.store.link_key) if link else None
        standing = link.standing(now_ms) if link else "none"
        opened_ms = link.last_opened_at_ms if link else None
        present = live is not None and any(
            str(key) == member.id and one.present for key, one in live.members.items()
        )
        shown.append(
            Person(
                id=member.id,
                name=member.name,
                role=member.role,
                role_words=ROLE_WORDS[member.role],
                colour=member.colour,
                address=invites.join_address(state.settings.public_url, token)
                if token and standing == "valid"
                else "",
                standing=standing,
                expires_at_ms=link.expires_at_ms if link else None,
                opened=schedule.opened_at(opened_ms, interview.zone, now_ms) if opened_ms else "",
                is_there=present,
                is_waiting=overview.is_waiting_in(live, member.id),
                declined_at_ms=member.declined_at_ms,
            )
        )
    return shown


def _invitation(
    conn: Connection,
    request: Request[Any, Any, Any],
    account: Account,
    interview: Interview,
    client: Client,
) -> str:
    """The message for the candidate; empty while their link is switched off."""
    state = request.app.state
    candidate = members.candidate_of(conn, account.id, interview.id)
    link = links.current_for(conn, account.id, candidate.id)
    token = links.token_of(link, state.store.link_key) if link else None
    if link is None or token is None or link.standing(state.clock.wall_ms()) != "valid":
        return ""
    return invites.message(
        invites.Invitation(
            interview=interview,
            client_name=client.name,
            lead_name=account.name,
            link=invites.join_address(state.settings.public_url, token),
            own_zone=account.zone,
        )
    )


def _find_client(conn: Connection, account: Account, client_id: str) -> Client | None:
    try:
        return clients.load(conn, account.id, client_id)
    except NotFound:
        return None


def _wish(conn: Connection, account: Account, fields: Fields, now_ms: int) -> booking.Wish | None:
    """The form as a wish, with a new client's row made; None: the form has faults and nothing was made."""
    candidate = fields.name("candidate", "Who is interviewed?")
    zone = fields.zone("candidate_zone")
    starts_at_ms = fields.moment("day", "time", account.zone)
    role_title = fields.name("role_title", "What is the role called?")
    level = fields.chosen("level", set(LEVELS), "Choose a level.")
    call_link = fields.link("call_link")
    template = plan.template(fields.raw("template"))
    if template is None:
        fields.fault("template", "Choose a plan.")
    if starts_at_ms and starts_at_ms < now_ms - schedule.DAY_MS:
        fields.fault("day", f"{schedule.day(starts_at_ms, account.zone)} is past.")
    is_new = fields.raw("client") == "new"
    client = None if is_new else _find_client(conn, account, fields.raw("client"))
    if client is None and not is_new:
        fields.fault("client", "Choose a client.")
    client_name = fields.name("client_name", "Who is the client?") if is_new else ""
    client_zone = fields.zone("client_zone") if is_new else ""
    chosen = _questions(conn, account, fields, template)
    rubric = _rubric(conn, account, fields, client, chosen)
    if fields.faults or template is None:
        return None
    if is_new:
        client = clients.create(conn, account.id, name=client_name, zone=client_zone, now_ms=now_ms)
    if client is None:
        return None
    languages = languages_of(chosen)
    return booking.Wish(
        client=client,
        candidate_name=candidate,
        candidate_zone=zone,
        role_title=role_title,
        level=level,
        starts_at_ms=starts_at_ms,
        call_link=call_link,
        plan=InterviewPlan(
            stages=plan.stages_from(template.stages),
            questions=tuple(key for key, _ in chosen),
            rubric=rubric,
            languages=languages,
            language=languages[0],
        ),
    )


def _questions(
    conn: Connection, account: Account, fields: Fields, template: plan.Template | None
) -> list[tuple[str, questions.Question]]:
    """The chosen questions; where none is said, the plan's own."""
    wanted = fields.raw("question")
    if wanted == "none":
        return []
    if not wanted and template is not None:
        row = question_rows.find_by_key(conn, account.id, template.question)
        return [(row.id, questions.of_row(row))] if row else []
    try:
        return [(wanted, questions.load(conn, account.id, wanted))]
    except NotFound:
        fields.fault("question", "Choose a question.")
        return []


def _rubric(
    conn: Connection,
    account: Account,
    fields: Fields,
    client: Client | None,
    chosen: list[tuple[str, questions.Question]],
) -> str | None:
    """The chosen rubric; where none is said, the client's, else the one that the question is meant for."""
    wanted = fields.raw("rubric")
    if wanted:
        try:
            return rubrics.load(conn, account.id, wanted).id
        except NotFound:
            fields.fault("rubric", "Choose a rubric.")
            return None
    if client is not None and client.rubric_id:
        return client.rubric_id
    key = chosen[0][1].rubric if chosen else "algorithms-coding"
    row = rubrics.find_by_key(conn, account.id, key)
    return row.id if row else None


def languages_of(chosen: list[tuple[str, questions.Question]]) -> tuple[str, ...]:
    """The languages that the questions are offered in, in their order; without any, Python and JavaScript."""
    offered = [language for _, question in chosen for language in question.languages]
    return tuple(dict.fromkeys(offered)) or ("python", "javascript")


@get("/interviews/{interview_id:str}/calendar.ics", sync_to_thread=True)
def calendar(request: Request[Any, Any, Any], interview_id: str) -> Response[Any]:
    """The interviewer's calendar entry, in their zone, with the way to the page of the interview."""
    account = require_account(request)
    state = request.app.state
    with state.store.read() as conn:
        interview = interviews.load(conn, account.id, interview_id)
        client = clients.load(conn, account.id, interview.client_id)
    content = invites.calendar(
        invites.Invitation(
            interview=interview,
            client_name=client.name,
            lead_name=account.name,
            link=f"{state.settings.public_url}/interviews/{interview.id}",
            own_zone=account.zone,
        ),
        zone=account.zone,
        now_ms=state.clock.wall_ms(),
        organizer_email=account.email,
        for_candidate=False,
    )
    return calendar_file(content)


def calendar_file(content: bytes) -> Response[bytes]:
    """A calendar file as a download."""
    return Response(
        content,
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="interview.ics"'},
    )


ROUTES = [show_list, show_new, read_shorthand, preview, create, show_one, calendar]
