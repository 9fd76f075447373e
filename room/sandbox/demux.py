"""From a program's raw bytes to pieces of text fit to send: whole characters, no dangerous escapes, not too many. Pure."""

from __future__ import annotations

import codecs
import re
from typing import Literal

from room.sandbox.spec import Output

Stream = Literal["stdout", "stderr"]

PIECE_CHARS = 16_384
INTERVAL_S = 0.016

# Strings of control that no program under interview needs: device control (DCS), SOS, PM, APC, and OSC 52, which writes
# the viewer's clipboard (ECMA-48 8.3; xterm "Operating System Commands"). Everything else is the terminal's business.
_OPENING = re.compile(r"(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])|(?:\x1b\]|\x9d)52(?=[;\x07\x1b\x9c])")
_CLOSING = re.compile(r"\x1b\\|[\x07\x18\x1a\x9c]|(?=\x1b)")
_UNFINISHED = re.compile(r"(?:\x1b|(?:\x1b\]|\x9d)(?:5(?:2)?)?)\Z")


class Cleaner:
    """Removes control strings from text that comes in pieces; a string may be split anywhere."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False

    def feed(self, text: str, *, last: bool = False) -> str:
        """The part of what came so far that can be shown now; `last` lets go of what was held back."""
        text = self._held + text
        self._held = ""
        kept: list[str] = []
        at = 0
        while at < len(text):
            if self._inside:
                if text[at:] == "\x1b" and not last:
                    self._held = "\x1b"
                    break
                closing = _CLOSING.search(text, at)
                if closing is None:
                    break
                if closing.end() == len(text) - 1 and text.endswith("\x1b") and not last:
                    self._held = "\x1b"
                    break
                self._inside = False
                at = closing.end()
                continue
            opening = _OPENING.search(text, at)
            if opening is None:
                unfinished = None if last else _UNFINISHED.search(text, at)
                end = unfinished.start() if unfinished else len(text)
                kept.append(text[at:end])
                self._held = text[end:]
                break
            kept.append(text[at : opening.start()])
            self._inside = True
            at = opening.end()
        return "".join(kept)


class Demux:
    """Turns chunks of stdout and stderr into `Output` pieces, each at most 16 KB, at most one flush in 16 ms.

    `clock` values are seconds of any monotonic clock. The first bytes after a silence go out at once; what follows
    waits until `due`. Order between the two streams is the order in which chunks came.
    """

    def __init__(self, *, clean: bool = True) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {"stdout": decoder("replace"), "stderr": decoder("replace")}
        self._cleaners = {"stdout": Cleaner(), "stderr": Cleaner()} if clean else {}
        self._waiting: list[tuple[Stream, str]] = []
        self._chars = 0
        self._flushed_at = float("-inf")

    def feed(self, stream: Stream, data: bytes, now: float) -> list[Output]:
        """Take a chunk; return what should be sent now (often nothing)."""
        self._add(stream, self._decoders[stream].decode(data))
        if self._chars >= PIECE_CHARS or now - self._flushed_at >= INTERVAL_S:
            return self.flush(now)
        return []

    @property
    def due(self) -> float | None:
        """When the waiting text wants to be flushed; None when nothing waits."""
        return self._flushed_at + INTERVAL_S if self._waiting else None

    def flush(self, now: float) -> list[Output]:
        """Everything that waits, joined per stream in order."""
        pieces: list[Output] = []
        merged: list[tuple[Stream, list[str]]] = []
        for stream, text in self._waiting:
            if merged and merged[-1][0] == stream:
                merged[-1][1].append(text)
            else:
                merged.append((stream, [text]))
        for stream, texts in merged:
            text = "".join(texts)
            pieces += [
                Output(stream, text[at : at + PIECE_CHARS])
                for at in range(0, len(text), PIECE_CHARS)
            ]
        self._waiting.clear()
        self._chars = 0
        if pieces:
            self._flushed_at = now
        return pieces

    def finish(self, now: float, *, cut: bool) -> list[Output]:
        """The rest. A character left incomplete becomes U+FFFD, or nothing when it was our own cap that `cut` it."""
        for stream in ("stdout", "stderr"):
            tail = "" if cut else self._decoders[stream].decode(b"", final=True)
            self._add(stream, tail, last=True)
        return self.flush(now)

    def _add(self, stream: Stream, text: str, *, last: bool = False) -> None:
        if self._cleaners:
            text = self._cleaners[stream].feed(text, last=last)
        if text:
            self._waiting.append((stream, text))
            self._chars += len(text)
