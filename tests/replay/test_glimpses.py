"""The code where somebody had last typed at a moment, and what the room itself wrote."""

from pycrdt import Doc, Text

from room.replay import glimpses
from room.session.events import DocEdited, Recorded
from room.session.ids import SYSTEM

IRIS, CAL = "m_iris", "m_cal"


class Pages:
    """Edits of two files by the room and by Cal, each a moment later than the one before."""

    def __init__(self):
        self.docs = {SYSTEM: Doc(client_id=1), CAL: Doc(client_id=2)}
        self.recorded = []

    def write(self, by, at_ms, file, offset, text):
        doc = self.docs[by]
        before = doc.get_state()
        doc.get(f"f:{file}", type=Text).insert(offset, text)
        update = doc.get_update(before)
        for other in self.docs.values():
            if other is not doc:
                other.apply_update(update)
        self.recorded.append(Recorded(len(self.recorded) + 1, at_ms, at_ms, by, DocEdited(update)))


def typed():
    pages = Pages()
    pages.write(SYSTEM, 0, "a", 0, "".join(f"line {n}\n" for n in range(1, 21)))
    pages.write(CAL, 1000, "a", len("line 1\n" * 9), "x")
    pages.write(CAL, 2000, "b", 0, "other\n")
    pages.write(SYSTEM, 3000, "c", 0, "later starter\n")
    pages.write(CAL, 4000, "b", 6, "é🦊 = 1\n" + "y" * 500)
    return pages.recorded


def test_a_moment_shows_the_lines_around_the_last_change_before_it():
    found = glimpses.around(
        typed(), [("early", 500), ("at", 1000), ("b", 3500), ("end", 10**9), ("again", 9000)]
    )
    assert "early" not in found, "nobody had typed"
    assert (found["at"].file, found["at"].first) == ("a", 7)
    assert found["at"].code == (
        "line 7", "line 8", "line 9", "xline 10", "line 11", "line 12", "line 13",
    )  # fmt: skip
    assert found["b"].code == ("other", "")
    assert found["end"] == found["again"]
    assert found["end"].code[:2] == ("other", "é🦊 = 1")
    assert len(found["end"].code[2]) == glimpses.WIDTH


def test_what_the_room_wrote_is_the_starter_whatever_came_between():
    assert glimpses.starters(typed())["c"] == "later starter\n"
    assert glimpses.starters(typed())["a"].startswith("line 1\nline 2\n")
    assert "b" not in glimpses.starters(typed())


def test_a_session_without_edits_shows_nothing():
    assert glimpses.around([], [("p", 1)]) == {}
    assert glimpses.starters([]) == {}
