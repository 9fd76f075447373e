"""Copies: what one viewer may see of a recording.

A copy is made from a reel by ``visible_to``, in the time that its facts take: edits and carets are everybody's and are read when
somebody goes there. Copies hold bytes and records, no document of pycrdt, so threads may share them.
"""

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from room.replay.moment import Moment, advance_over
from room.replay.reel import Reel, extend
from room.replay.segments import Segment, SegmentPlan, start_of
from room.session.events import Recorded
from room.session.evolve import evolve
from room.session.ids import InterviewId
from room.session.state import EMPTY, SessionState
from room.session.visibility import Viewer, visible_to

COPIES_MAX = 16
MADE_BYTES_MAX = 64 * 1024 * 1024
"""Of indexes and packed segments that are kept."""
REEL_BYTES_MAX = 128 * 1024 * 1024
"""Of all reels together; one that is larger by itself is kept while it is the last one used."""


class Copy(msgspec.Struct, frozen=True):
    """One viewer's copy of a recording, as far as it has been read."""

    viewer: Viewer
    reel: Reel
    state: SessionState
    """The session's, not the viewer's."""
    facts: tuple[Recorded, ...]
    """What the viewer may see of the reel's facts."""
    plans: tuple[SegmentPlan, ...]
    moments: tuple[Moment, ...]
    """Before the first event of each segment, without carets."""

    @property
    def started(self) -> bool:
        return bool(self.plans)

    @property
    def damaged_ms(self) -> int | None:
        return self.reel.damaged_ms

    @property
    def last_ms(self) -> int:
        """Time of the last event that the viewer may see."""
        return max(self.reel.strokes.last_ms, self.facts[-1].at_ms if self.facts else 0)

    def segment(self, number: int, *, is_bare: bool = False) -> Segment:
        """``is_bare``: without its document."""
        part, document = (
            (self.reel.part(number), None) if is_bare else self.reel.part_and_document(number)
        )
        stretch = self.reel.stretches[number]
        begin, end = stretch.seq, self.reel.end_of(number)
        low, high = (bisect_left(self.facts, seq, key=lambda one: one.seq) for seq in (begin, end))
        events = sorted([*part.recorded(), *self.facts[low:high]], key=lambda one: one.seq)
        plan = self.plans[number]
        moment = replace(self.moments[number], carets=part.carets)
        return Segment(plan.at_ms, plan.first, stretch.edits, document, moment, tuple(events))

    def segments(self) -> Iterator[Segment]:
        return map(self.segment, range(len(self.plans)))

    def bare_segments(self) -> Iterator[Segment]:
        """Only the first has its document: the others follow from it."""
        return (self.segment(number, is_bare=number > 0) for number in range(len(self.plans)))

    def events(self) -> Iterator[Recorded]:
        """All that the viewer may see, what was before Start included."""
        return self.reel.events(self.facts)


def see(viewer: Viewer, reel: Reel) -> Copy:
    """The viewer's copy of a reel."""
    state, facts = EMPTY, []
    for one in reel.facts:
        if visible_to(one.event, viewer, state):
            facts.append(one)
        state = evolve(state, one)
    if not reel.stretches:
        return Copy(viewer, reel, state, tuple(facts), (), ())
    at = start_of(facts) or 0
    moment = replace(
        advance_over(Moment(), facts[:at]), phase="running", terminal=None, tests=None, hidden=None
    )  # what was run and tried before Start is not replayable
    plans, moments = [], []
    first = 1
    for number, stretch in enumerate(reel.stretches):
        end = bisect_left(facts, reel.end_of(number), lo=at, key=lambda one: one.seq)
        count = stretch.typed + end - at
        plans.append(SegmentPlan(stretch.at_ms, first, count))
        moments.append(moment)
        moment = advance_over(moment, facts[at:end])
        first, at = first + count, end
    return Copy(viewer, reel, state, tuple(facts), tuple(plans), tuple(moments))


def copy_of(viewer: Viewer, recorded: Sequence[Recorded]) -> Copy:
    """The viewer's copy of a session's events."""
    return see(viewer, extend(Reel(), recorded))


class Shelf:
    """The reels and copies that are looked at, the least recently used ones first to go."""

    def __init__(
        self,
        copies: int = COPIES_MAX,
        reel_bytes: int = REEL_BYTES_MAX,
        made_bytes: int = MADE_BYTES_MAX,
    ) -> None:
        self._copies_max, self._reel_bytes, self._made_bytes = copies, reel_bytes, made_bytes
        self._reels: OrderedDict[InterviewId, Reel] = OrderedDict()
        self._copies: OrderedDict[tuple[InterviewId, Viewer], Copy] = OrderedDict()
        self._made: OrderedDict[tuple[InterviewId, int, Hashable], bytes] = OrderedDict()
        self._locks: dict[InterviewId, threading.Lock] = {}
        self._guard = threading.Lock()

    def copy(
        self,
        interview: InterviewId,
        viewer: Viewer,
        load: Callable[[int], Sequence[Recorded]],
        find: Callable[[], Reel | None] = lambda: None,
    ) -> Copy:
        """The viewer's copy up to now. Blocks while it is made; not for the event loop.

        ``find`` brings a reel that was kept, if there is one; ``load(after)`` reads a session's events after a number.
        Both are called without any lock of the store.
        """
        with self._guard:
            lock = self._locks.setdefault(interview, threading.Lock())
        with lock:
            with self._guard:
                known = self._reels.get(interview)
            if known is None:
                known = find() or Reel()
            reel = extend(known, load(known.seq))
            with self._guard:
                self._reels[interview] = reel
                self._reels.move_to_end(interview)
                while len(self._reels) > 1 and self._is_full():
                    self._drop(next(iter(self._reels)))
                copy = self._copies.get((interview, viewer))
            if copy is None or copy.reel is not reel:
                copy = see(viewer, reel)
            with self._guard:
                self._copies[interview, viewer] = copy
                self._copies.move_to_end((interview, viewer))
                while len(self._copies) > self._copies_max:
                    self._copies.popitem(last=False)
            return copy

    def made(
        self, interview: InterviewId, copy: Copy, what: Hashable, make: Callable[[], bytes]
    ) -> bytes:
        """Something made from a copy alone, kept while it is looked at."""
        key = (interview, copy.reel.seq, (copy.viewer, what))
        with self._guard:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        new = make()
        with self._guard:
            self._made[key] = new
            while sum(map(len, self._made.values())) > self._made_bytes and len(self._made) > 1:
                self._made.popitem(last=False)
        return new

    def _is_full(self) -> bool:
        held = sum(reel.held_bytes for reel in self._reels.values())
        return len(self._reels) > self._copies_max or held > self._reel_bytes

    def _drop(self, interview: InterviewId) -> None:
        self._reels.pop(interview, None)
        for key in [key for key in self._copies if key[0] == interview]:
            del self._copies[key]

    def forget(self, interview: InterviewId) -> None:
        """Drop what is held of a deleted recording."""
        with self._guard:
            self._drop(interview)
            self._locks.pop(interview, None)
            for made in [made for made in self._made if made[0] == interview]:
                del self._made[made]
