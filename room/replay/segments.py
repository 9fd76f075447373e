"""Segments: a keyframe, and the events of at most two minutes after it. Any moment is one keyframe and one segment away.

Segments are cut from the front, so that those of a running session stay as they are when it grows; only its last one does.
What is cut is what the viewer may see, numbered for them from 1 without gaps.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from pycrdt import Doc

from room.replay.moment import Moment, advance, advance_over
from room.session import events as e
from room.session.events import Recorded

EVENTS_MAX = 1250
LENGTH_MS = 120_000
VERSION = 1
"""Version of the segment's format; described in docs/recording.md."""


class Damaged(Exception):
    """An edit in the recording cannot be applied; what was recorded before it still plays."""

    def __init__(self, at_ms: int) -> None:
        super().__init__(f"the recording is damaged at {at_ms} ms")
        self.at_ms = at_ms


class Segment(msgspec.Struct, frozen=True):
    at_ms: int
    """When it begins: time of its first event, 0 for the first segment."""
    first: int
    """Number of its first event for this viewer, from 1."""
    document: bytes
    """The whole Yjs document before its first event, as one update (v1)."""
    moment: Moment
    """What else was on the screen before its first event."""
    events: tuple[Recorded, ...]


class SegmentPlan(msgspec.Struct, frozen=True):
    """What an index says of a segment."""

    at_ms: int
    first: int
    events: int


def build(visible: Sequence[Recorded], after: Sequence[Segment] = ()) -> list[Segment]:
    """The segments of a viewer's events; ``visible`` are all of them, those before Start included.

    ``after``: segments of an earlier call with a beginning of the same events; all but the last are taken over.

    Raises:
        Damaged: an update cannot be applied. Its ``at_ms`` says from where on; cut the events there and try again.
    """
    start = start_of(visible)
    if start is None:
        return []
    played = visible[start:]
    if after:
        segments = list(after[:-1])
        first, at_ms = after[-1].first, after[-1].at_ms
        document, moment = after[-1].document, after[-1].moment
    else:
        segments = []
        first, at_ms = 1, 0
        document, moment = _opening(visible[:start])
    doc: Doc[Any] = Doc()
    _apply(doc, document, at_ms)
    events: list[Recorded] = []
    for one in played[first - 1 :]:
        if len(events) >= EVENTS_MAX or one.at_ms >= at_ms + LENGTH_MS:
            segments.append(Segment(at_ms, first, document, moment, tuple(events)))
            moment = advance_over(moment, events)
            first, at_ms, events = first + len(events), one.at_ms, []
            document = doc.get_update()
        events.append(one)
        if isinstance(one.event, e.DocEdited):
            _apply(doc, one.event.update, one.at_ms)
    segments.append(Segment(at_ms, first, document, moment, tuple(events)))
    return segments


def start_of(events: Sequence[Recorded]) -> int | None:
    """Index of the first event after Start; None if the interview has not started."""
    for index, one in enumerate(events):
        if isinstance(one.event, e.InterviewStarted):
            return index + 1
    return None


def plans(segments: Iterable[Segment], until_ms: int) -> tuple[SegmentPlan, ...]:
    """What the index lists: segments that begin after ``until_ms`` are left out."""
    return tuple(
        SegmentPlan(s.at_ms, s.first, len(s.events)) for s in segments if s.at_ms <= until_ms
    )


def encode(segment: Segment) -> bytes:
    """The segment as compact JSON for the player.

    An event is ``[ms since the event before it, author, fact]``. The two most frequent facts are short: an edit is its
    update in base64, a caret is ``[file, anchor, head]``; all others are objects with their ``type``.
    """
    events: list[list[Any]] = []
    before = segment.at_ms
    for one in segment.events:
        events.append([one.at_ms - before, one.by, _fact(one.event)])
        before = one.at_ms
    return msgspec.json.encode(
        {
            "v": VERSION,
            "at_ms": segment.at_ms,
            "first": segment.first,
            "document": base64.b64encode(segment.document).decode("ascii"),
            "moment": segment.moment,
            "events": events,
        }
    )


def _fact(event: e.Event) -> Any:
    match event:
        case e.DocEdited():
            return base64.b64encode(event.update).decode("ascii")
        case e.CaretMoved():
            return [event.file, event.anchor, event.head]
        case _:
            return e.to_wire(event)


def _opening(before: Iterable[Recorded]) -> tuple[bytes, Moment]:
    """Document and moment at Start. What was run and tried before it is not replayable."""
    doc: Doc[Any] = Doc()
    moment = Moment()
    for one in before:
        if isinstance(one.event, e.DocEdited):
            _apply(doc, one.event.update, 0)
        moment = advance(moment, one)
    moment = msgspec.structs.replace(
        moment, phase="running", terminal=None, tests=None, hidden=None
    )
    return doc.get_update(), moment


def _apply(doc: Doc[Any], update: bytes, at_ms: int) -> None:
    try:
        doc.apply_update(update)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # pycrdt raises PanicException, which is no Exception
        raise Damaged(at_ms) from error
