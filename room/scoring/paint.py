"""Code as HTML: one line at a time, with classes for what Pygments recognises. Everything is escaped."""

from collections.abc import Sequence
from functools import cache, lru_cache

from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token
from pygments.util import ClassNotFound

PAINT_MAX = 60_000
"""Longer texts stay without colour: recognising would take longer than a reader waits."""

CLASSES = {
    "k": "k", "kn": "k", "kc": "k", "kd": "k", "kr": "k", "kt": "nb", "ow": "k", "bp": "k",
    "s": "s", "s1": "s", "s2": "s", "sd": "s", "sb": "s", "sa": "s", "si": "s", "se": "s", "sx": "s",
    "m": "m", "mi": "m", "mf": "m", "mh": "m", "mo": "m", "mb": "m",
    "nf": "nf", "fm": "nf", "nd": "nf", "nc": "nb", "nb": "nb",
    "c": "c", "c1": "c", "cm": "c", "ch": "c", "cp": "c",
}  # fmt: skip


KEPT = 32
"""Texts whose painting is kept: a report's code stays as it is, and painting it is most of what its page costs."""


def lines(texts: Sequence[str], language: str) -> Sequence[Markup]:
    """Each line as markup, in the order of `texts`."""
    return _painted(tuple(texts), language)


@lru_cache(maxsize=KEPT)
def _painted(texts: tuple[str, ...], language: str) -> tuple[Markup, ...]:
    source = "\n".join(texts)
    lexer = None
    if len(source) <= PAINT_MAX:
        try:
            lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        except ClassNotFound:
            lexer = None
    if lexer is None:
        return tuple(escape(text) for text in texts)
    out: list[list[tuple[str, str]]] = [[]]
    for kind, value in lexer.get_tokens(source):
        name = _class_of(kind)
        first, *more = value.split("\n")
        _put(out[-1], name, first)
        for piece in more:
            out.append([])
            _put(out[-1], name, piece)
    # A lexer may normalise line breaks; the text itself is never worth less than its colours.
    if len(out) != len(texts):
        return tuple(escape(text) for text in texts)
    return tuple(_line(pieces) for pieces in out)


def _put(line: list[tuple[str, str]], name: str, piece: str) -> None:
    """Add a piece; one that looks as the piece before it becomes part of it, so that a string is one element and not three."""
    if not piece:
        return
    if line and line[-1][0] == name:
        piece = line.pop()[1] + piece
    line.append((name, piece))


def _line(pieces: Sequence[tuple[str, str]]) -> Markup:
    shown = (
        f'<span class="{name}">{escape(piece)}</span>' if name else str(escape(piece))
        for name, piece in pieces
    )
    return Markup("".join(shown))  # noqa: S704 -- each piece is escaped


@cache
def _class_of(kind: object) -> str:
    while kind is not Token:
        short = STANDARD_TYPES.get(kind, "")
        if short in CLASSES:
            return CLASSES[short]
        kind = getattr(kind, "parent", Token) or Token
    return ""
