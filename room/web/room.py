"""The room's page, its partials, and the files that people take with them. Everything here is asked by a member's cookie."""

import asyncio
import io
import zipfile
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect
from markupsafe import Markup

from room.desk import questions as desk_questions
from room.desk import schedule
from room.desk.lobby import disclosed
from room.desk.questions import Question
from room.realtime import recovery
from room.realtime.hub import Hub, role_of
from room.sandbox.languages import LANGUAGES
from room.session import commands as c
from room.session.decide import Refused
from room.session.ids import InterviewId, MemberId, QuestionId
from room.session.roles import INTERVIEWERS, Role
from room.session.state import SessionState
from room.store import clients, interviews, links, members
from room.store.interviews import Care, Interview
from room.store.members import Member, MemberSession
from room.store.sealing import KeyDestroyed
from room.web import access
from room.web.house import MEMORY_MB, RUN_SECONDS
from room.web.markdown import to_html
from room.web.templating import page

WebRequest = Request[Any, Any, Any]


def _member(request: WebRequest, interview: str, member: str) -> tuple[Member, MemberSession, Role]:
    """Who asks.

    Raises:
        NotFoundException: the browser did not come in as this member.
    """
    found = access.find_member(request, interview, member)
    role = role_of(found[0].role) if found is not None else None
    if found is None or role is None:
        raise NotFoundException
    return *found, role


def _now_ms(request: WebRequest) -> int:
    now_ms: int = request.app.state.clock.wall_ms()
    return now_ms


async def _state(request: WebRequest, interview: str) -> SessionState:
    hub: Hub = request.app.state.hub
    try:
        return (await hub.room(InterviewId(interview))).state
    except LookupError as error:
        raise NotFoundException from error


@get("/room/{interview:str}/{member:str}", sync_to_thread=True)
def room_page(request: WebRequest, interview: str, member: str) -> Response[str]:
    """The room, as this member's role may see it."""
    me, session, role = _member(request, interview, member)
    with request.app.state.store.read() as conn:
        row = interviews.load(conn, me.owner_id, interview)
        client = clients.load(conn, me.owner_id, row.client_id)
        lead = members.lead_of(conn, me.owner_id, interview)
        candidate = members.candidate_of(conn, me.owner_id, interview)
        own_data = links.current_for(conn, me.owner_id, me.id, "privacy")
        way_in = links.current_for(conn, me.owner_id, candidate.id)
    data_token = links.token_of(own_data, request.app.state.store.link_key) if own_data else None
    is_interviewer = role in INTERVIEWERS
    token = None
    if role is Role.LEAD and way_in is not None and way_in.standing(_now_ms(request)) == "valid":
        token = links.token_of(way_in, request.app.state.store.link_key)
    is_owner = is_interviewer and session.web_session_hash is not None
    zone = row.zone if is_interviewer else row.candidate_zone
    return page(
        request,
        "room/room.html",
        csrf_token=session.csrf,
        interview={
            "id": row.id,
            "role_title": row.role_title,
            "client_name": client.name,
            "candidate_name": candidate.name,
            "lead_name": lead.name,
            "retention_until": schedule.date_in_words(row.delete_at_ms, zone),
        },
        me={
            "id": me.id,
            "role": role.value,
            "name": me.name,
            "first": me.first_name,
            "colour": me.colour,
        },
        is_interviewer=is_interviewer,
        is_candidate=role is Role.CANDIDATE,
        care=row.plan.care if role is Role.CANDIDATE else Care(),
        data_url=f"/privacy/{data_token}" if role is Role.CANDIDATE and data_token else None,
        score_url=f"/score/{row.id}" if is_owner else None,
        replay_url=f"/replay/{row.id}" if is_owner else None,
        candidate_link=f"{request.app.state.settings.public_url}/join/{token}" if token else None,
        candidate_opened_ms=way_in.last_opened_at_ms if token and way_in else None,
        call_link=row.call_link,
        told=disclosed(row.plan.signals),
        limits={"run_seconds": RUN_SECONDS, "memory_mb": MEMORY_MB},
    )


