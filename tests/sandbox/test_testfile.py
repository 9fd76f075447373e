"""Tests that authors write as JSON, and what the command line makes of its words."""

import json
from pathlib import Path

import pytest

from room.sandbox.cli import Rejected, candidate_view, read, test_events
from room.sandbox.spec import CaseResult, TestReport, Usage
from room.sandbox.testfile import BadTests, of_one_side, parse

test_events.__test__ = False


def stdio(*hidden):
    cases = [{"stdin": f"{n}\n", "expected": f"{n}\n", "hidden": h} for n, h in enumerate(hidden)]
    return parse(json.dumps({"kind": "stdio", "cases": cases}))


def report(suite, verdict="AC"):
    cases = tuple(
        CaseResult(c.name, c.part, c.hidden, verdict, "", c.expected, 0.25, "Passed")
        for c in suite.cases
    )
    return TestReport(
        verdict, cases, len(cases), len(cases), Usage(1.0, 1.0, 9), f"{len(cases)} tests"
    )


def test_a_visible_cases_name_does_not_tell_of_hidden_ones():
    names = [case.name for case in stdio(False, True, True, False).cases]
    assert names == ["test 1", "hidden 1", "hidden 2", "test 2"]


def test_the_candidates_view_is_the_same_with_and_without_hidden_cases():
    bare = stdio(False, False)
    full = parse(json.dumps({"kind": "stdio", "cases": [
        {"stdin": "secret", "expected": "secret", "hidden": True},
        {"stdin": "0\n", "expected": "0\n"}, {"stdin": "1\n", "expected": "1\n"},
    ]}))  # fmt: skip
    visible = report(of_one_side(full, hidden=False))
    with_hidden = candidate_view(
        test_events(full, visible, report(of_one_side(full, hidden=True), "WA"))
    )
    without = candidate_view(test_events(bare, report(bare), None))
    assert with_hidden == without
    text = json.dumps(with_hidden)
    assert "hidden" not in text.lower()
    assert "secret" not in text
    assert [event["type"] for event in with_hidden["events"]] == ["TestsFinished"]
    assert "wall_ms" not in text


def test_comparison_follows_the_kind_unless_the_file_or_the_case_says_otherwise():
    case = {"args": [1], "expected": 1}
    assert (
        parse(json.dumps({"kind": "function", "entry": "f", "cases": [case]})).cases[0].compare
        == "json"
    )
    body = {
        "kind": "stdio",
        "compare": "tokens",
        "cases": [{"expected": "1"}, {"expected": "1", "compare": "float"}],
    }
    assert [case.compare for case in parse(json.dumps(body)).cases] == ["tokens", "float"]
    body = {
        "kind": "stdio",
        "checker": {"language": "python", "source": ""},
        "cases": [{"expected": "1"}],
    }
    assert parse(json.dumps(body)).cases[0].compare == "checker"


def test_seeds_are_named_or_one_for_all():
    body = {
        "kind": "sql",
        "schema": "s",
        "seeds": "INSERT",
        "cases": [{"expected": [[1, None, "a"], [2, 2.5, "b"]]}],
    }
    suite = parse(json.dumps(body))
    assert suite.seeds[suite.cases[0].seed] == "INSERT"
    assert suite.cases[0].expected == "1||a\n2|2.5|b"
    body = {"kind": "sql", "seeds": {"a": "1", "b": "2"}, "cases": [{"seed": "b", "expected": ""}]}
    assert parse(json.dumps(body)).cases[0].seed == "b"
    body["cases"][0]["seed"] = "c"
    with pytest.raises(BadTests, match="no seed called “c”"):
        parse(json.dumps(body))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"kind": "magic", "cases": []}', '{"kind": "function", "cases": []}',
     '{"kind": "stdio", "cases": [{"stdin": "x"}]}', '{"kind": "stdio", "cases": [{"expected": "", "secret": 1}]}'],
)  # fmt: skip
def test_a_file_that_is_no_tests_is_refused_with_a_reason(text):
    with pytest.raises(BadTests):
        parse(text)


def asked(*paths, limits="", language="python"):
    return read(list(paths), language=language, stdin=None, tests=None, limits=limits, args=[])


def test_files_keep_their_place_beside_the_first(tmp_path):
    (tmp_path / "src").mkdir()
    for name in ("main.py", "src/other.py"):
        (tmp_path / name).write_text("x")
    found = asked(tmp_path / "main.py", tmp_path / "src" / "other.py")
    assert [file.name for file in found.files] == ["main.py", "src/other.py"]
    assert found.entry == "main.py"


@pytest.mark.parametrize(
    "limits", ["wall=5", "wall_s", "wall_s=", "wall_s=five", "memory_mb=1.5", "=1"]
)
def test_a_limit_that_cannot_be_read_is_refused(tmp_path, limits):
    (tmp_path / "a.py").write_text("")
    with pytest.raises(Rejected):
        asked(tmp_path / "a.py", limits=limits)


def test_limits_are_read_by_name(tmp_path):
    (tmp_path / "a.py").write_text("")
    found = asked(tmp_path / "a.py", limits="wall_s=2.5, memory_mb=64,")
    assert found.limits == {"wall_s": 2.5, "memory_mb": 64}


def test_what_is_no_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "a.py").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "a.py", tmp_path / "none.py", tmp_path, Path("/dev/null/x")):
        with pytest.raises(Rejected):
            asked(path)
