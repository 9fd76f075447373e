"""Reading the wire: nothing a peer sends brings the reader down, and honest bytes are read as they were meant."""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Map, Text

from room.realtime import frames, protocol
from room.realtime.document import Document, TooBig, Unready
from room.realtime.updates import (
    is_ready,
    read_state_vector,
    read_update,
    unknown_roots,
    write_state_vector,
)
from room.session.ids import FileId
from room.yjs.encoding import Malformed, Reader, write_bytes, write_uint

FILE = FileId("f_a")


def recorded_edits(steps: list[tuple[int, int, str]]) -> tuple[Doc[Text], list[bytes]]:
    doc: Doc[Text] = Doc()
    seen: list[bytes] = []
    doc.observe(lambda event: seen.append(event.update))
    text = doc.get("f:f_a", type=Text)
    for place, remove, insert in steps:
        plain = str(text)
        start = place % (len(plain) + 1)
        first = len(plain[:start].encode())
        last = len(plain[: start + remove].encode())
        with doc.transaction():
            if last > first:
                del text[first:last]
            if insert:
                text.insert(first, insert)
    return doc, seen


EDITS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 4), st.text("aé😀\n", max_size=4)), max_size=30
)


@given(st.integers(0, 2**53 - 1))
def test_numbers_come_back(number: int) -> None:
    reader = Reader(write_uint(number))
    assert reader.uint() == number
    reader.end()


@settings(max_examples=400)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_malformed(data: bytes) -> None:
    for read in (protocol.parse, read_update, read_state_vector):
        with contextlib.suppress(Malformed):
            read(data)


@settings(max_examples=200, deadline=None)
@given(EDITS, st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_is_read_or_refused_but_never_breaks_the_reader(
    steps: list[tuple[int, int, str]], place: int, value: int
) -> None:
    _, updates = recorded_edits(steps)
    for update in updates:
        damaged = bytearray(update)
        damaged[place % len(damaged)] = value
        with contextlib.suppress(Malformed):
            read_update(bytes(damaged))


@settings(max_examples=150, deadline=None)
@given(EDITS)
def test_a_document_that_takes_each_update_ends_like_its_author(
    steps: list[tuple[int, int, str]],
) -> None:
    doc, updates = recorded_edits(steps)
    ours = Document()
    for raw in updates:
        assert ours.take(raw, read_update(raw)) is not None
    assert ours.text(FILE) == str(doc.get("f:f_a", type=Text))
    assert (
        ours.state_vector() == doc.get_state() or read_state_vector(doc.get_state()) == ours.clocks
    )
    whole = doc.get_update()
    assert ours.take(whole, read_update(whole)) is None, "nothing new in what is known"


@settings(max_examples=100, deadline=None)
@given(EDITS, st.randoms())
def test_updates_out_of_order_are_not_ready_and_change_nothing(
    steps: list[tuple[int, int, str]], dice: random.Random
) -> None:
    doc, updates = recorded_edits(steps)
    ours = Document()
    waiting = list(updates)
    dice.shuffle(waiting)
    while waiting:
        late = []
        for raw in waiting:
            before = ours.text(FILE)
            try:
                ours.take(raw, read_update(raw))
            except Unready:
                assert ours.text(FILE) == before
                late.append(raw)
        assert len(late) < len(waiting)
        waiting = late
    assert ours.text(FILE) == str(doc.get("f:f_a", type=Text))


def test_a_resync_is_journaled_as_only_what_is_new() -> None:
    doc, updates = recorded_edits([(0, 0, "hello"), (5, 0, " world"), (0, 2, "")])
    ours = Document()
    ours.take(updates[0], read_update(updates[0]))
    whole = doc.get_update()
    brought = ours.take(whole, read_update(whole))
    assert brought is not None
    assert len(brought) < len(whole) + 10
    assert ours.text(FILE) == str(doc.get("f:f_a", type=Text))


def test_what_is_no_text_is_refused() -> None:
    doc: Doc[Map] = Doc()
    doc.get("f:f_a", type=Map)["key"] = "value"
    with pytest.raises(Malformed):
        read_update(doc.get_update())
    other: Doc[Text] = Doc()
    other.get("f:f_a", type=Text).insert_embed(0, {"a": 1})
    with pytest.raises(Malformed):
        read_update(other.get_update())


def test_a_root_that_is_no_file_is_noticed() -> None:
    doc: Doc[Text] = Doc()
    doc.get("f:elsewhere", type=Text).insert(0, "x")
    update = read_update(doc.get_update())
    assert unknown_roots(update, {"f_a"})
    assert not unknown_roots(update, {"elsewhere"})


def test_a_state_vector_that_announces_a_quarter_of_a_billion_entries_costs_nothing() -> None:
    with pytest.raises(Malformed):
        read_state_vector(bytes.fromhex("ffffff7f"))


@given(st.dictionaries(st.integers(0, 2**50), st.integers(0, 2**31), max_size=20))
def test_state_vectors_come_back(vector: dict[int, int]) -> None:
    assert read_state_vector(write_state_vector(vector)) == vector


def test_the_document_has_a_size() -> None:
    ours = Document()
    for number in range(5):
        doc: Doc[Text] = Doc()
        doc.get("f:f_a", type=Text).insert(0, "x" * 500_000)
        raw = doc.get_update()
        if number < 4:
            ours.take(raw, read_update(raw))
        else:
            with pytest.raises(TooBig):
                ours.take(raw, read_update(raw))


def test_frames_beyond_their_bound_are_too_large() -> None:
    with pytest.raises(protocol.TooLarge):
        protocol.parse(protocol.update(bytes(protocol.FRAME_MAX)))
    with pytest.raises(protocol.TooLarge):
        protocol.parse(bytes((100,)) + write_bytes(bytes(protocol.ROOM_MESSAGE_MAX)))
    with pytest.raises(protocol.TooLarge):
        protocol.parse(protocol.awareness(1, 1, b"x" * protocol.AWARENESS_MAX))


def test_awareness_about_others_is_not_even_read() -> None:
    both = write_uint(2) + b"".join(
        write_uint(client) + write_uint(1) + write_bytes(b"{}") for client in (1, 2)
    )
    assert isinstance(protocol.parse(bytes((1,)) + write_bytes(both)), frames.ForeignAwareness)


def test_readiness_asks_for_origins_and_for_what_is_deleted() -> None:
    doc, updates = recorded_edits([(0, 0, "abc"), (1, 1, "")])
    assert not is_ready(read_update(updates[1]), {})
    assert is_ready(read_update(updates[1]), read_state_vector(doc.get_state()))


@pytest.mark.parametrize(
    "said",
    [
        b'{"t":"do","id":1,"do":{"type":"SendChat","text":"\xff"}}',
        b'{"t":"\xff"}',
        b'{"t":"ping","\xff":1}',
    ],
)
def test_a_room_message_that_is_no_text_is_refused_before_a_room_reads_it(said: bytes) -> None:
    with pytest.raises(Malformed):
        protocol.parse(bytes((protocol.ROOM,)) + write_bytes(said))
