"""Reports through the running app: drafting, signing, sharing, reading, watching."""

import io
import json
import re

import msgspec
import pypdf
import pytest

from room.scoring import filing, pdfseal, render, report, trust
from room.store import annotations, interviews, letters, links, reports, shares


@pytest.fixture
def signed(alone):
    """Iris has scored and signed; nobody else rates."""
    assert alone.score(**{"evidence:understanding": ["p_first"]}).status_code == 303
    answer = alone.sign()
    assert answer.status_code == 303, answer.text
    return alone


def newest(held) -> tuple[report.Report, reports.Signed]:
    with held.store.read() as conn:
        found = reports.find_newest(conn, held.seals, held.owner, held.id)
    return report.read(found.body), found


def link_to(held, **fields) -> str:
    held.clock.advance(1)
    answer = held.post(
        f"/interviews/{held.id}/report/shares", fields={"label": "Northline", "days": "30"} | fields
    )
    assert answer.status_code == 303
    page = held.get(f"/interviews/{held.id}/report").text
    return re.search(r'data-copy="[^"]*(/r/[a-z2-7]+)"', page)[1]


def test_the_draft_is_there_when_the_interview_has_ended(alone):
    text = alone.get(f"/interviews/{alone.id}/report").text
    assert "Only you can see this" in text
    assert "No decision yet" in text
    assert "Your scorecard is not signed yet" in text
    assert "3 of 4 passed at 40:00, in Python. Two tests were not shown to Cal." in text
    assert re.search(r'class="by-candidate"><td class="g">2</td><td class="src">.*print', text)
    assert re.search(r'class="by-none"><td class="g">1</td>', text)


def test_the_draft_quotes_the_code_that_stood_there_at_a_moment(alone):
    alone.score(**{"evidence:verification": ["p_red"], "evidence:understanding": ["p_first"]})
    page = alone.get(f"/interviews/{alone.id}/report").text
    assert page.count("Code then") == 1, "before 09:00 nobody had typed"
    assert "print(&#39;ok&#39;)" in page.split("Code then")[1]
    assert "It began with 1 line; 1 was added and 0 taken out." in page


def test_words_are_kept_as_they_are_typed(alone):
    answer = alone.post(
        f"/interviews/{alone.id}/report/words", fields={"summary": "Half a sen", "version": "0"}
    )
    assert "Draft saved" in answer.text
    assert "Half a sen" in alone.get(f"/interviews/{alone.id}/report").text
    told = alone.post(
        f"/interviews/{alone.id}/report/words", fields={"summary": "Other", "version": "0"}
    )
    assert told.status_code == 409
    assert "changed on another page" in told.text
    assert "Half a sen" in alone.get(f"/interviews/{alone.id}/report").text


def test_the_words_of_the_scorecard_are_the_first_draft(alone):
    alone.score(
        summary="From the scorecard.",
        strengths="06:00 Asked first.",
        doubts="",
        follow_up="Why?\nHow?",
    )
    text = alone.get(f"/interviews/{alone.id}/report").text
    assert "From the scorecard." in text
    assert "06:00 Asked first." in text
    alone.sign(
        summary="From the scorecard.",
        strengths="06:00 Asked first.",
        doubts="",
        follow_up="Why?\nHow?",
    )
    found, _ = newest(alone)
    assert [(p.text, p.at_ms, len(p.pins)) for p in found.words.strengths] == [
        ("Asked first.", 360_000, 1)
    ]
    assert found.words.follow_up == ("Why?", "How?")


def test_a_report_needs_a_scorecard_a_summary_and_a_name(alone):
    assert "Sign your scorecard first" in alone.sign().text
    alone.score()
    answer = alone.sign(summary=" ", name="")
    assert answer.status_code == 422
    assert "Write a summary" in answer.text
    assert "Sign with your full name." in answer.text


def test_signing_freezes_hashes_and_binds_the_journal(signed):
    found, row = newest(signed)
    assert row.hash == report.digest(row.body)
    assert report.canonical(found) == row.body
    assert found.version == 1
    assert found.previous_hash is None
    with signed.store.read() as conn:
        rows = list(filing.journal.rows_of(conn, signed.id))
        assert found.journal_hash == rows[-1].hash.hex()
        assert interviews.load(conn, signed.owner, signed.id).state == "reported"
    assert b"between us" not in row.body


def test_pressing_sign_twice_signs_once(signed):
    twice = signed.sign()
    assert twice.status_code == 409
    assert newest(signed)[0].version == 1


