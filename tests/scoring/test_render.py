"""The report as a page and as a PDF."""

import io
import re

import pypdf
import pytest

from room.scoring import render
from room.scoring.render import View


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.pdf
def test_the_pdf_is_tagged_and_says_what_the_report_says(make_report):
    pdf = render.pdf(
        render.pdf_page(make_report(), View(hash="ef" * 32, address="https://room.example"), "a4")
    )
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert 'pdfuaid:part="1"' in reader.xmp_metadata.rdf_root.toxml()
    text = re.sub(r"\s+", " ", text_of(pdf))
    for words in (
        "Cal Moreau",
        "Hire",
        "Asked about the border",
        "not shown",
        "print('ok')",
        "Page 1 of",
    ):
        assert words in text, words
