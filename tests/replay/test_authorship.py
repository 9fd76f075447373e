import contextlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from room.replay import authorship
from room.session.ids import SYSTEM
from room.yjs.updates import UnreadableUpdate, read_update, units

CAL, IRIS, FILE = "m_cal", "m_iris", "f_main"


def test_a_line_belongs_to_who_wrote_most_of_it(script):
    script.edit(CAL, 16, "return 1  # ", at_ms=1000)
    script.edit(IRIS, 0, "x", at_ms=2000)
    assert authorship.lines(script.recorded) == {
        FILE: [("xdef book():", SYSTEM), ("    return 1  # pass", CAL)]
    }


def test_the_author_owns_the_client_id_and_not_the_connection(script):
    script.edit(CAL, 0, "# Cal typed this\n", at_ms=1000)
    brought = script.recorded[-1]
    script.recorded[-1] = type(brought)(brought.seq, 1000, brought.wall_ms, IRIS, brought.event)
    assert authorship.lines(script.recorded)[FILE][0] == ("# Cal typed this", CAL)


def test_an_empty_line_belongs_to_who_broke_it(script):
    script.edit(CAL, 0, "\n", at_ms=1)
    assert authorship.lines(script.recorded)[FILE][0] == ("", CAL)


def test_emoji_and_accents_do_not_shift_the_author(script):
    script.edit(CAL, 0, "# é😀\n", at_ms=1).edit(IRIS, 3, "😀é", at_ms=2).edit(
        CAL, 4, delete=1, at_ms=3
    )
    spans = authorship.authored(script.recorded)[FILE]
    assert spans[:3] == [("# é", CAL), ("😀", IRIS), ("😀\n", CAL)]


def test_texts_are_those_of_the_moment(script):
    script.edit(CAL, 0, "a", at_ms=1000).edit(CAL, 1, "b", at_ms=2000)
    assert authorship.texts_at(script.recorded, 0)[FILE].startswith("def")
    assert authorship.texts_at(script.recorded, 1999)[FILE].startswith("adef")
    assert authorship.texts_at(script.recorded)[FILE] == script.text()


EDIT = st.tuples(
    st.sampled_from([CAL, IRIS]),
    st.integers(0, 40),
    st.text(st.sampled_from("ab\n é😀"), max_size=4),
    st.integers(0, 5),
)


@settings(max_examples=60, deadline=None)
@given(edits=st.lists(EDIT, max_size=25))
def test_every_character_has_the_author_who_typed_it(opening, edits):
    script = opening()
    mirror = [(char, SYSTEM) for char in script.text()]
    for number, (by, at, text, delete) in enumerate(edits):
        at = min(at, len(mirror))
        script.edit(by, at, text, delete, at_ms=number)
        mirror[at : at + delete] = [(char, by) for char in text]
    found = [
        (char, by)
        for text, by in authorship.authored(script.recorded).get(FILE, [])
        for char in text
    ]
    assert found == mirror


def test_real_typing_sums_to_the_final_text(clownschool):
    spans = authorship.authored(clownschool.recorded)[FILE]
    assert "".join(text for text, _ in spans) == clownschool.end
    kept = Counter()
    for text, by in spans:
        kept[by] += len(text)
    assert set(kept) == {CAL, IRIS}
    for member, count in kept.items():
        assert 0 < count <= clownschool.typed[member]
    lines = authorship.lines(clownschool.recorded)[FILE]
    assert [text for text, _ in lines] == clownschool.end.removesuffix("\n").split("\n")


def test_an_update_tells_its_structs_and_deletions(script):
    script.edit(CAL, 0, "é😀", at_ms=1)
    (struct,) = read_update(script.recorded[-1].event.update).structs
    assert (struct.client, struct.clock, struct.length, struct.text) == (22, 0, units("é😀"), "é😀")
    script.edit(CAL, 0, delete=1, at_ms=2)
    read = read_update(script.recorded[-1].event.update)
    assert [(d.client, d.clock, d.length) for d in read.deletions] == [(22, 0, 1)]


@given(st.binary(max_size=60))
def test_bytes_that_are_no_update_are_refused_and_nothing_else(data):
    with contextlib.suppress(UnreadableUpdate):
        read_update(data)


def test_an_update_cut_short_is_refused(script):
    update = script.edit(CAL, 0, "hello", at_ms=1).recorded[-1].event.update
    with pytest.raises(UnreadableUpdate):
        read_update(update[:-4])
