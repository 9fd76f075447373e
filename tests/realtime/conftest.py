"""A real server process, ready interviews on it, and a client that speaks the wire as a browser does."""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from room.realtime import protocol
from room.yjs.encoding import Reader
from tests.server import Server


def enter(url: str, name: str) -> tuple[str, str]:
    """Open a member's link as a browser does; the cookie header and the room's address."""
    with httpx.Client(follow_redirects=False) as browser:
        lobby = browser.get(url)
        assert lobby.status_code == 200, lobby.text
        origin = url.split("/join/")[0]
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', lobby.text))
        answer = browser.post(
            url, data=form | {"name": name, "agree": "on"}, headers={"origin": origin}
        )
        assert answer.status_code == 303, answer.text
        cookie = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        return cookie, origin + answer.headers["location"]


class Browser:
    """A client on the y-websocket wire with a Yjs document of its own."""

    def __init__(self, live_url: str, cookie: str, *, hello: bool = True) -> None:
        self.live_url, self.cookie, self.hello = live_url, cookie, hello
        self.doc: Doc[Text] = Doc()
        self.messages: list[dict[str, Any]] = []
        self.frames: list[bytes] = []
        self.saved = 0
        self.sent = 0
        self.closed: int | None = None
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._command = 0
        self._reply: set[int] = set()

    async def connect(self, **extra: Any) -> "Browser":
        socket = await connect(
            self.live_url,
            additional_headers={"cookie": self.cookie},
            compression=None,
            max_size=None,
            **extra,
        )
        self._socket, self.closed = socket, None
        self.saved = self.sent = 0
        self._reading = asyncio.create_task(self._read())
        with contextlib.suppress(ConnectionClosed):
            await self.send(protocol.step1(self.doc.get_state()))
            if self.hello:
                await self.say({"t": "hello", "v": 1})
        return self

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def send(self, frame: bytes) -> None:
        assert self._socket is not None
        await self._socket.send(frame)

    async def say(self, content: dict[str, Any]) -> None:
        await self.send(protocol.room_message(content))

    async def do(self, **command: Any) -> dict[str, Any]:
        """A command, and the answer to it."""
        self._command += 1
        number = self._command
        await self.say({"t": "do", "id": number, "do": command})
        return await self.heard(lambda m: m.get("id") == number and m["t"] in ("done", "refused"))

    async def edit(self, file: str, change: Callable[[Text], None]) -> None:
        """Change a file's text and send the update."""
        for update in self.write(file, change):
            await self.send_update(update)

    def write(self, file: str, change: Callable[[Text], None]) -> list[bytes]:
        seen: list[bytes] = []
        subscription = self.doc.observe(lambda event: seen.append(event.update))
        text = self.doc.get(f"f:{file}", type=Text)
        with self.doc.transaction():
            change(text)
        self.doc.unobserve(subscription)
        return seen

    async def send_update(self, update: bytes) -> None:
        socket = self._socket
        await self.send(protocol.update(update))
        if socket is self._socket:
            self.sent += 1

    def text(self, file: str) -> str:
        return str(self.doc.get(f"f:{file}", type=Text))

    async def until(self, is_so: Callable[[], bool], timeout: float = 20) -> None:
        """Waits for what the server sends to make it so."""

        async def wait() -> None:
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

        try:
            await asyncio.wait_for(wait(), timeout)
        except TimeoutError:
            raise AssertionError(
                f"it did not become so; closed {self.closed}, {self._reading}, {self._socket and self._socket.state}, saved {self.saved} of {self.sent}, last: {self.messages[-3:]}"
            ) from None

    async def heard(
        self, wanted: Callable[[dict[str, Any]], bool], timeout: float = 20
    ) -> dict[str, Any]:
        """The first room message that is wanted, old or new."""
        await self.until(lambda: any(wanted(m) for m in self.messages), timeout)
        return next(m for m in self.messages if wanted(m))

    async def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The first event of a type with these fields."""

        def wanted(message: dict[str, Any]) -> bool:
            found = message.get("e", {}) if message["t"] == "event" else {}
            return found.get("type") == kind and all(found.get(k) == v for k, v in fields.items())

        return await self.heard(wanted)

    async def all_saved(self) -> None:
        await self.until(lambda: self.saved >= self.sent)

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                self.frames.append(frame)
                await self._take(frame)
                self._changed.set()
        except ConnectionClosed:
            pass
        self.closed = self._socket.close_code
        self._changed.set()

    async def _take(self, frame: bytes) -> None:
        reader = Reader(frame)
        kind = reader.uint()
        if kind == protocol.SYNC:
            step = reader.uint()
            payload = reader.bytes()
            if step == protocol.STEP1:
                await self.send(protocol.step2(self.doc.get_update(payload)))
                self.sent += 1
            else:
                self.doc.apply_update(payload)
        elif kind == protocol.ROOM:
            message = json.loads(reader.bytes())
            self.messages.append(message)
            if message["t"] == "saved":
                self.saved = message["count"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be killed and started again."""
    running = Server(tmp_path / "data")
    running.start()
    yield running
    running.stop()


class Meeting:
    """One interview with its people."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.id: str = told["id"]
        self.file: str = told["file_id"]
        self._open: list[Browser] = []

    async def browser(self, role: str, **how: Any) -> Browser:
        """A connected browser of the lead, candidate or observer."""
        names = {"lead": "Iris", "candidate": "Cal", "observer": "Olga"}
        cookie, _ = await asyncio.to_thread(enter, self.told[f"{role}_url"], names[role])
        browser = Browser(self.told["live_url"], cookie, **how)
        self._open.append(browser)
        return await browser.connect()

    async def close(self) -> None:
        await asyncio.gather(*(browser.close() for browser in self._open))


MeetingMaker = Callable[[], Awaitable[Meeting]]


@pytest.fixture(scope="session")
def stock(server: Server) -> list[dict[str, Any]]:
    """Ready interviews made in one go, since each call of the command line starts a Python."""
    return server.interviews(48)


@pytest.fixture
async def meeting(stock: list[dict[str, Any]]) -> Any:
    made = Meeting(stock.pop())
    yield made
    await made.close()
