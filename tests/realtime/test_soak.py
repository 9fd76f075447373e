"""Rooms by the hundred: what joined and left leaves nothing behind, and no peer can make the server stand still."""

import asyncio
import contextlib
import os
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from pycrdt import Doc, Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from room.realtime import protocol
from tests.realtime.conftest import Browser, Meeting, Server, enter

ROUNDS = int(os.environ.get("ROOM_TEST_SOAK_ROUNDS", "6"))


class Footprint:
    """What a process holds."""

    def __init__(self, pid: int) -> None:
        folder = Path(f"/proc/{pid}")
        self.descriptors = len(list((folder / "fd").iterdir()))
        self.threads = len(list((folder / "task").iterdir()))
        status = (folder / "status").read_text()
        self.rss_kb = int(status.split("VmRSS:")[1].split()[0])


def footprint(server: Server) -> Footprint:
    assert server.process is not None
    return Footprint(server.process.pid)


@pytest.mark.timeout(240)
async def test_a_soak_of_joins_and_leaves_grows_neither_descriptors_nor_threads_nor_memory(
    own_server: Server,
) -> None:
    told = await asyncio.to_thread(own_server.interviews, 20)
    cookies = [
        [
            (await asyncio.to_thread(enter, one[f"{role}_url"], name))[0]
            for role, name in (("lead", "Iris"), ("candidate", "Cal"))
        ]
        for one in told
    ]

    async def round_of(number: int) -> None:
        async def visit(one: dict[str, Any], pair: list[str]) -> None:
            browsers = [await Browser(one["live_url"], cookie).connect() for cookie in pair]
            for browser in browsers:
                await browser.edit(one["file_id"], lambda text: text.insert(0, f"{number} "))
                await browser.all_saved()
            if number % 2:  # Half of them go without a word.
                for browser in browsers:
                    assert browser._socket is not None
                    browser._socket.transport.abort()
            for browser in browsers:
                await browser.close()

        await asyncio.gather(*(visit(one, pair) for one, pair in zip(told, cookies, strict=True)))

    await round_of(0)
    await round_of(1)
    before = footprint(own_server)
    for number in range(2, 2 + ROUNDS):
        await round_of(number)
    async with httpx.AsyncClient(base_url=own_server.url) as client:
        for _ in range(100):  # The last leaves are taken in.
            after = footprint(own_server)
            if after.descriptors <= before.descriptors + 3:
                break
            await client.get("/health/live")
    assert after.descriptors <= before.descriptors + 3
    assert after.threads <= before.threads + 4
    # Each visit adds two edits to a journal and a document, which is a few kilobytes a room.
    assert after.rss_kb <= before.rss_kb + 6_000 + ROUNDS * 400


async def test_nobodys_frames_make_the_others_wait(own_server: Server) -> None:
    """Costly and damaged frames from Mallory, without pause; every key of Iris is taken and acknowledged meanwhile."""
    one, other = await asyncio.to_thread(own_server.interviews, 2)
    meeting = Meeting(one)
    lead = await meeting.browser("lead")

    async def keys(count: int) -> None:
        for _ in range(count):
            await lead.edit(meeting.file, lambda text: text.insert(0, "x"))
            await lead.all_saved()

    cookie, _ = await asyncio.to_thread(enter, other["candidate_url"], "Mallory")
    dice = random.Random(3)
    doc: Doc[Text] = Doc()
    doc.get(f"f:{other['file_id']}", type=Text).insert(0, "honest" * 20_000)
    honest = protocol.update(doc.get_update())
    frames = [
        protocol.step1(bytes.fromhex("ffffff7f")),
        protocol.update(b"\xff" * 100_000),
        protocol.update(b"\x01\xff\xff\xff\x7f" + b"\x00" * 50_000),
        bytes((100,)) + protocol.write_bytes(b'{"t":"do","id":1,"do":' + b"[" * 90_000),
        protocol.awareness(1, 1, b'{"a":' + b"[" * 7_000),
        honest,
    ]

    async def attack() -> None:
        while True:
            with contextlib.suppress(ConnectionClosed, OSError):
                async with connect(
                    other["live_url"], additional_headers={"cookie": cookie}, compression=None
                ) as socket:
                    for _ in range(4):
                        await socket.send(dice.choice(frames))
                    await socket.recv()

    attacking = asyncio.create_task(attack())
    try:
        await keys(120)
    finally:
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)
        await meeting.close()
    assert lead.closed in (None, 1000)
    assert lead.text(meeting.file) == "x" * 120
