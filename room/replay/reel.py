"""A session's recording cut into stretches, once for everybody: what is read when somebody looks, instead of the journal.

Edits and carets, which everybody may see, stand in the stretches. All other facts, and everything before Start, stand in the
head; what of them a viewer may see is decided when they look (``replay.copies``). Where a stretch ends depends only on what
everybody sees, so the cut tells nothing.

A stretch has a keyframe, the whole document before it, where the edits since the last keyframe weigh half of what that one did.
All keyframes together then weigh about twice what the edits weigh, and any document is made from one keyframe in about the time
that it takes to open it. Reels hold bytes and records, no document of pycrdt, so threads may share them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace
from pycrdt import Doc

from room.replay.moment import Caret, Moment, advance_over
from room.replay.segments import Damaged, start_of
from room.session import events as e
from room.session.events import Recorded, decode_payload, encode_payload
from room.session.ids import SYSTEM, FileId, MemberId
from room.session.visibility import AUDIENCES, Audience

VERSION: Final = 2
"""Of the form in which reels are kept; one of another version is made again."""
EVENTS_MAX: Final = 1250
LENGTH_MS: Final = 120_000
STEP_MS: Final = 30_000
"""Edits are counted for each step of this length."""
THIN_MS: Final = 10_000
KEYFRAME_SHARE: Final = 2
"""A keyframe is made where the edits since the last one weigh this part of it: a wider one costs less room and more time."""

Bring = Callable[[Literal["part", "document"], int], bytes]
"""Brings what was kept of a stretch: what it holds, or its keyframe."""
Place = tuple[FileId, str, str]
"""A caret: file, anchor, head."""


class OtherVersion(ValueError):
    """Another program kept the reel; it is made again."""


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    at_ms: int
    """When it begins: time of its first event, 0 for the first one."""
    seq: int
    """The journal's number of its first event."""
    typed: int
    """How many edits and carets it holds."""
    has_keyframe: bool
    edits: int
    """How many edits there were from Start to it."""


class Strokes(msgspec.Struct, frozen=True, array_like=True):
    """When there were edits, for an index."""

    counts: dict[MemberId, dict[int, int]] = {}
    """Of each person, for each step that has any."""
    times: tuple[int, ...] = ()
    """Thinned: without those that are missing no pause is longer than ``THIN_MS`` that was not before."""
    last_ms: int = 0
    """Of the last edit or caret."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What a stretch holds, its keyframe apart."""

    carets: dict[MemberId, Caret]
    """Where they stood before its first event."""
    events: tuple[tuple[int, int, int, MemberId, bytes | Place], ...]
    """Edits and carets. Numbers less those of the one before: seq, at_ms, wall_ms; then author, and update or caret."""

    def recorded(self) -> list[Recorded]:
        found = []
        seq = at_ms = wall_ms = 0
        for after, at_later, wall_later, by, what in self.events:
            seq, at_ms, wall_ms = seq + after, at_ms + at_later, wall_ms + wall_later
            event = e.DocEdited(what) if isinstance(what, bytes) else e.CaretMoved(*what)
            found.append(Recorded(seq, at_ms, wall_ms, by, event))
        return found

    def updates(self) -> Iterator[bytes]:
        return (what for *_, what in self.events if isinstance(what, bytes))


class Reel(msgspec.Struct, frozen=True):
    """A recording as far as it has been read."""

    seq: int = 0
    """The last event read."""
    facts: tuple[Recorded, ...] = ()
    """Everything before Start; after it, all but edits and carets."""
    strokes: Strokes = Strokes()
    stretches: tuple[Stretch, ...] = ()
    damaged_ms: int | None = None
    """An edit at this time cannot be applied; nothing from then on is in the reel."""
    edits: int = 0
    """How many there were since Start."""
    parts: tuple[bytes | None, ...] = ()
    """One for each stretch; None: ``bring`` brings it."""
    documents: tuple[bytes | None, ...] = ()
    """Each stretch's keyframe as one Yjs update (v1), empty where it has none; None: ``bring`` brings it."""
    bring: Bring | None = None

    @property
    def held_bytes(self) -> int:
        """About what it takes of the memory."""
        held = sum(len(one or b"") for one in (*self.parts, *self.documents))
        return held + 400 * len(self.facts)

    def part(self, number: int) -> Part:
        content = self.parts[number]
        if content is None:
            if self.bring is None:
                raise LookupError(number)
            content = self.bring("part", number)
        return _part.decode(content)

    def keyframe(self, number: int) -> bytes:
        """A stretch's keyframe; empty where it has none."""
        if not self.stretches[number].has_keyframe:
            return b""
        content = self.documents[number]
        if content is None:
            if self.bring is None:
                raise LookupError(number)
            content = self.bring("document", number)
        return content

    def part_and_document(self, number: int) -> tuple[Part, bytes]:
        """A stretch, and the whole document before its first event as one update."""
        return self.part(number), self.keyframe(number) or _played(self, number).get_update()

    def end_of(self, number: int) -> int:
        """The number of the first event behind a stretch."""
        is_last = number + 1 == len(self.stretches)
        return self.seq + 1 if is_last else self.stretches[number + 1].seq

    def events(self, facts: Iterable[Recorded] | None = None) -> Iterator[Recorded]:
        """All edits and carets and the ``facts`` (None: all) in order."""
        waiting = iter(self.facts if facts is None else facts)
        fact = next(waiting, None)
        for number in range(len(self.stretches)):
            for one in self.part(number).recorded():
                while fact is not None and fact.seq < one.seq:
                    yield fact
                    fact = next(waiting, None)
                yield one
        while fact is not None:
            yield fact
            fact = next(waiting, None)


