"""Copies of the database. The site's key is never inside: a backup without the key cannot be read, so keep both, apart."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from room.config import Settings
from room.store.lock import FolderLock, StoreInUse

MAGIC = b"SQLite format 3\x00"


class BadBackup(ValueError):
    """The file cannot be used as a backup. Its text is a sentence for the person who brought it."""


def database_path(settings: Settings) -> Path:
    """The file of the embedded database.

    Raises:
        BadBackup: the database is not SQLite; PostgreSQL has its own tools.
    """
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BadBackup(
            "Only the embedded SQLite database is copied by Room. For PostgreSQL use pg_dump and pg_restore."
        )
    return Path(url.database)


def back_up(settings: Settings, target: Path) -> None:
    """Write a consistent copy of the database to ``target``, which must not exist; a running server does not mind."""
    source = database_path(settings)
    if not source.exists():
        raise BadBackup(f"There is no database at {source} yet.")
    if target.exists():
        raise BadBackup(f"{target} exists already. Name a new file.")
    _copy(source, target)


def restore(settings: Settings, source: Path) -> None:
    """Put a copy in the database's place. What was there is kept beside it as ``room.db.replaced``.

    Raises:
        BadBackup: the file is not a whole Room database.
        StoreInUse: a server runs on this folder.
    """
    _check(source)
    target = database_path(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FolderLock(settings.data_dir)
    if not lock.take():
        raise StoreInUse("Room runs on this data folder. Stop it first; then restore.")
    try:
        draft = target.with_name(f".{target.name}.restoring")
        draft.unlink(missing_ok=True)
        _copy(source, draft)
        if target.exists():
            replaced = target.with_name(f"{target.name}.replaced")
            replaced.unlink(missing_ok=True)
            _copy(
                target, replaced
            )  # through SQLite: the last commits may still stand in the write-ahead log
        for leftover in ("-wal", "-shm"):
            target.with_name(target.name + leftover).unlink(missing_ok=True)
        draft.replace(target)
    finally:
        lock.give_back()


def copy_before(engine: Engine, folder: Path, name: str) -> Path:
    """A copy made before a migration: ``<name>.db``, and a number behind the name when that file exists."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{name}.db"
    number = 2
    while target.exists():
        target = folder / f"{name}-{number}.db"
        number += 1
    _copy(Path(str(engine.url.database)), target)
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.touch(mode=0o600)
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            starts_well = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror}.") from error
    if not starts_well:
        raise BadBackup(f"{path} is not a backup of Room.")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as conn:
            fault = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
            names = {
                row[0]
                for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.DatabaseError as error:
        raise BadBackup(f"{path} is damaged: {error}.") from error
    if fault != "ok" or "alembic_version" not in names:
        raise BadBackup(f"{path} is damaged or is not a backup of Room.")
