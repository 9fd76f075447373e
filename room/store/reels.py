"""Kept reels: the form in which recordings are looked at, so that nobody waits for it to be made.

Enters and leaves whole parts, packed here and sealed with the session's key; what is in them is ``replay.reel``. Part 0 is the
head; what follows is told in ``replay.keeping``. Everything here follows from the journal and can be thrown away and made again.
Deleting a session removes its reel, and destroying its key makes what backups hold of it unreadable.
"""

import lzma
from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    exists,
    func,
    insert,
    select,
)

from room.session.ids import InterviewId
from room.store.interviews import interviews
from room.store.schema import metadata
from room.store.sealing import Cipher, Damaged, session_keys
from room.store.segments import segments

_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1024 * 1024}]

reels = Table(
    "reels",
    metadata,
    Column(
        "session_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", String(28), nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)


def pack(part: bytes) -> bytes:
    return lzma.compress(part, lzma.FORMAT_RAW, filters=_FILTERS)


def _unpack(content: bytes) -> bytes:
    return lzma.decompress(content, lzma.FORMAT_RAW, filters=_FILTERS)


def _context(session: InterviewId, part: int) -> str:
    return f"reel/{session}/{part}"


def keep(
    conn: Connection,
    cipher: Cipher,
    session: InterviewId,
    *,
    version: int,
    last_seq: int,
    parts: Sequence[bytes],
) -> None:
    """Put packed ``parts``, the head first, in the place of what was kept of a session."""
    owner = conn.scalar(select(interviews.c.owner_id).where(interviews.c.id == session))
    conn.execute(delete(reels).where(reels.c.session_id == session))
    conn.execute(
        insert(reels),
        [
            {
                "session_id": session,
                "part": number,
                "owner_id": owner,
                "version": version,
                "last_seq": last_seq,
                "sealed": cipher.seal(part, _context(session, number)),
            }
            for number, part in enumerate(parts)
        ],
    )


def last_seq(conn: Connection, session: InterviewId, version: int) -> int | None:
    """Up to which event a reel of this version was kept; None where none is."""
    return conn.scalar(
        select(reels.c.last_seq).where(
            reels.c.session_id == session, reels.c.part == 0, reels.c.version == version
        )
    )


def load(conn: Connection, cipher: Cipher, session: InterviewId, part: int) -> bytes | None:
    """A part; None where it is not kept.

    Raises:
        Damaged: it does not open.
    """
    sealed = conn.scalar(
        select(reels.c.sealed).where(reels.c.session_id == session, reels.c.part == part)
    )
    if sealed is None:
        return None
    try:
        return _unpack(cipher.unseal(sealed, _context(session, part)))
    except lzma.LZMAError as error:
        raise Damaged(str(error)) from error


def missing(conn: Connection, version: int) -> list[InterviewId]:
    """Sessions that ended and whose reel is not there, is of another version, or ends before what was packed since.

    The newest first.
    """
    packed = (
        select(func.coalesce(func.max(segments.c.last_seq), 0))
        .where(segments.c.session_id == interviews.c.id)
        .scalar_subquery()
    )
    kept = exists().where(
        reels.c.session_id == interviews.c.id,
        reels.c.part == 0,
        reels.c.version == version,
        reels.c.last_seq >= packed,
    )
    was_recorded = exists().where(session_keys.c.interview_id == interviews.c.id)
    found = conn.scalars(
        select(interviews.c.id)
        .where(interviews.c.ended_at_ms.is_not(None), was_recorded, ~kept)
        .order_by(interviews.c.ended_at_ms.desc())
    )
    return [InterviewId(one) for one in found]


def remove(conn: Connection, session: InterviewId) -> None:
    conn.execute(delete(reels).where(reels.c.session_id == session))


def stored_bytes(conn: Connection, session: InterviewId) -> int:
    size = conn.scalar(
        select(func.sum(func.length(reels.c.sealed))).where(reels.c.session_id == session)
    )
    return int(size or 0)
