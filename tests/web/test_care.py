"""Accommodations: the lead alone knows of them; they are applied without a word on any shared screen, and recorded nowhere."""

from room.session.ids import InterviewId
from room.store import interviews, journal, members
from tests.web.people import World


def test_extra_time_changes_the_plan_that_everybody_sees_without_a_label(house: World) -> None:
    iris, (interview, token) = house.signed_in(), house.interview()
    before = [stage.minutes for stage in interview.plan.stages]
    answer = iris.post(
        f"/interviews/{interview.id}/care",
        {"extra_percent": "50", "larger_type": "on", "reduced_motion": "on"},
    )
    assert answer.status_code == 303
    with house.store.read() as conn:
        changed = interviews.load(conn, house.iris.id, interview.id)
    assert [stage.minutes for stage in changed.plan.timed] == [-(-m * 3 // 2) for m in before]
    assert changed.minutes == sum(stage.minutes for stage in changed.plan.timed)
    lobby = house.browser().get(f"/join/{token}").text
    for stage in changed.plan.timed:
        assert f"{stage.minutes} min" in lobby
    for word in ("ccommodation", "extra", "percent"):
        assert word not in lobby
    assert "Accommodations" in iris.get(f"/interviews/{interview.id}?tab=people").text


def test_the_candidates_own_page_has_larger_type_and_nobody_elses(house: World) -> None:
    iris, (interview, token) = house.signed_in(), house.interview()
    iris.post(f"/interviews/{interview.id}/care", {"larger_type": "on", "reduced_motion": "on"})
    cal = house.browser()
    room = cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).headers["location"]
    assert 'class="roompage larger still"' in cal.get(room).text
    lead_room = iris.post(f"/interviews/{interview.id}/enter").headers["location"]
    assert 'class="roompage"' in iris.get(lead_room).text


def test_nothing_of_it_is_in_the_journal(house: World) -> None:
    iris, (interview, token) = house.signed_in(), house.interview()
    iris.post(f"/interviews/{interview.id}/care", {"extra_percent": "25", "larger_type": "on"})
    cal = house.browser()
    room = cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).headers["location"]
    assert cal.get(f"{room}/problem").status_code == 200  # opens the session
    with house.store.read() as conn:
        recorded = journal.load(conn, house.app.state.seals, InterviewId(interview.id))
        candidate = members.candidate_of(conn, house.iris.id, interview.id)
    assert recorded
    told = repr(recorded)
    assert "larger" not in told
    assert "percent" not in told
    assert candidate.id in told


def test_extra_time_cannot_change_once_the_room_is_open_and_says_what_to_do(house: World) -> None:
    iris, (interview, token) = house.signed_in(), house.interview()
    cal = house.browser()
    room = cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).headers["location"]
    cal.get(f"{room}/problem")
    answer = iris.post(f"/interviews/{interview.id}/care", {"extra_percent": "25"})
    assert answer.status_code == 422
    assert "stage by stage" in answer.text


def test_a_share_that_is_no_number_is_answered_under_the_field(house: World) -> None:
    iris, (interview, _) = house.signed_in(), house.interview()
    answer = iris.post(f"/interviews/{interview.id}/care", {"extra_percent": "a lot"})
    assert answer.status_code == 422
    assert "Give a whole number from 0 to 200." in answer.text
