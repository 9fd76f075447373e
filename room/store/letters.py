"""The letter to the candidate: words of the interviewer without levels or decision. Sealed with the session's key."""

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
)

from room.session.ids import InterviewId
from room.store.schema import metadata, owner_column, time_column
from room.store.sealing import Seals

letters = Table(
    "letters",
    metadata,
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    owner_column(),
    Column("sealed", LargeBinary, nullable=False),
    time_column("saved_at_ms", nullable=False),
    time_column("shown_at_ms"),
)


class Letter(msgspec.Struct, frozen=True):
    subject: str
    text: str
    saved_at_ms: int = 0
    shown_at_ms: int | None = None
    """Since when the candidate may read it; None: it is a draft."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Letter)


def save(conn: Connection, seals: Seals, owner_id: str, interview_id: str, letter: Letter) -> None:
    """Keep the letter; it takes the place of the one before."""
    conn.execute(
        delete(letters).where(
            letters.c.owner_id == owner_id, letters.c.interview_id == interview_id
        )
    )
    body = _encoder.encode(Letter(letter.subject, letter.text))
    conn.execute(
        insert(letters).values(
            interview_id=interview_id,
            owner_id=owner_id,
            sealed=seals.seal(conn, InterviewId(interview_id), body, f"letter/{interview_id}"),
            saved_at_ms=letter.saved_at_ms,
            shown_at_ms=letter.shown_at_ms,
        )
    )


def find(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> Letter | None:
    """The letter as it stands, shown to the candidate or not."""
    row = conn.execute(
        select(letters).where(
            letters.c.owner_id == owner_id, letters.c.interview_id == interview_id
        )
    ).one_or_none()
    if row is None:
        return None
    body = seals.unseal(conn, InterviewId(interview_id), row.sealed, f"letter/{interview_id}")
    written = _decoder.decode(body)
    return Letter(written.subject, written.text, row.saved_at_ms, row.shown_at_ms)
