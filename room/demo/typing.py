"""How a storyboard's text is typed: key by key, with pauses and slips. The notation stands at the top of the storyboard."""

import re
from collections.abc import Iterator

import msgspec

NOTICE_MS = 400
"""How long it takes to see a slip."""

_MARK = re.compile(r"⟨([^⟩]*)⟩")


class Key(msgspec.Struct, frozen=True):
    """After ``wait_ms``: ``text`` is typed, or ``back`` characters are taken back."""

    wait_ms: float
    text: str = ""
    back: int = 0


def final_text(notation: str) -> str:
    """What stands there in the end."""

    def settle(mark: re.Match[str]) -> str:
        inside = mark.group(1)
        return inside.partition("→")[2] if "→" in inside else ""

    return _MARK.sub(settle, notation)


def keys(notation: str, chars_a_second: float) -> Iterator[Key]:
    """The keys of a typed text. Indentation after a line break comes from the editor, together with the break."""
    gap = 1000 / chars_a_second
    pause = 0.0
    position = 0
    for mark in [*_MARK.finditer(notation), None]:
        plain = notation[position : mark.start() if mark else len(notation)]
        for piece in _pieces(plain):
            yield Key(gap + pause, piece)
            pause = 0.0
        if mark is None:
            return
        position = mark.end()
        wrong, arrow, right = mark.group(1).partition("→")
        if not arrow:
            pause += float(wrong) * 1000
            continue
        common = 0
        while common < min(len(wrong), len(right)) and wrong[common] == right[common]:
            common += 1
        for char in wrong:
            yield Key(gap + pause, char)
            pause = 0.0
        for number in range(len(wrong) - common):
            yield Key(NOTICE_MS if number == 0 else gap, back=1)
        for char in right[common:]:
            yield Key(gap, char)


def _pieces(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        end = position + 1
        if text[position] == "\n":
            while end < len(text) and text[end] == " ":
                end += 1
        yield text[position:end]
        position = end
