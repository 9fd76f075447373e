import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from room.sandbox.judge import SHOWN_CHARS, accepts, shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("compare", "got", "expected", "passes"),
    [
        ("lines", "1 2\n", "1 2", True),
        ("lines", "1 2  \r\n3\n\n\n", "1 2\n3\n", True),
        ("lines", " 1 2", "1 2", False),
        ("lines", "1\n\n2", "1\n2", False),
        ("lines", "", "\n\n", True),
        ("exact", "a\n", "a\n", True),
        ("exact", "a", "a\n", False),
        ("tokens", "1   2\n3", "1 2 3", True),
        ("tokens", "12 3", "1 2 3", False),
        ("unordered_lines", "b\na\n", "a\nb", True),
        ("unordered_lines", "a\na\n", "a\nb", False),
        ("json", "[1, 2]", [1, 2], True),
        ("json", "[2, 1]", [1, 2], False),
        ("json", "null", [], True),
        ("json", "[[], null]", [None, []], True),
        ("json", "1.0", 1, True),
        ("json", "true", 1, False),
        ("json", "0", False, False),
        ("json", '"1"', 1, False),
        ("json", '{"a": 1, "b": 2}', {"b": 2, "a": 1}, True),
        ("json", '{"a": 1}', {"a": 1, "b": None}, False),
        ("json", "", None, False),
        ("json", "[1, 2", [1, 2], False),
        ("json", "[1] [1]", [1], False),
    ],
)
def test_answers_are_compared_as_the_question_says(compare, got, expected, passes):
    assert accepts(compare, got, expected) is passes


@given(JSON)
def test_a_value_equals_itself(value):
    assert accepts("json", json.dumps(value), value)


@given(JSON, JSON)
def test_the_order_of_comparison_does_not_matter(a, b):
    assert accepts("json", json.dumps(a), b) == accepts("json", json.dumps(b), a)


def test_a_result_nested_without_end_is_just_wrong():
    assert not accepts("json", "[" * 100_000, [1])
    assert not accepts("json", "[" * 5_000 + "]" * 5_000, [1])


def test_long_values_are_cut_for_the_page():
    assert len(shown("x" * 10_000, "lines")) == SHOWN_CHARS + 1
    assert shown(["é", True], "json") == '["é", true]'
