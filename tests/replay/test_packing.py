"""Packed rows: every byte comes back, the chain stays, and the room that a keystroke takes."""

import contextlib
import json
import lzma
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from room import config
from room.desk import retention
from room.realtime import recovery
from room.replay import authorship
from room.session import events as e
from room.session.events import encode_payload
from room.store import interviews, journal, packing
from room.store import segments as packed_rows
from room.store.engine import Store
from room.store.packing import BadPack, PackedRow
from room.store.sealing import KeyDestroyed, Seals

BYTES_A_KEYSTROKE_MAX = 12


def rows_of(recorded):
    return [PackedRow(o.at_ms, o.wall_ms, encode_payload(o.by, o.event)) for o in recorded]


payloads = st.one_of(
    st.binary(max_size=60),
    st.builds(encode_payload, st.just("m_cal"), st.builds(e.DocEdited, st.binary(max_size=40))),
    st.builds(
        encode_payload,
        st.sampled_from(["m_cal", "m_ü"]),
        st.builds(
            e.CaretMoved,
            st.just("f_main"),
            st.sampled_from(['{"item":{"client":7,"clock":3},"assoc":-1}', '{"item":{}}', "x", ""]),
            st.sampled_from(
                ['{"item":{"client":900,"clock":0},"assoc":0}', '{"item":{"client":7,"clock":3},"assoc":-1}']
            ),
        ),
    ),
)  # fmt: skip


@given(
    st.lists(
        st.builds(
            PackedRow,
            st.integers(0, 2**40),
            st.integers(-(2**40), 2**45),
            payloads,
            st.none() | st.binary(min_size=16, max_size=16),
        ),
        max_size=30,
    )
)
def test_any_rows_come_back_byte_for_byte(rows):
    assert packing.unpack(packing.pack(rows)) == rows


def test_a_real_session_comes_back_and_takes_few_bytes_a_keystroke(clownschool):
    rng = random.Random(7)
    rows = []
    at = wall = 0
    for (
        one
    ) in clownschool.recorded:  # the trace knows seconds; a room's milliseconds cannot be guessed
        at = max(at, one.at_ms + rng.randrange(1000))
        wall = at + 1_780_000_000_000 + rng.randrange(3)
        rows.append(PackedRow(at, wall, encode_payload(one.by, one.event)))
    blocks = [packing.pack(rows[i : i + journal.PACK_ROWS]) for i in range(0, len(rows), journal.PACK_ROWS)]  # fmt: skip
    assert [row for block in blocks for row in packing.unpack(block)] == rows
    edits = sum(isinstance(one.event, e.DocEdited) for one in clownschool.recorded)
    assert sum(map(len, blocks)) / edits < BYTES_A_KEYSTROKE_MAX / 2


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_pack_is_refused_or_still_whole_and_never_anything_else(opening, data):
    block = packing.pack(rows_of(opening().recorded))
    at = data.draw(st.integers(0, len(block) - 1))
    changed = bytearray(block)
    changed[at] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(changed), block[:at]):
        with contextlib.suppress(BadPack):
            assert all(isinstance(row, PackedRow) for row in packing.unpack(bad))


def test_a_bomb_is_refused_before_it_grows(script):
    bomb = lzma.compress(bytes(20_000_000), lzma.FORMAT_RAW, filters=packing._FILTERS)
    assert len(bomb) < 20_000
    for size in (10, 2**32 - 1):
        with pytest.raises(BadPack):
            packing.unpack(b"RMPK" + struct.pack(">BI", 1, size) + bomb)
    with pytest.raises(BadPack, match="version 9"):
        packing.unpack(b"RMPK\x09" + packing.pack(rows_of(script.recorded))[5:])


# ------------------------------------------------------------------------------------------------ in the store


@pytest.fixture
def store(tmp_path):
    store = Store.open(config.load({"ROOM_DATA_DIR": str(tmp_path / "data")}))
    yield store
    store.close()


@pytest.fixture
def seals():
    return Seals(b"k" * 32)


@pytest.fixture
def closed(store, seals, script, played, stage_rows, monkeypatch):
    """A session that was held and closed, and its events; packed in blocks of 100 rows."""
    monkeypatch.setattr(journal, "PACK_ROWS", 100)
    held = stage_rows(store, seals, played(script).recorded)
    with store.begin() as conn:
        interviews.mark_closed(conn, held.owner, held.interview, 1_780_000_900_000)
        before = journal.load(conn, seals, held.interview)
    return held, before


def pack_all(store, seals, session):
    while journal.pack_next(store, seals, session):
        pass


