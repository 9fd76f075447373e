"""The chronicle: every character that was ever in the files, in the order in which they stand, with the edit that brought it and
the one that took it away. The text at any moment follows from it in one pass, without a document.

Made once, when a reel is kept; the player makes one by itself where there is none (static/src/replay/chronicler.ts). Edits are
everybody's, and they alone are counted, so one chronicle serves all viewers.

Yjs never changes the order of what it has placed. Where a new character goes beside others that were written at the same time is
decided as in yjs 13.6, ``Item.integrate``; here it is done for single characters, which comes to the same.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from room.replay.authorship import PREFIX
from room.yjs.encoding import put_uint
from room.yjs.updates import DELETED, SKIP, TEXT, Struct, Update, read_update

VERSION: Final = 1
"""Of the bytes that :func:`encode` gives."""
NEVER: Final = -1
_END: Final = -1
"""Instead of a character: there is none."""
_NOWHERE: Final = -2
"""Instead of a character's number: it was collected, or is of no root type, and has no place."""


class NoChronicle(Exception):
    """An edit came before what it builds on, or is none of text: only a document can say what a moment showed."""


class Chronicle:
    """Characters have numbers in the order in which they came, all files together. One is a UTF-16 unit."""

    def __init__(self) -> None:
        self.edits = 0
        """How many were taken."""
        self.born = array("L")
        """The edit that brought each character; 0: it was there at Start."""
        self.gone = array("l")
        """The edit that took it away, or ``NEVER``."""
        self.units = array("H")
        self.clients: dict[int, array[int]] = {}
        """Of each Yjs client, its characters by clock; ``_NOWHERE`` for what has no place."""
        self._by = array("Q")
        self._clock = array("L")
        self._root: list[str] = []
        self._before = array("l")
        self._after = array("l")
        self._origin = array("l")
        self._right = array("l")
        self._first: dict[str, int] = {}

    def open(self, document: bytes) -> None:
        """Takes the document at Start, as one update.

        Raises:
            NoChronicle, UnreadableUpdate
        """
        self._play(read_update(document))

    def take(self, update: bytes) -> None:
        """Takes the next edit.

        Raises:
            NoChronicle, UnreadableUpdate
        """
        self.edits += 1
        self._play(read_update(update))

    def _play(self, update: Update) -> None:
        for struct in update.structs:
            if struct.kind != SKIP:
                self._integrate(struct)
        for deleted in update.deletions:
            hand = self.clients.get(deleted.client, ())
            if deleted.clock + deleted.length > len(hand):
                raise NoChronicle("what it deletes has not come yet")
            for char in hand[deleted.clock : deleted.clock + deleted.length]:
                if char >= 0 and self.gone[char] == NEVER:
                    self.gone[char] = self.edits

    def _integrate(self, struct: Struct) -> None:
        hand = self.clients.setdefault(struct.client, array("l"))
        known = len(hand)
        if struct.clock > known:
            raise NoChronicle("what it follows has not come yet")
        skipped = known - struct.clock
        count = struct.length - skipped
        if count <= 0:
            return
        if struct.kind not in (TEXT, DELETED):
            if struct.kind:
                raise NoChronicle(f"content of kind {struct.kind}")
            hand.extend([_NOWHERE] * count)
            return
        left = hand[known - 1] if skipped else self._find(struct.origin)
        right = self._find(struct.right)
        if struct.root is None and left == _END and right == _END:
            raise NoChronicle("it is in no root type")
        if _NOWHERE in (left, right):
            raise NoChronicle("what it stands beside was collected")
        root = (
            self._root[left]
            if left != _END
            else self._root[right]
            if right != _END
            else struct.root or ""
        )
        first = self._bring(struct, skipped, root)
        hand.extend(range(first, first + count))
        self._place(first, count, left, right, root)

    def _find(self, at: tuple[int, int] | None) -> int:
        if at is None:
            return _END
        hand = self.clients.get(at[0], ())
        if at[1] >= len(hand):
            raise NoChronicle("what it stands beside has not come yet")
        return hand[at[1]]

    def _bring(self, struct: Struct, skipped: int, root: str) -> int:
        """New characters, that stand nowhere yet; the number of the first."""
        first, count = len(self.units), struct.length - skipped
        if struct.text is None:
            self.units.extend([0] * count)
        else:
            raw = struct.text.encode("utf-16-le", "surrogatepass")
            self.units.frombytes(raw[2 * skipped :])
        self.born.extend([self.edits] * count)
        self.gone.extend([NEVER if struct.text is not None else self.edits] * count)
        self._by.extend([struct.client] * count)
        start = struct.clock + skipped
        self._clock.extend(range(start, start + count))
        self._root.extend([root] * count)
        return first

    def _place(self, first: int, count: int, left: int, right: int, root: str) -> None:
        """Between the neighbours that its writer saw, and there beside what others wrote at the same time."""
        last = first + count - 1
        self._origin.append(left)
        self._origin.extend(range(first, last))
        self._right.extend([right] * count)
        follows = self._after[left] if left != _END else self._first.get(root, _END)
        if follows != right:
            left = self._among(first, left, follows, right)
            follows = self._after[left] if left != _END else self._first.get(root, _END)
        self._before.append(left)
        self._before.extend(range(first, last))
        self._after.extend(range(first + 1, last + 1))
        self._after.append(follows)
        if left == _END:
            self._first[root] = first
        else:
            self._after[left] = first
        if follows != _END:
            self._before[follows] = last

    def _among(self, new: int, left: int, other: int, right: int) -> int:
        """The left neighbour that all copies of the document agree on."""
        origin, by = self._origin, self._by
        mine = origin[new]
        passed: set[int] = set()
        conflicting: set[int] = set()
        while other not in (_END, right):
            passed.add(other)
            conflicting.add(other)
            theirs = origin[other]
            if theirs == mine:
                if by[other] < by[new]:
                    left = other
                    conflicting.clear()
                elif self._right[other] == self._right[new]:
                    break
            elif theirs in passed:
                if theirs not in conflicting:
                    left = other
                    conflicting.clear()
            else:
                break
            other = self._after[other]
        return left

    def files(self) -> Iterator[tuple[str, list[int]]]:
        """Each file's id and its characters in order, those that are gone included."""
        for root, char in self._first.items():
            if not root.startswith(PREFIX):
                continue
            found = []
            while char != _END:
                found.append(char)
                char = self._after[char]
            yield root.removeprefix(PREFIX), found

    def text(self, file: str, edits: int) -> str:
        """A file's text after so many edits."""
        chars = dict(self.files()).get(file, [])
        shown = array(
            "H",
            (
                self.units[char]
                for char in chars
                if self.born[char] <= edits and not 0 <= self.gone[char] <= edits
            ),
        )
        return shown.tobytes().decode("utf-16-le", "replace")

    def encode(self) -> bytes:
        """As the player reads it (docs/recording.md)."""
        out = bytearray()
        put_uint(out, VERSION)
        put_uint(out, self.edits)
        put_uint(out, len(self.clients))
        for client, hand in self.clients.items():
            put_uint(out, client)
            put_uint(out, len(hand))
            # What has no place is born and gone with the edit before it; nobody asks.
            _put_changes(out, (self.born[char] if char >= 0 else 0 for char in hand))
            _put_changes(out, (self.gone[char] + 1 if char >= 0 else 0 for char in hand))
            units = [self.units[char] if char >= 0 else 0 for char in hand]
            out += bytes(unit & 0xFF for unit in units)
            out += bytes(unit >> 8 for unit in units)
        places = {client: place for place, client in enumerate(self.clients)}
        files = list(self.files())
        put_uint(out, len(files))
        for file, chars in files:
            name = file.encode()
            put_uint(out, len(name))
            out += name
            runs = list(self._runs(chars))
            put_uint(out, len(runs))
            before = dict.fromkeys(self.clients, 0)
            for client, clock, length in runs:
                put_uint(out, places[client])
                _put_change(out, clock - before[client])
                put_uint(out, length)
                before[client] = clock
        return bytes(out)

    def _runs(self, chars: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """Characters that follow each other both in the text and by clock: client, first clock, length."""
        client = start = length = 0
        for char in chars:
            by, clock = self._by[char], self._clock[char]
            if length and by == client and clock == start + length:
                length += 1
                continue
            if length:
                yield client, start, length
            client, start, length = by, clock, 1
        if length:
            yield client, start, length


def _put_changes(out: bytearray, values: Iterable[int]) -> None:
    """Numbers as runs of equal ones: how many, of all runs; then how much they differ from the run before."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value:
            runs[-1] = (runs[-1][0] + 1, value)
        else:
            runs.append((1, value))
    put_uint(out, len(runs))
    for count, _ in runs:
        put_uint(out, count)
    before = 0
    for _, value in runs:
        _put_change(out, value - before)
        before = value


def _put_change(out: bytearray, change: int) -> None:
    put_uint(out, 2 * change if change >= 0 else -2 * change - 1)
