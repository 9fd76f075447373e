"""`room question check`: a question's reference solutions against its own tests, through the real runner."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from room.desk.questions import Question, suite
from room.sandbox.languages import LANGUAGES
from room.sandbox.runner import Runner
from room.sandbox.spec import Limits, SourceFile, TestReport, TestRequest, TestSuite

Say = Callable[[str], None]


class BadFile(Exception):
    """The file holds no question; the text says why."""


class Reference(msgspec.Struct, frozen=True):
    """A solution that the question's author calls right, and the tests that it must pass."""

    question: str
    language: str
    part: str
    """Empty: it solves all parts."""
    source: str
    visible: TestSuite | None
    hidden: TestSuite | None
    limits: Limits

    @property
    def title(self) -> str:
        where = f", part {self.part}" if self.part else ""
        return f"{self.question} in {LANGUAGES[self.language].label}{where}"


def read(path: Path) -> list[Question]:
    """The questions of a file: one by itself, or a list under `challenges`. Raises BadFile."""
    try:
        body = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadFile(f"{path} cannot be read: {error}") from error
    if not isinstance(body, dict):
        raise BadFile(f"{path} holds no question.")
    try:
        return [_question(one, body) for one in body.get("challenges", [body])]
    except (msgspec.ValidationError, KeyError, TypeError, AttributeError) as error:
        raise BadFile(f"{path} holds a question that cannot be read: {error}") from error


def references(question: Question) -> Iterator[Reference]:
    """Every reference solution in a language that can run here."""
    every = tuple(part.id for part in question.parts)
    for language, given in question.reference.items():
        if language not in LANGUAGES:
            continue
        for part, source in (given if isinstance(given, dict) else {"": given}).items():
            parts = (part,) if part else every
            yield Reference(
                question.key,
                language,
                part,
                source,
                suite(question, parts, hidden=False, language=language),
                suite(question, parts, hidden=True, language=language),
                question.test_limits,
            )


async def check(questions: list[Question], runner: Runner, say: Say) -> bool:
    """Run them all; `say` hears a line for each. False when one failed, or nothing could be checked."""
    results: list[bool] = []
    for question in questions:
        found = list(references(question))
        if not found and question.has_tests:
            say(f"✗ {question.key} has tests and no reference solution.")
            results.append(False)
        results += [await _check(reference, runner, say) for reference in found]
    if not results:
        say("There is nothing to check: no question here has tests.")
    return bool(results) and all(results)


def main(path: Path, *, say: Say, docker_host: str | None, runtime: str | None) -> int:
    """`room question check`. Returns the exit code. Raises BadFile."""
    questions = read(path)

    async def go() -> bool:
        async with Runner.open(
            docker_host=docker_host, runtime=runtime, warm=0, chores=False
        ) as runner:
            return await check(questions, runner, say)

    return 0 if asyncio.run(go()) else 1


async def _check(reference: Reference, runner: Runner, say: Say) -> bool:
    name = LANGUAGES[reference.language].file
    reports: list[TestReport] = []
    for side in (reference.visible, reference.hidden):
        if side is not None:
            files = (SourceFile(name, reference.source),)
            request = TestRequest(reference.language, files, name, side, reference.limits)
            reports.append(await runner.run_tests(request))
    if not reports:
        say(f"✗ {reference.title}: there are no tests in this language.")
        return False
    passed, total = sum(r.passed for r in reports), sum(r.total for r in reports)
    is_right = all(report.verdict == "AC" for report in reports)
    say(f"{'✓' if is_right else '✗'} {reference.title}: {passed} of {total} tests passed")
    for report in reports:
        if not report.cases and report.verdict != "AC":
            say(f"    {report.verdict}: {report.sentence}")
        for case in report.cases:
            if case.verdict != "AC":
                hidden = " (hidden)" if case.hidden else ""
                say(f"    {case.verdict} {case.name}{hidden}: {case.sentence}")
    return is_right


def _question(one: dict[str, Any], body: dict[str, Any]) -> Question:
    defaults = body.get("defaults", {}) if one is not body else {}
    return Question.from_yaml({**defaults, **one})
