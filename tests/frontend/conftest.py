"""A real app on a port of its own, a real browser, and the cast at their places in one interview."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from room import config, content
from room.app import create_app
from room.demo import rows
from room.desk import accounts
from room.store import links, members
from room.web import assets, templating
from tests.chromium import axe_finds, launched
from tests.ports import free_port

STATIC = Path(__file__).parents[2] / "static"
DIST = Path(os.environ.get("ROOM_TEST_DIST", STATIC / "dist"))
"""The built front end; a build of one's own (`node build.mjs --out FOLDER`) leaves other tests alone."""
PASSWORD = "a long enough secret"
WEEK_MS = 7 * 86_400_000


class Site:
    """The app in a thread, without a Docker engine: what is tested here is the page."""

    def __init__(self, data_dir: Path) -> None:
        port = free_port()
        self.settings = config.load(
            {
                "ROOM_DATA_DIR": str(data_dir),
                "ROOM_PORT": str(port),
                "ROOM_DEMO": "off",
                "ROOM_DOCKER_HOST": "unix:///nowhere",
            }
        )
        self.app = create_app(self.settings)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                host="127.0.0.1",
                port=port,
                log_level="error",
                ws="websockets-sansio",
                timeout_graceful_shutdown=2,
            )
        )
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@dataclass
class Held:
    """An interview that can be held now, with a browser for each of the cast."""

    site: Site
    browser: Browser
    interview: str
    owner: str
    email: str
    """Of the owner, whose password is PASSWORD."""
    places: dict[str, tuple[str, str]]
    """By role: member id and the cookie's value."""
    contexts: list[BrowserContext] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    """What the candidate's sockets were sent, as text with replacement characters."""

    def come(
        self,
        role: str,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        script: str = "",
    ) -> Page:
        """The person opens the room in a browser of their own, where ``script`` runs before the page's."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        if script:
            context.add_init_script(script)
        member, cookie = self.places[role]
        url = self.site.settings.public_url
        context.add_cookies([{"name": f"room_{member}", "value": cookie, "url": url}])
        return self.tab(context, role)

    def fresh(self, *, width: int = 1440, height: int = 900) -> Page:
        """A page in a browser that has been nowhere."""
        context = self.browser.new_context(viewport={"width": width, "height": height})
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._console)
        return page

    def tab(self, context: BrowserContext, role: str) -> Page:
        """Another tab in the same browser."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._console)
        if role == "candidate":
            page.on("websocket", lambda ws: ws.on("framereceived", self._frame))
        page.goto(f"{self.site.settings.public_url}/room/{self.interview}/{self.places[role][0]}")
        return page

    def _console(self, said: Any) -> None:
        if said.type == "error" and "WebSocket" not in said.text:
            self.faults.append(said.text)

    def _frame(self, frame: bytes | str) -> None:
        self.frames.append(frame if isinstance(frame, str) else frame.decode(errors="replace"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not (DIST / "manifest.json").exists():
        pytest.skip("the front end is not built; scripts/setup builds it")
    patch = pytest.MonkeyPatch()
    patch.setattr(assets, "DIST", DIST)
    patch.setattr(templating.assets, "_manifest", DIST / "manifest.json")
    with Site(tmp_path_factory.mktemp("room") / "data") as running:
        yield running
    patch.undo()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One a file: Playwright keeps an event loop running in this thread, and other files have loops of their own."""
    with launched(chromium_path) as running:
        yield running


@pytest.fixture
def held(site: Site, browser: Browser) -> Iterator[Held]:
    """A fresh interview; the test fails on any error in a page."""
    story, now_ms = content.load("demo_session"), int(time.time() * 1000)
    with site.app.state.store.begin() as conn:
        owner = accounts.create(
            conn,
            email=f"iris{time.monotonic_ns()}@example.org",
            name="Iris Aldana",
            zone="Europe/Madrid",
            password=PASSWORD,
            now_ms=now_ms,
        )
        made = rows.ready(conn, owner, story, now_ms, admit=True, candidate="Cal Okonkwo")
        members.add(conn, owner.id, made.id, role="observer", name="Olga Brandt", now_ms=now_ms)
        members.add(conn, owner.id, made.id, role="interviewer", name="Ines Prado", now_ms=now_ms)
        candidate = members.candidate_of(conn, owner.id, made.id)
        links.issue(
            conn,
            site.app.state.store.link_key,
            owner.id,
            made.id,
            candidate.id,
            expires_at_ms=now_ms + WEEK_MS,
            now_ms=now_ms,
        )
        places = {
            member.role: (
                member.id,
                members.start_session(conn, member, now_ms=now_ms, expires_at_ms=now_ms + WEEK_MS),
            )
            for member in members.list_for(conn, owner.id, made.id)
        }
    interview = Held(site, browser, made.id, owner.id, owner.email, places)
    yield interview
    for context in interview.contexts:
        context.close()
    assert interview.faults == []


@pytest.fixture
def pair(held: Held) -> tuple[Page, Page]:
    """Iris and Cal in the started interview, Cal let in."""
    iris, cal = held.come("lead"), held.come("candidate")
    iris.get_by_role("button", name="Admit").click()
    expect(cal.locator("#screen")).to_be_hidden()
    iris.get_by_role("button", name="Start interview").click()
    expect(cal.locator(".recword")).to_have_text("Recording")
    return iris, cal


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """What axe-core finds serious or worse on a page, as sentences."""
    return axe_finds
