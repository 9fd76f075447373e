"""The lobby and the candidate's data page, as Cal, Olga and Mallory meet them."""

from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from markupsafe import escape
from sqlalchemy import event

from room.desk import schedule
from room.sandbox.languages import LANGUAGES
from room.session import disclosure
from room.session.commands import DeclineRecording
from room.session.ids import MemberId
from room.store import interviews, links, members, requests, tokens
from tests.web.people import TEN, World


def told(house: World, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    said: list[object] = []
    monkeypatch.setattr(
        house.app.state.hub, "tell", lambda interview, command: said.append((interview, command))
    )
    return said


def test_cal_reads_who_when_and_what_is_recorded_before_anything_else(house: World) -> None:
    _, token = house.interview()
    text = house.browser().get(f"/join/{token}").text
    for words in (
        "Hello Cal, your interview is at 11:00",
        "Iris Ahlgren for Northline Freight",
        "Your time, Helsinki. It is 10:00 for Iris in Madrid.",
        "What is recorded",
        "The chat.",
        "Room has neither camera nor microphone.",
        "Deleted on 22 February 2027.",
        "I do not want to be recorded",
        "Iris is not here yet. You can come in and wait.",
    ):
        assert words in text
    assert "checked" not in text.replace("not checked", "").replace("/checked", "")


def test_a_signal_that_the_plan_switched_off_is_not_named(house: World) -> None:
    interview, token = house.interview()
    assert "paste" in house.browser().get(f"/join/{token}").text
    with house.store.begin() as conn:
        plan = msgspec.structs.replace(interview.plan, signals=())
        interviews.save(conn, msgspec.structs.replace(interview, plan=plan))
    assert "paste" not in house.browser().get(f"/join/{token}").text


def test_the_short_list_leaves_out_no_signal_and_all_is_one_press_away(house: World) -> None:
    interview, token = house.interview()
    with house.store.begin() as conn:
        plan = msgspec.structs.replace(interview.plan, signals=("leave", "idle"))
        interviews.save(conn, msgspec.structs.replace(interview, plan=plan))
    text = house.browser().get(f"/join/{token}").text
    short, _, rest = text.partition("<summary>Read more: everything that is recorded</summary>")
    for words in ("When this page is not in front", "When nothing is typed for two minutes"):
        assert words in short
    full = rest.partition("</details>")[0]
    for sentence in disclosure.sentences(("leave", "idle")):
        assert str(escape(sentence)) in full


def test_a_language_that_only_runs_is_named_before_the_interview(house: World) -> None:
    interview, token = house.interview()
    assert "without tests" not in house.browser().get(f"/join/{token}").text
    with house.store.begin() as conn:
        plan = msgspec.structs.replace(interview.plan, languages=("python", "sql"))
        interviews.save(conn, msgspec.structs.replace(interview, plan=plan))
    assert (
        f"{LANGUAGES['sql'].label}: runs, without tests."
        in house.browser().get(f"/join/{token}").text
    )


def test_looking_changes_nothing(house: World) -> None:
    """Mail scanners open links."""
    interview, token = house.interview()

    def everything() -> list[object]:
        with house.store.read() as conn:
            return [
                interviews.load(conn, house.iris.id, interview.id),
                members.list_for(conn, house.iris.id, interview.id),
                links.list_for(conn, house.iris.id, interview.id),
            ]

    before = everything()
    scanner = house.browser()
    scanner.get(f"/join/{token}")
    scanner.get(f"/join/{token}/calendar.ics")
    assert everything() == before
    assert scanner.cookies == {}


def test_a_browser_that_shows_the_page_counts_as_opened(house: World) -> None:
    interview, token = house.interview()
    answer = house.browser().post(f"/join/{token}/checked")
    assert answer.json() == {"runner": False}  # no engine in this test
    with house.store.read() as conn:
        assert interviews.load(conn, house.iris.id, interview.id).state == "opened"
    assert "Cal opened the link at 09:47." in house.signed_in().get("/desk").text


def test_the_tick_is_asked_for_and_the_name_is_kept(house: World) -> None:
    _, token = house.interview()
    cal = house.browser()
    answer = cal.post(f"/join/{token}", {"name": "Cal L"})
    assert answer.status_code == 422
    assert "Please tick that you have read what is recorded." in answer.text
    assert 'value="Cal L"' in answer.text
    assert cal.cookies == {}


def test_agreeing_trades_the_token_for_a_cookie_that_names_the_member(house: World) -> None:
    interview, token = house.interview()
    cal = house.browser()
    answer = cal.post(f"/join/{token}", {"name": "Cal \u202eL", "agree": "on"})
    me = house.member(interview.id)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/room/{interview.id}/{me.id}",
    )
    assert list(cal.cookies) == [f"room_{me.id}"]
    assert (me.name, me.agreed_at_ms) == ("Cal L", house.clock.wall_ms())
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_both_sides_of_the_demo_fit_in_one_browser(house: World) -> None:
    interview, token = house.interview()
    lead_token = house.token(interview.id, "lead")
    browser = house.browser()
    rooms = [
        browser.post(f"/join/{one}", {"name": name, "agree": "on"}).headers["location"]
        for one, name in ((token, "Cal"), (lead_token, "Iris"))
    ]
    assert [browser.get(room).status_code for room in rooms] == [200, 200]


