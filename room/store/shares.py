"""Shares: links to a report, with an end, a switch, and a log of when they were opened. Only a hash of a token is stored.

Of an opening the time is kept and nothing else: no address, no browser.
"""

from typing import Any, Literal

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Row,
    String,
    Table,
    delete,
    false,
    func,
    insert,
    select,
    update,
)

from room.session.ids import new_id
from room.store import tokens
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

_hasher = PasswordHasher()

OPENING_MS = 60_000
"""Openings of one link within so much time count as one."""

shares = Table(
    "shares",
    metadata,
    Column("id", String(28), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    owner_column(),
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("label", String(200), nullable=False),
    Column("with_replay", Boolean, nullable=False),
    time_column("created_at_ms", nullable=False),
    time_column("expires_at_ms", nullable=False),
    time_column("revoked_at_ms"),
    Column("passcode_hash", String(200), nullable=True),
    Column("blind", Boolean, nullable=False, server_default=false()),
)

share_openings = Table(
    "share_openings",
    metadata,
    Column("share_id", String(28), ForeignKey("shares.id", ondelete="CASCADE"), primary_key=True),
    Column("at_ms", shares.c.created_at_ms.type, primary_key=True, autoincrement=False),
    owner_column(),
)

share_readers = Table(
    "share_readers",
    metadata,
    Column("cookie_hash", String(64), primary_key=True),
    owner_column(),
    Column(
        "share_id",
        String(28),
        ForeignKey("shares.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    time_column("created_at_ms", nullable=False),
)


class Share(msgspec.Struct, frozen=True):
    id: str
    token_hash: str
    owner_id: str
    interview_id: str
    label: str
    """Whom it was made for; only its owner sees this."""
    with_replay: bool
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None
    passcode_hash: str | None = None
    """argon2id of the passcode; None: the link alone opens it."""
    blind: bool = False
    """Read without the candidate's name and pronouns."""

    def standing(self, now_ms: int) -> Literal["valid", "expired", "revoked"]:
        if self.revoked_at_ms is not None:
            return "revoked"
        return "expired" if now_ms >= self.expires_at_ms else "valid"


def _is(owner_id: str, share_id: str) -> ColumnElement[bool]:
    return (shares.c.owner_id == owner_id) & (shares.c.id == share_id)


def _share(row: Row[Any]) -> Share:
    return Share(**row._asdict())


def create(
    conn: Connection,
    key: bytes,
    owner_id: str,
    interview_id: str,
    *,
    label: str,
    with_replay: bool,
    expires_at_ms: int,
    now_ms: int,
    passcode_hash: str | None = None,
    blind: bool = False,
) -> tuple[Share, str]:
    """Make a link; the share and its token. `key` is the store's `link_key`."""
    identity = new_id("h")
    token = tokens.token_for(key, identity)
    share = Share(
        id=identity,
        token_hash=tokens.hashed(token),
        owner_id=owner_id,
        interview_id=interview_id,
        label=label,
        with_replay=with_replay,
        created_at_ms=now_ms,
        expires_at_ms=expires_at_ms,
        revoked_at_ms=None,
        passcode_hash=passcode_hash,
        blind=blind,
    )
    conn.execute(insert(shares).values(msgspec.structs.asdict(share)))
    return share, token


def insert_shell(conn: Connection, share: Share) -> None:
    """Put back of a share what tells a link from one that never was: not whom it was made for, nor its passcode."""
    shell = msgspec.structs.replace(
        share, label="", with_replay=False, passcode_hash=None, blind=False
    )
    conn.execute(insert(shares).values(msgspec.structs.asdict(shell)))


def token_of(share: Share, key: bytes) -> str | None:
    """The token again, for its owner to copy; None: the site's key is another than when it was made."""
    token = tokens.token_for(key, share.id)
    return token if tokens.hashed(token) == share.token_hash else None


def find(conn: Connection, token: str) -> Share | None:
    """The share of a token, valid or not; who presents it proves by it what they may read."""
    row = conn.execute(
        select(shares).where(shares.c.token_hash == tokens.hashed(token))
    ).one_or_none()
    return None if row is None else _share(row)


def load(conn: Connection, owner_id: str, share_id: str) -> Share:
    """Raises NotFound."""
    row = conn.execute(select(shares).where(_is(owner_id, share_id))).one_or_none()
    if row is None:
        raise NotFound(share_id)
    return _share(row)


def list_for(conn: Connection, owner_id: str, interview_id: str) -> list[Share]:
    """The links of a report, the newest first."""
    rows = conn.execute(
        select(shares)
        .where(shares.c.owner_id == owner_id, shares.c.interview_id == interview_id)
        .order_by(shares.c.created_at_ms.desc(), shares.c.id)
    )
    return [_share(row) for row in rows]


def revoke(conn: Connection, owner_id: str, share_id: str, now_ms: int) -> None:
    """Switch a link off at once, the replay of those who came by it included. Raises NotFound."""
    load(conn, owner_id, share_id)
    conn.execute(
        update(shares)
        .where(_is(owner_id, share_id), shares.c.revoked_at_ms.is_(None))
        .values(revoked_at_ms=now_ms)
    )
    conn.execute(
        delete(share_readers).where(
            share_readers.c.owner_id == owner_id, share_readers.c.share_id == share_id
        )
    )


def note_opened(conn: Connection, share: Share, now_ms: int) -> None:
    """Log an opening, as a time."""
    last = conn.scalar(
        select(func.max(share_openings.c.at_ms)).where(share_openings.c.share_id == share.id)
    )
    if last is None or now_ms - last >= OPENING_MS:
        conn.execute(
            insert(share_openings).values(share_id=share.id, owner_id=share.owner_id, at_ms=now_ms)
        )


def openings(conn: Connection, owner_id: str, share_id: str, limit: int = 50) -> list[int]:
    """When the link was opened, the newest first."""
    return list(
        conn.execute(
            select(share_openings.c.at_ms)
            .where(share_openings.c.owner_id == owner_id, share_openings.c.share_id == share_id)
            .order_by(share_openings.c.at_ms.desc())
            .limit(limit)
        ).scalars()
    )


def hash_passcode(passcode: str) -> str:
    """What is stored of a passcode."""
    return _hasher.hash(passcode)


def is_passcode(share: Share, passcode: str) -> bool:
    """Whether it opens the share. Slow on purpose."""
    try:
        return share.passcode_hash is not None and _hasher.verify(share.passcode_hash, passcode)
    except (VerificationError, InvalidHashError):
        return False


def unlock(conn: Connection, share: Share, now_ms: int) -> str:
    """The passcode was right: the value of the cookie with which this browser opens the share until its end."""
    cookie = tokens.new_secret()
    conn.execute(
        insert(share_readers).values(
            cookie_hash=tokens.hashed(f"open/{cookie}"),
            owner_id=share.owner_id,
            share_id=share.id,
            created_at_ms=now_ms,
        )
    )
    return cookie


def is_unlocked(conn: Connection, share: Share, cookie: str | None) -> bool:
    """Whether a browser with this cookie may open the share. One without a passcode is open."""
    if share.passcode_hash is None:
        return True
    if not cookie:
        return False
    found = conn.scalar(
        select(func.count())
        .select_from(share_readers)
        .where(
            share_readers.c.cookie_hash == tokens.hashed(f"open/{cookie}"),
            share_readers.c.share_id == share.id,
        )
    )
    return bool(found)


def admit_reader(conn: Connection, share: Share, now_ms: int) -> str:
    """Let a browser watch the replay by this link; the cookie's value. The cookie is named ``reader_<interview id>``."""
    if not share.with_replay or share.standing(now_ms) != "valid":
        raise NotFound(share.id)
    cookie = tokens.new_secret()
    conn.execute(
        insert(share_readers).values(
            cookie_hash=tokens.hashed(cookie),
            owner_id=share.owner_id,
            share_id=share.id,
            created_at_ms=now_ms,
        )
    )
    return cookie


def find_reader(conn: Connection, interview_id: str, cookie: str, now_ms: int) -> Share | None:
    """The share by which a browser may watch this interview's replay; None: it may not (any more)."""
    row = conn.execute(
        select(shares)
        .join(share_readers, share_readers.c.share_id == shares.c.id)
        .where(
            share_readers.c.cookie_hash == tokens.hashed(cookie),
            shares.c.interview_id == interview_id,
        )
    ).one_or_none()
    if row is None:
        return None
    share = _share(row)
    return share if share.with_replay and share.standing(now_ms) == "valid" else None
