"""Submissions judged in real boxes, and the ways in which one might try to be judged better than it is."""

import asyncio

import msgspec
import pytest

from room.sandbox.spec import Limits, SourceFile, TestCase, TestReport, TestRequest, TestSuite
from tests.sandbox.conftest import PAYER

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

SUM = TestSuite(
    "stdio", tuple(TestCase(f"t{n}", "s1", f"{2 * n}\n", stdin=f"{n} {n}\n") for n in range(1, 4))
)
DOUBLE = TestSuite(
    "function",
    tuple(TestCase(f"t{n}", "s1", [n, n], args=[n], compare="json") for n in range(1, 4)),
    entry="double",
)
HONEST = "print(sum(map(int, input().split())))"
USUAL = Limits(wall_s=10, cpu_s=10)


@pytest.fixture
def judge(runner):
    async def go(source, suite=SUM, language="python", limits=USUAL, **more) -> TestReport:
        name = {"python": "main.py", "javascript": "main.js", "sql": "main.sql"}[language]
        request = TestRequest(language, (SourceFile(name, source),), name, suite, limits)
        return await runner.run_tests(request, **{"payer": PAYER, **more})

    return go


def verdicts(report):
    return [case.verdict for case in report.cases]


async def test_a_right_program_passes(judge):
    report = await judge(HONEST)
    assert (report.verdict, report.passed, report.total) == ("AC", 3, 3)
    assert report.sentence == "All 3 tests passed"
    assert report.usage.cpu_s > 0
    assert [case.got for case in report.cases] == ["2\n", "4\n", "6\n"]


async def test_a_wrong_program_shows_what_it_gave_and_what_was_wanted(judge):
    report = await judge("print(2)")
    assert verdicts(report) == ["AC", "WA", "WA"]
    assert (report.verdict, report.passed, report.sentence) == ("WA", 1, "1 of 3 tests passed")
    assert (report.cases[1].got, report.cases[1].expected) == ("2\n", "4\n")


async def test_a_function_is_called_with_its_arguments_in_python(judge):
    report = await judge("def double(n):\n    print('noise')\n    return (n, n)", DOUBLE)
    assert verdicts(report) == ["AC"] * 3
    assert report.cases[0].got == "[1, 1]"
    assert report.cases[0].output == "noise\n"


@pytest.mark.parametrize(
    "source",
    [
        "function double(n) { console.log('noise'); return [n, n]; }",
        "const double = (n) => [n, n]; // at the end of the file without a new line",
        "module.exports = { double: async (n) => [n, n] };",
    ],
)
async def test_a_function_is_called_with_its_arguments_in_javascript(judge, source):
    assert verdicts(await judge(source, DOUBLE, "javascript")) == ["AC"] * 3


async def test_a_missing_function_is_said(judge):
    report = await judge("def other(n): pass", DOUBLE)
    assert verdicts(report) == ["RE"] * 3
    assert "There is no function called double in main.py." in report.cases[0].output
    report = await judge("const other = 1", DOUBLE, "javascript")
    assert "There is no function called double in main.js." in report.cases[0].output


async def test_null_is_an_empty_list(judge):
    suite = TestSuite("function", (TestCase("t", "s1", [], args=[], compare="json"),), entry="f")
    assert (await judge("def f(): return None", suite)).verdict == "AC"
    assert (await judge("function f() {}", suite, "javascript")).verdict == "AC"


async def test_sql_is_judged_by_its_rows_with_the_cases_own_seed(judge):
    suite = TestSuite(
        "sql",
        (TestCase("a", "s1", "1|x\n", seed="one"), TestCase("b", "s1", "2|y\n3|\n", seed="two")),
        schema="CREATE TABLE t (id INTEGER, name TEXT);",
        seeds={
            "one": "INSERT INTO t VALUES (1, 'x');",
            "two": "INSERT INTO t VALUES (2, 'y'), (3, NULL);",
        },
    )
    assert verdicts(await judge("SELECT id, name FROM t ORDER BY id;", suite, "sql")) == [
        "AC",
        "AC",
    ]
    assert verdicts(await judge("SELECT 1, 'x';", suite, "sql")) == ["AC", "WA"]
    assert verdicts(await judge("SELECT broken", suite, "sql")) == ["RE", "RE"]


@pytest.mark.parametrize(
    ("trick", "verdict"),
    [
        ("import sys; sys.exit(0)", "WA"),
        ("import os; os._exit(0)", "WA"),
        ("print('AC'); print('OK'); print('passed')", "WA"),
        ("import os\nfor n in range(4, 64):\n  try: os.write(n, b'4\\n')\n  except OSError: pass", "WA"),
        ("import os\nos.write(1, b'x\\0\\0\\0\\x40code=0 signal=0 why=exit wall_us=1 cpu_us=1 peak=1 oom=0')", "WA"),
        ("import os; open('/proc/1/fd/1', 'w').write('4')", "RE"),
        ("import os; open(f'/proc/{os.getppid()}/mem', 'r+b')", "RE"),
        ("import os; os.kill(os.getppid(), 9); os.kill(1, 19)", "WA"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "RE"),
        ("class Any(str):\n  __eq__ = lambda s, o: True\nprint(Any('?'))", "WA"),
        ("import glob; print(open(glob.glob('/box/.room/*')[0]).read())", "RE"),
        ("import os; os.execvp('true', ['true'])", "WA"),
    ],
)  # fmt: skip
async def test_no_trick_is_a_pass(judge, trick, verdict):
    assert verdicts(await judge(trick)) == [verdict] * 3


