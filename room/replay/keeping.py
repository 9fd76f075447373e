"""Keeping reels: made in a process of their own when an interview has ended, read a part at a time when somebody looks.

Making one takes seconds of a processor; in a thread of the server the rooms that are live would feel it. The child gets what the
journal holds, opened, through a pipe and gives back the packed parts: it has no key, no database and no network to speak of.
"""

import asyncio
import functools
import gzip
import itertools
import json
import struct
import sys
from pathlib import Path
from typing import Final, Literal

import msgspec

import room
from room.replay import reel
from room.replay.chronicle import Chronicle, NoChronicle
from room.replay.reel import OtherVersion, Reel
from room.session.events import Recorded, decode_payload
from room.session.ids import InterviewId
from room.store import journal, packing, reels, segments
from room.store.engine import Store
from room.store.sealing import Damaged, Seals
from room.yjs.updates import UnreadableUpdate

ROOT: Final = Path(room.__file__).parents[1]
TIME_MAX_S: Final = 900
CHRONICLE: Final = 1
"""Its place among the parts of a kept reel; the head is 0."""
FIRST_STRETCH: Final = 2
CHRONICLE_GZIP_LEVEL: Final = 9
_told: Final = struct.Struct(">I")
"""How many edits a kept chronicle tells of; stands before it."""
NICE: Final = 10
"""Keys of a live room go first."""


class NotKept(RuntimeError):
    """The reel could not be made; whoever looks gets one made from the journal."""


class _Block(msgspec.Struct, frozen=True, array_like=True):
    """Some of a journal, as it was packed or row by row: at_ms, wall_ms, payload."""

    first_seq: int
    content: bytes | tuple[tuple[int, int, bytes], ...]


class _Made(msgspec.Struct, frozen=True, array_like=True):
    last_seq: int
    parts: tuple[bytes, ...]
    """The head; the chronicle with how many edits it tells, empty where there can be none; of each stretch what it holds, and
    its keyframe, empty where it has none."""


_order = msgspec.msgpack.Decoder(tuple[_Block, ...])
_made = msgspec.msgpack.Decoder(_Made)


def missing(store: Store) -> list[InterviewId]:
    """Sessions that ended and have no reel that can be used."""
    with store.read() as conn:
        return reels.missing(conn, reel.VERSION)


async def keep(store: Store, seals: Seals, session: InterviewId) -> None:
    """Make a session's reel and keep it, unless it is deleted meanwhile.

    Raises:
        NotKept: the journal cannot be read, or the child failed or took too long.
    """
    try:
        blocks = await asyncio.to_thread(_blocks, store, seals, session)
    except Damaged as error:
        raise NotKept(str(error)) from error
    if blocks:
        made = await _in_child(blocks)
        await asyncio.to_thread(_put, store, seals, session, made)


def _blocks(store: Store, seals: Seals, session: InterviewId) -> tuple[_Block, ...]:
    with store.read() as conn:
        cipher = seals.find(conn, session)
        if cipher is None:
            return ()
        blocks = [
            _Block(one.first_seq, segments.content(one, cipher))
            for one in segments.list_for(conn, session)
        ]
        rows = list(journal.rows_of(conn, session))
    if rows:
        opened = tuple((one.at_ms, one.wall_ms, journal.payload_of(one, cipher)) for one in rows)
        blocks.append(_Block(rows[0].seq, opened))
    return tuple(blocks)


def _put(store: Store, seals: Seals, session: InterviewId, made: _Made) -> None:
    with store.begin() as conn:
        cipher = seals.find(conn, session)
        if cipher is not None:
            reels.keep(
                conn,
                cipher,
                session,
                version=reel.VERSION,
                last_seq=made.last_seq,
                parts=made.parts,
            )


def find(store: Store, seals: Seals, session: InterviewId) -> Reel | None:
    """The reel that was kept, if it is of this version; what was recorded since is not in it.

    Raises:
        KeyDestroyed: the recording was deleted.
    """
    with store.read() as conn:
        cipher = seals.cipher(conn, session)
        try:
            head = reels.load(conn, cipher, session, 0)
            if head is None:
                return None
            return reel.from_head(head, functools.partial(_bring, store, seals, session))
        except (Damaged, OtherVersion):
            return None


