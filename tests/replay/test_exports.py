"""Copies to take away: each holds what its viewer sees, opens where it should, and is safe to open."""

import io
import json
import shutil
import subprocess
import zipfile

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from room import config
from room.__main__ import main
from room.app import create_app
from room.clock import ManualClock
from room.replay import authorship, exports, recording
from room.replay.index import Person
from room.replay.recording import BadRecording, Block, Manifest
from room.session import events as e
from room.session.state import EMPTY
from room.session.visibility import Viewer, visible_to
from room.store import journal, links

WALL_MS = 1_780_000_000_000
KINDS = ("html", "recording", "cast", "git", "files")
SECRETS = ("Would hire for the tests alone.", "Read the failing test aloud first.", "no gap left")
PEOPLE = {
    "m_iris": Person("m_iris", "Iris <Almeida>\n", "Iris", "blue", "lead"),
    "m_cal": Person("m_cal", "Cal Lindqvist", "Cal", "plum", "candidate"),
}


def file_of(events, **more):
    events = [msgspec.structs.replace(one, seq=number) for number, one in enumerate(events, 1)]
    given = {"session": "i_x", "viewer": "interviewer", "title": "T", "site": "http://a.example", "made_at_ms": 1,
             "people": tuple(PEOPLE.values()), "events": len(events)} | more  # fmt: skip
    return recording.write(
        events, lambda blocks, last: Manifest(blocks=blocks, last_hash=last, **given), None
    )


@pytest.fixture(scope="module")
def told(opening, played):
    return played(opening()).recorded


@pytest.fixture(scope="module")
def file(told):
    return file_of(recording.of_copy(told))


# ------------------------------------------------------------------------------------------------ the file


def test_a_recording_comes_back_whole_and_before_start_has_no_course(told, file):
    found = recording.read(file)
    start = next(i for i, o in enumerate(told) if isinstance(o.event, e.InterviewStarted))
    after = [(o.at_ms, o.by, o.event) for o in told[start:]]
    assert [(o.at_ms, o.by, o.event) for o in found.events][-len(after) :] == after
    assert authorship.texts_at(found.events) == authorship.texts_at(told)
    before = found.events[: -len(after)]
    assert {o.wall_ms for o in before} == {told[start].wall_ms}
    assert sum(isinstance(o.event, e.DocEdited) for o in before) == 1
    assert not found.is_signed


def test_a_real_session_fits_and_comes_back(clownschool):
    events = recording.of_copy(clownschool.recorded)
    found = recording.read(file_of(events))
    assert list(found.events) == events
    assert authorship.texts_at(found.events)["f_main"] == clownschool.end


def rezipped(file, change):
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(file)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name, content in change({n: old.read(n) for n in old.namelist()}).items():
            new.writestr(name, content)
    return out.getvalue()


def with_manifest(file, **fields):
    def change(parts):
        said = json.loads(parts["manifest.json"]) | fields
        return parts | {"manifest.json": json.dumps(said)}

    return rezipped(file, change)


