import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from room.sandbox.languages import LANGUAGES, fill
from room.sandbox.spec import (
    Limits,
    RunRequest,
    SourceFile,
    TestCase,
    TestRequest,
    TestSuite,
    is_safe_name,
    refusal,
)


def request(*, name="main.py", **more):
    plain = {"language": "python", "files": (SourceFile(name, "x"),), "entry": name}
    return RunRequest(**{**plain, **more})


def test_an_ordinary_request_is_not_refused():
    assert refusal(request()) is None
    assert refusal(request(name="src/größe 1.py")) is None


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./x", "a/", "-c", "a\nb", "a\0b", ".room/setup.sql",
     "x" * 201, "\ud800"],
)  # fmt: skip
def test_a_name_that_leaves_the_work_folder_or_means_something_else_is_refused(name):
    assert not is_safe_name(name)
    assert refusal(request(name=name)) is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"language": "cobol"},
        {"files": ()},
        {"entry": "other.py"},
        {"files": (SourceFile("main.py", ""), SourceFile("main.py", ""))},
        {"files": (SourceFile("main.py", ""), SourceFile("main.py/x", ""))},
        {"files": (SourceFile("main.py", "x" * 1_100_000),)},
        {"stdin": "x" * 9_000_000},
        {"args": ("a\0b",)},
        {"args": ("x" * 70_000,)},
        {"limits": Limits(wall_s=0)},
        {"limits": Limits(memory_mb=100_000)},
        {"limits": Limits(processes=1)},
    ],
)
def test_a_request_that_cannot_be_run_is_refused_with_a_sentence(changed):
    sentence = refusal(request(**changed))
    assert sentence
    assert sentence.endswith(".")


def test_tests_in_a_style_that_the_language_lacks_are_refused():
    suite = TestSuite("function", (TestCase("a", "s1", 1, args=[]),), entry="f")
    ask = TestRequest("sql", (SourceFile("main.sql", ""),), "main.sql", suite)
    assert refusal(ask) == "This question has no tests in SQL (SQLite)."
    ask = TestRequest("python", (SourceFile("main.py", ""),), "main.py", suite)
    assert refusal(ask) is None
    assert refusal(msgspec.structs.replace(ask, suite=TestSuite("function", (), entry="f; x")))


@given(st.text(), st.text())
def test_words_are_filled_in_as_they_are(entry, function):
    argv = fill(("run", "{entry}", "x{function}y"), {"entry": entry, "function": function})
    assert argv == ("run", entry, f"x{function}y")


def test_every_language_is_complete():
    for language in LANGUAGES.values():
        assert language.version
        assert language.hello
        assert "." in language.file
        if "function" in language.test:
            way = language.compile.get("function", language.test["function"])
            assert any("{caller}" in word for word in (*way, *language.test["function"]))
            assert language.caller_text()
