"""Every reference solution of the questions that Room ships passes that question's tests, through the real runner."""

from importlib.resources import files

import msgspec
import pytest
import pytest_asyncio
import yaml

from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import SourceFile, TestCase, TestRequest, TestSuite
from tests.sandbox.conftest import PAYER, ahead

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

CONTENT = yaml.safe_load((files("room.content") / "challenges.yaml").read_text("utf-8"))


def references():
    """(question, language, part or None, source); a reference of all parts at once has no part."""
    for question in CONTENT["challenges"]:
        for language, given in (question.get("reference") or {}).items():
            if language in LANGUAGES:
                for part, source in (given if isinstance(given, dict) else {None: given}).items():
                    yield pytest.param(
                        question,
                        language,
                        part,
                        source,
                        id=f"{question['id']}-{language}-{part or 'all'}",
                    )


def suite_of(question, language, part):
    is_function = question.get("style") == "function"
    cases = [
        TestCase(
            name=test["name"],
            part=stage["id"],
            expected=test["expected" if is_function else "out"],
            stdin=test.get("in"),
            args=test.get("args"),
            seed=test.get("seed"),
            compare=question.get("compare", CONTENT["defaults"]["compare"]),
            hidden=kind == "hidden",
        )
        for stage in question["stages"]
        for kind in ("visible", "hidden")
        for test in stage["tests"].get(kind, ())
        if part in (None, stage["id"])
    ]
    return TestSuite(
        kind="function" if is_function else "sql" if language == "sql" else "stdio",
        cases=tuple(cases),
        entry=(question.get("entry") or {}).get(language),
        schema=question.get("schema", ""),
        seeds=question.get("seeds") or {},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reports(request, runner):
    def judged(question, language, part, source):
        name = LANGUAGES[language].file
        suite = suite_of(question, language, part)
        asked = TestRequest(language, (SourceFile(name, source),), name, suite)
        return runner.run_tests(asked, payer=PAYER)

    async with ahead(request, {"test_a_reference_solution_passes_its_tests": judged}) as running:
        yield running


@pytest.mark.parametrize(("question", "language", "part", "source"), list(references()))
async def test_a_reference_solution_passes_its_tests(
    request, reports, question, language, part, source
):
    report = await reports[request.node.callspec.id]
    failed = [msgspec.to_builtins(case) for case in report.cases if case.verdict != "AC"]
    assert (report.verdict, failed) == ("AC", [])
    assert report.passed == report.total == len(suite_of(question, language, part).cases) > 0


async def test_a_starter_does_not_pass_its_tests(runner):
    question = next(q for q in CONTENT["challenges"] if q["id"] == "depot-cart")
    source = question["starter"]["python"]
    suite = suite_of(question, "python", None)
    request = TestRequest("python", (SourceFile("main.py", source),), "main.py", suite)
    report = await runner.run_tests(request, payer=PAYER)
    assert report.passed < report.total
