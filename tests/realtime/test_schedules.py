"""Random schedules: whatever is typed, delayed, repeated, cut off or killed, all ends the same and nothing acknowledged is lost.

`make schedules` runs ten thousand of them; the ordinary run some hundreds. A failing number is run alone with
ROOM_TEST_SCHEDULES=1 and ROOM_TEST_FIRST_SCHEDULE=<number>.
"""

import asyncio
import json
import os
import random
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text, UndoManager

from room.realtime import frames, protocol
from room.realtime.hub import Hub
from room.realtime.people import Person
from room.realtime.recovery import fold_all
from room.realtime.room import Room
from room.realtime.seat import Seat
from room.realtime.updates import read_state_vector
from room.sandbox.runner import Runner
from room.session import commands as c
from room.session.ids import FileId, InterviewId
from room.store import journal
from room.store.engine import Connection
from room.yjs.encoding import Reader
from tests.realtime.stage import CAL, IRIS, Stage

SCHEDULES = int(os.environ.get("ROOM_TEST_SCHEDULES", "240"))
FIRST = int(os.environ.get("ROOM_TEST_FIRST_SCHEDULE", "0"))
GROUPS = min(12, SCHEDULES)
LETTERS = ("a", "B", " ", "\n", "é", "ß", "漢", "😀", "👩‍👩‍👧", "\U0001f1f3\U0001f1f4", "\u0301")


class Client:
    """A browser's document and its connection; frames travel only when the schedule says so."""

    def __init__(self, person: Person, file: FileId) -> None:
        self.person, self.file = person, file
        self.doc: Doc[Text] = Doc()
        self.text = self.doc.get(f"f:{file}", type=Text)
        self.undo = UndoManager(scopes=[self.text], capture_timeout_millis=0)
        self.undo.include_origin("me")
        self.doc.observe(lambda event: self._made.append(event.update))
        self._made: list[bytes] = []
        self.seat: Seat | None = None
        self.outgoing: deque[frames.Frame] = deque()
        self.incoming: deque[bytes] = deque()
        self._sent_clocks: list[int] = []
        """Own clock at each document message of this connection."""
        self.acknowledged = 0
        """Own clock up to which the server said that it is on disk."""

    @property
    def clock(self) -> int:
        return read_state_vector(self.doc.get_state()).get(self.doc.client_id, 0)

    def edit(self, dice: random.Random) -> None:
        self._made.clear()
        plain = str(self.text)
        choice = dice.random()
        if choice < 0.12 and self.undo.can_undo():
            self.undo.undo()
        elif choice < 0.35 and plain:
            start = dice.randrange(len(plain))
            end = min(len(plain), start + dice.randint(1, 4))
            with self.doc.transaction(origin="me"):
                del self.text[len(plain[:start].encode()) : len(plain[:end].encode())]
        else:
            place = dice.randint(0, len(plain))
            words = "".join(dice.choice(LETTERS) for _ in range(dice.randint(1, 4)))
            with self.doc.transaction(origin="me"):
                self.text.insert(len(plain[:place].encode()), words)
        self._hand_over()

    def _hand_over(self) -> None:
        if self.seat is not None:
            for update in self._made:
                self.outgoing.append(frames.DocUpdate(update))
        self._made.clear()

    async def connect(self, room: Room) -> None:
        self.seat = Seat(self.person, self.person.id)
        self.outgoing.clear()
        self.incoming.clear()
        self._sent_clocks.clear()
        await room.attach(self.seat)
        await room.frame(self.seat, frames.Hello())
        self.outgoing.append(frames.Step1(self.doc.get_state()))

    def lose_connection(self, room: Room | None) -> None:
        if self.seat is not None and room is not None:
            room.detach(self.seat)
        self.seat = None
        self.outgoing.clear()
        self.incoming.clear()

    async def send_one(
        self, room: Room, *, twice: bool = False, at_once: bool = False, is_last: bool = True
    ) -> None:
        """``at_once``: by the socket's short way; ``is_last`` of those that came together."""
        if self.seat is None or not self.outgoing:
            return
        frame = self.outgoing.popleft()
        for _ in range(2 if twice and isinstance(frame, frames.DocUpdate) else 1):
            if isinstance(frame, frames.DocUpdate | frames.Step2):
                self._sent_clocks.append(self._clock_after(frame))
            if at_once:
                room.frame_now(self.seat, frame)
            else:
                await room.frame(self.seat, frame)
        if at_once and is_last:
            room.frames_over()

    def _clock_after(self, frame: frames.DocUpdate | frames.Step2) -> int:
        """Own clock that is covered once this frame is taken: all frames before it are taken too."""
        waiting = sum(isinstance(f, frames.DocUpdate) for f in self.outgoing)
        return self.clock if not waiting else min(self.clock, self._end_of(frame.update))

    def _end_of(self, update: bytes) -> int:
        from room.realtime.updates import read_update  # noqa: PLC0415

        ends = [b.end for b in read_update(update).blocks if b.client == self.doc.client_id]
        return max([*ends, *(self._sent_clocks[-1:] or [0])])

    def receive(self, count: int) -> None:
        """Take in some of what has come."""
        if self.seat is None:
            return
        self.incoming.extend(self.seat.outbox.take_all())
        for _ in range(min(count, len(self.incoming))):
            reader = Reader(self.incoming.popleft())
            kind = reader.uint()
            if kind == protocol.ROOM:
                message = json.loads(reader.bytes())
                if message["t"] == "saved":
                    self.acknowledged = max(
                        self.acknowledged, self._sent_clocks[message["count"] - 1]
                    )
            elif kind == protocol.SYNC:
                step = reader.uint()
                payload = reader.bytes()
                if step == protocol.STEP1:
                    self.outgoing.append(frames.Step2(self.doc.get_update(payload)))
                else:
                    self.doc.apply_update(payload)
                    self._made.clear()


