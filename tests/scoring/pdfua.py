"""Rules of PDF/UA-1 that a program can check, as sentences about what breaks them. The numbers are clauses of ISO 14289-1.

No registry that Room may use has veraPDF. This holds what a report's PDF can break: tags and where they may stand, headings, figures,
tables, fonts, and that every mark on a page is tagged or an artifact.
"""

import io
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import ContentStream

PARENTS = {
    "/LI": {"/L"},
    "/LBody": {"/LI"},
    "/Lbl": {"/LI", "/Note", "/BibEntry"},
    "/THead": {"/Table"},
    "/TBody": {"/Table"},
    "/TFoot": {"/Table"},
    "/TR": {"/Table", "/THead", "/TBody", "/TFoot"},
    "/TH": {"/TR"},
    "/TD": {"/TR"},
    "/Caption": {"/Table", "/L", "/Figure"},
}
KIDS = {
    "/L": {"/L", "/LI", "/Caption"},
    "/LI": {"/Lbl", "/LBody"},
    "/Table": {"/THead", "/TBody", "/TFoot", "/TR", "/Caption"},
    "/TR": {"/TH", "/TD"},
}
SHOWS = {b"Tj", b"TJ", b"'", b'"', b"Do", b"sh", b"f", b"F", b"f*", b"S", b"s", b"B", b"B*", b"b", b"b*"}  # fmt: skip
HIDDEN = 2


def problems(pdf: bytes) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    return [
        *_catalog(root),
        *(_tags(root) if "/StructTreeRoot" in root else ()),
        *(sentence for number, page in enumerate(reader.pages, 1) for sentence in _page(reader, page, number)),
    ]  # fmt: skip


def _catalog(root: Any) -> Iterator[str]:
    if "/StructTreeRoot" not in root:
        yield "7.1: there is no tree of tags"
    if root.get("/MarkInfo", {}).get("/Marked") is not True and not root.get("/MarkInfo", {}).get(
        "/Marked"
    ):
        yield "6.2: it is not marked as tagged"
    if not root.get("/Lang"):
        yield "7.2: it has no language"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "7.1: a reader is not asked to show the title"
    said = root["/Metadata"].get_object().get_data().decode() if "/Metadata" in root else ""
    if 'pdfuaid:part="1"' not in said and "<pdfuaid:part>1<" not in said:
        yield "5: it does not say that it is PDF/UA-1"
    if "dc:title" not in said:
        yield "7.1: it has no title"


def _walk(node: Any, parent: str) -> Iterator[tuple[str, Any]]:
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from _walk(one, parent)
    elif isinstance(node, dict) and "/S" in node:
        yield parent, node
        if "/K" in node:
            yield from _walk(node["/K"], node["/S"])


def _tags(root: Any) -> Iterator[str]:
    level = 0
    for parent, tag in _walk(root["/StructTreeRoot"]["/K"], ""):
        kind = tag["/S"]
        if parent not in PARENTS.get(kind, {parent}):
            yield f"7.2: {kind} stands in {parent}"
        if kind not in KIDS.get(parent, {kind}):
            yield f"7.2: {parent} holds {kind}"
        if kind == "/Figure" and not (tag.get("/Alt") or tag.get("/ActualText")):
            yield "7.3: a figure has no words"
        if kind == "/TH" and "/Scope" not in str(tag.get("/A", "")):
            yield "7.5: a heading of a table does not say what it is for"
        if kind[:2] == "/H" and kind[2:].isdigit():
            if int(kind[2:]) > level + 1:
                yield f"7.4.2: {kind} comes after level {level}"
            level = int(kind[2:])


def _page(reader: pypdf.PdfReader, page: Any, number: int) -> Iterator[str]:
    if "/StructParents" not in page:
        yield f"7.1: page {number} is not tied to the tags"
    for font in page["/Resources"].get("/Font", {}).values():
        font = font.get_object()
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        if not any(key.startswith("/FontFile") for key in inner.get("/FontDescriptor", {})):
            yield f"7.21.4: {font.get('/BaseFont')} is not in the file"
        if "/ToUnicode" not in font:
            yield f"7.21.7: {font.get('/BaseFont')} does not say which letters it shows"
    for annotation in page.get("/Annots", ()):
        annotation = annotation.get_object()
        if not annotation.get("/F", 0) & HIDDEN and not (
            annotation.get("/Contents") or annotation.get("/TU")
        ):
            yield f"7.18.1: an annotation of page {number} has no words"
    if page.get("/Annots") and page.get("/Tabs") != "/S":
        yield f"7.18.3: the tabs of page {number} do not follow the tags"
    depth = 0
    for _, operator in ContentStream(page.get_contents(), reader).operations:
        depth += (operator in (b"BDC", b"BMC")) - (operator == b"EMC")
        if depth == 0 and operator in SHOWS:
            yield f"7.1: page {number} shows something that is neither tagged nor an artifact"
            return
