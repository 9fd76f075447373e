"""The cast in front of the whole product: a server in this process, and browsers with cookies of their own."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import Any

import httpx
from litestar.testing import TestClient

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.desk import accounts, booking, plan, schedule
from room.store import clients, links, members, questions
from room.store.accounts import Account
from room.store.interviews import Interview, InterviewPlan
from room.store.links import Link, Purpose
from room.store.members import Member

PASSWORD = "correct horse battery"
NOW = schedule.moment(date(2026, 11, 24), time(9, 47), "Europe/Madrid")
TEN = schedule.moment(date(2026, 11, 24), time(10), "Europe/Madrid")


class Browser:
    """A browser of one person: keeps cookies, follows nothing unless asked, and fills forms as they are on the page."""

    def __init__(self, client: TestClient[Any], public_url: str) -> None:
        self.client = client
        self.public_url = public_url
        self.cookies: dict[str, str] = {}

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        self.client.cookies.clear()
        headers = {
            "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            "user-agent": "Firefox/130 Linux",
        }
        headers |= more.pop("headers", {})
        answer = self.client.request(method, path, headers=headers, follow_redirects=False, **more)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value and "Max-Age=0" not in line:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self._send("GET", path, **more)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> httpx.Response:
        """A form as our own page sends it: the browser's `Origin: null` and where it comes from, and the page's token."""
        headers = {"origin": "null", "sec-fetch-site": "same-origin"} | more.pop("headers", {})
        token = {"csrf": self.token} if self.token else {}
        return self._send("POST", path, data=token | dict(data or {}), headers=headers, **more)

    def post_json(self, path: str, body: object) -> httpx.Response:
        """What a page's script sends: JSON with the token in a header."""
        headers = {"origin": self.public_url, "x-csrf": self.token}
        return self._send("POST", path, json=body, headers=headers)

    @property
    def token(self) -> str:
        """The token in the forms of this browser's pages."""
        if "room_session" not in self.cookies:
            return ""
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/settings").text)
        return found[1] if found else ""

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/sign-in", {"email": email, "password": password, "next": "/desk"})


class World:
    """One running product with a clock to move, and Iris's account with a client."""

    def __init__(self, client: TestClient[Any], clock: ManualClock) -> None:
        self.client, self.clock = client, clock
        self.app = client.app
        self.store = self.app.state.store
        self.public_url = self.app.state.settings.public_url
        self.iris = self.account("iris@example.org", "Iris Ahlgren")
        with self.store.begin() as conn:
            self.acme = clients.create(
                conn,
                self.iris.id,
                name="Northline Freight",
                city="Boston",
                zone="America/New_York",
                now_ms=NOW,
            )

    def account(self, email: str, name: str) -> Account:
        with self.store.begin() as conn:
            return accounts.create(
                conn,
                email=email,
                name=name,
                zone="Europe/Madrid",
                password=PASSWORD,
                now_ms=self.clock.wall_ms(),
            )

    def browser(self) -> Browser:
        return Browser(self.client, self.public_url)

    def signed_in(self, email: str = "iris@example.org") -> Browser:
        browser = self.browser()
        assert browser.sign_in(email).status_code == 303
        return browser

    def interview(
        self, account: Account | None = None, starts_at_ms: int = TEN, name: str = "Cal Lindqvist"
    ) -> tuple[Interview, str]:
        """An interview of Iris (or another account) with Cal, and Cal's token."""
        owner = account or self.iris
        with self.store.begin() as conn:
            client = (
                self.acme
                if account is None
                else clients.create(conn, owner.id, name="Elsewhere", zone="UTC", now_ms=NOW)
            )
            row = questions.find_by_key(conn, owner.id, "booking-gaps")
            assert row is not None
            wish = booking.Wish(
                client=client,
                candidate_name=name,
                candidate_zone="Europe/Helsinki",
                role_title="Backend engineer",
                level="mid",
                starts_at_ms=starts_at_ms,
                call_link="https://call.example/x",
                plan=InterviewPlan(
                    stages=plan.stages_from(plan.templates()[0].stages), questions=(row.id,)
                ),
            )
            return booking.book(conn, self.store.link_key, owner, wish, self.clock.wall_ms())

    def token(self, interview_id: str, role: str, purpose: Purpose = "join") -> str:
        """The token of the current link of Iris's interview for the member with this role."""
        link = self.link(interview_id, role, purpose)
        return links.token_of(link, self.store.link_key) or ""

    def link(self, interview_id: str, role: str, purpose: Purpose = "join") -> Link:
        with self.store.read() as conn:
            link = links.current_for(
                conn, self.iris.id, self.member(interview_id, role).id, purpose
            )
        assert link is not None
        return link

    def member(self, interview_id: str, role: str = "candidate") -> Member:
        with self.store.read() as conn:
            people = members.list_for(conn, self.iris.id, interview_id)
        return next(one for one in people if one.role == role)


@contextmanager
def world(folder: Path, **environ: str) -> Iterator[World]:
    clock = ManualClock(NOW)
    settings = config.load(
        {
            "ROOM_DATA_DIR": str(folder),
            "ROOM_DOCKER_HOST": f"unix://{folder}/no-engine.sock",
            **environ,
        }
    )
    with TestClient(create_app(settings, clock=clock), raise_server_exceptions=False) as client:
        yield World(client, clock)