def test_a_later_version_says_why_and_is_chained(signed):
    first = newest(signed)[1]
    without = signed.sign(follows="1", correction="")
    assert without.status_code == 422
    assert "Say why a new version" in without.text
    assert signed.sign(follows="1", correction="A date was wrong.").status_code == 303
    second, _ = newest(signed)
    assert (second.version, second.previous_hash) == (2, first.hash)
    address = link_to(signed)
    page = signed.get(address, None).text
    assert "Version 2, corrected" in page
    assert "A date was wrong." in page
    old = signed.get(f"{address}?version=1", None).text
    assert "This is version 1." in old
    assert "Version 2 takes its place" in old


def test_the_lead_can_wait_or_sign_alone_and_stays_blind(held):
    held.post(f"/score/{held.id}", "ron", held.fields(**{"comment:approach": "Ron is writing."}))
    held.score()
    assert held.sign().status_code == 409
    assert held.sign(alone="on").status_code == 303
    found, row = newest(held)
    assert len(found.raters) == 1
    assert "Scored by one person." in found.limits
    assert b"Ron" not in row.body


def test_both_cards_and_remarks_stand_in_the_report(held):
    held.score(**{"not_for_report": "A long pause.", "level:readability": "2"})
    held.score(
        "ron",
        name="Ron Adeyemi",
        **{"level:collaboration": "no", "reason:collaboration": "No sound."},
    )
    held.post(
        f"/score/{held.id}/remark", fields={"competency": "readability", "text": "I weighed names."}
    )
    held.sign()
    found, row = newest(held)
    assert [r.name for r in found.raters] == ["Iris Rey", "Ron Adeyemi"]
    assert (found.agreement.exact, found.agreement.of) == (4, 5)
    assert found.agreement.scored_by_one == ("collaboration",)
    assert [r.text for r in found.remarks] == ["I weighed names."]
    assert b"A long pause" not in row.body
    text = held.get(f"/interviews/{held.id}/report").text
    assert "No sound." in text
    assert "Same decision, 4 of 5 levels equal" in text


# ------------------------------------------------------------------------------------------------ sharing


def test_a_link_opens_the_report_for_anybody_who_has_it(signed):
    address = link_to(signed)
    answer = signed.get(address, None)
    assert answer.status_code == 200
    assert "Cal asked first." in answer.text
    assert answer.headers["x-robots-tag"].startswith("noindex")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert 'name="robots" content="noindex' in answer.text


def test_only_a_hash_of_the_token_is_stored(signed):
    token = link_to(signed).removeprefix("/r/")
    raw = b"".join(
        path.read_bytes() for path in signed.app.app.state.settings.data_dir.rglob("*.db*")
    )
    assert len(raw) > 10_000
    assert token.encode() not in raw


def test_openings_are_logged_as_times_and_nothing_else(signed):
    address = link_to(signed)
    signed.get(address, None)
    signed.get(address, None)
    signed.clock.advance(3_600_000)
    signed.get(address, None)
    with signed.store.read() as conn:
        share = shares.list_for(conn, signed.owner, signed.id)[0]
        assert len(shares.openings(conn, signed.owner, share.id)) == 2
    assert set(shares.share_openings.columns.keys()) == {"share_id", "at_ms", "owner_id"}
    assert "Opened 2 times" in signed.get(f"/interviews/{signed.id}/report").text


def test_a_link_ends_by_time_and_by_switch(signed):
    address = link_to(signed, with_replay="on")
    cookie = signed.post(f"{address}/replay", None).cookies
    page = signed.get(f"/interviews/{signed.id}/report").text
    off = re.search(r'action="([^"]+/off)"', page)[1]
    assert signed.post(off).status_code == 303
    gone = signed.get(address, None)
    assert gone.status_code == 410
    assert "This link was switched off." in gone.text
    assert "Cal" not in gone.text
    assert signed.get(f"{address}/report.pdf", None).status_code == 410
    assert signed.post(f"{address}/replay", None).status_code == 410
    with signed.store.read() as conn:
        value = cookie[f"reader_{signed.id}"]
        assert shares.find_reader(conn, signed.id, value, signed.clock.wall_ms()) is None

    later = link_to(signed, days="7")
    signed.clock.advance(8 * 24 * 3_600_000)
    gone = signed.get(later, None)
    assert gone.status_code == 410
    assert "This link has expired." in gone.text
    assert "It worked until 1 December 2026" in gone.text


def test_a_link_never_outlives_the_recording(signed):
    link_to(signed, days="3650")
    with signed.store.read() as conn:
        share = shares.list_for(conn, signed.owner, signed.id)[0]
        assert share.expires_at_ms == interviews.load(conn, signed.owner, signed.id).delete_at_ms


