"""Segments: a keyframe, and the events of at most two minutes after it. Any moment is one keyframe and one segment away.

Where they end is decided in ``replay.reel``. What is in them is what the viewer may see, numbered for them from 1 without gaps.
"""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from room.replay.moment import Moment
from room.session import events as e
from room.session.events import Recorded

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
    edits: int
    """How many edits there were from Start to it."""
    document: bytes | None
    """The whole Yjs document before its first event, as one update (v1); None where it was not asked for."""
    moment: Moment
    """What else was on the screen before its first event."""
    events: tuple[Recorded, ...]


class SegmentPlan(msgspec.Struct, frozen=True):
    """What an index says of a segment."""

    at_ms: int
    first: int
    events: int


def start_of(events: Sequence[Recorded]) -> int | None:
    """Index of the first event after Start; None if the interview has not started."""
    for index, one in enumerate(events):
        if isinstance(one.event, e.InterviewStarted):
            return index + 1
    return None


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
    sent = {
        "v": VERSION,
        "at_ms": segment.at_ms,
        "first": segment.first,
        "edits": segment.edits,
        "moment": segment.moment,
        "events": events,
    }
    if segment.document is not None:
        sent["document"] = base64.b64encode(segment.document).decode("ascii")
    return msgspec.json.encode(sent)


def _fact(event: e.Event) -> Any:
    match event:
        case e.DocEdited():
            return base64.b64encode(event.update).decode("ascii")
        case e.CaretMoved():
            return [event.file, event.anchor, event.head]
        case _:
            return e.to_wire(event)
