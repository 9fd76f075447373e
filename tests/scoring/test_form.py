"""From form fields to records and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from room.scoring import form
from room.scoring.evidence import Moment, by_competency, visible, watch_s
from room.scoring.score import Point, Scorecard
from room.session.evolve import fold

MOMENTS = (
    Moment("p_a", 421_000, "m_iris", "approach", "Found the gap.", "room"),
    Moment("p_b", 418_000, "m_ron", "approach", "Asks.", "replay"),
    Moment("p_c", 600_000, "m_iris", None, "Later.", "room"),
)


@pytest.mark.parametrize(
    ("written", "ms"), [("0:00", 0), ("23:18", 1_398_000), ("1:02:05", 3_725_000), (" 7:05 ", 425_000), ("95:00", 5_700_000)]
)  # fmt: skip
def test_times_are_read_as_people_write_them(written, ms):
    assert form.read_time(written.strip()) == ms


@pytest.mark.parametrize("written", ["", "23", "23:99", "a:bc", "23:18 and more", "-1:00", "٢:٣٠x"])
def test_what_is_no_time_is_refused_with_a_sentence(written):
    with pytest.raises(form.BadTime, match="minutes and seconds"):
        form.read_time(written)


def test_a_point_with_a_time_quotes_the_moments_around_it():
    (point,) = form.read_points("07:01 Found the case.", MOMENTS, ())
    assert point == Point("Found the case.", 421_000, ("p_a", "p_b"))


def test_a_point_that_was_there_keeps_its_pins():
    before = (Point("Noticed it.", 421_500, ("p_c",)),)
    assert form.read_points(form.write_points(before), MOMENTS, before) == before


@given(
    st.lists(
        st.builds(
            Point,
            st.text(st.characters(categories=("L", "P", "S")), min_size=1, max_size=40),
            st.none() | st.integers(0, 30_000).map(lambda s: s * 1000),
        ),
        max_size=5,
    )
)
def test_points_written_as_lines_come_back(points):
    points = [p for p in points if form.write_points([Point(p.text)]) == p.text]
    assert list(form.read_points(form.write_points(points), (), points)) == points


@given(st.dictionaries(st.sampled_from(["level:approach", "decision", "confidence", "evidence:approach", "summary", "strengths", "comment:approach"]), st.lists(st.text(max_size=30), min_size=1, max_size=3)))  # fmt: skip
def test_whatever_a_form_says_becomes_a_card(rubrics, fields):
    card = form.read_card(rubrics[0], fields, MOMENTS, Scorecard())
    rating = card.rating("approach")
    assert rating.level in (None, 1, 2, 3, 4)
    assert set(rating.evidence) <= {"p_a", "p_b", "p_c"}


def test_evidence_that_its_author_may_not_see_is_left_out(rubric):
    fields = {"evidence:approach": ["p_a", "p_hidden", "p_a"]}
    assert form.read_card(rubric, fields, MOMENTS[:1], Scorecard()).rating("approach").evidence == (
        "p_a",
    )


def test_ones_own_filed_moments_stand_ready_as_evidence(rubric):
    card = form.prefilled(rubric, MOMENTS, "m_iris")
    assert card.rating("approach").evidence == ("p_a",)
    assert all(r.level is None for r in card.ratings)


def test_raters_see_their_own_side_until_all_are_in(session):
    state = fold(session)
    found = (*MOMENTS[:2], Moment("p_d", 1, "m_olga", None, "", "replay"))
    assert [m.id for m in visible(found, "m_iris", state, all_in=False)] == ["p_a"]
    assert [m.id for m in visible(found, "m_ron", state, all_in=False)] == ["p_b"]
    assert [m.id for m in visible(found, "m_cal", state, all_in=False)] == []
    assert [m.id for m in visible(found, "m_ron", state, all_in=True)] == ["p_d", "p_b", "p_a"]


def test_moments_of_an_unknown_competency_are_unfiled():
    found = by_competency(["readability"], MOMENTS)
    assert [m.id for m in found[None]] == ["p_a", "p_b", "p_c"]
    assert found["readability"] == ()


@pytest.mark.parametrize(
    ("at_ms", "second"), [(0, 0), (9_999, 0), (10_000, 0), (360_000, 350), (11_500, 1)]
)
def test_a_moment_is_watched_from_ten_seconds_before(at_ms, second):
    assert watch_s(at_ms) == second
