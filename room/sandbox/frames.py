"""The words between us and the supervisor inside a box: frames of one letter, a length and bytes. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import msgspec

from room.sandbox.spec import SourceFile

_HEAD = struct.Struct(">cI")
MAX_FRAME = 1 << 24

Why = str
"""exit, wall, cpu, output, exec: what ended the program."""


class BadFrame(Exception):
    """The supervisor's output is not what a supervisor writes; the box cannot be trusted further."""


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the supervisor saw one program end; times in microseconds, `oom` counts kills for lack of memory."""

    code: int
    signal: int
    why: str
    wall_us: int
    cpu_us: int
    peak: int
    oom: int


class BoxFile(msgspec.Struct, frozen=True):
    """A file of the work folder as bytes: what a compiler made, on its way from one box to another."""

    name: str
    data: bytes
    executable: bool = False


class Job(msgspec.Struct, frozen=True):
    """One program to be started in a box: words to start it with, its input, its limits.

    `keep` is a folder; what lies in it when the program has ended well comes back, `keep_bytes` at most. With `terminal`
    (columns, rows) the program gets a terminal in place of pipes, and its input does not end.
    """

    argv: tuple[str, ...]
    stdin: bytes
    wall_s: float
    cpu_s: float
    output_bytes: int
    keep: str = ""
    keep_bytes: int = 0
    terminal: tuple[int, int] | None = None


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """One frame as bytes."""
    return _HEAD.pack(kind, len(body)) + body


def file_frames(files: Iterable[SourceFile | BoxFile]) -> bytes:
    """The frames that hand over the work folder's files."""
    return b"".join(map(_file_frame, files))


def _file_frame(file: SourceFile | BoxFile) -> bytes:
    name = _encode(file.name) + b"\0"
    if isinstance(file, BoxFile):
        return frame(b"X" if file.executable else b"F", name + file.data)
    return frame(b"F", name + _encode(file.text))


def parse_kept(body: bytes) -> BoxFile:
    """The file of an `f` frame. Raises BadFrame."""
    name, mark, data = body[1:].partition(b"\0")
    if body[:1] not in (b"x", b"-") or not mark:
        raise BadFrame(f"kept file {body[:80]!r}")
    try:
        return BoxFile(name.decode("utf-8"), data, executable=body[:1] == b"x")
    except UnicodeDecodeError as error:
        raise BadFrame(f"kept file {body[:80]!r}") from error


def typed(data: bytes) -> bytes:
    """The frame that types into a terminal."""
    return frame(b"I", data)


def resized(columns: int, rows: int) -> bytes:
    """The frame that gives a terminal another size."""
    return frame(b"W", f"{columns} {rows}".encode())


def signalled(number: int) -> bytes:
    """The frame that sends a signal to the running program, in a terminal to its foreground."""
    return frame(b"K", str(number).encode())


def over() -> bytes:
    """The frame that ends a submission, and its supervisor."""
    return frame(b"E")


def next_submission(word: bytes) -> bytes:
    """What the keeper of a box waits for before it makes another supervisor; no frame, since none listens then."""
    return b"room-next " + word


def job_frames(job: Job) -> bytes:
    """The frames that start a program; its whole input goes along."""
    limits = f"{round(job.wall_s * 1000)} {round(job.cpu_s * 1000)} {job.output_bytes}"
    if job.terminal is None:
        start = frame(b"Z") + frame(b"G")
    else:
        columns, rows = job.terminal
        start = frame(b"T", f"{columns} {rows}".encode())
    return (
        frame(b"A", b"\0".join(_encode(word) for word in job.argv))
        + frame(b"L", limits.encode())
        + frame(b"D", f"{job.keep} {job.keep_bytes}".encode() if job.keep else b"")
        + b"".join(
            frame(b"I", job.stdin[at : at + 65536]) for at in range(0, len(job.stdin), 65536)
        )
        + start
    )


def parse_ending(body: bytes) -> Ending:
    """The facts of an `x` frame. Raises BadFrame."""
    try:
        facts = dict(word.split("=", 1) for word in body.decode("ascii").split())
        return msgspec.convert(facts, Ending, strict=False)
    except ValueError as error:
        raise BadFrame(f"ending {body[:80]!r}") from error


class FrameReader:
    """Cuts a stream of bytes, however it is chunked, into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (letter, body) for every frame that is now complete. Raises BadFrame."""
        self._rest += data
        at = 0
        try:
            while len(self._rest) - at >= _HEAD.size:
                kind, length = _HEAD.unpack_from(self._rest, at)
                if kind not in b"heroxf" or length > MAX_FRAME:
                    raise BadFrame(f"frame {bytes(kind)!r} of {length} bytes")
                if len(self._rest) - at - _HEAD.size < length:
                    break
                start = at + _HEAD.size
                at = start + length
                yield kind, bytes(self._rest[start:at])
        finally:
            del self._rest[:at]


def _encode(text: str) -> bytes:
    """UTF-8 of text; lone surrogates (a paste can hold them) become question marks."""
    return text.encode("utf-8", "replace")
