"""Passcodes, blind reading, brands and logos: what a reader gets and what they cannot get."""

import io
import re
import struct
import zlib

import pypdf
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from PIL import Image

from room.desk import retention
from room.scoring import blind, brand, logo, report
from room.scoring.score import Point, Words
from room.store import interviews, report_terms, shares


@pytest.fixture
def signed(alone):
    words = {
        "summary": "Cal asked first. He tests his code; Moreau's notes helped him.",
        "strengths": "06:00 Cal Moreau asked about the border.",
    }
    assert alone.score(**{"evidence:understanding": ["p_first"]}).status_code == 303
    assert alone.sign(**words).status_code == 303
    return alone


def link_to(held, **fields) -> str:
    held.clock.advance(1)
    answer = held.post(
        f"/interviews/{held.id}/report/shares", fields={"label": "N", "days": "30"} | fields
    )
    assert answer.status_code == 303, answer.text
    return re.search(
        r'data-copy="[^"]*(/r/[a-z2-7]+)"', held.get(f"/interviews/{held.id}/report").text
    )[1]


# ------------------------------------------------------------------------------------------------ passcode


def test_a_link_with_a_passcode_shows_nothing_before_it(signed):
    address = link_to(signed, passcode="harbour-7", with_replay="on")
    for path in ("", "/report.pdf", "/replay"):
        answer = signed.get(address + path, None)
        assert "has a passcode" in answer.text, path
        assert "Moreau" not in answer.text
    assert "has a passcode" in signed.post(f"{address}/replay", None).text
    with signed.store.read() as conn:
        (share,) = shares.list_for(conn, signed.owner, signed.id)
        assert shares.openings(conn, signed.owner, share.id) == []
        assert share.passcode_hash.startswith("$argon2id$")
    wrong = signed.post(f"{address}/open", None, {"passcode": "harbor-7"})
    assert wrong.status_code == 422
    assert "not the passcode" in wrong.text
    right = signed.post(f"{address}/open", None, {"passcode": "harbour-7"})
    assert right.status_code == 303
    assert "httponly" in right.headers["set-cookie"].lower()
    cookie = dict([right.headers["set-cookie"].split(";")[0].split("=", 1)])
    assert "Cal asked first" in signed.get(address, None, cookies=cookie).text
    other = link_to(signed, passcode="another-1")
    assert "has a passcode" in signed.get(other, None, cookies=cookie).text


def test_after_five_wrong_passcodes_the_right_one_waits_too(signed):
    address = link_to(signed, passcode="harbour-7")
    for _ in range(5):
        assert signed.post(f"{address}/open", None, {"passcode": "wrong"}).status_code == 422
    answer = signed.post(f"{address}/open", None, {"passcode": "harbour-7"})
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    signed.clock.advance(16 * 60_000)
    assert signed.post(f"{address}/open", None, {"passcode": "harbour-7"}).status_code == 303


def test_switching_off_ends_what_the_passcode_opened(signed):
    address = link_to(signed, passcode="harbour-7")
    right = signed.post(f"{address}/open", None, {"passcode": "harbour-7"})
    cookie = dict([right.headers["set-cookie"].split(";")[0].split("=", 1)])
    with signed.store.read() as conn:
        (share,) = shares.list_for(conn, signed.owner, signed.id)
    signed.post(f"/interviews/{signed.id}/report/shares/{share.id}/off")
    assert signed.get(address, None, cookies=cookie).status_code == 410


def test_after_the_deletion_a_link_says_that_the_promise_was_kept(signed):
    address = link_to(signed, passcode="harbour-7", with_replay="on", label="Northline's board")
    seals = signed.app.app.state.seals
    with signed.store.begin() as conn:
        retention.erase(conn, seals, interviews.load(conn, signed.owner, signed.id))
    for path in ("", "/report.pdf"):
        answer = signed.get(address + path, None)
        assert answer.status_code == 410, path
        assert "deleted, as promised" in answer.text
    assert signed.post(f"{address}/replay", None).status_code in (404, 410)
    assert signed.get("/r/" + "a" * 26, None).status_code == 404
    with signed.store.read() as conn:
        (share,) = shares.list_for(conn, signed.owner, signed.id)
    assert (share.label, share.passcode_hash, share.with_replay) == ("", None, False)


