"""The report as a page and as a PDF, with what people may have written."""

import io
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypdf
import pytest
from msgspec.structs import replace

from room.scoring import limited, paint, render, report
from room.scoring.pdfshelf import Shelf
from room.scoring.render import PdfFailed, View
from room.scoring.score import Point, Scorecard, Words
from scoring import pdfua

CAL = "m_cal"

NAMES = {
    "right to left": "ليلى بنت محمد",
    "hebrew inside": "Cal (כל) Moreau",
    "beyond the plane": "𝒞al 🦊 𠮷野",
    "two hundred": "Wolfeschlegelsteinhausenbergerdorff " * 5 + "x" * 24,
    "one word": "W" * 200,
    "no family name": "Cal",
    "markup": '<b>Cal</b> & "Co" <script>alert(1)</script>',
    "template": "{{ 7*7 }}{% for x in y %}${1+1}",
}  # fmt: skip
MARKUP = (
    "<img src=file:///etc/passwd><svg onload=alert(1)></svg><style>*{display:none}</style>"
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>{{ 7*7 }}]]>--><!--"
)


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def named(made: report.Report, name: str) -> report.Report:
    people = {**made.occasion.people, CAL: report.Person(name, "candidate")}
    return replace(made, occasion=replace(made.occasion, candidate=name, people=people))


def full_of_markup(made: report.Report) -> report.Report:
    criteria = tuple(
        replace(c, ratings=tuple(replace(r, comment=MARKUP, reason=MARKUP) for r in c.ratings))
        for c in made.competencies
    )
    return replace(
        made,
        words=Words(MARKUP, (Point(MARKUP, 1),), (Point(MARKUP),), (MARKUP,), MARKUP),
        correction=MARKUP,
        competencies=criteria,
        evidence=tuple(replace(m, text=MARKUP) for m in made.evidence),
        remarks=(report.Remark("approach", CAL, MARKUP), report.Remark("decision", CAL, MARKUP)),
        code=(report.code_file(MARKUP, "python", [(MARKUP, CAL), ("\t" + MARKUP, None)]),),
        course=replace(
            made.course,
            stages=tuple(replace(s, title=MARKUP) for s in made.course.stages),
            tests=tuple(replace(t, name=MARKUP, part=MARKUP) for t in made.course.tests),
            hints=tuple(replace(h, part=MARKUP) for h in made.course.hints),
        ),
        occasion=replace(made.occasion, client=MARKUP, role_title=MARKUP),
    )


@pytest.mark.pdf
def test_the_pdf_is_tagged_and_says_what_the_report_says(make_report):
    page = render.pdf_page(make_report(), View(hash="ef" * 32, address="https://room.example"))
    pdf = render.pdf(page)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    assert 'pdfuaid:part="1"' in reader.xmp_metadata.rdf_root.toxml()
    assert reader.metadata.title == "Interview report, Cal Moreau"
    text = text_of(pdf)
    for words in (
        "Cal Moreau",
        "Hire",
        "Asked about the border",
        "not shown",
        "print('ok')",
        "Page 1 of",
        "https://room.example",
        "ef" * 10,
    ):
        assert words in text, words
    assert text.count("passed") >= 3  # each test's result stands beside it
    assert len(pdf) < 500_000


