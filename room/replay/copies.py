"""Copies: what one viewer may see of a recording, made once and kept while somebody looks.

A copy grows with a running session: only what is new is read, filtered and cut. Copies hold bytes and records, no document
of pycrdt, so threads may share them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import msgspec

from room.replay import segments as cut
from room.replay.segments import Damaged, Segment
from room.session.events import Recorded
from room.session.evolve import evolve
from room.session.ids import InterviewId
from room.session.state import EMPTY, SessionState
from room.session.visibility import Viewer, visible_to

T = TypeVar("T")

COPIES_MAX = 8
MADE_MAX = 600
"""Indexes and compressed segments that are kept."""
KEYFRAME_BYTES_MAX = 256 * 1024 * 1024
"""Of all copies together; one that is larger by itself is kept while it is the last one used."""


class Copy(msgspec.Struct, frozen=True):
    """One viewer's copy of a recording, as far as it has been read."""

    viewer: Viewer
    seq: int = 0
    """Last event read; says how much there is, private events included, and never leaves the server."""
    state: SessionState = EMPTY
    """The session's, not the viewer's."""
    visible: tuple[Recorded, ...] = ()
    segments: tuple[Segment, ...] = ()
    damaged_ms: int | None = None

    @property
    def keyframe_bytes(self) -> int:
        return sum(len(segment.document) for segment in self.segments)

    @property
    def started(self) -> bool:
        return bool(self.segments)


def extend(copy: Copy, recorded: Sequence[Recorded]) -> Copy:
    """The copy after more events of the session, in order and without a gap."""
    if not recorded:
        return copy
    state = copy.state
    visible = list(copy.visible)
    for one in recorded:
        if visible_to(one.event, copy.viewer, state):
            visible.append(one)
        state = evolve(state, one)
    damaged_ms = copy.damaged_ms
    if damaged_ms is not None:  # What comes after the damage builds on it.
        visible = list(copy.visible)
        segments = list(copy.segments)
    else:
        try:
            segments = cut.build(visible, copy.segments)
        except Damaged as damage:
            damaged_ms = damage.at_ms
            visible = _before(visible, damage.at_ms)
            segments = cut.build(visible)
    return Copy(copy.viewer, recorded[-1].seq, state, tuple(visible), tuple(segments), damaged_ms)


def _before(visible: Sequence[Recorded], at_ms: int) -> list[Recorded]:
    start = cut.start_of(visible) or 0
    opening = list(visible[:start]) if at_ms > 0 else _without_text(visible[:start])
    return opening + [one for one in visible[start:] if one.at_ms < at_ms]


def _without_text(opening: Sequence[Recorded]) -> list[Recorded]:
    """A damage before Start leaves a recording of no length, without text."""
    return [one for one in opening if not hasattr(one.event, "update")]


class Shelf:
    """The copies that are looked at, the least recently used one first to go.

    ``load(interview, after)`` reads a session's events after a number; it is called without any lock of the store.
    """

    def __init__(self, size: int = COPIES_MAX, max_bytes: int = KEYFRAME_BYTES_MAX) -> None:
        self._size = size
        self._bytes = max_bytes
        self._copies: OrderedDict[tuple[InterviewId, Viewer], Copy] = OrderedDict()
        self._made: OrderedDict[tuple[InterviewId, Viewer, int, Hashable], Any] = OrderedDict()
        self._locks: dict[tuple[InterviewId, Viewer], threading.Lock] = {}
        self._guard = threading.Lock()

    def copy(
        self, interview: InterviewId, viewer: Viewer, load: Callable[[int], list[Recorded]]
    ) -> Copy:
        """The viewer's copy up to now. Blocks while it is made; not for the event loop."""
        key = (interview, viewer)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                known = self._copies.get(key) or Copy(viewer)
            copy = extend(known, load(known.seq))
            with self._guard:
                self._copies[key] = copy
                self._copies.move_to_end(key)
                while len(self._copies) > 1 and self._is_full():
                    gone, _ = self._copies.popitem(last=False)
                    self._locks.pop(gone, None)
            return copy

    def made(self, interview: InterviewId, copy: Copy, what: Hashable, make: Callable[[], T]) -> T:
        """Something made from a copy alone, kept while it is looked at."""
        key = (interview, copy.viewer, copy.seq, what)
        with self._guard:
            if key in self._made:
                self._made.move_to_end(key)
                kept: T = self._made[key]
                return kept
        new = make()
        with self._guard:
            self._made[key] = new
            while len(self._made) > MADE_MAX:
                self._made.popitem(last=False)
        return new

    def _is_full(self) -> bool:
        held = sum(copy.keyframe_bytes for copy in self._copies.values())
        return len(self._copies) > self._size or held > self._bytes

    def forget(self, interview: InterviewId) -> None:
        """Drop what is kept of a deleted recording."""
        with self._guard:
            for key in [key for key in self._copies if key[0] == interview]:
                del self._copies[key]
            for made in [made for made in self._made if made[0] == interview]:
                del self._made[made]
