"""Markdown of statements and guides as HTML, without raw HTML and without pictures."""

from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

_reader = (
    MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    .enable("table")
    .disable("image")
)


@lru_cache(maxsize=512)
def to_html(text: str) -> Markup:
    """HTML of a text from people. Tags in it come out as text; `javascript:` and `data:` addresses are no links."""
    return Markup(_reader.render(text))  # noqa: S704
