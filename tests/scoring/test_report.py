"""The frozen report, its course and its charts."""

import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from room.scoring import blind, charts, course, render, report, wording
from room.scoring.evidence import Moment
from room.scoring.render import View
from room.scoring.score import Words
from room.session import events as e
from room.session.evolve import fold
from room.session.ids import SYSTEM

IRIS, CAL, MINUTE = "m_iris", "m_cal", 60_000


def test_canonical_json_is_the_same_whatever_the_order_of_its_making(make_report):
    one = make_report()
    again = report.read(report.canonical(one))
    assert again == one
    assert report.canonical(again) == report.canonical(one)
    turned = replace(
        one, occasion=replace(one.occasion, people=dict(reversed(one.occasion.people.items())))
    )
    assert report.digest(report.canonical(turned)) == report.digest(report.canonical(one))


def test_canonical_json_has_sorted_keys_no_spaces_and_no_fractions(make_report):
    raw = report.canonical(make_report())

    def walk(value):
        match value:
            case dict():
                assert list(value) == sorted(value)
                for one in value.values():
                    walk(one)
            case list():
                for one in value:
                    walk(one)
            case float():
                pytest.fail(f"a fraction: {value}")

    value = msgspec.json.decode(raw)
    walk(value)
    assert raw == msgspec.json.encode(value)


@given(text=st.text(max_size=60))
def test_any_text_survives_and_one_character_changes_the_hash(text):
    words = Words(summary=text)
    raw = msgspec.json.encode(words, order="sorted")
    assert msgspec.json.decode(raw, type=Words) == words
    other = msgspec.json.encode(Words(summary=text + "x"), order="sorted")
    assert report.digest(raw) != report.digest(other)


def test_a_report_of_an_unknown_schema_is_refused(make_report):
    raw = report.canonical(make_report()).replace(b"room.report/1", b"room.report/9")
    with pytest.raises(msgspec.ValidationError):
        report.read(raw)


def test_only_moments_that_somebody_names_are_quoted(make_report):
    found = make_report()
    assert [m.id for m in found.evidence] == ["p_first", "p_red", "a_ron"]
    assert found.pins() == {"p_first", "p_red", "a_ron"}


def test_what_stays_between_the_raters_is_not_in_the_report(make_report):
    assert b"long pause" not in report.canonical(make_report())


def test_the_chosen_anchor_and_the_next_one_up_are_printed(make_report, rubric):
    criteria = {c.id: c for c in make_report().competencies}
    assert list(criteria["approach"].anchors) == ["3", "4"]
    assert sorted(criteria["understanding"].anchors) == ["3", "4"]
    assert criteria["approach"].anchors["4"] == rubric.competency("approach").anchor(4)


def test_a_later_version_names_the_one_before(make_report):
    first = make_report()
    second = make_report(previous=(1, report.digest(report.canonical(first))), correction="A date.")
    assert (second.version, second.correction) == (2, "A date.")
    assert second.previous_hash == report.digest(report.canonical(first))


def test_long_files_are_cut_and_say_so():
    file = report.code_file("big.py", "python", [("x", CAL)] * (report.LINES_MAX + 7))
    assert (len(file.lines), file.cut) == (report.LINES_MAX, 7)


def test_starter_lines_belong_to_nobody():
    assert report.code_file("a", "", [("x", SYSTEM), ("y", CAL)]).lines[0].by is None


# ------------------------------------------------------------------------------------------------ course


def test_the_course_counts_stages_without_pauses(session):
    found = course.follow(session, fold(session))
    assert [(s.title, s.from_ms // MINUTE, s.worked_ms // MINUTE) for s in found.stages] == [
        ("Hello", 0, 4),
        ("Booking gaps", 4, 41),
    ]
    assert found.paused_ms == 2 * MINUTE
    assert found.length_ms == 47 * MINUTE


def test_the_course_knows_tests_that_were_not_shown(session):
    found = course.follow(session, fold(session))
    assert [(t.name, t.passed, t.shown) for t in found.tests] == [
        ("example", True, True), ("touching", False, True), ("outside", True, False), ("nested", True, False),
    ]  # fmt: skip
    assert [(r.kind, r.is_passed) for r in found.runs] == [("run", True), ("tests", False)]
    assert found.runs[1].not_shown == course.TestCount(2, 2)
    assert [(h.part, h.level) for h in found.hints] == [("One calendar", 1)]


def test_a_runner_that_failed_is_no_doing_of_the_candidate(make_report, record):
    events = record(
        (0, IRIS, e.InterviewStarted(0)),
        (1, CAL, e.RunQueued("r", None, "python")),
        (2, SYSTEM, e.RunFinished("r", "UNAVAILABLE", "No engine.")),
        (3, CAL, e.RunQueued("r2", None, "python")),
        (4, SYSTEM, e.RunFinished("r2", "RE", "Ended with code 1.")),
    )
    found = course.follow(events, fold(events))
    assert found.runner_failures == 1
    assert any("did not answer once" in line for line in make_report(course=found).limits)


def test_nothing_in_a_report_measures_typing(session, make_report):
    """Twice the typing between the same facts makes the same report."""
    extra = e.DocEdited(b"\x00\x00")
    busy = []
    for one in session:
        busy.append(one)
        busy.append(replace(one, by=CAL, event=extra))
    state = fold(session)
    assert course.follow(busy, fold(busy)) == course.follow(session, state)


@pytest.mark.parametrize("events", [(), ((0, IRIS, e.InterviewStarted(0)),), ((0, IRIS, e.InterviewStarted(0)), (1, IRIS, e.InterviewEnded()))])  # fmt: skip
def test_an_empty_session_has_a_course_and_a_report(make_report, record, events):
    recorded = record(*events)
    found = course.follow(recorded, fold(recorded))
    made = make_report(course=found, code=(), moments=())
    assert charts.timeline(made.course, made.evidence, wording.timeline_label(made))
    assert wording.timeline_marks(made) == "Nothing was run."


# ------------------------------------------------------------------------------------------------ charts

LEVELS = st.lists(st.none() | st.integers(1, 7), min_size=1, max_size=4)


@given(levels=LEVELS, label=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30))
def test_every_track_is_well_formed_and_says_its_words(levels, label):
    svg = ET.fromstring(charts.track(7, levels, label or "x"))
    assert svg.findtext("{http://www.w3.org/2000/svg}title") == (label or "x")
    given_levels = {level for level in levels if level is not None}
    bars = [p for p in svg.iter() if p.get("class") == "s-ink"]
    assert len(bars) == (len(given_levels) > 1)