def test_packing_changes_nothing_that_is_read(store, seals, closed):
    held, before = closed
    with store.read() as conn:
        last = journal.last_hash(conn, held.interview)
        unpacked_bytes = journal.stored_bytes(conn, held.interview)
        assert journal.unpacked(conn) == [held.interview]
    assert journal.pack_next(store, seals, held.interview) == 100
    with store.read() as conn:  # half packed, as after a crash
        assert journal.load(conn, seals, held.interview) == before
        assert journal.verify(conn, seals, held.interview) == len(before)
    pack_all(store, seals, held.interview)
    with store.read() as conn:
        assert journal.unpacked(conn) == []
        assert not list(journal.rows_of(conn, held.interview))
        assert journal.load(conn, seals, held.interview) == before
        assert journal.load(conn, seals, held.interview, 250) == before[250:]
        assert journal.last_hash(conn, held.interview) == last
        assert journal.verify(conn, seals, held.interview) == len(before)
        assert journal.stored_bytes(conn, held.interview) < unpacked_bytes / 4
        session = recovery.load(conn, seals.cipher(conn, held.interview), held.interview)
    assert session.seq == len(before)
    whole = e.Recorded(1, 0, 0, "system", e.DocEdited(session.document.whole()))
    assert authorship.texts_at([whole]) == authorship.texts_at(before)


def test_a_session_that_is_not_closed_is_left_alone(store, seals, script, stage_rows):
    held = stage_rows(store, seals, script.recorded)
    with store.read() as conn:
        assert held.interview not in journal.unpacked(conn)


def test_the_walk_says_where_a_packed_block_was_changed_is_missing_or_out_of_order(
    store, seals, closed
):
    held, _before = closed
    pack_all(store, seals, held.interview)
    table = packed_rows.segments
    mine = table.c.session_id == held.interview

    def broken(*changes):
        with pytest.raises(journal.BrokenChain) as found:
            verified(changes)
        return str(found.value)

    def verified(changes):
        with store.begin() as conn:  # the changes are rolled back
            for change in changes:
                conn.execute(change)
            journal.verify(conn, seals, held.interview)

    second = mine & (table.c.first_seq == 101)
    with store.read() as conn:
        sealed = conn.scalar(select(table.c.sealed).where(second))
        hashed = conn.scalar(select(table.c.last_hash).where(second))
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    assert (
        broken(update(table).where(second).values(sealed=flipped))
        == "row 101: was changed, or one up to row 200 was"
    )
    assert (
        broken(update(table).where(second).values(last_hash=hashed[::-1]))
        == "row 200: does not follow from the row before it"
    )
    assert broken(delete(table).where(second)) == "row 101: is missing"
    moved = update(table).where(second).values(first_seq=90_101, last_seq=90_200)
    assert broken(moved) == "row 101: is missing"


def test_rows_that_do_not_hold_are_not_packed(store, seals, closed):
    held, _ = closed
    with store.begin() as conn:
        conn.execute(
            update(journal.journal)
            .where(journal.journal.c.session_id == held.interview, journal.journal.c.seq == 40)
            .values(at_ms=5)
        )
    with pytest.raises(journal.BrokenChain, match="row 40"):
        journal.pack_next(store, seals, held.interview)
    with store.read() as conn:
        assert packed_rows.last_of(conn, held.interview) is None


def test_rows_with_salts_of_their_own_keep_them(store, seals, closed, monkeypatch):
    """Rows of earlier programs: their salts do not follow from the key."""
    held, before = closed
    monkeypatch.setattr("room.store.sealing.Cipher.salt", lambda *_: b"another salt now")
    pack_all(store, seals, held.interview)
    with store.read() as conn:
        assert journal.verify(conn, seals, held.interview) == len(before)


def test_deleting_removes_the_key_and_every_block(store, seals, closed, tmp_path):
    held, before = closed
    pack_all(store, seals, held.interview)
    said = next(one.event.text for one in before if isinstance(one.event, e.ChatSent))
    with store.begin() as conn:
        retention.erase(conn, seals, interviews.load(conn, held.owner, held.interview))
    with store.read() as conn:
        assert packed_rows.last_of(conn, held.interview) is None
        assert journal.last_hash(conn, held.interview)[0] == 0
        with pytest.raises(KeyDestroyed):
            journal.load(conn, seals, held.interview)
        row = interviews.load(conn, held.owner, held.interview)
        assert (row.state, row.candidate_name, row.starts_at_ms > 0) == ("deleted", "Deleted", True)
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert said.encode() not in files
    assert json.dumps(said).encode() not in files
