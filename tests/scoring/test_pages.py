"""Scorecards through the running app: drafts, signing, corrections, and who sees what when."""

import re


def rated(text: str) -> list[str]:
    return re.findall(r'<input type="radio"[^>]*name="(level:[^"]+)"[^>]* checked', text)


def test_the_owner_finds_what_is_due(held):
    page = held.get("/scorecards")
    assert page.status_code == 200
    assert "Cal Moreau" in page.text
    assert "Your scorecard is due" in page.text


def test_anchors_stand_with_the_pins_of_their_competency(held):
    text = held.get(f"/score/{held.id}").text
    assert "Starts coding on a wrong reading" in text
    assert "Asks about the border." in text
    assert f"/replay/{held.id}?t=350" in text  # ten seconds before 06:00
    evidence, _, loose = text.partition('id="evs-unfiled"')
    assert "Not fair to quote" not in evidence  # withdrawn, to be brought back
    assert "Not fair to quote" in loose
    assert "Not fair to quote" not in held.get(f"/score/{held.id}", "ron").text


def test_nothing_is_chosen_beforehand(held):
    text = held.get(f"/score/{held.id}").text
    assert text.count('type="radio"') > 20
    assert not re.search(r'<input type="radio"[^>]* checked', text)


def test_a_draft_is_kept_and_comes_back(held):
    answer = held.post(f"/score/{held.id}", fields=held.fields(name=None))
    assert answer.status_code == 200
    assert "Draft saved" in answer.text
    assert 'name="version" value="1"' in answer.text
    page = held.get(f"/score/{held.id}").text
    assert len(rated(page)) == 6
    assert "About verification." in page


def test_one_page_never_stands_in_its_own_way(held):
    for _ in range(3):
        answer = held.post(f"/score/{held.id}", fields=held.fields(version="0", device="laptop"))
        assert answer.status_code == 200


def test_the_same_words_sent_again_by_a_page_that_was_loaded_meanwhile_are_no_conflict(held):
    address = f"/score/{held.id}"
    held.post(address, fields=held.fields(device="before"))
    again = held.post(address, fields=held.fields(device="after"))
    assert (again.status_code, "Draft saved" in again.text) == (200, True)


def test_two_devices_are_told_and_nothing_is_lost(held):
    held.post(f"/score/{held.id}", fields=held.fields(device="phone"))
    told = held.post(
        f"/score/{held.id}",
        fields=held.fields(device="laptop", **{"level:approach": "2", "comment:approach": "Mine."}),
    )
    assert told.status_code == 409
    assert "changed on another device" in told.text
    assert "2 Partly" in told.text
    assert "3 Solid" in told.text
    assert "Mine." in told.text
    assert "About approach." in held.get(f"/score/{held.id}").text
    over = held.post(
        f"/score/{held.id}",
        fields=held.fields(device="laptop", over="1", **{"comment:approach": "Mine."}),
    )
    assert over.status_code == 200
    assert "Mine." in held.get(f"/score/{held.id}").text


def test_signing_says_what_is_missing_and_keeps_what_was_typed(held):
    answer = held.score(
        decision=None, name="", **{"level:approach": None, "level:readability": "4"}
    )
    assert answer.status_code == 422
    assert "4 things still missing" in answer.text
    for words in (
        "Choosing an approach needs a level",
        "Code others can keep: add a moment that shows this",
        "Choose a decision.",
        "Sign with your full name.",
    ):
        assert words in answer.text
    assert "About verification." in answer.text
    assert "About verification." in held.get(f"/score/{held.id}").text


def test_not_observed_needs_a_reason_and_counts_as_scored(held):
    without = held.score(**{"level:collaboration": "no"})
    assert "Say why Thinking together was not observed." in without.text
    signed = held.score(**{"level:collaboration": "no", "reason:collaboration": "No sound."})
    assert signed.status_code == 303


def test_signing_locks_and_pressing_twice_signs_once(held):
    assert held.score().status_code == 303
    twice = held.score(level=2)
    assert twice.status_code == 409
    assert "signed this scorecard already" in twice.text
    page = held.get(f"/score/{held.id}").text
    assert "Signed, locked" in page
    assert "3 Solid" in page
    assert re.search(r"SHA-256 [0-9a-f]{64}", page)
    draft = held.post(f"/score/{held.id}", fields=held.fields(version="1"))
    assert draft.status_code == 409