def _bring(
    store: Store,
    seals: Seals,
    session: InterviewId,
    what: Literal["part", "document"],
    number: int,
) -> bytes:
    """Something of a stretch. The key is asked for each time: once it is gone, what is held of the reel opens nothing more."""
    place = FIRST_STRETCH + 2 * number + (what == "document")
    with store.read() as conn:
        part = reels.load(conn, seals.cipher(conn, session), session, place)
    if part is None:
        raise Damaged(f"the {what} of stretch {number} of the reel of {session} is missing")
    return part


def find_chronicle(store: Store, seals: Seals, session: InterviewId, whole: Reel) -> bytes | None:
    """The chronicle of all edits in a reel, packed with gzip; None where none was kept, or edits came after it.

    Raises:
        KeyDestroyed: the recording was deleted.
    """
    with store.read() as conn:
        cipher = seals.cipher(conn, session)
        try:
            kept = reels.load(conn, cipher, session, CHRONICLE)
        except Damaged:
            return None
    if not kept or _told.unpack_from(kept)[0] != whole.edits:
        return None
    return kept[_told.size :]


# ------------------------------------------------------------------------------------------------ the child


async def _in_child(blocks: tuple[_Block, ...]) -> _Made:
    site = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    program = (
        f"import os, sys; os.nice({NICE}); sys.path[:0] = {json.dumps([str(ROOT), *site])}; "
        "from room.replay.keeping import serve; serve()"
    )
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        env={"LANG": "C.UTF-8"},
    )
    try:
        order = msgspec.msgpack.encode(blocks)
        answer, fault = await asyncio.wait_for(child.communicate(order), TIME_MAX_S)
        if child.returncode:
            raise NotKept(fault.decode("utf-8", "replace")[-2000:])
        return _made.decode(answer)
    except (TimeoutError, msgspec.DecodeError) as error:
        raise NotKept(str(error) or "it took too long") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def make(blocks: tuple[_Block, ...]) -> _Made:
    """The packed parts of a reel, the head first."""
    whole = Reel()
    for block in blocks:
        whole = reel.extend(whole, _recorded(block))
    stretches = itertools.chain.from_iterable(zip(whole.parts, whole.documents, strict=True))
    parts = (reel.head_of(whole), _kept_chronicle(whole), *(part or b"" for part in stretches))
    return _Made(whole.seq, tuple(map(reels.pack, parts)))


def chronicle_of(whole: Reel) -> bytes:
    """The bytes of a reel's chronicle; none where only a document can say what a moment showed."""
    made = Chronicle()
    try:
        for number in range(len(whole.stretches)):
            if number == 0:
                made.open(whole.keyframe(number))
            for update in whole.part(number).updates():
                made.take(update)
    except (NoChronicle, UnreadableUpdate):
        return b""
    return made.encode()


def _kept_chronicle(whole: Reel) -> bytes:
    told = chronicle_of(whole)
    if not told:
        return b""
    # Packed as a browser takes it, so that sending it costs nothing but opening the seal.
    return _told.pack(whole.edits) + gzip.compress(told, CHRONICLE_GZIP_LEVEL, mtime=0)


def _recorded(block: _Block) -> list[Recorded]:
    rows = block.content
    if isinstance(rows, bytes):
        rows = tuple((row.at_ms, row.wall_ms, row.payload) for row in packing.unpack(rows))
    return [
        Recorded(seq, at_ms, wall_ms, *decode_payload(payload))
        for seq, (at_ms, wall_ms, payload) in enumerate(rows, block.first_seq)
    ]


def serve() -> None:
    """What the child does: blocks from standard input, parts to standard output."""
    answer = msgspec.msgpack.encode(make(_order.decode(sys.stdin.buffer.read())))
    sys.stdout.buffer.write(answer)
