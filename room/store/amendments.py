"""Amendments: what raters made of moments after the interview. Rows are only ever added, each chained to the one before.

The journal is closed by then and stays as it is; an amendment says how its author wants the moment to read from now on.
Bodies are sealed with the session's key. They hold a random salt, so that a hash of few choices cannot be guessed.
"""

import hashlib
import secrets

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    select,
)

from room.session.ids import CompetencyId, InterviewId, MemberId
from room.store.schema import metadata, owner_column
from room.store.sealing import Seals

amendments = Table(
    "amendments",
    metadata,
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    owner_column(),
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)


class Amendment(msgspec.Struct, frozen=True):
    """How a moment reads from now on."""

    moment: str
    """Id of a pin of the room, or of one that was put on the replay."""
    by: MemberId
    at_ms: int
    """Wall time."""
    text: str
    competency: CompetencyId | None = None
    withdrawn: bool = False
    salt: str = ""


class History(msgspec.Struct, frozen=True):
    """All amendments of an interview, oldest first."""

    rows: tuple[Amendment, ...] = ()
    last_hash: str = ""
    """Hexadecimal; empty when there are none."""
    holds: bool = True
    """False: a row was changed, moved or taken out behind our back."""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Amendment)


def _genesis(interview_id: str) -> bytes:
    return hashlib.sha256(b"room/amendments/1\0" + interview_id.encode()).digest()


def _link(before: bytes, body: bytes) -> bytes:
    return hashlib.sha256(before + hashlib.sha256(body).digest()).digest()


def add(
    conn: Connection, seals: Seals, owner_id: str, interview_id: str, amendment: Amendment
) -> None:
    """Put one more at the end; who may is the caller's to know."""
    last = conn.execute(
        select(amendments.c.number, amendments.c.hash)
        .where(amendments.c.owner_id == owner_id, amendments.c.interview_id == interview_id)
        .order_by(amendments.c.number.desc())
        .limit(1)
    ).one_or_none()
    number, before = (last.number + 1, last.hash) if last else (1, _genesis(interview_id))
    body = _encoder.encode(msgspec.structs.replace(amendment, salt=secrets.token_hex(16)))
    sealed = seals.seal(conn, InterviewId(interview_id), body, f"amendment/{interview_id}/{number}")
    conn.execute(
        insert(amendments).values(
            interview_id=interview_id,
            number=number,
            owner_id=owner_id,
            sealed=sealed,
            hash=_link(before, body),
        )
    )


def load(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> History:
    """Everybody's; `room.scoring.evidence` decides whose count and who may see them."""
    rows = conn.execute(
        select(amendments.c.number, amendments.c.sealed, amendments.c.hash)
        .where(amendments.c.owner_id == owner_id, amendments.c.interview_id == interview_id)
        .order_by(amendments.c.number)
    ).all()
    if not rows:
        return History()
    cipher = seals.cipher(conn, InterviewId(interview_id))
    found, holds, before = [], True, _genesis(interview_id)
    for expected, row in enumerate(rows, 1):
        body = cipher.unseal(row.sealed, f"amendment/{interview_id}/{row.number}")
        before = _link(before, body)
        holds = holds and row.number == expected and row.hash == before
        found.append(_decoder.decode(body))
    return History(tuple(found), rows[-1].hash.hex(), holds)