def test_bad_files_are_refused_with_a_sentence(file, told):
    one = Block("blocks/00001", 3, "0" * 64)
    events = recording.of_copy(told)
    moved = [*events[:40], events[41], events[40], *events[42:]]
    early = [o for o in events if not isinstance(o.event, e.InterviewStarted)]
    late = [
        *events[:-1],
        recording.Recorded(len(events), 10**9, WALL_MS, "m_iris", events[-1].event),
    ]
    broken = e.DocEdited(b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
    bad = [*events, recording.Recorded(len(events) + 1, events[-1].at_ms, WALL_MS, "m_cal", broken)]
    bomb = rezipped(
        file, lambda parts: parts | {"manifest.json": b" " * 20_000_000 + parts["manifest.json"]}
    )
    assert len(bomb) < len(file) + 60_000
    for data, words in (
        (b"", "no recording"),
        (b"PK\x03\x04 not really", "no recording"),
        (file[: len(file) // 2], "cut"),
        (bomb, "larger"),
        (rezipped(file, lambda parts: parts | {"../../etc/passwd": b"x"}), "no recording has"),
        (rezipped(file, lambda parts: parts | {".git/config": b"x"}), "no recording has"),
        (rezipped(file, lambda parts: {"blocks/00001": parts["blocks/00001"]}), "no manifest"),
        (rezipped(file, lambda parts: {"manifest.json": parts["manifest.json"]}), "other blocks"),
        (with_manifest(file, version=2), "version 2"),
        (with_manifest(file, format="other"), "no recording of Room"),
        (with_manifest(file, events=0, blocks=[]), "other blocks"),
        (with_manifest(file, last_hash="00"), "chain does not end"),
        (
            with_manifest(file, blocks=[{"name": one.name, "rows": 3, "sha256": one.sha256}]),
            "not as many",
        ),
        (with_manifest(file, people="everybody"), "does not say what it must"),
        (
            rezipped(file, lambda parts: parts | {"blocks/00001": parts["blocks/00001"][:-4]}),
            "was changed",
        ),
        (file_of(early), "never started"),
        (file_of([]), "no events"),
        (file_of(late), "time that cannot be"),
        (file_of(moved), "time that cannot be"),
        (file_of(bad), "cannot be read"),
    ):
        with pytest.raises(BadRecording, match=words) as found:
            recording.read(data)
        assert str(found.value).endswith(".")


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_one_flipped_byte_is_never_taken_for_the_recording(file, data):
    at = data.draw(st.integers(0, len(file) - 1))
    changed = bytearray(file)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = recording.read(bytes(changed))
    except BadRecording:
        return
    assert (
        found.events == recording.read(file).events
    )  # a byte that says nothing, such as a date of the zip file


# ------------------------------------------------------------------------------------------------ git, files, terminal


def test_git_reads_the_bundle_with_a_commit_at_each_run_and_stage(told, tmp_path):
    if not shutil.which("git"):
        pytest.skip("git is not here")
    (tmp_path / "it.bundle").write_bytes(exports.git_bundle(told, PEOPLE))

    def git(*words, cwd=tmp_path):
        environment = {
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "HOME": str(tmp_path),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        done = subprocess.run(
            ["git", *words], cwd=cwd, env=environment, check=True, capture_output=True
        )
        return done.stdout.decode()

    git("clone", "-q", "it.bundle", "clone")
    clone = tmp_path / "clone"
    git("fsck", "--strict", cwd=clone)
    log = git(
        "log",
        "--reverse",
        "--format=%an|%ae|%at|%s|%(trailers:key=Co-authored-by,valueonly,separator=%x2C)",
        cwd=clone,
    )
    lines = [line.split("|") for line in log.splitlines()]
    assert [line[3] for line in lines] == [
        "Stage: Hello", "Run of main.py", "Tests of main.py", "Run of main.py", "Interview ended",
    ]  # fmt: skip
    assert lines[1][:2] == ["Cal Lindqvist", "m_cal@room.invalid"]
    assert lines[2][4] == "Iris Almeida <m_iris@room.invalid>"
    run = next(o for o in told if isinstance(o.event, e.RunQueued))
    assert int(lines[1][2]) == run.wall_ms // 1000
    assert (
        git("show", "HEAD~3:main.py", cwd=clone) == authorship.texts_at(told, run.at_ms)["f_main"]
    )
    assert (clone / "main.py").read_text() == authorship.texts_at(told)["f_main"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("main.py", "main.py"), ("../../etc/passwd", "etc/passwd"), ("/abs", "abs"), (".git/config", "_git/config"),
        (".GIT", "_GIT"), ("git~1", "_git~1"), ("a\\..\\b", "a_.._b"), ("x\u202egpj.exe", "x_gpj.exe"), ("", "unnamed"),
        ("..", "unnamed"), ("con.txt", "_con.txt"), ("a /b. ", "a/b"), ("nul\0l", "nul_l"), ("a\nb", "a_b"),
    ],
)  # fmt: skip
def test_names_are_safe_to_unpack(name, safe):
    assert exports.safe_path(name) == safe


@example(["a", "a/b"])
@example(["a.g/x", "a.g", "a.g/x"])
@given(st.lists(st.text(alphabet="./\\aA.git~\u202e \n", max_size=12), max_size=8))
def test_no_two_files_meet_and_none_leaves_its_folder(names):
    found = list(exports.paths((str(i), name) for i, name in enumerate(names)).values())
    assert len({one.lower() for one in found}) == len(names)
    for path in found:
        parts = path.split("/")
        assert all(
            part not in ("", ".", "..") and not part.lower().startswith(".git") for part in parts
        )
        assert not any(other.lower().startswith(f"{path.lower()}/") for other in found)
    archive = zipfile.ZipFile(io.BytesIO(exports.as_zip(dict.fromkeys(found, "x"))))
    assert archive.testzip() is None


def test_the_terminal_is_asciicast_v3_with_times_input_and_colours(told, script):
    lines = [json.loads(line) for line in exports.asciicast(told, "T").decode().splitlines()]
    assert lines[0]["version"] == 3
    assert lines[0]["term"]["cols"] > 0
    assert sum(line[0] for line in lines[1:]) == pytest.approx(
        max(o.at_ms for o in told if isinstance(o.event, e.RunFinished)) / 1000
    )
    assert [line[2] for line in lines[1:] if line[1] == "m"] == [
        "Run of main.py, 03:27",
        "Run of main.py, 06:09",
    ]
    assert "".join(line[2] for line in lines[1:] if line[1] == "o").count("\x1b[31mNameError") == 1
    script.do("m_cal", e.RunQueued("r_9", "f_main", "python", interactive=True), 5000)
    script.do("system", e.RunStarted("r_9")).do("m_cal", e.RunInput("r_9", "7\n"))
    script.do("system", e.RunFinished("r_9", "OK", "Done"))
    lines = [json.loads(line) for line in exports.asciicast(script.recorded, "T").splitlines()]
    assert ["i", "7\n"] in [line[1:] for line in lines[1:]]


# ------------------------------------------------------------------------------------------------ the site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    installed = config.load(
        {
            "ROOM_DATA_DIR": str(tmp_path_factory.mktemp("site") / "data"),
            "ROOM_DOCKER_HOST": "unix:///nowhere",
        }
    )
    with TestClient(create_app(installed, clock=ManualClock(WALL_MS))) as client:
        yield client


@pytest.fixture(scope="module")
def held(site, put, told):
    return put(site, told)


def fetch(site, held, who, kind, address=None):
    site.cookies.clear()
    query = f"?as={held.rater}" if who == "rater" else ""
    address = address or f"/replay/{held.interview}/export/{kind}{query}"
    return site.get(address, cookies=held.cookies.get(who, {}))


@pytest.mark.parametrize("kind", KINDS)
def test_every_copy_can_be_taken_by_the_owner_and_by_nobody_else(site, held, kind):
    answer = fetch(site, held, "owner", kind)
    if kind == "html" and answer.status_code == 500:
        pytest.skip("the front end is not built")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith(
        'attachment; filename="interview-cal-lindqvist.'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert fetch(site, held, "mallory", kind).status_code == 404
    assert fetch(site, held, "owner", "exe").status_code == 404


def events_in(answer):
    return recording.read(answer.content)


def test_the_copy_of_each_viewer_is_exactly_what_they_may_see(site, held, told):
    with site.app.state.store.begin() as conn:
        token = links.issue(
            conn,
            site.app.state.store.link_key,
            held.owner,
            held.interview,
            held.cal,
            expires_at_ms=WALL_MS + 10**9,
            now_ms=WALL_MS,
            purpose="privacy",
        )
    own = fetch(site, held, None, None, f"/privacy/{token}/copy/recording")
    for answer, viewer in (
        (fetch(site, held, "owner", "recording"), Viewer("interviewer")),
        (fetch(site, held, "rater", "recording"), Viewer("rater", held.rater, submitted=False)),
        (own, Viewer("public")),
    ):
        found = events_in(answer)
        assert found.is_signed
        assert found.manifest.viewer == viewer.kind
        assert all(visible_to(one.event, viewer, EMPTY) for one in found.events)
        kinds = [type(o.event) for o in found.events if o.at_ms > 0]
        assert kinds == [
            type(o.event) for o in told if o.at_ms > 0 and visible_to(o.event, viewer, EMPTY)
        ]
    text = b"".join(str(one).encode() for one in events_in(own).events)
    assert not any(secret.encode() in text for secret in SECRETS[:2])
    assert not events_in(own).manifest.pins


def test_the_command_line_writes_and_verifies(site, held, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ROOM_DATA_DIR", str(site.app.state.settings.data_dir))
    target = tmp_path / "it.room.zip"
    assert main(["export", held.interview, str(target)]) == 0
    assert main(["export", held.interview, str(target)]) == 1
    assert main(["export", "i_nothing", str(tmp_path / "x")]) == 1
    capsys.readouterr()
    assert main(["verify", str(target)]) == 0
    said = capsys.readouterr().out
    assert "The chain holds" in said
    assert "trusted here" in said
    assert main(["verify", held.interview]) == 0
    assert "each as it was written" in capsys.readouterr().out
    monkeypatch.setenv("ROOM_DATA_DIR", str(tmp_path / "elsewhere"))
    assert main(["verify", str(target)]) == 1
    assert "not known here" in capsys.readouterr().err
    key = recording.read(target.read_bytes()).manifest.key.id
    assert main(["verify", str(target), "--key", key]) == 0
    target.write_bytes(with_manifest(target.read_bytes(), title="Another one"))
    assert main(["verify", str(target)]) == 1
    assert "signature does not fit" in capsys.readouterr().err


def test_verify_names_the_row_that_was_changed(site, put, told, monkeypatch, capsys):
    held = put(site, told)
    monkeypatch.setenv("ROOM_DATA_DIR", str(site.app.state.settings.data_dir))
    table = journal.journal
    with site.app.state.store.begin() as conn:
        conn.execute(table.delete().where(table.c.session_id == held.interview, table.c.seq == 77))
    assert main(["verify", held.interview]) == 1
    assert "row 77: is missing" in capsys.readouterr().err
