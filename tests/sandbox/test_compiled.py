"""Compiled languages in real boxes: functions called with typed arguments, compilers' words, results used again."""

import asyncio
import json

import pytest

from room.sandbox import compiling
from room.sandbox.compiling import Compiler
from room.sandbox.driver import Image
from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import (
    Checker,
    Limits,
    RunRequest,
    SourceFile,
    TestCase,
    TestRequest,
    TestSuite,
)
from tests.sandbox.conftest import PAYER

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

# words -> how often each occurs, and the mean length: strings, lists in lists, booleans and floats both ways.
MIXED = TestSuite(
    "function",
    (
        TestCase(
            "plain", "s1", ["b:2", "ä:1"], args=[[["b", "ä"], ["b"]], 1, 0.5, True], compare="json"
        ),
        TestCase(
            "turned",
            "s1",
            ["ä:1", "b:2"],
            args=[[["b", "ä"], ["b"]], 1, 0.5, False],
            compare="json",
        ),
        TestCase("least", "s1", ["b:2"], args=[[["b", "ä"], ["b"]], 2, 0.5, True], compare="json"),
        TestCase("quoted", "s1", ['"\\\n\t:1'], args=[[['"\\\n\t']], 1, 0.5, True], compare="json"),
        TestCase("none", "s1", [], args=[[], -1, 1e3, True], compare="json"),
    ),
    entry="tally",
)
SOLUTIONS = {
    "python": "from collections import Counter\ndef tally(rows, least, x, up):\n    c = sorted(Counter(w for r in rows for w in r).items(), reverse=not up)\n    return [f'{w}:{n}' for w, n in c if n >= least and x > 0]",
    "javascript": "function tally(rows, least, x, up) { const c = {}; for (const w of rows.flat()) c[w] = (c[w] || 0) + 1; const k = Object.keys(c).sort(); if (!up) k.reverse(); return k.filter((w) => c[w] >= least && x > 0).map((w) => `${w}:${c[w]}`); }",
    "typescript": "export function tally(rows: string[][], least: number, x: number, up: boolean): string[] { const c = new Map<string, number>(); for (const w of rows.flat()) c.set(w, (c.get(w) ?? 0) + 1); const k = [...c.keys()].sort(); if (!up) k.reverse(); return k.filter((w) => c.get(w)! >= least && x > 0).map((w) => `${w}:${c.get(w)}`); }",
    "java": 'import java.util.*;\nclass Solution { public List<String> tally(String[][] rows, int least, double x, boolean up) { TreeMap<String, Integer> c = new TreeMap<>(); for (String[] r : rows) for (String w : r) c.merge(w, 1, Integer::sum); List<String> out = new ArrayList<>(); for (var e : (up ? c : c.descendingMap()).entrySet()) if (e.getValue() >= least && x > 0) out.add(e.getKey() + ":" + e.getValue()); return out; } }',
    "cpp": '#include <algorithm>\n#include <map>\n#include <string>\n#include <vector>\nusing namespace std;\nvector<string> tally(vector<vector<string>>& rows, int least, const double& x, bool up) { map<string, int> c; for (auto& r : rows) for (auto& w : r) c[w]++; vector<string> out; for (auto& [w, n] : c) if (n >= least && x > 0) out.push_back(w + ":" + to_string(n)); if (!up) reverse(out.begin(), out.end()); return out; }',
    "go": 'package main\n\nimport (\n\t"fmt"\n\t"sort"\n)\n\nfunc tally(rows [][]string, least int, x float64, up bool) []string {\n\tc := map[string]int{}\n\tfor _, r := range rows {\n\t\tfor _, w := range r {\n\t\t\tc[w]++\n\t\t}\n\t}\n\tvar out []string\n\tfor w, n := range c {\n\t\tif n >= least && x > 0 {\n\t\t\tout = append(out, fmt.Sprint(w, ":", n))\n\t\t}\n\t}\n\tsort.Strings(out)\n\tif !up {\n\t\tsort.Sort(sort.Reverse(sort.StringSlice(out)))\n\t}\n\treturn out\n}\n',
}


def request_for(language, source, suite, **more):
    name = LANGUAGES[language].file
    return TestRequest(language, (SourceFile(name, source),), name, suite, **more)


def verdicts(report):
    return [case.verdict for case in report.cases]


@pytest.mark.parametrize("language", [k for k, v in LANGUAGES.items() if "function" in v.tests])
async def test_a_function_is_called_with_typed_arguments(runner, language):
    report = await runner.run_tests(request_for(language, SOLUTIONS[language], MIXED), payer=PAYER)
    assert verdicts(report) == ["AC"] * 5, report


