"""Moments are reworded, filed elsewhere, withdrawn and brought back until their author signs; the journal stays as it is."""

import json

import pytest
from sqlalchemy import delete, func, select, update

from room.replay import recording
from room.scoring import evidence, filing
from room.scoring.evidence import Change, Moment
from room.session import events as e
from room.session.ids import InterviewId
from room.session.visibility import PUBLIC
from room.store import amendments, interviews, journal, members
from room.store.amendments import Amendment
from room.store.engine import NotFound
from room.web import recordings, replay

FIRST = Moment("p_a", 60_000, "m_iris", "approach", "Asks.", "room")


def amend(*made, standing=(FIRST,), withdrawn=(), touched=None):
    return evidence.amend(standing, withdrawn, made, touched or {})


def word(text="Asks.", competency="approach", withdrawn=False, *, by="m_iris", at_ms=1000):
    return Amendment("p_a", by, at_ms, text, competency, withdrawn)


# ------------------------------------------------------------------------------------------------ what counts


def test_the_last_words_of_the_author_count_and_say_when():
    (now,), _ = amend(word("Asks twice.", at_ms=1000), word("Asks three times.", at_ms=2000))
    assert (now.text, now.reworded_at_ms) == ("Asks three times.", 2000)
    (same,), _ = amend(word("Asks twice."), word("Asks."))
    assert same == FIRST
    (moved,), _ = amend(word("Asks twice.", at_ms=1000), word("Asks twice.", "testing", at_ms=2000))
    assert (moved.competency, moved.reworded_at_ms) == ("testing", 1000)


def test_a_moment_is_withdrawn_and_brought_back():
    kept, gone = amend(word(withdrawn=True))
    assert (kept, gone) == ((), (FIRST,))
    assert amend(word(withdrawn=True), word()) == ((FIRST,), ())
    assert amend(word(), standing=(), withdrawn=(FIRST,)) == ((FIRST,), ())


def test_nobody_elses_words_count():
    assert amend(word("Never asked.", by="m_mallory")) == ((FIRST,), ())


def test_what_the_open_room_did_later_overtakes_an_amendment():
    assert amend(word("Asks twice.", at_ms=1000), touched={"p_a": 1500}) == ((FIRST,), ())
    (now,), _ = amend(word("Asks twice.", at_ms=2000), touched={"p_a": 1500})
    assert now.text == "Asks twice."


def test_the_room_says_when_it_last_touched_a_pin(record):
    recorded = record(
        (0, "m_iris", e.PinPlaced("p_a", text="Asks.")),
        (0, "m_iris", e.PinPlaced("p_b", text="Red.")),
        (5, "m_iris", e.PinWorded("p_a", "Asks first.")),
        (9, "m_iris", e.PinFiled("p_a", "approach")),
    )
    assert evidence.touched_in_room(recorded) == {"p_a": recorded[-1].wall_ms}


# ------------------------------------------------------------------------------------------------ the store


def rows(held):
    with held.store.read() as conn:
        return conn.scalar(select(func.count()).select_from(amendments.amendments))


def case_of(held):
    with held.store.read() as conn:
        return filing.load_case(conn, held.seals, held.owner, held.id)


def file(held, *changes, who=None):
    case = case_of(held)
    with held.store.begin() as conn:
        return filing.amend_moments(
            conn, held.seals, case, who or held.iris, changes, now_ms=held.clock.wall_ms()
        )


def test_the_journal_stays_as_it_was_and_only_rows_are_added(held):
    def written():
        with held.store.read() as conn:
            return [r.event for r in journal.load(conn, held.seals, InterviewId(held.id))]

    before = written()
    assert file(held, Change("p_first", "Asks about the border, twice.", "approach", False)) == 1
    assert file(held, Change("p_first", "Asks about the border, twice.", "approach", False)) == 0
    assert file(held, Change("p_first", "Asks.", "approach", True)) == 1
    assert written() == before
    assert rows(held) == 2
    with held.store.read() as conn:
        kept = amendments.load(conn, held.seals, held.owner, held.id)
    assert [a.text for a in kept.rows] == ["Asks about the border, twice.", "Asks."]
    assert kept.holds
    assert {a.by for a in kept.rows} == {held.iris}


def test_nobody_changes_anothers_moment(held):
    with pytest.raises(NotFound):
        file(held, Change("p_first", "Never asked.", None, False), who=held.ron)
    assert rows(held) == 0


def test_a_clock_that_was_set_back_loses_no_change(held):
    case = case_of(held)
    with held.store.begin() as conn:
        change = Change("p_red", "Predicts red.", "verification", False)
        filing.amend_moments(conn, held.seals, case, held.iris, [change], now_ms=5)
    assert "Predicts red." in [m.text for m in case_of(held).moments]


