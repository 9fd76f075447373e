"""The desk and the page of one interview, as Iris uses them."""

import re
from datetime import date, time
from typing import Any

import icalendar
import msgspec
import pytest

from room.desk import questions, schedule
from room.session.ids import InterviewId
from room.store import clients, interviews, links, members, reports
from room.store import questions as question_rows
from room.store.interviews import Interview
from room.store.sealing import KeyDestroyed
from room.web.house import Rows
from tests.web.people import NOW, TEN, World

FORM = {
    "client": "",
    "template": "coding",
    "candidate": "Elena Sorokina",
    "role_title": "Data engineer",
    "level": "",
    "day": "2026-11-26",
    "time": "15:30",
    "candidate_zone": "Warsaw",
    "question": "",
    "rubric": "",
    "call_link": "https://call.example/elena",
}


def calendar(content: bytes) -> Any:
    return icalendar.Calendar.from_ical(content)


def stored(house: World, interview_id: str) -> Interview:
    with house.store.read() as conn:
        return interviews.load(conn, house.iris.id, interview_id)


def tokens(house: World, interview_id: str) -> dict[str, str]:
    """Role → the current join token."""
    with house.store.read() as conn:
        found = {}
        for member in members.list_for(conn, house.iris.id, interview_id):
            link = links.current_for(conn, house.iris.id, member.id)
            assert link is not None
            found[member.role] = links.token_of(link, house.store.link_key) or ""
        return found


def member_id(house: World, interview_id: str, role: str) -> str:
    with house.store.read() as conn:
        return next(
            m.id for m in members.list_for(conn, house.iris.id, interview_id) if m.role == role
        )


def test_the_desk_shows_the_next_interview_in_three_zones(house: World) -> None:
    house.interview()
    text = house.signed_in().get("/desk").text
    for words in (
        "Tuesday, 24 November",
        ">09:47</span> in Madrid",
        "10:00",
        "in 13 minutes",
        "11:00 Helsinki",
        "04:00 Boston",
        "Open room",
    ):
        assert words in text