@pytest.mark.parametrize(
    ("language", "source", "said"),
    [
        ("java", "class Solution { static int other() { return 1; } }", "There is no method tally"),
        ("cpp", "int other() { return 1; }", "tally"),
        ("go", "package main\n", "undefined: tally"),
        ("cpp", "int tally(int n) { return n; }", "do not fit the function"),
        (
            "go",
            "package main\n\nfunc tally(n int) int { return n }\n",
            "the function takes 1 arguments, not 4",
        ),
    ],
)
async def test_a_function_that_is_missing_or_other_is_said(runner, language, source, said):
    report = await runner.run_tests(request_for(language, source, MIXED), payer=PAYER)
    assert report.passed == 0
    case = report.cases[0]
    assert said in report.message + case.output + case.got


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("cpp", SOLUTIONS["cpp"] + "\nint main() { return 3; }"),
        ("go", SOLUTIONS["go"] + "\nfunc main() { panic(1) }\n"),
        ("java", SOLUTIONS["java"].replace("class Solution {", "public class Solution { public static void main(String[] a) { throw new RuntimeException(); }")),
    ],
)  # fmt: skip
async def test_a_main_of_the_candidates_own_does_not_matter(runner, language, source):
    assert (
        verdicts(await runner.run_tests(request_for(language, source, MIXED), payer=PAYER))
        == ["AC"] * 5
    )


async def test_what_a_compiled_function_prints_is_shown_and_not_compared(runner):
    source = '#include <iostream>\nint f(int n) { std::cout << "noise"; return n; }'
    suite = TestSuite("function", (TestCase("a", "s1", 7, args=[7], compare="json"),), entry="f")
    report = await runner.run_tests(request_for("cpp", source, suite), payer=PAYER)
    assert (report.verdict, report.cases[0].got, report.cases[0].output) == ("AC", "7", "noise")


@pytest.mark.parametrize(
    ("language", "source", "said"),
    [
        ("typescript", "const n: number = 'x';", "error TS2322"),
        ("java", "class Main { int f() { return x; } }", "cannot find symbol"),
        ("c", "int main(void) { return x; }", "undeclared"),
        ("cpp", "int main() { return x; }", "not declared"),
        ("go", "package main\n\nfunc main() { x }\n", "undefined: x"),
        ("rust", "fn main() { x }", "cannot find value `x`"),
    ],
)
async def test_what_a_compiler_objects_to_is_shown(runner, language, source, said):
    pieces = []
    name = LANGUAGES[language].file
    result = await runner.run(
        RunRequest(language, (SourceFile(name, source),), name), pieces.append, payer=PAYER
    )
    assert (result.verdict, result.exit_code, result.signal) == ("CE", None, None)
    assert result.sentence == "The program did not compile."
    text = "".join(piece.text for piece in pieces)
    assert said in text
    assert "\x1b" not in text
    suite = TestSuite("stdio", (TestCase("a", "s1", "1"), TestCase("b", "s1", "1")))
    report = await runner.run_tests(request_for(language, source, suite), payer=PAYER)
    assert (report.verdict, verdicts(report), report.passed) == ("CE", ["CE", "CE"], 0)
    assert said in report.message
    assert said in report.cases[0].got


