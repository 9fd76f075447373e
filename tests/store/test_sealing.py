"""What is deleted stays deleted: in the database, in every backup, and for who holds the site's key."""

import stat

import pytest
from sqlalchemy import insert, select

from room import config
from room.desk import booking, plan, retention
from room.session.ids import InterviewId
from room.store import accounts, backup, clients, interviews
from room.store.engine import Store
from room.store.halves import Halves
from room.store.interviews import InterviewPlan
from room.store.sealing import HalfMissing, KeyDestroyed, Seals, session_keys

START = 1_780_000_000_000


@pytest.fixture
def settings(tmp_path):
    return config.load({"ROOM_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
def store(settings):
    store = Store.open(settings)
    yield store
    store.close()


def interview_of(store, seals, email="iris@example.org"):
    with store.begin() as conn:
        iris = accounts.create(
            conn, email=email, name="Iris", zone="UTC", password_hash="x", now_ms=1
        )
        wish = booking.Wish(
            client=clients.create(conn, iris.id, name="Northline", zone="UTC", now_ms=1),
            candidate_name="Cal Lindqvist",
            candidate_zone="UTC",
            role_title="Engineer",
            level="",
            starts_at_ms=START,
            plan=InterviewPlan(stages=plan.stages_from(plan.templates()[0].stages)),
            call_link="",
        )
        row, _ = booking.book(conn, store.link_key, iris, wish, 1)
        seals.create(conn, iris.id, InterviewId(row.id), 1)
    return row


def sealed_in(store, seals, row, text=b"what Cal said"):
    with store.read() as conn:
        return seals.seal(conn, InterviewId(row.id), text, "here")


def test_a_backup_from_before_the_deletion_opens_nothing_even_with_the_sites_key(
    store, settings, tmp_path
):
    seals = Seals.open(settings)
    gone, kept = interview_of(store, seals), interview_of(store, seals, "olga@example.org")
    sealed = {row.id: sealed_in(store, seals, row) for row in (gone, kept)}
    backup.back_up(settings, tmp_path / "before.db")
    with store.begin() as conn:
        retention.erase(conn, seals, gone)
    store.close()
    backup.restore(settings, tmp_path / "before.db")
    again, seals = Store.open(settings), Seals.open(settings)
    try:
        with again.read() as conn:
            assert interviews.load(conn, gone.owner_id, gone.id).candidate_name == "Cal Lindqvist"
            assert seals.unseal(conn, kept.id, sealed[kept.id], "here") == b"what Cal said"
            with pytest.raises(KeyDestroyed):
                seals.unseal(conn, gone.id, sealed[gone.id], "here")
            assert seals.without_half(conn) == [gone.id]
    finally:
        again.close()


def test_a_backup_without_the_folder_of_keys_opens_nothing(store, settings, tmp_path):
    seals = Seals.open(settings)
    row = interview_of(store, seals)
    sealed = sealed_in(store, seals, row)
    thief = Seals(config.load_site_key(settings), Halves(tmp_path / "elsewhere"))
    with store.read() as conn, pytest.raises(HalfMissing):
        thief.unseal(conn, row.id, sealed, "here")


def test_the_deletion_holds_even_if_the_rows_could_not_be_removed(store, settings):
    seals = Seals.open(settings)
    row = interview_of(store, seals)
    with store.engine.connect() as conn:
        seals.destroy(conn, row.id)
        conn.rollback()
    with store.read() as conn, pytest.raises(KeyDestroyed):
        seals.cipher(conn, row.id)


def test_keys_of_earlier_programs_open_and_are_halved_at_the_next_start(store, settings):
    early = Seals(config.load_site_key(settings))
    row = interview_of(store, early)
    sealed = sealed_in(store, early, row)
    seals = Seals.open(settings)
    with store.begin() as conn:
        assert seals.unseal(conn, row.id, sealed, "here") == b"what Cal said"
        assert seals.halve(conn) == 1
        assert seals.halve(conn) == 0
        assert seals.unseal(conn, row.id, sealed, "here") == b"what Cal said"
        with pytest.raises(HalfMissing):
            early.cipher(conn, row.id)
        seals.destroy(conn, row.id)
        assert conn.scalar(select(session_keys.c.sealed_key)) is None


def test_halves_are_the_owners_alone_and_a_creation_that_was_cut_short_goes_on(
    store, settings, monkeypatch
):
    seals = Seals.open(settings)
    row = interview_of(store, seals)
    folder = settings.data_dir / "keys" / "sessions"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with store.read() as conn:
        before = conn.execute(select(session_keys)).one()
    halves = Halves(folder)
    assert halves.create(row.id) == halves.find(row.id)
    with store.begin() as conn:
        seals.destroy(conn, row.id)
        conn.execute(insert(session_keys).values(**before._asdict()))
    assert list(folder.iterdir()) == []
    assert halves.find(row.id) is None


@pytest.mark.parametrize("name", ["../site.key", "i_../x", "", "i_A", "x_1"])
def test_a_half_has_no_other_name_than_an_interviews(tmp_path, name):
    with pytest.raises(ValueError, match="not the id"):
        Halves(tmp_path).find(name)
