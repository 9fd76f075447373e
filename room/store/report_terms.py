"""What a client wants of its reports: the name and colour on them, a logo, and what is allowed."""

import msgspec
from sqlalchemy import (
    Boolean,
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

from room.store.schema import metadata, owner_column

report_terms = Table(
    "report_terms",
    metadata,
    Column("client_id", String(28), ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True),
    owner_column(),
    Column("name", String(200), nullable=False),
    Column("colour", String(7), nullable=False),
    Column("logo", LargeBinary, nullable=True),
    Column("allows_letters", Boolean, nullable=False),
    Column("watches_groups", Boolean, nullable=False),
)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    client_id: str
    owner_id: str
    name: str = ""
    """As it stands on reports; empty: the client's name."""
    colour: str = ""
    """``#rrggbb`` in lower case, or empty."""
    logo: bytes | None = None
    """A PNG that we drew ourselves."""
    allows_letters: bool = False
    """Whether candidates of this client may be sent a letter."""
    watches_groups: bool = False
    """Whether selection rates of groups may be compared once there is enough data."""


def load(conn: Connection, owner_id: str, client_id: str) -> Terms:
    """The client's, or the ones that hold where nothing was said."""
    row = conn.execute(
        select(report_terms).where(
            report_terms.c.owner_id == owner_id, report_terms.c.client_id == client_id
        )
    ).one_or_none()
    if row is None:
        return Terms(client_id=client_id, owner_id=owner_id)
    return Terms(**row._asdict())


def save(conn: Connection, terms: Terms) -> None:
    conn.execute(
        delete(report_terms).where(
            report_terms.c.owner_id == terms.owner_id, report_terms.c.client_id == terms.client_id
        )
    )
    conn.execute(insert(report_terms).values(msgspec.structs.asdict(terms)))