class Writer:
    """The journal's connection, behind a disk."""

    def __init__(self, connection: Connection, disk: "Disk") -> None:
        self._connection, self._disk = connection, disk

    @contextmanager
    def begin(self) -> Iterator[None]:
        self._disk.wait()
        with self._connection.begin():
            yield

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class Disk:
    """The journal's way to disk, as slow as the schedule wants; what it holds back when the power goes is lost."""

    def __init__(self, stage: Stage, hub: Hub) -> None:
        self._store = stage.store
        self.is_quick = threading.Event()
        self.is_quick.set()
        self._is_cut = False
        hub._writer._store = self  # type: ignore[assignment]

    def writer(self) -> "Writer":
        return Writer(self._store.writer(), self)

    def wait(self) -> None:
        self.is_quick.wait()
        if self._is_cut:
            raise OSError("the power is gone")

    def cut(self) -> None:
        self._is_cut = True
        self.is_quick.set()


async def crash(hub: Hub, disk: Disk) -> None:
    """What a killed process leaves: commits that were under way are whole or absent, all else is gone."""
    disk.cut()
    writer = hub._writer
    writer._jobs.clear()
    await writer.close()
    for task in [*hub._tasks.values(), *hub._chores]:
        task.cancel()
    await asyncio.gather(*hub._tasks.values(), *hub._chores, return_exceptions=True)


async def play(stage: Stage, runner: Runner, number: int) -> None:
    dice = random.Random(number)
    interview: InterviewId = stage.interview()
    hub = stage.hub(runner)
    disk = Disk(stage, hub)
    room = await hub.room(interview)
    await room.submit(c.StartInterview(), IRIS.id)
    file = room.state.files[0].id
    clients = [Client(IRIS, file), Client(CAL, file)]
    for client in clients:
        await client.connect(room)
    for _ in range(dice.randint(30, 90)):
        client = dice.choice(clients)
        what = dice.random()
        if what < 0.42:
            client.edit(dice)
        elif what < 0.62:
            at_once = dice.random() < 0.7
            while dice.random() < 0.3 and len(client.outgoing) > 1:
                await client.send_one(room, at_once=at_once, is_last=not at_once)
            await client.send_one(room, twice=dice.random() < 0.1, at_once=at_once)
        elif what < 0.82:
            await room.taken()
            client.receive(dice.randint(1, 6))
        elif what < 0.85:
            disk.is_quick.set()
            await room.settled()
        elif what < 0.87:
            disk.is_quick.clear()
            await room.taken()
        elif what < 0.93:
            if client.seat is None:
                await client.connect(room)
            else:
                client.lose_connection(room)
        elif what < 0.95:
            disk.is_quick.set()
            await hub.put_away(interview)
            for one in clients:
                one.lose_connection(None)
            room = await hub.room(interview)
        elif what < 0.96:
            hub._chore(hub._keep_keyframe, room.pen)
        elif what < 0.985:
            await crash(hub, disk)
            for one in clients:
                one.lose_connection(None)
            hub = stage.hub(runner)
            disk = Disk(stage, hub)
            room = await hub.room(interview)
            for one in clients:
                kept = room._document.clocks.get(one.doc.client_id, 0)
                assert kept >= one.acknowledged, f"{one.person.first}: acknowledged and lost"
    disk.is_quick.set()
    for client in clients:
        if client.seat is None:
            await client.connect(room)
    for _ in range(40):
        for client in clients:
            while client.outgoing:
                await client.send_one(room)
        await room.settled()
        for client in clients:
            client.receive(10_000)
        if not any(one.outgoing or not one.seat.outbox.is_empty for one in clients if one.seat):
            break
    texts = {str(client.text) for client in clients} | {room._document.text(file)}
    assert len(texts) == 1, texts
    for client in clients:
        assert client.acknowledged == client.clock, "all that was typed is acknowledged in the end"
    await hub.close()
    with stage.store.read() as conn:
        journal.verify(conn, stage.seals, interview)
        folded = fold_all(journal.load(conn, stage.seals, interview))
    assert folded.document.text(file) in texts


@pytest.fixture
async def runner(tmp_path: Path) -> AsyncIterator[Runner]:
    async with Runner.open(docker_host=f"unix://{tmp_path}/no-engine.sock") as running:
        yield running


@pytest.mark.timeout(max(120, SCHEDULES))
@pytest.mark.parametrize("group", range(GROUPS))
async def test_every_schedule_ends_the_same_everywhere(
    tmp_path: Path, runner: Runner, group: int
) -> None:
    stage = Stage(tmp_path / "data")
    for number in range(FIRST + group, FIRST + SCHEDULES, GROUPS):
        try:
            await play(stage, runner, number)
        except BaseException as error:
            error.add_note(f"schedule {number}")
            raise
    stage.store.close()