def structure(pdf: bytes) -> list:
    """All elements of the file's tree of tags."""
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            found.append(node)
            if "/K" in node:
                walk(node["/K"])

    walk(pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"])
    return found


@pytest.mark.pdf
def test_every_heading_of_a_table_says_what_it_is_for(make_report):
    tags = structure(render.pdf(render.pdf_page(make_report(), View())))
    heads = [tag for tag in tags if tag.get("/S") == "/TH"]
    assert heads
    assert {str(head["/A"]["/Scope"]) for head in heads} == {"/Column", "/Row"}


@pytest.mark.pdf
def test_every_figure_of_the_pdf_has_words(make_report):
    reader = pypdf.PdfReader(io.BytesIO(render.pdf(render.pdf_page(make_report(), View()))))
    figures = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if node.get("/S") == "/Figure":
                figures.append(node)
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    said = [str(figure.get("/Alt", "")) for figure in figures]
    assert any("Iris 3 Solid" in words for words in said)
    assert all(said), said


@pytest.mark.parametrize("kind", NAMES)
def test_a_strange_name_stays_text_on_the_page(make_report, kind):
    sheet = str(render.sheet(named(make_report(), NAMES[kind]), View()))
    assert "<script>" not in sheet
    assert "<b>Cal</b>" not in sheet
    assert re.search(r"<bdi>[^<]+</bdi>", sheet)
    if kind == "template":
        assert "{{ 7*7 }}{% for x in y %}${1+1}" in sheet
        assert "49" not in re.sub(r"<svg.*?</svg>", "", sheet)


@pytest.mark.pdf
def test_strange_names_come_out_of_the_pdf(make_report):
    name = f"{NAMES['hebrew inside']} {NAMES['beyond the plane']} {NAMES['markup']}"
    text = text_of(render.pdf(render.pdf_page(named(make_report(), name), View())))
    assert "Moreau" in text
    assert "<script>alert(1)</script>" in text
    assert "吉" in text or "𠮷" in text or "野" in text


def test_markup_in_every_field_stays_text_on_the_page(make_report):
    made = full_of_markup(make_report())
    sheet = str(render.sheet(made, View(hash="x", replay="/replay/i")))
    for start in ("<img", "<style", "<link", "<svg onload", "<!--"):
        assert start not in sheet, start
    assert sheet.count("&lt;img src=file:///etc/passwd&gt;") > 20


@pytest.mark.pdf
def test_markup_in_every_field_stays_text_in_the_pdf(make_report):
    text = text_of(render.pdf(render.pdf_page(full_of_markup(make_report()), View())))
    assert "root:" not in text
    assert "file:///etc/passwd" in text.replace(" ", "")


@pytest.mark.pdf
def test_the_child_fetches_fixed_names_only(tmp_path):
    secret = tmp_path / "secret.css"
    secret.write_text("p::before { content: 'leaked'; }")
    page = (
        f'<html lang="en"><head><title>t</title><link rel="stylesheet" href="file://{secret}">'
        f'<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><style>@import "file://{secret}";</style></head>'
        '<body><p>kept</p><img src="file:///etc/hostname" alt="x"><img src="data:image/png;base64,AAAA" alt="y">'
        f'<embed src="file://{secret}"></body></html>'
    )
    text = text_of(render.pdf(page))
    assert "kept" in text
    assert "leaked" not in text


@pytest.mark.pdf
def test_a_page_that_takes_too_long_is_stopped(monkeypatch):
    place, limits = limited.WORK["pdf"]
    monkeypatch.setitem(limited.WORK, "pdf", (place, replace(limits, wall_s=1.5)))
    page = "<html><body>" + "<p>word <b>word</b> word</p>" * 60_000 + "</body></html>"
    with pytest.raises(PdfFailed, match="stopped"):
        render.pdf(page)


def test_a_child_takes_its_limits_before_anything_else():
    program = (
        f"import sys; sys.path[:0] = {[str(limited.ROOT), *sys.path[1:]]!r}\n"
        "import resource, signal; from room.scoring import limited; limited.take(limited.Limits())\n"
        "print([resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[1] "
        "for n in ('CPU', 'AS', 'FSIZE', 'NOFILE', 'CORE')], signal.getitimer(signal.ITIMER_REAL)[0] > 50)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{[40, 2_000_000_000, 0, 64, 0]} True"


@pytest.mark.pdf
def test_a_server_that_was_killed_is_replaced():
    assert render.pdf("<p>one</p>").startswith(b"%PDF")
    limited._control.close()
    assert render.pdf("<p>two</p>").startswith(b"%PDF")


@pytest.mark.pdf
def test_a_child_sees_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("ROOM_SITE_KEY", "00" * 32)
    limited._forget()
    limited.warm()
    assert render.pdf("<p>one</p>").startswith(b"%PDF")
    ours = str(os.getpid())
    children = Path(f"/proc/{ours}/task/{ours}/children").read_text().split()
    servers = [c for c in children if b"limited" in Path(f"/proc/{c}/cmdline").read_bytes()]
    assert servers
    for child in servers:
        assert b"ROOM_SITE_KEY" not in Path(f"/proc/{child}/environ").read_bytes()


@pytest.mark.pdf
def test_the_json_stands_in_the_pdf_as_its_source(make_report):
    body = report.canonical(make_report())
    reader = pypdf.PdfReader(io.BytesIO(render.pdf(render.pdf_page(make_report(), View()), body)))
    assert reader.attachments == {"report.json": [body]}
    (file,) = reader.trailer["/Root"]["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Source"


def test_a_report_that_is_too_long_is_refused():
    with pytest.raises(PdfFailed, match="too long"):
        render.pdf("x" * (render.HTML_MAX + 1))


@pytest.mark.pdf
def test_a_small_report_is_a_report_too(make_report):
    bare = make_report(
        moments=(), code=(), words=Words(summary="Short."), cards=one_card(make_report)
    )
    assert "Nothing was written" in text_of(render.pdf(render.pdf_page(bare, View())))


def one_card(make_report):
    """One rater only."""
    made = make_report()
    rater = made.raters[0]
    card = report.Signed(
        member=rater.member, name=rater.signed_name, at_ms=rater.signed_at_ms, zone=rater.zone,
        card=Scorecard((), "no", "low"),
    )  # fmt: skip
    return [card]


def test_code_is_coloured_line_by_line_and_never_changed(make_report):
    source = ["def f(x):", '    """Two', '    lines."""', "    return '<b>' + x  # &", "\ttab", ""]
    made = make_report(code=(report.code_file("a.py", "python", [(line, CAL) for line in source]),))
    sheet = str(render.sheet(made, View()))
    lines = re.findall(r'<td class="src">(.*?)</td>', sheet, re.DOTALL)
    plain = [
        re.sub(r"<[^>]+>", "", line).replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"')
        .replace("&#39;", "'").replace("&amp;", "&") for line in lines
    ]  # fmt: skip
    assert plain == source
    assert '<span class="k">def</span>' in lines[0]


def test_times_lead_into_the_replay_only_where_it_is_included(make_report):
    with_it = str(render.sheet(make_report(), View(replay="/r/x/replay")))
    assert 'href="/r/x/replay?t=350"' in with_it
    without = str(render.sheet(make_report(), View()))
    assert "href=" not in without


# ------------------------------------------------------------------------------------------------ kept PDFs


def test_a_pdf_is_made_once_and_the_least_read_one_goes_first():
    shelf = Shelf(max_bytes=10)
    made = []

    def make(name):
        made.append(name)
        return name.encode() * 4

    for name in ("a", "b", "a", "c", "a", "b"):
        assert shelf.get(name, lambda name=name: make(name)) == name.encode() * 4
    assert made == ["a", "b", "c", "b"]
    assert shelf.get("large", lambda: b"x" * 11) == b"x" * 11
    assert shelf.get("large", lambda: b"y" * 11) == b"y" * 11, "too large to be kept"


def test_two_who_ask_at_once_get_the_same_pdf_and_a_failure_is_not_kept():
    shelf, begun, go = Shelf(), threading.Event(), threading.Event()
    made = []

    def slow():
        begun.set()
        go.wait(10)
        made.append(1)
        return b"pdf"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shelf.get, "k", slow)
        begun.wait(10)
        second = pool.submit(shelf.get, "k", slow)
        go.set()
        assert (first.result(10), second.result(10), made) == (b"pdf", b"pdf", [1])
    with pytest.raises(ZeroDivisionError):
        shelf.get("bad", lambda: 1 // 0)
    assert shelf.get("bad", lambda: b"good") == b"good"


def test_a_string_of_code_is_one_element_and_what_is_written_in_it_stays_text():
    (line,) = paint.lines(["x = '<b>&' + \"y\""], "python")
    assert line.count('<span class="s">') == 2
    assert "&lt;b&gt;&amp;" in line
    assert "<b>" not in line


# ------------------------------------------------------------------------------------------------ PDF/UA


@pytest.mark.pdf
def test_the_pdf_breaks_no_rule_of_pdf_ua_that_we_can_check(make_report):
    pdf = render.pdf(render.pdf_page(make_report(), View(hash="ab" * 32)), b"{}")
    assert pdfua.problems(pdf) == []
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    del writer.root_object["/Lang"]
    del writer.pages[0]["/StructParents"]
    broken = io.BytesIO()
    writer.write(broken)
    assert pdfua.problems(broken.getvalue()) == [
        "7.2: it has no language",
        "7.1: page 1 is not tied to the tags",
    ]
