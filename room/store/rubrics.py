"""Rubrics of an account, as the YAML says them; a change makes a new version, and past scorecards keep theirs."""

from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Integer,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from room.session.ids import new_id
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

rubrics = Table(
    "rubrics",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column("key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    time_column("created_at_ms", nullable=False),
    UniqueConstraint("owner_id", "key", "version"),
)


class RubricRow(msgspec.Struct, frozen=True):
    """One version of a rubric. `room.scoring` reads the body."""

    id: str
    owner_id: str
    key: str
    """The name that stays over versions."""
    version: int
    body: Any
    created_at_ms: int


def create(
    conn: Connection, owner_id: str, *, key: str, version: int, body: Any, now_ms: int
) -> RubricRow:
    row = RubricRow(
        id=new_id("u"), owner_id=owner_id, key=key, version=version, body=body, created_at_ms=now_ms
    )
    conn.execute(insert(rubrics).values(msgspec.structs.asdict(row)))
    return row


def load(conn: Connection, owner_id: str, rubric_id: str) -> RubricRow:
    """Raises NotFound."""
    query = select(rubrics).where(rubrics.c.owner_id == owner_id, rubrics.c.id == rubric_id)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFound(rubric_id)
    return RubricRow(**row._asdict())


def change(conn: Connection, row: RubricRow, body: Any) -> RubricRow:
    """Write another body over a version that nothing names yet; who calls it has made sure of that."""
    conn.execute(
        update(rubrics)
        .where(rubrics.c.owner_id == row.owner_id, rubrics.c.id == row.id)
        .values(body=body)
    )
    return msgspec.structs.replace(row, body=body)


def remove(conn: Connection, owner_id: str, key: str) -> None:
    """Take out all versions of a rubric that nothing names; who calls it has made sure of that."""
    conn.execute(delete(rubrics).where(rubrics.c.owner_id == owner_id, rubrics.c.key == key))


def versions(conn: Connection, owner_id: str, key: str) -> list[RubricRow]:
    """All versions of a rubric, the newest first."""
    query = (
        select(rubrics)
        .where(rubrics.c.owner_id == owner_id, rubrics.c.key == key)
        .order_by(rubrics.c.version.desc())
    )
    return [RubricRow(**row._asdict()) for row in conn.execute(query)]


def find_by_key(conn: Connection, owner_id: str, key: str) -> RubricRow | None:
    """The newest version of the rubric with this key."""
    query = (
        select(rubrics)
        .where(rubrics.c.owner_id == owner_id, rubrics.c.key == key)
        .order_by(rubrics.c.version.desc())
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else RubricRow(**row._asdict())


def list_for(conn: Connection, owner_id: str) -> list[RubricRow]:
    """The newest version of each rubric, in the order in which they came."""
    query = select(rubrics).where(rubrics.c.owner_id == owner_id).order_by(rubrics.c.version)
    newest = {row.key: RubricRow(**row._asdict()) for row in conn.execute(query)}
    return sorted(newest.values(), key=lambda row: (row.created_at_ms, row.id))
