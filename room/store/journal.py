"""A session's journal: append-only rows, sealed, chained by hash, unique on (session, seq).

How a row is made of an event is told in ``store.pen``.

After the end the rows are packed (``store.segments``): the same payloads and salts in blocks, with the hash of each block's last
row; the other hashes follow from the content. What is read here is read from both forms, the packed one first.

The primary key fences a writer whose session has passed to another one: its append fails instead of forking the history.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    ForeignKey,
    Index,
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
from sqlalchemy.sql.compiler import SQLCompiler

from room.session.events import Recorded, decode_payload
from room.session.ids import InterviewId
from room.store import segments
from room.store.engine import Store
from room.store.interviews import interviews
from room.store.packing import PackedRow
from room.store.pen import HASH_BYTES, SALT_BYTES, Pen, Row, commitment, context_of, genesis, link
from room.store.schema import metadata
from room.store.sealing import Cipher, Damaged, Seals
from room.store.segments import Segment

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


STATEMENT_ROWS: Final = 64
"""Rows of one statement at the most."""


class BrokenChain(ValueError):
    """The journal is not what was written: a row is missing, changed or out of order. Says where."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(f"row {seq}: {what}")
        self.seq = seq


@functools.cache
def _insert_for(dialect: Dialect, rows: int) -> tuple[str, bool]:
    """The statement for so many rows, and whether it takes their values by place."""
    names = Row._fields
    values = [dict.fromkeys(names) for _ in range(rows)]
    compiled = insert(journal).values(values).compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101
    wanted = [f"{name}_m{row}" for row in range(rows) for name in names]
    assert compiled.positiontup in (None, wanted)  # noqa: S101
    return str(compiled), compiled.positional


def append(conn: Connection, rows: Sequence[Row]) -> None:
    """Write rows of any sessions.

    Raises:
        sqlalchemy.exc.IntegrityError: a (session, seq) exists already: somebody else writes this session.
    """
    # Straight to the driver: every keystroke comes through here, and the columns are what the driver takes as they are. Many rows
    # in one statement, since the driver lets the interpreter go for each; powers of two, so that few statements are prepared.
    at, left = 0, len(rows)
    while left:
        size = min(STATEMENT_ROWS, 1 << (left.bit_length() - 1))
        statement, is_positional = _insert_for(conn.dialect, size)
        chunk = rows[at : at + size]
        if is_positional:
            conn.exec_driver_sql(statement, tuple(itertools.chain.from_iterable(chunk)))
        else:
            named = {
                f"{name}_m{number}": value
                for number, row in enumerate(chunk)
                for name, value in zip(Row._fields, row, strict=True)
            }
            conn.exec_driver_sql(statement, named)
        at, left = at + size, left - size


def last_hash(conn: Connection, session: InterviewId) -> tuple[int, bytes]:
    """The last row's seq and hash; (0, genesis) of an empty journal."""
    row = conn.execute(
        select(journal.c.seq, journal.c.hash)
        .where(journal.c.session_id == session)
        .order_by(journal.c.seq.desc())
        .limit(1)
    ).first()
    if row is not None:
        return row.seq, row.hash
    packed = segments.last_of(conn, session)
    return (packed.last_seq, packed.last_hash) if packed else (0, genesis(session))


def stored_bytes(conn: Connection, session: InterviewId) -> int:
    """Bytes of a journal's sealed payloads, packed or not."""
    size = conn.scalar(
        select(func.sum(func.length(journal.c.sealed))).where(journal.c.session_id == session)
    )
    return int(size or 0) + segments.stored_bytes(conn, session)


def account_bytes(conn: Connection, owner_id: str) -> int:
    """The same of all of an account's journals. It looks at every row that is not packed."""
    size = conn.scalar(
        select(func.sum(func.length(journal.c.sealed))).where(journal.c.owner_id == owner_id)
    )
    return int(size or 0) + segments.account_bytes(conn, owner_id)