def extend(reel: Reel, recorded: Sequence[Recorded]) -> Reel:
    """The reel after more events of the session, in order and without a gap. Whole stretches stay; only the last one grows."""
    if not recorded:
        return reel
    if reel.damaged_ms is not None:  # what comes after the damage builds on it
        return replace(reel, seq=recorded[-1].seq)
    try:
        return _extend(reel, recorded)
    except Damaged as damage:
        whole = _before((*reel.events(), *recorded), damage.at_ms)
        return replace(_extend(Reel(), whole), seq=recorded[-1].seq, damaged_ms=damage.at_ms)


def _before(events: Sequence[Recorded], at_ms: int) -> list[Recorded]:
    if at_ms > 0:
        return [one for one in events if one.at_ms < at_ms]
    # A damage at Start leaves a recording of no length, without text.
    opening = events[: start_of(events)]
    return [one for one in opening if not isinstance(one.event, e.DocEdited)]


def _extend(reel: Reel, recorded: Sequence[Recorded]) -> Reel:
    if reel.stretches:
        cutter, rest = _again(reel), recorded
    else:
        events = (*reel.facts, *recorded)
        start = start_of(events)
        if start is None:
            return Reel(recorded[-1].seq, events)
        cutter, rest = _at_start(events[:start]), events[start:]
    for one in rest:
        cutter.take(one)
    return cutter.finish(recorded[-1].seq if recorded else reel.seq)


def _at_start(opening: Sequence[Recorded]) -> "_Cutter":
    cutter = _Cutter()
    cutter.facts.extend(opening)
    for one in opening:
        if isinstance(one.event, e.DocEdited):
            _apply(cutter.doc, one.event.update, 0)
    cutter.carets = advance_over(Moment(), opening).carets
    cutter.begin(0, opening[-1].seq + 1)
    return cutter


def _again(reel: Reel) -> "_Cutter":
    """Goes on where the reel ends: its last stretch is taken up again."""
    last = len(reel.stretches) - 1
    part = reel.part(last)
    cutter = _Cutter()
    cutter.facts.extend(reel.facts)
    cutter.counts = {member: dict(row) for member, row in reel.strokes.counts.items()}
    cutter.times, cutter.last_ms = list(reel.strokes.times), reel.strokes.last_ms
    cutter.edits = cutter.edits_before = reel.stretches[last].edits
    cutter.stretches, cutter.parts = list(reel.stretches[:-1]), list(reel.parts[:-1])
    cutter.documents = list(reel.documents[:-1])
    cutter.bring = reel.bring
    cutter.doc = _played(reel, last)
    cutter.at_ms, cutter.seq = reel.stretches[last].at_ms, reel.stretches[last].seq
    cutter.carets, cutter.document = part.carets, reel.keyframe(last)
    cutter.typed = part.recorded()
    cutter.edits += sum(isinstance(one.event, e.DocEdited) for one in cutter.typed)
    facts = [one for one in reel.facts if one.seq >= cutter.seq and _is_everyones(one)]
    cutter.seen = sorted([*cutter.typed, *facts], key=lambda one: one.seq)
    frame = _frame_of(reel, last)
    cutter.frame_bytes = len(reel.keyframe(frame))
    between = map(reel.part, range(frame, last))
    cutter.since = sum(len(update) for one in between for update in one.updates())
    return cutter


