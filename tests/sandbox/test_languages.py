"""Languages as data: what each says of itself, how argvs are filled, and what compiling is worth."""

import msgspec
import pytest

from room.sandbox.compiling import Made
from room.sandbox.frames import BadFrame, BoxFile, FrameReader, frame, parse_kept
from room.sandbox.languages import LANGUAGES, fill
from room.sandbox.layout import run_files, trial_files, words
from room.sandbox.spec import (
    Limits,
    RunRequest,
    SourceFile,
    TestCase,
    TestRequest,
    TestSuite,
    refusal,
)
from room.session.files import ENDINGS


def values(language, name, text="", *more):
    files = (SourceFile(name, text), *more)
    return words(language, files, name, memory_mb=256, function="solve")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_argv_of_a_language_can_be_filled(language):
    known = LANGUAGES[language]
    given = values(language, known.file, known.hello)
    for argv in (known.run, *known.test.values(), *known.compile.values()):
        filled = fill(argv, given)
        assert filled
        assert all(isinstance(word, str) for word in filled)
        assert not any("{" in word for word in filled)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_files_name_tells_its_language(language):
    known = LANGUAGES[language]
    assert ENDINGS[known.file.rpartition(".")[2]] == language
    assert known.file.endswith(known.endings or ("",))


def test_the_languages_that_the_room_promises_are_there():
    promised = "python javascript typescript java c cpp go rust ruby php bash sql"
    assert set(promised.split()) == LANGUAGES.keys()
    for language in ("python", "javascript", "java", "cpp", "go"):
        assert {"stdio", "function"} <= LANGUAGES[language].tests


def test_a_word_that_names_several_values_becomes_as_many_words():
    given = {"sources": ("a.c", "b{x}.c"), "entry": "{sources}"}
    assert fill(("cc", "{sources}", "-o={entry}"), given) == ("cc", "a.c", "b{x}.c", "-o={sources}")
    with pytest.raises(TypeError):
        fill(("-I{sources}",), given)


def test_sources_are_told_apart_by_ending_and_folder():
    more = (SourceFile("b.go", ""), SourceFile("sub/c.go", ""), SourceFile("data.txt", ""))
    given = values("go", "main.go", "", *more)
    assert given["sources"] == ("main.go", "b.go", "sub/c.go")
    assert given["beside"] == ("main.go", "b.go")
    assert given["others"] == ("b.go", "sub/c.go")


@pytest.mark.parametrize(
    ("text", "main", "name"),
    [
        ("public class Solution {}", "Solution", "Solution.java"),
        ("import x;\npublic final class A { static class B {} }", "A", "A.java"),
        (
            "class Helper {}\nclass Start { public static void main(String[] a) {} }",
            "Start",
            "Main.java",
        ),
        ("class Only {}", "Only", "Main.java"),
        ("package a.b;\npublic record R(int x) {}", "a.b.R", "R.java"),
        ("", "Main", "Main.java"),
    ],
)
def test_javas_file_and_main_class_follow_what_the_program_says(text, main, name):
    request = RunRequest("java", (SourceFile("Main.java", text),), "Main.java")
    assert values("java", "Main.java", text)["class"] == main
    assert values("java", "Main.java", text)["entry"] == name
    assert [file.name for file in run_files(request)] == [name]


def test_two_java_files_that_would_get_one_name_keep_their_own():
    files = (
        SourceFile("Main.java", "public class A {}"),
        SourceFile("A.java", "public class A {}"),
    )
    assert run_files(RunRequest("java", files, "Main.java")) == files


@pytest.mark.parametrize(
    ("source", "is_added"), [("package main", True), ("package main\nfunc main() {}\n", False)]
)
def test_a_go_program_gets_a_main_only_when_it_has_none(source, is_added):
    suite = TestSuite("function", (TestCase("a", "s1", 1, args=[]),), entry="Solve")
    request = TestRequest("go", (SourceFile("main.go", source),), "main.go", suite)
    caller = trial_files(request)[-1]
    assert caller.name == "zz_room_caller.go"
    assert "ValueOf(Solve)" in caller.text
    assert ("func main() {}" in caller.text) is is_added


@pytest.mark.parametrize("name", ['it\'s "a".c', "@options.c", "a b.c", "ä.c", "a/-x.c"])
def test_compilers_are_given_plain_names_only(name):
    request = RunRequest("c", (SourceFile("main.c", ""), SourceFile(name, "")), "main.c")
    assert "Rename it" in refusal(request)


def test_other_files_of_a_compiled_program_may_have_any_name():
    request = RunRequest("c", (SourceFile("main.c", ""), SourceFile("my data.txt", "")), "main.c")
    assert refusal(request) is None


@pytest.mark.parametrize("name", ["a b", "f(x)", "é", "1a", "x;", ""])
def test_a_function_to_call_has_a_plain_name(name):
    suite = TestSuite("function", (TestCase("a", "s1", 1, args=[]),), entry=name)
    request = TestRequest("cpp", (SourceFile("main.cpp", ""),), "main.cpp", suite)
    assert refusal(request) == "The question does not say which function to call."


def test_what_was_made_is_found_again_until_it_must_go():
    made = Made(most_bytes=30)
    made.remember("a", (BoxFile("x", b"1" * 9),))
    made.remember("b", (BoxFile("x", b"2" * 9),))
    assert made.find("a")[0].data == b"1" * 9  # and is now the younger one
    made.remember("c", (BoxFile("x", b"3" * 9),))
    assert made.find("c")
    made.remember("d", (BoxFile("x", b"4" * 9),))
    assert made.find("b") is None
    assert made.find("a")
    made.remember("e", (BoxFile("x", b"5" * 99),))
    assert made.find("e") is None  # larger than all there is room for
    assert made._bytes == 0


def test_a_kept_file_is_read_from_its_frame():
    reader = FrameReader()
    ((kind, body),) = reader.feed(frame(b"f", b"x.room/out/main\0\x7fELF\0\0"))
    assert (kind, parse_kept(body)) == (
        b"f",
        BoxFile(".room/out/main", b"\x7fELF\0\0", executable=True),
    )
    assert parse_kept(b"-.room/out/A.class\0").executable is False
    for bad in (b"", b"xno end", b"?a\0", b"x\xff\0"):
        with pytest.raises(BadFrame):
            parse_kept(bad)


def test_the_records_can_be_sent():
    assert msgspec.json.decode(msgspec.json.encode(Limits()), type=Limits) == Limits()