@pytest.mark.parametrize("harm", ["taken out", "swapped", "hash"])
def test_a_history_that_was_altered_keeps_the_report_from_being_signed(alone, harm):
    for text in ("one", "two", "three"):
        file(alone, Change("p_first", text, None, False))
    table = amendments.amendments
    with alone.store.begin() as conn:
        if harm == "taken out":
            conn.execute(delete(table).where(table.c.number == 2))
        elif harm == "swapped":
            other = conn.scalar(select(table.c.hash).where(table.c.number == 1))
            conn.execute(update(table).where(table.c.number == 2).values(hash=other))
        else:
            conn.execute(update(table).where(table.c.number == 3).values(hash=b"x" * 32))
    alone.score()
    refused = alone.sign()
    assert refused.status_code == 409
    assert "does not hold together" in refused.text


# ------------------------------------------------------------------------------------------------ the page


def moved(held, **changes):
    return held.fields(
        pin=["p_first"],
        **{"pin_text:p_first": "Asks about both borders.", "pin_at:p_first": "approach"} | changes,
    )


def test_the_page_keeps_what_was_changed_with_the_draft(held):
    saved = held.post(f"/score/{held.id}", fields=moved(held))
    assert "Draft saved" in saved.text
    page = held.get(f"/score/{held.id}").text
    assert "Asks about the border." not in page
    under = page.split('id="evs-approach"')[1].split("</ul>")[0]
    assert "Asks about both borders." in under
    assert "reworded" in under


def test_a_withdrawn_moment_is_no_evidence_and_comes_back(held):
    cited = {"evidence:understanding": ["p_first"]}
    out = moved(held, **cited, **{"pin_out:p_first": "on", "pin_at:p_first": "understanding"})
    held.post(f"/score/{held.id}", fields=out)
    assert case_of(held).standing(held.iris).scorecard.rating("understanding").evidence == ()
    page = held.get(f"/score/{held.id}").text
    assert "Bring back" in page.split('id="edit-p_first"')[1].split("</li>")[0]
    back = moved(held, version="1", **cited, **{"pin_at:p_first": "understanding"})
    held.post(f"/score/{held.id}", fields=back)
    assert case_of(held).standing(held.iris).scorecard.rating("understanding").evidence == (
        "p_first",
    )


def test_what_was_withdrawn_in_the_room_can_be_brought_back(held):
    fields = held.fields(pin=["p_gone"], **{"pin_text:p_gone": "Fair after all.", "pin_at:p_gone": "approach"})  # fmt: skip
    held.post(f"/score/{held.id}", fields=fields)
    assert "Fair after all." in [m.text for m in case_of(held).moments]


def test_moments_that_the_page_did_not_touch_stay_as_they_are(held):
    fields = held.fields(**{"pin_text:p_first": "An old page's words."})
    held.post(f"/score/{held.id}", fields=fields)
    assert rows(held) == 0


def test_after_signing_it_is_refused_with_a_sentence(held):
    signed = held.post(f"/score/{held.id}/submit", fields=moved(held))
    assert signed.status_code == 303
    assert rows(held) == 1, "what was changed while signing counts"
    late = held.post(
        f"/score/{held.id}", fields=moved(held, version="1", **{"pin_text:p_first": "Never asked."})
    )
    assert late.status_code == 409
    assert "You have signed" in late.text
    with pytest.raises(filing.NotYet, match="You have signed"):
        file(held, Change("p_first", "Never asked.", None, False))
    assert rows(held) == 1
    correcting = held.get(f"/score/{held.id}?correct=1").text
    assert "data-edit" not in correcting
    held.post(
        f"/score/{held.id}/correct",
        fields=moved(held, version="1", reason="Wrong.", **{"pin_text:p_first": "Never asked."}),
    )
    assert rows(held) == 1


def test_two_devices_see_each_others_words_and_nothing_is_overwritten(held):
    held.post(f"/score/{held.id}", fields=moved(held, device="phone"))
    answer = held.post(
        f"/score/{held.id}", fields=moved(held, device="laptop", **{"pin_text:p_first": "Mine."})
    )
    assert answer.status_code == 409
    assert "Moment 06:00" in answer.text
    assert "Asks about both borders. (" in answer.text
    assert "Mine. (" in answer.text
    assert rows(held) == 1
    over = moved(held, device="laptop", over="1", **{"pin_text:p_first": "Mine."})
    assert held.post(f"/score/{held.id}", fields=over).status_code == 200
    assert "Mine." in [m.text for m in case_of(held).moments]


def test_a_competency_that_no_page_offers_is_not_there(held):
    answer = held.post(f"/score/{held.id}", fields=moved(held, **{"pin_at:p_first": "charm"}))
    assert answer.status_code == 404
    assert rows(held) == 0


