"""Scorecards and reports in the store: drafting, signing, correcting, and the blindness between raters.

Everybody who shows or changes a scorecard goes through here: pages, the demo, exports. Until every rater of an interview
has signed, nobody gets at another one's card or moments.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection

from room.scoring import evidence, trust
from room.scoring import report as reports_pure
from room.scoring.course import Course, follow
from room.scoring.evidence import Change, Moment
from room.scoring.report import (
    CodeFile,
    CodeThen,
    Correction,
    Occasion,
    Person,
    Remark,
    Report,
    Signature,
)
from room.scoring.report import Signed as SignedCard
from room.scoring.rubric import Rubric, parse
from room.scoring.score import Lack, Scorecard, Words, check, lacks
from room.session.events import Recorded
from room.session.evolve import fold
from room.session.files import clean_text, language_of
from room.session.ids import FileId, InterviewId, MemberId, new_id
from room.session.state import SessionState
from room.store import (
    amendments,
    annotations,
    clients,
    interviews,
    journal,
    letters,
    members,
    report_terms,
    reports,
    rubrics,
    scorecards,
)
from room.store.amendments import Amendment, History
from room.store.engine import NotFound
from room.store.interviews import Interview
from room.store.members import Member
from room.store.scorecards import Card, Stale
from room.store.sealing import KeyDestroyed, Seals
from room.store.signing import Signer

__all__ = ["Case", "Due", "Filed", "Lacking", "NotYet", "Stale", "Written", "load_case"]

NAME_MAX = 200
LETTER_MAX = 20_000


class NotYet(Exception):
    """The order of things forbids it; the text is a sentence for the person."""


class Lacking(Exception):
    """A scorecard cannot be signed as it is."""

    def __init__(self, found: Sequence[Lack]) -> None:
        super().__init__("; ".join(lack.sentence for lack in found))
        self.lacks = tuple(found)


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a scorecard as it is kept; a signed one is hashed over exactly these bytes."""

    scorecard: str
    card: Scorecard
    rubric: str = ""
    """Key and version, such as ``algorithms-coding/1``."""
    name: str = ""
    zone: str = ""
    at_ms: int = 0
    reason: str = ""
    """Why a correction was made."""
    salt: str = ""
    """Random, so that a hash of few choices cannot be guessed."""
    device: str = ""
    """The page that saved a draft; a page never stands in its own way."""
    version: int = 0
    hash: str = ""
    """Not part of the bytes; set when read back."""

    @property
    def is_signed(self) -> bool:
        return bool(self.name)


class Standing(msgspec.Struct, frozen=True):
    """A rater and where their card stands."""

    member: Member
    card: Card | None
    filed: Filed | None
    """What counts now, a draft or signed; None: nothing was saved."""
    signed: tuple[Filed, ...] = ()
    """Signed versions, oldest first: the first signing and its corrections."""
    saved_at_ms: int | None = None
    remarks: dict[str, str] = {}

    @property
    def id(self) -> MemberId:
        return MemberId(self.member.id)

    @property
    def is_in(self) -> bool:
        return self.card is not None and self.card.submitted_at_ms is not None

    @property
    def version(self) -> int:
        return self.card.version if self.card else 0

    @property
    def scorecard(self) -> Scorecard:
        return self.filed.card if self.filed else Scorecard()


class Written(msgspec.Struct, frozen=True):
    """What was typed, as `room.replay` reads it from the recording."""

    lines: Mapping[FileId, Sequence[tuple[str, MemberId]]]
    """The final texts, each line with the member who wrote most of it."""
    starters: Mapping[FileId, str] = {}
    """What the room itself wrote into each file."""
    then: Mapping[str, tuple[FileId, int, Sequence[str]]] = {}
    """By moment: a file, the number of a line, and the lines from there, where somebody had last typed."""