def test_a_correction_stands_beside_what_was_signed(held):
    held.score()
    form = held.get(f"/score/{held.id}?correct=1").text
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    fields = held.fields(version=version, **{"level:approach": "2"})
    assert held.post(f"/score/{held.id}/correct", fields=fields).status_code == 422
    fields["reason"] = "I had the wrong line in mind."
    assert held.post(f"/score/{held.id}/correct", fields=fields).status_code == 303
    page = held.get(f"/score/{held.id}").text
    assert "I had the wrong line in mind." in page
    assert re.search(r"3 Solid</span>\s*became\s*<span[^>]*>2 Partly", page)
    assert len(re.findall(r"SHA-256 [0-9a-f]{64}", page)) == 2


def test_a_moment_added_here_is_evidence_for_its_author(held):
    fields = {
        "competency": "approach",
        "add_time:approach": "12:30",
        "add_text:approach": "Drops it.",
    }
    added = held.post(f"/score/{held.id}/evidence", fields=fields)
    assert added.status_code == 200
    assert "Drops it." in added.text
    assert "checked" in added.text
    assert "Drops it." in held.get(f"/score/{held.id}").text
    for time, words in (
        ("soon", "minutes and seconds"),
        ("59:00", "over by then"),
        ("3:99", "minutes"),
    ):
        fields["add_time:approach"] = time
        wrong = held.post(f"/score/{held.id}/evidence", fields=fields)
        assert wrong.status_code == 422
        assert words in wrong.text


# ------------------------------------------------------------------------------------------------ blind


SECRETS = (
    "Asks about the border.",
    "Predicts that it will be red.",
    "About verification",
    "p_first",
    "p_red",
)


def test_the_second_rater_gets_nothing_of_the_lead_before_both_are_in(held):
    held.score(not_for_report="A secret between us.")
    text = held.get(f"/score/{held.id}", "ron").text
    assert "Scored blind" in text
    for secret in (*SECRETS, "A secret between us."):
        assert secret not in text, secret
    saved = held.post(f"/score/{held.id}", "ron", held.fields(device="rons")).text
    assert not any(secret in saved for secret in SECRETS if not secret.startswith("About"))


def test_the_lead_gets_nothing_of_the_second_rater_before_both_are_in(held):
    held.post(
        f"/score/{held.id}/evidence",
        "ron",
        {
            "competency": "approach",
            "add_time:approach": "20:00",
            "add_text:approach": "Ron saw this.",
        },
    )
    held.score("ron", **{"comment:approach": "Ron wrote this.", "name": "Ron Adeyemi"})
    for path in (f"/score/{held.id}", f"/interviews/{held.id}/report", "/scorecards"):
        text = held.get(path).text
        assert "Ron saw this." not in text
        assert "Ron wrote this." not in text
        assert "2 Partly</b>" not in text


def test_a_rater_cannot_quote_a_pin_that_they_may_not_see(held):
    held.score(
        "ron", **{"evidence:approach": ["p_red"], "level:approach": "4", "name": "Ron Adeyemi"}
    )
    assert "p_red" not in held.get(f"/score/{held.id}", "ron").text


def test_both_see_differences_first_when_both_are_in(held):
    held.score(**{"level:readability": "2"})
    waiting = held.get(f"/score/{held.id}").text
    assert "Ron Adeyemi has not yet" in " ".join(re.sub("<[^>]+>", "", waiting).split())
    held.score("ron", name="Ron Adeyemi", decision="no", **{"comment:approach": "Ron wrote this."})
    for who in ("iris", "ron"):
        text = held.get(f"/score/{held.id}", who).text
        assert "Ron wrote this." in text
        assert "You differ on the decision" in text
        assert text.index("Code others can keep") < text.index("Understanding the problem")
        assert "5 of 6 levels equal" in text


def test_each_may_comment_a_difference_once_both_are_in(held):
    held.score(**{"level:readability": "2"})
    early = held.post(
        f"/score/{held.id}/remark", fields={"competency": "readability", "text": "Early."}
    )
    assert early.status_code == 409
    held.score("ron", name="Ron Adeyemi")
    held.post(
        f"/score/{held.id}/remark", fields={"competency": "readability", "text": "I weighed names."}
    )
    assert "I weighed names." in held.get(f"/score/{held.id}", "ron").text
    held.post(
        f"/score/{held.id}/remark", fields={"competency": "readability", "text": "Names, mostly."}
    )
    text = held.get(f"/score/{held.id}", "ron").text
    assert "Names, mostly." in text
    assert "I weighed names." not in text