@get("/room/{interview:str}/{member:str}/problem")
async def problem(request: WebRequest, interview: str, member: str) -> Response[str]:
    """The problem pane: shown parts, and for interviewers the hidden ones too."""
    me, session, role = await asyncio.to_thread(_member, request, interview, member)
    state = await _state(request, interview)
    return await asyncio.to_thread(_problem, request, me, session, role, state)


def _problem(
    request: WebRequest, me: Member, session: MemberSession, role: Role, state: SessionState
) -> Response[str]:
    is_interviewer = role in INTERVIEWERS
    known = state.members.get(MemberId(me.id))
    if role is Role.CANDIDATE and (known is None or known.admission != "admitted"):
        return page(
            request,
            "room/problem.html",
            csrf_token=session.csrf,
            questions=[],
            is_interviewer=False,
        )
    shown = {(s.question, s.part): s for s in state.shown}
    wanted = (
        [q.id for q in state.questions]
        if is_interviewer
        else list(dict.fromkeys(s.question for s in state.shown))
    )
    current = (
        state.question if is_interviewer else (state.shown[-1].question if state.shown else None)
    )
    told = []
    for row, question in _questions(request, me.owner_id, wanted):
        parts = []
        for number, part in enumerate(question.parts, start=1):
            seen = shown.get((row, part.id))
            if seen is None and not is_interviewer:
                continue
            parts.append(
                {
                    "id": part.id,
                    "number": number,
                    "title": part.title,
                    "html": Markup(to_html(question.statement(part))),  # noqa: S704 - Markdown without raw HTML
                    "shown": seen is not None,
                    "shown_iso": _iso(state, seen.at_ms) if seen else "",
                }
            )
        told.append(
            {
                "id": row,
                "title": question.title,
                "current": row == current,
                "parts": parts,
                "tested": _tested(question, parts, is_interviewer=is_interviewer),
            }
        )
    told.sort(key=lambda one: not one["current"])
    return page(
        request,
        "room/problem.html",
        csrf_token=session.csrf,
        questions=told,
        is_interviewer=is_interviewer,
    )


def _tested(
    question: Question, listed: list[dict[str, Any]], *, is_interviewer: bool
) -> list[str] | None:
    """The languages in which its tests run; None: it has none. A candidate hears only of visible tests of shown parts."""
    parts = [question.part(one["id"]) for one in listed]
    if not any(part.visible or (is_interviewer and part.hidden) for part in parts):
        return None
    return [key for key in LANGUAGES if question.can_test(key)]


@get("/room/{interview:str}/{member:str}/guide")
async def guide(request: WebRequest, interview: str, member: str) -> Response[str]:
    """The interviewers' guide and the ladder of hints."""
    me, session, role = await asyncio.to_thread(_member, request, interview, member)
    if role not in INTERVIEWERS:
        raise NotFoundException
    state = await _state(request, interview)
    return await asyncio.to_thread(_guide, request, me, session, state)


def _guide(
    request: WebRequest, me: Member, session: MemberSession, state: SessionState
) -> Response[str]:
    given = {(h.question, h.part, h.level) for h in state.hints}
    told = []
    for row, question in _questions(request, me.owner_id, [q.id for q in state.questions]):
        parts = [
            {
                "id": part.id,
                "number": number,
                "title": part.title,
                "shown": state.is_shown(row, part.id),
                "hints": [
                    {
                        "level": level,
                        "html": Markup(to_html(text)),  # noqa: S704
                        "given": (row, part.id, level) in given,
                    }
                    for level, text in enumerate(part.hints, start=1)
                ],
            }
            for number, part in enumerate(question.parts, start=1)
        ]
        html = Markup(to_html(desk_questions.guide_md(question)))  # noqa: S704
        told.append(
            {
                "id": row,
                "title": question.title,
                "current": row == state.question,
                "html": html,
                "parts": parts,
            }
        )
    told.sort(key=lambda one: not one["current"])
    return page(request, "room/guide.html", csrf_token=session.csrf, questions=told)


