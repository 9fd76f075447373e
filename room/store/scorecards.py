"""Scorecards: each rater's, as versions. What people wrote is sealed; `room.scoring` knows what the bytes mean.

A card's version counts up with every save. A save names the version that it started from, so that of two devices the
later one is told instead of overwriting. Signed versions stay for ever, of drafts the newest few.
"""

from typing import Any, Literal

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from room.session.ids import InterviewId, new_id
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column
from room.store.sealing import Cipher, Seals

DRAFTS_KEPT = 20

Kind = Literal["draft", "signed", "correction"]

scorecards = Table(
    "scorecards",
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
    Column("rubric_id", String(28), ForeignKey("rubrics.id"), nullable=False),
    Column("version", Integer, nullable=False),
    time_column("submitted_at_ms"),
    time_column("created_at_ms", nullable=False),
    UniqueConstraint("interview_id", "member_id"),
)

scorecard_versions = Table(
    "scorecard_versions",
    metadata,
    Column(
        "scorecard_id",
        String(28),
        ForeignKey("scorecards.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", Integer, primary_key=True, autoincrement=False),
    owner_column(),
    Column("kind", String(12), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", String(64), nullable=False),
    time_column("saved_at_ms", nullable=False),
)

scorecard_remarks = Table(
    "scorecard_remarks",
    metadata,
    Column(
        "scorecard_id",
        String(28),
        ForeignKey("scorecards.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("competency", String(100), primary_key=True),
    owner_column(),
    Column("sealed", LargeBinary, nullable=False),
    time_column("saved_at_ms", nullable=False),
)


class Card(msgspec.Struct, frozen=True):
    """A rater's scorecard as a row: where it stands, not what it says."""

    id: str
    owner_id: str
    interview_id: InterviewId
    member_id: str
    rubric_id: str
    version: int
    """0 until something was saved."""
    submitted_at_ms: int | None
    """When it was first signed; from then on it changes by corrections only."""
    created_at_ms: int


class Version(msgspec.Struct, frozen=True):
    scorecard_id: str
    version: int
    kind: Kind
    body: bytes
    hash: str
    """SHA-256 over the body of a signed version; empty for a draft."""
    saved_at_ms: int


class Stale(Exception):
    """The save started from an older version than the newest; `version` is the newest."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the newest version is {version}")
        self.version = version


def _of(owner_id: str, interview_id: str) -> ColumnElement[bool]:
    return (scorecards.c.owner_id == owner_id) & (scorecards.c.interview_id == interview_id)


def open_card(
    conn: Connection,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    rubric_id: str,
    now_ms: int,
) -> Card:
    """The member's card; it is made when there is none yet."""
    known = find(conn, owner_id, interview_id, member_id)
    if known is not None:
        return known
    card = Card(
        new_id("s"), owner_id, InterviewId(interview_id), member_id, rubric_id, 0, None, now_ms
    )
    conn.execute(insert(scorecards).values(msgspec.structs.asdict(card)))
    return card


def find(conn: Connection, owner_id: str, interview_id: str, member_id: str) -> Card | None:
    row = conn.execute(
        select(scorecards).where(_of(owner_id, interview_id), scorecards.c.member_id == member_id)
    ).one_or_none()
    return None if row is None else Card(**row._asdict())


def load(conn: Connection, owner_id: str, card_id: str) -> Card:
    """Raises NotFound."""
    row = conn.execute(
        select(scorecards).where(scorecards.c.owner_id == owner_id, scorecards.c.id == card_id)
    ).one_or_none()
    if row is None:
        raise NotFound(card_id)
    return Card(**row._asdict())


def list_for(conn: Connection, owner_id: str, interview_id: str) -> list[Card]:
    """All cards of an interview, in the order in which they were begun."""
    rows = conn.execute(
        select(scorecards)
        .where(_of(owner_id, interview_id))
        .order_by(scorecards.c.created_at_ms, scorecards.c.id)
    )
    return [Card(**row._asdict()) for row in rows]


def list_of_owner(conn: Connection, owner_id: str) -> list[Card]:
    """All cards of an account's interviews."""
    rows = conn.execute(select(scorecards).where(scorecards.c.owner_id == owner_id))
    return [Card(**row._asdict()) for row in rows]


def write(
    conn: Connection,
    seals: Seals,
    card: Card,
    *,
    kind: Kind,
    body: bytes,
    hash: str,  # noqa: A002 -- the column's word
    based_on: int,
    now_ms: int,
) -> Card:
    """Add a version on top of `based_on`.

    Raises:
        Stale: somebody saved in between.
    """
    changed = {"version": based_on + 1}
    if kind == "signed":
        changed["submitted_at_ms"] = now_ms
    taken = conn.execute(
        update(scorecards)
        .where(scorecards.c.id == card.id, scorecards.c.owner_id == card.owner_id)
        .where(scorecards.c.version == based_on)
        .values(**changed)
    )
    if taken.rowcount != 1:
        raise Stale(load(conn, card.owner_id, card.id).version)
    sealed = seals.seal(conn, card.interview_id, body, f"scorecard/{card.id}/{based_on + 1}")
    conn.execute(
        insert(scorecard_versions).values(
            scorecard_id=card.id,
            version=based_on + 1,
            owner_id=card.owner_id,
            kind=kind,
            sealed=sealed,
            hash=hash,
            saved_at_ms=now_ms,
        )
    )
    conn.execute(
        delete(scorecard_versions).where(
            scorecard_versions.c.scorecard_id == card.id,
            scorecard_versions.c.kind == "draft",
            scorecard_versions.c.version <= based_on + 1 - DRAFTS_KEPT,
        )
    )
    return load(conn, card.owner_id, card.id)


def _version(row: Row[Any], cipher: Cipher) -> Version:
    body = cipher.unseal(row.sealed, f"scorecard/{row.scorecard_id}/{row.version}")
    return Version(row.scorecard_id, row.version, row.kind, body, row.hash, row.saved_at_ms)


def newest(conn: Connection, seals: Seals, card: Card) -> Version | None:
    """The version that counts now; None: nothing was saved."""
    row = conn.execute(
        select(scorecard_versions).where(
            scorecard_versions.c.owner_id == card.owner_id,
            scorecard_versions.c.scorecard_id == card.id,
            scorecard_versions.c.version == card.version,
        )
    ).one_or_none()
    return None if row is None else _version(row, seals.cipher(conn, card.interview_id))


def signed(conn: Connection, seals: Seals, card: Card) -> list[Version]:
    """What was signed, and its corrections, oldest first."""
    rows = conn.execute(
        select(scorecard_versions)
        .where(
            scorecard_versions.c.owner_id == card.owner_id,
            scorecard_versions.c.scorecard_id == card.id,
            scorecard_versions.c.kind != "draft",
        )
        .order_by(scorecard_versions.c.version)
    ).all()
    if not rows:
        return []
    cipher = seals.cipher(conn, card.interview_id)
    return [_version(row, cipher) for row in rows]


# ------------------------------------------------------------------------------------------------ remarks on differences


def set_remark(
    conn: Connection, seals: Seals, card: Card, *, competency: str, text: str, now_ms: int
) -> None:
    """The rater's one comment on a difference; a new text takes the place of the old one, an empty one removes it."""
    this = (scorecard_remarks.c.scorecard_id == card.id) & (
        scorecard_remarks.c.competency == competency
    )
    conn.execute(
        delete(scorecard_remarks).where(this, scorecard_remarks.c.owner_id == card.owner_id)
    )
    if text:
        conn.execute(
            insert(scorecard_remarks).values(
                scorecard_id=card.id,
                competency=competency,
                owner_id=card.owner_id,
                sealed=seals.seal(
                    conn, card.interview_id, text.encode(), f"remark/{card.id}/{competency}"
                ),
                saved_at_ms=now_ms,
            )
        )


def remarks(conn: Connection, seals: Seals, card: Card) -> dict[str, str]:
    """The card's remarks by competency."""
    rows = conn.execute(
        select(scorecard_remarks).where(
            scorecard_remarks.c.owner_id == card.owner_id,
            scorecard_remarks.c.scorecard_id == card.id,
        )
    ).all()
    if not rows:
        return {}
    cipher = seals.cipher(conn, card.interview_id)
    return {
        row.competency: cipher.unseal(row.sealed, f"remark/{card.id}/{row.competency}").decode()
        for row in rows
    }
