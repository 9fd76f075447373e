"""What people type as names: made safe to show beside other words, and otherwise left as it is."""

import unicodedata

MAX_NAME = 200
MAX_TEXT = 2000

_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of the text around them (Unicode UAX #9): with them `gpj.exe` reads `exe.jpg`."""


def clean_name(text: str) -> str:
    r"""One line without control and direction characters, at most 200 characters long; letters that join stay joined.

    >>> clean_name("  Ana\u202e Mar\n ")
    'Ana Mar'
    """
    kept = "".join(
        " " if c.isspace() else c for c in unicodedata.normalize("NFC", text) if _is_harmless(c)
    )
    return " ".join(kept.split())[:MAX_NAME].rstrip()


def clean_text(text: str) -> str:
    """Lines of text under the same rule, at most 2000 characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in line if c == "\t" or _is_harmless(c)).rstrip() for line in lines)
    return "\n".join(kept).strip()[:MAX_TEXT]


def _is_harmless(character: str) -> bool:
    return character.isspace() or (
        character not in _TURNING
        and unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn"}
    )
