"""The database of one installation: opened once, migrated, and locked against a second process."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from room.config import Settings, load_site_key
from room.store import migrate
from room.store.database import make_engine
from room.store.lock import FolderLock, StoreInUse

__all__ = ["Connection", "NotFound", "Store", "StoreInUse", "derive_key", "make_engine"]


class NotFound(LookupError):
    """There is no such row, or it belongs to somebody else."""


class Store:
    """Transactions on the database. Blocking: async code calls it through a thread."""

    def __init__(self, engine: Engine, lock: FolderLock, link_key: bytes) -> None:
        self.engine = engine
        self.link_key = link_key
        """Key that makes the tokens of links; derived from the site's key, so the database alone opens no link."""
        self._lock = lock

    @classmethod
    def open(cls, settings: Settings, *, is_server: bool = True) -> Self:
        """Open and migrate the database of these settings.

        The server needs the data folder to itself. A command that only adds a row beside a running server passes
        ``is_server=False``: it goes without the lock, but then it does not migrate either.

        Raises:
            StoreInUse: another server has the folder, or the schema is older and the folder is taken.
        """
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(settings.data_dir)
        is_ours = lock.take()
        if is_server and not is_ours:
            raise StoreInUse(
                f"Another Room (process {lock.holder() or 'unknown'}) uses {settings.data_dir}. "
                "Stop it first, or set ROOM_DATA_DIR to another folder."
            )
        engine = make_engine(settings.database_url)
        try:
            if is_ours:
                migrate.upgrade(engine, settings.data_dir / "backups")
            else:
                _require_newest(engine)
        except BaseException:
            engine.dispose()
            lock.give_back()
            raise
        if not is_server:
            lock.give_back()
        return cls(engine, lock, derive_key(load_site_key(settings), b"links"))

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that writes; it takes SQLite's write lock at once, so it never fails half-way for another."""
        with self.engine.connect().execution_options(room_writes=True) as conn, conn.begin():
            yield conn

    def writer(self) -> Connection:
        """A connection for a thread that writes all the time: each ``with writer.begin()`` is as :meth:`begin`.

        Whoever takes it closes it.
        """
        return self.engine.connect().execution_options(room_writes=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self.engine.connect() as conn:
            yield conn

    def answers(self) -> bool:
        """Whether the database can be read."""
        try:
            with self.read() as conn:
                conn.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        self.engine.dispose()
        self._lock.give_back()


def _require_newest(engine: Engine) -> None:
    if migrate.current(engine) != migrate.head():
        raise StoreInUse(
            "The database is of another version than this program. Stop the running Room first."
        )


def derive_key(site_key: bytes, purpose: bytes) -> bytes:
    """A key of its own for one purpose (HKDF's expand step with one block, RFC 5869)."""
    return hmac.digest(site_key, b"room/" + purpose + b"\x01", hashlib.sha256)
