"""The command line against the real engine: `room run` and `room question check`."""

import asyncio
import json
import signal
import sys

import pytest

from room.desk import question_check
from room.sandbox import cli

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

SUM = "print(sum(map(int, input().split())))"
KEYS = {"verdict", "stdout", "stderr", "exit_code", "signal", "wall_s", "cpu_s", "peak_memory_bytes", "cases", "candidate_view"}  # fmt: skip


@pytest.fixture
def room_run(runner, tmp_path, capsys):
    """Type `room run` and read the JSON that it prints."""

    async def go(source, *, language="python", name="main.py", tests=None, limits="", stdin=None):
        (tmp_path / name).write_text(source)
        paths = {"stdin": stdin and tmp_path / "in", "tests": tests and tmp_path / "t.json"}
        if stdin:
            paths["stdin"].write_text(stdin)
        if tests:
            paths["tests"].write_text(json.dumps(tests))
        asked = {
            "paths": [tmp_path / name],
            "language": language,
            "limits": limits,
            "args": [],
            **paths,
        }
        code = await asyncio.to_thread(
            cli.main, asked, docker_host=None, runtime=None, as_json=True
        )
        answer = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert code == 0
        assert answer.keys() >= KEYS
        return answer

    return go


async def test_a_plain_run_is_told_in_one_object(room_run):
    answer = await room_run(SUM, stdin="1 2\n")
    assert (answer["verdict"], answer["stdout"], answer["exit_code"]) == ("OK", "3\n", 0)
    assert answer["cpu_s"] > 0
    assert answer["peak_memory_bytes"] > 1_000_000
    kinds = [event["type"] for event in answer["candidate_view"]["events"]]
    assert kinds == ["RunStarted", "RunOutput", "RunFinished"]


async def test_limits_hold_and_are_named(room_run):
    answer = await room_run("while True: pass", limits="wall_s=0.5")
    assert (answer["verdict"], answer["exit_code"], answer["signal"]) == ("TLE", None, None)
    answer = await room_run("print('x' * 100_000)", limits="output_bytes=65536")
    assert (answer["verdict"], len(answer["stdout"])) == ("OLE", 65536)
    answer = await room_run("x = 'a' * 10**9", limits="wall_s=5,memory_mb=64")
    assert answer["verdict"] == "MLE"
    answer = await room_run("", limits="memory_mb=1")
    assert answer["verdict"] == "REJECTED"
    assert "memory_mb must be between" in answer["sentence"]


async def test_ctrl_c_ends_the_program_and_what_it_printed_is_told(tmp_path):
    (tmp_path / "main.py").write_text("import time; print('up', flush=True); time.sleep(60)")
    typed = [sys.executable, "-m", "room", "run", str(tmp_path / "main.py"), "--language", "python"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*typed, stdout=pipe, stderr=pipe)
    assert await process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert process.returncode == 130
    assert errors.endswith(b"CANCELLED: Stopped\n")


@pytest.mark.parametrize("tests", [None, {"kind": "stdio", "cases": [{"expected": ""}]}])
async def test_what_was_stopped_is_told_as_cancelled(runner, tmp_path, tests):
    (tmp_path / "main.py").write_text("import time; time.sleep(60)")
    (tmp_path / "t.json").write_text(json.dumps(tests))
    asked = cli.read(
        [tmp_path / "main.py"],
        language="python",
        stdin=None,
        tests=tests and tmp_path / "t.json",
        limits="",
        args=[],
    )
    stop = asyncio.Event()
    stop.set()
    answer = await cli.answer(asked, runner, stop=stop)
    assert answer.verdict == "CANCELLED"
    assert answer.candidate_view["events"][-1]["verdict"] == "CANCELLED"


async def test_a_compilers_words_are_there(room_run):
    answer = await room_run("int main() { return x; }", language="c", name="main.c")
    assert answer["verdict"] == "CE"
    assert "main.c:1" in answer["stderr"]
    assert "undeclared" in answer["stderr"]


@pytest.mark.parametrize("source", [SUM, "print(3)", "while True: pass"])
async def test_the_candidates_view_does_not_depend_on_hidden_cases(room_run, source):
    visible = [{"stdin": "1 2\n", "expected": "3\n"}, {"stdin": "5 5\n", "expected": "10\n"}]
    hidden = [{"stdin": "-1 1\n", "expected": "zero\n", "hidden": True}]
    limits = "wall_s=0.5"
    bare = await room_run(source, tests={"kind": "stdio", "cases": visible}, limits=limits)
    both = await room_run(
        source, tests={"kind": "stdio", "cases": hidden + visible + hidden}, limits=limits
    )
    assert bare["candidate_view"] == both["candidate_view"]
    assert [case["hidden"] for case in both["cases"]] == [True, False, False, True]
    assert both["verdict"] in ("WA", "TLE")