def test_an_interview_is_made_from_one_form_and_its_link_comes_back_to_be_copied(
    house: World,
) -> None:
    browser = house.signed_in()
    answer = browser.post(
        "/interviews", FORM | {"client": house.acme.id}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 201
    made = answer.json()
    one = stored(house, made["href"].rpartition("/")[2])
    assert one.candidate_zone == "Europe/Warsaw"
    assert one.starts_at_ms == schedule.moment(date(2026, 11, 26), time(15, 30), "Europe/Madrid")
    assert one.minutes == 55
    assert len(one.plan.questions) == 1
    assert one.plan.rubric
    assert house.browser().get(made["link"].removeprefix(house.public_url)).status_code == 200
    assert browser.get(made["href"]).status_code == 200


def test_a_new_client_is_made_with_the_interview(house: World) -> None:
    browser = house.signed_in()
    answer = browser.post(
        "/interviews", FORM | {"client": "new", "client_name": "Halden Bank", "client_zone": "Oslo"}
    )
    assert answer.status_code == 303
    with house.store.read() as conn:
        made = {client.name: client for client in clients.list_for(conn, house.iris.id)}
    assert made["Halden Bank"].zone == "Europe/Oslo"


def test_what_cannot_be_used_comes_back_with_words_under_the_field(house: World) -> None:
    browser = house.signed_in()
    bad = FORM | {
        "client": "c_elsewhere",
        "candidate": " \u202e ",
        "time": "25:99",
        "candidate_zone": "Atlantis",
        "call_link": "javascript:alert(1)",
        "role_title": "Kept as it was <b>typed</b>",
    }
    answer = browser.post("/interviews", bad)
    assert answer.status_code == 422
    for words in (
        "Choose a client.",
        "Who is interviewed?",
        "Give a time, such as 15:30.",
        "Choose a city from the list.",
        "Give a whole address that starts with https://",
        "Kept as it was &lt;b&gt;typed&lt;/b&gt;",
        'aria-describedby="new-candidate-error"',
    ):
        assert words in answer.text
    with house.store.read() as conn:
        assert interviews.list_for(conn, house.iris.id) == []


def test_nothing_is_half_made_when_a_new_client_comes_with_a_bad_time(house: World) -> None:
    browser = house.signed_in()
    browser.post(
        "/interviews",
        FORM | {"client": "new", "client_name": "Halden", "client_zone": "Oslo", "time": ""},
    )
    with house.store.read() as conn:
        assert [client.name for client in clients.list_for(conn, house.iris.id)] == [
            "Northline Freight"
        ]


def test_the_preview_names_all_times_clashes_and_nights(house: World) -> None:
    house.interview(starts_at_ms=TEN + schedule.HOUR_MS, name="Priya Raman")
    query = {
        "client": house.acme.id,
        "template": "coding",
        "candidate": "Elena S",
        "candidate_zone": "Warsaw",
        "day": "2026-11-24",
        "time": "11:30",
    }
    text = house.signed_in().get("/interviews/preview", params=query).text
    assert "11:30 for Elena and you, 05:30 for the client in Boston." in text
    assert "You already have Priya Raman at 11:00." in text
    assert "That is 05:30 in Boston." in text


def test_a_time_that_the_clock_leaves_out_is_said_while_it_is_typed(house: World) -> None:
    spring = {"candidate_zone": house.iris.zone, "day": "2027-03-28", "time": "02:30"}
    desk = house.signed_in()
    assert "02:30" in desk.get("/interviews/preview", params=spring).text
    assert desk.get("/interviews/preview", params=spring | {"time": ""}).text.strip() == ""


def test_a_pasted_line_is_read_in_the_candidates_zone(house: World) -> None:
    said = (
        house.signed_in()
        .get("/interviews/shorthand", params={"text": "Elena Sorokina Thu 15:30 Helsinki"})
        .json()
    )
    assert (said["candidate"], said["day"], said["time"], said["candidate_zone"]) == (
        "Elena Sorokina",
        "2026-11-26",
        "14:30",
        "Europe/Helsinki",
    )


def test_the_invitation_holds_everything_that_cal_needs(house: World) -> None:
    interview, token = house.interview()
    text = house.signed_in().get(f"/interviews/{interview.id}").text
    for words in (
        f"{house.public_url}/join/{token}",
        "Tuesday 24 November 2026, 11:00 to 11:55 (your time, Helsinki; 10:00 in Madrid)",
        "https://call.example/x",
        "What is recorded",
        "To practise",
        "Everything is deleted on 22 February 2027",
    ):
        assert words in text


def test_moving_keeps_the_links_and_the_calendars_uid_and_raises_its_sequence(house: World) -> None:
    interview, token = house.interview()
    browser = house.signed_in()
    before = calendar(browser.get(f"/interviews/{interview.id}/calendar.ics").content)
    moved = browser.post(f"/interviews/{interview.id}/move", {"day": "2026-11-26", "time": "09:00"})
    assert moved.status_code == 303
    assert "Moved. The lobby says so" in browser.get(moved.headers["location"]).text
    after = calendar(browser.get(f"/interviews/{interview.id}/calendar.ics").content)
    first, second = before.walk("VEVENT")[0], after.walk("VEVENT")[0]
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] == first["SEQUENCE"] + 1
    lobby = house.browser().get(f"/join/{token}")
    assert lobby.status_code == 200
    assert "Moved to Thursday 26 November 10:00, your time." in lobby.text


def test_the_candidates_calendar_entry_is_in_their_zone_with_its_rules(house: World) -> None:
    _, token = house.interview()
    found = calendar(house.browser().get(f"/join/{token}/calendar.ics").content)
    event = found.walk("VEVENT")[0]
    assert event["DTSTART"].params["TZID"] == "Europe/Helsinki"
    assert round(event["DTSTART"].dt.timestamp() * 1000) == TEN
    assert round(event["DTEND"].dt.timestamp() * 1000) == TEN + 55 * 60_000
    assert [str(zone["TZID"]) for zone in found.walk("VTIMEZONE")] == ["Europe/Helsinki"]
    assert found["METHOD"] == "PUBLISH"


