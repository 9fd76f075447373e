"""What an account writes and keeps in versions, as the YAML says it: a change makes a new one, and what was used stays."""

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


class Version(msgspec.Struct, frozen=True):
    id: str
    owner_id: str
    key: str
    """The name that stays over versions."""
    version: int
    body: Any
    created_at_ms: int


class Versions:
    """One table of them."""

    def __init__(self, name: str, prefix: str) -> None:
        self._prefix = prefix
        self.table = Table(
            name,
            metadata,
            Column("id", String(28), primary_key=True),
            owner_column(),
            Column("key", String(100), nullable=False),
            Column("version", Integer, nullable=False),
            Column("body", JSON, nullable=False),
            time_column("created_at_ms", nullable=False),
            UniqueConstraint("owner_id", "key", "version"),
        )

    def create(
        self, conn: Connection, owner_id: str, *, key: str, version: int, body: Any, now_ms: int
    ) -> Version:
        row = Version(new_id(self._prefix), owner_id, key, version, body, now_ms)
        conn.execute(insert(self.table).values(msgspec.structs.asdict(row)))
        return row

    def load(self, conn: Connection, owner_id: str, row_id: str) -> Version:
        """Raises NotFound."""
        t = self.table.c
        query = select(self.table).where(t.owner_id == owner_id, t.id == row_id)
        row = conn.execute(query).one_or_none()
        if row is None:
            raise NotFound(row_id)
        return Version(**row._asdict())

    def change(self, conn: Connection, row: Version, body: Any) -> Version:
        """Write another body over a version that nothing names yet; who calls it has made sure of that."""
        t = self.table.c
        conn.execute(
            update(self.table).where(t.owner_id == row.owner_id, t.id == row.id).values(body=body)
        )
        return msgspec.structs.replace(row, body=body)

    def remove(self, conn: Connection, owner_id: str, key: str) -> None:
        """Take out all versions of a key that nothing names; who calls it has made sure of that."""
        t = self.table.c
        conn.execute(delete(self.table).where(t.owner_id == owner_id, t.key == key))

    def versions(self, conn: Connection, owner_id: str, key: str) -> list[Version]:
        """All versions of a key, the newest first."""
        t = self.table.c
        query = (
            select(self.table)
            .where(t.owner_id == owner_id, t.key == key)
            .order_by(t.version.desc())
        )
        return [Version(**row._asdict()) for row in conn.execute(query)]

    def find_by_key(self, conn: Connection, owner_id: str, key: str) -> Version | None:
        """The newest version of a key."""
        return next(iter(self.versions(conn, owner_id, key)), None)

    def list_for(self, conn: Connection, owner_id: str) -> list[Version]:
        """The newest version of each key, in the order in which they came."""
        t = self.table.c
        query = select(self.table).where(t.owner_id == owner_id).order_by(t.version)
        newest = {row.key: Version(**row._asdict()) for row in conn.execute(query)}
        return sorted(newest.values(), key=lambda row: (row.created_at_ms, row.id))
