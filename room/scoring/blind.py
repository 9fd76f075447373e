"""A report without the candidate's name and pronouns, for somebody who decides before knowing who it was.

Pure. Every text is read, what the rubric, the tests and the code say too. What was taken out stands in brackets, so that
nobody mistakes it for the words that were signed. It is a reading aid, not a promise: a text can tell who somebody is in
other words.
"""

import re
from typing import Any

import msgspec

from room.scoring.report import Report

CANDIDATE = "the candidate"
PRONOUNS = {
    "he": "[they]", "she": "[they]", "him": "[them]", "his": "[their]", "hers": "[theirs]",
    "himself": "[themself]", "herself": "[themself]", "mr": "[title]", "mrs": "[title]", "ms": "[title]",
}  # fmt: skip
KEPT = frozenset(
    {"id", "by", "member", "interview", "hash", "journal_hash", "amendments_hash", "previous_hash", "scorecard_hash", "schema",
     "zone", "kind", "role", "source", "decision", "confidence", "verdict", "origin", "competency", "evidence", "pins", "file",
     "rubric_key", "started_at_ms", "language"}
)  # fmt: skip
"""Fields that are no text of a person."""

AFTER_THEM = frozenset({"and", "or", "to", "in", "on", "at", "with", "by", "for", "again"})
"""After these "her" was an object, not an owner."""

_WORDS = re.compile(r"(?<!\w)(" + "|".join(PRONOUNS) + r"|her)(?!\w)", re.IGNORECASE)


def of(report: Report) -> Report:
    """The report as a blind reader gets it."""
    names = _names(report.occasion.candidate)
    return msgspec.convert(_walk(msgspec.to_builtins(report), names, is_code=False), Report)


def _names(name: str) -> re.Pattern[str] | None:
    """The whole name and each part of it; a part of a script without word spaces is found inside other words too."""
    parts = {name.strip(), *(part.strip(".,()[]\"'’") for part in name.split())}
    found = sorted((part for part in parts if len(part) > 1), key=len, reverse=True)
    if not found:
        return None
    patterns = []
    for part in found:
        has_case = part.upper() != part.lower()
        patterns.append(rf"(?<!\w){re.escape(part)}(?!\w)" if has_case else re.escape(part))
    return re.compile("|".join(patterns))


def _walk(value: Any, names: re.Pattern[str] | None, *, is_code: bool) -> Any:
    match value:
        case str():
            return _text(value, names, is_code=is_code)
        case list() | tuple():
            return [_walk(one, names, is_code=is_code) for one in value]
        case dict():
            return {
                key: one if key in KEPT else _walk(one, names, is_code=is_code or key == "code")
                for key, one in value.items()
            }
        case _:
            return value


def _text(text: str, names: re.Pattern[str] | None, *, is_code: bool) -> str:
    if names is not None:
        text = names.sub(lambda found: CANDIDATE if is_code else _name(found, text), text)
    return text if is_code else _WORDS.sub(lambda found: _pronoun(found, text), text)


def _name(found: re.Match[str], text: str) -> str:
    """With a capital where a sentence begins."""
    before = text[: found.start()].rstrip()
    begins = not before or before[-1] in ".!?:\n" or "\n" in text[len(before) : found.start()]
    return CANDIDATE.capitalize() if begins else CANDIDATE


def _pronoun(found: re.Match[str], text: str) -> str:
    put = _neutral(found, text)
    return f"[{put[1:].capitalize()}" if found[0][0].isupper() else put


def _neutral(found: re.Match[str], text: str) -> str:
    word = found[0].lower()
    if word == "her":
        # "her code", but "saw her." and "helped her and"
        after = re.match(r"\s+(\w+)", text[found.end() :])
        is_owner = after is not None and after[1].lower() not in AFTER_THEM
        return "[their]" if is_owner else "[them]"
    return PRONOUNS[word]
