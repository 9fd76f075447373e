"""The report: everything that a company decides on, in one frozen record.

Its canonical form is JSON with sorted keys and without spaces (no floating point numbers, so it is also that of RFC 8785).
The SHA-256 over it commits to the report; each report carries the hash of the version before it and of the journal's last
row, so that neither can be exchanged unseen.
"""

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Literal

import msgspec

from room.scoring import agreement as agreements
from room.scoring.course import Course
from room.scoring.evidence import Moment
from room.scoring.rubric import Competency, Level, Rubric
from room.scoring.score import Confidence, Decision, Scorecard, Words
from room.session.ids import SYSTEM, CompetencyId, InterviewId, MemberId

DIFFERENCE_MAX = 400
"""Lines of a difference that go into a report."""
LINES_MAX = 4_000
"""Lines of one file that go into a report; `CodeFile.cut` says how many are left out."""


class Person(msgspec.Struct, frozen=True):
    name: str
    role: str
    """``lead``, ``interviewer``, ``observer``, ``candidate`` or ``rater``."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """The interview that the report is about."""

    interview: InterviewId
    candidate: str
    role_title: str
    level: str = ""
    client: str = ""
    started_at_ms: int
    zone: str
    """IANA name of the zone in which the report writes its dates."""
    cut_short: bool = False
    is_demo: bool = False
    people: dict[MemberId, Person]


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A scorecard as it counts now, with who signed it and when."""

    member: MemberId
    card: Scorecard
    name: str
    at_ms: int
    zone: str
    hash: str = ""
    corrections: tuple["Correction", ...] = ()


class Correction(msgspec.Struct, frozen=True):
    at_ms: int
    reason: str


class Remark(msgspec.Struct, frozen=True):
    """One rater's comment on a difference; the competency may be ``decision``."""

    competency: str
    by: MemberId
    text: str


class CodeLine(msgspec.Struct, frozen=True):
    text: str
    by: MemberId | None
    """Who wrote most of it; None: the starter."""


class CodeFile(msgspec.Struct, frozen=True):
    name: str
    language: str
    lines: tuple[CodeLine, ...]
    cut: int = 0
    starter_lines: int = 0
    """How many lines the file started with; 0: it started empty."""
    difference: tuple[str, ...] = ()
    """From the starter to the final text, as lines of a unified difference."""


class CodeThen(msgspec.Struct, frozen=True):
    """The code where somebody had last typed at a moment."""

    name: str
    first: int
    """The number of the first line, from 1."""
    code: tuple[str, ...]


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """One rater's rating as a reader gets it."""

    by: MemberId
    level: int | None
    not_observed: bool
    reason: str
    comment: str
    evidence: tuple[str, ...]
    no_evidence: str


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    id: CompetencyId
    name: str
    definition: str
    expected: int | None
    """The level that this seniority is normally asked for."""
    weight_percent: int
    gate: int | None
    ratings: tuple[Rated, ...]
    anchors: dict[str, str]
    """The anchors that were chosen and the next one up of each."""


class Rater(msgspec.Struct, frozen=True, kw_only=True):
    member: MemberId
    name: str
    source: Literal["room", "replay"]
    signed_name: str
    signed_at_ms: int
    zone: str
    decision: Decision
    confidence: Confidence
    confidence_reason: str
    scorecard_hash: str
    corrections: tuple[Correction, ...] = ()


class Agreement(msgspec.Struct, frozen=True):
    of: int
    exact: int
    within_one: int
    same_decision: bool
    scored_by_one: tuple[CompetencyId, ...]


class Signature(msgspec.Struct, frozen=True):
    name: str
    at_ms: int
    zone: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    schema: Literal["room.report/1"] = "room.report/1"
    id: str
    version: int = 1
    previous_hash: str | None = None
    journal_hash: str
    amendments_hash: str = ""
    """The last link of the chain of what was changed of moments after the interview; empty: nothing was."""
    correction: str = ""
    """Why this version replaces the one before it."""
    occasion: Occasion
    decision: Decision | None
    """The lead's. None only in a draft."""
    words: Words
    rubric_key: str
    rubric_name: str
    rubric_version: int
    levels: tuple[Level, ...]
    competencies: tuple[Criterion, ...]
    raters: tuple[Rater, ...]
    agreement: Agreement | None
    remarks: tuple[Remark, ...] = ()
    evidence: tuple[Moment, ...] = ()
    code_then: dict[str, CodeThen] = {}
    """By moment."""
    course: Course
    code: tuple[CodeFile, ...] = ()
    limits: tuple[str, ...] = ()
    signature: Signature | None = None
    """None: a draft."""

    def pins(self) -> frozenset[str]:
        """The moments that this report quotes; all that a reader's replay may show of pins."""
        return frozenset(m.id for m in self.evidence)

    def person(self, member: MemberId | None) -> str:
        known = self.occasion.people.get(member) if member else None
        return known.name if known else ""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Report)


def canonical(report: Report) -> bytes:
    """The bytes that are hashed, kept and verified."""
    return _encoder.encode(report)


def digest(canonical_json: bytes) -> str:
    """SHA-256 over the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json).hexdigest()


def read(canonical_json: bytes) -> Report:
    """Raises `msgspec.ValidationError` when it is no report, or one of a schema that this program does not know."""
    return _decoder.decode(canonical_json)


def code_file(
    name: str, language: str, lines: Iterable[tuple[str, MemberId | None]], starter: str = ""
) -> CodeFile:
    """A final file from its lines and the member who wrote most of each, beside what it started from."""
    kept = [CodeLine(text, None if by == SYSTEM else by) for text, by in lines]
    before = starter.rstrip("\n").split("\n") if starter.strip() else []
    return CodeFile(
        name,
        language,
        tuple(kept[:LINES_MAX]),
        max(0, len(kept) - LINES_MAX),
        len(before),
        _difference(before, [line.text for line in kept[:LINES_MAX]]),
    )


def _difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Without a starter there is none to tell: all of it is new."""
    if not before or len(before) > LINES_MAX:
        return ()
    found = difflib.unified_diff(before, after, n=2, lineterm="")
    return tuple(islice(found, 2, 2 + DIFFERENCE_MAX))