def test_an_unknown_token_is_a_plain_404(signed):
    answer = signed.get("/r/" + "a" * 32, None)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_a_deleted_recording_takes_its_report_along(signed):
    address = link_to(signed)
    with signed.store.begin() as conn:
        signed.seals.destroy(conn, signed.id)
    for path, who in (
        (address, None),
        (f"/interviews/{signed.id}/report", "iris"),
        (f"/score/{signed.id}", "iris"),
    ):
        answer = signed.get(path, who)
        assert answer.status_code == 410
        assert "deleted, as promised" in answer.text


def test_a_get_lets_nobody_into_the_replay_and_a_post_does(signed):
    address = link_to(signed, with_replay="on")
    page = signed.get(address, None).text
    assert f'href="{address}/replay?t=350"' in page
    printed = signed.get(f"{address}?print=a4", None).text
    assert "print-a4" in printed
    assert "replay?t=" not in printed
    asked = signed.get(f"{address}/replay?t=350", None)
    assert asked.status_code == 200
    assert "set-cookie" not in asked.headers
    let_in = signed.post(f"{address}/replay", None, {"t": "350"})
    assert let_in.status_code == 303
    assert let_in.headers["location"] == f"/replay/{signed.id}?t=350"
    cookies = {f"reader_{signed.id}": let_in.cookies[f"reader_{signed.id}"]}
    assert signed.get(f"/replay/{signed.id}", None, cookies=cookies).status_code == 200
    again = signed.get(f"{address}/replay?t=12", None, cookies=cookies)
    assert again.headers["location"] == f"/replay/{signed.id}?t=12"
    bare = link_to(signed)
    assert signed.get(f"{bare}/replay", None).status_code == 404
    assert signed.post(f"{bare}/replay", None).status_code == 404
    assert "/replay" not in signed.get(bare, None).text


@pytest.mark.parametrize("t", ["1'><script>", "99999999", "-5", "https://example.org"])
def test_a_strange_second_is_dropped(signed, t):
    address = link_to(signed, with_replay="on")
    answer = signed.post(f"{address}/replay", None, {"t": t})
    assert answer.headers["location"] == f"/replay/{signed.id}"


def test_the_json_is_what_was_hashed(signed):
    answer = signed.get(f"/interviews/{signed.id}/report.json")
    envelope = msgspec.json.decode(answer.content, type=trust.Envelope)
    assert bytes(envelope.report) == newest(signed)[1].body
    assert report.digest(bytes(envelope.report)) == newest(signed)[1].hash == envelope.hash
    assert json.loads(bytes(envelope.report))["schema"] == "room.report/1"


@pytest.mark.pdf
def test_the_pdf_carries_no_token_and_comes_in_two_papers(signed):
    address = link_to(signed, with_replay="on")
    token = address.removeprefix("/r/")
    sizes = []
    for query in ("", "?print=letter"):
        answer = signed.get(f"{address}/report.pdf{query}", None)
        assert answer.headers["content-type"] == "application/pdf"
        reader = pypdf.PdfReader(io.BytesIO(answer.content))
        sizes.append(round(float(reader.pages[0].mediabox.width)))
        text = "".join(page.extract_text() for page in reader.pages)
        assert "Cal Moreau" in text
        assert token not in text
        assert token.encode() not in answer.content
        kinds = [
            a.get_object()["/Subtype"] for page in reader.pages for a in page.get("/Annots", ())
        ]
        assert kinds == ["/Widget"]  # the signature; no links
    assert sizes == [595, 612]


# ------------------------------------------------------------------------------------------------ for the desk


def test_reports_due_are_told_until_they_are_signed(held):
    with held.store.read() as conn:
        due = filing.reports_due(conn, held.owner, held.clock.wall_ms())
    assert [(d.step, d.waiting_for) for d in due] == [("score", ("Ron Adeyemi",))]
    held.score()
    with held.store.read() as conn:
        due = filing.reports_due(conn, held.owner, held.clock.wall_ms())
    assert [d.step for d in due] == ["wait"]
    held.score("ron", name="Ron Adeyemi")
    with held.store.read() as conn:
        assert [d.step for d in filing.standings(conn, held.owner)] == ["sign"]
        assert interviews.load(conn, held.owner, held.id).state == "scored"
    held.sign()
    with held.store.read() as conn:
        assert filing.reports_due(conn, held.owner, held.clock.wall_ms()) == []
        assert [d.step for d in filing.standings(conn, held.owner)] == ["sent"]


