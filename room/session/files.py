"""Names of files in a room: what a name may be, and what its ending says about the language."""

import re
import unicodedata
from collections.abc import Collection

NAME_MAX = 80
FILES_MAX = 40

ENDINGS = {
    "py": "python",
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "ts": "typescript",
    "java": "java",
    "c": "c",
    "h": "c",
    "cpp": "cpp",
    "cc": "cpp",
    "hpp": "cpp",
    "go": "go",
    "rs": "rust",
    "rb": "ruby",
    "php": "php",
    "sh": "bash",
    "sql": "sql",
    "md": "markdown",
    "json": "json",
    "txt": "text",
    "diff": "diff",
    "patch": "diff",
}

NOT_RUN = frozenset({"markdown", "json", "text", "diff"})
"""Languages that are only shown."""

_REORDERING = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029\ufeff"
)

_FORBIDDEN = re.compile(r'[\\:*?"<>|]')


def language_of(name: str) -> str:
    """The language that a file name's ending tells, or an empty string."""
    _, dot, ending = name.rpartition(".")
    return ENDINGS.get(ending.lower(), "") if dot else ""


def clean_text(text: str, *, keep_lines: bool = True) -> str:
    """Text from a person without control and bidirectional-override characters.

    Those can hide or reorder what others read (Unicode Technical Report 36, section 2.4). Line breaks and tabs stay if
    ``keep_lines`` is set, and become spaces else.
    """
    out = []
    for char in text:
        if char in "\n\t":
            out.append(char if keep_lines else " ")
        elif char in _REORDERING or unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn"):
            continue
        else:
            out.append(char)
    return "".join(out)


def name_problem(name: str, taken: Collection[str]) -> str | None:
    """Why ``name`` cannot be a file's name, as a sentence; None if it can.

    A name is a relative path of at most 80 characters, folders separated by ``/``.
    """
    if not name.strip():
        return "A file needs a name."
    if len(name) > NAME_MAX:
        return f"A file name has {NAME_MAX} characters at most."
    if name != clean_text(name, keep_lines=False) or _FORBIDDEN.search(name):
        return "This name has characters that a file name cannot have."
    parts = name.split("/")
    if any(
        part in ("", ".", "..") or part != part.strip() or part.startswith("-") for part in parts
    ):
        return "This name does not work as a file name."
    if any(part.startswith(".git") for part in parts):
        return "This name does not work as a file name."
    if name in taken:
        return f"There is already a file called {name}."
    if any(name.startswith(other + "/") or other.startswith(name + "/") for other in taken):
        return "A file and a folder cannot have the same name."
    return None


def free_name(name: str, taken: Collection[str]) -> str:
    """``name``, or the first of ``main 2.py``, ``main 3.py``, ... that is not taken."""
    if name not in taken:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    number = 2
    while (candidate := f"{stem} {number}{dot}{ending}") in taken:
        number += 1
    return candidate