def rows_of(conn: Connection, session: InterviewId, after: int = 0) -> Iterator[Row]:
    """The rows that are not packed, in order, as they are stored."""
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
    salted = cipher.unseal(row.sealed, context_of(row.session_id, row.seq))
    by, event = decode_payload(salted[SALT_BYTES:])
    return Recorded(row.seq, row.at_ms, row.wall_ms, by, event), commitment(salted)


def payload_of(row: Row, cipher: Cipher) -> bytes:
    """A row's payload, not read.

    Raises:
        Damaged: the row does not open.
    """
    return cipher.unseal(row.sealed, context_of(row.session_id, row.seq))[SALT_BYTES:]


class Opened(msgspec.Struct, frozen=True):
    """A row that was opened, whichever form it was stored in."""

    recorded: Recorded
    committed: bytes
    salt: bytes
    payload: bytes
    hash: bytes | None
    """What is stored as its hash; None within a packed block, where only the last row's is."""


def opened(
    conn: Connection, cipher: Cipher, session: InterviewId, after: int = 0
) -> Iterator[Opened]:
    """The rows after ``after``, opened; the chain is not checked.

    Raises:
        Damaged: a row or block does not open.
        msgspec.ValidationError: a newer program wrote it.
    """
    for segment in segments.list_for(conn, session, after):
        for one in _opened(segment, cipher):
            if one.recorded.seq > after:
                yield one
    for row in rows_of(conn, session, after):
        yield _open(row, cipher)


def _open(row: Row, cipher: Cipher) -> Opened:
    salted = cipher.unseal(row.sealed, context_of(row.session_id, row.seq))
    salt, payload = salted[:SALT_BYTES], salted[SALT_BYTES:]
    by, event = decode_payload(payload)
    recorded = Recorded(row.seq, row.at_ms, row.wall_ms, by, event)
    return Opened(recorded, commitment(salted), salt, payload, row.hash)


def _opened(segment: Segment, cipher: Cipher) -> Iterator[Opened]:
    for seq, row in enumerate(segments.rows(segment, cipher), segment.first_seq):
        by, event = decode_payload(row.payload)
        salt = row.salt or cipher.salt(context_of(segment.session_id, seq))
        recorded = Recorded(seq, row.at_ms, row.wall_ms, by, event)
        hashed = segment.last_hash if seq == segment.last_seq else None
        yield Opened(recorded, commitment(salt + row.payload), salt, row.payload, hashed)


def load(conn: Connection, seals: Seals, session: InterviewId, after: int = 0) -> list[Recorded]:
    """The events after ``after``, opened; the chain is not checked (see :func:`verify`).

    Raises:
        KeyDestroyed: the recording was deleted.
        Damaged: a row does not open.
    """
    cipher = seals.cipher(conn, session)
    found: list[Recorded] = []
    for segment in segments.list_for(conn, session, after):
        for seq, row in enumerate(segments.rows(segment, cipher), segment.first_seq):
            if seq > after:
                by, event = decode_payload(row.payload)
                found.append(Recorded(seq, row.at_ms, row.wall_ms, by, event))
    found.extend(open_row(row, cipher)[0] for row in rows_of(conn, session, after))
    return found


def verify(conn: Connection, seals: Seals, session: InterviewId) -> int:
    """Walk the whole chain; the number of rows that hold.

    Raises:
        BrokenChain: where the first row that does not hold stands.
        KeyDestroyed: the recording was deleted.
    """
    cipher = seals.cipher(conn, session)
    walk = Walk(session)
    for segment in segments.list_for(conn, session):
        walk.expect(segment.first_seq)
        try:
            rows = list(_opened(segment, cipher))
        except (Damaged, msgspec.ValidationError) as error:
            raise BrokenChain(
                segment.first_seq, f"was changed, or one up to row {segment.last_seq} was"
            ) from error
        if len(rows) != segment.last_seq - segment.first_seq + 1:
            raise BrokenChain(segment.first_seq + len(rows), "is missing")
        for one in rows:
            walk.step(one.recorded, one.committed, one.hash)
    for row in rows_of(conn, session):
        walk.expect(row.seq)
        try:
            one = _open(row, cipher)
        except (Damaged, msgspec.ValidationError) as error:
            raise BrokenChain(row.seq, "was changed") from error
        walk.step(one.recorded, one.committed, one.hash)
    return walk.count


