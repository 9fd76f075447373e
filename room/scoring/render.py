"""The report as a page and as a PDF. The same template serves the screen, the print view and the PDF.

The PDF is made in a limited child process; what it may fetch is a list of fixed names, never a file by its path and never the
network. Nothing else in the project knows WeasyPrint.
"""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from room.scoring import charts, evidence, limited, paint, wording
from room.scoring.brand import Brand
from room.scoring.report import Report
from room.scoring.score import DECISION_WORDS

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FONTS = ROOT / "static" / "dist"

Paper = Literal["a4", "letter"]
PAPERS: dict[Paper, str] = {"a4": "A4", "letter": "letter"}

HTML_MAX = 8_000_000

FONT_FILES: dict[str, tuple[str, dict[str, float]]] = {
    "room:inter": ("inter-latin-opsz", {"opsz": 16, "wght": 400}),
    "room:inter-bold": ("inter-latin-opsz", {"opsz": 16, "wght": 600}),
    "room:inter-ext": ("inter-latin-ext-opsz", {}),
    "room:mono": ("jetbrains-mono-latin-wght", {}),
}
"""What a PDF may fetch: the beginning of the file's name in the front end's folder, and where on the font's axes it is fixed
beforehand, once, since that costs more than all the rest."""

LOGO = "room:logo"
ATTACHED = "report.json"
ATTACHED_IS = "The signed report as data"


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
    brand: Brand = Brand()
    blind: bool = False
    """Name and pronouns were taken out of the report; it is not what was signed."""


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


def pdf(html: str, attached: bytes = b"", logo: bytes | None = None) -> bytes:
    """The page as a tagged PDF (PDF/UA-1), with the report's JSON inside when it is given.

    `logo`: a PNG of `room.scoring.logo`, which the page may name ``room:logo``.

    Raises:
        PdfBusy: all places are taken for longer than a reader waits.
        PdfFailed: see there.
    """
    if len(html) > HTML_MAX:
        raise PdfFailed("the report is too long for a PDF")
    try:
        return limited.run("pdf", _encoder.encode(_Page(html, attached, logo or b"")))
    except limited.Busy as error:
        raise PdfBusy("all places are taken") from error
    except limited.Failed as error:
        raise PdfFailed(str(error)) from error


# ------------------------------------------------------------------------------------------------ in the limited child


class _Page(msgspec.Struct, frozen=True):
    html: str
    attached: bytes
    logo: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Page)
_fonts: dict[str, bytes] = {}


def prepare() -> None:
    """Import the layout engine and unpack the fonts once, for all children that are forked from here."""
    import weasyprint.pdf  # noqa: F401, PLC0415 -- loaded in that process only
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib.instancer import instantiateVariableFont  # noqa: PLC0415

    for name, (start, axes) in FONT_FILES.items():
        found = sorted(FONTS.glob(f"{start}-*.woff2"))
        if not found:
            continue
        font = TTFont(found[0])
        if axes:
            font = instantiateVariableFont(font, axes)
        font.flavor = None
        made = io.BytesIO()
        font.save(made)
        _fonts[name] = made.getvalue()


def lay_out(payload: bytes) -> bytes:
    """A page as `pdf` sends it, laid out."""
    from weasyprint import HTML, Attachment  # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    page = _decoder.decode(payload)
    if page.logo:
        _fonts[LOGO] = page.logo
    attachments = []
    if page.attached:
        attachments.append(
            Attachment(
                string=page.attached, name=ATTACHED, description=ATTACHED_IS, relationship="Source"
            )
        )
    document = HTML(string=page.html, url_fetcher=_fonts_only(), base_url="room:")
    fonts = FontConfiguration()
    try:
        made: bytes = document.write_pdf(
            pdf_variant="pdf/ua-1",
            font_config=fonts,
            attachments=attachments,
            finisher=_finish,
        )
    finally:
        fonts.__del__()  # its folder; the process ends without a farewell to its objects
    return made


def _finish(_document: Any, pdf: Any) -> None:
    """What the layout engine leaves out: which cells a heading of a table is for, and what the attachment is."""
    import pydyf  # noqa: PLC0415

    def found(reference: Any) -> Any:
        # A reference is written as b"12 0 R", and objects stand at their number.
        text = reference.decode() if isinstance(reference, bytes) else str(reference)
        return pdf.objects[int(text.split()[0])] if text.endswith(" R") else reference

    for row in pdf.objects:
        if not (isinstance(row, dict) and row.get("S") == "/TR"):
            continue
        cells = [c for c in map(found, row.get("K", ())) if isinstance(c, dict)]
        scope = "/Column" if all(c.get("S") == "/TH" for c in cells) else "/Row"
        for cell in cells:
            if cell.get("S") == "/TH":
                cell["A"] = pydyf.Dictionary({"O": "/Table", "Scope": scope})
    for tag in pdf.objects:
        if isinstance(tag, dict) and tag.get("Type") == "/StructElem":
            _mend(tag, [k for k in map(found, tag.get("K", ())) if isinstance(k, dict)], found)
    _associate(pdf, pydyf)


def _mend(tag: Any, kids: list[Any], found: Callable[[Any], Any]) -> None:
    """Tags that PDF/UA does not let stand where the layout engine puts them."""
    if tag["S"] == "/L" and any(kid.get("S") == "/Div" for kid in kids):
        # Terms and what they are, in pairs (dl, div, dt and dd): that is no list of items.
        tag["S"] = "/Div"
        for pair in kids:
            for part in map(found, pair.get("K", ())):
                if isinstance(part, dict) and part.get("S") == "/LI":
                    part["S"] = "/P"
                    for body in map(found, part.get("K", ())):
                        if isinstance(body, dict) and body.get("S") in ("/LBody", "/Lbl"):
                            body["S"] = "/Span"
    elif tag["S"] not in ("/Table", "/L", "/Figure"):
        for kid in kids:
            if kid.get("S") == "/Caption":
                kid["S"] = "/P"


def _associate(pdf: Any, pydyf: Any) -> None:
    """Say in the way of PDF/A-3 that the attached JSON is what these pages were made from."""
    files: list[Any] = [
        o for o in pdf.objects if isinstance(o, dict) and o.get("Type") == "/Filespec"
    ]
    for file in files:
        file["AFRelationship"] = "/Source"
    if files:
        pdf.catalog["AF"] = pydyf.Array([file.reference for file in files])


def _fonts_only() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class FixedNames(URLFetcher):  # type: ignore[misc]
        """Whatever else a report might name is refused, and the page goes without it."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ARG002 -- its signature
            if url not in _fonts:
                raise ValueError(f"refused: {url[:80]}")
            kind = "image/png" if url == LOGO else "font/ttf"
            return URLFetcherResponse(url, _fonts[url], {"Content-Type": kind})

    return FixedNames(allowed_protocols=())
