"""A scorecard: what a rater wrote, what it still lacks, and what the rubric's own arithmetic makes of it.

The arithmetic is shown to the scorer alone, and only after signing; nothing here suggests a decision to anybody before.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

import msgspec

from room.scoring.rubric import Rubric
from room.session.ids import CompetencyId

Decision = Literal["strong_yes", "yes", "no", "strong_no"]
Confidence = Literal["low", "medium", "high"]

DECISIONS: tuple[Decision, ...] = ("strong_yes", "yes", "no", "strong_no")
"""The fixed order in which they are offered."""
DECISION_WORDS: dict[str, str] = {
    "strong_yes": "Strong hire",
    "yes": "Hire",
    "no": "No hire",
    "strong_no": "Strong no hire",
}
CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")

COMMENT_MAX = 100_000
LINE_MAX = 5_000
POINTS_MAX = 40


class Point(msgspec.Struct, frozen=True):
    """A strength or a doubt, with the moment and the pins that show it."""

    text: str
    at_ms: int | None = None
    pins: tuple[str, ...] = ()


class Words(msgspec.Struct, frozen=True):
    """What a person writes for the report's readers; everything else in a report is taken from the record."""

    summary: str = ""
    strengths: tuple[Point, ...] = ()
    doubts: tuple[Point, ...] = ()
    follow_up: tuple[str, ...] = ()
    method: str = ""


class Rating(msgspec.Struct, frozen=True):
    competency: CompetencyId
    level: int | None = None
    """None: not rated yet, or not observed."""
    not_observed: bool = False
    """Never counted as zero: it takes the competency out of every sum and shows as a gap in coverage."""
    reason: str = ""
    """Why it was not observed."""
    comment: str = ""
    evidence: tuple[str, ...] = ()
    """Ids of pins that this rating rests on."""
    no_evidence: str = ""
    """Why an extreme level has none."""


class Scorecard(msgspec.Struct, frozen=True):
    ratings: tuple[Rating, ...] = ()
    decision: Decision | None = None
    confidence: Confidence | None = None
    confidence_reason: str = ""
    not_for_report: str = ""
    """Stays between the raters."""
    words: Words = Words()

    def rating(self, competency: str) -> Rating:
        """The rating of this competency; an empty one if there is none yet."""
        for one in self.ratings:
            if one.competency == competency:
                return one
        return Rating(CompetencyId(competency))


class Lack(msgspec.Struct, frozen=True):
    """One thing without which a scorecard cannot be signed, and the place to mend it."""

    field: str
    """Name of the form's field, such as `level:approach`."""
    sentence: str


class Reading(msgspec.Struct, frozen=True):
    """What the rubric's own arithmetic would have read."""

    decision: Decision | None
    """None: too little was rated."""
    coverage: Fraction
    mean: Fraction | None
    below_gate: tuple[CompetencyId, ...]


def check(rubric: Rubric, ratings: Iterable[Rating]) -> None:
    """Raises `UnknownCompetency` for a competency, ValueError for a level that the rubric lacks."""
    for one in ratings:
        rubric.competency(one.competency)
        if one.level is not None and not 1 <= one.level <= rubric.top:
            raise ValueError(f"level {one.level} of {one.competency}")


def lacks(rubric: Rubric, card: Scorecard) -> tuple[Lack, ...]:
    """What keeps the card from being signed, in the order of the page; empty: it can be signed."""
    out: list[Lack] = []
    for competency in rubric.competencies:
        rating = card.rating(competency.id)
        if rating.not_observed:
            if not rating.reason.strip():
                out.append(
                    Lack(f"reason:{competency.id}", f"Say why {competency.name} was not observed.")
                )
        elif rating.level is None:
            out.append(
                Lack(
                    f"level:{competency.id}", f"{competency.name} needs a level, or “not observed”."
                )
            )
        elif (
            rubric.is_extreme(rating.level)
            and not rating.evidence
            and not rating.no_evidence.strip()
        ):
            out.append(
                Lack(
                    f"no_evidence:{competency.id}",
                    f"{competency.name}: add a moment that shows this, or say why there is none.",
                )
            )
    if card.decision is None:
        out.append(Lack("decision", "Choose a decision."))
    if card.confidence is None:
        out.append(Lack("confidence", "Say how sure you are."))
    return tuple(out)


def too_long(card: Scorecard) -> str | None:
    """A sentence about the first text that is too long to keep; None if all can be kept."""
    for rating in card.ratings:
        if max(len(rating.comment), len(rating.reason), len(rating.no_evidence)) > COMMENT_MAX:
            return f"A comment has {COMMENT_MAX:,} characters at most."
    texts = (card.confidence_reason, card.not_for_report)
    if max(map(len, texts)) > COMMENT_MAX:
        return f"A comment has {COMMENT_MAX:,} characters at most."
    return words_too_long(card.words)


