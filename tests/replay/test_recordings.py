"""Recordings of other sites: brought, checked, played, and seen by nobody but who brought them."""

import msgspec
import pytest
from litestar.testing import TestClient

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.replay import recording
from room.replay.index import Person
from room.replay.recording import BadRecording, Manifest, Statement
from room.session import events as e
from room.session.events import Recorded
from room.web import recordings

WALL_MS = 1_780_000_000_000
EVIL = "</script><img src=x onerror=alert(1)>\u202e"


def file_of(events, **more):
    events = [msgspec.structs.replace(one, seq=number) for number, one in enumerate(events, 1)]
    given = {"session": "i_x", "viewer": "interviewer", "title": "T", "site": "http://a.example", "made_at_ms": 1,
             "people": (Person("m_cal", "Cal", "Cal", "plum", "candidate"),), "events": len(events)} | more  # fmt: skip
    return recording.write(
        events, lambda blocks, last: Manifest(blocks=blocks, last_hash=last, **given), None
    )


@pytest.fixture(scope="module")
def told(opening, played):
    return played(opening()).recorded


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


def get(site, held, who, address):
    site.cookies.clear()
    return site.get(address, cookies=held.cookies.get(who, {}))


def bring(site, held, who, content):
    site.cookies.clear()
    return site.post(
        "/recordings",
        data={"csrf": held.csrf.get(who, "")},
        files={"file": ("it.room.zip", content)},
        cookies=held.cookies.get(who, {}),
        follow_redirects=False,
    )


def newest(site, held):
    listed = get(site, held, "owner", "/recordings").text
    return listed.split('href="/recordings/x_')[1].split('"')[0], listed


def test_a_recording_goes_out_of_one_replay_and_plays_as_another(site, held):
    file = get(site, held, "owner", f"/replay/{held.interview}/export/recording").content
    assert bring(site, held, "owner", file).status_code == 303
    identity, listed = newest(site, held)
    assert "Signed by this site" in listed
    address = f"/recordings/x_{identity}"
    assert get(site, held, "owner", address).status_code == 200
    ours = get(site, held, "owner", f"/replay/{held.interview}/index.json").json()
    theirs = get(site, held, "owner", f"{address}/index.json").json()
    for name in (
        "duration_ms",
        "people",
        "clients",
        "stages",
        "parts",
        "pins",
        "quiet",
        "typing",
        "marks",
    ):
        assert theirs[name] == ours[name], name
    last = len(theirs["segments"]) - 1
    segment = get(site, held, "owner", f"{address}/segments/{last}").json()
    own = get(site, held, "owner", f"/replay/{held.interview}/segments/{last}").json()
    assert segment["events"] == own["events"]
    for more in ("", "/index.json", "/segments/0"):
        assert get(site, held, "mallory", address + more).status_code == 404
        assert "Sign in" in get(site, held, "rater", address + more).text
    site.cookies.clear()
    gone = site.post(f"{address}/delete", data={"csrf": held.csrf["owner"]}, cookies=held.cookies["owner"], follow_redirects=False)  # fmt: skip
    assert gone.status_code == 303
    assert get(site, held, "owner", f"{address}/index.json").status_code == 404


def test_markup_in_a_recording_stays_text(site, held, script):
    script.do("m_cal", e.ChatSent("c_9", EVIL), 2000)
    script.do("m_iris", e.PartShown("q_1", "p_1", "Q", "P", 1), 2500).do(
        "m_iris", e.InterviewEnded(), 9000
    )
    evil = Person("m_cal", EVIL, EVIL, "plum", "candidate")
    shown = Statement(
        "q_1", "p_1", f"Hello <script>alert(1)</script> {EVIL} [x](javascript:alert(1))"
    )
    file = file_of(
        recording.of_copy(script.recorded), title=EVIL, people=(evil,), statements=(shown,)
    )
    assert bring(site, held, "owner", file).status_code == 303
    identity, listed = newest(site, held)
    page = get(site, held, "owner", f"/recordings/x_{identity}").text
    made = get(site, held, "owner", f"/recordings/x_{identity}/index.json").json()
    html = made["parts"][0]["html"]
    assert "<img" not in listed + page + html
    assert "<script>alert" not in listed + page + html
    assert 'href="javascript' not in html
    assert "Not signed" in listed


def refused(site, held, content):
    answer = bring(site, held, "owner", content)
    assert answer.status_code == 422
    return answer.text


def test_bad_files_are_refused_and_nothing_is_kept(site, held, told):
    before = get(site, held, "owner", "/recordings").text.count('href="/recordings/x_')
    assert "Choose a file first." in refused(site, held, b"")
    assert "no recording" in refused(site, held, b"%PDF-1.7 hello")
    good = file_of(recording.of_copy(told))
    assert "cut" in refused(site, held, good[: len(good) // 2])
    after = get(site, held, "owner", "/recordings").text.count('href="/recordings/x_')
    assert after == before
    assert bring(site, held, "nobody", good).status_code == 403


def test_what_no_room_would_have_recorded_is_refused_with_a_sentence(told, monkeypatch):
    def fall(*_, **__):
        raise KeyError("r_1")

    monkeypatch.setattr(recordings.index, "make", fall)
    with pytest.raises(BadRecording, match="hold together"):
        recordings.check(file_of(recording.of_copy(told)))


def test_a_run_that_ends_without_having_begun_does_not_break_the_player(told):
    events = recording.of_copy(told)
    finished = e.TestsFinished("t_none", "AC", "")
    events.insert(-1, Recorded(0, events[-2].at_ms, WALL_MS, "m_cal", finished))
    found, made = recordings.check(file_of(events))
    assert made.duration_ms == found.events[-1].at_ms
