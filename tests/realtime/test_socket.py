"""The short way through the socket: whatever way a frame comes in, the room gets it once and in order."""

import asyncio
import random
import struct
from typing import Any

import pytest
from pycrdt import Text

from room.realtime import protocol
from tests.realtime.conftest import Browser, Meeting


def updates(browser: Browser, file: str, words: list[str]) -> list[bytes]:
    """One frame for each word that is put at the end."""

    def put(word: str) -> Any:
        def change(text: Text) -> None:
            text.insert(len(text), word)

        return change

    return [protocol.update(u) for word in words for u in browser.write(file, put(word))]


def masked(frame: bytes, *, first: int = 0x82) -> bytes:
    """A WebSocket frame as a browser sends it."""
    key = random.Random(len(frame)).randbytes(4)
    size = len(frame)
    head = (
        struct.pack(">BB", first, 0x80 | size)
        if size < 126
        else struct.pack(">BBH", first, 0xFE, size)
    )
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(frame))


async def test_whole_and_divided_messages_come_in_order(meeting: Meeting) -> None:
    cal, iris = await meeting.browser("candidate"), await meeting.browser("lead")
    await iris.until(lambda: iris.text(meeting.file) == cal.text(meeting.file))
    frames = updates(cal, meeting.file, [f"{n}," for n in range(60)])
    socket: Any = cal._socket
    for number, frame in enumerate(frames):
        if (
            number % 7 == 3
        ):  # Any order but the right one would not be taken, and would have to be asked for again.
            await socket.send([frame[:5], frame[5:9], frame[9:]])
        else:
            await socket.send(frame)
    await iris.until(lambda: iris.text(meeting.file) == cal.text(meeting.file))
    assert not [f for f in cal.frames if f[:2] == bytes((0, 0))][1:], "nothing was asked for again"


async def test_frames_cut_at_any_byte_come_whole(meeting: Meeting) -> None:
    cal, iris = await meeting.browser("candidate"), await meeting.browser("lead")
    await iris.until(lambda: iris.text(meeting.file) == cal.text(meeting.file))
    frames = updates(cal, meeting.file, ["a", "b" * 300, "c", "d" * 5_000, "e"])
    stream = b"".join(masked(frame) for frame in frames)
    transport: Any = cal._socket.transport  # type: ignore[union-attr]
    dice, at = random.Random(5), 0
    while at < len(stream):
        step = dice.choice((1, 2, 3, 17, 400))
        transport.write(stream[at : at + step])
        at += step
        await asyncio.sleep(0)
    await iris.until(lambda: iris.text(meeting.file) == cal.text(meeting.file))


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x82\x05hello",  # not masked
        masked(b"x", first=0xC2),  # a reserved bit
        masked(b"x", first=0x83),  # no such kind of frame
        masked(b"x", first=0x80),  # the end of nothing
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",  # of nine exabytes
    ],
)
async def test_what_is_no_frame_closes_its_sender_and_nobody_else(
    meeting: Meeting, garbage: bytes
) -> None:
    cal, iris = await meeting.browser("candidate"), await meeting.browser("lead")
    await cal.edit(meeting.file, lambda text: text.insert(0, "before "))
    await iris.until(lambda: iris.text(meeting.file).startswith("before "))
    cal._socket.transport.write(garbage)  # type: ignore[union-attr]
    await cal.until(lambda: cal.closed is not None)
    assert iris.closed is None


async def test_a_flood_is_read_slowly_and_all_of_it(meeting: Meeting) -> None:
    cal, iris = await meeting.browser("candidate"), await meeting.browser("lead")
    await iris.until(lambda: iris.text(meeting.file) == cal.text(meeting.file))
    frames = updates(cal, meeting.file, ["x"] * 20)
    noise = masked(protocol.room_message({"t": "ping"})) * 5_000
    transport: Any = cal._socket.transport  # type: ignore[union-attr]
    transport.write(noise + b"".join(masked(frame) for frame in frames))
    await iris.until(lambda: iris.text(meeting.file) == cal.text(meeting.file))
    assert cal.closed is None
    assert sum(m["t"] == "pong" for m in cal.messages) == 5_000
