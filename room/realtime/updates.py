"""Reads Yjs updates (encoding v1) before the CRDT library sees them.

A room's document holds plain texts only, so an honest update has items of strings and deletions, in root texts named
``f:<file id>``. Everything else that the format could carry (maps, embeds, sub-documents, binary) is refused here, and so is
what would leave the document waiting for something it lacks. Format: yjs ``src/utils/updates.js``, ``src/structs/*.js``.
"""

from collections.abc import Collection
from typing import final

from room.yjs.encoding import Malformed, Reader, write_uint

_GC, _DELETED, _STRING, _SKIP = 0, 1, 4, 10
_HAS_ORIGIN, _HAS_RIGHT_ORIGIN, _HAS_PARENT_SUB = 0x80, 0x40, 0x20

ROOT_PREFIX = "f:"


@final
class Block:
    """Consecutive structs of one client: clocks ``start`` up to, not including, ``end`` (in UTF-16 units)."""

    __slots__ = ("client", "end", "start")

    def __init__(self, client: int, start: int, end: int) -> None:
        self.client = client
        self.start = start
        self.end = end


@final
class Update:
    """What an update carries. Nobody changes it."""

    __slots__ = ("blocks", "deletes", "inserted", "needs", "roots")

    def __init__(
        self,
        blocks: list[Block],
        roots: set[str],
        needs: dict[int, int],
        inserted: int,
        *,
        deletes: bool,
    ) -> None:
        self.blocks = blocks
        self.roots = roots
        """Root texts that items name as their parent."""
        self.needs = needs
        """Client → clock that must be there before (origins and deletions)."""
        self.inserted = inserted
        """UTF-16 units of text."""
        self.deletes = deletes
        """Whether anything is deleted."""


def read_update(data: bytes) -> Update:
    """What an update carries.

    Raises:
        Malformed: it is damaged, or carries what a room's document cannot hold.
    """
    reader = Reader(data)
    blocks: list[Block] = []
    roots: set[str] = set()
    needs: dict[int, int] = {}
    inserted = 0
    for _ in range(reader.count(3)):
        structs = reader.count(1)
        client = reader.uint()
        start = clock = reader.uint()
        for _ in range(structs):
            info = reader.byte()
            kind = info & 0x1F
            if kind == _GC:
                clock += _length(reader.uint())
                continue
            if kind == _SKIP:
                # What follows is no continuation of what stood before.
                if clock > start:
                    blocks.append(Block(client, start, clock))
                clock += _length(reader.uint())
                start = clock
                continue
            if info & _HAS_ORIGIN:
                _need(needs, reader.uint(), reader.uint() + 1)
            if info & _HAS_RIGHT_ORIGIN:
                _need(needs, reader.uint(), reader.uint() + 1)
            if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
                if reader.uint() != 1:
                    raise Malformed("an item inside another item")
                roots.add(reader.text())
                if info & _HAS_PARENT_SUB:
                    raise Malformed("an entry of a map")
            if kind == _STRING:
                length = _utf16_length(reader.text())
                inserted += length
            elif kind == _DELETED:
                length = reader.uint()
            else:
                raise Malformed("content that is not text")
            clock += _length(length)
        if clock > start:
            blocks.append(Block(client, start, clock))
    deletes = False
    for _ in range(reader.count(2)):
        client = reader.uint()
        for _ in range(reader.count(2)):
            first = reader.uint()
            _need(needs, client, first + _length(reader.uint()))
            deletes = True
    reader.end()
    return Update(blocks, roots, needs, inserted, deletes=deletes)


def read_state_vector(data: bytes) -> dict[int, int]:
    """Client → clock.

    Raises:
        Malformed: damaged, or it announces more entries than it has bytes (the library would allocate for them).
    """
    reader = Reader(data)
    vector = {}
    for _ in range(reader.count(2)):
        client = reader.uint()
        vector[client] = reader.uint()
    reader.end()
    return vector


def write_state_vector(vector: dict[int, int]) -> bytes:
    return write_uint(len(vector)) + b"".join(
        write_uint(client) + write_uint(clock) for client, clock in vector.items()
    )


def is_ready(update: Update, clocks: dict[int, int]) -> bool:
    """Whether a document with ``clocks`` (client → next clock) has all that the update builds on.

    Otherwise the library would keep it aside, unseen, until the missing part comes: nothing may be relayed or acknowledged
    that is not in the document.
    """
    blocks = update.blocks
    if len(blocks) == 1:  # A key; what follows says the same of it, more slowly.
        block = blocks[0]
        client, end = block.client, block.end
        known = clocks.get(client, 0)
        if block.start > known:
            return False
        for needed, clock in update.needs.items():
            if clocks.get(needed, 0) < clock and (needed != client or end < clock):
                return False
        return True
    reach = dict(clocks)
    for block in blocks:
        known = reach.get(block.client, 0)
        if block.start > known:
            return False
        reach[block.client] = max(known, block.end)
    return all(reach.get(client, 0) >= clock for client, clock in update.needs.items())


def new_blocks(update: Update, clocks: dict[int, int]) -> list[Block]:
    """The blocks that bring something a document with ``clocks`` does not have."""
    return [block for block in update.blocks if block.end > clocks.get(block.client, 0)]


def unknown_roots(update: Update, files: Collection[str]) -> bool:
    """Whether it writes into a root that is none of the room's files (ids without prefix)."""
    for root in update.roots:  # noqa: SIM110 - every keystroke comes through here
        if not root.startswith(ROOT_PREFIX) or root[2:] not in files:
            return True
    return False


def _need(needs: dict[int, int], client: int, clock: int) -> None:
    if needs.get(client, 0) < clock:
        needs[client] = clock


def _length(length: int) -> int:
    if length < 1:
        raise Malformed("an empty struct")
    return length


def _utf16_length(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text)
