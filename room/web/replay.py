"""The replay: a page, an index, segments, and pins that are put on it.

Who looks is decided once a request, in :func:`take_seat`; from there on only that viewer's copy exists. Links of others, and
interviews of others, are not there.
"""

import contextlib
import gzip
from typing import Annotated, Any

import msgspec
from jinja2 import meta
from litestar import MediaType, Request, get, post
from litestar.params import Body
from litestar.response import Response

from room.desk import questions as desk_questions
from room.desk import schedule
from room.replay import index, keeping, segments
from room.replay.copies import Copy, Shelf
from room.replay.index import Index, Person, Pin
from room.replay.reel import Reel
from room.scoring import evidence, filing, report
from room.scoring.rubric import UnknownCompetency
from room.session.ids import InterviewId, MemberId, PinId
from room.session.visibility import Viewer
from room.store import (
    accounts,
    amendments,
    annotations,
    clients,
    interviews,
    journal,
    members,
    reports,
    scorecards,
    shares,
    web_sessions,
)
from room.store import segments as packed
from room.store.engine import Connection, NotFound, Store
from room.store.interviews import Interview
from room.store.members import Member
from room.store.sealing import KeyDestroyed, Seals
from room.web import access, auth
from room.web.assets import TEMPLATES, accepted, read_ahead
from room.web.markdown import to_html
from room.web.sealed import unless_deleted
from room.web.templating import assets, environment, page

Req = Request[Any, Any, Any]

READER = "reader_"
"""Start of the cookie's name by which a report's link opens the replay; the interview's id follows."""
TEXT_MAX = 2000
FILES = (
    ("html", "Page that plays without a network", ".html"),
    ("recording", "Recording, for another Room", ".room.zip"),
    ("cast", "Terminal, for asciinema", ".cast"),
    ("git", "Git repository, as a bundle", ".bundle"),
    ("files", "Files at the end", ".zip"),
)
"""Forms in which a copy can be taken away: name in the address, words, ending."""
LINES_TYPE = "application/jsonl"
CHRONICLE_TYPE = "application/vnd.room.chronicle"
BARE_BYTES = 400_000
"""Of segments that are sent together, before they are packed."""
GZIP_LEVEL = 5
LARGE_BYTES = 400_000
LARGE_GZIP_LEVEL = 2
"""Of what is larger: somebody waits for it."""


def prepare(store: Store, seals: Seals) -> None:
    """Compile what the player's page is made of and what it asks the database.

    Once at the start, so that the first visitor does not wait for it.
    """
    scripts = ("replay.js", "app.js", "theme.js", "replay.css", "app.css")
    read_ahead([*map(assets.path, scripts), *assets.parts("replay.js")])
    waiting, ready = ["replay/replay.html"], set()
    while waiting:
        name = waiting.pop()
        if name in ready:
            continue
        ready.add(name)
        environment.get_template(name)
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        waiting.extend(filter(None, meta.find_referenced_templates(environment.parse(source))))
    nobody = "nobody"
    nothing = InterviewId(nobody)
    with store.read() as conn:
        for ask in (
            lambda: web_sessions.find(conn, nobody, 0),
            lambda: accounts.load(conn, nobody),
            lambda: interviews.load(conn, nobody, nothing),
            lambda: members.list_for(conn, nobody, nothing),
            lambda: scorecards.list_for(conn, nobody, nothing),
            lambda: clients.load(conn, nobody, nobody),
            lambda: annotations.list_for(conn, seals, nobody, nothing),
            lambda: amendments.load(conn, seals, nobody, nothing),
            lambda: seals.cipher(conn, nothing),
            lambda: list(journal.rows_of(conn, nothing)),
            lambda: list(packed.list_for(conn, nothing)),
        ):
            with contextlib.suppress(NotFound, KeyDestroyed):
                ask()


