"""Asking for the code runner from the room's page, when its engine was away."""

import pytest

from room.sandbox.driver import Image
from tests.web.people import Browser, World


@pytest.fixture
def rooms(house: World) -> dict[str, tuple[Browser, str]]:
    """Role → a browser that is in the room, and the address of its page there."""
    interview, token = house.interview()
    cal, iris = house.browser(), house.signed_in()
    where = cal.post(f"/join/{token}", {"name": "Cal", "agree": "on"}).headers["location"]
    mine = iris.post(f"/interviews/{interview.id}/enter").headers["location"]
    return {"candidate": (cal, where), "lead": (iris, mine)}


def csrf_of(browser: Browser, page: str) -> str:
    return browser.get(page).text.partition('"X-CSRF": "')[2].partition('"')[0]


def ask(house: World, browser: Browser, page: str, csrf: str) -> tuple[int, dict[str, object]]:
    headers = {"origin": house.public_url, "x-csrf": csrf}
    answer = browser._send("POST", f"{page}/runner", headers=headers)
    return answer.status_code, answer.json() if answer.status_code == 200 else {}


def test_an_engine_that_came_back_is_found_as_soon_as_iris_asks(
    house: World, rooms: dict[str, tuple[Browser, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    iris, page = rooms["lead"]
    csrf = csrf_of(iris, page)
    status, told = ask(house, iris, page, csrf)
    assert (status, told["available"]) == (200, False)
    assert told["reason"]
    runner = house.app.state.runner

    async def answers() -> None: ...

    async def images() -> dict[str, Image]:
        return {"python": Image("sha256:0")}

    monkeypatch.setattr(runner._driver, "probe", answers)
    monkeypatch.setattr(runner._driver, "images", images)
    runner._probe_at = float("inf")  # by itself it would not be asked again
    assert house.app.state.hub._status.available is False
    status, told = ask(house, iris, page, csrf)
    assert (status, told["available"]) == (200, True)
    assert house.app.state.hub._status.available, "every room hears of it"


def test_only_interviewers_ask_and_only_from_their_page(
    house: World, rooms: dict[str, tuple[Browser, str]]
) -> None:
    cal, page = rooms["candidate"]
    assert ask(house, cal, page, csrf_of(cal, page))[0] == 404
    assert "Try now" not in cal.get(page).text
    iris, mine = rooms["lead"]
    assert "Try now" in iris.get(mine).text
    assert ask(house, iris, mine, "")[0] == 403
    assert ask(house, house.browser(), mine, csrf_of(iris, mine))[0] == 403


def test_the_picker_hears_which_languages_the_question_is_tested_in(
    rooms: dict[str, tuple[Browser, str]],
) -> None:
    iris, mine = rooms["lead"]
    tested = (
        iris.get(f"{mine}/problem").text.partition('data-tested="')[2].partition('"')[0].split()
    )
    assert "python" in tested
    assert "sql" not in tested, "a database runs, and is not what this question asks"
    cal, page = rooms["candidate"]
    assert "data-tested" not in cal.get(f"{page}/problem").text, "nothing is shown yet"