async def test_several_files_are_compiled_together(runner):
    sets = {
        "c": {"main.c": '#include "add.h"\n#include <stdio.h>\nint main(void) { printf("%d\\n", add(1, 2)); }', "add.h": "int add(int, int);", "lib/add.c": "int add(int a, int b) { return a + b; }"},
        "java": {"Main.java": "public class Main { public static void main(String[] a) { System.out.println(Add.add(1, 2)); } }", "Add.java": "class Add { static int add(int a, int b) { return a + b; } }"},
        "go": {"main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(add(1, 2)) }\n', "add.go": "package main\n\nfunc add(a, b int) int { return a + b }\n"},
        "rust": {"main.rs": 'mod add;\nfn main() { println!("{}", add::add(1, 2)); }', "add.rs": "pub fn add(a: i32, b: i32) -> i32 { a + b }"},
        "typescript": {"main.ts": 'import { add } from "./src/add"; console.log(add(1, 2));', "src/add.ts": "export const add = (a: number, b: number) => a + b;"},
        "cpp": {"main.cpp": '#include <fstream>\n#include <iostream>\nint add(int, int);\nint main() { std::ifstream f("my data.txt"); int a, b; f >> a >> b; std::cout << add(a, b) << "\\n"; }', "add.cc": "int add(int a, int b) { return a + b; }", "my data.txt": "1 2"},
    }  # fmt: skip

    async def built(language, texts):
        pieces = []
        files = tuple(SourceFile(name, text) for name, text in texts.items())
        request = RunRequest(language, files, files[0].name)
        result = await runner.run(request, pieces.append, payer=PAYER)
        assert (result.verdict, "".join(p.text for p in pieces)) == ("OK", "3\n"), (
            language,
            pieces,
        )

    await asyncio.gather(*(built(language, texts) for language, texts in sets.items()))


async def test_a_file_without_an_ending_runs_in_the_language_that_was_chosen(runner):
    """The first file of a room is called scratch; what else lies beside it, with a main of its own, stays out."""

    async def said(language, *beside):
        pieces = []
        hello = LANGUAGES[language].hello
        names = ("scratch", *beside)
        request = RunRequest(language, tuple(SourceFile(n, hello) for n in names), "scratch")
        result = await runner.run(request, pieces.append, payer=PAYER)
        return result.verdict, "".join(piece.text for piece in pieces)

    for language, spec in LANGUAGES.items():
        if spec.endings:
            assert await said(language) == ("OK", "hello\n"), language
            assert await said(language, spec.file, f"scratch{spec.endings[0]}") == ("OK", "hello\n"), language  # fmt: skip


async def test_what_was_compiled_once_is_not_compiled_again_and_changes_are(runner, monkeypatch):
    compiled = []
    really = Compiler._compile

    async def counted(self, *args):
        compiled.append(args[1])
        return await really(self, *args)

    monkeypatch.setattr(Compiler, "_compile", counted)

    async def run(text, **more):
        source = f'#include <stdio.h>\nint main(void) {{ puts("{text}"); }}'
        pieces = []
        request = RunRequest("c", (SourceFile("main.c", source),), "main.c", **more)
        assert (await runner.run(request, pieces.append)).verdict == "OK"
        return "".join(piece.text for piece in pieces)

    assert await run("cached") == "cached\n"
    assert await run("cached", stdin="other input") == "cached\n"
    assert len(compiled) == 1
    assert await run("changed") == "changed\n"
    assert len(compiled) == 2
    monkeypatch.setattr(runner, "_images", {**runner._images, "c": Image("another")})
    assert await run("cached") == "cached\n"
    assert len(compiled) == 3


async def test_the_program_runs_in_another_box_than_the_compiler(runner):
    source = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { char h[99]; FILE *f = fopen("/proc/self/cgroup", "r"); while (fgets(h, 99, f)) fputs(h, stdout); printf("%d\\n", access("/tmp/trace", F_OK)); }'
    pieces = []
    files = (SourceFile("main.c", source),)
    result = await runner.run(RunRequest("c", files, "main.c"), pieces.append)
    assert result.verdict == "OK"
    # The compiler's box has 768 MB; the program's has what was asked for.
    assert result.usage.peak_memory_bytes < 32 * 1_048_576


async def test_only_plain_files_of_the_folder_come_out_of_a_compilers_box(runner, monkeypatch):
    script = "import os\nos.chdir('.room/out')\nopen('good', 'w').write('x')\nos.makedirs('a/b'); open('a/b/deep', 'w').write('y')\nos.chmod('a/b/deep', 0o700)\nos.symlink('/etc/passwd', 'link'); os.symlink('/', 'top'); __import__('socket').socket(1).bind('socket')\nopen('../outside', 'w').write('z')"
    compiler = runner._compiler
    made = await compiler._compile("python", ("python3", "-c", script), ())
    assert {(file.name, file.data, file.executable) for file in made} == {
        (".room/out/good", b"x", False),
        (".room/out/a/b/deep", b"y", True),
    }
    script = "open('.room/out/big', 'wb').write(b'x' * 18_000_000)"
    with pytest.raises(compiling.DidNotCompile, match="15 MB"):
        await compiler._compile("python", ("python3", "-c", script), ())
    monkeypatch.setattr(compiling, "WALL_S", 0.5)
    with pytest.raises(compiling.DidNotCompile, match="longer than"):
        await compiler._compile("python", ("python3", "-c", "while True: pass"), ())
    monkeypatch.setattr(compiling, "WALL_S", 20)
    with pytest.raises(compiling.DidNotCompile, match="out of memory"):
        await compiler._compile("python", ("python3", "-c", "x = 'x' * (1 << 31)"), ())


CHECKER = """
import sys
given, answer = open("input.txt").read().split(), open("answer.txt").read().split()
n = int(given[0])
try: a, b = map(int, answer)
except ValueError: sys.exit(1)
sys.exit(0 if a * b == n and a > 1 and b > 1 else 1)
"""
FACTORS = TestSuite(
    "stdio",
    tuple(TestCase(f"t{n}", "s1", "any", stdin=f"{n}\n", compare="checker") for n in (6, 35)),
    checker=Checker("python", CHECKER),
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "n = int(input()); f = next(f for f in range(2, n) if n % f == 0); print(f, n // f)",
            ["AC", "AC"],
        ),
        (
            "n = int(input()); f = next(f for f in range(n - 1, 1, -1) if n % f == 0); print(f, n // f)",
            ["AC", "AC"],
        ),
        ("print(2, 3)", ["AC", "WA"]),
        ("print('import sys; sys.exit(0)')", ["WA", "WA"]),
        ("import os; open('/box/checker.py', 'w'); print(1, int(input()))", ["WA", "WA"]),
    ],
)
async def test_a_checker_judges_answers_that_may_differ(runner, source, expected):
    assert (
        verdicts(await runner.run_tests(request_for("python", source, FACTORS), payer=PAYER))
        == expected
    )