def test_a_cookie_opens_no_other_members_door(house: World) -> None:
    interview, token = house.interview()
    mallory = house.browser()
    mallory.post(f"/join/{token}", {"name": "Mallory", "agree": "on"})
    lead = house.member(interview.id, "lead")
    mallory.cookies[f"room_{lead.id}"] = next(iter(mallory.cookies.values()))
    assert mallory.get(f"/room/{interview.id}/{lead.id}").status_code != 200


def test_before_the_door_opens_one_can_read_and_confirm_but_not_enter(house: World) -> None:
    interview, token = house.interview(starts_at_ms=TEN + 4 * schedule.HOUR_MS)
    cal = house.browser()
    text = cal.get(f"/join/{token}").text
    assert "The room opens 30 minutes before." in text
    assert "Enter the room" not in text
    assert cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).status_code == 409
    assert cal.cookies == {}
    cal.post(f"/join/{token}/confirm")
    with house.store.read() as conn:
        assert interviews.load(conn, house.iris.id, interview.id).state == "confirmed"
    house.clock.advance(4 * schedule.HOUR_MS)
    assert cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).status_code == 303


def test_who_is_late_is_asked_straight_in(house: World) -> None:
    _, token = house.interview()
    house.clock.advance(13 * 60_000 + 8 * 60_000)
    assert (
        "It started 8 minutes ago. Come straight in." in house.browser().get(f"/join/{token}").text
    )


def test_after_the_end_the_lobby_leads_to_what_is_kept(house: World) -> None:
    interview, token = house.interview()
    with house.store.begin() as conn:
        interviews.mark_started(conn, house.iris.id, interview.id, TEN)
        interviews.mark_ended(conn, house.iris.id, interview.id, TEN + 1, cut_short=False)
    cal = house.browser()
    text = cal.get(f"/join/{token}").text
    assert "your interview is over" in text
    assert "held it for" in text
    for no_longer_true in ("You will write code", "Try the editor first", "Recording starts when"):
        assert no_longer_true not in text
    assert "Copy invitation" not in house.signed_in().get(f"/interviews/{interview.id}").text
    assert "/privacy/" in text
    assert cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).status_code == 409


