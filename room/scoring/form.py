"""What a person typed into the pages of scorecard and report, as records; and back into lines for a text field."""

import re
from collections.abc import Mapping, Sequence

from room.scoring.charts import clock
from room.scoring.evidence import Change, Moment
from room.scoring.rubric import Rubric
from room.scoring.score import CONFIDENCES, DECISIONS, Point, Rating, Scorecard, Words
from room.session.files import clean_text
from room.session.ids import CompetencyId

Fields = Mapping[str, Sequence[str]]
"""Names of form fields to their values, in the order of the page."""

NEAR_MS = 30_000
"""A point with a time quotes the moments so near to it."""
NOT_OBSERVED = "no"

_TIMED = re.compile(r"\s*(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:\s*[-–—:,.]?\s+|\s*$)(.*)", re.DOTALL)


class BadTime(ValueError):
    """Not a time of the interview. Its text is a sentence."""


def text(fields: Fields, name: str) -> str:
    """A field's text without what could hide or reorder it; empty when it is missing."""
    values = fields.get(name, ())
    return clean_text(values[0].replace("\r\n", "\n")).strip() if values else ""


def read_time(written: str) -> int:
    """Milliseconds of interview time from 23:18 or 1:02:05. Raises BadTime."""
    found = _TIMED.fullmatch(written)
    if found is None or found[4]:
        raise BadTime("Write the time as minutes and seconds, such as 23:18.")
    return _ms(found)


def _ms(found: re.Match[str]) -> int:
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), int(found[3])
    if seconds > 59:
        raise BadTime("Write the time as minutes and seconds, such as 23:18.")
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def read_card(
    rubric: Rubric, fields: Fields, moments: Sequence[Moment], before: Scorecard
) -> Scorecard:
    """The scorecard that a form says; evidence that its author may not see is left out.

    Unknown levels and decisions are as if nothing were chosen: no page offers them. `before` keeps what the form has no
    field for.
    """
    seen = {m.id for m in moments}
    ratings = []
    for competency in rubric.competencies:
        chosen = text(fields, f"level:{competency.id}")
        level = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 3 else None
        is_level = level is not None and 1 <= level <= rubric.top
        ratings.append(
            Rating(
                competency=competency.id,
                level=level if is_level else None,
                not_observed=chosen == NOT_OBSERVED,
                reason=text(fields, f"reason:{competency.id}"),
                comment=text(fields, f"comment:{competency.id}"),
                evidence=tuple(
                    dict.fromkeys(
                        i for i in fields.get(f"evidence:{competency.id}", ()) if i in seen
                    )
                ),
                no_evidence=text(fields, f"no_evidence:{competency.id}"),
            )
        )
    decision, confidence = text(fields, "decision"), text(fields, "confidence")
    return Scorecard(
        ratings=tuple(ratings),
        decision=next((d for d in DECISIONS if d == decision), None),
        confidence=next((c for c in CONFIDENCES if c == confidence), None),
        confidence_reason=text(fields, "confidence_reason"),
        not_for_report=text(fields, "not_for_report"),
        words=read_words(fields, moments, before.words) if "summary" in fields else before.words,
    )


def read_changes(
    fields: Fields, standing: Sequence[Moment], withdrawn: Sequence[Moment]
) -> tuple[Change, ...]:
    """What a form says about one's own moments: those that it names in ``pin``, the others were not touched.

    A moment that is neither in `standing` nor in `withdrawn` is left out: no page offers it.
    """
    known = {m.id: m for m in (*standing, *withdrawn)}
    named = (i for i in dict.fromkeys(fields.get("pin", ())) if i in known)
    return tuple(
        Change(
            i,
            text(fields, f"pin_text:{i}") if f"pin_text:{i}" in fields else known[i].text,
            (CompetencyId(filed) if (filed := text(fields, f"pin_at:{i}")) else None)
            if f"pin_at:{i}" in fields
            else known[i].competency,
            f"pin_out:{i}" in fields,
        )
        for i in named
    )


def read_words(fields: Fields, moments: Sequence[Moment], before: Words) -> Words:
    """The words for the report that a form says."""
    return Words(
        summary=text(fields, "summary"),
        strengths=read_points(text(fields, "strengths"), moments, before.strengths),
        doubts=read_points(text(fields, "doubts"), moments, before.doubts),
        follow_up=tuple(
            line.strip() for line in text(fields, "follow_up").split("\n") if line.strip()
        ),
        method=text(fields, "method") if "method" in fields else before.method,
    )


def read_points(
    lines: str, moments: Sequence[Moment], before: Sequence[Point]
) -> tuple[Point, ...]:
    """One point a line, perhaps with a time in front: ``07:01 Found the case that the text leaves open.``

    A point that was there before keeps its pins; a new one with a time quotes the moments within half a minute of it.
    """
    known = {_key(point.at_ms, point.text): point for point in before}
    out = []
    for line in lines.split("\n"):
        if not line.strip():
            continue
        found = _TIMED.match(line)
        at_ms = None
        words = line.strip()
        if found is not None and int(found[3]) <= 59:
            at_ms, words = _ms(found), found[4].strip()
        kept = known.get(_key(at_ms, words))
        if kept is not None:
            out.append(kept)
            continue
        near = (
            () if at_ms is None else tuple(m.id for m in moments if abs(m.at_ms - at_ms) <= NEAR_MS)
        )
        out.append(Point(words, at_ms, near))
    return tuple(out)


def _key(at_ms: int | None, words: str) -> tuple[int | None, str]:
    return None if at_ms is None else at_ms // 1000, " ".join(words.split())


def write_points(points: Sequence[Point]) -> str:
    """The lines of `read_points` again."""
    return "\n".join(
        f"{clock(p.at_ms)} {' '.join(p.text.split())}"
        if p.at_ms is not None
        else " ".join(p.text.split())
        for p in points
    )


def prefilled(rubric: Rubric, moments: Sequence[Moment], author: str) -> Scorecard:
    """The card before anything was written: one's own moments stand as evidence under their competency."""
    return Scorecard(
        ratings=tuple(
            Rating(
                c.id,
                evidence=tuple(m.id for m in moments if m.by == author and m.competency == c.id),
            )
            for c in rubric.competencies
        )
    )