def test_a_short_passcode_is_refused(signed):
    answer = signed.post(
        f"/interviews/{signed.id}/report/shares", fields={"days": "30", "passcode": "12345"}
    )
    assert answer.status_code == 422
    assert "at least 6 characters" in answer.text


# ------------------------------------------------------------------------------------------------ blind reading


def test_a_blind_link_names_nobody_and_leads_to_no_replay(signed):
    address = link_to(signed, blind="on", with_replay="on")
    text = signed.get(address, None).text
    sheet = text.split("<article")[1].split("</article>")[0]
    for word in ("Cal", "Moreau"):
        assert not re.search(rf"\b{word}\b", re.sub(r"<[^>]*>", " ", text)), word
    assert not re.search(r"\b(he|his|him)\b", re.sub(r"<[^>]*>", " ", sheet), re.IGNORECASE)
    assert "Read blind." in sheet
    assert "[They]" in sheet or "[they]" in sheet
    assert "SHA-256" not in sheet
    assert signed.get(f"{address}/replay", None).status_code == 404


@pytest.mark.pdf
def test_a_blind_pdf_holds_neither_name_nor_data(signed):
    answer = signed.get(link_to(signed, blind="on") + "/report.pdf", None)
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    text = "".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
    assert "Moreau" not in text
    assert not reader.attachments


def test_a_name_in_code_and_in_words_without_spaces_is_found(make_report):
    made = make_report(
        words=Words("李雷说得好 and Lei asked her again, then her code ran.", (Point("by 李雷"),)),
        code=(report.code_file("main.py", "python", [("# 李雷 his file", None)]),),
    )
    named = report.msgspec.structs.replace(
        made, occasion=report.msgspec.structs.replace(made.occasion, candidate="李雷 Lei")
    )
    text = report.canonical(blind.of(named)).decode()
    assert "李雷" not in text
    assert "the candidate asked [them] again, then [their] code ran" in text
    assert "# the candidate his file" in text  # code keeps its words but the name


def test_a_blind_text_begins_its_sentences_with_a_capital(make_report):
    made = make_report(
        words=Words("Cal Moreau asked. She ran it, and Cal saw that he was right. Moreau wrote.")
    )
    assert blind.of(made).words.summary == (
        "The candidate asked. [They] ran it, and the candidate saw that [they] was right. The candidate wrote."
    )


@for_all(st.text(max_size=40), st.text(max_size=80))
def test_any_name_in_any_text_leaves_a_report(name, text):
    occasion = report.Occasion(
        interview="i_1", candidate=name, role_title=text, started_at_ms=0, zone="UTC",
        people={"m_a": report.Person(name, "candidate")},
    )  # fmt: skip
    made = report.Report(
        id="v", journal_hash="", occasion=occasion, decision=None, words=Words(text), rubric_key="k",
        rubric_name="n", rubric_version=1, levels=(), competencies=(), raters=(), agreement=None,
        course=report.Course(length_ms=0),
    )  # fmt: skip
    read = blind.of(made)
    whole = name.strip()
    if len(whole) > 1 and whole not in blind.CANDIDATE:
        assert read.occasion.people["m_a"].name != name or not whole


# ------------------------------------------------------------------------------------------------ brand


