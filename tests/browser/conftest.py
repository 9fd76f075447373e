"""A real server with the finished demo on it, one browser, and the cast in contexts of their own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.chromium import axe_finds, launched
from tests.server import Server

STATIC = Path(__file__).parents[2] / "static"
EMAIL, PASSWORD = "iris@example.org", "a long enough secret"
PATIENCE_MS = 20_000
"""A shared machine may be slow; nothing waits longer than the thing takes."""

PAGE = "document.querySelector('live-room').page"
TEXT = f"{PAGE}.room.connection.doc.getText('f:' + {PAGE}.editor.file.id).toString()"


class Site:
    """The server, its accounts, and a browser for whoever comes."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server, self.browser = server, browser
        self.url = server.url
        self.faults: list[str] = []
        self.contexts: list[BrowserContext] = []
        keys = server.data_dir / "keys" / "demo.json"
        self.demo: dict[str, str] = json.loads(keys.read_text())

    def context(self, **how: Any) -> BrowserContext:
        """A browser of somebody's own: nothing in it but what they do."""
        how = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"} | how
        context = self.browser.new_context(**how)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        return context

    def page(self, context: BrowserContext) -> Page:
        """A tab whose errors fail the test."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._console(page, said))
        return page

    def _console(self, page: Page, said: Any) -> None:
        # A connection that is cut on purpose, and a form that is refused on purpose, are said by the browser itself.
        if said.type == "error" and not re.search("WebSocket|net::ERR|status of 4", said.text):
            self.faults.append(f"{page.url}: {said.text}")

    def sign_in(self, page: Page, email: str = EMAIL, password: str = PASSWORD) -> None:
        page.goto(f"{self.url}/sign-in")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One a file: Playwright keeps an event loop running in this thread, and other files have loops of their own."""
    expect.set_options(timeout=PATIENCE_MS)
    with launched(chromium_path) as running:
        yield running
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for the whole folder, with the demo played, as a newcomer finds it; and Iris's account."""
    if not (STATIC / "dist" / "manifest.json").exists():
        pytest.skip("the front end is not built; scripts/setup builds it")
    running = Server(tmp_path_factory.mktemp("browser") / "data", has_demo=True)
    running.start()
    subprocess.run(
        [sys.executable, "-m", "room", "user", "create", "--email", EMAIL, "--name", "Iris Aldana",
         "--zone", "Europe/Madrid", "--password-stdin"],
        input=PASSWORD.encode(), env=running.environment, check=True, capture_output=True,
    )  # fmt: skip
    yield running
    running.stop()


@pytest.fixture
def site(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Site]:
    open_for = Site(server, browser)
    yield open_for
    if (folder := os.environ.get("ROOM_TEST_PICTURES")) and open_for.contexts:
        for number, page in enumerate(p for c in open_for.contexts for p in c.pages):
            page.screenshot(path=Path(folder) / f"{request.node.name[:60]}-{number}.png")
    open_for.close()
    assert open_for.faults == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """What axe-core finds serious or worse on a page, as sentences."""
    return axe_finds


def soon() -> tuple[str, str]:
    """Day and time in Madrid, ten minutes from now, as a form takes them: the lobby is open already."""
    at = datetime.now(ZoneInfo("Europe/Madrid")) + timedelta(minutes=10)
    return at.strftime("%Y-%m-%d"), at.strftime("%H:%M")


def text(page: Page) -> str:
    """The open file as the page's document has it."""
    found: str = page.evaluate(TEXT)
    return found


def saved(page: Page) -> None:
    expect(page.locator("[data-part=saved]")).to_have_text("All changes saved")


@pytest.fixture(scope="session")
def stock(server: Server) -> list[dict[str, Any]]:
    """Started interviews made in one go, since each call of the command line starts a Python."""
    return server.interviews(8)


@pytest.fixture
def started(stock: list[dict[str, Any]]) -> dict[str, Any]:
    """An interview of the demo's owner, started and open, with a link for each of its people."""
    return stock.pop()
