"""Plays the storyboard through a real room: people with seats, their keys and wishes, on a clock that is moved by hand."""

import heapq
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog

from room.clock import ManualClock
from room.demo.actor import Actor, StoryBroken
from room.demo.typing import keys
from room.realtime.room import Room
from room.session import commands as c
from room.session.ids import CompetencyId, FileId, PartId, PinId, QuestionId, RunId, StageId
from room.session.roles import Role

log = structlog.get_logger()

Action = Mapping[str, Any]

CARET_EVERY_KEYS = 4
NEVER_RAN = frozenset({"UNAVAILABLE", "BUSY", "IE"})
"""Verdicts of runs that no program ended: the story goes on without them."""
END_OF_INPUT = "\x04"
"""Ctrl-D, as a terminal takes it at the beginning of a line."""


class Player:
    """One performance. After :meth:`play`, ``pins`` and ``runs`` say which id became what."""

    def __init__(
        self, room: Room, clock: ManualClock, story: Mapping[str, Any], people: Mapping[str, Actor]
    ) -> None:
        self._room, self._clock, self._story, self._people = room, clock, story, people
        self._start_wall_ms = clock.wall_ms() - round(story["timeline"][0]["t"] * 1000)
        self.pins: dict[str, PinId] = {}
        self.runs: dict[str, RunId] = {}

    async def play(self) -> None:
        """From the first arrival to the last leave.

        Raises:
            StoryBroken: an action is not possible where the story has it.
        """
        # Actions overlap: somebody types while somebody else speaks. Each is a generator of moments, merged by time.
        waiting: list[tuple[float, int, AsyncIterator[float]]] = []
        for number, action in enumerate(self._story["timeline"]):
            heapq.heappush(waiting, (float(action["t"]) * 1000, number, self._act(action)))
        while waiting:
            at_ms, number, acting = heapq.heappop(waiting)
            self._go_to(at_ms)
            try:
                next_ms = await anext(acting)
            except StopAsyncIteration:
                continue
            except StoryBroken as error:
                raise StoryBroken(f"at {at_ms / 1000:g} s: {error}") from error
            heapq.heappush(waiting, (at_ms + next_ms, number, acting))

    def _go_to(self, at_ms: float) -> None:
        behind = self._start_wall_ms + round(at_ms) - self._clock.wall_ms()
        if behind > 0:
            self._clock.advance(behind)

    async def _act(self, action: Action) -> AsyncIterator[float]:
        """Carry the action out; yields how many milliseconds pass before it goes on."""
        if action["do"] == "quiet":
            return
        who = self._people[action["who"]]
        file = self._file(action["file"]) if "file" in action else None
        match action["do"]:
            case "lobby":
                pass
            case "consent":
                await self._room.submit(c.Wait(who.person.id))
            case "join":
                if who.person.role is Role.CANDIDATE:
                    await self._lead().wish(c.AdmitMember(who.person.id))
                await who.enter(self._room)
            case "leave":
                await who.leave(on_purpose=True)
            case "offline":
                await who.leave(on_purpose=False)
            case "online":
                await who.enter(self._room)
            case "start":
                await who.wish(c.StartInterview())
            case "end":
                await who.wish(c.EndInterview())
            case "stage":
                await who.wish(c.GoToStage(StageId(action["to"])))
            case "show":
                await who.wish(c.ShowPart(self._question(), PartId(action["part"])))
                await self._all_catch_up()
            case "hint":
                await who.wish(
                    c.GiveHint(self._question(), PartId(action["part"]), action["level"])
                )
            case "chat":
                await who.wish(c.SendChat(action["text"]))
            case "note":
                await who.wish(c.AddNote(action["text"]))
            case "open":
                await who.wish(c.OpenFile(self._file(action["file"])))
            case "file":
                await who.wish(c.CreateFile(action["name"]))
                await who.wish(c.OpenFile(self._file(action["name"])))
            case "language":
                await who.wish(c.ChooseLanguage(action["to"]))
            case "pin":
                async for wait_ms in self._pin(who, action):
                    yield wait_ms
            case "run" | "tests":
                await self._run(who, action)
            case "stdin":
                await self._type_into_run(who, action)
            case _ if file is not None:
                async for wait_ms in self._write(who, file, action):
                    yield wait_ms
            case unknown:
                raise StoryBroken(f"nobody knows how to {unknown}")

    async def _pin(self, who: Actor, action: Action) -> AsyncIterator[float]:
        open_file = self._room.state.members[who.person.id].open_file
        await who.wish(c.PlacePin(open_file))
        pin = self._room.state.pins[-1].id
        self.pins[action["id"]] = pin
        yield 1_500
        await who.wish(c.FilePin(pin, CompetencyId(action["competency"])))
        yield len(action["text"]) / who.prose_a_second * 1000
        await who.wish(c.WordPin(pin, action["text"]))

    async def _run(self, who: Actor, action: Action) -> None:
        await who.catch_up()
        if action["do"] == "run":
            waits = action.get("waits", False)
            await who.wish(c.RequestRun(self._file(action["file"]), interactive=waits))
            self.runs[action["id"]] = run = self._room.state.runs[-1].id
            if waits:
                await self._room.run_begun(run)
            else:
                await self._room.run_over()
            return
        opened = self._room.state.members[who.person.id].open_file or self._room.state.files[0].id
        await who.wish(c.RequestTests(opened))
        visible = next(run for run in reversed(self._room.state.runs) if run.kind == "tests")
        self.runs[action["id"]] = visible.id
        await self._room.run_over()
        await self._room.run_over(hidden=True)

    async def _type_into_run(self, who: Actor, action: Action) -> None:
        """Lines for a waiting program; Ctrl-D at the end lets it go on, and the story with it."""
        run = self.runs[action["run"]]
        is_last = action.get("eof", False)
        text = action.get("text", "") + (END_OF_INPUT if is_last else "")
        found = self._room.state.run(run)
        if found is None or found.status == "finished":
            if found is not None and found.verdict in NEVER_RAN:
                return
            raise StoryBroken("the program does not wait any more")
        await who.wish(c.TypeInput(run, text))
        if is_last:
            await self._room.run_over()

    async def _write(self, who: Actor, file: FileId, action: Action) -> AsyncIterator[float]:
        await who.catch_up()
        match action["do"]:
            case "caret":
                place = who.place(file, dict(action))
                await who.point(file, place, place)
            case "select":
                start = who.find(file, action["text"])
                await who.point(file, start, start + len(action["text"]))
            case "delete":
                start = who.find(file, action["text"])
                await who.point(file, start, start + len(action["text"]))
                await who.edit(file, start, len(action["text"]), "")
            case "paste":
                await who.edit(file, who.place(file, dict(action)), 0, action["text"])
            case "type":
                async for wait_ms in self._type(
                    who, file, who.place(file, dict(action)), action["text"], action
                ):
                    yield wait_ms
            case "replace":
                start = who.find(file, action["old"])
                await who.point(file, start, start + len(action["old"]))
                await who.edit(file, start, len(action["old"]), "")
                async for wait_ms in self._type(who, file, start, action["new"], action):
                    yield wait_ms
            case unknown:
                raise StoryBroken(f"nobody knows how to {unknown}")

    async def _type(
        self, who: Actor, file: FileId, place: int, notation: str, action: Action
    ) -> AsyncIterator[float]:
        # Somebody else may write above while this is typed, so each key goes where the one before it ended.
        anchor = who.mark(file, place)
        for number, key in enumerate(keys(notation, action.get("cps", who.chars_a_second))):
            yield key.wait_ms
            await who.catch_up_quickly()
            place = who.at_mark(file, anchor)
            await who.edit(file, place - key.back, key.back, key.text)
            anchor = who.mark(file, place - key.back + len(key.text))
            if number % CARET_EVERY_KEYS == 0:
                here = who.at_mark(file, anchor)
                await who.point(file, here, here)
        here = who.at_mark(file, anchor)
        await who.point(file, here, here)

    async def _all_catch_up(self) -> None:
        for person in self._people.values():
            await person.catch_up()

    def _lead(self) -> Actor:
        return next(actor for actor in self._people.values() if actor.person.role is Role.LEAD)

    def _question(self) -> QuestionId:
        return self._room.state.questions[0].id

    def _file(self, name: str) -> FileId:
        for file in self._room.state.files:
            if file.name == name and not file.deleted:
                return file.id
        raise StoryBroken(f"there is no file {name}")