def test_not_wanting_to_be_recorded_reaches_iris_before_anyone_enters(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    interview, token = house.interview()
    said = told(house, monkeypatch)
    cal = house.browser()
    answer = cal.post(f"/join/{token}/decline")
    me = house.member(interview.id)
    assert said == [(interview.id, DeclineRecording(MemberId(me.id)))]
    assert (
        "Iris knows that you do not want to be recorded" in cal.get(answer.headers["location"]).text
    )
    iris = house.signed_in()
    assert "Cal does not want to be recorded." in iris.get("/desk").text
    assert "No recording wanted" in iris.get(f"/interviews/{interview.id}").text
    assert cal.cookies == {}


def test_what_would_help_cal_is_for_iris_alone(house: World) -> None:
    interview, token = house.interview()
    cal = house.browser()
    assert cal.post(f"/join/{token}/needs", {"needs": " "}).status_code == 422
    cal.post(f"/join/{token}/needs", {"needs": "Larger text, please"})
    assert "Larger text, please" in house.signed_in().get(f"/interviews/{interview.id}").text
    assert "Larger text" not in cal.get(f"/join/{token}").text


def test_a_flood_of_requests_ends_with_a_word(house: World) -> None:
    _, token = house.interview()
    cal = house.browser()
    codes = [cal.post(f"/join/{token}/needs", {"needs": "More"}).status_code for _ in range(21)]
    assert codes == [303] * 20 + [422]


def test_links_that_were_issued_say_what_became_of_them_and_unknown_ones_nothing(
    house: World,
) -> None:
    _, token = house.interview()
    unknown = house.browser().get("/join/" + "a" * 32)
    assert (unknown.status_code, "There is nothing here." in unknown.text) == (404, True)
    house.clock.advance(20 * schedule.DAY_MS)
    expired = house.browser().get(f"/join/{token}")
    assert (expired.status_code, "This link has expired." in expired.text) == (410, True)
    assert "It worked until 8 December 2026." in expired.text
    for answer in (unknown, expired):
        for name in ("Cal", "Iris", "Northline"):
            assert name not in answer.text


def test_all_refusals_ask_the_database_the_same(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    interview, token = house.interview()
    with house.store.begin() as conn:
        revoked = links.issue(
            conn,
            house.store.link_key,
            house.iris.id,
            interview.id,
            house.member(interview.id).id,
            expires_at_ms=TEN * 2,
            now_ms=1,
        )
        expired = links.issue(
            conn,
            house.store.link_key,
            house.iris.id,
            interview.id,
            house.member(interview.id).id,
            expires_at_ms=2,
            now_ms=1,
        )
        off = links.links.c.token_hash == tokens.hashed(revoked)
        conn.execute(links.links.update().where(off).values(revoked_at_ms=3))
    asked: list[str] = []
    event.listen(
        house.store.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: asked.append(statement),
    )
    seen = []
    for one in ("b" * 32, revoked, expired):
        asked.clear()
        assert house.browser().get(f"/join/{one}").status_code in {404, 410}
        seen.append([statement for statement in asked if not statement.startswith("PRAGMA")])
    assert seen[0] == seen[1] == seen[2]
    assert token not in (revoked, expired)


def test_a_form_of_another_site_cannot_agree_for_cal(house: World) -> None:
    _, token = house.interview()
    cal = house.browser()
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ):
        assert (
            cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}, headers=headers).status_code
            == 403
        )
    assert cal.cookies == {}


def test_a_program_that_is_no_browser_may_join(house: World) -> None:
    _, token = house.interview()
    answer = house.client.post(
        f"/join/{token}", data={"name": "Cal", "agree": "on"}, follow_redirects=False
    )
    assert answer.status_code == 303


def test_the_check_of_the_connection_opens_a_socket(house: World) -> None:
    client: TestClient[Any] = house.client
    with client.websocket_connect("/join/echo") as socket:
        assert socket.receive_text() == "here"


def test_cal_sees_what_is_kept_and_asks_for_its_deletion(house: World) -> None:
    interview, _ = house.interview()
    token = house.token(interview.id, "candidate", "privacy")
    cal = house.browser()
    text = cal.get(f"/privacy/{token}").text
    assert "Kept until 22 February 2027" in text
    assert "Nothing was recorded so far." in text
    for _ in range(2):  # asking twice is asking once
        cal.post(f"/privacy/{token}", {"kind": "deletion", "text": "Please"})
    with house.store.read() as conn:
        asked = requests.list_for(conn, house.iris.id, interview.id)
    assert [(one.kind, one.text) for one in asked] == [("deletion", "Please")]
    assert "You asked for deletion on 24 November 2026." in cal.get(f"/privacy/{token}").text
    iris = house.signed_in()
    assert "Cal asks for deletion." in iris.get(f"/interviews/{interview.id}").text
    iris.post(f"/interviews/{interview.id}/requests/{asked[0].id}/done")
    assert "Deletion: done on 24 November 2026." in cal.get(f"/privacy/{token}").text


def test_a_join_token_opens_no_data_page_and_the_other_way_round(house: World) -> None:
    interview, token = house.interview()
    privacy = house.token(interview.id, "candidate", "privacy")
    assert house.browser().get(f"/privacy/{token}").status_code == 404
    assert house.browser().get(f"/join/{privacy}").status_code == 404
