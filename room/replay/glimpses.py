"""The code around a moment: the lines where somebody had last typed. And what each file started from.

Where an interviewer's caret stood says where they looked; where the last change was says what the moment is about.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pycrdt import Doc

from room.replay.authorship import document, texts
from room.session.events import DocEdited, Recorded
from room.session.ids import SYSTEM, FileId

AROUND = 3
"""Lines above and below."""
WIDTH = 200
"""Characters of a line; the rest is left out."""


class Glimpse(NamedTuple):
    file: FileId
    first: int
    """The number of the first line, from 1."""
    code: tuple[str, ...]


def around(recorded: Sequence[Recorded], moments: Iterable[tuple[str, int]]) -> dict[str, Glimpse]:
    """For each ``(id, at_ms)`` the lines around the last change before it; one without a change before it is missing."""
    edits = [one for one in recorded if isinstance(one.event, DocEdited)]
    typed = [number for number, one in enumerate(edits) if one.by != SYSTEM]
    times = [edits[number].at_ms for number in typed]
    wanted: dict[int, list[str]] = {}
    for identity, at_ms in moments:
        place = bisect_right(times, at_ms)
        if place:
            wanted.setdefault(typed[place - 1], []).append(identity)
    found: dict[str, Glimpse] = {}
    doc: Doc[Any] = Doc()
    for number, one in enumerate(edits[: max(wanted, default=-1) + 1]):
        before = _texts(doc) if number in wanted else {}
        assert isinstance(one.event, DocEdited)  # noqa: S101 -- as chosen above
        doc.apply_update(one.event.update)
        if number in wanted and (seen := _changed(before, _texts(doc))) is not None:
            found.update(dict.fromkeys(wanted[number], seen))
    return found


def starters(recorded: Iterable[Recorded]) -> dict[FileId, str]:
    """What the room itself wrote into each file."""
    seeds = [one for one in recorded if one.by == SYSTEM and isinstance(one.event, DocEdited)]
    return _texts(document(seeds))


def _texts(doc: Doc[Any]) -> dict[FileId, str]:
    return {file: str(text) for file, text in texts(doc).items()}


def _changed(before: Mapping[FileId, str], after: Mapping[FileId, str]) -> Glimpse | None:
    for file, text in after.items():
        old = before.get(file, "")
        if text == old:
            continue
        offset = next(
            (at for at, (a, b) in enumerate(zip(old, text, strict=False)) if a != b),
            min(len(old), len(text)),
        )
        lines = text.split("\n")
        line = text.count("\n", 0, offset)
        first = max(0, line - AROUND)
        code = tuple(one[:WIDTH] for one in lines[first : line + AROUND + 1])
        return Glimpse(file, first + 1, code) if any(one.strip() for one in code) else None
    return None
