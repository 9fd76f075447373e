"""Recordings from other sites, as files, sealed with a key of the site; what is in them is checked before they come here."""

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, String, Table, delete, insert, select

from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column
from room.store.sealing import Seals

imported = Table(
    "imported_recordings",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column("sealed_head", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    time_column("imported_at_ms", nullable=False),
)


class Head(msgspec.Struct, frozen=True):
    """What a list says of a file without opening it."""

    title: str
    site: str
    viewer: str
    minutes: int
    key: str | None
    """The fingerprint of the key that signed it; None: it is not signed."""
    is_known: bool
    """The key is one of this site's own."""


class Imported(msgspec.Struct, frozen=True):
    id: str
    head: Head
    imported_at_ms: int


def add(
    conn: Connection,
    seals: Seals,
    owner_id: str,
    identity: str,
    head: Head,
    file: bytes,
    now_ms: int,
) -> None:
    conn.execute(
        insert(imported).values(
            id=identity,
            owner_id=owner_id,
            sealed_head=seals.imports.seal(msgspec.json.encode(head), f"import/head/{identity}"),
            sealed=seals.imports.seal(file, f"import/{identity}"),
            imported_at_ms=now_ms,
        )
    )


def list_for(conn: Connection, seals: Seals, owner_id: str) -> list[Imported]:
    """The newest first."""
    found = conn.execute(
        select(imported.c.id, imported.c.sealed_head, imported.c.imported_at_ms)
        .where(imported.c.owner_id == owner_id)
        .order_by(imported.c.imported_at_ms.desc(), imported.c.id)
    )
    return [
        Imported(
            row.id,
            msgspec.json.decode(
                seals.imports.unseal(row.sealed_head, f"import/head/{row.id}"), type=Head
            ),
            row.imported_at_ms,
        )
        for row in found
    ]


def load(conn: Connection, seals: Seals, owner_id: str, identity: str) -> bytes:
    """The file. Raises NotFound."""
    sealed = conn.scalar(
        select(imported.c.sealed).where(imported.c.owner_id == owner_id, imported.c.id == identity)
    )
    if sealed is None:
        raise NotFound(identity)
    return seals.imports.unseal(sealed, f"import/{identity}")


def remove(conn: Connection, owner_id: str, identity: str) -> None:
    """Raises NotFound."""
    gone = conn.execute(
        delete(imported).where(imported.c.owner_id == owner_id, imported.c.id == identity)
    )
    if not gone.rowcount:
        raise NotFound(identity)
