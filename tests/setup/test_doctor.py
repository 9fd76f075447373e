"""What `room doctor` says about an engine, played by a small server on a socket file."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace

import pytest

from room import config, doctor

INFO = {
    "CgroupVersion": "2",
    "SecurityOptions": ["name=seccomp,profile=default"],
    "Runtimes": {"runc": {}, "runsc": {}},
}


@pytest.fixture
def engine(tmp_path):
    """An engine that answers with `info`; a test may change it, or its body as raw bytes."""
    state = SimpleNamespace(info=dict(INFO), raw=None, path=tmp_path / "engine.sock")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            content = {"Version": "27.1"} if self.path == "/version" else state.info
            body = json.dumps(content).encode() if state.raw is None else state.raw
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self):
            return "engine"

        def log_message(self, *_):
            pass

    with socketserver.ThreadingUnixStreamServer(str(state.path), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def findings(engine, **environ):
    settings = config.load({"ROOM_DOCKER_HOST": f"unix://{engine.path}", **environ})
    return [(found.state, found.sentence) for found in doctor.engine(settings)]


def test_an_engine_with_roots_powers_is_a_warning(engine):
    (version, warning) = findings(engine)
    assert version == ("well", "Docker engine 27.1 answers, with cgroup version 2.")
    assert warning[0] == "warning"
    assert "neither rootless nor user-remapped" in warning[1]


@pytest.mark.parametrize("option", ["name=rootless", "name=userns"])
def test_a_rootless_or_remapped_engine_is_well(engine, option):
    engine.info["SecurityOptions"] = ["name=seccomp,profile=builtin", option]
    assert [state for state, _ in findings(engine)] == ["well"]


def test_a_runtime_that_the_engine_does_not_know_is_missing(engine):
    engine.info["SecurityOptions"] = ["name=rootless"]
    assert [state for state, _ in findings(engine, ROOM_SANDBOX_RUNTIME="runsc")] == ["well"]
    (_, missing) = findings(engine, ROOM_SANDBOX_RUNTIME="kata")
    assert missing[0] == "missing"
    assert "no runtime kata" in missing[1]
    assert "runc, runsc" in missing[1]


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'{"message": "page not found"}'])
def test_what_answers_but_is_no_engine_counts_as_none(engine, raw):
    engine.raw = raw
    ((state, sentence),) = findings(engine)
    assert state == "missing"
    assert "No Docker engine answers" in sentence


def test_a_socket_file_that_nobody_listens_on_counts_as_none(tmp_path):
    (tmp_path / "stale.sock").touch()
    settings = config.load({"ROOM_DOCKER_HOST": f"unix://{tmp_path}/stale.sock"})
    assert [found.state for found in doctor.engine(settings)] == ["missing"]


def test_the_inner_loop_may_be_compiled_or_not_and_the_doctor_says_which(monkeypatch):
    settings = config.load({})
    monkeypatch.setattr(doctor.native, "why_not", lambda: None)
    assert [found.sentence for found in doctor.inner_loop(settings)] == [
        "The live room's inner loop is compiled."
    ]
    monkeypatch.setattr(doctor.native, "why_not", lambda: "It was not compiled.")
    (found,) = doctor.inner_loop(settings)
    assert (found.state, "It was not compiled." in found.sentence) == ("warning", True)
    (found,) = doctor.inner_loop(config.load({"ROOM_COMPILED": "off"}))
    assert found.state == "well"


def test_the_front_end_is_well_only_when_it_is_newer_than_its_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    settings = config.load({})
    assert [found.state for found in doctor.front_end(settings)] == ["missing"]
    (tmp_path / "static/src").mkdir(parents=True)
    (tmp_path / "static/src/a.ts").touch()
    (tmp_path / "static/dist").mkdir()
    manifest = tmp_path / "static/dist/manifest.json"
    manifest.touch()
    assert [found.state for found in doctor.front_end(settings)] == ["well"]
    monkeypatch.setattr(doctor, "_newest", lambda *_: manifest.stat().st_mtime + 1)
    assert [found.state for found in doctor.front_end(settings)] == ["warning"]


def test_a_data_folder_with_little_room_is_a_warning(settings, monkeypatch):
    assert [found.state for found in doctor.data_folder(settings)] == ["well"]
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    (found,) = doctor.data_folder(settings)
    assert found.state == "warning"
    assert "only 5 MB are free" in found.sentence


def test_a_clock_before_the_program_was_written_is_a_warning(monkeypatch):
    assert [found.state for found in doctor.clock(config.load({}))] == ["well"]
    monkeypatch.setattr(doctor.time, "time", lambda: 0.0)
    assert [found.state for found in doctor.clock(config.load({}))] == ["warning"]


@pytest.mark.pdf
def test_paper_is_well_where_pango_is():
    assert "missing" not in [found.state for found in doctor.paper(config.load({}))]
