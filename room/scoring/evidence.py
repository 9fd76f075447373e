"""Moments marked as evidence: pins of the room and pins that a rater put on the replay, per competency.

Blindness is decided here: until every scorecard is in, a rater gets only their own side's moments. After the interview a
moment's author may give it other words, file it elsewhere, withdraw it or bring it back; that comes as amendments on top of
what the journal holds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from room.session import events as e
from room.session.ids import CompetencyId, FileId, MemberId
from room.session.roles import INTERVIEWERS
from room.session.state import SessionState
from room.store.amendments import Amendment
from room.store.annotations import Annotation

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
    reworded_at_ms: int | None = None
    """Wall time at which its author gave it other words after the interview; None: these are its first ones."""


class Change(msgspec.Struct, frozen=True):
    """What the author of a moment wants it to be."""

    moment: str
    text: str
    competency: CompetencyId | None
    withdrawn: bool


def watch_s(at_ms: int) -> int:
    """The whole second from which a moment is watched."""
    return max(0, at_ms - LEAD_IN_MS) // 1000


def of_session(state: SessionState, *, withdrawn: bool = False) -> tuple[Moment, ...]:
    """The pins of the room that stand, or those that were `withdrawn`, in the order of time."""
    pins = (
        Moment(p.id, p.at_ms, p.by, p.competency, p.text, "room", p.file)
        for p in state.pins
        if p.withdrawn is withdrawn
    )
    return tuple(sorted(pins, key=_place))


def of_annotation(marked: Annotation) -> Moment:
    """A pin that was put on the replay."""
    return Moment(marked.id, marked.at_ms, marked.by, marked.competency, marked.text, "replay")


def _place(moment: Moment) -> tuple[int, str]:
    return moment.at_ms, moment.id


def touched_in_room(recorded: Iterable[e.Recorded]) -> dict[str, int]:
    """When each pin was last changed in the room, in wall time: the room stays open for a while after the end."""
    return {
        one.event.pin: one.wall_ms
        for one in recorded
        if isinstance(one.event, e.PinFiled | e.PinWorded | e.PinWithdrawn | e.PinRestored)
    }


def amend(
    standing: Iterable[Moment],
    withdrawn: Iterable[Moment],
    amendments: Iterable[Amendment],
    touched: Mapping[str, int],
) -> tuple[tuple[Moment, ...], tuple[Moment, ...]]:
    """The moments as their authors left them: those that stand, and those that are withdrawn.

    The last amendment counts, and only the author's. One that is older than what the room did to the pin (`touched`)
    is overtaken.
    """
    made: dict[str, list[Amendment]] = defaultdict(list)
    for amendment in amendments:
        made[amendment.moment].append(amendment)
    kept: list[Moment] = []
    gone: list[Moment] = []
    for first, is_gone in [*((m, False) for m in standing), *((m, True) for m in withdrawn)]:
        now, out = first, is_gone
        for one in made.get(first.id, ()):
            if one.by != first.by or one.at_ms < touched.get(first.id, 0):
                continue
            reworded = now.reworded_at_ms
            if one.text != now.text:
                reworded = None if one.text == first.text else one.at_ms
            now = msgspec.structs.replace(
                now, text=one.text, competency=one.competency, reworded_at_ms=reworded
            )
            out = one.withdrawn
        (gone if out else kept).append(now)
    return tuple(sorted(kept, key=_place)), tuple(sorted(gone, key=_place))


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
            key=_place,
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
