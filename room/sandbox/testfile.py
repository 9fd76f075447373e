"""Tests as a file of JSON, as question authors write them for `room run --tests`. Pure.

{"kind": "stdio", "cases": [{"stdin", "expected", "hidden"}]}
{"kind": "function", "entry": "name", "cases": [{"args", "expected", "hidden"}]}
{"kind": "sql", "schema", "seeds", "cases": [{"seed", "expected", "hidden"}]}

A case may also have `name`, `compare` and `tolerance`, the file `compare`, `checker` ({"language", "source"}) and
`box_per_case`. Seeds are texts by name, or one text for all cases. Rows expected of a query may be a list of lists.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from room.sandbox.spec import Checker, Compare, TestCase, TestSuite

PART = "tests"


class BadTests(Exception):
    """The file does not describe tests; the text says where and why."""


class _Case(msgspec.Struct, forbid_unknown_fields=True):
    expected: Any
    stdin: str | None = None
    args: list[Any] | None = None
    seed: str | None = None
    hidden: bool = False
    name: str = ""
    compare: Compare | None = None
    tolerance: float = 1e-6


class _Tests(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["stdio", "function", "sql"]
    cases: list[_Case]
    entry: str | None = None
    schema: str = ""
    seeds: dict[str, str] | str = {}
    compare: Compare | None = None
    checker: Checker | None = None
    box_per_case: bool = False


def parse(text: bytes | str) -> TestSuite:
    """All cases, visible and hidden, in the file's order. Cases without a name are counted apart, the visible and the
    hidden ones, so that a visible case's name does not tell of hidden ones before it.

    Raises BadTests.
    """
    try:
        tests = msgspec.json.decode(text, type=_Tests)
    except msgspec.DecodeError as error:
        raise BadTests(f"The tests cannot be read: {error}.") from error
    if tests.kind == "function" and not tests.entry:
        raise BadTests("Function-style tests need “entry”, the function's name.")
    seeds = {"": tests.seeds} if isinstance(tests.seeds, str) else tests.seeds
    counts = {False: 0, True: 0}
    cases = []
    for case in tests.cases:
        counts[case.hidden] += 1
        number = counts[case.hidden]
        cases.append(
            TestCase(
                name=case.name or (f"hidden {number}" if case.hidden else f"test {number}"),
                part=PART,
                expected=_expected(tests.kind, case.expected),
                stdin=case.stdin,
                args=case.args,
                seed=_seed(case.seed, seeds),
                compare=_compare(tests, case),
                hidden=case.hidden,
                tolerance=case.tolerance,
            )
        )
    return TestSuite(
        kind=tests.kind,
        cases=tuple(cases),
        entry=tests.entry,
        schema=tests.schema,
        seeds=seeds,
        checker=tests.checker,
        box_per_case=tests.box_per_case,
    )


def of_one_side(suite: TestSuite, *, hidden: bool) -> TestSuite:
    """The same suite with its visible or its hidden cases only."""
    cases = tuple(case for case in suite.cases if case.hidden is hidden)
    return msgspec.structs.replace(suite, cases=cases)


def _compare(tests: _Tests, case: _Case) -> Compare:
    usual: Compare = "json" if tests.kind == "function" else "lines"
    return case.compare or tests.compare or ("checker" if tests.checker else usual)


def _seed(named: str | None, seeds: dict[str, str]) -> str | None:
    if named is None and len(seeds) == 1:
        return next(iter(seeds))
    if named is not None and named not in seeds:
        raise BadTests(f"There is no seed called “{named}”.")
    return named


def _expected(kind: str, expected: Any) -> Any:
    if kind == "function" or isinstance(expected, str):
        return expected
    if kind == "sql" and isinstance(expected, list):
        return "\n".join(
            "|".join("" if cell is None else str(cell) for cell in row)
            if isinstance(row, list)
            else str(row)
            for row in expected
        )
    return str(expected)
