"""Whether what a program gave is what was expected. Pure; it runs on our side only."""

from __future__ import annotations

import json
import math
from typing import Any

from room.sandbox.spec import Compare

SHOWN_CHARS = 4_000


def accepts(compare: Compare, got: str, expected: Any, tolerance: float = 1e-6) -> bool:
    """Compare a program's answer (its output, or its result written as JSON) with a case's expectation.

    "lines" forgives white space at the end of lines and empty lines at the end; "exact" forgives nothing; "tokens"
    looks at words only; "unordered_lines" is "lines" in any order; "json" compares values: the order in lists counts,
    1 and 1.0 are equal, true and 1 are not, and null stands for an empty list. "float" is "tokens" for a text and "json"
    for any other value, but numbers may be off by `tolerance`, absolutely or as a share of the expected one.

    Raises:
        ValueError: "checker", which is not decided here.
    """
    match compare:
        case "lines":
            return _lines(got) == _lines(str(expected))
        case "exact":
            return got == str(expected)
        case "tokens":
            return got.split() == str(expected).split()
        case "float" if isinstance(expected, str):
            words, wanted = got.split(), expected.split()
            return len(words) == len(wanted) and all(
                _near_word(word, want, tolerance) for word, want in zip(words, wanted, strict=True)
            )
        case "unordered_lines":
            return sorted(_lines(got)) == sorted(_lines(str(expected)))
        case "json" | "float":
            try:
                value = json.loads(got)
                return same_value(value, expected, tolerance if compare == "float" else None)
            except (ValueError, RecursionError):
                return False
        case "checker":
            raise ValueError("a checker decides, in a box of its own")


def near(got: float, expected: float, tolerance: float) -> bool:
    """Whether two numbers are so close; infinities only to themselves, what is no number only to its like."""
    if math.isnan(expected) or math.isnan(got):
        return math.isnan(expected) and math.isnan(got)
    return math.isclose(got, expected, rel_tol=0, abs_tol=tolerance * max(1.0, abs(expected)))


def _near_word(got: str, expected: str, tolerance: float) -> bool:
    if got == expected:
        return True
    try:
        return near(_number(got), _number(expected), tolerance)
    except ValueError:
        return False


def _number(word: str) -> float:
    """A number as programs print one; Python's own underscores and other alphabets' digits are not."""
    if not word.isascii() or "_" in word:
        raise ValueError(word)
    return float(word)


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def same_value(got: Any, expected: Any, tolerance: float | None = None) -> bool:
    """Whether two JSON values are the same; null and an empty list are. Numbers may be off by `tolerance`."""
    got, expected = _filled(got), _filled(expected)
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return got == expected if tolerance is None else _near_value(got, expected, tolerance)
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(
            same_value(one, other, tolerance) for one, other in zip(got, expected, strict=True)
        )
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(
            same_value(got[key], expected[key], tolerance) for key in got
        )
    return type(got) is type(expected) and bool(got == expected)


def _near_value(got: float, expected: float, tolerance: float) -> bool:
    try:
        return near(float(got), float(expected), tolerance)
    except OverflowError:  # a whole number beyond every float
        return got == expected


def _filled(value: Any) -> Any:
    return [] if value is None else value


def shown(value: Any, compare: Compare) -> str:
    """An answer or expectation cut for a page; JSON values are written in one line."""
    text = value if isinstance(value, str) and compare != "json" else _as_json(value, compare)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"


def _as_json(value: Any, compare: Compare) -> str:
    return (
        json.dumps(value, ensure_ascii=False)
        if compare in ("json", "float", "checker")
        else str(value)
    )