class Seat(msgspec.Struct, frozen=True):
    """Who looks, and what may be put before them."""

    interview: Interview
    people: tuple[Member, ...]
    viewer: Viewer
    me: Member | None = None
    """The member who can put pins; None for a reader."""
    csrf: str | None = None
    """Of a member's own session; None: the sign-in's."""
    is_owner: bool = False
    quoted: report.Report | None = None
    report_url: str = ""
    """Of the report that a reader came from."""
    """A reader's report."""
    all_in: bool = False

    @property
    def side(self) -> str:
        return self.viewer.kind

    @property
    def query(self) -> str:
        return f"?as={self.me.id}" if self.me and not self.is_owner else ""

    @property
    def can_rerun(self) -> bool:
        """Interviewers alone: raters and readers look, and run nothing on our machine."""
        return self.viewer.kind == "interviewer"

    @property
    def lead(self) -> Member:
        return next(member for member in self.people if member.role == "lead")


def take_seat(request: Req, interview_id: str) -> Seat:
    """Raises NotFound for what is not theirs, SignInFirst for nobody."""
    named = request.query_params.get("as")
    account = auth.find_account(request)
    state = request.app.state
    with state.store.read() as conn, unless_deleted():
        if named:
            return _as_member(request, conn, interview_id, named)
        if account is not None:
            try:
                interview = interviews.load(conn, account.id, interview_id)
            except NotFound:
                pass
            else:
                people = tuple(members.list_for(conn, account.id, interview_id))
                seat = Seat(interview, people, Viewer("interviewer"), is_owner=True)
                all_in = _all_in(conn, interview, people)
                return msgspec.structs.replace(seat, me=seat.lead, all_in=all_in)
        reader = _as_reader(request, conn, interview_id)
        if reader is not None:
            return reader
        for member, _ in access.all_members(request):
            if member.interview_id == interview_id and member.role in _MEMBERS:
                return _as_member(request, conn, interview_id, member.id)
    auth.require_account(request)
    raise NotFound(interview_id)


_MEMBERS = ("lead", "interviewer", "rater")


def _as_member(request: Req, conn: Connection, interview_id: str, member_id: str) -> Seat:
    found = access.find_member(request, interview_id, member_id)
    if found is None or found[0].role not in _MEMBERS:
        raise NotFound(interview_id)
    me, session = found
    interview = interviews.load(conn, me.owner_id, interview_id)
    people = tuple(members.list_for(conn, me.owner_id, interview_id))
    all_in = _all_in(conn, interview, people)
    member = MemberId(me.id)
    viewer = Viewer("rater", member, all_in) if me.role == "rater" else Viewer("interviewer")
    return Seat(interview, people, viewer, me, session.csrf, all_in=all_in)


def _as_reader(request: Req, conn: Connection, interview_id: str) -> Seat | None:
    cookie = request.cookies.get(READER + interview_id)
    if not cookie:
        return None
    share = shares.find_reader(conn, interview_id, cookie, request.app.state.clock.wall_ms())
    if share is None:
        return None
    interview = interviews.load(conn, share.owner_id, interview_id)
    signed = reports.find_newest(conn, request.app.state.seals, share.owner_id, interview_id)
    if signed is None:
        return None
    quoted = report.read(signed.body)
    token = shares.token_of(share, request.app.state.store.link_key)
    people = tuple(members.list_for(conn, share.owner_id, interview_id))
    return Seat(
        interview,
        people,
        # The first words of a pin that was reworded afterwards stay in the journal; the report has the others.
        Viewer(
            "reader",
            covers=frozenset(PinId(m.id) for m in quoted.evidence if m.reworded_at_ms is None),
        ),
        quoted=quoted,
        report_url=f"/r/{token}" if token else "",
    )


def _all_in(conn: Connection, interview: Interview, people: tuple[Member, ...]) -> bool:
    cards = scorecards.list_for(conn, interview.owner_id, interview.id)
    submitted = {card.member_id for card in cards if card.submitted_at_ms is not None}
    return all(rater.id in submitted for rater in filing.raters_of(people))


# ------------------------------------------------------------------------------------------------ what there is


def shelf_of(state: Any) -> Shelf:
    if "replay_shelf" not in state:
        state.replay_shelf = Shelf()
    shelf: Shelf = state.replay_shelf
    return shelf


