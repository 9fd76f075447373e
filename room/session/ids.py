"""Typed identifiers: random, 128 bits, lower-case base32, with a one-letter prefix that names the kind.

A wrong id then fails in a type check, and a log line says what an id is an id of.
"""

import base64
import re
import secrets
from collections.abc import Callable
from typing import NewType

InterviewId = NewType("InterviewId", str)
MemberId = NewType("MemberId", str)
FileId = NewType("FileId", str)
RunId = NewType("RunId", str)
PinId = NewType("PinId", str)
NoteId = NewType("NoteId", str)
MessageId = NewType("MessageId", str)
StageId = NewType("StageId", str)
QuestionId = NewType("QuestionId", str)
PartId = NewType("PartId", str)
CompetencyId = NewType("CompetencyId", str)

SYSTEM = MemberId("system")
"""The author of what the room does by itself: run results, connections, the seeded starter text."""

Random = Callable[[int], bytes]

_FORM = re.compile(r"[a-z]_[a-z2-7]{26}")


def new_id(prefix: str, random: Random = secrets.token_bytes) -> str:
    """A fresh id such as ``f_3n2k...``: one lower-case letter, an underscore, 26 base32 characters."""
    return prefix + "_" + base64.b32encode(random(16)).decode("ascii").rstrip("=").lower()


def is_id(text: str, prefix: str) -> bool:
    """Whether ``text`` has the form of an id of this kind; says nothing about its existence."""
    return text.startswith(prefix + "_") and _FORM.fullmatch(text) is not None
