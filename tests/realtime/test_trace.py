"""Two people who really typed into one document for 52 minutes, through real sockets and at speed.

Each client applies a transaction only when exactly its ancestors are there, as its author saw the text. The second person
rejoined half-way: a new page, a new Yjs client id, the same member.
"""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from room.realtime import protocol
from room.realtime.updates import read_update
from room.yjs.encoding import Reader
from tests.realtime.conftest import Browser, Meeting, Server, enter
from tests.realtime.test_durability import fold_of_journal

TRACE = Path(__file__).parent.parent / "data" / "traces" / "clownschool.json.gz"

FIRST, SECOND, REJOINED = 0, 2, 1
"""The trace's agents: the last two are one person."""


class Author(Browser):
    """Writes in a document that holds exactly what its author saw; what the server sends goes into a mirror beside it."""

    def __init__(self, live_url: str, cookie: str, file: str) -> None:
        super().__init__(live_url, cookie)
        self.file = file
        self.mirror: Doc[Text] = Doc()
        self.had: set[int] = set()
        """Transactions in the written document."""
        self.heard: dict[int, int] = {}
        """Client id → next clock, of what the server sent."""
        self.is_synced = False

    async def _take(self, frame: bytes) -> None:
        reader = Reader(frame)
        if reader.uint() == protocol.SYNC:
            kind = reader.uint()
            payload = reader.bytes()
            if kind == protocol.STEP1:
                await self.send(protocol.step2(b"\x00\x00"))
                self.sent += 1
                return
            self.mirror.apply_update(payload)
            if kind == protocol.STEP2:
                self.is_synced = True
            for block in read_update(payload).blocks:
                assert block.start <= self.heard.get(block.client, 0), "with nothing left out"
                self.heard[block.client] = max(block.end, self.heard.get(block.client, 0))
            return
        await super()._take(frame)

    def write_patches(self, patches: list[list[Any]]) -> bytes:
        seen: list[bytes] = []
        subscription = self.doc.observe(lambda event: seen.append(event.update))
        text = self.doc.get(f"f:{self.file}", type=Text)
        with self.doc.transaction():
            for position, deleted, inserted in patches:
                plain = str(text)
                first = len(plain[:position].encode())
                last = first + len(plain[position : position + deleted].encode())
                if last > first:
                    del text[first:last]
                if inserted:
                    text.insert(first, inserted)
        self.doc.unobserve(subscription)
        return seen[0] if seen else b""


@pytest.mark.timeout(180)
async def test_real_typing_of_two_people_ends_the_same_on_server_clients_and_in_the_journal(
    own_server: Server,
) -> None:
    trace = json.loads(gzip.decompress(TRACE.read_bytes()))
    transactions: list[dict[str, Any]] = trace["txns"]
    meeting = Meeting((await asyncio.to_thread(own_server.interviews))[0])
    cookies = [
        (await asyncio.to_thread(enter, meeting.told[f"{role}_url"], name))[0]
        for role, name in (("lead", "Iris"), ("candidate", "Cal"))
    ]

    authors: dict[int, Author] = {}

    async def author(agent: int) -> Author:
        if agent not in authors:
            if agent == REJOINED:  # The second person closes the page and comes back.
                await authors[SECOND].all_saved()
                await authors[SECOND].close()
            made = Author(meeting.told["live_url"], cookies[min(agent, 1)], meeting.file)
            await made.connect()
            await made.until(lambda: made.is_synced)
            authors[agent] = made
        return authors[agent]

    updates: list[bytes] = []
    ids: list[tuple[int, int] | None] = []

    def lacking(writer: Author, number: int) -> list[int]:
        """Ancestors that the writer's document lacks, oldest first."""
        found: set[int] = set()
        ask = [p for p in transactions[number]["parents"] if p not in writer.had]
        while ask:
            one = ask.pop()
            if one not in found:
                found.add(one)
                ask += [p for p in transactions[one]["parents"] if p not in writer.had]
        return sorted(found)

    for number, transaction in enumerate(transactions):
        writer = await author(transaction["agent"])
        for ancestor in lacking(writer, number):
            identity = ids[ancestor]
            if identity is not None and identity[0] != writer.doc.client_id:
                client, clock = identity
                await writer.until(lambda c=client, k=clock: writer.heard.get(c, 0) > k)  # noqa: B023
            if updates[ancestor]:
                writer.doc.apply_update(updates[ancestor])
            writer.had.add(ancestor)
        update = writer.write_patches(transaction["patches"])
        writer.had.add(number)
        updates.append(update)
        blocks = read_update(update).blocks if update else ()
        ids.append((blocks[0].client, blocks[0].start) if blocks else None)
        if update:
            writer.mirror.apply_update(update)
            await writer.send_update(update)

    present = [authors[FIRST], authors[REJOINED]]
    for one in present:
        await one.all_saved()
    end = trace["endContent"]
    for one in present:
        await one.until(lambda o=one: str(o.mirror.get(f"f:{meeting.file}", type=Text)) == end)
    late = await meeting.browser("observer")
    await late.until(lambda: late.text(meeting.file) == end)
    for one in [*present, late]:
        await one.close()
    own_server.stop()
    folded, rows = await asyncio.to_thread(fold_of_journal, own_server, meeting.id, meeting.file)
    assert folded == end
    assert rows > len(transactions)
