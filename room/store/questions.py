"""Questions of an account, as the YAML says them; a change makes a new version, and past interviews keep theirs."""

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
    insert,
    select,
)

from room.session.ids import new_id
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

questions = Table(
    "questions",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column("key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    time_column("created_at_ms", nullable=False),
    UniqueConstraint("owner_id", "key", "version"),
)


class QuestionRow(msgspec.Struct, frozen=True):
    """One version of a question. `room.desk.questions` reads the body."""

    id: str
    owner_id: str
    key: str
    """The name that stays over versions."""
    version: int
    body: Any
    created_at_ms: int


def create(
    conn: Connection, owner_id: str, *, key: str, version: int, body: Any, now_ms: int
) -> QuestionRow:
    row = QuestionRow(
        id=new_id("q"), owner_id=owner_id, key=key, version=version, body=body, created_at_ms=now_ms
    )
    conn.execute(insert(questions).values(msgspec.structs.asdict(row)))
    return row


def load(conn: Connection, owner_id: str, question_id: str) -> QuestionRow:
    """Raises NotFound."""
    query = select(questions).where(questions.c.owner_id == owner_id, questions.c.id == question_id)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFound(question_id)
    return QuestionRow(**row._asdict())


def find_by_key(conn: Connection, owner_id: str, key: str) -> QuestionRow | None:
    """The newest version of the question with this key."""
    query = (
        select(questions)
        .where(questions.c.owner_id == owner_id, questions.c.key == key)
        .order_by(questions.c.version.desc())
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else QuestionRow(**row._asdict())


def list_for(conn: Connection, owner_id: str) -> list[QuestionRow]:
    """The newest version of each question, in the order in which they came."""
    query = select(questions).where(questions.c.owner_id == owner_id).order_by(questions.c.version)
    newest = {row.key: QuestionRow(**row._asdict()) for row in conn.execute(query)}
    return sorted(newest.values(), key=lambda row: (row.created_at_ms, row.id))
