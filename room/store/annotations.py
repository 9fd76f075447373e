"""Annotations: pins that a rater puts on a replay, after the journal has closed. Their text is sealed with the session's key.

A row stays as it was written; what its author makes of it later is an amendment (`room.store.amendments`).
"""

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    Row,
    String,
    Table,
    insert,
    select,
)

from room.session.ids import CompetencyId, InterviewId, MemberId, new_id
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column
from room.store.sealing import Cipher, Seals

annotations = Table(
    "annotations",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("member_id", String(28), ForeignKey("members.id", ondelete="CASCADE"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    time_column("created_at_ms", nullable=False),
    time_column("withdrawn_at_ms"),
)


class Body(msgspec.Struct, frozen=True):
    """What is sealed of an annotation."""

    text: str
    competency: CompetencyId | None = None


class Annotation(msgspec.Struct, frozen=True):
    id: str
    owner_id: str
    interview_id: InterviewId
    by: MemberId
    at_ms: int
    """Interview time, as of a pin."""
    text: str
    competency: CompetencyId | None
    created_at_ms: int
    withdrawn_at_ms: int | None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Body)


def _annotation(row: Row[Any], cipher: Cipher) -> Annotation:
    body = _decoder.decode(cipher.unseal(row.sealed, f"annotation/{row.id}"))
    return Annotation(
        row.id,
        row.owner_id,
        row.interview_id,
        row.member_id,
        row.at_ms,
        body.text,
        body.competency,
        row.created_at_ms,
        row.withdrawn_at_ms,
    )


def add(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    at_ms: int,
    text: str,
    competency: str | None,
    now_ms: int,
) -> Annotation:
    """Mark a moment; who may is the caller's to know."""
    identity = new_id("p")
    body = Body(text, CompetencyId(competency) if competency else None)
    sealed = seals.seal(
        conn, InterviewId(interview_id), _encoder.encode(body), f"annotation/{identity}"
    )
    conn.execute(
        insert(annotations).values(
            id=identity,
            owner_id=owner_id,
            interview_id=interview_id,
            member_id=member_id,
            at_ms=at_ms,
            sealed=sealed,
            created_at_ms=now_ms,
            withdrawn_at_ms=None,
        )
    )
    return load(conn, seals, owner_id, identity)


def load(conn: Connection, seals: Seals, owner_id: str, annotation_id: str) -> Annotation:
    """Raises NotFound."""
    row = conn.execute(
        select(annotations).where(
            annotations.c.owner_id == owner_id, annotations.c.id == annotation_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(annotation_id)
    return _annotation(row, seals.cipher(conn, row.interview_id))


def list_for(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> list[Annotation]:
    """Everybody's, without those that were withdrawn, in the order of interview time.

    Who may see which is decided by `room.scoring.evidence.visible`.
    """
    rows = conn.execute(
        select(annotations)
        .where(
            annotations.c.owner_id == owner_id,
            annotations.c.interview_id == interview_id,
            annotations.c.withdrawn_at_ms.is_(None),
        )
        .order_by(annotations.c.at_ms, annotations.c.id)
    ).all()
    if not rows:
        return []
    cipher = seals.cipher(conn, InterviewId(interview_id))
    return [_annotation(row, cipher) for row in rows]
