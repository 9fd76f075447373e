"""What can be changed about a signed report, and that it is noticed; Mallory has a key of her own."""

import io
import json
import os
import stat

import msgspec
import pypdf
import pytest

from room.scoring import checking, pdfseal, render, report, trust
from room.scoring.render import View
from room.store import reports, signing
from room.store.reports import Signed, Standing

NOW = 1_795_500_000_000
YEAR = 365 * 86_400_000


@pytest.fixture
def keys(tmp_path):
    return signing.open_keys(tmp_path / "keys" / "reports", NOW, "room.example")


@pytest.fixture
def mallorys(tmp_path):
    return signing.open_keys(tmp_path / "mallory", NOW, "room.example")


@pytest.fixture
def row(make_report):
    body = report.canonical(make_report())
    return Signed("v_one", "a_1", "i_1", 1, body, report.digest(body), NOW)


@pytest.fixture
def envelope(row, keys):
    return trust.envelope(row, keys.signer(), keys.find)


def states(verdict) -> dict[str, str]:
    return {f.what: f.state for f in verdict.findings}


def made_pdf(row, envelope, keys) -> bytes:
    page = render.pdf_page(report.read(row.body), View(hash=row.hash))
    return pdfseal.sign(render.pdf(page, envelope), keys.signer())


# ------------------------------------------------------------------------------------------------ the keys