@for_all(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_every_colour_is_seen_on_both_pages(colour):
    for page in (brand.LIGHT_PAGE, brand.DARK_PAGE):
        assert brand.contrast(brand.seen_on(colour, page), page) >= brand.SEEN


def test_a_colour_that_is_seen_stays_as_it_is():
    assert brand.seen_on("#0a6640", brand.LIGHT_PAGE) == "#0a6640"
    assert brand.contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(
    ("typed", "read"),
    [("", ""), ("#ABC", "#aabbcc"), ("0a6640", "#0a6640"), ("red", None), ("#12345", None), ('"/><script>', None)],
)  # fmt: skip
def test_a_colour_is_six_digits_or_nothing(typed, read):
    assert brand.read_colour(typed) == read


def png(width=8, height=8) -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", (width, height), "#0a6640")
    picture.save(out, "PNG", pnginfo=_secret())
    return out.getvalue()


def _secret():
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    info = PngInfo()
    info.add_text("comment", "made at home")
    return info


def test_a_logo_is_drawn_anew_without_what_it_carried():
    drawn = logo.draw(png(2_000, 100))
    assert drawn.png.startswith(b"\x89PNG")
    assert b"made at home" not in drawn.png
    assert (drawn.width, drawn.height) == (600, 30)


def bomb() -> bytes:
    """A PNG of 30,000 by 30,000 pixels in a few kilobytes."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100_000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


BAD = {
    "svg with script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><img src=x onerror=alert(1)>",
    "fifty megabytes": b"\x89PNG\r\n\x1a\n" + b"x" * 50_000_000,
    "a bomb": bomb(),
    "half a picture": png(200, 200)[:60],
    "a pdf": b"%PDF-1.7\n",
    "an icon": b"\x00\x00\x01\x00" + b"\0" * 60,
    "noise": bytes(range(256)) * 20,
    "nothing": b"",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_picture_is_refused_with_a_sentence(kind):
    with pytest.raises(logo.BadLogo) as caught:
        logo.draw(BAD[kind])
    assert str(caught.value).endswith(".")


def set_terms(held, files=None, who="iris", **fields):
    data = {"csrf": held.csrf[who]} | fields
    return held._ask(
        "post",
        f"/clients/{held.client}/reports",
        who,
        data=data,
        files=files or {"none": ("", b"")},
    )


def test_name_colour_and_logo_stand_on_the_report(signed):
    answer = set_terms(signed, {"logo": ("l.png", png())}, name="Northline & Sons", colour="#ff0")
    assert answer.status_code == 303, answer.text
    text = signed.get(link_to(signed), None).text
    assert "Northline &amp; Sons" in text
    assert 'src="data:image/png;base64,' in text
    assert 'fill="#ffff00"' not in text.split("light-only")[1][:200]  # yellow is not seen on white
    assert "Northline Freight" not in text.split("<article")[1]
    assert 'src="data:image/png' in signed.get(f"/clients/{signed.client}/reports").text


def test_a_bad_logo_changes_nothing(signed):
    answer = set_terms(signed, {"logo": ("l.svg", BAD["svg with script"])}, name="Other")
    assert answer.status_code == 422
    assert "Send a PNG" in answer.text
    big = set_terms(signed, {"logo": ("l.png", BAD["fifty megabytes"])})
    assert big.status_code == 413
    with signed.store.read() as conn:
        assert report_terms.load(conn, signed.owner, signed.client).name == ""


def test_mallory_cannot_touch_the_terms_of_iris(signed):
    assert signed.get(f"/clients/{signed.client}/reports", "mallory").status_code == 404
    assert set_terms(signed, who="mallory").status_code == 404


def test_group_rates_are_off_and_say_that_there_are_no_data(signed):
    page = signed.get(f"/clients/{signed.client}/reports").text
    assert "nobody about their group" in page
    with signed.store.read() as conn:
        assert not report_terms.load(conn, signed.owner, signed.client).watches_groups


@pytest.mark.pdf
def test_the_pdf_with_a_logo_still_holds(signed):
    assert set_terms(signed, {"logo": ("l.png", png())}, colour="#0a6640").status_code == 303
    file = signed.get(link_to(signed) + "/report.pdf", None).content
    answer = signed._ask("post", "/verify", None, files={"file": ("report.pdf", file)})
    assert "It holds" in answer.text
    assert "/XObject" in file.decode("latin-1")
