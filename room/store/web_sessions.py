"""Sign-ins of interviewers: rows on the server, of which the browser carries only a random name."""

import msgspec
from sqlalchemy import Column, Connection, String, Table, delete, insert, select, update

from room.store import tokens
from room.store.schema import metadata, owner_column, time_column

LIFETIME_MS = 30 * 24 * 3600 * 1000
"""A sign-in ends so long after it was last used."""

_TOUCH_MS = 3600 * 1000

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("cookie_hash", String(64), primary_key=True),
    owner_column(),
    Column("csrf", String(32), nullable=False),
    Column("browser", String(200), nullable=False),
    time_column("created_at_ms", nullable=False),
    time_column("seen_at_ms", nullable=False),
    time_column("expires_at_ms", nullable=False),
)


class WebSession(msgspec.Struct, frozen=True):
    """One browser that is signed in."""

    cookie_hash: str
    owner_id: str
    csrf: str
    browser: str
    """User-Agent at sign-in, shortened, for the list in Settings."""
    created_at_ms: int
    seen_at_ms: int
    expires_at_ms: int


def start(conn: Connection, owner_id: str, *, browser: str, now_ms: int) -> str:
    """Sign in; the cookie's value. It is never the one that the browser had before."""
    cookie = tokens.new_secret()
    conn.execute(
        insert(web_sessions).values(
            cookie_hash=tokens.hashed(cookie),
            owner_id=owner_id,
            csrf=tokens.new_secret(),
            browser=browser[:200],
            created_at_ms=now_ms,
            seen_at_ms=now_ms,
            expires_at_ms=now_ms + LIFETIME_MS,
        )
    )
    return cookie


def find(conn: Connection, cookie: str, now_ms: int) -> WebSession | None:
    """The session of a cookie, unless it has ended."""
    query = select(web_sessions).where(
        web_sessions.c.cookie_hash == tokens.hashed(cookie), web_sessions.c.expires_at_ms > now_ms
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else WebSession(**row._asdict())


def is_stale(session: WebSession, now_ms: int) -> bool:
    """Whether the time of last use should be written again; once an hour is enough."""
    return now_ms - session.seen_at_ms > _TOUCH_MS


def touch(conn: Connection, session: WebSession, now_ms: int) -> None:
    conn.execute(
        update(web_sessions)
        .where(web_sessions.c.cookie_hash == session.cookie_hash)
        .values(seen_at_ms=now_ms, expires_at_ms=now_ms + LIFETIME_MS)
    )


def list_for(conn: Connection, owner_id: str, now_ms: int) -> list[WebSession]:
    """All browsers that are signed in, the most recent first."""
    query = (
        select(web_sessions)
        .where(web_sessions.c.owner_id == owner_id, web_sessions.c.expires_at_ms > now_ms)
        .order_by(web_sessions.c.seen_at_ms.desc())
    )
    return [WebSession(**row._asdict()) for row in conn.execute(query)]


def end(conn: Connection, cookie_hash: str) -> None:
    conn.execute(delete(web_sessions).where(web_sessions.c.cookie_hash == cookie_hash))


def end_others(conn: Connection, owner_id: str, keep: str) -> list[str]:
    """Sign out everywhere but in the browser of cookie hash ``keep``; the hashes of the ended sign-ins."""
    others = (web_sessions.c.owner_id == owner_id) & (web_sessions.c.cookie_hash != keep)
    ended = list(conn.execute(select(web_sessions.c.cookie_hash).where(others)).scalars())
    conn.execute(delete(web_sessions).where(others))
    return ended


def end_expired(conn: Connection, now_ms: int) -> None:
    conn.execute(delete(web_sessions).where(web_sessions.c.expires_at_ms <= now_ms))