def test_a_cancelled_interview_says_so_in_lobby_and_calendar_and_can_be_taken_back(
    house: World,
) -> None:
    interview, token = house.interview()
    browser = house.signed_in()
    browser.post(f"/interviews/{interview.id}/cancel")
    assert "was cancelled" in house.browser().get(f"/join/{token}").text
    found = calendar(house.browser().get(f"/join/{token}/calendar.ics").content)
    assert (found["METHOD"], found.walk("VEVENT")[0]["STATUS"]) == ("CANCEL", "CANCELLED")
    browser.post(f"/interviews/{interview.id}/revive")
    assert "was cancelled" not in house.browser().get(f"/join/{token}").text
    assert stored(house, interview.id).sequence == 2


def test_a_no_show_knows_how_long_the_other_one_waited(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    token = tokens(house, interview.id)["lead"]
    house.browser().post(f"/join/{token}", {"name": "Iris", "agree": "on"})
    house.clock.advance(13 * 60_000 + 20 * 60_000)  # ten o'clock, and twenty minutes
    missing = browser.post(f"/interviews/{interview.id}/no-show", {})
    assert (missing.status_code, "Say who did not come." in missing.text) == (422, True)
    browser.post(f"/interviews/{interview.id}/no-show", {"whose": "candidate"})
    one = stored(house, interview.id)
    assert (one.state, one.no_show, one.waited_ms) == ("no_show", "candidate", 20 * 60_000)
    assert (
        "You waited 20 minutes. No scorecard is needed."
        in browser.get(f"/interviews/{interview.id}?tab=after").text
    )


def test_an_interview_that_has_ended_can_be_said_to_be_cut_short(house: World) -> None:
    interview, _ = house.interview()
    with house.store.begin() as conn:
        interviews.mark_started(conn, house.iris.id, interview.id, TEN)
        interviews.mark_ended(conn, house.iris.id, interview.id, TEN + 600_000, cut_short=False)
    browser = house.signed_in()
    browser.post(f"/interviews/{interview.id}/cut-short", {"cut_short": "on"})
    assert stored(house, interview.id).cut_short
    browser.post(f"/interviews/{interview.id}/cut-short", {"cut_short": "off"})
    assert not stored(house, interview.id).cut_short


def test_replacing_a_link_stops_the_old_one_and_its_cookies_and_sockets_at_once(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    interview, token = house.interview()
    cal = house.browser()
    room = cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).headers["location"]
    assert cal.get(room).status_code == 200
    closed = []
    monkeypatch.setattr(house.app.state.hub, "close_member", lambda *said: closed.append(said))
    member = member_id(house, interview.id, "candidate")
    house.signed_in().post(f"/interviews/{interview.id}/people/{member}/replace")
    old = house.browser().get(f"/join/{token}")
    assert (old.status_code, "This link was switched off." in old.text) == (410, True)
    assert cal.get(room).status_code != 200
    assert closed == [(interview.id, member, 4403)]
    fresh = tokens(house, interview.id)["candidate"]
    assert fresh != token
    assert house.browser().get(f"/join/{fresh}").status_code == 200


def test_switching_off_a_link_leaves_none_and_a_new_one_can_be_made(house: World) -> None:
    interview, token = house.interview()
    browser = house.signed_in()
    member = member_id(house, interview.id, "candidate")
    browser.post(f"/interviews/{interview.id}/people/{member}/switch-off")
    assert house.browser().get(f"/join/{token}").status_code == 410
    assert house.browser().post(f"/join/{token}", {"name": "Cal", "agree": "on"}).status_code == 410
    page = browser.get(f"/interviews/{interview.id}").text
    assert "The link is switched off." in page
    assert "Copy invitation" not in page
    browser.post(f"/interviews/{interview.id}/people/{member}/replace")
    assert (
        house.browser().get(f"/join/{tokens(house, interview.id)['candidate']}").status_code == 200
    )


def test_a_guest_an_observer_and_a_second_rater_get_links_of_their_own(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    for name, role in (("Gus", "interviewer"), ("Olga", "observer"), ("Rolf", "rater")):
        assert (
            browser.post(
                f"/interviews/{interview.id}/people", {"guest_name": name, "guest_role": role}
            ).status_code
            == 303
        )
    assert (
        browser.post(
            f"/interviews/{interview.id}/people", {"guest_name": "Mallory", "guest_role": "lead"}
        ).status_code
        == 422
    )
    found = tokens(house, interview.id)
    assert len(set(found.values())) == 5
    assert "You see what they see." in house.browser().get(f"/join/{found['observer']}").text
    assert "scorecard of your own" in house.browser().get(f"/join/{found['rater']}").text


def test_tokens_are_nowhere_in_the_database(house: World) -> None:
    interview, token = house.interview()
    path = house.app.state.settings.data_dir / "room.db"
    with house.store.begin() as conn:
        conn.exec_driver_sql("SELECT 1")
    data = path.read_bytes() + path.with_name("room.db-wal").read_bytes()
    for one in (token, *tokens(house, interview.id).values()):
        assert one.encode() not in data


def test_the_owner_enters_the_room_as_its_lead(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    answer = browser.post(f"/interviews/{interview.id}/enter")
    lead = member_id(house, interview.id, "lead")
    assert answer.headers["location"] == f"/room/{interview.id}/{lead}"
    assert f"room_{lead}" in browser.cookies


def test_the_plan_can_be_changed_and_the_calendar_hears_of_another_length(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    form = {
        "candidate": "Cal Lindqvist-Ñúñez",
        "candidate_zone": "Helsinki",
        "role_title": "Backend engineer",
        "level": "senior",
        "call_link": "",
        "stage_title": ["Hello", "", "Problem"],
        "stage_minutes": ["5", "", "40"],
        "question": ["", ""],
        "rubric": "",
        "admit": "on",
    }
    assert browser.post(f"/interviews/{interview.id}/plan", form).status_code == 303
    one = stored(house, interview.id)
    assert [(stage.title, stage.minutes) for stage in one.plan.stages] == [
        ("Hello", 5),
        ("Problem", 40),
    ]
    assert (one.minutes, one.sequence, one.plan.signals, one.plan.questions) == (45, 1, (), ())
    wrong = browser.post(
        f"/interviews/{interview.id}/plan", form | {"stage_minutes": ["5", "", "many"]}
    )
    assert (wrong.status_code, "Give whole minutes, from 1 to 240." in wrong.text) == (422, True)


def test_a_plan_can_allow_a_language_that_the_question_has_no_starter_for(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    with house.store.read() as conn:
        found = question_rows.find_by_key(conn, house.iris.id, "booking-gaps")
    assert found is not None
    form = {
        "candidate": "Cal",
        "candidate_zone": "Helsinki",
        "role_title": "Engineer",
        "stage_title": ["Problem"],
        "stage_minutes": ["40"],
        "question": [found.id],
        "language": ["bash", "rust", "klingon"],
        "admit": "on",
    }
    assert browser.post(f"/interviews/{interview.id}/plan", form).status_code == 303
    own = questions.of_row(found).languages
    assert stored(house, interview.id).plan.languages == (*own, "rust", "bash")
    shown = browser.get(f"/interviews/{interview.id}?tab=plan").text
    assert re.search(r'value="rust" checked', shown)
    assert not re.search(r'value="python"', shown), "what the question offers is not asked"
    setup = Rows(house.store, house.app.state.clock).setup(InterviewId(interview.id))
    assert setup.questions[0].files["rust"] == ("main.rs",)
    assert setup.questions[0].languages == own


def test_deleting_destroys_the_key_and_the_row(house: World) -> None:
    interview, token = house.interview()
    with house.store.begin() as conn:
        house.app.state.seals.create(conn, house.iris.id, InterviewId(interview.id), NOW)
    browser = house.signed_in()
    browser.post(f"/interviews/{interview.id}/delete")
    assert browser.get(f"/interviews/{interview.id}").status_code == 404
    assert house.browser().get(f"/join/{token}").status_code == 404
    with house.store.read() as conn, pytest.raises(KeyDestroyed):
        house.app.state.seals.cipher(conn, InterviewId(interview.id))


def test_the_demo_goes_with_one_press_and_nothing_else_does(house: World) -> None:
    real, _ = house.interview()
    demo, _ = house.interview(name="Sam Demo")
    with house.store.begin() as conn:
        one = interviews.load(conn, house.iris.id, demo.id)
        interviews.save(conn, msgspec.structs.replace(one, is_demo=True))
    browser = house.signed_in()
    assert "Remove the demo" in browser.get("/desk").text
    browser.post("/demo/remove")
    assert browser.get(f"/interviews/{demo.id}").status_code == 404
    assert browser.get(f"/interviews/{real.id}").status_code == 200
    assert "Remove the demo" not in browser.get("/desk").text


def test_names_with_tricks_are_shown_as_text(house: World) -> None:
    browser = house.signed_in()
    name = "</script><img src=x onerror=alert(1)>\u202egpj"
    href = browser.post("/interviews", FORM | {"client": house.acme.id, "candidate": name}).headers[
        "location"
    ]
    for path in (href, "/desk", "/interviews"):
        text = browser.get(path).text
        assert "<img src=x" not in text
        assert "\u202e" not in text
        assert "&lt;/script&gt;&lt;img" in text


def test_clients_keep_their_zone_and_retention_for_new_interviews(house: World) -> None:
    browser = house.signed_in()
    form = {
        "name": "Halden Bank",
        "city": "Oslo",
        "zone": "Oslo",
        "contact": "",
        "about": "",
        "retention_days": "30",
        "rubric_id": "",
    }
    href = browser.post("/clients", form).headers["location"]
    made = browser.post("/interviews", FORM | {"client": href.rpartition("/")[2]}).headers[
        "location"
    ]
    assert stored(house, made.rpartition("/")[2]).retention_days == 30
    wrong = browser.post(href, form | {"retention_days": "0", "name": ""})
    assert (
        wrong.status_code,
        "What is the client called?" in wrong.text,
        "whole number" in wrong.text,
    ) == (422, True, True)


def test_questions_are_found_and_read(house: World) -> None:
    browser = house.signed_in()
    assert "Nothing called “quantum”." in browser.get("/questions", params={"q": "quantum"}).text
    text = browser.get("/questions", params={"q": "sql"}).text
    assert "Missed appointments" in text
    assert "The gate keeper" not in text
    shown = text[text.index('<article class="qd"') :]
    assert "Missed appointments" in shown, "the first one that is found lies open beside the list"
    assert 'class="qq"' in text, "a phone shows the list until one is chosen"


def test_a_question_says_how_often_it_was_asked_and_for_whom_last(house: World) -> None:
    held, _ = house.interview()
    house.interview(name="Dana Osei")
    with house.store.begin() as conn:
        interviews.set_state(conn, house.iris.id, held.id, "ended")
    text = house.signed_in().get(f"/questions/{held.plan.questions[0]}").text
    assert ">once</dd><dt>used, last 24 Nov for Northline Freight</dt>" in text
    assert "Python, JavaScript" in text, "languages by the names that people use"


def test_every_question_has_all_its_pages(house: World) -> None:
    browser = house.signed_in()
    with house.store.read() as conn:
        listed = questions.list_for(conn, house.iris.id)
    for key, question in listed:
        for tab in ("parts", "files", "guide", "rubric"):
            answer = browser.get(f"/questions/{key}", params={"tab": tab})
            assert answer.status_code == 200
            assert question.title in answer.text or "&#39;" in answer.text
        tried = browser.get(f"/questions/{key}/try")
        assert tried.status_code == 200
        private = [part.title for part in question.parts[1:] if part.title != "Talk"]
        private += [test.name for part in question.parts for test in part.hidden]
        aside = tried.text[tried.text.index("<practice-editor") : tried.text.index("<template")]
        assert not [words for words in private if f">{words}<" in aside]


def test_a_report_due_is_listed_until_it_is_sent(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    assert "All done. Nothing is waiting for you." in browser.get("/desk").text
    with house.store.begin() as conn:
        interviews.mark_started(conn, house.iris.id, interview.id, NOW)
        interviews.mark_ended(conn, house.iris.id, interview.id, NOW + 1, cut_short=False)
    assert f'href="/score/{interview.id}"' in browser.get("/desk").text


def test_an_interview_that_nobody_started_says_how_late_it_is(house: World) -> None:
    house.interview()
    browser = house.signed_in()
    house.clock.advance((13 + 8) * 60_000)
    text = browser.get("/desk").text
    assert '<span class="late">8 minutes late</span>' in text
    assert "Copy link" in text, "it is still the next one"


def test_an_interview_whose_time_is_over_makes_room_for_the_next_one(house: World) -> None:
    stale, _ = house.interview()
    house.interview(starts_at_ms=TEN + 26 * 3_600_000, name="Dana Osei")
    browser = house.signed_in()
    house.clock.advance(3 * 3_600_000)
    text = browser.get("/desk").text
    band = text[text.index('class="next"') : text.index("<table")]
    assert "Dana Osei" in band
    assert "Cal Lindqvist" not in band
    assert f'href="/interviews/{stale.id}?tab=after"' in text, "where it is said who did not come"
    assert "Not held" in text


def test_the_demo_takes_the_desk_only_while_nothing_real_is_planned(house: World) -> None:
    demo, _ = house.interview(name="Sam Pretend")
    with house.store.begin() as conn:
        one = interviews.load(conn, house.iris.id, demo.id)
        interviews.save(conn, msgspec.structs.replace(one, is_demo=True))
    browser = house.signed_in()
    text = browser.get("/desk").text
    assert text.index("The demo") < text.index("Reports due")
    house.interview(starts_at_ms=TEN + 26 * 3_600_000)
    text = browser.get("/desk").text
    band = text[text.index('class="next"') : text.index("<table")]
    assert "Cal Lindqvist" in band
    assert "Sam" not in band
    assert text.index("Reports due") < text.index("The demo")
    house.clock.advance(50 * 60_000)
    assert " late<" not in browser.get("/desk").text, "nobody waits for a demo"


def test_the_desk_knows_how_long_a_report_is_owed_and_how_long_they_take(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, _ = house.interview()
    signed, _ = house.interview(starts_at_ms=TEN - 26 * 3_600_000, name="Dana Osei")
    with house.store.begin() as conn:
        for one in (held, signed):
            interviews.mark_started(conn, house.iris.id, one.id, one.starts_at_ms)
            interviews.mark_ended(conn, house.iris.id, one.id, one.ends_at_ms, cut_short=False)
        interviews.set_state(conn, house.iris.id, signed.id, "reported")
    times = {signed.id: signed.ends_at_ms + 14 * 60_000}
    monkeypatch.setattr(reports, "signed_times", lambda *_: times)
    browser = house.signed_in()
    house.clock.advance(5 * 3_600_000)
    text = browser.get("/desk").text
    due = text[text.index("Reports due") : text.index("New interview</h2>")]
    assert "Cal Lindqvist" in due
    assert "Dana Osei" not in due
    assert "4 hours ago" in due
    assert "late" not in due
    assert 'Usually signed <b class="num">14 min</b> after the end.' in due
    assert "after 14 min" in text, "beside the report itself"
    house.clock.advance(26 * 3_600_000)
    due = browser.get("/desk").text.partition("Reports due")[2]
    assert "1 late" in due