@pytest.mark.parametrize(
    "bad", ["raise SystemExit(7)", "while True: pass", "x = 'a' * 10**10", "syntax error"]
)
async def test_a_checker_that_fails_is_our_fault_and_no_pass(runner, monkeypatch, bad):
    monkeypatch.setattr("room.sandbox.checker.LIMITS", Limits(wall_s=1, cpu_s=1))
    suite = TestSuite("stdio", FACTORS.cases[:1], checker=Checker("python", bad))
    report = await runner.run_tests(request_for("python", "print(2, 3)", suite), payer=PAYER)
    if bad != "syntax error":
        assert verdicts(report) == ["IE"]
    assert report.passed == 0


async def test_a_checker_may_be_compiled(runner):
    source = '#include <cstdio>\nint main() { FILE *f = fopen("answer.txt", "r"); int n = 0; return fscanf(f, "%d", &n) == 1 && n == 5 ? 0 : 1; }'
    suite = TestSuite(
        "stdio", (TestCase("a", "s1", "", compare="checker"),), checker=Checker("cpp", source)
    )
    assert verdicts(
        await runner.run_tests(request_for("python", "print(5)", suite), payer=PAYER)
    ) == ["AC"]
    assert verdicts(
        await runner.run_tests(request_for("python", "print(6)", suite), payer=PAYER)
    ) == ["WA"]


async def test_numbers_may_be_near_where_the_question_says_so(runner):
    suite = TestSuite(
        "stdio",
        (
            TestCase("a", "s1", "x 0.3\n", compare="float"),
            TestCase("b", "s1", "x 0.31\n", compare="float"),
        ),
    )
    assert verdicts(
        await runner.run_tests(request_for("python", "print('x', 0.1 + 0.2)", suite), payer=PAYER)
    ) == ["AC", "WA"]


@pytest.mark.parametrize("apart", [False, True])
async def test_each_case_gets_a_box_of_its_own_where_the_question_says_so(
    runner, monkeypatch, apart
):
    taken = []
    really = runner._pool.take

    async def counted(shape, **more):
        taken.append(shape)
        return await really(shape, **more)

    monkeypatch.setattr(runner._pool, "take", counted)
    cases = tuple(TestCase(f"t{n}", "s1", "1") for n in range(3))
    suite = TestSuite("stdio", cases, box_per_case=apart)
    assert (
        verdicts(await runner.run_tests(request_for("python", "print(1)", suite), payer=PAYER))
        == ["AC"] * 3
    )
    assert len(taken) == (3 if apart else 1)


async def test_arguments_are_passed_as_json_says(runner):
    suite = TestSuite(
        "function",
        (
            TestCase(
                "a",
                "s1",
                {"n": [1, 2.5, None, "é"]},
                args=[{"n": [1, 2.5, None, "é"]}],
                compare="json",
            ),
        ),
        entry="f",
    )
    report = await runner.run_tests(request_for("python", "def f(x): return x", suite), payer=PAYER)
    assert (report.verdict, json.loads(report.cases[0].got)["n"][3]) == ("AC", "é")