class Case(msgspec.Struct, frozen=True):
    """An interview with everything that is judged about it. Private to the server: it holds all raters' cards."""

    interview: Interview
    client: str
    people: tuple[Member, ...]
    rubric: Rubric | None
    rubric_id: str | None
    recorded: tuple[Recorded, ...]
    state: SessionState
    moments: tuple[Moment, ...]
    """As their authors left them, without those that they withdrew."""
    withdrawn: tuple[Moment, ...]
    history: History
    """What was changed of moments after the interview."""
    raters: tuple[Standing, ...]
    """The lead first."""

    @property
    def all_in(self) -> bool:
        """Every rater has signed; from here on they see each other's."""
        return all(rater.is_in for rater in self.raters)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        return tuple(r.member.name for r in self.raters if not r.is_in)

    def standing(self, member_id: str) -> Standing | None:
        return next((r for r in self.raters if r.member.id == member_id), None)

    def seen_by(self, member_id: str) -> tuple[Moment, ...]:
        """The moments that this rater may see now."""
        return evidence.visible(self.moments, MemberId(member_id), self.state, all_in=self.all_in)

    def taken_back_by(self, member_id: str) -> tuple[Moment, ...]:
        """The moments that this rater withdrew; nobody else hears of them."""
        return tuple(m for m in self.withdrawn if m.by == member_id)

    def after(self, member_id: str, changes: Sequence[Change]) -> "Case":
        """The case as it will be when this rater's changes are filed."""
        wished = [_amendment(change, member_id, 0) for change in changes]
        kept, gone = evidence.amend(self.moments, self.withdrawn, wished, {})
        return msgspec.structs.replace(self, moments=kept, withdrawn=gone)

    def course(self) -> Course:
        return follow(self.recorded, self.state)


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Filed)
_words_decoder = msgspec.json.Decoder(Words)


