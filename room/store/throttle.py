"""Failed tries, counted by what they were tried on (an account, an address) over a sliding start: then a lock."""

from sqlalchemy import Column, Connection, Integer, String, Table, delete, insert, select, update

from room.store import tokens
from room.store.schema import metadata, time_column

throttle = Table(
    "throttle",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    time_column("since_ms", nullable=False),
    time_column("locked_until_ms", nullable=False),
)


def wait_ms(conn: Connection, key: str, now_ms: int) -> int:
    """How long until the key may be tried again; 0: now."""
    query = select(throttle.c.locked_until_ms).where(throttle.c.key_hash == tokens.hashed(key))
    return max(0, (conn.execute(query).scalar_one_or_none() or 0) - now_ms)


def count_failure(conn: Connection, key: str, now_ms: int, *, limit: int, window_ms: int) -> None:
    """Note a failed try. The ``limit``-th within ``window_ms`` locks the key for ``window_ms``."""
    key_hash = tokens.hashed(key)
    row = conn.execute(select(throttle).where(throttle.c.key_hash == key_hash)).one_or_none()
    if row is None:
        conn.execute(
            insert(throttle).values(
                key_hash=key_hash, failures=0, since_ms=now_ms, locked_until_ms=0
            )
        )
    is_new = row is None or now_ms - row.since_ms >= window_ms
    failures = 1 if is_new or row is None else row.failures + 1
    since_ms = now_ms if is_new or row is None else row.since_ms
    locked_until_ms = now_ms + window_ms if failures >= limit else 0
    if locked_until_ms:
        failures, since_ms = 0, locked_until_ms
    conn.execute(
        update(throttle)
        .where(throttle.c.key_hash == key_hash)
        .values(failures=failures, since_ms=since_ms, locked_until_ms=locked_until_ms)
    )


def forget(conn: Connection, key: str) -> None:
    """A try succeeded: the count begins anew."""
    conn.execute(delete(throttle).where(throttle.c.key_hash == tokens.hashed(key)))


def forget_old(conn: Connection, before_ms: int) -> None:
    conn.execute(
        delete(throttle).where(
            throttle.c.since_ms < before_ms, throttle.c.locked_until_ms < before_ms
        )
    )
