"""What a candidate asked for: more time or another layout, or that everything about them is deleted."""

from typing import Literal

import msgspec
from sqlalchemy import Column, Connection, ForeignKey, String, Table, Text, insert, select, update

from room.session.ids import new_id
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

Kind = Literal["deletion", "copy", "accommodation"]

requests = Table(
    "requests",
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
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    time_column("asked_at_ms", nullable=False),
    time_column("done_at_ms"),
)


class Request(msgspec.Struct, frozen=True):
    """Only the interview's owner sees it."""

    id: str
    owner_id: str
    interview_id: str
    member_id: str
    kind: Kind
    text: str
    """Their own words; may be empty."""
    asked_at_ms: int
    done_at_ms: int | None


def add(
    conn: Connection,
    owner_id: str,
    interview_id: str,
    member_id: str,
    *,
    kind: Kind,
    text: str,
    now_ms: int,
) -> Request:
    request = Request(new_id("d"), owner_id, interview_id, member_id, kind, text, now_ms, None)
    conn.execute(insert(requests).values(msgspec.structs.asdict(request)))
    return request


def list_for(conn: Connection, owner_id: str, interview_id: str) -> list[Request]:
    """In the order in which they were asked."""
    query = (
        select(requests)
        .where(requests.c.owner_id == owner_id, requests.c.interview_id == interview_id)
        .order_by(requests.c.asked_at_ms, requests.c.id)
    )
    return [Request(**row._asdict()) for row in conn.execute(query)]


def interviews_with_open(conn: Connection, owner_id: str) -> set[str]:
    """Ids of interviews with a request that nobody has answered."""
    query = select(requests.c.interview_id).where(
        requests.c.owner_id == owner_id, requests.c.done_at_ms.is_(None)
    )
    return set(conn.execute(query).scalars())


def mark_done(conn: Connection, owner_id: str, request_id: str, now_ms: int) -> None:
    """Raises NotFound."""
    mine = (requests.c.owner_id == owner_id) & (requests.c.id == request_id)
    if conn.execute(update(requests).where(mine).values(done_at_ms=now_ms)).rowcount == 0:
        raise NotFound(request_id)