def copy_of(state: Any, seat: Seat) -> Copy:
    """The viewer's copy up to now; ``state`` is the app's. Raises Gone where the recording was deleted."""
    interview = InterviewId(seat.interview.id)

    def load(after: int) -> list[Any]:
        with state.store.read() as conn:
            return journal.load(conn, state.seals, interview, after)

    def find() -> Reel | None:
        return keeping.find(state.store, state.seals, interview)

    with unless_deleted():
        try:
            return shelf_of(state).copy(interview, seat.viewer, load, find)
        except KeyDestroyed:
            shelf_of(state).forget(interview)
            raise


def index_of(state: Any, seat: Seat, copy: Copy) -> Index:
    people = {MemberId(member.id): person_of(member) for member in seat.people}
    made = index.make(
        copy.facts,
        copy.reel.strokes,
        copy.plans,
        people,
        typing=seat.viewer.kind != "reader",
        damaged_ms=copy.damaged_ms,
    )
    with state.store.read() as conn, unless_deleted():
        later = later_pins(state, conn, seat, copy)
        statements = {
            (part.question, part.part): str(
                to_html(statement(conn, seat.interview, part.question, part.part))
            )
            for part in made.parts
        }
    if seat.quoted is not None:
        made = index.with_competencies(made, _titles(seat.quoted))
    return index.with_statements(index.with_pins(made, later, people), statements)


def person_of(member: Member) -> Person:
    return Person(MemberId(member.id), member.name, member.first_name, member.colour, member.role)


def later_pins(state: Any, conn: Connection, seat: Seat, copy: Copy) -> list[Pin]:
    """What came of pins after the interview, as far as this viewer may know: put on the replay, changed, withdrawn."""
    if seat.quoted is not None:
        return [_pin(moment) for moment in seat.quoted.evidence]
    if seat.me is None:
        return []
    owner, interview, me = seat.interview.owner_id, seat.interview.id, MemberId(seat.me.id)
    marked = annotations.list_for(conn, state.seals, owner, interview)
    history = amendments.load(conn, state.seals, owner, interview)
    standing = evidence.of_session(copy.state)
    kept, gone = evidence.amend(
        (*standing, *(evidence.of_annotation(a) for a in marked)),
        evidence.of_session(copy.state, withdrawn=True),
        history.rows,
        evidence.touched_in_room(copy.facts),
    )
    before = set(standing)
    seen = evidence.visible(kept, me, copy.state, all_in=seat.all_in)
    lost = evidence.visible(gone, me, copy.state, all_in=seat.all_in)
    return [_pin(m) for m in seen if m not in before] + [
        msgspec.structs.replace(_pin(m), text="", withdrawn=True)
        for m in lost
        if any(m.id == one.id for one in standing)
    ]


def _pin(moment: evidence.Moment) -> Pin:
    added = moment.origin == "replay"
    return Pin(
        PinId(moment.id), moment.at_ms, moment.by, moment.text, moment.competency, added=added
    )


def _titles(quoted: report.Report) -> dict[str, str]:
    return {str(criterion.id): criterion.name for criterion in quoted.competencies}


def statement(conn: Connection, interview: Interview, question: str, part: str) -> str:
    """A part of a problem in Markdown; empty where there is no such part any more."""
    try:
        found = desk_questions.load(conn, interview.owner_id, question)
        return found.statement(found.part(part))
    except (NotFound, KeyError):  # the question was deleted since
        return ""


def _can_pin(request: Req, seat: Seat) -> bool:
    """The lead and second raters, from the end of the interview until they have signed."""
    if seat.me is None or seat.me.role not in ("lead", "rater") or not seat.interview.is_over:
        return False
    interview = seat.interview
    with request.app.state.store.read() as conn:
        cards = scorecards.list_for(conn, interview.owner_id, interview.id)
    mine = next((card for card in cards if card.member_id == seat.me.id), None)
    has_rubric = interview.plan.rubric is not None or bool(cards)
    return has_rubric and (mine is None or mine.submitted_at_ms is None)


