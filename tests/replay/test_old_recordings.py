"""What an earlier version recorded still opens, holds and plays. The files are never made again, only added to."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from room.replay import authorship, recording
from room.replay.copies import copy_of
from room.session.ids import InterviewId
from room.session.visibility import PUBLIC
from room.store import journal
from room.store import segments as packed
from room.store.journal import Walk
from room.store.pen import Row, commitment
from room.store.sealing import Cipher
from room.store.segments import Segment
from room.web import recordings

FOLDER = Path(__file__).parents[1] / "data/recordings"


@pytest.fixture
def kept():
    return json.loads(gzip.decompress((FOLDER / "journal-v1.json.gz").read_bytes()))


def opened(kept):
    """Its events, with the chain walked on the way."""
    cipher, session = Cipher(bytes.fromhex(kept["key"])), InterviewId(kept["session"])
    walk, events = Walk(session), []
    for first, last, sealed, last_hash in kept["blocks"]:
        block = Segment(
            session, first, last, "a_iris", base64.b64decode(sealed), base64.b64decode(last_hash)
        )
        for seq, row in enumerate(packed.rows(block, cipher), first):
            salt = row.salt or cipher.salt(f"journal/{session}/{seq}")
            by, event = journal.decode_payload(row.payload)
            one = journal.Recorded(seq, row.at_ms, row.wall_ms, by, event)
            stored = block.last_hash if seq == last else None
            walk.step(one, commitment(salt + row.payload), stored)
            events.append(one)
    for seq, at_ms, wall_ms, sealed, hashed in kept["rows"]:
        row = Row(
            session, seq, "a_iris", at_ms, wall_ms, base64.b64decode(sealed), base64.b64decode(hashed)
        )  # fmt: skip
        one, committed = journal.open_row(row, cipher)
        walk.step(one, committed, row.hash)
        events.append(one)
    assert walk.last_hash.hex() == kept["last_hash"]
    return events


def test_a_journal_of_version_1_opens_holds_and_plays(kept):
    events = opened(kept)
    assert len(events) == 420
    assert events[-1].at_ms == kept["end_ms"]
    assert authorship.texts_at(events)["f_main"] == kept["text"]
    assert list(copy_of(PUBLIC, events).segments())[-1].events


def test_a_changed_row_of_it_does_not_hold(kept):
    kept["rows"][7][1] += 1
    with pytest.raises(journal.BrokenChain, match="row 308: does not follow"):
        opened(kept)
    kept["rows"].pop(6)
    with pytest.raises(journal.BrokenChain, match="row 307: is missing"):
        opened(kept)


def test_a_recording_file_of_version_1_is_read_and_plays(kept):
    file = (FOLDER / "recording-v1.room.zip").read_bytes()
    found, made = recordings.check(file)
    assert found.is_signed
    assert made.duration_ms == kept["end_ms"]
    assert [person.first for person in made.people] == ["Iris", "Cal"]
    assert authorship.texts_at(found.events)["f_main"] == kept["text"]
    assert recording.is_recording(file[:64])
