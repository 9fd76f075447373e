"""Agreement over all interviews of an account that several people scored, and how strict its owner is beside the others."""

import msgspec
from sqlalchemy import Connection

from room.scoring import filing, statistics
from room.scoring.rubric import parse
from room.scoring.score import Scorecard
from room.scoring.statistics import Agreement, Unit
from room.store import members, rubrics, scorecards
from room.store.scorecards import Card
from room.store.sealing import KeyDestroyed, Seals


class Over(msgspec.Struct, frozen=True):
    """What can be said over many interviews."""

    double_rated: int
    """Interviews that several people scored, on rubrics of the most common number of levels."""
    levels: int
    agreement: Agreement | None = None
    """None below ten."""
    severity: float | None = None
    """The owner's, in levels, drawn towards 0; shown to the owner alone and applied to nothing. None below ten."""


def over(conn: Connection, seals: Seals, owner_id: str) -> Over:
    """Levels of all double-rated interviews whose cards are all signed; deleted recordings are left out.

    Rubrics of another number of levels are not mixed in: their levels mean something else.
    """
    cards: dict[str, list[Card]] = {}
    for card in scorecards.list_of_owner(conn, owner_id):
        cards.setdefault(card.interview_id, []).append(card)
    by_count: dict[int, list[list[Unit]]] = {}
    for interview_id, found in sorted(cards.items()):
        if len(found) < 2 or any(card.submitted_at_ms is None for card in found):
            continue
        order = {
            m.id: n
            for n, m in enumerate(filing.raters_of(members.list_for(conn, owner_id, interview_id)))
        }
        if len(order) != len(found):
            continue  # somebody has not begun: the others are still blind
        ordered = sorted(found, key=lambda card: order.get(card.member_id, len(order)))
        rubric = parse(rubrics.load(conn, owner_id, found[0].rubric_id).body)
        try:
            signed = [_scorecard(conn, seals, card) for card in ordered]
        except KeyDestroyed:
            continue
        units = [
            [None if (r := one.rating(c.id)).not_observed else r.level for one in signed]
            for c in rubric.competencies
        ]
        by_count.setdefault(rubric.top, []).append(list(units))
    if not by_count:
        return Over(0, 0)
    levels = max(sorted(by_count), key=lambda count: len(by_count[count]))
    interviews = by_count[levels]
    agreement = statistics.agree(interviews)
    flat = [unit for units in interviews for unit in units]
    return Over(
        len(interviews), levels, agreement, statistics.severity(flat, 0) if agreement else None
    )


def _scorecard(conn: Connection, seals: Seals, card: Card) -> Scorecard:
    return filing.read_filed(scorecards.signed(conn, seals, card)[-1].body).card
