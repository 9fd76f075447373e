"""The command line's own part: what it says and returns; what the commands do is tested beside their modules."""

import io
import os
import socket
import sqlite3
from contextlib import closing

import pytest

from room.__main__ import main, parser
from room.store.lock import FolderLock


@pytest.fixture
def here(monkeypatch, data_dir):
    """Commands work on a data folder of the test's own, and find no engine."""
    monkeypatch.setenv("ROOM_DATA_DIR", str(data_dir))
    monkeypatch.setenv("ROOM_DOCKER_HOST", f"unix://{data_dir}/no-engine.sock")
    return data_dir


def tables(path):
    with closing(sqlite3.connect(path)) as conn:
        return {row[0] for row in conn.execute("SELECT name FROM sqlite_master")}


def test_a_backup_restores_what_was_there(here, tmp_path, capsys):
    copy = tmp_path / "copy.db"
    assert main(["migrate"]) == 0
    assert main(["backup", str(copy)]) == 0
    assert "keys is not in it" in capsys.readouterr().out
    with closing(sqlite3.connect(here / "room.db")) as conn:
        conn.execute("CREATE TABLE later (id)")
        conn.commit()
    assert main(["restore", str(copy)]) == 0
    assert "later" not in tables(here / "room.db")
    assert "alembic_version" in tables(here / "room.db")


def test_restoring_under_a_running_room_is_refused(here, tmp_path, capsys):
    copy = tmp_path / "copy.db"
    main(["migrate"])
    main(["backup", str(copy)])
    lock = FolderLock(here)
    assert lock.take()
    try:
        assert main(["restore", str(copy)]) == 1
        assert main(["migrate"]) == 1
    finally:
        lock.give_back()
    said = capsys.readouterr().err
    assert "Stop it first" in said
    assert "Traceback" not in said


def test_a_backup_of_nothing_is_said(here, tmp_path, capsys):
    assert main(["backup", str(tmp_path / "copy.db")]) == 1
    assert capsys.readouterr().err.startswith("room: There is no database at ")


def test_restoring_from_a_file_that_is_no_backup_is_said(here, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("hello")
    assert main(["restore", str(tmp_path / "notes.txt")]) == 1
    assert "is not a backup of Room" in capsys.readouterr().err


def test_a_second_room_on_the_same_folder_is_refused_in_a_sentence(here, capsys):
    main(["migrate"])
    lock = FolderLock(here)
    assert lock.take()
    try:
        assert main(["serve"]) == 1
    finally:
        lock.give_back()
    assert f"({os.getpid()}) uses the data folder {here}" in capsys.readouterr().err


def test_a_taken_port_is_said_in_a_sentence(here, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("ROOM_PORT", str(port))
        assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert f"Room cannot listen on 127.0.0.1, port {port}" in said
    assert "ROOM_PORT move it" in said


def test_a_data_folder_that_cannot_be_made_is_said_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setenv("ROOM_DATA_DIR", "/dev/null/room")
    assert main(["serve"]) == 1
    assert "The data folder /dev/null/room cannot be used" in capsys.readouterr().err


CREATE = ["user", "create", "--email", "Iris@example.com", "--name", "Iris", "--password-stdin"]


def test_an_account_can_be_made_also_beside_a_running_room(here, monkeypatch, capsys):
    main(["migrate"])
    lock = FolderLock(here)
    assert lock.take()
    monkeypatch.setattr("sys.stdin", io.StringIO("a long enough password\n"))
    try:
        assert main([*CREATE, "--zone", "Europe/Berlin"]) == 0
    finally:
        lock.give_back()
    assert (
        "iris@example.com can sign in at http://127.0.0.1:8000/sign-in" in capsys.readouterr().out
    )
    with closing(sqlite3.connect(here / "room.db")) as conn:
        rows = conn.execute("SELECT email, name, zone, password_hash FROM accounts").fetchall()
    assert [row[:3] for row in rows] == [("iris@example.com", "Iris", "Europe/Berlin")]
    assert "long enough" not in rows[0][3]


def test_a_second_account_with_the_same_address_is_refused(here, monkeypatch, capsys):
    for expected in (0, 1):
        monkeypatch.setattr("sys.stdin", io.StringIO("a long enough password\n"))
        assert main(CREATE) == expected
    assert "already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "password", "said"),
    [
        ([], "short", "or more characters"),
        ([], "", "or more characters"),
        (["--email", "iris"], "a long enough password", "iris is not an e-mail address"),
        (["--name", " "], "a long enough password", "The name is empty"),
        (["--zone", "Europe/Berlim"], "a long enough password", "Did you mean Europe/Berlin?"),
    ],
)
def test_an_account_that_could_not_be_used_is_not_made(
    here, monkeypatch, capsys, more, password, said
):
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    assert main([*CREATE, *more]) == 1
    assert said in capsys.readouterr().err
    assert not (here / "room.db").exists()


@pytest.mark.parametrize(
    "command", [["images", "list"], ["images", "build"], ["images", "build", "--missing"]]
)
def test_images_without_an_engine_say_so(here, command, capsys):
    assert main(command) == 1
    assert "engine" in capsys.readouterr().err


def test_a_language_that_nobody_knows_is_said(here, capsys):
    assert main(["images", "build", "latin"]) == 1
    assert "latin" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["", "images", "user", "juggle", "backup", "demo --count many"])
def test_wrong_use_is_answered_with_the_usage(line, capsys):
    with pytest.raises(SystemExit) as refused:
        main(line.split())
    assert refused.value.code == 2
    assert "usage: room" in capsys.readouterr().err


def test_help_names_every_command(capsys):
    shown = parser().format_help()
    for command in ("serve", "demo", "images", "user", "migrate", "doctor", "backup", "restore"):
        assert f"\n    {command} " in shown


def test_a_demo_is_refused_where_others_reach_room(here, monkeypatch, capsys):
    monkeypatch.setenv("ROOM_PUBLIC_URL", "https://room.example.com")
    assert main(["demo", "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "The demo is off here" in shown.err
    assert not (here / "room.db").exists()