def test_words_that_are_too_long_or_full_of_markup_do_no_harm(held):
    long = held.post(f"/score/{held.id}", fields=moved(held, **{"pin_text:p_first": "a" * 5001}))
    assert long.status_code == 422
    held.post(
        f"/score/{held.id}",
        fields=moved(held, **{"pin_text:p_first": "</textarea><script>x{{7*7}}"}),
    )
    page = held.get(f"/score/{held.id}").text
    assert "<script>x" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;x{{7*7}}" in page


def test_the_second_rater_hears_of_it_when_both_are_in(held):
    held.post(f"/score/{held.id}", fields=moved(held))
    for path in (f"/score/{held.id}", f"/replay/{held.id}/index.json?as={held.ron}"):
        text = held.get(path, "ron").text
        assert "both borders" not in text
        assert "p_first" not in text
    held.score(version="1", **{"evidence:approach": ["p_first"]})
    held.score("ron", name="Ron Adeyemi")
    assert "Asks about both borders." in held.get(f"/score/{held.id}", "ron").text


# ------------------------------------------------------------------------------------------------ replay and report


def pins(held, who="iris", cookies=None):
    query = f"?as={held.ron}" if who == "ron" else ""
    answer = held.get(f"/replay/{held.id}/index.json{query}", who, cookies=cookies)
    return {pin["id"]: pin for pin in answer.json()["pins"]}


def test_the_replay_shows_the_words_as_they_are_now(held):
    held.post(f"/score/{held.id}", fields=moved(held))
    shown = pins(held)["p_first"]
    assert shown["text"] == "Asks about both borders."
    assert shown["competency"] == "approach"
    assert shown["added"] is False
    held.post(f"/score/{held.id}", fields=moved(held, version="1", **{"pin_out:p_first": "on"}))
    assert "p_first" not in pins(held)


def test_the_candidates_copies_hold_no_moment_whatever_was_made_of_it(held):
    held.post(f"/score/{held.id}", fields=moved(held))
    held.post(f"/score/{held.id}/evidence", fields={"competency": "approach", "add_time:approach": "12:30",
                                                    "add_text:approach": "Drops it."})  # fmt: skip
    with held.store.read() as conn:
        row = interviews.load(conn, held.owner, held.id)
        people = tuple(members.list_for(conn, held.owner, held.id))
    seat = replay.Seat(row, people, PUBLIC)
    state = held.app.app.state
    made = replay.index_of(state, seat, replay.copy_of(state, seat))
    assert made.pins == ()


def test_the_report_says_the_new_words_and_that_they_are_new(alone):
    cited = {"evidence:approach": ["p_first"]}
    alone.post(f"/score/{alone.id}/submit", fields=moved(alone, **cited))
    alone.sign()
    page = alone.get(f"/interviews/{alone.id}/report").text
    assert "Asks about both borders." in page
    assert "Reworded after the interview" in page
    assert "Asks about the border." not in page
    sent = json.loads(alone.get(f"/interviews/{alone.id}/report.json").text)
    held_in = json.dumps(sent)
    with alone.store.read() as conn:
        last = amendments.load(conn, alone.seals, alone.owner, alone.id).last_hash
    assert last in held_in


def test_a_reader_of_the_report_gets_the_new_words_and_never_the_first_ones(alone):
    cited = {"evidence:approach": ["p_first", "p_red"]}
    alone.post(f"/score/{alone.id}/submit", fields=moved(alone, **cited))
    alone.sign()
    alone.post(f"/interviews/{alone.id}/report/shares", fields={"days": "30", "with_replay": "on"})
    token = alone.get(f"/interviews/{alone.id}/report").text.split("/r/")[1].split('"')[0]
    let_in = alone.post(f"/r/{token}/replay", None)
    cookies = dict(c.split(";")[0].split("=", 1) for c in let_in.headers.get_list("set-cookie"))
    shown = pins(alone, None, cookies)
    assert shown["p_first"]["text"] == "Asks about both borders."
    assert shown["p_red"]["text"] == "Predicts that it will be red."
    file = alone.get(f"/replay/{alone.id}/export/recording", None, cookies=cookies)
    assert file.status_code == 200
    read = recording.read(file.content)
    said = [one.event for one in read.events if isinstance(one.event, e.PinPlaced)]
    assert [one.text for one in said] == ["Predicts that it will be red."]


def test_a_recording_taken_away_plays_the_words_as_they_are_now(alone):
    alone.post(f"/score/{alone.id}", fields=moved(alone))
    out = alone.fields(version="1", pin=["p_red"], **{"pin_out:p_red": "on"})
    alone.post(f"/score/{alone.id}", fields=out)
    file = alone.get(f"/replay/{alone.id}/export/recording")
    _, found = recordings.check(file.content)
    assert [pin.text for pin in found.pins] == ["Asks about both borders."]
