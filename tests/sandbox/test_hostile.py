"""Programs that mean harm: what each is answered, and that the next program is served as if nothing had been."""

from collections import Counter
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import Limits, RunRequest, SourceFile, TestCase, TestRequest, TestSuite
from tests.sandbox.conftest import PAYER, ahead

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

FOLDER = Path(__file__).parent / "hostile"
PROGRAMS = yaml.safe_load((FOLDER / "programs.yaml").read_text("utf-8"))
FORGERIES = yaml.safe_load((FOLDER / "forgeries.yaml").read_text("utf-8"))

STDIO = TestSuite("stdio", (TestCase("a", "s1", "2\n", stdin="1 1\n"),))
USUAL = {"wall_s": 10, "cpu_s": 3}


def named(programs):
    return [pytest.param(program, id=program["name"]) for program in programs]


async def test_there_are_enough_and_each_has_a_name_of_its_own():
    names = Counter(program["name"] for program in PROGRAMS + FORGERIES)
    assert names.most_common(1)[0][1] == 1
    assert len(names) >= 100


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def answers(request, runner):
    """What each chosen program gets, most in a box that another one was in."""
    begin = {
        "test_a_hostile_program_gets_its_answer": lambda program: run(runner, program),
        "test_a_forged_pass_is_none": lambda program: judge(runner, program),
    }
    async with ahead(request, begin) as running:
        yield running


async def run(runner, program):
    language = LANGUAGES[program.get("language", "python")]
    pieces = []
    request = RunRequest(
        language.id,
        (SourceFile(language.file, program["source"]),),
        language.file,
        limits=Limits(**{**USUAL, **program.get("limits", {})}),
    )
    return await runner.run(request, pieces.append, payer=PAYER), pieces


async def judge(runner, program):
    language = LANGUAGES[program.get("language", "python")]
    suite = STDIO
    if program.get("kind") == "function":
        case = TestCase("a", "s1", [1, 1], args=[1], compare="json")
        suite = TestSuite("function", (case,), entry=program.get("entry", "double"))
    files = [SourceFile(language.file, program["source"])]
    files += [SourceFile(name, text) for name, text in program.get("files", {}).items()]
    request = TestRequest(
        language.id, tuple(files), language.file, suite, Limits(wall_s=1, cpu_s=1)
    )
    return await runner.run_tests(request, payer=PAYER)


@pytest.mark.parametrize("program", named(PROGRAMS))
async def test_a_hostile_program_gets_its_answer(answers, program):
    result, pieces = await answers[program["name"]]
    said = {
        stream: "".join(piece.text for piece in pieces if piece.stream == stream)
        for stream in ("stdout", "stderr")
    }
    allowed = program["verdict"]
    assert result.verdict in (allowed if isinstance(allowed, list) else [allowed]), (result, said)
    assert said["stdout"] == program.get("out", said["stdout"])
    assert program.get("has", "") in said["stdout"]
    assert program.get("err", "") in said["stderr"]
    if "lacks" in program:
        assert program["lacks"] not in said["stdout"] + said["stderr"]
    if result.verdict == "RE":
        assert (result.exit_code is None) != (result.signal is None)
    elif result.verdict != "OK":
        assert (result.exit_code, result.signal) == (None, None)


@pytest.mark.parametrize("program", named(FORGERIES))
async def test_a_forged_pass_is_none(answers, program):
    report = await answers[program["name"]]
    assert report.passed == 0, report
    assert report.verdict in ("WA", "RE", "TLE", "OLE", "CE")
    assert report.verdict == report.cases[0].verdict


async def test_after_all_this_an_honest_program_passes(runner):
    files = (SourceFile("main.py", "print(sum(map(int, input().split())))"),)
    report = await runner.run_tests(TestRequest("python", files, "main.py", STDIO), payer=PAYER)
    assert report.verdict == "AC"
