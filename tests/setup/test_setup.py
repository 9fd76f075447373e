"""The set-up script and the make targets, as far as they can be tried without fetching anything."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from room import config, doctor
from room.__main__ import main

PROJECT = Path(__file__).parents[2]


TOOLS = (
    "bash", "env", "dirname", "tr", "cat", "grep", "mkdir", "cut", "sha256sum", "find", "sort", "xargs", "cksum",
    "ls", "chmod", "cp", "ln", "flock", "tail", "mv", "rm",
)  # fmt: skip


def script(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "scripts" / "setup", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the set-up script, and `bin`, a path on which nothing but the barest tools can be found."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(PROJECT / "scripts" / "setup", tmp_path / "scripts" / "setup")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def give(machine: Path, name: str, body: str) -> None:
    """Put a program of our own on the machine's path."""
    program = machine / "bin" / name
    program.write_text(f"#!/usr/bin/env bash\n{body}\n")
    program.chmod(0o755)


def test_the_plan_names_what_a_bare_machine_lacks_and_changes_nothing(machine):
    before = sorted(machine.rglob("*"))
    planned = script(machine, "plan", "run", PATH=str(machine / "bin"))
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("apt-get install -y --no-install-recommends ")
    assert "mmdebstrap" in planned.stdout.split()
    assert "chromium" not in planned.stdout
    assert sorted(machine.rglob("*")) == before


def test_only_the_tests_ask_for_a_browser_and_poppler(machine):
    planned = script(machine, "plan", "test", PATH=str(machine / "bin"))
    assert {"chromium", "poppler-utils"} <= set(planned.stdout.split())
    give(machine, "google-chrome", "")
    assert "chromium" not in script(machine, "plan", "test", PATH=str(machine / "bin")).stdout


def test_an_engine_from_elsewhere_is_not_doubled_with_the_distributions(machine):
    give(machine, "dockerd", "")
    planned = script(machine, "plan", "run", PATH=str(machine / "bin"))
    assert "docker.io" not in planned.stdout


def test_without_root_the_exact_command_is_printed_and_nothing_is_installed(machine):
    give(machine, "id", "echo 1000")
    give(machine, "apt-get", f"echo called >{machine}/called")
    said = script(machine, "run", PATH=str(machine / "bin")).stderr
    command = re.search(r"sudo apt-get install -y --no-install-recommends (.+)", said)
    assert command, said
    assert "mmdebstrap" in command[1].split()
    assert not (machine / "called").exists()


def test_as_root_a_package_that_cannot_be_had_does_not_cost_the_others(machine):
    give(machine, "id", "echo 0")
    give(
        machine,
        "apt-get",
        f"""echo "$*" >>{machine}/asked
        case "$*" in
          *mmdebstrap*) exit 100 ;;
          install*poppler-utils) ln -s /bin/true {machine}/bin/pdftotext ;;
        esac""",
    )
    said = script(machine, "test", PATH=str(machine / "bin")).stderr
    assert re.search(r"^install .*poppler-utils$", (machine / "asked").read_text(), re.MULTILINE)
    (still_missing,) = re.findall(r"goes on without: (.+)", said)
    assert "mmdebstrap" in still_missing
    assert "poppler-utils" not in still_missing


@pytest.fixture
def project(machine: Path) -> Path:
    """The machine with a small project on it, and with tools that write down what they are asked for."""
    give(
        machine,
        "python3",
        f"""case "$*" in
          "-m venv .venv") echo venv >>{machine}/asked; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
          "-m pip"*) echo pip >>{machine}/asked ;;
          "-c "*platform*) echo 3.11.0 ;;
          "-c "*purelib*) echo {machine} ;;
        esac""",
    )
    give(
        machine,
        "node",
        f"""case "$1" in
          -p) echo 20 ;;
          *) echo build >>{machine}/asked; mkdir -p dist; echo >dist/manifest.json ;;
        esac""",
    )
    give(machine, "npm", f"echo npm >>{machine}/asked; mkdir -p node_modules")
    for path in (
        "requirements.lock",
        "static/package-lock.json",
        "static/src/a.ts",
        "static/css/a.css",
    ):
        (machine / path).parent.mkdir(parents=True, exist_ok=True)
        (machine / path).write_text("first")
    return machine


def asked(project: Path) -> list[str]:
    """What the set-up of Python and front end asks the tools for, this time."""
    (project / "asked").unlink(missing_ok=True)
    done = script(project, "tools", PATH=str(project / "bin"), PYTHON="python3")
    assert done.returncode == 0, done.stderr
    return (project / "asked").read_text().split() if (project / "asked").exists() else []


