"""Scorecards: the list of what is due, a rater's own card, and all cards side by side once everybody has signed.

A page is made from what its rater may see, never filtered in the template: the others' cards do not enter it before.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.response import Redirect, Response

from room.desk import schedule
from room.scoring import (
    agreement,
    charts,
    evidence,
    filing,
    form,
    history,
    score,
    statistics,
)
from room.scoring.filing import Case, Lacking, NotYet, Stale, Standing
from room.scoring.score import Lack, Scorecard
from room.store import interviews, members, rubrics
from room.store.engine import NotFound
from room.store.members import Member
from room.web import access, assets, auth
from room.web.sealed import unless_deleted
from room.web.templating import environment, page

environment.filters["interview_clock"] = charts.clock
environment.globals["watch_s"] = evidence.watch_s

Req = Request[Any, Any, Any]

OPENS_WHEN_OVER = "Scoring opens when the interview has ended."


class Seat(msgspec.Struct, frozen=True):
    """Who scores in this request: the owner as lead, or a second rater by their cookie."""

    owner_id: str
    member: Member
    csrf: str | None
    """Of a rater's own session; None: the sign-in's."""

    @property
    def is_owner(self) -> bool:
        return self.csrf is None

    @property
    def query(self) -> str:
        return "" if self.is_owner else f"?as={self.member.id}"


def take_seat(request: Req, interview_id: str, named: str | None) -> Seat:
    """Raises NotFound for somebody else's interview, SignInFirst for nobody."""
    if named:
        found = access.find_member(request, interview_id, named)
        if found is None or found[0].role != "rater":
            raise NotFound(interview_id)
        return Seat(found[0].owner_id, found[0], found[1].csrf)
    account = auth.find_account(request)
    if account is not None:
        with request.app.state.store.read() as conn:
            interviews.load(conn, account.id, interview_id)
            return Seat(account.id, members.lead_of(conn, account.id, interview_id), None)
    member = access.member_of(request, interview_id)
    if member is not None and member.role == "rater":
        return take_seat(request, interview_id, member.id)
    account = auth.require_account(request)
    raise NotFound(interview_id)


def _load(request: Req, seat: Seat, interview_id: str) -> Case:
    state = request.app.state
    with state.store.read() as conn, unless_deleted():
        return filing.load_case(conn, state.seals, seat.owner_id, interview_id)


def _mine(case: Case, seat: Seat) -> Standing:
    found = case.standing(seat.member.id)
    if found is None:
        raise NotFound(case.interview.id)
    return found


# ------------------------------------------------------------------------------------------------ the page


def show(
    request: Req,
    seat: Seat,
    case: Case,
    *,
    card: Scorecard | None = None,
    status: int = 200,
    lacks: Sequence[Lack] = (),
    message: str = "",
    conflict: Mapping[str, Any] | None = None,
    correcting: bool = False,
    given: Mapping[str, str] | None = None,
) -> Response[Any]:
    """The scorecard page; `card` is what was just sent, when it could not be taken."""
    mine = _mine(case, seat)
    moments = case.seen_by(seat.member.id)
    competencies = case.rubric.competencies if case.rubric else ()
    common: dict[str, Any] = {
        "section": "scorecards",
        "seat": seat,
        "interview": case.interview,
        "client": case.client,
        "lead": case.raters[0].member,
        "rubric": case.rubric,
        "mine": mine,
        "length_ms": case.state.ended_at_ms or 0,
        "ended_at_ms": case.interview.ended_at_ms,
        "decision_words": score.DECISION_WORDS,
        "zone": case.interview.zone,
        **({} if seat.csrf is None else {"csrf_token": seat.csrf, "account": None}),
    }
    if not case.interview.is_over:
        return page(request, "score/wait.html", sentence=OPENS_WHEN_OVER, rubrics=[], **common)
    if case.rubric is None:
        with request.app.state.store.read() as conn:
            known = rubrics.list_for(conn, seat.owner_id) if seat.is_owner else []
        sentence = "This interview has no rubric yet."
        return page(request, "score/wait.html", sentence=sentence, rubrics=known, **common)
    others = [(r.member.name or "The second rater", r.is_in) for r in case.raters if r is not mine]
    if mine.is_in and not correcting:
        return page(
            request,
            "score/signed.html",
            status=status,
            message=message,
            others=others,
            all_in=case.all_in,
            moments={m.id: m for m in moments},
            reading=_reading(case, mine),
            history=_history(case, mine),
            comparison=_comparison(case) if case.all_in and len(case.raters) > 1 else None,
            **common,
        )
    shown = card or (
        mine.filed.card if mine.filed else form.prefilled(case.rubric, moments, seat.member.id)
    )
    return page(
        request,
        "score/card.html",
        status=status,
        message=message,
        others=others,
        card=shown,
        by_competency=evidence.by_competency([c.id for c in competencies], moments),
        withdrawn=case.taken_back_by(seat.member.id),
        # Where a moment can be filed: one's own until signing, the others' nowhere.
        changeable=lambda m: competencies if m.by == seat.member.id and not correcting else (),
        cited=_cited(shown, moments),
        lacks=defaultdict(str, {lack.field: lack.sentence for lack in lacks}),
        conflict=conflict,
        correcting=correcting,
        device=(given or {}).get("device") or secrets.token_hex(8),
        given=given or {},
        write_points=form.write_points,
        runs=case.course().runs,
        decisions=score.DECISIONS,
        confidences=score.CONFIDENCES,
        **common,
    )