def _blind_because(request: Req, seat: Seat) -> str:
    if seat.viewer.kind != "rater" or seat.all_in or seat.me is None:
        return ""
    lead = seat.lead.first_name
    interview = seat.interview
    with request.app.state.store.read() as conn:
        cards = scorecards.list_for(conn, interview.owner_id, interview.id)
    has_signed = any(c.member_id == seat.me.id and c.submitted_at_ms is not None for c in cards)
    if has_signed:
        return f"{lead}’s evidence is hidden until {lead} has submitted too."
    return f"{lead}’s evidence is hidden until you submit yours."


# ------------------------------------------------------------------------------------------------ addresses


@get("/replay/{interview:str}", sync_to_thread=True)
def replay_page(request: Req, interview: str) -> Response[str]:
    """The player; nothing of the recording is in it yet."""
    seat = take_seat(request, interview)
    copy = copy_of(request.app.state, seat)
    row = seat.interview
    score = f"/score/{row.id}{seat.query}" if seat.me and seat.me.role in ("lead", "rater") else ""
    context: dict[str, Any] = {
        **player_context(request.app.state, seat),
        "can_pin": _can_pin(request, seat),
        "keeps_chronicle": True,
        "blind_because": _blind_because(request, seat),
        "back_url": f"/interviews/{row.id}" if seat.is_owner else score or seat.report_url,
        "score_url": score
        if row.is_over and (seat.is_owner or seat.viewer.kind == "rater")
        else "",
        "files": FILES,
        "can_rerun": seat.can_rerun,
        **({} if seat.csrf is None else {"csrf_token": seat.csrf, "account": None}),
    }
    template = "replay/replay.html" if copy.started else "replay/nothing.html"
    return page(request, template, **context)


def player_context(state: Any, seat: Seat) -> dict[str, Any]:
    """What the player's template needs of the interview, on the page and in a file alike."""
    row = seat.interview
    with state.store.read() as conn:
        client = clients.load(conn, row.owner_id, row.client_id)
    return {
        "interview": row,
        "candidate_name": row.candidate_name,
        "client_name": client.name,
        "date": schedule.date_in_words(row.started_at_ms or row.starts_at_ms, row.zone),
        "side": seat.side,
        "address": f"/replay/{row.id}",
        "query": seat.query,
        "lead_first": seat.lead.first_name,
    }


@get("/replay/{interview:str}/index.json", sync_to_thread=True)
def replay_index(request: Req, interview: str) -> Response[bytes]:
    seat = take_seat(request, interview)
    copy = copy_of(request.app.state, seat)
    if not copy.started:
        raise NotFound(interview)
    return json_answer(request, index_of(request.app.state, seat, copy))


@get("/replay/{interview:str}/segments/{number:int}", sync_to_thread=True)
def replay_segment(request: Req, interview: str, number: int) -> Response[bytes]:
    """A segment by its place in the index, from 0; with `bare` in the query without its document."""
    is_bare = "bare" in request.query_params
    copy = copy_of(request.app.state, take_seat(request, interview))
    if not 0 <= number < len(copy.plans):
        raise NotFound(f"{interview}/{number}")
    with unless_deleted():
        packed = shelf_of(request.app.state).made(
            InterviewId(interview),
            copy,
            (number, is_bare),
            lambda: _gzip(segments.encode(copy.segment(number, is_bare=is_bare))),
        )
    if _takes_gzip(request):
        return _json(packed, is_gzip=True)
    return _json(gzip.decompress(packed))


@get("/replay/{interview:str}/bare/{number:int}", sync_to_thread=True)
def replay_bare(request: Req, interview: str, number: int) -> Response[bytes]:
    """Segments without their documents from a place in the index on, a line of JSON each: about ``BARE_BYTES`` of them."""
    copy = copy_of(request.app.state, take_seat(request, interview))
    if not 0 <= number < len(copy.plans):
        raise NotFound(f"{interview}/{number}")
    with unless_deleted():
        packed = shelf_of(request.app.state).made(
            InterviewId(interview), copy, ("bare", number), lambda: _gzip(_bare_from(copy, number))
        )
    if _takes_gzip(request):
        return _json(packed, is_gzip=True, media_type=LINES_TYPE)
    return _json(gzip.decompress(packed), media_type=LINES_TYPE)


