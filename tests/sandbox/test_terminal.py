"""The scrollback: bounded, by byte offsets, never half a character."""

from hypothesis import given
from hypothesis import strategies as st

from room.sandbox.terminal import Scrollback

TEXTS = st.lists(st.text(max_size=40), max_size=20)


def test_a_viewer_goes_on_where_it_was():
    shown = Scrollback()
    shown.add("aé")
    first = shown.since(0)
    assert (first.start, first.end, first.text, first.cut) == (0, 3, "aé", False)
    shown.add("€😀")
    assert shown.since(first.end).text == "€😀"
    assert shown.since(shown.end).text == ""
    assert shown.since(0).text == "aé€😀"


def test_what_is_kept_no_more_is_said():
    shown = Scrollback(most_bytes=10)
    for word in ("aaaa", "bbbb", "cccc"):
        shown.add(word)
    reading = shown.since(2)
    assert (reading.start, reading.text, reading.cut) == (4, "bbbbcccc", True)
    assert shown.since(4).cut is False


def test_an_offset_within_a_character_begins_after_it():
    shown = Scrollback()
    shown.add("😀x")
    assert [shown.since(n).text for n in range(6)] == ["😀x", "x", "x", "x", "x", ""]


def test_an_offset_of_another_life_reads_nothing():
    shown = Scrollback()
    shown.add("abc")
    reading = shown.since(1_000_000)
    assert (reading.start, reading.end, reading.text, reading.cut) == (3, 3, "", False)


def test_one_huge_piece_leaves_its_end():
    shown = Scrollback(most_bytes=10)
    shown.add("x")
    shown.add("é" * 100)
    reading = shown.since(0)
    assert (reading.text, reading.end, reading.cut) == ("é" * 5, 201, True)
    shown = Scrollback(most_bytes=3)
    shown.add("😀" * 5)
    assert (shown.since(0).text, shown.start, shown.end) == ("", 20, 20)


@given(TEXTS, st.integers(1, 60))
def test_every_reading_is_the_end_of_everything(texts, most):
    shown = Scrollback(most)
    for text in texts:
        shown.add(text)
        assert sum(map(len, shown._pieces)) <= most
        assert shown.end - shown.start == sum(map(len, shown._pieces))
    everything = "".join(texts).encode()
    assert shown.end == len(everything)
    for offset in range(shown.end + 2):
        reading = shown.since(offset)
        assert everything[reading.start : reading.end].decode() == reading.text
        assert reading.start >= min(offset, shown.end)
        assert reading.cut == (offset < shown.start)


@given(TEXTS)
def test_reading_piece_by_piece_gives_it_all(texts):
    shown, at, read = Scrollback(), 0, ""
    for text in texts:
        shown.add(text)
        reading = shown.since(at)
        assert reading.start == at
        at, read = reading.end, read + reading.text
    assert read == "".join(texts)
