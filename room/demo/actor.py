"""A person of the story: a browser without a screen, with a document of its own and a seat in the room."""

from typing import Any

import msgspec
from pycrdt import Assoc, Doc, StickyIndex, Text

from room.realtime import frames, protocol
from room.realtime.people import Person
from room.realtime.room import Room
from room.realtime.seat import Seat
from room.session import commands as c
from room.session.decide import Refused
from room.session.ids import FileId
from room.yjs.encoding import Reader


class StoryBroken(RuntimeError):
    """The storyboard and the product disagree; says where."""


class Actor:
    """Speaks the wire like a browser; what it writes while it is offline goes along when it is back."""

    def __init__(self, person: Person, chars_a_second: float, prose_a_second: float) -> None:
        self.person = person
        self.chars_a_second = chars_a_second
        self.prose_a_second = prose_a_second
        self._doc: Doc[Text] = Doc()
        self._room: Room | None = None
        self._seat: Seat | None = None
        self._awareness_clock = 0

    @property
    def is_online(self) -> bool:
        return self._seat is not None

    async def enter(self, room: Room) -> None:
        """Take a seat, and exchange what each side lacks, as after every connection."""
        self._room = room
        self._seat = Seat(self.person, tab=self.person.id)
        await room.attach(self._seat)
        await room.frame(self._seat, frames.Step1(self._doc.get_state()))
        await self.catch_up()

    async def leave(self, *, on_purpose: bool) -> None:
        """Give the seat back; without purpose it is a lost connection."""
        if self._room is None or self._seat is None:
            return
        if on_purpose:
            await self._room.frame(self._seat, frames.Bye())
        self._room.detach(self._seat)
        self._seat = None
        await self._room.settled()

    async def catch_up(self) -> None:
        """Take in what the room has sent so far, and answer it."""
        if self._room is None or self._seat is None:
            return
        await (
            self._room.settled()
        )  # What others write for the first time is relayed once it is on disk.
        for frame in self._seat.outbox.take_all():
            reader = Reader(frame)
            if reader.uint() != protocol.SYNC:
                continue
            kind = reader.uint()
            payload = reader.bytes()
            if kind == protocol.STEP1:
                await self._room.frame(self._seat, frames.Step2(self._doc.get_update(payload)))
            else:
                self._doc.apply_update(payload)
        await self._room.taken()

    async def wish(self, command: c.MemberCommand) -> None:
        """Ask something of the room.

        Raises:
            StoryBroken: it was refused.
        """
        if self._room is None:
            raise StoryBroken(f"{self.person.first} is not in the room")
        refused = await self._room.submit(command, self.person.id)
        if isinstance(refused, Refused):
            raise StoryBroken(
                f"{self.person.first}: {type(command).__name__} refused: {refused.sentence}"
            )

    # ------------------------------------------------------------------------------------------------ the text

    def text(self, file: FileId) -> str:
        return str(self._root(file))

    def place(self, file: FileId, found: dict[str, Any]) -> int:
        """Where an action happens, as a number of characters: after or before a text that occurs once, or at an end."""
        text = self.text(file)
        if found.get("at") == "start":
            return 0
        if found.get("at") == "end":
            return len(text)
        if "after" in found:
            return self._once(text, found["after"]) + len(found["after"])
        return self._once(text, found["before"])

    def find(self, file: FileId, wanted: str) -> int:
        """Where a text stands that occurs once."""
        return self._once(self.text(file), wanted)

    async def edit(self, file: FileId, start: int, removed: int, inserted: str) -> None:
        """Change the text at a place, both in characters, and send it if there is a connection."""
        before = self.text(file)
        first = len(before[:start].encode())
        last = first + len(before[start : start + removed].encode())
        seen: list[bytes] = []
        subscription = self._doc.observe(lambda event: seen.append(event.update))
        root = self._root(file)
        with self._doc.transaction():
            if last > first:
                del root[first:last]
            if inserted:
                root.insert(first, inserted)
        self._doc.unobserve(subscription)
        if self._room is not None and self._seat is not None:
            for update in seen:
                await self._room.frame(self._seat, frames.DocUpdate(update))
            await self._room.taken()

    async def point(self, file: FileId, anchor: int, head: int) -> None:
        """Put caret and selection somewhere, for the others to see."""
        if self._room is None or self._seat is None:
            return
        self._awareness_clock += 1
        cursor = {"anchor": self.relative(file, anchor), "head": self.relative(file, head)}
        state = msgspec.json.encode({"cursor": cursor, "file": file}).decode()
        frame = frames.AwarenessUpdate(self._doc.client_id, self._awareness_clock, state)
        await self._room.frame(self._seat, frame)
        await self._room.taken()

    def relative(self, file: FileId, position: int) -> dict[str, Any]:
        """A Yjs relative position as its JSON; ``position`` counts characters."""
        text = self.text(file)
        index = len(text[:position].encode())
        item = None
        if position < len(text):
            item = self._root(file).sticky_index(index, Assoc.AFTER).to_json()["item"]
        return {"type": None, "tname": f"f:{file}", "item": item, "assoc": 0}

    def mark(self, file: FileId, position: int) -> StickyIndex | int:
        """A place that stays behind the character before it, whatever is written elsewhere."""
        index = len(self.text(file)[:position].encode())
        return self._root(file).sticky_index(index, Assoc.BEFORE) if index else 0

    def at_mark(self, file: FileId, mark: StickyIndex | int) -> int:
        """Where the mark is now, in characters."""
        if isinstance(mark, int):
            return mark
        return len(self.text(file).encode()[: mark.get_index()].decode())

    async def catch_up_quickly(self) -> None:
        """As :meth:`catch_up`, if anything has come."""
        if self._seat is not None and not self._seat.outbox.is_empty:
            await self.catch_up()

    def _root(self, file: FileId) -> Text:
        return self._doc.get(f"f:{file}", type=Text)

    def _once(self, text: str, wanted: str) -> int:
        if text.count(wanted) != 1:
            raise StoryBroken(
                f"{wanted!r} stands {text.count(wanted)} times where {self.person.first} looks for it"
            )
        return text.index(wanted)