def load_case(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> Case:
    """Everything about the judging of one interview.

    Raises:
        NotFound: no such interview of this owner.
        KeyDestroyed: its recording was deleted.
    """
    interview = interviews.load(conn, owner_id, interview_id)
    people = tuple(members.list_for(conn, owner_id, interview_id))
    recorded = tuple(journal.load(conn, seals, InterviewId(interview_id)))
    state = fold(recorded)
    marked = [
        evidence.of_annotation(a) for a in annotations.list_for(conn, seals, owner_id, interview_id)
    ]
    history = amendments.load(conn, seals, owner_id, interview_id)
    standing, withdrawn = evidence.amend(
        (*evidence.of_session(state), *marked),
        evidence.of_session(state, withdrawn=True),
        history.rows,
        evidence.touched_in_room(recorded),
    )
    cards = {card.member_id: card for card in scorecards.list_for(conn, owner_id, interview_id)}
    used = next((card.rubric_id for card in cards.values()), interview.plan.rubric)
    return Case(
        interview=interview,
        client=clients.load(conn, owner_id, interview.client_id).name,
        people=people,
        rubric=parse(rubrics.load(conn, owner_id, used).body) if used else None,
        rubric_id=used,
        recorded=recorded,
        state=state,
        moments=standing,
        withdrawn=withdrawn,
        history=history,
        raters=tuple(
            _standing(conn, seals, member, cards.get(member.id)) for member in raters_of(people)
        ),
    )


def read_filed(body: bytes) -> Filed:
    """A version's bytes as they are kept."""
    return _decoder.decode(body)


def raters_of(people: Iterable[Member]) -> list[Member]:
    """Who scores: the lead, then second raters as they were added."""
    found = list(people)
    return [m for m in found if m.role == "lead"] + [m for m in found if m.role == "rater"]


def _standing(conn: Connection, seals: Seals, member: Member, card: Card | None) -> Standing:
    if card is None:
        return Standing(member, None, None)
    current = scorecards.newest(conn, seals, card)
    signed = []
    for version in scorecards.signed(conn, seals, card):
        filed = _decoder.decode(version.body)
        signed.append(msgspec.structs.replace(filed, version=version.version, hash=version.hash))
    return Standing(
        member,
        card,
        _decoder.decode(current.body) if current else None,
        tuple(signed),
        current.saved_at_ms if current else None,
        scorecards.remarks(conn, seals, card),
    )


def _clean(text: str, *, keep_lines: bool = True) -> str:
    return clean_text(text.replace("\r\n", "\n"), keep_lines=keep_lines).strip()


def _name(name: str) -> str:
    cleaned = " ".join(_clean(name, keep_lines=False).split())
    if not cleaned:
        raise Lacking([Lack("name", "Sign with your full name.")])
    if len(cleaned) > NAME_MAX:
        raise Lacking([Lack("name", f"A name has {NAME_MAX} characters at most.")])
    return cleaned


def _open(
    conn: Connection, owner_id: str, interview_id: str, member_id: str, now_ms: int
) -> tuple[Card, Rubric]:
    interview = interviews.load(conn, owner_id, interview_id)
    if not interview.is_over:
        raise NotYet("Scoring opens when the interview has ended.")
    member = members.load(conn, owner_id, member_id)
    if member.interview_id != interview_id or member.role not in ("lead", "rater"):
        raise NotYet("Only the interviewer and second raters score this interview.")
    known = scorecards.list_for(conn, owner_id, interview_id)
    rubric_id = known[0].rubric_id if known else interview.plan.rubric
    if rubric_id is None:
        raise NotYet("This interview has no rubric yet. Choose one first.")
    card = scorecards.open_card(
        conn, owner_id, interview_id, member_id, rubric_id=rubric_id, now_ms=now_ms
    )
    return card, parse(rubrics.load(conn, owner_id, card.rubric_id).body)


def choose_rubric(conn: Connection, owner_id: str, interview_id: str, rubric_id: str) -> None:
    """Give an interview without a rubric one; a scorecard that was begun keeps its own."""
    interview = interviews.load(conn, owner_id, interview_id)
    rubrics.load(conn, owner_id, rubric_id)
    plan = msgspec.structs.replace(interview.plan, rubric=rubric_id)
    interviews.save(conn, msgspec.structs.replace(interview, plan=plan))


# ------------------------------------------------------------------------------------------------ moments


def add_moment(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    at_ms: int,
    text: str,
    competency: str | None,
    now_ms: int,
) -> str:
    """Mark a moment on the replay as evidence; its id.

    Raises:
        NotYet: this rater has signed.
        UnknownCompetency: the rubric lacks it.
    """
    card, rubric = _open(conn, owner_id, interview_id, member_id, now_ms)
    if card.submitted_at_ms is not None:
        raise NotYet("You have signed. A change is a correction now.")
    if competency is not None:
        rubric.competency(competency)
    return annotations.add(
        conn,
        seals,
        owner_id,
        interview_id,
        member_id,
        at_ms=max(0, at_ms),
        text=_clean(text),
        competency=competency,
        now_ms=now_ms,
    ).id


def amend_moments(
    conn: Connection,
    seals: Seals,
    case: Case,
    member_id: str,
    changes: Sequence[Change],
    *,
    now_ms: int,
) -> int:
    """File what a rater changed of their own moments; how many really changed.

    Raises:
        NotFound: a moment is not theirs, or there is no such.
        NotYet: this rater has signed.
        UnknownCompetency: the rubric lacks it.
    """
    owner_id, interview_id = case.interview.owner_id, case.interview.id
    mine = {m.id: (m, False) for m in case.moments if m.by == member_id}
    mine |= {m.id: (m, True) for m in case.withdrawn if m.by == member_id}
    touched = evidence.touched_in_room(case.recorded)
    filed = 0
    for change in changes:
        known, is_gone = mine.get(change.moment, (None, False))
        if known is None:
            raise NotFound(change.moment)
        if (known.text, known.competency, is_gone) == (
            change.text,
            change.competency,
            change.withdrawn,
        ):
            continue
        if not filed:
            card, rubric = _open(conn, owner_id, interview_id, member_id, now_ms)
            if card.submitted_at_ms is not None:
                raise NotYet("You have signed, so your moments stay as they are.")
        if change.competency is not None and change.competency != known.competency:
            rubric.competency(change.competency)
        # A clock that was set back must not put it before what the room did.
        at_ms = max(now_ms, touched.get(change.moment, 0))
        amendments.add(conn, seals, owner_id, interview_id, _amendment(change, member_id, at_ms))
        filed += 1
    return filed


def _amendment(change: Change, member_id: str, at_ms: int) -> Amendment:
    return Amendment(
        change.moment,
        MemberId(member_id),
        at_ms,
        _clean(change.text),
        change.competency,
        change.withdrawn,
    )


# ------------------------------------------------------------------------------------------------ scorecards


def save_draft(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    card: Scorecard,
    based_on: int,
    now_ms: int,
    device: str = "",
    amends: bool = False,
) -> int:
    """Keep what was written so far; the new version. A `device` may overtake itself: only others make it stale, and only if they
    wrote something else (a page that was loaded again while its last words were on their way says the same words).
    `amends`: moments are changed along with it.

    Raises:
        Stale: it was saved elsewhere since `based_on`.
        NotYet: it is signed.
    """
    row, rubric = _open(conn, owner_id, interview_id, member_id, now_ms)
    if row.submitted_at_ms is not None:
        raise NotYet("You have signed. A change is a correction now.")
    check(rubric, card.ratings)
    if row.version != based_on and (current := scorecards.newest(conn, seals, row)) is not None:
        there = _decoder.decode(current.body)
        if (device and there.device == device) or (there.card == card and not amends):
            based_on = row.version
    body = _encoder.encode(Filed(scorecard=row.id, card=card, device=device))
    return scorecards.write(
        conn, seals, row, kind="draft", body=body, hash="", based_on=based_on, now_ms=now_ms
    ).version


def submit(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    card: Scorecard,
    name: str,
    zone: str,
    at_ms: int,
    based_on: int | None = None,
) -> str:
    """Sign and lock a scorecard; its hash. Without `based_on` it goes on top of whatever was saved.

    Raises:
        Lacking: something is missing.
        Stale: it was saved elsewhere since `based_on`.
        NotYet: it is signed already.
    """
    row, rubric = _open(conn, owner_id, interview_id, member_id, at_ms)
    if row.submitted_at_ms is not None:
        raise NotYet("You have signed this scorecard already. A change is a correction now.")
    hash_ = _sign(
        conn,
        seals,
        row,
        rubric,
        card=card,
        kind="signed",
        name=name,
        zone=zone,
        at_ms=at_ms,
        based_on=based_on,
        reason="",
    )
    if _are_all_in(conn, owner_id, interview_id):
        interview = interviews.load(conn, owner_id, interview_id)
        if interview.state == "ended":
            interviews.set_state(conn, owner_id, interview_id, "scored")
    return hash_


def correct(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    card: Scorecard,
    reason: str,
    name: str,
    zone: str,
    at_ms: int,
    based_on: int | None = None,
) -> str:
    """Put a dated correction beside what was signed; both stay. Its hash.

    Raises: as `submit`; NotYet when nothing was signed.
    """
    row, rubric = _open(conn, owner_id, interview_id, member_id, at_ms)
    if row.submitted_at_ms is None:
        raise NotYet("There is nothing signed to correct.")
    cleaned = _clean(reason)
    if not cleaned:
        raise Lacking([Lack("reason", "Say why you correct it.")])
    return _sign(
        conn,
        seals,
        row,
        rubric,
        card=card,
        kind="correction",
        name=name,
        zone=zone,
        at_ms=at_ms,
        based_on=based_on,
        reason=cleaned,
    )


def _sign(
    conn: Connection,
    seals: Seals,
    row: Card,
    rubric: Rubric,
    *,
    card: Scorecard,
    kind: Literal["signed", "correction"],
    name: str,
    zone: str,
    at_ms: int,
    based_on: int | None,
    reason: str,
) -> str:
    check(rubric, card.ratings)
    missing = lacks(rubric, card)
    try:
        signed_name = _name(name)
    except Lacking as error:
        missing = (*missing, *error.lacks)
        signed_name = ""
    if missing:
        raise Lacking(missing)
    filed = Filed(
        scorecard=row.id,
        card=card,
        rubric=f"{rubric.key}/{rubric.version}",
        name=signed_name,
        zone=zone,
        at_ms=at_ms,
        reason=reason,
        salt=secrets.token_hex(16),
    )
    body = _encoder.encode(filed)
    hash_ = reports_pure.digest(body)
    scorecards.write(
        conn,
        seals,
        row,
        kind=kind,
        body=body,
        hash=hash_,
        based_on=row.version if based_on is None else based_on,
        now_ms=at_ms,
    )
    return hash_


def _are_all_in(conn: Connection, owner_id: str, interview_id: str) -> bool:
    done = {
        card.member_id
        for card in scorecards.list_for(conn, owner_id, interview_id)
        if card.submitted_at_ms is not None
    }
    people = members.list_for(conn, owner_id, interview_id)
    return all(member.id in done for member in raters_of(people))


def remark(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    competency: str,
    text: str,
    at_ms: int,
) -> None:
    """A rater's one comment on a difference (competency or ``decision``), or on the rubric's ``arithmetic``.

    Raises:
        NotYet: not everybody has signed; of the arithmetic: this rater has not.
    """
    row, rubric = _open(conn, owner_id, interview_id, member_id, at_ms)
    if competency == "arithmetic":
        if row.submitted_at_ms is None:
            raise NotYet("First sign your scorecard.")
    elif not _are_all_in(conn, owner_id, interview_id):
        raise NotYet("You see both scorecards when everybody has signed.")
    elif competency != "decision":
        rubric.competency(competency)
    scorecards.set_remark(conn, seals, row, competency=competency, text=_clean(text), now_ms=at_ms)


# ------------------------------------------------------------------------------------------------ reports


def find_words(
    conn: Connection, seals: Seals, owner_id: str, interview_id: str
) -> tuple[Words, int, int | None]:
    """The words of the report as they stand, their version (0: none) and when they were saved."""
    draft = reports.find_draft(conn, seals, owner_id, interview_id)
    if draft is None:
        return Words(), 0, None
    return _words_decoder.decode(draft.body), draft.version, draft.saved_at_ms


def save_words(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    words: Words,
    *,
    based_on: int,
    now_ms: int,
) -> int:
    """Keep the words of the report; the new version.

    Raises:
        NotFound: no such interview.
        Stale: they were saved elsewhere since `based_on`.
    """
    interviews.load(conn, owner_id, interview_id)
    return reports.save_draft(
        conn,
        seals,
        owner_id,
        interview_id,
        _encoder.encode(words),
        based_on=based_on,
        now_ms=now_ms,
    )


def draft_report(case: Case, words: Words, written: Written, journal_hash: str) -> Report:
    """The report as it would be signed now, from what its lead may see."""
    return _build(case, words, written, journal_hash, id="", previous=None)


def sign_report(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    *,
    words: Words,
    written: Written,
    name: str,
    zone: str,
    at_ms: int,
    correction: str = "",
    alone: bool = False,
    follows: int | None = None,
    signer: Signer | None = None,
) -> Report:
    """Freeze the report.

    `signer`: the site's key; without it the report is signed when it is given out.

    `alone`: sign although second raters have not; then it holds the lead's scorecard only. `follows`: the version that the
    signer knew as the newest (0: none), so that pressing twice signs once.

    Raises:
        Lacking: words are missing, or the reason of a later version.
        NotYet: a scorecard is missing.
        Stale: it was signed elsewhere at the same moment.
    """
    case = load_case(conn, seals, owner_id, interview_id)
    if not case.raters or not case.raters[0].is_in:
        raise NotYet("Sign your scorecard first.")
    if not case.all_in and not alone:
        raise NotYet(f"{' and '.join(case.waiting_for)} has not signed yet.")
    if not case.history.holds:
        raise NotYet(
            "What was changed of the moments does not hold together: somebody altered the database. "
            "The report cannot be signed like this."
        )
    before = reports.find_newest(conn, seals, owner_id, interview_id)
    newest = before.version if before else 0
    if follows is not None and follows != newest:
        raise Stale(newest)
    missing = []
    if not words.summary.strip():
        missing.append(Lack("summary", "Write a summary: three sentences a company can decide on."))
    if before is not None and not correction.strip():
        missing.append(Lack("correction", "Say why a new version replaces the signed one."))
    try:
        signed_name = _name(name)
    except Lacking as error:
        missing += error.lacks
        signed_name = ""
    if missing:
        raise Lacking(missing)
    _, hash_ = journal.last_hash(conn, InterviewId(interview_id))
    report = _build(
        case,
        words,
        written,
        hash_.hex(),
        id=new_id("v"),
        previous=(before.version, before.hash) if before else None,
        correction=_clean(correction) if before else "",
        signature=Signature(signed_name, at_ms, zone),
    )
    body = reports_pure.canonical(report)
    reports.freeze(
        conn,
        seals,
        owner_id,
        interview_id,
        id=report.id,
        version=report.version,
        body=body,
        hash=reports_pure.digest(body),
        signed_at_ms=at_ms,
        key_id=signer.public.id if signer else None,
        signature=trust.sign(body, signer) if signer else None,
    )
    interviews.set_state(conn, owner_id, interview_id, "reported")
    return report


def _code_files(state: SessionState, written: Written) -> tuple[CodeFile, ...]:
    """The final files in the order of the tabs; deleted ones are left out."""
    return tuple(
        reports_pure.code_file(
            file.name,
            file.language or language_of(file.name),
            written.lines[file.id],
            written.starters.get(file.id, ""),
        )
        for file in state.files
        if not file.deleted and file.id in written.lines
    )


def _code_then(state: SessionState, written: Written) -> dict[str, CodeThen]:
    names = {file.id: file.name for file in state.files}
    return {
        moment: CodeThen(names.get(file, ""), first, tuple(code))
        for moment, (file, first, code) in written.then.items()
    }


def _build(
    case: Case,
    words: Words,
    written: Written,
    journal_hash: str,
    *,
    id: str,  # noqa: A002 -- the record's own word
    previous: tuple[int, str] | None,
    correction: str = "",
    signature: Signature | None = None,
) -> Report:
    if case.rubric is None:
        raise NotYet("This interview has no rubric yet. Choose one first.")
    shown = case.raters if case.all_in else case.raters[:1]
    lead = case.raters[0].id
    remarks = [
        Remark(competency, rater.id, text)
        for rater in shown
        for competency, text in sorted(rater.remarks.items())
        if competency != "arithmetic"
    ]
    return reports_pure.build(
        id=id,
        occasion=_occasion(case, {r.member.id for r in shown}),
        rubric=case.rubric,
        cards=[_signed_card(r, case) for r in shown],
        words=words,
        moments=case.seen_by(lead),
        course=case.course(),
        code=_code_files(case.state, written),
        code_then=_code_then(case.state, written),
        journal_hash=journal_hash,
        amendments_hash=case.history.last_hash,
        remarks=remarks,
        previous=previous,
        correction=correction,
        signature=signature,
    )


def _signed_card(rater: Standing, case: Case) -> SignedCard:
    filed = rater.signed[-1] if rater.signed else Filed(scorecard="", card=rater.scorecard)
    first = rater.signed[0] if rater.signed else filed
    return SignedCard(
        member=rater.id,
        card=filed.card,
        name=filed.name or rater.member.name,
        at_ms=first.at_ms,
        zone=first.zone or case.interview.zone,
        hash=filed.hash,
        corrections=tuple(Correction(f.at_ms, f.reason) for f in rater.signed[1:]),
    )


def _occasion(case: Case, raters: set[str]) -> Occasion:
    interview = case.interview
    people = {
        MemberId(m.id): Person(m.name, m.role)
        for m in case.people
        if m.role in ("lead", "interviewer", "candidate") or m.id in raters
    }
    return Occasion(
        interview=InterviewId(interview.id),
        candidate=interview.candidate_name,
        role_title=interview.role_title,
        level=interview.level,
        client=case.client,
        started_at_ms=case.state.started_wall_ms
        or interview.started_at_ms
        or interview.starts_at_ms,
        zone=interview.zone,
        cut_short=interview.cut_short or case.state.cut_short,
        is_demo=interview.is_demo,
        people=people,
    )


def save_letter(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    *,
    subject: str,
    text: str,
    at_ms: int,
    is_shown: bool,
) -> None:
    """Keep the letter to the candidate; `is_shown` lets them read it on the page of their data.

    Raises:
        NotFound: no such interview.
        Lacking: it is empty but shown, or too long, or the client wants no letters.
    """
    letter = letters.Letter(
        _clean(subject, keep_lines=False), _clean(text), at_ms, at_ms if is_shown else None
    )
    interview = interviews.load(conn, owner_id, interview_id)
    allowed = report_terms.load(conn, owner_id, interview.client_id).allows_letters
    if is_shown and not (allowed or interview.is_demo):
        raise Lacking([Lack("letter", "This client does not send letters. Its page can allow it.")])
    if is_shown and not letter.text:
        raise Lacking([Lack("letter", "Write the letter before you show it.")])
    if len(letter.text) > LETTER_MAX or len(letter.subject) > NAME_MAX:
        raise Lacking([Lack("letter", f"A letter has {LETTER_MAX:,} characters at most.")])
    letters.save(conn, seals, owner_id, interview_id, letter)


def shown_letter(
    conn: Connection, seals: Seals, owner_id: str, interview_id: str
) -> letters.Letter | None:
    """The letter that the candidate may read; None while it is a draft, and after deletion."""
    try:
        letter = letters.find(conn, seals, owner_id, interview_id)
    except KeyDestroyed:
        return None
    return letter if letter is not None and letter.shown_at_ms is not None else None


# ------------------------------------------------------------------------------------------------ what is due


class Due(msgspec.Struct, frozen=True):
    """Where the judging of a finished interview stands, for lists."""

    interview: Interview
    client: str
    step: Literal["score", "wait", "sign", "sent"]
    """The owner's next step: score; wait for other raters; sign the report; nothing."""
    waiting_for: tuple[str, ...]
    since_ms: int
    """When the interview ended."""
    sent_at_ms: int | None = None

    @property
    def minutes_to_signature(self) -> int | None:
        """From the end of the interview to the first signed report; None: not signed yet."""
        if self.sent_at_ms is None:
            return None
        return max(0, self.sent_at_ms - self.since_ms) // 60_000


def usual_minutes(due: Iterable[Due], last: int = 10) -> int | None:
    """The median minutes from end to signature of the last signed ones, demos left out; None: none is signed."""
    signed = [d for d in due if d.minutes_to_signature is not None and not d.interview.is_demo]
    signed = sorted(signed, key=lambda d: -d.since_ms)[:last]
    minutes = sorted(d.minutes_to_signature or 0 for d in signed)
    return minutes[len(minutes) // 2] if minutes else None


def standings(conn: Connection, owner_id: str) -> list[Due]:
    """All finished interviews of an account: those with something to do first, then the newest."""
    signed = reports.signed_times(conn, owner_id)
    names = {c.id: c.name for c in clients.list_for(conn, owner_id)}
    done = {
        (card.interview_id, card.member_id)
        for card in scorecards.list_of_owner(conn, owner_id)
        if card.submitted_at_ms is not None
    }
    out = []
    for interview in interviews.list_for(conn, owner_id):
        if not interview.is_over:
            continue
        raters = raters_of(members.list_for(conn, owner_id, interview.id))
        missing = [m for m in raters if (interview.id, m.id) not in done]
        step: Literal["score", "wait", "sign", "sent"] = "sign"
        if interview.id in signed:
            step = "sent"
        elif any(m.role == "lead" for m in missing):
            step = "score"
        elif missing:
            step = "wait"
        out.append(
            Due(
                interview,
                names.get(interview.client_id, ""),
                step,
                tuple(m.name or "The second rater" for m in missing if m.role == "rater"),
                interview.ended_at_ms or interview.ends_at_ms,
                signed.get(interview.id),
            )
        )
    order = {"score": 0, "sign": 1, "wait": 2, "sent": 3}
    return sorted(out, key=lambda d: (order[d.step], -d.since_ms))


def reports_due(conn: Connection, owner_id: str, now_ms: int) -> list[Due]:
    """Finished interviews whose report is not signed yet, the longest waiting first."""
    due = [d for d in standings(conn, owner_id) if d.step != "sent" and d.since_ms <= now_ms]
    return sorted(due, key=lambda d: d.since_ms)
