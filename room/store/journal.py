r"""A session's journal: append-only rows, sealed, chained by hash, unique on (session, seq).

A row's hash commits to the row before it and to a salted payload, not to the payload itself: few choices could be guessed.

    commitment = SHA-256(salt ‖ payload)                         payload: events.encode_payload
    hash       = SHA-256(previous hash ‖ seq ‖ at_ms ‖ wall_ms ‖ commitment)   integers: 8 bytes, big endian, signed
    previous hash of the first row = SHA-256("room/journal/1\\0" ‖ session id)
    sealed     = AES-256-GCM(salt ‖ payload), context "journal/<session id>/<seq>"

The primary key fences a writer whose session has passed to another one: its append fails instead of forking the history.
"""

import hashlib
import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    func,
    insert,
    select,
)

from room.session.events import Recorded, decode_payload, encode_payload
from room.session.ids import InterviewId
from room.store.schema import metadata
from room.store.sealing import Cipher, Damaged, Seals

SALT_BYTES = 16
HASH_BYTES = 32

journal = Table(
    "journal",
    metadata,
    Column(
        "session_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", String(28), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", LargeBinary(HASH_BYTES), nullable=False),
)

keyframes = Table(
    "keyframes",
    metadata,
    Column(
        "session_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", String(28), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_keyframes_session_id_at_ms", "session_id", "at_ms"),
)


class Row(msgspec.Struct, frozen=True):
    session_id: InterviewId
    seq: int
    owner_id: str
    at_ms: int
    wall_ms: int
    sealed: bytes
    hash: bytes


class BrokenChain(ValueError):
    """The journal is not what was written: a row is missing, changed or out of order. Says where."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(f"row {seq}: {what}")
        self.seq = seq


def genesis(session: InterviewId) -> bytes:
    """What stands for the hash before the first row."""
    return hashlib.sha256(b"room/journal/1\0" + session.encode()).digest()


def commitment(salted_payload: bytes) -> bytes:
    return hashlib.sha256(salted_payload).digest()


def link(previous: bytes, seq: int, at_ms: int, wall_ms: int, committed: bytes) -> bytes:
    """A row's hash."""
    return hashlib.sha256(previous + struct.pack(">qqq", seq, at_ms, wall_ms) + committed).digest()


def _context(session: InterviewId, seq: int) -> str:
    return f"journal/{session}/{seq}"


class Pen:
    """Where one session's journal stands: whoever holds it is its only writer."""

    def __init__(
        self, session: InterviewId, owner_id: str, cipher: Cipher, last_hash: bytes
    ) -> None:
        self.session = session
        self.owner_id = owner_id
        self.cipher = cipher
        self.last_hash = last_hash

    def to_rows(self, recorded: Iterable[Recorded]) -> list[Row]:
        """The rows for ``recorded``, sealed and chained on to what was written before; moves ``last_hash`` on."""
        rows = []
        for one in recorded:
            salted = secrets.token_bytes(SALT_BYTES) + encode_payload(one.by, one.event)
            hashed = link(self.last_hash, one.seq, one.at_ms, one.wall_ms, commitment(salted))
            sealed = self.cipher.seal(salted, _context(self.session, one.seq))
            rows.append(
                Row(self.session, one.seq, self.owner_id, one.at_ms, one.wall_ms, sealed, hashed)
            )
            self.last_hash = hashed
        return rows


def append(conn: Connection, rows: Sequence[Row]) -> None:
    """Write rows of any sessions.

    Raises:
        sqlalchemy.exc.IntegrityError: a (session, seq) exists already: somebody else writes this session.
    """
    if rows:
        conn.execute(insert(journal), [msgspec.structs.asdict(row) for row in rows])


def last_hash(conn: Connection, session: InterviewId) -> tuple[int, bytes]:
    """The last row's seq and hash; (0, genesis) of an empty journal."""
    row = conn.execute(
        select(journal.c.seq, journal.c.hash)
        .where(journal.c.session_id == session)
        .order_by(journal.c.seq.desc())
        .limit(1)
    ).first()
    return (row.seq, row.hash) if row else (0, genesis(session))


def stored_bytes(conn: Connection, session: InterviewId) -> int:
    """Bytes of a journal's sealed payloads."""
    size = conn.scalar(
        select(func.sum(func.length(journal.c.sealed))).where(journal.c.session_id == session)
    )
    return int(size or 0)


def rows_of(conn: Connection, session: InterviewId, after: int = 0) -> Iterator[Row]:
    """The rows in order, as they are stored."""
    found = conn.execute(
        select(journal)
        .where(journal.c.session_id == session, journal.c.seq > after)
        .order_by(journal.c.seq)
    )
    for row in found:
        yield Row(session, row.seq, row.owner_id, row.at_ms, row.wall_ms, row.sealed, row.hash)


def open_row(row: Row, cipher: Cipher) -> tuple[Recorded, bytes]:
    """The event of a row, and the commitment that its hash was made of.

    Raises:
        Damaged: the row does not open.
        msgspec.ValidationError: a newer program wrote it.
    """
    salted = cipher.unseal(row.sealed, _context(row.session_id, row.seq))
    by, event = decode_payload(salted[SALT_BYTES:])
    return Recorded(row.seq, row.at_ms, row.wall_ms, by, event), commitment(salted)


def load(conn: Connection, seals: Seals, session: InterviewId, after: int = 0) -> list[Recorded]:
    """The events after ``after``, opened; the chain is not checked (see :func:`verify`).

    Raises:
        KeyDestroyed: the recording was deleted.
        Damaged: a row does not open.
    """
    cipher = seals.cipher(conn, session)
    return [open_row(row, cipher)[0] for row in rows_of(conn, session, after)]


def verify(conn: Connection, seals: Seals, session: InterviewId) -> int:
    """Walk the whole chain; the number of rows that hold.

    Raises:
        BrokenChain: where the first row that does not hold stands.
        KeyDestroyed: the recording was deleted.
    """
    cipher = seals.cipher(conn, session)
    previous, expected = genesis(session), 1
    last_at = 0
    for row in rows_of(conn, session):
        if row.seq != expected:
            raise BrokenChain(expected, "is missing")
        try:
            _, committed = open_row(row, cipher)
        except Damaged as error:
            raise BrokenChain(row.seq, "was changed") from error
        if link(previous, row.seq, row.at_ms, row.wall_ms, committed) != row.hash:
            raise BrokenChain(row.seq, "does not follow from the row before it")
        if row.at_ms < last_at:
            raise BrokenChain(row.seq, "runs backwards in time")
        previous, expected, last_at = row.hash, expected + 1, row.at_ms
    return expected - 1


# ------------------------------------------------------------------------------------------------ keyframes


def keep_keyframe(conn: Connection, pen: Pen, seq: int, at_ms: int, content: bytes) -> None:
    """Store a snapshot of the session after event ``seq``; the same one twice is fine."""
    exists = conn.scalar(
        select(keyframes.c.seq).where(keyframes.c.session_id == pen.session, keyframes.c.seq == seq)
    )
    if exists is None:
        sealed = pen.cipher.seal(content, f"keyframe/{pen.session}/{seq}")
        conn.execute(
            insert(keyframes).values(
                session_id=pen.session, seq=seq, owner_id=pen.owner_id, at_ms=at_ms, sealed=sealed
            )
        )


def last_keyframe(
    conn: Connection, cipher: Cipher, session: InterviewId
) -> tuple[int, bytes] | None:
    """The newest snapshot: (seq, content); None if there is none."""
    row = conn.execute(
        select(keyframes.c.seq, keyframes.c.sealed)
        .where(keyframes.c.session_id == session)
        .order_by(keyframes.c.seq.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return row.seq, cipher.unseal(row.sealed, f"keyframe/{session}/{row.seq}")
