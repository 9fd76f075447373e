"""What a terminal has shown, kept on the server: one reader, bounded, with offsets in bytes. Pure.

Viewers come and go; each remembers the offset up to which it has read and asks from there. A viewer that fell behind what
is kept gets what there is, and is told that the beginning is missing.
"""

from __future__ import annotations

from collections import deque

import msgspec

KEPT_BYTES = 256 * 1024


class Reading(msgspec.Struct, frozen=True):
    """Text from `start` up to `end`, both byte offsets in the UTF-8 of everything ever shown; never half a character.

    `cut` says that something between the offset asked for and `start` is kept no more.
    """

    start: int
    end: int
    text: str
    cut: bool


class Scrollback:
    """The last `most_bytes` of what was shown, in whole pieces. Memory is bounded by that and one piece."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._pieces: deque[bytes] = deque()
        self._start = 0
        self._end = 0

    @property
    def start(self) -> int:
        """Offset of the oldest byte that is kept."""
        return self._start

    @property
    def end(self) -> int:
        """Offset behind the newest byte: where a viewer that has read everything goes on."""
        return self._end

    def add(self, text: str) -> None:
        """Take what is shown next. A lone surrogate becomes U+FFFD, so that offsets mean the same to every reader."""
        data = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
        if not data:
            return
        self._end += len(data)
        if len(data) > self._most:
            self._pieces.clear()
            data = _whole(data, len(data) - self._most)
            self._start = self._end - len(data)
        self._pieces.append(data)
        while self._end - self._start > self._most:
            self._start += len(self._pieces.popleft())

    def since(self, offset: int) -> Reading:
        """Everything from `offset` on. One inside a character is moved to the character's end; one beyond the end (a
        viewer of another life of the server) reads nothing.
        """
        start = min(max(offset, self._start), self._end)
        skip = start - self._start
        data = b"".join(self._pieces)
        tail = _whole(data, skip)
        start = self._end - len(tail)
        return Reading(start, self._end, tail.decode("utf-8"), cut=offset < self._start)


def _whole(data: bytes, at: int) -> bytes:
    """The bytes from `at` on, without the rest of a character that began before."""
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return data[at:]