@given(
    title=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30),
    length_ms=st.integers(0, 8 * 3_600_000),
    at_ms=st.integers(-5, 10 * 3_600_000),
    width=st.sampled_from([350, 1000]),
)
def test_every_timeline_is_well_formed_and_stays_inside(title, length_ms, at_ms, width):
    made = course.Course(
        length_ms=length_ms,
        stages=(course.StageSpan(title, 0, length_ms),),
        runs=(course.RunMark(at_ms, "tests", "AC"), course.RunMark(at_ms, "run", "RE")),
        hints=(course.HintMark(at_ms, title, 1),),
    )
    svg = ET.fromstring(
        charts.timeline(made, [Moment("p", at_ms, "m", None, "", "room")], title, width=width)
    )
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(text.get("x")) <= width
    for rect in svg.iter("{http://www.w3.org/2000/svg}rect"):
        assert -5 <= float(rect.get("x")) <= width + 5


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "00:00"),
        (1_398_000, "23:18"),
        (3_599_999, "59:59"),
        (3_725_000, "1:02:05"),
        (-1, "00:00"),
    ],
)
def test_interview_time_is_written_as_people_read_it(ms, words):
    assert charts.clock(ms) == words


# ------------------------------------------------------------------------------------------------ words


def test_sentences_of_the_report(make_report):
    made = make_report()
    assert wording.agreement(made) == "Same decision, 4 of 5 levels equal"
    assert (
        wording.tests(made) == "3 of 4 passed at 40:00, in Python. Two tests were not shown to Cal."
    )
    assert wording.scored(made).startswith("Two people scored separately")
    assert [wording.levels_of(c) for c in made.competencies] == ["3–4", "3", "3", "3", "3", "3"]
    assert (
        wording.track_label(made, made.competencies[5])
        == "Thinking together: Iris 3 Solid, Ron not observed"
    )
    assert wording.moment(made.raters[0].signed_at_ms, "Africa/Lagos").endswith("Lagos")


def test_raters_with_the_same_first_name_are_told_apart(make_report):
    made = make_report()
    twins = tuple(
        replace(r, name=name) for r, name in zip(made.raters, ("Iris Rey", "Iris Ode"), strict=True)
    )
    assert list(wording.called(replace(made, raters=twins)).values()) == ["Iris Rey", "Iris Ode"]


def test_a_file_says_how_it_differs_from_what_it_started_with():
    lines = [("import sys", SYSTEM), ("", SYSTEM), ("print(1)", CAL)]
    file = report.code_file("main.py", "python", lines, "import sys\nimport os\n\n")
    assert file.starter_lines == 2
    assert [one for one in file.difference if one[0] in "+-"] == ["-import os", "+", "+print(1)"]
    assert wording.since_starter(file) == "It began with 2 lines; 2 were added and 1 taken out."
    same = report.code_file("main.py", "python", [("a", SYSTEM)], "a\n")
    assert wording.since_starter(same) == "It began with 1 line and was not changed."
    assert report.code_file("main.py", "python", lines, "\n\n").starter_lines == 0


def test_only_quoted_moments_bring_the_code_of_then(make_report):
    then = report.CodeThen("main.py", 3, ("Cal = his",))
    made = make_report(code_then={"p_first": then, "a_unused": then})
    assert made.code_then == {"p_first": then}
    page = str(render.sheet(made, View()))
    assert "Code then" in page
    assert "Cal = his" in page
    assert "Code then" not in render.pdf_page(made, View())
    assert "the candidate = his" in str(render.sheet(blind.of(made), View())), (
        "code keeps its words"
    )


def test_tests_over_time_leave_repetitions_out(make_report):
    count = course.TestCount
    runs = tuple(
        course.RunMark(at_ms, "tests", "WA", count(passed, 9), hidden)
        for at_ms, passed, hidden in (
            (60_000, 3, None),
            (90_000, 3, None),
            (600_000, 9, count(2, 4)),
        )
    )
    made = make_report()
    made = msgspec.structs.replace(made, course=msgspec.structs.replace(made.course, runs=runs))
    assert wording.tests_over_time(made) == (
        (60_000, "3 of 9"),
        (600_000, "9 of 9, 2 of 4 not shown"),
    )
    assert "9 of 9, 2 of 4 not shown" in str(render.sheet(made, View()))