def words_too_long(words: Words) -> str | None:
    """As `too_long`, for the words of a report."""
    lines: Sequence[str] = [p.text for p in (*words.strengths, *words.doubts)] + list(
        words.follow_up
    )
    if max(len(words.summary), len(words.method)) > COMMENT_MAX:
        return f"A text has {COMMENT_MAX:,} characters at most."
    if any(len(line) > LINE_MAX for line in lines):
        return f"A strength, doubt or question has {LINE_MAX:,} characters at most."
    if max(len(words.strengths), len(words.doubts), len(words.follow_up)) > POINTS_MAX:
        return f"A list has {POINTS_MAX} lines at most."
    return None


def coverage(rubric: Rubric, ratings: Iterable[Rating]) -> Fraction:
    """Share of the rubric's weight that has been rated, in 0..1.

    Printed wherever ratings are summarised: few ratings mislead when their coverage is not said.

    Raises:
        UnknownCompetency: a rating names a competency that the rubric lacks.
    """
    rated = sum(rubric.competency(r.competency).weight_percent for r in _rated(ratings))
    return Fraction(rated, sum(c.weight_percent for c in rubric.competencies))


def arithmetic(rubric: Rubric, ratings: Sequence[Rating]) -> Reading:
    """The rubric's own arithmetic: weighted mean, gates and coverage against its thresholds.

    Exact fractions, so that a mean on a threshold is on it. For the scorer alone, after signing.
    """
    check(rubric, ratings)
    rated = _rated(ratings)
    covered = coverage(rubric, rated)
    below = tuple(r.competency for r in rated if _is_below_gate(rubric, r))
    limits = rubric.thresholds
    if not rated or covered * 100 < limits.min_coverage_percent:
        return Reading(None, covered, None, below)
    weights = [rubric.competency(r.competency).weight_percent for r in rated]
    levels = [r.level for r in rated if r.level is not None]
    mean = Fraction(sum(w * level for w, level in zip(weights, levels, strict=True)), sum(weights))
    decision: Decision = "no"
    if mean * 100 < limits.strong_no_mean:
        decision = "strong_no"
    elif not below:
        if mean * 100 >= limits.strong_yes_mean and min(levels) >= limits.strong_yes_min_level:
            decision = "strong_yes"
        elif mean * 100 >= limits.yes_mean:
            decision = "yes"
    return Reading(decision, covered, mean, below)


def _rated(ratings: Iterable[Rating]) -> list[Rating]:
    return [r for r in ratings if r.level is not None and not r.not_observed]


def _is_below_gate(rubric: Rubric, rating: Rating) -> bool:
    gate = rubric.competency(rating.competency).gate
    return gate is not None and rating.level is not None and rating.level < gate


class Change(msgspec.Struct, frozen=True):
    """A field in which two states of a card differ, in words for the person who decides between them."""

    what: str
    here: str
    there: str


def changes(rubric: Rubric, here: Scorecard, there: Scorecard) -> tuple[Change, ...]:
    """Where two states of the same card differ: for two devices, and for a correction beside what it corrects."""
    pairs: list[tuple[str, str, str]] = []
    for competency in rubric.competencies:
        a, b = here.rating(competency.id), there.rating(competency.id)
        pairs += [
            (competency.name, _said(rubric, a), _said(rubric, b)),
            (f"{competency.name}, reason", a.reason, b.reason),
            (f"{competency.name}, comment", a.comment, b.comment),
            (f"{competency.name}, why no moment", a.no_evidence, b.no_evidence),
            (f"{competency.name}, moments", str(len(a.evidence)), str(len(b.evidence)))
            if set(a.evidence) != set(b.evidence)
            else ("", "", ""),
        ]
    pairs += [
        (
            "Decision",
            DECISION_WORDS.get(here.decision or "", ""),
            DECISION_WORDS.get(there.decision or "", ""),
        ),
        ("How sure", here.confidence or "", there.confidence or ""),
        ("How sure, reason", here.confidence_reason, there.confidence_reason),
        ("Not for the report", here.not_for_report, there.not_for_report),
        ("Summary", here.words.summary, there.words.summary),
        ("Strengths", _lines(here.words.strengths), _lines(there.words.strengths)),
        ("Doubts", _lines(here.words.doubts), _lines(there.words.doubts)),
        (
            "Questions for the next round",
            "\n".join(here.words.follow_up),
            "\n".join(there.words.follow_up),
        ),
    ]
    return tuple(Change(what, a, b) for what, a, b in pairs if a != b)


def _lines(points: Iterable[Point]) -> str:
    return "\n".join(p.text for p in points)


def _said(rubric: Rubric, rating: Rating) -> str:
    if rating.not_observed:
        return "Not observed"
    if rating.level is None:
        return ""
    return f"{rating.level} {rubric.level(rating.level).label}"