def _bare_from(copy: Copy, first: int) -> bytes:
    lines: list[bytes] = []
    for number in range(first, len(copy.plans)):
        lines.append(segments.encode(copy.segment(number, is_bare=True)))
        if sum(map(len, lines)) >= BARE_BYTES:
            break
    return b"\n".join(lines)


@get("/replay/{interview:str}/chronicle", sync_to_thread=True)
def replay_chronicle(request: Req, interview: str) -> Response[bytes]:
    """Every character with the edits that brought and took it, once a reel was kept; the player makes one where there is none."""
    state = request.app.state
    copy = copy_of(state, take_seat(request, interview))
    if not copy.started:
        raise NotFound(interview)
    with unless_deleted():
        told = keeping.find_chronicle(state.store, state.seals, InterviewId(interview), copy.reel)
    if told is None:
        return Response(b"", status_code=204, media_type=CHRONICLE_TYPE)
    if _takes_gzip(request):
        return _json(told, is_gzip=True, media_type=CHRONICLE_TYPE)
    return _json(gzip.decompress(told), media_type=CHRONICLE_TYPE)


class NewPin(msgspec.Struct, frozen=True):
    at_ms: int
    text: str = ""
    competency: str | None = None


@post("/replay/{interview:str}/pins", sync_to_thread=True, status_code=201)
def add_pin(request: Req, interview: str, data: Annotated[NewPin, Body()]) -> Response[Any]:
    """Mark a moment of the recording as evidence. 409 and a sentence where it is too late or too early for it."""
    seat = take_seat(request, interview)
    copy = copy_of(request.app.state, seat)
    if seat.me is None or not copy.started:
        raise NotFound(interview)
    if len(data.text) > TEXT_MAX:
        return Response({"sentence": f"A pin has {TEXT_MAX} characters at most."}, status_code=422)
    state = request.app.state
    duration = index.duration_of(copy.last_ms, copy.state, copy.damaged_ms)
    try:
        with state.store.begin() as conn, unless_deleted():
            added = filing.add_moment(
                conn,
                state.seals,
                seat.interview.owner_id,
                seat.interview.id,
                seat.me.id,
                at_ms=min(max(0, data.at_ms), duration),
                text=data.text,
                competency=data.competency,
                now_ms=state.clock.wall_ms(),
            )
    except filing.NotYet as error:
        return Response({"sentence": str(error)}, status_code=409)
    except UnknownCompetency:
        return Response({"sentence": "The rubric has no such competency."}, status_code=422)
    made = index_of(request.app.state, seat, copy)
    pin = next(pin for pin in made.pins if pin.id == added)
    person = next(person for person in made.people if person.member == pin.by)
    return Response({"pin": pin, "person": person}, status_code=201)


def _takes_gzip(request: Req) -> bool:
    return "gzip" in accepted(request.headers.get("accept-encoding", ""))


def _gzip(body: bytes) -> bytes:
    level = GZIP_LEVEL if len(body) < LARGE_BYTES else LARGE_GZIP_LEVEL
    return gzip.compress(body, level, mtime=0)


def json_answer(request: Req, what: Any) -> Response[bytes]:
    """JSON, packed where the browser takes it: only for answers that hold no secret beside what a visitor sent."""
    body = what if isinstance(what, bytes) else msgspec.json.encode(what)
    return _json(_gzip(body), is_gzip=True) if _takes_gzip(request) else _json(body)


def _json(
    body: bytes, *, is_gzip: bool = False, media_type: str = MediaType.JSON
) -> Response[bytes]:
    headers = {"vary": "accept-encoding"} | ({"content-encoding": "gzip"} if is_gzip else {})
    return Response(body, media_type=media_type, headers=headers)


ROUTES = [replay_page, replay_index, replay_segment, replay_bare, replay_chronicle, add_pin]
