"""Packed rows of journals: blocks of a closed session's rows, sealed with the session's key.

Enters and leaves whole blocks; what is in them is ``store.packing``. A block has the number of its first and last row and
the hash of its last one: with those the journal's chain can be walked as before. Deleting a session destroys the key and
removes the blocks.
"""

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    func,
    insert,
    select,
)

from room.session.ids import InterviewId
from room.store import packing
from room.store.packing import BadPack, PackedRow
from room.store.schema import metadata
from room.store.sealing import Cipher, Damaged

segments = Table(
    "journal_segments",
    metadata,
    Column(
        "session_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("first_seq", Integer, primary_key=True, autoincrement=False),
    Column("last_seq", Integer, nullable=False),
    Column("owner_id", String(28), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("last_hash", LargeBinary(32), nullable=False),
)


class Segment(msgspec.Struct, frozen=True):
    session_id: InterviewId
    first_seq: int
    last_seq: int
    owner_id: str
    sealed: bytes
    last_hash: bytes


def _context(session: InterviewId, first: int, last: int) -> str:
    return f"segment/{session}/{first}-{last}"


def make(
    session: InterviewId,
    owner_id: str,
    first_seq: int,
    rows: list[PackedRow],
    last_hash: bytes,
    cipher: Cipher,
) -> Segment:
    """The rows as one sealed block, opened once to see that it holds what it was made of."""
    block = packing.pack(rows)
    if packing.unpack(block) != rows:
        raise AssertionError("a packed block does not hold the rows that it was made of")
    last_seq = first_seq + len(rows) - 1
    sealed = cipher.seal(block, _context(session, first_seq, last_seq))
    return Segment(session, first_seq, last_seq, owner_id, sealed, last_hash)


def content(segment: Segment, cipher: Cipher) -> bytes:
    """The block as it was packed.

    Raises:
        Damaged: it does not open.
    """
    context = _context(segment.session_id, segment.first_seq, segment.last_seq)
    return cipher.unseal(segment.sealed, context)


def rows(segment: Segment, cipher: Cipher) -> list[PackedRow]:
    """The block's rows.

    Raises:
        Damaged: it does not open.
    """
    try:
        return packing.unpack(content(segment, cipher))
    except BadPack as error:
        raise Damaged(str(error)) from error


def keep(conn: Connection, segment: Segment) -> None:
    conn.execute(insert(segments).values(**msgspec.structs.asdict(segment)))


def list_for(conn: Connection, session: InterviewId, after: int = 0) -> list[Segment]:
    """The blocks that hold rows after ``after``, in order."""
    found = conn.execute(
        select(segments)
        .where(segments.c.session_id == session, segments.c.last_seq > after)
        .order_by(segments.c.first_seq)
    )
    return [Segment(**row._asdict()) for row in found]


def last_of(conn: Connection, session: InterviewId) -> Segment | None:
    row = conn.execute(
        select(segments)
        .where(segments.c.session_id == session)
        .order_by(segments.c.first_seq.desc())
        .limit(1)
    ).first()
    return Segment(**row._asdict()) if row else None


def account_bytes(conn: Connection, owner_id: str) -> int:
    size = conn.scalar(
        select(func.sum(func.length(segments.c.sealed))).where(segments.c.owner_id == owner_id)
    )
    return int(size or 0)


def stored_bytes(conn: Connection, session: InterviewId) -> int:
    size = conn.scalar(
        select(func.sum(func.length(segments.c.sealed))).where(segments.c.session_id == session)
    )
    return int(size or 0)
