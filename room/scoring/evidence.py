"""Moments marked as evidence: pins of the room and pins that a rater put on the replay, per competency.

Blindness is decided here: until every scorecard is in, a rater gets only their own side's moments.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from room.session.ids import CompetencyId, FileId, MemberId
from room.session.roles import INTERVIEWERS
from room.session.state import SessionState

LEAD_IN_MS = 10_000
"""A moment is watched from ten seconds before it."""


class Moment(msgspec.Struct, frozen=True):
    id: str
    at_ms: int
    by: MemberId
    competency: CompetencyId | None
    text: str
    origin: Literal["room", "replay"]
    file: FileId | None = None


def watch_s(at_ms: int) -> int:
    """The whole second from which a moment is watched."""
    return max(0, at_ms - LEAD_IN_MS) // 1000


def of_session(state: SessionState) -> tuple[Moment, ...]:
    """The pins of the room that were not withdrawn, in the order of time."""
    pins = (
        Moment(p.id, p.at_ms, p.by, p.competency, p.text, "room", p.file)
        for p in state.pins
        if not p.withdrawn
    )
    return tuple(sorted(pins, key=lambda m: (m.at_ms, m.id)))


def visible(
    moments: Iterable[Moment], viewer: MemberId, state: SessionState, *, all_in: bool
) -> tuple[Moment, ...]:
    """What one rater may see of all moments, in the order of time.

    Until `all_in`: one's own, and for an interviewer of this room the room's pins, which they share.
    """
    was_there = state.role_of(viewer) in INTERVIEWERS
    return tuple(
        sorted(
            (m for m in moments if all_in or m.by == viewer or (was_there and m.origin == "room")),
            key=lambda m: (m.at_ms, m.id),
        )
    )


def by_competency(
    competencies: Collection[str], moments: Sequence[Moment]
) -> dict[CompetencyId | None, tuple[Moment, ...]]:
    """Moments under their competency; under None those that are unfiled or filed under one that the rubric lacks."""
    out: dict[CompetencyId | None, tuple[Moment, ...]] = {CompetencyId(c): () for c in competencies}
    out[None] = ()
    for moment in moments:
        key = moment.competency if moment.competency in out else None
        out[key] = (*out[key], moment)
    return out
