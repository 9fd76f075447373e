"""Links: what a person opens to come in, or to see what is kept about them. Only a hash of a token is stored.

The token is made from the link's random id with a key that is not in the database, so that its owner can copy it again.
"""

from typing import Any, Literal

import msgspec
from sqlalchemy import Column, Connection, ForeignKey, Row, String, Table, insert, select, update

from room.session.ids import new_id
from room.store import tokens
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

Purpose = Literal["join", "privacy"]

links = Table(
    "links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("id", String(28), nullable=False, unique=True),
    owner_column(),
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column(
        "member_id",
        String(28),
        ForeignKey("members.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("purpose", String(8), nullable=False),
    time_column("created_at_ms", nullable=False),
    time_column("expires_at_ms", nullable=False),
    time_column("revoked_at_ms"),
    time_column("last_opened_at_ms"),
)


class Link(msgspec.Struct, frozen=True):
    """A link that was issued once; it is never forgotten while its interview is kept."""

    token_hash: str
    id: str
    owner_id: str
    interview_id: str
    member_id: str
    purpose: Purpose
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None
    last_opened_at_ms: int | None
    """When a browser last showed it; a program that only fetches the page does not count."""

    def standing(self, now_ms: int) -> Literal["valid", "expired", "revoked"]:
        if self.revoked_at_ms is not None:
            return "revoked"
        return "expired" if now_ms >= self.expires_at_ms else "valid"


def _link(row: Row[Any]) -> Link:
    return Link(**row._asdict())


def issue(
    conn: Connection,
    key: bytes,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    expires_at_ms: int,
    now_ms: int,
    purpose: Purpose = "join",
) -> str:
    """Make a link for a member; its token. ``key`` is the store's ``link_key``."""
    identity = new_id("l")
    token = tokens.token_for(key, identity)
    conn.execute(
        insert(links).values(
            token_hash=tokens.hashed(token),
            id=identity,
            owner_id=owner_id,
            interview_id=interview_id,
            member_id=member_id,
            purpose=purpose,
            created_at_ms=now_ms,
            expires_at_ms=expires_at_ms,
            revoked_at_ms=None,
            last_opened_at_ms=None,
        )
    )
    return token


def token_of(link: Link, key: bytes) -> str | None:
    """The token again, for its owner to copy; None: the site's key is another than when it was issued."""
    token = tokens.token_for(key, link.id)
    return token if tokens.hashed(token) == link.token_hash else None


def find(conn: Connection, token: str, purpose: Purpose) -> Link | None:
    """The link of a token, valid or not; who presents it proves by it whose rows they may see."""
    query = select(links).where(
        links.c.token_hash == tokens.hashed(token), links.c.purpose == purpose
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else _link(row)


def load(conn: Connection, owner_id: str, link_id: str) -> Link:
    """Raises NotFound."""
    row = conn.execute(
        select(links).where(links.c.owner_id == owner_id, links.c.id == link_id)
    ).one_or_none()
    if row is None:
        raise NotFound(link_id)
    return _link(row)


def list_for(conn: Connection, owner_id: str, interview_id: str) -> list[Link]:
    """The links of an interview, the newest last."""
    query = (
        select(links)
        .where(links.c.owner_id == owner_id, links.c.interview_id == interview_id)
        .order_by(links.c.created_at_ms, links.c.id)
    )
    return [_link(row) for row in conn.execute(query)]


def current_for(
    conn: Connection, owner_id: str, member_id: str, purpose: Purpose = "join"
) -> Link | None:
    """The newest link of a member, switched off or not."""
    query = (
        select(links)
        .where(
            links.c.owner_id == owner_id, links.c.member_id == member_id, links.c.purpose == purpose
        )
        .order_by(links.c.created_at_ms.desc(), links.c.revoked_at_ms.is_(None).desc(), links.c.id)
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else _link(row)


def revoke_all(
    conn: Connection, owner_id: str, member_id: str, now_ms: int, purpose: Purpose = "join"
) -> None:
    """Switch off every link of a member; the ones that are off keep their time."""
    conn.execute(
        update(links)
        .where(
            links.c.owner_id == owner_id,
            links.c.member_id == member_id,
            links.c.purpose == purpose,
            links.c.revoked_at_ms.is_(None),
        )
        .values(revoked_at_ms=now_ms)
    )


def extend_for(
    conn: Connection, owner_id: str, member_id: str, expires_at_ms: int, purpose: Purpose
) -> None:
    """Give all links of a member that are not switched off another end."""
    conn.execute(
        update(links)
        .where(
            links.c.owner_id == owner_id,
            links.c.member_id == member_id,
            links.c.purpose == purpose,
            links.c.revoked_at_ms.is_(None),
        )
        .values(expires_at_ms=expires_at_ms)
    )


def note_opened(conn: Connection, link: Link, now_ms: int) -> None:
    conn.execute(
        update(links)
        .where(links.c.owner_id == link.owner_id, links.c.token_hash == link.token_hash)
        .values(last_opened_at_ms=now_ms)
    )
