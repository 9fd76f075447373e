from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from room.sandbox.demux import INTERVAL_S, PIECE_CHARS, Cleaner, Demux


def chunks(data, cuts):
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


def shown(demux, parts, *, cut=False):
    now, pieces = 0.0, []
    for stream, data in parts:
        pieces += demux.feed(stream, data, now)
        now += 0.001
    return pieces + demux.finish(now, cut=cut)


def joined(pieces, stream):
    return "".join(piece.text for piece in pieces if piece.stream == stream)


@given(st.text(), st.lists(st.integers(0, 10_000)))
def test_text_is_the_same_however_its_bytes_are_cut(text, cuts):
    parts = [("stdout", chunk) for chunk in chunks(text.encode("utf-8"), cuts)]
    assert joined(shown(Demux(clean=False), parts), "stdout") == text


@given(st.binary(), st.lists(st.integers(0, 10_000)))
def test_invalid_bytes_become_the_same_replacement_characters_however_they_are_cut(data, cuts):
    parts = [("stderr", chunk) for chunk in chunks(data, cuts)]
    assert joined(shown(Demux(clean=False), parts), "stderr") == data.decode("utf-8", "replace")


@given(st.text(alphabet="a\x1b]5202;P\\\x07\x9c\x9d\x90\x18é"), st.lists(st.integers(0, 100)))
def test_cleaning_gives_the_same_however_the_text_is_cut(text, cuts):
    whole = Cleaner().feed(text, last=True)
    cleaner = Cleaner()
    parts = chunks(text, cuts)
    cut = "".join(cleaner.feed(part) for part in parts) + cleaner.feed("", last=True)
    assert cut == whole


@given(st.text(alphabet="ab\n\x1b[31m"))
def test_colours_and_plain_text_stay_as_they_are(text):
    cleaner = Cleaner()
    assert cleaner.feed(text) + cleaner.feed("", last=True) == text


def test_writing_the_viewers_clipboard_is_removed():
    assert Cleaner().feed("a\x1b]52;c;aGk=\x07b", last=True) == "ab"
    assert Cleaner().feed("a\x1b]52;c;aGk=\x1b\\b", last=True) == "ab"
    assert Cleaner().feed("a\x9d52;c;aGk=\x9cb", last=True) == "ab"


def test_device_control_strings_are_removed():
    assert Cleaner().feed("a\x1bP$q\x1b\\b\x1b_x\x1b\\c\x90zz\x9cd", last=True) == "abcd"


def test_titles_and_links_are_left_to_the_terminal():
    text = "\x1b]0;title\x07\x1b]8;;https://example.org\x1b\\x\x1b]8;;\x1b\\\x1b]520;x\x07"
    assert Cleaner().feed(text, last=True) == text


def test_a_sequence_split_at_every_character_is_still_removed():
    cleaner = Cleaner()
    out = "".join(cleaner.feed(char) for char in "a\x1b]52;c;aGk=\x1b\\b\x1b[0m")
    assert out + cleaner.feed("", last=True) == "ab\x1b[0m"


def test_the_first_bytes_go_out_at_once_and_the_next_wait_a_moment():
    demux = Demux()
    assert joined(demux.feed("stdout", b"a", 10.0), "stdout") == "a"
    assert demux.feed("stdout", b"b", 10.001) == []
    assert demux.due == 10.0 + INTERVAL_S
    assert joined(demux.feed("stdout", b"c", 10.0 + INTERVAL_S), "stdout") == "bc"
    assert demux.due is None


def test_pieces_are_never_longer_than_16_kb():
    pieces = Demux().feed("stdout", b"x" * 100_000, 0.0)
    assert max(len(piece.text) for piece in pieces) == PIECE_CHARS
    assert len(joined(pieces, "stdout")) == 100_000


def test_much_output_does_not_wait_for_the_clock():
    demux = Demux()
    demux.feed("stdout", b"a", 0.0)
    assert demux.feed("stdout", b"x" * PIECE_CHARS, 0.001)


def test_pieces_of_both_streams_keep_their_order():
    demux = Demux()
    demux.feed("stdout", b"0", 0.0)
    for stream, data in (("stdout", b"a"), ("stdout", b"b"), ("stderr", b"c"), ("stdout", b"d")):
        demux.feed(stream, data, 0.001)
    assert [(p.stream, p.text) for p in demux.flush(1.0)] == [
        ("stdout", "ab"), ("stderr", "c"), ("stdout", "d"),
    ]  # fmt: skip


def test_a_character_cut_by_our_own_cap_is_left_out():
    euro = "€".encode()
    assert joined(shown(Demux(), [("stdout", b"a" + euro[:2])], cut=True), "stdout") == "a"
    assert joined(shown(Demux(), [("stdout", b"a" + euro[:2])]), "stdout") == "a\ufffd"