async def test_functions_and_queries_are_tested_too(room_run):
    tests = {
        "kind": "function",
        "entry": "f",
        "cases": [{"args": [2], "expected": {"a": [2, None]}}],
    }
    answer = await room_run("def f(x): return {'a': [x, None]}", tests=tests)
    assert (answer["verdict"], answer["cases"][0]["verdict"]) == ("AC", "AC")
    tests = {"kind": "sql", "schema": "CREATE TABLE t (a);", "seeds": {"one": "INSERT INTO t VALUES (7);"},
             "cases": [{"seed": "one", "expected": [[7]]}]}  # fmt: skip
    answer = await room_run("SELECT a FROM t;", language="sql", name="q.sql", tests=tests)
    assert answer["verdict"] == "AC"


EVERY_COMPARER = """
challenges:
  - id: factors
    kind: coding
    title: Factors
    level: [junior]
    minutes: 5
    tags: []
    rubric: r
    summary: s
    guide: {}
    tolerance: 0.01
    box_per_case: true
    checker:
      language: python
      source: |
        n = int(open("input.txt").read().split()[1])
        a, b = map(int, open("answer.txt").read().split())
        raise SystemExit(a * b != n or a == 1 or b == 1)
    compare: exact
    stages:
      - id: s1
        title: t
        minutes: 5
        statement_md: x
        tests:
          visible:
            - {name: exact, in: "say 5", out: "5\\n"}
            - {name: not exact, in: "say 5", out: "5"}
            - {name: lines, in: "say 5", out: "5", compare: lines}
            - {name: tokens, in: "two 5", out: "5 5", compare: tokens}
            - {name: unordered, in: "down 2", out: "1\\n2\\n", compare: unordered_lines}
            - {name: ordered, in: "down 2", out: "1\\n2\\n", compare: lines}
          hidden:
            - {name: about, in: "third 1", out: "0.33", compare: float}
            - {name: not about, in: "third 1", out: "0.33", compare: float, tolerance: 0.000001}
            - {name: judged, in: "factor 91", out: "", compare: checker}
            - {name: judged wrong, in: "say 91", out: "", compare: checker}
    starter: {python: ""}
    reference:
      python: |
        what, n = input().split()
        n = int(n)
        if what == "say": print(n)
        elif what == "two": print(n); print(n)
        elif what == "down": print(2); print(1)
        elif what == "third": print(n / 3)
        else:
            f = next(f for f in range(n - 1, 1, -1) if n % f == 0)
            print(f, n // f)
"""


async def test_a_question_may_ask_for_every_way_of_comparing_by_its_file_alone(runner, tmp_path):
    path = tmp_path / "q.yaml"
    path.write_text(EVERY_COMPARER)
    said: list[str] = []
    assert not await question_check.check(question_check.read(path), runner, said.append)
    assert said[0] == "✗ factors in Python: 6 of 10 tests passed"
    assert [line.split(":")[0].strip() for line in said[1:]] == [
        "WA not exact",
        "WA ordered",
        "WA not about (hidden)",
        "WA judged wrong (hidden)",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("compare: exact", "compare: somehow"),
        ("compare: float, ", "compare: roughly, "),
        ("language: python", "language: sql"),
        ("language: python", "language: cobol"),
        ("checker:\n", "no_checker:\n"),
    ],
)
async def test_a_question_with_an_unknown_way_of_comparing_is_refused(tmp_path, old, new):
    path = tmp_path / "q.yaml"
    assert old in EVERY_COMPARER
    path.write_text(EVERY_COMPARER.replace(old, new, 1))
    with pytest.raises(question_check.BadFile):
        question_check.read(path)


async def test_a_question_is_checked_by_its_own_references(runner, tmp_path):
    good = """
id: sum
kind: coding
title: Sum
level: [junior]
minutes: 5
tags: []
rubric: r
summary: s
guide: {}
stages:
  - {id: s1, title: t, minutes: 5, statement_md: x, tests: {visible: [{name: a, in: "1 2\\n", out: "3\\n"}], hidden: [{name: b, in: "2 2\\n", out: "4\\n"}]}}
starter: {python: ""}
reference: {python: "print(sum(map(int, input().split())))"}
"""
    path = tmp_path / "q.yaml"
    path.write_text(good)
    said: list[str] = []
    assert await question_check.check(question_check.read(path), runner, said.append)
    assert said == ["✓ sum in Python: 2 of 2 tests passed"]
    path.write_text(good.replace("sum(map(int, input().split()))", "3"))
    said.clear()
    assert not await question_check.check(question_check.read(path), runner, said.append)
    assert said == ["✗ sum in Python: 1 of 2 tests passed", "    WA b (hidden): Wrong answer"]
    path.write_text("- not a question")
    with pytest.raises(question_check.BadFile):
        question_check.read(path)
