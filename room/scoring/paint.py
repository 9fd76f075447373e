"""Code as HTML: one line at a time, with classes for what Pygments recognises. Everything is escaped."""

from collections.abc import Sequence

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


def lines(texts: Sequence[str], language: str) -> list[Markup]:
    """Each line as markup, in the order of `texts`."""
    source = "\n".join(texts)
    lexer = None
    if len(source) <= PAINT_MAX:
        try:
            lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        except ClassNotFound:
            lexer = None
    if lexer is None:
        return [escape(text) for text in texts]
    out: list[list[Markup]] = [[]]
    for kind, value in lexer.get_tokens(source):
        name = _class_of(kind)
        for index, piece in enumerate(value.split("\n")):
            if index:
                out.append([])
            if piece:
                shown = escape(piece)
                out[-1].append(
                    Markup('<span class="{}">{}</span>').format(name, shown) if name else shown
                )
    painted = [Markup("").join(pieces) for pieces in out]
    # A lexer may normalise line breaks; the text itself is never worth less than its colours.
    return painted if len(painted) == len(texts) else [escape(text) for text in texts]


def _class_of(kind: object) -> str:
    while kind is not Token:
        short = STANDARD_TYPES.get(kind, "")
        if short in CLASSES:
            return CLASSES[short]
        kind = getattr(kind, "parent", Token) or Token
    return ""
