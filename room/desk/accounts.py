"""Accounts: passwords, and what a new account begins with."""

from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from room import content
from room.store import accounts, questions, rubrics
from room.store.accounts import Account
from room.store.engine import Connection

MIN_PASSWORD = 12
MAX_PASSWORD = 1024

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(
    "a password that nobody has, so that an unknown address takes as long as a known one"
)


def create(
    conn: Connection,
    *,
    email: str,
    name: str,
    zone: str,
    password: str,
    now_ms: int,
    is_demo: bool = False,
) -> Account:
    """Add an account with its own copies of the questions and rubrics that ship with Room.

    Raises:
        accounts.EmailTaken: another account has the address.
    """
    account = accounts.create(
        conn,
        email=email,
        name=name,
        zone=zone,
        password_hash=hash_password(password),
        now_ms=now_ms,
        is_demo=is_demo,
    )
    copy_content(conn, account.id, now_ms)
    return account


def copy_content(conn: Connection, owner_id: str, now_ms: int) -> None:
    """Give an account the questions and rubrics of the package; each a millisecond later than the one before it."""
    for at, body in enumerate(content.load("rubrics")["rubrics"]):
        rubrics.create(
            conn,
            owner_id,
            key=body["id"],
            version=body.get("version", 1),
            body=body,
            now_ms=now_ms + at,
        )
    defaults: dict[str, Any] = content.load("challenges")["defaults"]
    for at, challenge in enumerate(content.load("challenges")["challenges"]):
        questions.create(
            conn,
            owner_id,
            key=challenge["id"],
            version=1,
            body={**defaults, **challenge},
            now_ms=now_ms + at,
        )


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def password_fault(password: str) -> str | None:
    """Why this cannot be a password, as a sentence; None: it can."""
    if len(password) < MIN_PASSWORD:
        return f"Use {MIN_PASSWORD} or more characters."
    if len(password) > MAX_PASSWORD:
        return f"Use at most {MAX_PASSWORD} characters."
    return None


def is_password(account: Account | None, password: str) -> bool:
    """Whether it is the account's password. Without an account it is not, and takes as long to find out."""
    try:
        _hasher.verify(account.password_hash if account else _NOBODY, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return account is not None


def needs_new_hash(account: Account) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(account.password_hash)