def test_a_second_set_up_does_nothing(project):
    assert asked(project) == ["venv", "pip", "npm", "build"]
    assert asked(project) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements.lock", ["venv", "pip"]),
        ("static/package-lock.json", ["npm", "build"]),
        ("static/src/a.ts", ["build"]),
        ("static/css/a.css", ["build"]),
        ("static/src/new/b.ts", ["build"]),
    ],
)
def test_a_change_renews_only_what_depends_on_it(project, path, expected):
    asked(project)
    (project / path).parent.mkdir(exist_ok=True)
    (project / path).write_text("second")
    assert asked(project) == expected
    assert asked(project) == []


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (".venv", ["venv", "pip"]),
        ("static/node_modules", ["npm"]),
        ("static/dist", ["build"]),
        (".setup", ["venv", "pip", "npm", "build"]),
    ],
)
def test_what_was_removed_is_made_again(project, folder, expected):
    asked(project)
    shutil.rmtree(project / folder)
    assert asked(project) == expected


def test_a_build_that_fails_is_tried_again_the_next_time(project):
    node = (project / "bin" / "node").read_text()
    give(project, "node", '[ "$1" != -p ] || echo 20; [ "$1" = -p ] || exit 1')
    assert script(project, "tools", PATH=str(project / "bin"), PYTHON="python3").returncode == 1
    (project / "bin" / "node").write_text(node)
    assert asked(project) == ["build"]


def test_the_command_is_put_beside_its_python(project):
    asked(project)
    assert (project / "room.pth").read_text() == f"{project}\n"
    assert f'exec "{project}/.venv/bin/python" ' in (project / ".venv/bin/room").read_text()
    assert os.access(project / ".venv/bin/room", os.X_OK)


def test_an_unknown_level_is_refused_with_the_usage(machine):
    refused = script(machine, "everything")
    assert refused.returncode == 1
    assert "usage: scripts/setup" in refused.stderr


def test_make_help_lists_every_target():
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert f"  make {target} " in shown or target == "clean"


def test_ci_calls_exactly_what_readme_says():
    assert re.search(
        r"^timeout .*\bmake test\b", (PROJECT / ".ci" / "run").read_text(), re.MULTILINE
    )
    assert "\nmake test " in (PROJECT / "README.md").read_text()


def test_a_wrong_setting_stops_every_command_with_exit_code_2(monkeypatch, capsys):
    monkeypatch.setenv("ROOM_PORT", "eighty")
    assert main(["doctor"]) == 2
    assert "ROOM_PORT=eighty is not a whole number" in capsys.readouterr().err


def test_a_misspelt_setting_is_reported_and_the_command_still_runs(monkeypatch, capsys):
    monkeypatch.setenv("ROOM_HSOT", "0.0.0.0")
    assert main(["doctor", "--only", "python"]) == 0
    shown = capsys.readouterr()
    assert "Did you mean ROOM_HOST?" in shown.err
    assert "Python 3." in shown.out


def test_a_count_that_is_no_number_is_refused():
    with pytest.raises(SystemExit) as refused:
        main(["demo", "--count", "0"])
    assert refused.value.code == 2


def test_doctor_in_json_says_the_same_as_in_sentences(monkeypatch, capsys, data_dir):
    monkeypatch.setenv("ROOM_DATA_DIR", str(data_dir))
    assert main(["doctor", "--only", "data_folder", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["well"]
    assert [finding["part"] for finding in found["findings"]] == ["data_folder"]
    assert main(["doctor", "--only", "data_folder"]) == 0
    assert found["findings"][0]["sentence"] in capsys.readouterr().out
    assert not data_dir.exists()


def test_doctor_fails_where_a_needed_part_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("ROOM_DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert main(["doctor", "--only", "engine"]) == 1
    shown = capsys.readouterr().out
    assert "✗ No Docker engine answers" in shown
    assert "1 part missing" in shown


def test_doctor_knows_its_parts(capsys):
    assert main(["doctor", "--only", "liver"]) == 2
    assert "engine" in capsys.readouterr().err


def test_doctor_warns_when_others_can_read_the_site_key(settings):
    config.load_site_key(settings)
    assert [f.state for f in doctor.site_key(settings)] == ["well"]
    settings.site_key_path.chmod(0o644)
    assert [f.state for f in doctor.site_key(settings)] == ["warning"]
    settings.site_key_path.write_text("damaged")
    assert [f.state for f in doctor.site_key(settings)] == ["missing"]


@pytest.mark.parametrize(
    ("environ", "state", "said"),
    [
        ({}, "well", "from this machine only"),
        ({"ROOM_PUBLIC_URL": "https://room.example.com"}, "well", "https://room.example.com."),
        ({"ROOM_PUBLIC_URL": "http://room.example.com"}, "warning", "without TLS"),
        ({"ROOM_HOST": "0.0.0.0"}, "warning", "ROOM_PUBLIC_URL"),
    ],
)
def test_doctor_looks_at_the_address(environ, state, said):
    (finding,) = doctor.address(config.load(environ))
    assert finding.state == state
    assert said in finding.sentence
