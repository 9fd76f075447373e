"""Opening, locking, migrating, backing up."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

import room.store
from room import config
from room.store import accounts, backup, migrate
from room.store.engine import Store, make_engine
from room.store.lock import StoreInUse
from room.store.schema import metadata


def settings_for(folder: Path) -> config.Settings:
    return config.load({"ROOM_DATA_DIR": str(folder)})


def add_iris(store: Store) -> None:
    with store.begin() as conn:
        accounts.create(
            conn,
            email="Iris@Example.org",
            name="Iris",
            zone="Europe/Madrid",
            password_hash="x",
            now_ms=1,
        )


def test_migrations_make_the_schema_that_the_tables_say(tmp_path: Path) -> None:
    for module in pkgutil.iter_modules(room.store.__path__):
        importlib.import_module(f"room.store.{module.name}")
    store = Store.open(settings_for(tmp_path))
    with store.read() as conn:
        differences = compare_metadata(
            MigrationContext.configure(conn, opts={"compare_type": True}), metadata
        )
        on_delete = {
            (table, key["constrained_columns"][0]): key["options"].get("ondelete")
            for table in metadata.tables
            for key in inspect(conn).get_foreign_keys(table)
        }
    store.close()
    assert differences == []
    assert on_delete == {
        (table.name, key.columns.keys()[0]): key.ondelete
        for table in metadata.tables.values()
        for key in table.foreign_key_constraints
    }


def test_every_row_that_belongs_to_somebody_says_whose_it_is() -> None:
    for module in pkgutil.iter_modules(room.store.__path__):
        importlib.import_module(f"room.store.{module.name}")
    without_owner = {
        name for name, table in metadata.tables.items() if "owner_id" not in table.columns
    }
    assert without_owner <= {"accounts", "throttle", "journal", "keyframes"}


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    store = Store.open(settings)
    with pytest.raises(StoreInUse, match="Another Room"):
        Store.open(settings)
    store.close()
    Store.open(settings).close()


def test_a_command_can_add_an_account_beside_the_running_server(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    server = Store.open(settings)
    command = Store.open(settings, is_server=False)
    add_iris(command)
    command.close()
    with server.read() as conn:
        assert accounts.find_by_email(conn, "iris@example.org") is not None
    server.close()


def test_commits_are_synced_and_foreign_keys_are_enforced(tmp_path: Path) -> None:
    store = Store.open(settings_for(tmp_path))
    with store.read() as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert conn.execute(text("PRAGMA synchronous")).scalar() == 2
        assert conn.execute(text("PRAGMA foreign_keys")).scalar() == 1
    store.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(settings_for(tmp_path))

    def add_and_fail() -> None:
        with store.begin() as conn:
            accounts.create(
                conn, email="iris@example.org", name="Iris", zone="UTC", password_hash="x", now_ms=1
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    with store.read() as conn:
        assert conn.execute(select(accounts.accounts)).all() == []
    store.close()


def test_a_backup_brings_everything_back_and_holds_no_key(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    store = Store.open(settings)
    add_iris(store)
    copy = tmp_path / "copy.db"
    backup.back_up(settings, copy)  # while the server runs
    with store.begin() as conn:
        conn.execute(accounts.accounts.delete())
    store.close()
    key = settings.site_key_path.read_text().strip()
    assert bytes.fromhex(key) not in copy.read_bytes()
    assert key.encode() not in copy.read_bytes()

    backup.restore(settings, copy)
    again = Store.open(settings)
    with again.read() as conn:
        assert accounts.find_by_email(conn, "iris@example.org") is not None
    again.close()


def test_a_file_that_is_no_backup_is_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    store = Store.open(settings)
    add_iris(store)
    store.close()
    wrong = tmp_path / "holiday.jpg"
    wrong.write_bytes(b"\xff\xd8not a database")
    with pytest.raises(backup.BadBackup):
        backup.restore(settings, wrong)
    again = Store.open(settings)
    with again.read() as conn:
        assert accounts.find_by_email(conn, "iris@example.org") is not None
    again.close()


def test_restoring_under_a_running_server_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    store = Store.open(settings)
    copy = tmp_path / "copy.db"
    backup.back_up(settings, copy)
    with pytest.raises(StoreInUse):
        backup.restore(settings, copy)
    store.close()


def test_a_copy_is_made_before_each_migration_of_a_database_with_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path)
    engine = make_engine(settings.database_url)
    with engine.connect().execution_options(room_writes=True) as conn, conn.begin():
        conn.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        conn.execute(text("CREATE TABLE keepsake (word TEXT)"))
        conn.execute(text("INSERT INTO keepsake VALUES ('kept')"))
    monkeypatch.setattr(migrate, "current", lambda _engine: "base")
    migrate.upgrade(engine, tmp_path / "backups")
    engine.dispose()
    copies = sorted((tmp_path / "backups").iterdir())
    assert copies[0].name == "before-0001_desk.db"
    old = make_engine(f"sqlite:///{copies[0]}")
    with old.connect() as conn:
        assert conn.execute(text("SELECT word FROM keepsake")).scalar() == "kept"
    old.dispose()
