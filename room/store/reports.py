"""Reports: the words that are being written, and the signed versions, frozen and sealed with the session's key."""

from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from room.session.ids import InterviewId
from room.store.schema import metadata, owner_column, time_column
from room.store.scorecards import Stale
from room.store.sealing import Cipher, Seals

report_drafts = Table(
    "report_drafts",
    metadata,
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    owner_column(),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    time_column("saved_at_ms", nullable=False),
)

reports = Table(
    "reports",
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
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", String(64), nullable=False),
    time_column("signed_at_ms", nullable=False),
    Column("key_id", String(64), nullable=True),
    Column("signature", LargeBinary, nullable=True),
    UniqueConstraint("interview_id", "version"),
)


class Draft(msgspec.Struct, frozen=True):
    version: int
    body: bytes
    saved_at_ms: int


class Signed(msgspec.Struct, frozen=True):
    """A frozen report; `body` is its canonical JSON."""

    id: str
    owner_id: str
    interview_id: InterviewId
    version: int
    body: bytes
    hash: str
    signed_at_ms: int
    key_id: str | None = None
    """The site's key that signed the hash; None: it is signed when it is given out."""
    signature: bytes | None = None


class Standing(msgspec.Struct, frozen=True):
    """What this site knows about a report by its hash alone."""

    version: int
    newest: int
    newest_signed_at_ms: int


def save_draft(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    body: bytes,
    *,
    based_on: int,
    now_ms: int,
) -> int:
    """Keep the words on top of version `based_on` (0: there are none yet); the new version.

    Raises:
        Stale: somebody saved in between.
    """
    version = based_on + 1
    sealed = seals.seal(
        conn, InterviewId(interview_id), body, f"report draft/{interview_id}/{version}"
    )
    mine = (report_drafts.c.owner_id == owner_id) & (report_drafts.c.interview_id == interview_id)
    current = conn.scalar(select(report_drafts.c.version).where(mine)) or 0
    if current != based_on:
        raise Stale(current)
    if current:
        conn.execute(
            update(report_drafts)
            .where(mine)
            .values(version=version, sealed=sealed, saved_at_ms=now_ms)
        )
    else:
        conn.execute(
            insert(report_drafts).values(
                interview_id=interview_id,
                owner_id=owner_id,
                version=version,
                sealed=sealed,
                saved_at_ms=now_ms,
            )
        )
    return version


def find_draft(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> Draft | None:
    row = conn.execute(
        select(report_drafts).where(
            report_drafts.c.owner_id == owner_id, report_drafts.c.interview_id == interview_id
        )
    ).one_or_none()
    if row is None:
        return None
    body = seals.unseal(
        conn,
        InterviewId(interview_id),
        row.sealed,
        f"report draft/{interview_id}/{row.version}",
    )
    return Draft(row.version, body, row.saved_at_ms)


def freeze(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    interview_id: str,
    *,
    id: str,  # noqa: A002 -- the column's word
    version: int,
    body: bytes,
    hash: str,  # noqa: A002
    signed_at_ms: int,
    key_id: str | None = None,
    signature: bytes | None = None,
) -> None:
    """Keep a signed report for good.

    Raises:
        Stale: this version exists already: it was signed twice at once.
    """
    newest = find_newest(conn, seals, owner_id, interview_id)
    if version != (newest.version if newest else 0) + 1:
        raise Stale(newest.version if newest else 0)
    conn.execute(
        insert(reports).values(
            id=id,
            owner_id=owner_id,
            interview_id=interview_id,
            version=version,
            sealed=seals.seal(conn, InterviewId(interview_id), body, f"report/{id}"),
            hash=hash,
            signed_at_ms=signed_at_ms,
            key_id=key_id,
            signature=signature,
        )
    )


def _signed(row: Row[Any], cipher: Cipher) -> Signed:
    body = cipher.unseal(row.sealed, f"report/{row.id}")
    return Signed(
        row.id,
        row.owner_id,
        row.interview_id,
        row.version,
        body,
        row.hash,
        row.signed_at_ms,
        row.key_id,
        row.signature,
    )


def find_standing(conn: Connection, hash_: str) -> Standing | None:
    """Whether a report with this hash is on file here, and which version counts now. Who knows the hash has the report."""
    found = conn.execute(
        select(reports.c.interview_id, reports.c.version).where(reports.c.hash == hash_)
    ).first()
    if found is None:
        return None
    newest = conn.execute(
        select(reports.c.version, reports.c.signed_at_ms)
        .where(reports.c.interview_id == found.interview_id)
        .order_by(reports.c.version.desc())
        .limit(1)
    ).one()
    return Standing(found.version, newest.version, newest.signed_at_ms)


def find_newest(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> Signed | None:
    """The version that counts now. Raises `sealing.KeyDestroyed` when it was deleted as promised."""
    row = conn.execute(
        select(reports)
        .where(reports.c.owner_id == owner_id, reports.c.interview_id == interview_id)
        .order_by(reports.c.version.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _signed(row, seals.cipher(conn, row.interview_id))


def list_for(conn: Connection, seals: Seals, owner_id: str, interview_id: str) -> list[Signed]:
    """All signed versions, oldest first."""
    rows = conn.execute(
        select(reports)
        .where(reports.c.owner_id == owner_id, reports.c.interview_id == interview_id)
        .order_by(reports.c.version)
    ).all()
    if not rows:
        return []
    cipher = seals.cipher(conn, InterviewId(interview_id))
    return [_signed(row, cipher) for row in rows]


def signed_times(conn: Connection, owner_id: str) -> dict[str, int]:
    """For each interview with a signed report, when it was first signed."""
    rows = conn.execute(
        select(reports.c.interview_id, reports.c.signed_at_ms).where(
            reports.c.owner_id == owner_id, reports.c.version == 1
        )
    )
    return {row.interview_id: row.signed_at_ms for row in rows}
