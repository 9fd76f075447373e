"""Accounts of interviewers. An account is an owner: its id is the `owner_id` of everything else."""

from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Row,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from room.session.ids import new_id
from room.store.engine import NotFound
from room.store.schema import metadata, time_column

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(28), primary_key=True),
    Column("email", String(320), nullable=False),
    Column("name", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("is_demo", Boolean, nullable=False),
    time_column("created_at_ms", nullable=False),
    UniqueConstraint("email"),
)


class EmailTaken(ValueError):
    """There is an account with this e-mail address."""


class Account(msgspec.Struct, frozen=True):
    """Somebody who interviews."""

    id: str
    email: str
    """Lower case."""
    name: str
    zone: str
    password_hash: str
    is_demo: bool
    """The account of the demo; it answers on loopback only."""
    created_at_ms: int

    def __repr__(self) -> str:
        return f"Account({self.id})"


def normal_email(email: str) -> str:
    """The form in which addresses are stored and compared."""
    return email.strip().lower()


def _account(row: Row[Any]) -> Account:
    return Account(**row._asdict())


def create(
    conn: Connection,
    *,
    email: str,
    name: str,
    zone: str,
    password_hash: str,
    now_ms: int,
    is_demo: bool = False,
) -> Account:
    """Add an account with nothing in it.

    Raises:
        EmailTaken: another account has the address.
    """
    if find_by_email(conn, email) is not None:
        raise EmailTaken(normal_email(email))
    account = Account(
        id=new_id("a"),
        email=normal_email(email),
        name=name,
        zone=zone,
        password_hash=password_hash,
        is_demo=is_demo,
        created_at_ms=now_ms,
    )
    conn.execute(insert(accounts).values(msgspec.structs.asdict(account)))
    return account


def find_by_email(conn: Connection, email: str) -> Account | None:
    row = conn.execute(
        select(accounts).where(accounts.c.email == normal_email(email))
    ).one_or_none()
    return None if row is None else _account(row)


def find_demo(conn: Connection) -> Account | None:
    row = conn.execute(
        select(accounts).where(accounts.c.is_demo).order_by(accounts.c.created_at_ms).limit(1)
    ).one_or_none()
    return None if row is None else _account(row)


def load(conn: Connection, account_id: str) -> Account:
    """Raises NotFound."""
    row = conn.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
    if row is None:
        raise NotFound(account_id)
    return _account(row)


def set_profile(conn: Connection, account_id: str, *, name: str, zone: str) -> None:
    conn.execute(update(accounts).where(accounts.c.id == account_id).values(name=name, zone=zone))


def set_password(conn: Connection, account_id: str, password_hash: str) -> None:
    conn.execute(
        update(accounts).where(accounts.c.id == account_id).values(password_hash=password_hash)
    )
