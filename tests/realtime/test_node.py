"""The real thing on the other side: yjs with an unchanged y-websocket provider, in Node, against the running server."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.conftest import enter
from tests.server import Server

HERE = Path(__file__).parent / "node"
FRONT = Path(__file__).parents[2] / "static"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (FRONT / "node_modules" / "ws").is_dir(),
    reason="needs Node and the front end's packages: scripts/setup test",
)


class Stock:
    """A Node process with a document and a WebsocketProvider."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, deed: str, **how: Any) -> dict[str, Any]:
        """Have it do something; what it knows afterwards."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"deed": deed, **how}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 40)
        told: dict[str, Any] = json.loads(line)
        assert "error" not in told, told
        return told

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


Start = Callable[..., Coroutine[Any, Any, Stock]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a member's client: ``start(interview, role)``."""
    running: list[Stock] = []

    async def begin(told: dict[str, Any], role: str, *, cookie: str | None = None) -> Stock:
        if cookie is None:
            cookie, _ = await asyncio.to_thread(enter, told[f"{role}_url"], role.title())
        url, _, room = told["live_url"].rpartition("/")
        process = await asyncio.create_subprocess_exec(
            "node", str(HERE / "client.mjs"), str(FRONT / "package.json"), url, room, cookie, f"f:{told['file_id']}",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        running.append(Stock(process))
        return running[-1]

    yield begin
    for one in running:
        await one.end()


async def test_two_stock_clients_edit_one_text_and_see_each_others_carets(
    stock: list[dict[str, Any]], start: Start
) -> None:
    told = stock.pop()
    cal, iris = await start(told, "candidate"), await start(told, "lead")
    before = (await cal.do("connect"))["text"]
    assert (await iris.do("connect"))["text"] == before
    await cal.do("insert", at=-1, words="\nπ = '🐍'")
    await iris.do("until", words=before + "\nπ = '🐍'")
    await iris.do("insert", at=0, words="# read by Iris\n")
    after = await cal.do("until", words="# read by Iris\n" + before + "\nπ = '🐍'")
    await cal.do("point", at=len("# read"))
    seen = (await iris.do("others", count=1))["others"][0]
    assert seen["user"]["name"] == "Candidate", "the server says who one is"
    assert seen["cursor"]["head"]["tname"] == f"f:{told['file_id']}"
    await iris.do("remove", at=0, count=len("# read by Iris\n"))
    await cal.do("until", words=after["text"].removeprefix("# read by Iris\n"))


async def test_a_stock_client_that_loses_its_connection_comes_back_by_itself_with_what_it_typed(
    stock: list[dict[str, Any]], start: Start
) -> None:
    told = stock.pop()
    cal, iris = await start(told, "candidate"), await start(told, "lead")
    before = (await cal.do("connect"))["text"]
    await iris.do("connect")
    await cal.do("cut")
    await cal.do("insert", at=-1, words="typed while away")
    await cal.do("back")
    await iris.do("until", words=before + "typed while away")


async def test_what_two_stock_clients_typed_offline_is_merged_when_they_return(
    stock: list[dict[str, Any]], start: Start
) -> None:
    told = stock.pop()
    cal, iris = await start(told, "candidate"), await start(told, "lead")
    before = (await cal.do("connect"))["text"]
    await iris.do("connect")
    await cal.do("insert", at=-1, words="common\n")
    await iris.do("until", words=before + "common\n")
    await cal.do("disconnect")
    await iris.do("disconnect")
    await cal.do("insert", at=-1, words="of Cal 🎻\n")
    await cal.do("remove", at=len(before), count=len("com"))
    await iris.do("insert", at=0, words="of Iris\n")
    merged = "of Iris\n" + before + "mon\nof Cal 🎻\n"
    await cal.do("connect")
    await iris.do("connect")
    await cal.do("until", words=merged)
    await iris.do("until", words=merged)


async def test_offline_edits_outlive_a_server_that_was_stopped_meanwhile(
    own_server: Server, start: Start
) -> None:
    told = (await asyncio.to_thread(own_server.interviews, 1))[0]
    cal, iris = await start(told, "candidate"), await start(told, "lead")
    before = (await cal.do("connect"))["text"]
    await iris.do("connect")
    await asyncio.to_thread(own_server.stop)
    await cal.do("insert", at=-1, words="while it was down")
    await asyncio.to_thread(own_server.start)
    await cal.do("back")
    await iris.do("until", words=before + "while it was down")


async def test_a_stock_client_without_a_cookie_is_told_to_stay_away(
    stock: list[dict[str, Any]], start: Start
) -> None:
    mallory = await start(stock.pop(), "candidate", cookie="room_nobody=x")
    told = await mallory.do("try")
    assert told["closed"] == 4401
    assert not told["trying"], "y-websocket stops on 44xx"


async def test_a_stock_observer_reads_and_what_it_types_closes_only_itself(
    stock: list[dict[str, Any]], start: Start
) -> None:
    told = stock.pop()
    cal, olga = await start(told, "candidate"), await start(told, "observer")
    before = (await cal.do("connect"))["text"]
    await olga.do("connect")
    await cal.do("insert", at=-1, words="seen")
    await olga.do("until", words=before + "seen")
    await olga.do("insert", at=0, words="not hers")
    assert (await olga.do("try"))["closed"] == 4403
    assert (await cal.do("state"))["text"] == before + "seen"