def build(
    *,
    id: str,  # noqa: A002 -- the record's own word
    occasion: Occasion,
    rubric: Rubric,
    cards: Sequence[Signed],
    words: Words,
    moments: Sequence[Moment],
    course: Course,
    code: Sequence[CodeFile],
    code_then: Mapping[str, CodeThen] = {},
    journal_hash: str,
    amendments_hash: str = "",
    remarks: Sequence[Remark] = (),
    previous: tuple[int, str] | None = None,
    correction: str = "",
    signature: Signature | None = None,
) -> Report:
    """The report of an interview, the lead's card first in `cards`.

    `previous` is version and hash of the report that this one replaces. Only moments that a rating, a strength or a doubt
    names are quoted; a card that is not signed yet (a draft's) may lack a decision.
    """
    quoted = _quoted(cards, words)
    people = occasion.people
    signed = [c for c in cards if c.card.decision and c.card.confidence]
    shared = (
        agreements.compare(rubric, {c.member: c.card for c in cards}) if len(cards) > 1 else None
    )
    return Report(
        id=id,
        version=previous[0] + 1 if previous else 1,
        previous_hash=previous[1] if previous else None,
        journal_hash=journal_hash,
        amendments_hash=amendments_hash,
        correction=correction,
        occasion=occasion,
        decision=cards[0].card.decision if cards else None,
        words=words,
        rubric_key=rubric.key,
        rubric_name=rubric.name,
        rubric_version=rubric.version,
        levels=rubric.levels,
        competencies=tuple(
            _criterion(rubric, c, cards, occasion.level) for c in rubric.competencies
        ),
        raters=tuple(_rater(c, people) for c in signed),
        agreement=None
        if shared is None
        else Agreement(
            shared.of, shared.exact, shared.within_one, shared.same_decision, shared.scored_by_one
        ),
        remarks=tuple(remarks),
        evidence=tuple(m for m in sorted(moments, key=lambda m: (m.at_ms, m.id)) if m.id in quoted),
        code_then={i: then for i, then in code_then.items() if i in quoted},
        course=course,
        code=tuple(f for f in code if any(line.text.strip() for line in f.lines)),
        limits=_limits(course, occasion, cards),
        signature=signature,
    )


def _quoted(cards: Iterable[Signed], words: Words) -> set[str]:
    ids = {pin for c in cards for rating in c.card.ratings for pin in rating.evidence}
    return ids | {pin for point in (*words.strengths, *words.doubts) for pin in point.pins}


def _criterion(
    rubric: Rubric, competency: Competency, cards: Sequence[Signed], seniority: str
) -> Criterion:
    ratings = []
    anchors: dict[str, str] = {}
    for card in cards:
        rating = card.card.rating(competency.id)
        level = None if rating.not_observed else rating.level
        ratings.append(
            Rated(
                by=card.member,
                level=level,
                not_observed=rating.not_observed,
                reason=rating.reason if rating.not_observed else "",
                comment=rating.comment,
                evidence=rating.evidence,
                no_evidence="" if rating.evidence else rating.no_evidence,
            )
        )
        if level is not None:
            for number in range(level, min(level + 1, rubric.top) + 1):
                anchors[str(number)] = competency.anchor(number)
    return Criterion(
        id=competency.id,
        name=competency.name,
        definition=competency.definition,
        expected=competency.expected.get(seniority),
        weight_percent=competency.weight_percent,
        gate=competency.gate,
        ratings=tuple(ratings),
        anchors=anchors,
    )


def _rater(signed: Signed, people: Mapping[MemberId, Person]) -> Rater:
    person = people.get(signed.member)
    card = signed.card
    assert card.decision is not None  # noqa: S101 -- `build` takes signed cards only
    assert card.confidence is not None  # noqa: S101
    return Rater(
        member=signed.member,
        name=person.name if person else signed.name,
        source="replay" if person and person.role == "rater" else "room",
        signed_name=signed.name,
        signed_at_ms=signed.at_ms,
        zone=signed.zone,
        decision=card.decision,
        confidence=card.confidence,
        confidence_reason=card.confidence_reason,
        scorecard_hash=signed.hash,
        corrections=signed.corrections,
    )


def _limits(course: Course, occasion: Occasion, cards: Sequence[Signed]) -> tuple[str, ...]:
    minutes = max(1, round(course.length_ms / 60_000))
    out = [
        (
            f"One interview shows {minutes} minute{'s' if minutes != 1 else ''} of work on few problems. It says "
            "little about teamwork or long projects."
        ),
        (
            "Levels were chosen by people from written anchors. No total is calculated, and no part of the "
            "decision is automatic."
        ),
        "Sound and picture were not recorded.",
    ]
    if course.tests or course.runs:
        out.append("Code ran in a closed sandbox with limits of time and memory.")
    if course.runner_failures:
        times = "once" if course.runner_failures == 1 else f"{course.runner_failures} times"
        out.append(f"The code runner did not answer {times}; that is not the candidate's doing.")
    if occasion.cut_short:
        out.append("The interview was cut short.")
    if len(cards) == 1:
        out.append("Scored by one person.")
    return tuple(out)
