"""The report as a page and as a PDF. The same template serves the screen, the print view and the PDF.

The PDF is made in a child process with limits of time, memory and output; what it may fetch is a list of fixed names, never
a file by its path and never the network. Nothing else in the project knows WeasyPrint.
"""

import json
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from room.scoring import charts, evidence, paint, wording
from room.scoring.report import Report
from room.scoring.score import DECISION_WORDS

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FONTS = ROOT / "static" / "dist"

Paper = Literal["a4", "letter"]
PAPERS: dict[Paper, str] = {"a4": "A4", "letter": "letter"}

HTML_MAX = 8_000_000
CPU_S, WALL_S = 40, 60
MEMORY_BYTES = 2_000_000_000
PDF_MAX_BYTES = 40_000_000
AT_ONCE = 2

FONT_FILES = {"room:inter": "inter-latin-opsz", "room:inter-ext": "inter-latin-ext-opsz",
              "room:mono": "jetbrains-mono-latin-wght"}  # fmt: skip
"""What a PDF may fetch, and the beginning of the file's name in the front end's folder."""

_slots = threading.BoundedSemaphore(AT_ONCE)


class PdfBusy(RuntimeError):
    """Too many PDFs are being made; it works again in a moment."""


class PdfFailed(RuntimeError):
    """The child process did not deliver: it hit a limit, or could not lay the page out."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader's copy of the report is made with, besides the report."""

    hash: str = ""
    """SHA-256 of the signed report; empty for a draft."""
    replay: str = ""
    """Address of the replay that moments link to; empty: times stay plain."""
    address: str = ""
    """Where the report is read on the screen, without a token; stands in the print's footer."""
    replaced_by: int | None = None
    """The number of the newer version, when this is an old one."""


@cache
def environment() -> Environment:
    """Templates of the report: everything is escaped, and a misspelt name is an error."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    env.globals.update(
        wording=wording,
        decision_words=DECISION_WORDS,
        track=_markup(charts.track),
        key_mark=_markup(charts.key_mark),
        bookmark=_markup(charts.bookmark),
        outcome=_markup(charts.outcome),
        timeline=_markup(charts.timeline),
        painted=paint.lines,
        watch_s=evidence.watch_s,
    )
    env.filters.update(clock=charts.clock)
    return env


def _markup(draw: Callable[..., str]) -> Callable[..., Markup]:
    # The charts escape what people wrote themselves.
    return lambda *args, **kwargs: Markup(draw(*args, **kwargs))  # noqa: S704


def sheet(report: Report, view: View) -> Markup:
    """The report itself, without a page around it."""
    template = environment().get_template("report/sheet.html")
    return Markup(template.render(report=report, view=view))  # noqa: S704 -- the template escapes


def pdf_page(report: Report, view: View, paper: Paper = "a4") -> str:
    """The whole page that becomes the PDF."""
    template = environment().get_template("report/pdf.html")
    style = (Path(__file__).parent / "print.css").read_text(encoding="utf-8")
    return template.render(
        report=report,
        view=view,
        paper=PAPERS[paper],
        style=Markup(style),  # noqa: S704 -- our own file
    )


def pdf(html: str) -> bytes:
    """The page as a tagged PDF (PDF/UA-1).

    Raises:
        PdfBusy: all places are taken for longer than a reader waits.
        PdfFailed: see there.
    """
    if len(html) > HTML_MAX:
        raise PdfFailed("the report is too long for a PDF")
    if not _slots.acquire(timeout=20):
        raise PdfBusy("all places are taken")
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, nothing of the report is an argument
            [sys.executable, "-I", "-c", _child_program()],
            input=html.encode("utf-8", "replace"),
            capture_output=True,
            timeout=WALL_S,
            check=False,
            cwd="/",
            env={"LANG": "C.UTF-8", "HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"},
        )
    except subprocess.TimeoutExpired as error:
        raise PdfFailed("the PDF took too long") from error
    finally:
        _slots.release()
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise PdfFailed(done.stderr.decode("utf-8", "replace")[-2_000:])
    return done.stdout


def _child_program() -> str:
    return (
        f"import sys; sys.path[:0] = {json.dumps([str(ROOT), *_site()])}; "
        "from room.scoring.render import child; child()"
    )


def _site() -> list[str]:
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def child() -> None:
    """The child process: limits first, then HTML from stdin, PDF to stdout."""
    _limit()
    html = sys.stdin.buffer.read().decode("utf-8")
    from weasyprint import HTML  # noqa: PLC0415 -- loaded in the child only
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    document = HTML(string=html, url_fetcher=_fonts_only(), base_url="room:")
    made = document.write_pdf(
        pdf_variant="pdf/ua-1", font_config=FontConfiguration(), optimize_images=True
    )
    if len(made) > PDF_MAX_BYTES:
        raise SystemExit("the PDF is too large")
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()


def _limit() -> None:
    for what, limit in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, PDF_MAX_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def _fonts_only() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415 -- in the child only

    class FixedNames(URLFetcher):  # type: ignore[misc]
        """Whatever else a report might name is refused, and the page goes without it."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ARG002 -- its signature
            start = FONT_FILES.get(url)
            found = sorted(FONTS.glob(f"{start}-*.woff2")) if start else []
            if not found:
                raise ValueError(f"refused: {url[:80]}")
            return URLFetcherResponse(url, found[0].read_bytes(), {"Content-Type": "font/woff2"})

    return FixedNames(allowed_protocols=())
