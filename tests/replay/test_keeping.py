"""Reels are made ahead, apart from the server, sealed; whoever looks gets the same as from the journal."""

import asyncio
import gzip
import json
import os

import msgspec
import pytest
from sqlalchemy import select, update

from room import config
from room.desk import retention
from room.replay import index, keeping, reel, segments
from room.replay.copies import copy_of, see
from room.session import events as e
from room.session.visibility import Viewer
from room.store import interviews, journal, reels
from room.store.engine import Store
from room.store.pen import Pen
from room.store.sealing import Damaged, KeyDestroyed, Seals

VIEWERS = [
    Viewer("interviewer"),
    Viewer("public"),
    Viewer("rater", "m_rater", submitted=False),
    Viewer("reader"),
]


@pytest.fixture
def settings(tmp_path):
    return config.load({"ROOM_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
def store(settings):
    store = Store.open(settings)
    yield store
    store.close()


@pytest.fixture
def seals():
    return Seals(b"k" * 32)


@pytest.fixture
def held(store, seals, script, played, stage_rows):
    """An interview that has ended and can still be taken up again."""
    return stage_rows(store, seals, played(script).recorded)


def keep(store, seals, session):
    asyncio.run(keeping.keep(store, seals, session))


def pack_all(store, seals, held):
    with store.begin() as conn:
        interviews.mark_closed(conn, held.owner, held.interview, 1_780_000_900_000)
    while journal.pack_next(store, seals, held.interview):
        pass


def load(store, seals, session, after=0):
    with store.read() as conn:
        return journal.load(conn, seals, session, after)


def sent(copy):
    made = index.make(copy.facts, copy.reel.strokes, copy.plans, {}, typing=True)
    return [msgspec.json.encode(made), *map(segments.encode, copy.segments())]


def test_who_looks_gets_from_a_kept_reel_what_the_journal_holds(store, seals, held):
    assert keeping.missing(store) == [held.interview]
    assert keeping.find(store, seals, held.interview) is None
    keep(store, seals, held.interview)
    assert keeping.missing(store) == []
    kept = keeping.find(store, seals, held.interview)
    recorded = load(store, seals, held.interview)
    assert list(kept.events()) == recorded
    for viewer in VIEWERS:
        assert sent(see(viewer, kept)) == sent(copy_of(viewer, recorded))


def test_a_chronicle_is_only_used_where_it_tells_all_edits(store, seals, held):
    keep(store, seals, held.interview)
    kept = keeping.find(store, seals, held.interview)
    found = keeping.find_chronicle(store, seals, held.interview, kept)
    assert gzip.decompress(found) == keeping.chronicle_of(kept)
    last = load(store, seals, held.interview)[-1]
    edit = next(one for one in kept.events() if isinstance(one.event, e.DocEdited))
    chat = e.Recorded(last.seq + 1, last.at_ms, last.wall_ms, "m_cal", e.ChatSent("c_9", "bye"))
    grown = reel.extend(kept, [chat])
    assert keeping.find_chronicle(store, seals, held.interview, grown) == found
    more = e.Recorded(last.seq + 2, last.at_ms, last.wall_ms, edit.by, edit.event)
    grown = reel.extend(grown, [more])
    assert keeping.find_chronicle(store, seals, held.interview, grown) is None


def test_a_reel_is_made_again_when_the_journal_was_packed_with_more_in_it(store, seals, held):
    keep(store, seals, held.interview)
    recorded = load(store, seals, held.interview)
    last = recorded[-1]
    later = e.Recorded(
        last.seq + 1, last.at_ms, last.wall_ms + 900_000, "system", e.SessionClosed()
    )
    with store.begin() as conn:
        pen = Pen(
            held.interview,
            held.owner,
            seals.cipher(conn, held.interview),
            journal.last_hash(conn, held.interview)[1],
        )
        journal.append(conn, pen.to_rows([later]))
    kept = keeping.find(store, seals, held.interview)
    grown = reel.extend(kept, load(store, seals, held.interview, kept.seq))
    assert list(grown.events()) == [*recorded, later]
    pack_all(store, seals, held)
    assert keeping.missing(store) == [held.interview]
    keep(store, seals, held.interview)
    assert keeping.missing(store) == []
    assert keeping.find(store, seals, held.interview).seq == later.seq


def test_a_reel_of_another_version_is_not_read_and_is_made_again(store, seals, held, monkeypatch):
    keep(store, seals, held.interview)
    monkeypatch.setattr(reel, "VERSION", reel.VERSION + 1)
    assert keeping.find(store, seals, held.interview) is None
    assert keeping.missing(store) == [held.interview]


def test_a_changed_head_is_not_used_and_swapped_parts_do_not_open(store, seals, held):
    keep(store, seals, held.interview)
    table = reels.reels
    with store.begin() as conn:
        head = conn.scalar(select(table.c.sealed).where(table.c.part == 0))
        conn.execute(update(table).where(table.c.part == keeping.FIRST_STRETCH).values(sealed=head))
    with pytest.raises(Damaged):
        keeping.find(store, seals, held.interview).part(0)
    with store.begin() as conn:
        conn.execute(update(table).where(table.c.part == 0).values(sealed=head[:-1] + b"\0"))
    assert keeping.find(store, seals, held.interview) is None


def test_a_journal_that_does_not_open_is_said_so(store, seals, held):
    with store.begin() as conn:
        conn.execute(update(journal.journal).values(sealed=b"x" * 40))
    with pytest.raises(keeping.NotKept):
        keep(store, seals, held.interview)


def test_a_child_that_fails_leaves_nothing_behind_and_says_why(store, seals, held, monkeypatch):
    block = keeping._Block(1, ((0, 0, b"no payload"),))
    monkeypatch.setattr(keeping, "_blocks", lambda *_: (block,))
    with pytest.raises(keeping.NotKept, match=r"DecodeError|ValidationError"):
        keep(store, seals, held.interview)
    assert keeping.missing(store) == [held.interview]


def test_a_reel_that_came_too_late_for_a_deleted_session_is_not_kept(
    store, seals, held, monkeypatch
):
    made = keeping.make(keeping._blocks(store, seals, held.interview))

    async def slow(_):
        with store.begin() as conn:
            retention.erase(conn, seals, interviews.load(conn, held.owner, held.interview))
        return made

    monkeypatch.setattr(keeping, "_in_child", slow)
    keep(store, seals, held.interview)
    with store.read() as conn:
        assert reels.stored_bytes(conn, held.interview) == 0


def test_deleting_takes_the_reel_too_and_what_was_held_of_it_opens_nothing(
    store, seals, held, settings
):
    keep(store, seals, held.interview)
    kept = keeping.find(store, seals, held.interview)
    said = next(o.event.text for o in kept.facts if isinstance(o.event, e.ChatSent))
    with store.begin() as conn:
        retention.erase(conn, seals, interviews.load(conn, held.owner, held.interview))
    assert keeping.missing(store) == []
    with pytest.raises(KeyDestroyed):
        keeping.find(store, seals, held.interview)
    with pytest.raises(KeyDestroyed):
        kept.part(0)
    files = b"".join(path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file())
    assert said.encode() not in files
    assert json.dumps(said).encode() not in files


def test_a_real_session_is_kept_in_as_many_bytes_a_keystroke_as_promised(
    store, seals, clownschool, stage_rows
):
    held = stage_rows(store, seals, clownschool.recorded)
    keep(store, seals, held.interview)
    pack_all(store, seals, held)
    edits = sum(isinstance(one.event, e.DocEdited) for one in clownschool.recorded)
    with store.read() as conn:
        packed = journal.stored_bytes(conn, held.interview)
        kept = reels.stored_bytes(conn, held.interview)
    assert packed / edits < 12
    assert kept / edits < 12
    assert os.nice(0) < keeping.NICE, "only the child steps back"