def _cited(card: Scorecard, moments: Sequence[evidence.Moment]) -> dict[str, list[evidence.Moment]]:
    """Per competency, moments that are filed elsewhere but quoted here."""
    return {
        rating.competency: [
            m for m in moments if m.id in rating.evidence and m.competency != rating.competency
        ]
        for rating in card.ratings
    }


def _reading(case: Case, mine: Standing) -> Mapping[str, Any]:
    """The rubric's own arithmetic, for the scorer alone."""
    assert case.rubric is not None  # noqa: S101 -- shown for signed cards only
    read = score.arithmetic(case.rubric, mine.scorecard.ratings)
    return {
        "decision": read.decision,
        "same": read.decision == mine.scorecard.decision,
        "coverage": round(read.coverage * 100),
        "below_gate": [case.rubric.competency(c).name for c in read.below_gate],
        "remark": mine.remarks.get("arithmetic", ""),
    }


def _history(case: Case, mine: Standing) -> list[Mapping[str, Any]]:
    """Signed versions with what each changed, oldest first."""
    assert case.rubric is not None  # noqa: S101
    out: list[Mapping[str, Any]] = []
    for index, filed in enumerate(mine.signed):
        before = mine.signed[index - 1].card if index else None
        changed = score.changes(case.rubric, before, filed.card) if before else ()
        out.append({"filed": filed, "changes": changed})
    return out


def _comparison(case: Case) -> Mapping[str, Any]:
    """All cards side by side, differences first."""
    assert case.rubric is not None  # noqa: S101
    found = agreement.compare(case.rubric, {r.id: r.scorecard for r in case.raters})
    return {"agreement": found, "raters": case.raters}


# ------------------------------------------------------------------------------------------------ handlers


@get("/scorecards", sync_to_thread=True)
def list_scorecards(request: Req) -> Response[Any]:
    account = auth.require_account(request)
    with request.app.state.store.read() as conn:
        found = filing.standings(conn, account.id)
        over = history.over(conn, request.app.state.seals, account.id)
    return page(
        request,
        "score/list.html",
        section="scorecards",
        due=found,
        usual_minutes=filing.usual_minutes(found),
        over=over,
        enough=statistics.ENOUGH_INTERVIEWS,
        zone=account.zone,
    )


@get("/score/offline.js", sync_to_thread=True)
def offline_worker(request: Req) -> Response[Any]:
    """The service worker of scorecards; it lies here because that is as far as it may reach."""
    path = assets.DIST / assets.Assets().path("score-offline.js").rpartition("/")[2]
    return Response(path.read_bytes(), media_type="text/javascript")


@get("/score/{interview_id:str}", sync_to_thread=True)
def show_card(request: Req, interview_id: str) -> Response[Any]:
    seat = take_seat(request, interview_id, request.query_params.get("as"))
    case = _load(request, seat, interview_id)
    return show(
        request,
        seat,
        case,
        correcting="correct" in request.query_params and _mine(case, seat).is_in,
    )


async def _posted(
    request: Req, work: Callable[[Seat, form.Fields], Response[Any]], interview_id: str
) -> Response[Any]:
    sent = await request.form()
    fields: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)

    def run() -> Response[Any]:
        named = form.text(fields, "as") or request.query_params.get("as")
        return work(take_seat(request, interview_id, named), fields)

    return await asyncio.to_thread(run)


