"""Whether what a program gave is what was expected. Pure; it runs on our side only."""

from __future__ import annotations

import json
from typing import Any

from room.sandbox.spec import Compare

SHOWN_CHARS = 4_000


def accepts(compare: Compare, got: str, expected: Any) -> bool:
    """Compare a program's answer (its output, or its result written as JSON) with a case's expectation.

    "lines" forgives white space at the end of lines and empty lines at the end; "exact" forgives nothing; "tokens"
    looks at words only; "unordered_lines" is "lines" in any order; "json" compares values: the order in lists counts,
    1 and 1.0 are equal, true and 1 are not, and null stands for an empty list.
    """
    match compare:
        case "lines":
            return _lines(got) == _lines(str(expected))
        case "exact":
            return got == str(expected)
        case "tokens":
            return got.split() == str(expected).split()
        case "unordered_lines":
            return sorted(_lines(got)) == sorted(_lines(str(expected)))
        case "json":
            try:
                value = json.loads(got)
            except (ValueError, RecursionError):
                return False
            try:
                return same_value(value, expected)
            except RecursionError:
                return False


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def same_value(got: Any, expected: Any) -> bool:
    """Whether two JSON values are the same; null and an empty list are."""
    got, expected = _filled(got), _filled(expected)
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return got == expected
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(same_value, got, expected))
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(same_value(got[k], expected[k]) for k in got)
    return type(got) is type(expected) and bool(got == expected)


def _filled(value: Any) -> Any:
    return [] if value is None else value


def shown(value: Any, compare: Compare) -> str:
    """An answer or expectation cut for a page; JSON values are written in one line."""
    text = json.dumps(value, ensure_ascii=False) if compare == "json" else str(value)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