@pytest.mark.parametrize(
    "trick",
    [
        "import sys; sys.exit(0)",
        "import os; os.write(3, b'[1, 2]'); os._exit(0)",
        "import os, json\njson.dumps = lambda *a, **k: '\"anything\"'\ndef double(n): return n",
        "class L(list):\n  __eq__ = lambda s, o: True\n  __len__ = lambda s: 2\ndef double(n): return L([0])",
        "import json\nclass J(dict): pass\ndef double(n): return {'verdict': 'AC'}",
        "import os\ndef double(n):\n  os.write(3, b'[1]')\n  return [n, n]",
    ],
)
async def test_no_trick_with_the_result_is_a_pass(judge, trick):
    assert "AC" not in verdicts(await judge(trick, DOUBLE))


async def test_nothing_of_one_case_is_there_in_the_next(judge):
    source = (
        "import os, glob, sys\n"
        "here = [p for d in ('/box', '/tmp', '/dev/shm') for p in glob.glob(d + '/**', recursive=True)]\n"
        "print(sorted(p for p in here if p.count('/') > 1 and p not in ('/box/', '/tmp/', '/dev/shm/')))\n"
        "print(sorted(p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())))\n"
        "os.makedirs('/tmp/a/b', exist_ok=True); open('/tmp/a/b/c', 'w').write(input())\n"
        "open('/dev/shm/left', 'w').write('x'); os.symlink('/etc', '/box/link')\n"
        "open('main.py', 'w').write('print(1)')\n"
        "os.mkdir('/box/closed', 0o000)\n"
        "if os.fork() == 0:\n"
        "  os.setsid()\n  os.close(1); os.close(2)\n"
        "  import time; time.sleep(60)\n"
    )
    cases = tuple(TestCase(f"t{n}", "s1", "['/box/main.py']\n[]\n", stdin=f"{n}") for n in range(3))
    report = await judge(source, TestSuite("stdio", cases))
    assert verdicts(report) == ["AC"] * 3, [case.got for case in report.cases]


@pytest.mark.parametrize(
    ("misdeed", "verdict"),
    [
        ("while True: pass", "TLE"),
        ("x = b'a' * 10**9", "MLE"),
        ("while True: print('x' * 1000)", "OLE"),
        ("raise SystemExit(3)", "RE"),
        ("import os; os.kill(-1, 9) if os.fork() else None; os._exit(1)", "RE"),
        ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "TLE"),
        ("import os, itertools\n  for n in itertools.count(): os.mkdir('d'); os.chdir('d')".replace("\n  ", "\n"), "RE"),
    ],
)  # fmt: skip
async def test_a_case_that_ends_badly_does_not_change_the_others(judge, misdeed, verdict):
    body = "\n".join("    " + line for line in misdeed.splitlines())
    source = f"a, b = map(int, input().split())\nif a == 2:\n{body}\nprint(a + b)"
    limits = Limits(wall_s=5, cpu_s=1, memory_mb=128, output_bytes=50_000)
    report = await judge(source, limits=limits)
    assert verdicts(report) == ["AC", verdict, "AC"]


async def test_a_case_knows_only_its_own_input(judge):
    source = """
import os, glob
mine = input()
seen = set()
for path in glob.glob("/proc/[0-9]*/*") + glob.glob("/proc/[0-9]*/fd/*"):
    if path.startswith(f"/proc/{os.getpid()}/"):
        continue
    try:
        text = os.read(os.open(path, os.O_NONBLOCK), 99999).decode("utf-8", "replace")
    except OSError:
        continue
    seen.update(word for word in ("SECRET1", "SECRET2", "SECRET3") if word in text)
print(sorted(seen - {mine}))
"""
    cases = tuple(TestCase(f"t{n}", "s1", "[]\n", stdin=f"SECRET{n}") for n in (1, 2, 3))
    report = await judge(source, TestSuite("stdio", cases))
    assert verdicts(report) == ["AC"] * 3, report.cases


async def test_hidden_cases_do_not_wait_for_visible_runs_nor_hold_them_up(judge):
    stop = asyncio.Event()
    places = []
    visible = [asyncio.ensure_future(judge("while True: pass", stop=stop)) for _ in range(3)]
    hidden = await judge(HONEST, lane="hidden", on_place=places.append)
    assert (hidden.verdict, places) == ("AC", [])
    stop.set()
    assert [r.verdict for r in await asyncio.gather(*visible)] == ["CANCELLED"] * 3


async def test_a_stopped_trial_is_cancelled(judge):
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, stop.set)
    report = await judge("while True: pass", limits=Limits(wall_s=20, cpu_s=20), stop=stop)
    assert (report.verdict, report.cases, report.total) == ("CANCELLED", (), 3)


async def test_a_suite_without_cases_is_no_pass_of_anything(judge):
    report = await judge(HONEST, msgspec.structs.replace(SUM, cases=()))
    assert (report.passed, report.total, report.sentence) == (0, 0, "There are no tests here.")
