"""The schema's versions: where a database stands, and the way to the newest one, with a copy made before each step."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from room.config import Settings
from room.store import backup
from room.store.database import make_engine
from room.store.lock import FolderLock, StoreInUse


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    return config


def head() -> str:
    """The newest version that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(engine: Engine) -> str | None:
    """The version of this database; None: it is empty."""
    with engine.connect() as conn:
        return MigrationContext.configure(conn).get_current_revision()


def upgrade(engine: Engine, backups: Path) -> None:
    """Bring the database to the newest version; each step is one transaction, and a file database is copied before it.

    An empty database has nothing to copy. Raises what Alembic raises when the database is of a version that this program
    does not know: it was written by a newer one.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    at = current(engine)
    steps = [step.revision for step in script.iterate_revisions("head", at or "base")]
    for revision in reversed(steps):
        if at is not None and engine.dialect.name == "sqlite":
            backup.copy_before(engine, backups, f"before-{revision}")
        with engine.connect().execution_options(room_writes=True) as conn, conn.begin():
            config.attributes["connection"] = conn
            command.upgrade(config, revision)
        at = revision


def migrate(settings: Settings) -> None:
    """What `room migrate` does: bring the database to this program's version while no server runs.

    Raises:
        StoreInUse: a server runs on this data folder.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FolderLock(settings.data_dir)
    if not lock.take():
        raise StoreInUse("Room runs on this data folder. Stop it first; then migrate.")
    engine = make_engine(settings.database_url)
    try:
        upgrade(engine, settings.data_dir / "backups")
    finally:
        engine.dispose()
        lock.give_back()
