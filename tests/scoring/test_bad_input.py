"""Sessions and texts at the edges: nothing recorded, one key, eight hours, strange file names, clocks that go back."""

import io

import msgspec
import pypdf
import pytest
from msgspec.structs import replace

from room.scoring import course, render, report, wording
from room.scoring.render import View
from room.session import events as e
from room.session.evolve import fold
from room.session.ids import SYSTEM, FileId

HOUR = 3_600_000
NASTY = [
    "<script>alert(1)</script>.py", "{{ 7*7 }}.py", "../../etc/passwd", "\u202egpj.exe", "ا" * 100, "🦊" * 60,
    "<svg onload=alert(1)>", "a" * 255, "]]>-->", "%PDF-1.7", "line\u2028break.py",
]  # fmt: skip


def sheet(made) -> str:
    return str(render.sheet(made, View(hash="x", replay="/replay/i")))


def test_eight_hours_with_four_hundred_pins_and_runs_stay_on_the_page(make_report, session):
    state = fold(session)
    whole = course.follow(session, state)
    runs = tuple(course.RunMark(at_ms=n * 72_000, kind="run", verdict="OK") for n in range(400))
    stages = (course.StageSpan("All day", 0, 8 * HOUR),)
    moments = make_report().evidence
    pins = tuple(replace(moments[0], id=f"p_{n}", at_ms=n * 72_000) for n in range(400))
    made = replace(
        make_report(),
        course=replace(whole, length_ms=8 * HOUR, runs=runs, stages=stages),
        evidence=pins,
    )
    text = sheet(made)
    assert "480 min" in text
    assert "7:00:00" in text or "420" in text


def test_one_key_is_one_line_of_code(make_report):
    text = sheet(make_report(code=(report.code_file("main.py", "python", [("x", None)]),)))
    assert "1 line" in text
    assert 'class="src">' in text


def test_no_pins_no_code_no_runs_say_so(make_report, cards):
    bare = {
        m: replace(c, ratings=tuple(replace(r, evidence=(), no_evidence="") for r in c.ratings))
        for m, c in cards.items()
    }
    signed = [
        report.Signed(member=m, card=c, name="N", at_ms=0, zone="UTC") for m, c in bare.items()
    ]
    text = sheet(make_report(moments=(), code=(), cards=signed, course=course.Course(length_ms=0)))
    for words in ("Nothing was written", "No tests were run", "Nothing was run"):
        assert words in text


@pytest.mark.parametrize("name", NASTY)
def test_a_file_name_stays_text(make_report, name):
    text = sheet(make_report(code=(report.code_file(name, "python", [("x = 1", None)]),)))
    for raw in ("<script>alert", "<svg onload", "49.py"):
        assert raw not in text


@pytest.mark.pdf
def test_a_comment_of_a_hundred_kilobytes_comes_out_of_the_pdf(make_report, cards):
    long = "Says what it is for. " * 4_700 + "END-OF-IT"
    made = make_report(
        cards=[
            report.Signed(
                member=m, name="N", at_ms=0, zone="UTC",
                card=replace(c, ratings=tuple(replace(r, comment=long if n == 0 else "") for n, r in enumerate(c.ratings))),
            )
            for m, c in list(cards.items())[:1]
        ]
    )  # fmt: skip
    pdf = render.pdf(render.pdf_page(made, View()))
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert "END-OF-IT" in text


@pytest.mark.pdf
def test_fifteen_hundred_lines_of_code_are_a_pdf_too(make_report):
    lines = [(f"value_{n} = {n}  # {'long ' * 10}", None) for n in range(1_500)]
    made = make_report(code=(report.code_file("main.py", "python", lines),))
    assert render.pdf(render.pdf_page(made, View())).startswith(b"%PDF")


@pytest.mark.parametrize(
    "zone", ["Europe/Madrid", "America/St_Johns", "Asia/Kathmandu", "Antarctica/Troll", "No/Where"]
)
def test_dates_around_a_clock_change_are_written_with_their_zone(zone):
    """The hour of 25 October 2026 that comes twice in Europe: both are written, neither fails."""
    first, again = 1_792_884_600_000, 1_792_888_200_000
    words = [wording.moment(at, zone) for at in (first, again)]
    assert all(wording.city(zone) in one for one in words)


def test_an_event_that_lies_before_the_one_before_it_breaks_nothing(make_report, record):
    iris, cal = "m_iris", "m_cal"
    recorded = record(
        (0, iris, e.InterviewStarted(0)),
        (90_000, cal, e.RunQueued("r_1", FileId("f_main"), "python")),
        (30_000, SYSTEM, e.RunFinished("r_1", "OK", "Finished.")),
        (20_000, iris, e.InterviewEnded()),
    )
    made = make_report(course=course.follow(recorded, fold(recorded)))
    assert report.read(report.canonical(made)) == made
    assert "<svg" in sheet(made)


def test_a_report_of_nothing_but_strange_letters_survives_its_own_json(make_report):
    strange = "\u0000\u001f\u2028\ufeff\U0010ffff e\u0301 \u202e"
    made = replace(
        make_report(), words=msgspec.structs.replace(make_report().words, summary=strange)
    )
    assert report.read(report.canonical(made)).words.summary == strange
