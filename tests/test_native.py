"""The compiled inner loop: it is what runs here, it is never older than its sources, and without it all is the same."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from room import native

PROJECT = Path(__file__).parents[1]


def needs_compiled() -> None:
    if why := native.why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(why, pytrace=False)
        pytest.skip(why)


def python(code: str, folder: Path = PROJECT, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FILES = "import importlib, room.native as n; print(*(importlib.import_module(m).__file__ for m in n.MODULES))"


def test_every_module_that_can_be_compiled_runs_compiled():
    needs_compiled()
    assert all(file.endswith(native._SUFFIX) for file in python(FILES).split())


def test_who_does_not_want_it_gets_the_sources():
    files = python(FILES, ROOM_COMPILED="off").split()
    assert files
    assert all(file.endswith(".py") for file in files)


def test_a_changed_source_is_what_runs(tmp_path):
    needs_compiled()
    shutil.copytree(PROJECT / "room", tmp_path / "room")
    shutil.copytree(native.FOLDER, tmp_path / ".setup" / "native")
    assert all(file.endswith(native._SUFFIX) for file in python(FILES, tmp_path).split())
    source = tmp_path / "room" / "yjs" / "encoding.py"
    source.write_text(source.read_text() + "\nCHANGED = True\n")
    told = python("import room.yjs.encoding as it; print(it.CHANGED, it.__file__)", tmp_path)
    assert told == f"True {source}"
    assert "other sources" in python("import room.native as n; print(n.why_not())", tmp_path)


def test_what_another_python_compiled_is_left_alone(tmp_path):
    folder = tmp_path / "native"
    folder.mkdir()
    made_from = native.fingerprint()
    (folder / "manifest.json").write_text(json.dumps(made_from))
    assert native.why_not(folder) is None
    (folder / "manifest.json").write_text(json.dumps(made_from | {"python": ["2.7", ".so"]}))
    assert native.why_not(folder) is not None
    (folder / "manifest.json").write_text("half a fi")
    assert native.why_not(folder) is not None


def test_the_rooms_own_tests_pass_on_the_sources_too():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *(
                "tests/realtime/test_wire.py",
                "tests/realtime/test_room.py",
                "tests/realtime/test_socket.py",
            ),
        ],
        cwd=PROJECT,
        env=os.environ | {"ROOM_COMPILED": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