def test_a_letter_is_kept_apart_from_the_report(signed):
    path = f"/interviews/{signed.id}/report/letter"
    assert signed.post(path, fields={"letter": " ", "shown": "on"}).status_code == 422
    sent = {"subject": "Thank you", "letter": "Dear Cal,\n\n<b>well</b> done.", "shown": "on"}
    refused = signed.post(path, fields=sent)
    assert refused.status_code == 422
    assert "does not send letters" in refused.text
    terms = {"allows_letters": "on", "csrf": signed.csrf["iris"]}
    assert signed.post(f"/clients/{signed.client}/reports", fields=terms).status_code == 303
    assert signed.post(path, fields=sent).status_code == 303
    page = signed.get(f"/interviews/{signed.id}/report").text
    assert "&lt;b&gt;well&lt;/b&gt; done." in page
    assert "well" not in newest(signed)[1].body.decode()
    assert "done." not in signed.get(link_to(signed), None).text
    with signed.store.read() as conn:
        assert letters.find(conn, signed.seals, signed.owner, signed.id).shown_at_ms is not None
    with signed.store.begin() as conn:
        token = links.issue(
            conn, signed.store.link_key, signed.owner, signed.id, signed.cal, purpose="privacy",
            expires_at_ms=signed.clock.wall_ms() + 10**9, now_ms=signed.clock.wall_ms(),
        )  # fmt: skip
    assert "&lt;b&gt;well&lt;/b&gt; done." in signed.get(f"/privacy/{token}", None).text
    assert signed.post(path, "mallory", sent).status_code == 404
    signed.post(path, fields={"letter": "Later."})
    assert "Later." not in signed.get(f"/privacy/{token}", None).text
    with signed.store.read() as conn:
        assert letters.find(conn, signed.seals, signed.owner, signed.id).shown_at_ms is None


def test_an_interview_without_a_rubric_is_given_one(alone):
    with alone.store.begin() as conn:
        row = interviews.load(conn, alone.owner, alone.id)
        plan = filing.msgspec.structs.replace(row.plan, rubric=None)
        interviews.save(conn, filing.msgspec.structs.replace(row, plan=plan))
    assert "no rubric yet" in alone.get(f"/score/{alone.id}").text
    assert "no rubric yet" in alone.get(f"/interviews/{alone.id}/report").text
    assert (
        alone.post(f"/score/{alone.id}/rubric", fields={"rubric": alone.rubric.id}).status_code
        == 303
    )
    assert "Understanding the problem" in alone.get(f"/score/{alone.id}").text


def test_erasing_the_interview_erases_what_was_judged(signed):
    link_to(signed)
    with signed.store.begin() as conn:
        annotations.add(conn, signed.seals, signed.owner, signed.id, signed.iris, at_ms=1, text="x",
                        competency=None, now_ms=1)  # fmt: skip
        interviews.delete_interview(conn, signed.owner, signed.id)
        for table in (annotations.annotations, filing.scorecards.scorecards, filing.scorecards.scorecard_versions,
                      reports.reports, reports.report_drafts, shares.shares):  # fmt: skip
            assert conn.execute(table.select()).all() == [], table.name


def test_a_signed_reports_pdf_is_made_once_until_something_on_it_changes(signed, monkeypatch):
    made = []

    def make(html, *_):
        made.append(html)
        return b"%PDF " + str(len(made)).encode()

    monkeypatch.setattr(render, "pdf", make)
    monkeypatch.setattr(pdfseal, "sign", lambda pdf, _: pdf)
    path = f"/interviews/{signed.id}/report.pdf"
    assert [signed.get(path).content for _ in range(3)] == [b"%PDF 1"] * 3
    assert signed.get(path + "?print=letter").content == b"%PDF 2"
    signed.post(f"/clients/{signed.client}/reports", fields={"name": "Northline", "colour": ""})
    assert signed.get(path).content == b"%PDF 3"
    signed.sign(follows="1", correction="A date was wrong.")
    assert signed.get(path).content == b"%PDF 4"
    with signed.store.begin() as conn:
        signed.seals.destroy(conn, signed.id)
    assert signed.get(path).status_code == 410


def test_a_later_version_starts_from_the_words_of_the_one_before(signed):
    with signed.store.begin() as conn:  # as in the demo, whose words were never a draft
        conn.execute(reports.report_drafts.delete())
    page = signed.get(f"/interviews/{signed.id}/report?new=1").text
    assert "Cal asked first" in page.split('name="summary"')[1].split("</textarea>")[0]