def test_only_the_scorer_sees_the_arithmetic(held):
    assert "own arithmetic" not in held.get(f"/score/{held.id}").text
    held.score(level=2)
    assert "would have read these ratings as <b>no hire</b>" in held.get(f"/score/{held.id}").text
    held.post(
        f"/score/{held.id}/remark", fields={"competency": "arithmetic", "text": "Juniors grow."}
    )
    held.score("ron", name="Ron Adeyemi", level=3)
    theirs = held.get(f"/score/{held.id}", "ron").text
    assert "Juniors grow." not in theirs
    assert "no hire</b>, with" not in theirs
    held.sign()
    assert "Juniors grow." not in held.get(f"/interviews/{held.id}/report").text


def test_no_total_stands_anywhere(held):
    held.score(level=3, **{"level:readability": "2"})
    held.score("ron", name="Ron Adeyemi")
    held.sign()
    for path in (f"/score/{held.id}", f"/interviews/{held.id}/report", "/scorecards"):
        text = held.get(path).text
        assert "2.83" not in text
        assert not re.search(r"\b(average|mean score|percentile|ranking)\b", text, re.IGNORECASE)


def test_mallory_finds_nothing(held):
    held.score()
    held.score("ron", name="Ron Adeyemi")
    held.sign()
    for path in (f"/score/{held.id}", f"/interviews/{held.id}/report", f"/interviews/{held.id}/report.pdf",
                 f"/interviews/{held.id}/report.json"):  # fmt: skip
        assert held.get(path, "mallory").status_code == 404, path
        assert held.get(path, None).status_code == 303, path
    assert held.get(f"/score/{held.id}?as={held.ron}", "mallory").status_code == 404
    for path in ("", "/submit", "/correct", "/evidence", "/remark", "/rubric"):
        assert held.post(f"/score/{held.id}{path}", "mallory", held.fields()).status_code == 404, (
            path
        )
    for path in ("words", "sign", "shares"):
        answer = held.post(
            f"/interviews/{held.id}/report/{path}", "mallory", {"summary": "x", "name": "M"}
        )
        assert answer.status_code == 404, path


def test_a_form_of_somebody_elses_page_is_refused(held):
    assert held.post(f"/score/{held.id}", fields=held.fields(csrf="wrong")).status_code == 403


def test_the_candidate_cannot_score(held):
    assert held.get(f"/score/{held.id}?as={held.cal}", None).status_code == 404


def test_markup_in_every_field_stays_text(held):
    nasty = '"><script>alert(1)</script><svg onload=alert(1)>{{ 7*7 }}{% raw %}\u202eabc'
    fields = held.fields(name="Iris " + nasty[:40], not_for_report=nasty, confidence_reason=nasty, summary=nasty,
                         strengths=f"06:00 {nasty}", doubts=nasty, follow_up=nasty)  # fmt: skip
    for name in list(fields):
        if name.startswith("comment:"):
            fields[name] = nasty
    held.post(f"/score/{held.id}", fields=fields)
    draft = held.get(f"/score/{held.id}").text
    held.post(f"/score/{held.id}/submit", fields=fields)
    held.score(
        "ron", name="Ron Adeyemi", **{f"comment:{c}": nasty for c in ("approach", "verification")}
    )
    held.sign(summary=nasty, strengths=f"06:00 {nasty}", name="Iris Rey")
    for text in (
        draft,
        held.get(f"/score/{held.id}").text,
        held.get(f"/interviews/{held.id}/report").text,
    ):
        assert "<script>alert" not in text
        assert "<svg onload" not in text
        assert "&lt;script&gt;alert(1)" in text
        assert "{{ 7*7 }}" in text
        assert "\u202e" not in text


def test_a_comment_of_a_hundred_kilobytes_is_kept_and_a_longer_one_refused(held):
    long = "wörd " * 20_000
    kept = held.post(f"/score/{held.id}", fields=held.fields(**{"comment:approach": long.strip()}))
    assert kept.status_code == 200
    assert long.strip() in held.get(f"/score/{held.id}").text
    refused = held.post(
        f"/score/{held.id}", fields=held.fields(**{"comment:approach": "x" * 100_001})
    )
    assert refused.status_code == 422
    assert "100,000 characters at most" in refused.text