class _Cutter:
    """Cuts events into stretches. Holds a document, so it stays in its thread."""

    def __init__(self) -> None:
        self.facts: list[Recorded] = []
        self.counts: dict[MemberId, dict[int, int]] = {}
        self.times: list[int] = []
        self.last_ms = 0
        self.stretches: list[Stretch] = []
        self.parts: list[bytes | None] = []
        self.documents: list[bytes | None] = []
        self.bring: Bring | None = None
        self.doc: Doc[Any] = Doc()
        """Before the first event of the stretch that is open."""
        self.frame_bytes = 0
        self.since = 0
        """Bytes of the edits between the last keyframe and the open stretch."""
        self.edits = 0
        self.edits_before = 0
        """Of them, before the open stretch."""
        self.at_ms = self.seq = 0
        self.document = b""
        self.carets: dict[MemberId, Caret] = {}
        self.typed: list[Recorded] = []
        self.seen: list[Recorded] = []
        """What of the open stretch everybody sees."""

    def take(self, one: Recorded) -> None:
        is_everyones = _is_everyones(one)
        if is_everyones and (len(self.seen) >= EVENTS_MAX or one.at_ms >= self.at_ms + LENGTH_MS):
            self._end()
            self.begin(one.at_ms, one.seq)
        if is_everyones:
            self.seen.append(one)
        if isinstance(one.event, e.DocEdited | e.CaretMoved):
            self.typed.append(one)
            self._count(one)
        else:
            self.facts.append(one)

    def begin(self, at_ms: int, seq: int) -> None:
        self.at_ms, self.seq, self.typed, self.seen = at_ms, seq, [], []
        self.edits_before = self.edits
        self.document = b""
        if KEYFRAME_SHARE * self.since >= self.frame_bytes:
            self.document = self.doc.get_update()
            self.frame_bytes, self.since = len(self.document), 0

    def _end(self) -> None:
        events = []
        seq = at_ms = wall_ms = 0
        for one in self.typed:
            event = one.event
            what: Any = (
                event.update if isinstance(event, e.DocEdited) else msgspec.structs.astuple(event)
            )
            events.append((one.seq - seq, one.at_ms - at_ms, one.wall_ms - wall_ms, one.by, what))
            seq, at_ms, wall_ms = one.seq, one.at_ms, one.wall_ms
        self.parts.append(_encoder.encode(Part(self.carets, tuple(events))))
        self.documents.append(self.document)
        self.stretches.append(
            Stretch(self.at_ms, self.seq, len(events), bool(self.document), self.edits_before)
        )
        self.carets = advance_over(Moment(carets=self.carets), self.seen).carets
        with self.doc.transaction():
            for one in self.typed:
                if isinstance(one.event, e.DocEdited):
                    _apply(self.doc, one.event.update, one.at_ms)
                    self.since += len(one.event.update)

    def _count(self, one: Recorded) -> None:
        at_ms = self.last_ms = one.at_ms
        if isinstance(one.event, e.CaretMoved):
            return
        self.edits += 1
        if len(self.times) > 1 and at_ms - self.times[-2] <= THIN_MS:
            self.times[-1] = at_ms
        else:
            self.times.append(at_ms)
        if one.by != SYSTEM:
            row = self.counts.setdefault(one.by, {})
            row[at_ms // STEP_MS] = row.get(at_ms // STEP_MS, 0) + 1

    def finish(self, seq: int) -> Reel:
        self._end()
        strokes = Strokes(self.counts, tuple(self.times), self.last_ms)
        return Reel(
            seq,
            tuple(self.facts),
            strokes,
            tuple(self.stretches),
            edits=self.edits,
            parts=tuple(self.parts),
            documents=tuple(self.documents),
            bring=self.bring,
        )


def _is_everyones(one: Recorded) -> bool:
    return AUDIENCES.get(type(one.event)) is Audience.EVERYONE


def _frame_of(reel: Reel, number: int) -> int:
    while not reel.stretches[number].has_keyframe:
        number -= 1
    return number


def _played(reel: Reel, number: int) -> "Doc[Any]":
    """The document before the first event of stretch ``number``."""
    frame = _frame_of(reel, number)
    doc: Doc[Any] = Doc()
    with doc.transaction():
        doc.apply_update(reel.keyframe(frame))
        for before in range(frame, number):
            for update in reel.part(before).updates():
                doc.apply_update(update)
    return doc


def _apply(doc: "Doc[Any]", update: bytes, at_ms: int) -> None:
    try:
        doc.apply_update(update)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # pycrdt raises PanicException, which is no Exception
        raise Damaged(at_ms) from error


# ------------------------------------------------------------------------------------------------ the head, as it is kept


class _Head(msgspec.Struct, frozen=True, array_like=True):
    version: int
    seq: int
    damaged_ms: int | None
    strokes: Strokes
    stretches: tuple[Stretch, ...]
    edits: int
    facts: tuple[tuple[int, int, int, bytes], ...]
    """Number, at_ms, wall_ms and payload, as the journal has them."""


_encoder = msgspec.msgpack.Encoder()
_part = msgspec.msgpack.Decoder(Part)
_head = msgspec.msgpack.Decoder(_Head)


def head_of(reel: Reel) -> bytes:
    """All of a reel but its parts."""
    facts = tuple(
        (one.seq, one.at_ms, one.wall_ms, encode_payload(one.by, one.event)) for one in reel.facts
    )
    return _encoder.encode(
        _Head(VERSION, reel.seq, reel.damaged_ms, reel.strokes, reel.stretches, reel.edits, facts)
    )


def from_head(content: bytes, bring: Bring) -> Reel:
    """The inverse of :func:`head_of`; parts and keyframes are asked for when they are needed.

    Raises:
        OtherVersion: another program kept it.
    """
    try:
        head = _head.decode(content)
    except msgspec.DecodeError as error:
        raise OtherVersion from error
    if head.version != VERSION:
        raise OtherVersion
    facts = tuple(
        Recorded(seq, at_ms, wall_ms, *decode_payload(payload))
        for seq, at_ms, wall_ms, payload in head.facts
    )
    nothing = (None,) * len(head.stretches)
    return Reel(
        head.seq,
        facts,
        head.strokes,
        head.stretches,
        head.damaged_ms,
        head.edits,
        nothing,
        nothing,
        bring,
    )