class Walk:
    """A walk along a chain, row by row from the first one."""

    def __init__(self, session: InterviewId) -> None:
        self.count = 0
        self.last_hash = genesis(session)
        self._last_at = 0

    def expect(self, seq: int) -> None:
        """Raises BrokenChain unless ``seq`` is the number of the next row."""
        if seq > self.count + 1:
            raise BrokenChain(self.count + 1, "is missing")
        if seq <= self.count:
            raise BrokenChain(seq, "is there twice, or out of order")

    def step(self, recorded: Recorded, committed: bytes, stored: bytes | None) -> None:
        """The next row; ``stored`` is what was kept as its hash, if it was.

        Raises:
            BrokenChain: it is not the next one, or does not follow from what was before.
        """
        self.expect(recorded.seq)
        hashed = link(self.last_hash, recorded.seq, recorded.at_ms, recorded.wall_ms, committed)
        if stored is not None and hashed != stored:
            raise BrokenChain(recorded.seq, "does not follow from the row before it")
        if recorded.at_ms < self._last_at:
            raise BrokenChain(recorded.seq, "runs backwards in time")
        self.count, self.last_hash, self._last_at = recorded.seq, hashed, recorded.at_ms


# ------------------------------------------------------------------------------------------------ packing

PACK_ROWS = 8192
"""Rows of one packed block at most. Larger ones gain little and cost memory."""


def unpacked(conn: Connection) -> list[InterviewId]:
    """Sessions that are closed and have rows that are not packed."""
    has_rows = exists().where(journal.c.session_id == interviews.c.id)
    closed = select(interviews.c.id).where(interviews.c.closed_at_ms.is_not(None), has_rows)
    return [InterviewId(one) for one in conn.scalars(closed)]


def pack_next(store: Store, seals: Seals, session: InterviewId) -> int:
    """Pack the oldest rows of a closed session into one block; how many, 0 when nothing is left.

    Blocking, and heavy for the processor: it runs in a thread. The store's write lock is held only while the finished block takes
    the rows' place, so that a crash leaves either the rows or the block.

    Raises:
        BrokenChain: the rows do not hold; nothing is packed, so that nothing is lost that could be looked into.
    """
    with store.read() as conn:
        cipher = seals.cipher(conn, session)
        before = segments.last_of(conn, session)
        rows = list(itertools.islice(rows_of(conn, session), PACK_ROWS))
    if not rows:
        return 0
    walk = Walk(session)
    if before is not None:
        walk.count, walk.last_hash = before.last_seq, before.last_hash
    packed = []
    for row in rows:
        try:
            one = _open(row, cipher)
        except (Damaged, msgspec.ValidationError) as error:
            raise BrokenChain(row.seq, "was changed") from error
        walk.step(one.recorded, one.committed, one.hash)
        follows = one.salt == cipher.salt(context_of(session, row.seq))
        packed.append(PackedRow(row.at_ms, row.wall_ms, one.payload, None if follows else one.salt))
    segment = segments.make(session, rows[0].owner_id, rows[0].seq, packed, walk.last_hash, cipher)
    with store.begin() as conn:
        if seals.find(conn, session) is None:  # deleted meanwhile
            return 0
        segments.keep(conn, segment)
        conn.execute(
            delete(journal).where(
                journal.c.session_id == session, journal.c.seq <= segment.last_seq
            )
        )
        newest = select(func.max(keyframes.c.seq)).where(keyframes.c.session_id == session)
        conn.execute(
            delete(keyframes).where(
                keyframes.c.session_id == session, keyframes.c.seq < newest.scalar_subquery()
            )
        )
    return len(rows)


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
