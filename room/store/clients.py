"""Clients: the companies that an interviewer works for, and what they want by default."""

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy import delete as sa_delete

from room.session.ids import new_id
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

RETENTION_DAYS = 90
"""How long recordings are kept when a client says nothing else."""

clients = Table(
    "clients",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column("name", String(200), nullable=False),
    Column("city", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("contact", String(200), nullable=False),
    Column("about", String(2000), nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("rubric_id", String(28), nullable=True),
    Column("is_demo", Boolean, nullable=False),
    time_column("created_at_ms", nullable=False),
)


class Client(msgspec.Struct, frozen=True):
    """A company that interviews are held for."""

    id: str
    owner_id: str
    name: str
    city: str
    """May be empty; then the zone's city is shown."""
    zone: str
    contact: str
    about: str
    retention_days: int
    rubric_id: str | None
    """The rubric that a new interview starts with."""
    is_demo: bool
    created_at_ms: int


def create(
    conn: Connection,
    owner_id: str,
    *,
    name: str,
    zone: str,
    now_ms: int,
    city: str = "",
    contact: str = "",
    about: str = "",
    retention_days: int = RETENTION_DAYS,
    rubric_id: str | None = None,
    is_demo: bool = False,
) -> Client:
    client = Client(
        id=new_id("c"),
        owner_id=owner_id,
        name=name,
        city=city,
        zone=zone,
        contact=contact,
        about=about,
        retention_days=retention_days,
        rubric_id=rubric_id,
        is_demo=is_demo,
        created_at_ms=now_ms,
    )
    conn.execute(insert(clients).values(msgspec.structs.asdict(client)))
    return client


def save(conn: Connection, client: Client) -> None:
    """Write a changed record over its row."""
    values = msgspec.structs.asdict(client)
    conn.execute(update(clients).where(_is(client.owner_id, client.id)).values(values))


def load(conn: Connection, owner_id: str, client_id: str) -> Client:
    """Raises NotFound."""
    row = conn.execute(select(clients).where(_is(owner_id, client_id))).one_or_none()
    if row is None:
        raise NotFound(client_id)
    return Client(**row._asdict())


def list_for(conn: Connection, owner_id: str) -> list[Client]:
    """By name."""
    query = (
        select(clients).where(clients.c.owner_id == owner_id).order_by(clients.c.name, clients.c.id)
    )
    return [Client(**row._asdict()) for row in conn.execute(query)]


def delete(conn: Connection, owner_id: str, client_id: str) -> None:
    """Remove a client without interviews."""
    conn.execute(sa_delete(clients).where(_is(owner_id, client_id)))


def _is(owner_id: str, client_id: str) -> ColumnElement[bool]:
    return (clients.c.owner_id == owner_id) & (clients.c.id == client_id)