def _version(fields: form.Fields) -> int:
    """The version that the page was made from; `over` says to go on top of another one on purpose."""
    written = form.text(fields, "over") or form.text(fields, "version")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 9 else 0


def _changes(case: Case, seat: Seat, fields: form.Fields) -> tuple[evidence.Change, ...]:
    """What the form says about the rater's own moments. Raises NotFound for a competency that no page offers."""
    mine = [m for m in case.moments if m.by == seat.member.id]
    gone = case.taken_back_by(seat.member.id)
    found = form.read_changes(fields, mine, gone)
    kept = {m.competency for m in (*mine, *gone)}
    known = {c.id for c in case.rubric.competencies} if case.rubric else set()
    for change in found:
        if change.competency is not None and change.competency not in known | kept:
            raise NotFound(change.competency)
    return found


def _too_long(card: Scorecard, changes: Sequence[evidence.Change]) -> str | None:
    if any(len(change.text) > score.LINE_MAX for change in changes):
        return f"A moment has {score.LINE_MAX:,} characters at most."
    return score.too_long(card)


def _read(case: Case, seat: Seat, fields: form.Fields) -> Scorecard:
    if case.rubric is None:
        raise NotYet("This interview has no rubric yet.")
    return form.read_card(
        case.rubric, fields, case.seen_by(seat.member.id), _mine(case, seat).scorecard
    )


@post("/score/{interview_id:str}", status_code=200)
async def save(request: Req, interview_id: str) -> Response[Any]:
    """Keep a draft; answers with the line that says so. 409: another device saved in between."""

    def work(seat: Seat, fields: form.Fields) -> Response[Any]:
        case = _load(request, seat, interview_id)
        state = request.app.state
        now_ms = state.clock.wall_ms()
        common = {"zone": case.interview.zone, "interview": case.interview, "seat": seat}
        changes = _changes(case, seat, fields)
        try:
            card = _read(case.after(seat.member.id, changes), seat, fields)
            problem = _too_long(card, changes)
            if problem is not None:
                return _line(request, 422, problem=problem, version=_version(fields), **common)
            with state.store.begin() as conn:
                version = filing.save_draft(
                    conn,
                    state.seals,
                    seat.owner_id,
                    interview_id,
                    seat.member.id,
                    card=card,
                    based_on=_version(fields),
                    now_ms=now_ms,
                    device=form.text(fields, "device"),
                    amends=bool(changes),
                )
                filing.amend_moments(
                    conn, state.seals, case, seat.member.id, changes, now_ms=now_ms
                )
        except NotYet as error:
            return _line(request, 409, problem=str(error), version=_version(fields), **common)
        except Stale:
            return _line(
                request,
                409,
                conflict=_conflict(request, seat, interview_id, card, changes),
                version=_version(fields),
                **common,
            )
        return _line(request, 200, version=version, saved_at_ms=now_ms, **common)

    return await _posted(request, work, interview_id)


def _line(request: Req, status: int, **context: Any) -> Response[Any]:
    given = {"problem": "", "conflict": None, "saved_at_ms": None} | context
    return page(request, "score/saved.html", status=status, **given)


def _conflict(
    request: Req,
    seat: Seat,
    interview_id: str,
    card: Scorecard,
    changes: Sequence[evidence.Change],
) -> Mapping[str, Any]:
    """What differs between what was sent and what another device saved."""
    case = _load(request, seat, interview_id)
    there = _mine(case, seat)
    assert case.rubric is not None  # noqa: S101 -- a draft was saved
    return {
        "version": there.version,
        "saved_at_ms": there.saved_at_ms,
        "changes": (
            *score.changes(case.rubric, card, there.scorecard),
            *_changed_moments(case, seat, changes),
        ),
    }


def _changed_moments(
    case: Case, seat: Seat, changes: Sequence[evidence.Change]
) -> list[score.Change]:
    """Moments that this page and the other one left differently."""
    gone = {m.id for m in case.taken_back_by(seat.member.id)}
    there = {m.id: m for m in (*case.moments, *case.withdrawn) if m.by == seat.member.id}
    out = []
    for change in changes:
        other = there.get(change.moment)
        if other is None:
            continue
        here = _said(case, change.text, change.competency, is_out=change.withdrawn)
        now = _said(case, other.text, other.competency, is_out=other.id in gone)
        if here != now:
            out.append(score.Change(f"Moment {charts.clock(other.at_ms)}", here, now))
    return out


