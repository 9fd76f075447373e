"""The questions that ship with Room, as records, as plans and as tests for the runner."""

import pytest

from room import content
from room.desk.questions import Question, guide_md, starter_files, suite
from room.sandbox.languages import LANGUAGES

BODIES = {body["id"]: body for body in content.load("challenges")["challenges"]}


def question(key: str) -> Question:
    return Question.from_yaml(BODIES[key])


@pytest.mark.parametrize("key", BODIES)
def test_every_question_of_the_package_can_be_read_planned_and_guided(key: str) -> None:
    one = question(key)
    plan = one.plan("q_x")
    assert [part.id for part in plan.parts] == [stage["id"] for stage in BODIES[key]["stages"]]
    assert guide_md(one).count("### ") >= 2
    assert all(part.statement_md.strip() for part in one.parts)
    assert starter_files(one, "python")


@pytest.mark.parametrize("key", BODIES)
def test_the_candidates_texts_hold_nothing_that_is_only_for_interviewers(key: str) -> None:
    one = question(key)
    shown = "".join(one.statement(part) for part in one.parts)
    for part in one.parts:
        for hint in part.hints:
            assert hint not in shown
        for line in part.listen_for + part.follow_ups:
            assert line not in shown
    assert one.seeds.get("hidden", "a text that is nowhere") not in shown


def test_tests_of_an_earlier_part_run_again_in_a_later_one() -> None:
    one = question("booking-gaps")
    tests = suite(one, {"s1", "s2"}, hidden=False, language="python")
    assert tests is not None
    assert [(case.part, case.name) for case in tests.cases] == [
        ("s1", "example"),
        ("s1", "full day"),
        ("s2", "example"),
    ]


def test_visible_and_hidden_tests_never_come_in_one_suite() -> None:
    one = question("booking-gaps")
    visible = suite(one, {"s1"}, hidden=False, language="python")
    hidden = suite(one, {"s1"}, hidden=True, language="python")
    assert visible is not None
    assert hidden is not None
    assert not any(case.hidden for case in visible.cases)
    assert all(case.hidden for case in hidden.cases)
    assert len(hidden.cases) == 7


def test_sql_tests_only_the_last_part_that_was_shown() -> None:
    tests = suite(question("clinic-sql"), {"s1", "s2"}, hidden=False, language="sql")
    assert tests is not None
    assert {case.part for case in tests.cases} == {"s2"}
    assert tests.schema.startswith("CREATE TABLE clinician")


def test_a_function_is_called_by_its_name_in_the_language() -> None:
    tests = suite(question("quiz-table"), {"s1"}, hidden=False, language="javascript")
    assert tests is not None
    assert (tests.kind, tests.entry, tests.cases[0].compare) == ("function", "scoreboard", "json")


@pytest.mark.parametrize("language", ["cobol", "sql"])
def test_a_language_without_tests_gives_no_suite(language: str) -> None:
    assert suite(question("booking-gaps"), {"s1"}, hidden=False, language=language) is None


def test_kinds_without_tests_bring_their_files() -> None:
    names = [name for name, _, _ in starter_files(question("review-payment-retry"), "javascript")]
    assert names[0] == "change.diff"
    assert any(name.endswith(".js") for name in names)
    assert suite(question("review-payment-retry"), {"s1"}, hidden=False, language="python") is None
    assert [name for name, _, _ in starter_files(question("design-replay-store"), "python")] == [
        "notes.md"
    ]


def test_only_languages_that_run_here_are_offered() -> None:
    assert question("booking-gaps").languages == tuple(
        language
        for language in ("python", "javascript", "java", "cpp", "go")
        if language in LANGUAGES
    )
