"""The desk and the lobby in a real browser: one line pasted, a link copied, and Cal comes in by keyboard."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import BrowserContext, expect

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.desk import accounts
from room.store import clients
from tests.chromium import launched
from tests.ports import free_port
from tests.web.people import NOW, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A running product of its own with Iris's account and one client."""
    port = free_port()
    settings = config.load({"ROOM_DATA_DIR": str(tmp_path / "data"), "ROOM_PORT": str(port)})
    app = create_app(settings, clock=ManualClock(NOW))
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="error", ws="websockets-sansio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    with app.state.store.begin() as conn:
        iris = accounts.create(
            conn,
            email="iris@example.org",
            name="Iris",
            zone="Europe/Madrid",
            password=PASSWORD,
            now_ms=NOW,
        )
        clients.create(conn, iris.id, name="Northline", zone="America/New_York", now_ms=NOW)
    yield settings.public_url
    server.should_exit = True
    thread.join(15)


@pytest.fixture
def contexts(chromium_path: str) -> Iterator[tuple[BrowserContext, BrowserContext]]:
    with launched(chromium_path) as browser:
        yield browser.new_context(), browser.new_context(timezone_id="Asia/Tokyo")


def test_iris_plans_with_one_pasted_line_and_cal_comes_in(
    address: str, contexts: tuple[BrowserContext, BrowserContext]
) -> None:
    iris, cal = (context.new_page() for context in contexts)
    contexts[0].grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    faults: list[str] = []
    for page in (iris, cal):
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: (
                faults.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )

    iris.goto(f"{address}/desk")
    iris.get_by_label("Email").fill("iris@example.org")
    iris.get_by_label("Password").fill(PASSWORD)
    iris.keyboard.press("Enter")
    iris.wait_for_url("**/desk")

    candidate = iris.get_by_label("Candidate", exact=True)
    candidate.fill("Cal Sorokin today 10:00 Warsaw")
    candidate.blur()
    expect(candidate).to_have_value("Cal Sorokin")
    expect(iris.get_by_label("Candidate’s city")).to_have_value("Warsaw")
    expect(iris.get_by_label("Time, yours")).to_have_value("10:00")
    expect(iris.locator("[data-preview]")).to_contain_text("10:00 for Cal and you")
    iris.get_by_role("button", name="Create and copy link").click()
    expect(iris.get_by_text("What is the role called?")).to_be_visible()
    iris.get_by_label("Role", exact=True).fill("Engineer")
    iris.get_by_role("button", name="Create and copy link").click()
    iris.wait_for_url("**/interviews/i_*")
    expect(iris.get_by_role("status").filter(has_text="Link copied")).to_be_visible()
    link = iris.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{address}/join/")

    cal.goto(link)
    clock = cal.get_by_text("This computer’s clock is set to Tokyo. By that clock it is")
    expect(clock).to_contain_text("18:00")
    expect(cal.locator('[data-check="connection"][data-state="well"]')).to_be_visible()
    iris.reload()
    expect(iris.get_by_text("Cal opened the link at")).to_be_visible()
    agree = cal.get_by_label("I have read what is recorded, and I want to go ahead.")
    expect(agree).not_to_be_checked()
    cal.get_by_role("button", name="Enter the room").press("Enter")
    expect(cal.get_by_text("Please tick that you have read what is recorded.")).to_be_visible()
    agree.press("Space")
    cal.get_by_role("button", name="Enter the room").press("Enter")
    cal.wait_for_url("**/room/i_*/m_*")
    assert faults == []