def _said(case: Case, text: str, competency: str | None, *, is_out: bool) -> str:
    names = {c.id: c.name for c in case.rubric.competencies} if case.rubric else {}
    where = "withdrawn" if is_out else names.get(competency or "", "unfiled")  # type: ignore[call-overload]
    return f"{text or 'Marked without words.'} ({where})"


@post("/score/{interview_id:str}/submit", status_code=200)
async def submit(request: Req, interview_id: str) -> Response[Any]:
    """Sign and lock. What was typed is kept as a draft first, whatever comes of it."""
    return await _posted(
        request,
        lambda seat, fields: _sign(request, seat, interview_id, fields, is_correction=False),
        interview_id,
    )


@post("/score/{interview_id:str}/correct", status_code=200)
async def correct(request: Req, interview_id: str) -> Response[Any]:
    """Put a dated correction beside a signed card."""
    return await _posted(
        request,
        lambda seat, fields: _sign(request, seat, interview_id, fields, is_correction=True),
        interview_id,
    )


def _sign(
    request: Req, seat: Seat, interview_id: str, fields: form.Fields, *, is_correction: bool
) -> Response[Any]:
    state = request.app.state
    now_ms = state.clock.wall_ms()
    case = _load(request, seat, interview_id)
    zone = form.text(fields, "zone")
    who = (seat.owner_id, interview_id, seat.member.id)
    given = {name: form.text(fields, name) for name in ("name", "reason", "device")}
    changes = () if is_correction else _changes(case, seat, fields)
    card = None
    try:
        card = _read(case.after(seat.member.id, changes), seat, fields)
        problem = _too_long(card, changes)
        if problem is not None:
            return show(
                request,
                seat,
                case,
                card=card,
                status=422,
                message=problem,
                correcting=is_correction,
                given=given,
            )
        with state.store.begin() as conn:
            signing = {
                "card": card,
                "name": given["name"],
                "zone": zone if schedule.is_zone(zone) else case.interview.zone,
                "at_ms": now_ms,
            }
            if is_correction:
                filing.correct(
                    conn,
                    state.seals,
                    *who,
                    reason=given["reason"],
                    based_on=_version(fields),
                    **signing,
                )
            else:
                filing.amend_moments(
                    conn, state.seals, case, seat.member.id, changes, now_ms=now_ms
                )
                filing.submit(
                    conn, state.seals, *who, based_on=_base(request, case, seat, fields), **signing
                )
    except Lacking as error:
        if not is_correction and card is not None:
            _keep(request, seat, case, card, changes, fields)
        count = len(error.lacks)
        return show(
            request,
            seat,
            _load(request, seat, interview_id),
            card=card,
            status=422,
            lacks=error.lacks,
            message=f"{count} thing{'s' if count != 1 else ''} still missing. The first one is marked below.",
            correcting=is_correction,
            given=given,
        )
    except NotYet as error:
        return show(
            request, seat, _load(request, seat, interview_id), status=409, message=str(error)
        )
    except Stale:
        again = _load(request, seat, interview_id)
        if _mine(again, seat).is_in and not is_correction:
            words = "This scorecard was signed on another device. A change is a correction now."
            return show(request, seat, again, status=409, message=words)
        return show(
            request,
            seat,
            again,
            card=card,
            status=409,
            conflict=_conflict(request, seat, interview_id, card, changes) if card else None,
            correcting=is_correction,
            given=given,
        )
    return Redirect(f"/score/{interview_id}{seat.query}", status_code=303)


def _base(request: Req, case: Case, seat: Seat, fields: form.Fields) -> int:
    """The version that signing goes on top of: the page's own drafts do not make it stale."""
    mine = _mine(case, seat)
    is_own = mine.filed is not None and mine.filed.device == form.text(fields, "device") != ""
    return mine.version if is_own else _version(fields)


