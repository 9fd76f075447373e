"""Rubrics: what can be one, and what the shipped ones say."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from room.scoring.rubric import BadRubric, Thresholds, UnknownCompetency, parse

GOOD = {
    "id": "small",
    "name": "Small",
    "competencies": [
        {
            "id": "a",
            "name": "A",
            "definition": "Does a.",
            "anchors": {1: "no", 2: "partly", 3: "yes", 4: "more"},
        }
    ],
}


def changed(path: list, value) -> dict:
    body = copy.deepcopy(GOOD)
    at = body
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return body


def test_the_shipped_rubrics_can_be_used(rubrics):
    assert len(rubrics) == 5
    for rubric in rubrics:
        assert [level.label for level in rubric.levels] == [
            "Not yet",
            "Partly",
            "Solid",
            "Outstanding",
        ]
        assert all(c.weight_percent == 100 for c in rubric.competencies)
        assert all(len(c.anchors) == 4 for c in rubric.competencies)


def test_numbers_of_levels_may_come_as_text_from_json():
    body = changed(
        ["competencies", 0, "anchors"], {"1": "no", "2": "partly", "3": "yes", "4": "more"}
    )
    assert parse(body).competency("a").anchor(4) == "more"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["name"], "", "needs a name"),
        (["competencies"], [], "at least one competency"),
        (["competencies"], "abc", "at least one competency"),
        (["competencies"], GOOD["competencies"] * 2, "same id"),
        (["competencies", 0, "anchors"], {1: "no", 2: "x"}, "anchor for each of the 4 levels"),
        (["competencies", 0, "anchors"], [1, 2, 3, 4], "shape"),
        (["competencies", 0, "definition"], None, "a definition"),
        (["competencies", 0, "weight"], 2, "write down why"),
        (["competencies", 0, "weight"], "heavy", "not a number"),
        (["competencies", 0, "weight"], float("nan"), "not between"),
        (["competencies", 0, "gate"], {"min_level": 5}, "does not exist"),
        (["competencies", 0, "gate"], {"min_level": True}, "whole number"),
        (["scale"], {"levels": {1: {"label": "a"}, 2: {"label": "b"}}}, "3 to 7 levels"),
        (["scale"], {"levels": {n: {"label": "x"} for n in range(1, 9)}}, "3 to 7 levels"),
        (["scale"], {"levels": {n: {"label": "x"} for n in (1, 2, 4)}}, "without gaps"),
        (["competencies", 0, "name"], "x" * 3000, "characters at most"),
    ],
)
def test_a_rubric_that_cannot_be_used_says_why(path, value, words):
    with pytest.raises(BadRubric, match=words):
        parse(changed(path, value))


def test_a_weight_with_a_reason_is_taken():
    body = changed(["competencies", 0, "weight"], 1.5)
    body["competencies"][0]["weight_reason"] = "The role is mostly this."
    assert parse(body).competencies[0].weight_percent == 150


def test_an_unknown_competency_is_an_error(rubric):
    with pytest.raises(UnknownCompetency):
        rubric.competency("charm")


@pytest.mark.parametrize("count", [3, 5, 7])
def test_thresholds_keep_their_place_on_longer_and_shorter_scales(count):
    moved = Thresholds().for_levels(count)
    assert 100 < moved.strong_no_mean < moved.yes_mean < moved.strong_yes_mean < count * 100
    assert 1 < moved.strong_yes_min_level < count


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "scale"]) | st.integers(0, 5), inner),
        max_leaves=12,
    )
)  # fmt: skip
def test_whatever_comes_is_a_rubric_or_a_sentence(value):
    for body in (
        {**GOOD, "scale": value},
        {**GOOD, "competencies": value},
        {**GOOD, "arithmetic": value},
    ):
        said = "."
        try:
            parse(body)
        except BadRubric as error:
            said = str(error)
        assert said.endswith(".")