@get("/room/{interview:str}/{member:str}/questions")
async def questions(request: WebRequest, interview: str, member: str) -> Response[str]:
    """The owner's questions, to add one or to take another one's place."""
    me, session, role = await asyncio.to_thread(_member, request, interview, member)
    if role not in INTERVIEWERS:
        raise NotFoundException
    state = await _state(request, interview)
    planned = {q.id for q in state.questions}

    def answer() -> Response[str]:
        with request.app.state.store.read() as conn:
            found = desk_questions.list_for(conn, me.owner_id)
        told = [
            {
                "id": row,
                "title": question.title,
                "summary": question.summary,
                "minutes": question.minutes,
                "in_plan": row in planned,
            }
            for row, question in found
        ]
        return page(request, "room/questions.html", csrf_token=session.csrf, questions=told)

    return await asyncio.to_thread(answer)


class AddQuestionForm(msgspec.Struct, frozen=True):
    question: str
    replaces: str = ""
    csrf: str = ""


@post("/room/{interview:str}/{member:str}/runner", status_code=200)
async def ask_runner(request: WebRequest, interview: str, member: str) -> Response[Any]:
    """Ask the engine again at once. The room's people hear of it by the socket; the answer is for the one who asked."""
    _, _, role = await asyncio.to_thread(_member, request, interview, member)
    if role not in INTERVIEWERS:
        raise NotFoundException
    hub: Hub = request.app.state.hub
    return Response(await hub.ask_runner(), media_type=MediaType.JSON)


@post("/room/{interview:str}/{member:str}/question", status_code=303)
async def add_question(
    request: WebRequest,
    interview: str,
    member: str,
    data: Annotated[AddQuestionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Bring another question into a running interview. The old one's files stay."""
    me, _, role = await asyncio.to_thread(_member, request, interview, member)
    if role not in INTERVIEWERS:
        raise NotFoundException

    def load() -> Question:
        with request.app.state.store.read() as conn:
            return desk_questions.load(conn, me.owner_id, data.question)

    found = await asyncio.to_thread(load)
    state = await _state(request, interview)
    replaces = next((q.id for q in state.questions if q.id == data.replaces), None)
    command = c.AddQuestion(found.plan(data.question, state.languages), replaces)
    refused = await request.app.state.hub.submit(InterviewId(interview), command, MemberId(me.id))
    if isinstance(refused, Refused):
        return Response(refused.sentence, status_code=422, media_type=MediaType.TEXT)
    if request.headers.get("hx-request"):
        return Response(None, status_code=204)
    return Redirect(f"/room/{interview}/{member}", status_code=303)


@get("/room/{interview:str}/{member:str}/files.zip", sync_to_thread=True)
def files_zip(request: WebRequest, interview: str, member: str) -> Response[bytes]:
    """The files as they are now, or as they were at the end; for everybody who is let in."""
    me, _, role = _member(request, interview, member)
    store, seals = request.app.state.store, request.app.state.seals
    with store.read() as conn:
        row: Interview = interviews.load(conn, me.owner_id, interview)
        try:
            cipher = seals.cipher(conn, InterviewId(interview))
        except KeyDestroyed as error:
            raise NotFoundException from error
        session = recovery.load(conn, cipher, InterviewId(interview))
    state = session.everything.state
    known = state.members.get(MemberId(me.id))
    if role is Role.CANDIDATE and (known is None or known.admission != "admitted"):
        raise NotFoundException
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in state.files:
            if not file.deleted:
                archive.writestr(file.name, session.document.text(file.id))
    name = "".join(
        char if char.isascii() and char.isalnum() else "-" for char in row.role_title.lower()
    )
    return Response(
        packed.getvalue(),
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{name or "interview"}.zip"'},
    )


def _questions(
    request: WebRequest, owner: str, rows: list[QuestionId]
) -> list[tuple[QuestionId, Question]]:
    with request.app.state.store.read() as conn:
        return [(row, desk_questions.load(conn, owner, row)) for row in rows]


def _iso(state: SessionState, at_ms: int) -> str:
    started = state.started_wall_ms
    if started is None:
        return ""
    return datetime.fromtimestamp((started + at_ms) / 1000, UTC).isoformat(timespec="seconds")


ROUTES = [room_page, problem, guide, questions, add_question, ask_runner, files_zip]