def test_the_secret_is_read_by_nobody_else(keys):
    assert stat.S_IMODE((keys.folder / "current").stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    secret = (keys.folder / "current").read_text().strip()
    for public in keys.folder.glob("*.json"):
        assert secret not in public.read_text()
    assert secret not in repr(keys.signer())


def test_opening_again_finds_the_same_key(keys):
    again = signing.open_keys(keys.folder, NOW + YEAR, "elsewhere")
    assert again.signer() == keys.signer()
    assert len(again.all()) == 1


def test_a_damaged_key_says_so(keys):
    (keys.folder / "current").write_text("not a key")
    with pytest.raises(signing.BadKey, match="cannot be read"):
        keys.signer()


def test_rotation_signs_anew_and_forgets_the_old_secret(keys):
    old = keys.signer()
    made = keys.rotate(NOW + YEAR, "room.example")
    assert keys.signer().public == made != old.public
    assert [key.retired_at_ms for key in keys.all()] == [None, NOW + YEAR]
    for file in keys.folder.iterdir():
        assert old.secret.hex() not in file.read_text()


def test_a_fingerprint_is_no_path(keys):
    for strange in ("../../site", "current", "", "a" * 63, "A" * 64):
        assert keys.find(strange) is None


# ------------------------------------------------------------------------------------------------ the data


def test_an_untouched_report_holds(envelope, keys, row):
    verdict = trust.verify(envelope, keys.all(), standing=lambda _: Standing(1, 1, NOW))
    assert verdict.holds
    assert states(verdict) == {"data": "holds", "key": "holds", "version": "holds"}
    assert verdict.report == report.read(row.body)


def test_every_byte_of_the_file_counts(envelope, keys):
    """Each place changed by one bit: not one of these files holds."""
    known = keys.all()
    for place in range(0, len(envelope), max(1, len(envelope) // 400)):
        changed = bytearray(envelope)
        changed[place] ^= 1
        assert not trust.verify(bytes(changed), known).holds, place


def test_changed_data_with_a_hash_that_fits_is_noticed_by_the_signature(envelope, keys):
    sent = json.loads(envelope)
    sent["report"]["decision"] = "strong_no"
    body = json.dumps(sent["report"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sent["hash"] = report.digest(body.encode())
    forged = json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    verdict = trust.verify(forged, keys.all())
    assert states(verdict)["data"] == "holds"
    assert states(verdict)["key"] == "fails"
    assert not verdict.holds


def test_another_key_is_named_as_unknown(row, keys, mallorys):
    forged = trust.envelope(row, mallorys.signer(), mallorys.find)
    verdict = trust.verify(forged, keys.all())
    assert states(verdict) == {"data": "holds", "key": "fails", "version": "note"}
    (finding,) = [f for f in verdict.findings if f.what == "key"]
    assert "not known here" in finding.sentence
    assert mallorys.signer().public.fingerprint in finding.sentence


def test_a_foreign_key_counts_when_its_fingerprint_is_named(row, mallorys):
    foreign = trust.envelope(row, mallorys.signer(), mallorys.find)
    assert trust.verify(foreign, [], pins=[mallorys.signer().public.fingerprint]).holds
    assert not trust.verify(foreign, [], pins=["00" * 32]).holds


def test_a_key_cannot_borrow_anothers_fingerprint(row, keys, mallorys):
    forged = json.loads(trust.envelope(row, mallorys.signer(), mallorys.find))
    forged["key"] = keys.signer().public.id
    assert not trust.verify(json.dumps(forged).encode(), keys.all()).holds


def test_what_a_former_key_signed_still_holds(row, keys):
    stored = msgspec.structs.replace(
        row, key_id=keys.signer().public.id, signature=trust.sign(row.body, keys.signer())
    )
    keys.rotate(NOW + YEAR, "room.example")
    verdict = trust.verify(trust.envelope(stored, keys.signer(), keys.find), keys.all())
    assert verdict.holds
    assert any("a former key, in use until" in f.sentence for f in verdict.findings)


def test_an_older_version_holds_and_says_that_a_newer_one_exists(envelope, keys):
    verdict = trust.verify(envelope, keys.all(), standing=lambda _: Standing(1, 2, NOW + YEAR))
    assert verdict.holds
    assert any("Version 2, signed" in f.sentence for f in verdict.findings)


@pytest.mark.parametrize(
    "file",
    [b"", b"{}", b"[" * 100_000, b"null", b"%PDF-1.7\nnothing", b"\xff" * 50, b'{"schema":"room.report/1"}'],
    ids=["empty", "object", "deep", "null", "pdf head", "bytes", "bare"],
)  # fmt: skip
def test_whatever_else_is_sent_is_no_report(file, keys):
    verdict = trust.verify(file, keys.all())
    assert not verdict.holds
    assert verdict.report is None


def test_a_file_that_is_too_large_is_not_read(keys):
    assert "larger than" in trust.verify(b" " * (trust.FILE_MAX + 1), keys.all()).findings[0].sentence  # fmt: skip


# ------------------------------------------------------------------------------------------------ the pages


@pytest.fixture
def pdf(row, envelope, keys):
    return made_pdf(row, envelope, keys)


@pytest.mark.pdf
def test_an_untouched_pdf_holds(pdf, keys):
    verdict = trust.verify(pdf, keys.all())
    assert verdict.holds
    assert states(verdict) == {"data": "holds", "key": "holds", "pages": "holds", "version": "note"}


@pytest.mark.pdf
def test_one_byte_of_a_page_changed_is_noticed(pdf, keys):
    place = pdf.index(b"stream", pdf.index(b"/Contents") if b"/Contents" in pdf[:5000] else 0) + 40
    changed = bytearray(pdf)
    changed[place] ^= 1
    verdict = trust.verify(bytes(changed), keys.all())
    assert not verdict.holds
    assert states(verdict).get("pages", "fails") == "fails"


@pytest.mark.pdf
def test_a_byte_anywhere_in_the_pdf_counts(pdf, keys):
    known = keys.all()
    start = pdf.rindex(b"/Contents <") if b"/Contents <" in pdf else pdf.rindex(b"/Contents")
    for place in [*range(20, start, len(pdf) // 12), len(pdf) - 30]:
        changed = bytearray(pdf)
        changed[place] ^= 1
        assert not trust.verify(bytes(changed), known).holds, place


@pytest.mark.pdf
def test_new_pages_around_the_intact_attachment_fail(row, envelope, keys):
    lies = render.pdf("<html lang=en><title>t</title><h1>Strong no hire</h1></html>", envelope)
    verdict = trust.verify(lies, keys.all())
    assert states(verdict) == {"data": "holds", "key": "holds", "pages": "fails", "version": "note"}
    assert not verdict.holds


@pytest.mark.pdf
def test_pages_signed_by_somebody_else_fail(row, envelope, keys, mallorys):
    verdict = trust.verify(made_pdf(row, envelope, mallorys), keys.all())
    assert states(verdict)["pages"] == "fails"
    assert any("certificate that is not known" in f.sentence for f in verdict.findings)


@pytest.mark.pdf
def test_another_attachment_in_the_signed_pdf_fails(pdf, keys, make_report):
    """Written anew with the data of another report: nothing of the signature is left that fits."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    out = io.BytesIO()
    writer.add_metadata({"/Title": "changed"})
    writer.write(out)
    assert not trust.verify(out.getvalue(), keys.all()).holds


@pytest.mark.pdf
def test_what_is_added_behind_the_signature_fails(pdf, keys):
    writer = pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(pdf)
    verdict = trust.verify(out.getvalue(), keys.all())
    assert states(verdict)["pages"] == "fails"


@pytest.mark.pdf
def test_a_pdf_of_a_former_key_still_holds(pdf, keys):
    keys.rotate(NOW + YEAR, "room.example")
    verdict = trust.verify(pdf, keys.all())
    assert verdict.holds
    assert any("signed with a former key" in f.sentence for f in verdict.findings)


# ------------------------------------------------------------------------------------------------ page and command


@pytest.fixture
def given(alone):
    assert alone.score(**{"evidence:understanding": ["p_first"]}).status_code == 303
    assert alone.sign().status_code == 303
    return alone


def upload(held, content, name="report.json"):
    return held._ask("post", "/verify", None, files={"file": (name, content)})


def test_the_page_publishes_the_fingerprint_and_checks_a_file(given):
    page = given.get("/verify", None)
    key = signing.Keys(given.app.app.state.settings.report_keys_dir).signer().public
    assert key.fingerprint in page.text
    assert key.certificate_fingerprint in page.text
    file = given.get(f"/interviews/{given.id}/report.json").content
    answer = upload(given, file)
    assert answer.status_code == 200, answer.text
    assert "It holds" in answer.text
    assert "newest version" in answer.text
    assert "It does not hold" in upload(given, file.replace(b"Cal Moreau", b"Cal Mureau", 1)).text


def test_the_page_knows_an_older_version(given):
    first = given.get(f"/interviews/{given.id}/report.json").content
    assert given.sign(follows="1", correction="A date was wrong.").status_code == 303
    text = upload(given, first).text
    assert "It holds" in text
    assert "Version 2, signed" in text


def test_the_page_keeps_to_its_size_and_needs_a_file(given):
    assert upload(given, b"x" * (9 * 1024 * 1024)).status_code == 413
    assert upload(given, b"").status_code == 422
    assert given._ask("post", "/verify", None, data={"file": "text"}).status_code == 422


def test_the_signature_is_kept_with_the_report(given):
    with given.store.read() as conn:
        row = reports.find_newest(conn, given.seals, given.owner, given.id)
    key = signing.Keys(given.app.app.state.settings.report_keys_dir).find(row.key_id)
    assert key.holds(row.signature, trust.message(row.hash))


def test_the_command_says_what_holds(given, tmp_path, capsys):
    settings = given.app.app.state.settings
    file = tmp_path / "report.json"
    file.write_bytes(given.get(f"/interviews/{given.id}/report.json").content)
    assert checking.report(settings, file, ()) == 0
    assert "It holds." in capsys.readouterr().out
    assert checking.rotate(settings) == 0
    assert checking.report(settings, file, ()) == 0
    file.write_bytes(file.read_bytes().replace(b"room.report/1", b"room.report/2"))
    assert checking.report(settings, file, ()) == 1
    assert "It does not hold." in capsys.readouterr().out
    assert checking.report(settings, tmp_path / "missing", ()) == 2
    assert checking.show_keys(settings) == 0
    assert "in use" in capsys.readouterr().out


def test_the_keys_are_not_in_the_database_nor_its_folder_of_backups(given):
    folder = given.app.app.state.settings.data_dir
    secret = (folder / "keys" / "reports" / "current").read_text().strip()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "current":
            content = path.read_bytes()
            assert secret.encode() not in content, path
            assert bytes.fromhex(secret) not in content, path
    assert os.access(folder / "keys" / "reports", os.R_OK)