def _keep(
    request: Req,
    seat: Seat,
    case: Case,
    card: Scorecard,
    changes: Sequence[evidence.Change],
    fields: form.Fields,
) -> None:
    state = request.app.state
    now_ms = state.clock.wall_ms()
    try:
        with state.store.begin() as conn:
            filing.save_draft(
                conn,
                state.seals,
                seat.owner_id,
                case.interview.id,
                seat.member.id,
                card=card,
                based_on=_version(fields),
                now_ms=now_ms,
                device=form.text(fields, "device"),
            )
            filing.amend_moments(conn, state.seals, case, seat.member.id, changes, now_ms=now_ms)
    except (Stale, NotYet):
        return  # The page that comes back holds what was typed; the other device's draft stays as it is.


def _read_moment(case: Case, fields: form.Fields, competency: str) -> tuple[int, str]:
    """Time and words of a moment to add. Raises BadTime with a sentence."""
    if case.rubric is None:
        raise NotYet("This interview has no rubric yet.")
    case.rubric.competency(competency)
    at_ms = form.read_time(form.text(fields, f"add_time:{competency}"))
    words = form.text(fields, f"add_text:{competency}")
    if not words:
        raise form.BadTime("Say what happened at that moment.")
    if len(words) > score.LINE_MAX:
        raise form.BadTime(f"A moment has {score.LINE_MAX:,} characters at most.")
    if at_ms > (case.state.ended_at_ms or 0):
        raise form.BadTime("The interview was over by then.")
    return at_ms, words


@post("/score/{interview_id:str}/evidence", status_code=200)
async def add_evidence(request: Req, interview_id: str) -> Response[Any]:
    """Mark a moment under a competency; answers with its line in the list."""

    def work(seat: Seat, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        competency = form.text(fields, "competency")
        case = _load(request, seat, interview_id)
        try:
            at_ms, words = _read_moment(case, fields, competency)
            with state.store.begin() as conn:
                identity = filing.add_moment(
                    conn,
                    state.seals,
                    seat.owner_id,
                    interview_id,
                    seat.member.id,
                    at_ms=at_ms,
                    text=words,
                    competency=competency,
                    now_ms=state.clock.wall_ms(),
                )
        except (form.BadTime, NotYet) as error:
            return page(request, "score/moment.html", status=422, problem=str(error), moment=None, ticked=False,
                        competency=competency, interview=case.interview, seat=seat, rubric=case.rubric)  # fmt: skip
        except LookupError as error:
            raise NotFound(competency) from error
        added = evidence.Moment(identity, at_ms, seat.member.id, competency, words, "replay")  # type: ignore[arg-type]
        return page(request, "score/moment.html", problem="", moment=added, ticked=True,
                    competency=competency, interview=case.interview, seat=seat, rubric=case.rubric)  # fmt: skip

    return await _posted(request, work, interview_id)


@post("/score/{interview_id:str}/remark", status_code=200)
async def add_remark(request: Req, interview_id: str) -> Response[Any]:
    """One comment on a difference, or on the rubric's arithmetic."""

    def work(seat: Seat, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        words = form.text(fields, "text")
        if len(words) > score.LINE_MAX:
            case = _load(request, seat, interview_id)
            sentence = f"A comment has {score.LINE_MAX:,} characters at most."
            return show(request, seat, case, status=422, message=sentence)
        try:
            with state.store.begin() as conn:
                filing.remark(
                    conn,
                    state.seals,
                    seat.owner_id,
                    interview_id,
                    seat.member.id,
                    competency=form.text(fields, "competency"),
                    text=words,
                    at_ms=state.clock.wall_ms(),
                )
        except NotYet as error:
            case = _load(request, seat, interview_id)
            return show(request, seat, case, status=409, message=str(error))
        except LookupError as error:
            raise NotFound(interview_id) from error
        return Redirect(f"/score/{interview_id}{seat.query}", status_code=303)

    return await _posted(request, work, interview_id)


@post("/score/{interview_id:str}/rubric", status_code=200)
async def choose_rubric(request: Req, interview_id: str) -> Response[Any]:
    """The owner gives an interview without a rubric one."""

    def work(seat: Seat, fields: form.Fields) -> Response[Any]:
        if not seat.is_owner:
            raise NotFound(interview_id)
        with request.app.state.store.begin() as conn:
            filing.choose_rubric(conn, seat.owner_id, interview_id, form.text(fields, "rubric"))
        return Redirect(f"/score/{interview_id}", status_code=303)

    return await _posted(request, work, interview_id)


ROUTES = [
    list_scorecards,
    offline_worker,
    show_card,
    save,
    submit,
    correct,
    add_evidence,
    add_remark,
    choose_rubric,
]
