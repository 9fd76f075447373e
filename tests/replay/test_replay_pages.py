"""The replay's addresses: who gets in, and what each is sent."""

import asyncio
import gzip
import json
import re

import pytest
from litestar.testing import TestClient

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.replay import keeping
from room.replay.copies import Shelf
from room.scoring.course import follow
from room.scoring.evidence import Moment
from room.scoring.report import Occasion, Report, canonical
from room.scoring.score import Words
from room.session import events as e
from room.session.state import EMPTY
from room.store import journal, members, reports, shares
from room.web import replay, templating

IRIS, CAL, FILE, WALL_MS = "m_iris", "m_cal", "f_main", 1_780_000_000_000


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data_dir = str(tmp_path_factory.mktemp("replay") / "data")
    settings = config.load({"ROOM_DATA_DIR": data_dir, "ROOM_DOCKER_HOST": "unix:///nowhere"})
    with TestClient(
        create_app(settings, clock=ManualClock(WALL_MS)), base_url=settings.public_url
    ) as client:
        yield client


@pytest.fixture(scope="module")
def held(app, opening, played, put):
    """Looked at by many tests, changed by none."""
    return put(app, played(opening()).recorded)


@pytest.fixture
def fresh(app, opening, put):
    """An interview to change: short, with one pin of the room."""
    script = opening().edit(CAL, 0, "hello", at_ms=1000)
    script.do(IRIS, e.PinPlaced("n_2", FILE, text="Said why."), 2000).do(
        IRIS, e.InterviewEnded(), 100_000
    )
    return put(app, script.recorded)


def get(app, held, who, path="", named=""):
    app.cookies.clear()
    headers = {"accept": "text/html", "accept-encoding": "gzip"}
    if who is not None:
        headers["cookie"] = "; ".join(
            f"{name}={value}" for name, value in held.cookies[who].items()
        )
    query = f"?as={named}" if named else ""
    return app.get(
        f"/replay/{held.interview}{path}{query}", headers=headers, follow_redirects=False
    )


@pytest.mark.parametrize("path", ["", "/index.json", "/segments/0", "/bare/0", "/chronicle"])
def test_only_those_who_may_replay_get_in(app, held, path):
    there = (200, 204) if path == "/chronicle" else (200,)
    assert get(app, held, "owner", path).status_code in there
    assert get(app, held, "rater", path, held.rater).status_code in there
    assert get(app, held, "lead", path, held.iris).status_code in there
    for who, named in (
        ("mallory", ""),
        ("mallory", held.iris),
        ("cal", held.cal),
        ("olga", held.olga),
        ("cal", held.iris),
    ):
        assert get(app, held, who, path, named).status_code == 404, who
    assert get(app, held, None, path).status_code == 303
    assert get(app, held, "cal", path).status_code == 303


def test_an_unknown_interview_and_segment_are_not_there(app, fresh):
    assert get(app, fresh, "owner", "/segments/999").status_code == 404
    fresh.interview = "i_" + "a" * 26
    assert get(app, fresh, "owner").status_code == 404


def test_the_page_names_the_interview_and_holds_nothing_of_the_recording(app, held):
    page = get(app, held, "owner").text
    assert "Cal Lindqvist" in page
    assert "Northline Freight" in page
    assert "Read the failing test" not in page
    assert f'href="/score/{held.interview}"' in page


def test_the_index_holds_statements_of_parts_that_were_shown_and_no_others(app, held):
    index = get(app, held, "owner", "/index.json").json()
    (part,) = index["parts"]
    assert part["html"].startswith("<")
    assert index["duration_ms"] == held.duration_ms
    assert {person["first"] for person in index["people"]} == {"Iris", "Cal", "Olga"}
    kinds = {mark["kind"] for mark in index["marks"]}
    assert {
        "start",
        "stage",
        "part",
        "hint",
        "run",
        "tests",
        "hidden",
        "paste",
        "chat",
        "note",
        "leave",
        "join",
        "end",
    } <= kinds
    assert [pin["text"] for pin in index["pins"]] == [
        "Asked about units before writing.",
        "Read the failing test aloud first.",
    ]
    assert index["offline"]
    assert index["quiet"]


def test_a_rater_is_blind_to_pins_and_notes_until_all_have_submitted(app, held):
    answer = get(app, held, "rater", "/index.json", held.rater)
    assert answer.json()["pins"] == []
    everything = (
        gzip.decompress(gzip.compress(answer.content))
        + get(app, held, "rater", "/segments/0", held.rater).content
    )
    assert b"Read the failing" not in everything
    assert b"Would hire" not in everything
    page = get(app, held, "rater", "", held.rater).text
    assert "Iris’s evidence is hidden until you submit yours." in page


def test_a_reader_sees_only_what_the_report_quotes_and_no_typing_plot(app, held):
    state = app.app.state
    with state.store.begin() as conn:
        body = quoting(held, ["n_2"])
        reports.freeze(
            conn, state.seals, held.owner, held.interview, id="h_" + "a" * 26, version=1, body=body, hash="0" * 64,
            signed_at_ms=WALL_MS,
        )  # fmt: skip
        share, token = shares.create(
            conn, state.store.link_key, held.owner, held.interview, label="Northline", with_replay=True,
            expires_at_ms=WALL_MS + 1000, now_ms=WALL_MS,
        )  # fmt: skip
        held.cookies["reader"] = {
            f"reader_{held.interview}": shares.admit_reader(conn, share, WALL_MS)
        }
    page = get(app, held, "reader")
    assert page.status_code == 200
    assert "data-can-pin" not in page.text
    assert f'href="/r/{token}" aria-label="Back"' in page.text
    index = get(app, held, "reader", "/index.json").json()
    assert [pin["text"] for pin in index["pins"]] == ["Read the failing test aloud first."]
    assert index["typing"] is None
    assert not [mark for mark in index["marks"] if mark["kind"] in ("note", "paste")]
    assert "Asked about units" not in json.dumps(index)
    state.clock.advance(2000)
    assert get(app, held, "reader").status_code == 303, "the link has expired"


def quoting(held, pins):
    """A signed report's bytes that quote these pins."""
    occasion = Occasion(
        interview=held.interview, candidate="Cal", role_title="Backend engineer", started_at_ms=WALL_MS,
        zone="Europe/Oslo", people={},
    )  # fmt: skip
    made = Report(
        id="h_1", journal_hash="", occasion=occasion, decision=None, words=Words(), rubric_key="", rubric_name="",
        rubric_version=1, levels=(), competencies=(), raters=(), agreement=None,
        evidence=tuple(
            Moment(pin, 1000, held.iris, None, "Read the failing test aloud first.", "room") for pin in pins
        ),
        course=follow((), EMPTY),
    )  # fmt: skip
    return canonical(made)


def test_a_pin_can_be_put_on_the_replay_until_one_has_signed(app, fresh):
    for who, named in (("owner", ""), ("rater", fresh.rater)):
        query = f"?as={named}" if named else ""
        answer = app.post(
            f"/replay/{fresh.interview}/pins{query}",
            json={"at_ms": 95_000, "text": f"seen by {who}", "competency": fresh.competency},
            headers={
                "x-csrf": fresh.csrf[who],
                "cookie": "; ".join(f"{k}={v}" for k, v in fresh.cookies[who].items()),
            },
        )
        assert answer.status_code == 201, answer.text
        assert answer.json()["pin"]["added"] is True
        assert answer.json()["pin"]["label"]
    mine = [
        pin["text"]
        for pin in get(app, fresh, "owner", "/index.json").json()["pins"]
        if pin["added"]
    ]
    assert mine == ["seen by owner"], "blind to the rater's until all have signed"
    rated = get(app, fresh, "rater", "/index.json", fresh.rater).json()
    assert [pin["text"] for pin in rated["pins"]] == ["seen by rater"]
    assert "Rana" in {person["first"] for person in rated["people"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"at_ms": 5, "text": "x" * 3000}, 422),
        ({"at_ms": 5, "competency": "unknown"}, 422),
        ({"at_ms": "now"}, 400),
        ({}, 400),
    ],
)
def test_a_pin_that_makes_no_sense_is_refused(app, held, body, status):
    headers = {
        "x-csrf": held.csrf["owner"],
        "cookie": f"room_session={held.cookies['owner']['room_session']}",
    }
    assert (
        app.post(f"/replay/{held.interview}/pins", json=body, headers=headers).status_code == status
    )


def test_a_pin_needs_the_token_of_ones_own_session(app, held):
    cookie = {"cookie": f"room_session={held.cookies['owner']['room_session']}"}
    url = f"/replay/{held.interview}/pins"
    assert app.post(url, json={"at_ms": 5}, headers=cookie).status_code == 403
    assert (
        app.post(
            url, json={"at_ms": 5}, headers=cookie | {"x-csrf": held.csrf["mallory"]}
        ).status_code
        == 403
    )
    mallory = {
        "cookie": f"room_session={held.cookies['mallory']['room_session']}",
        "x-csrf": held.csrf["mallory"],
    }
    assert app.post(url, json={"at_ms": 5}, headers=mallory).status_code == 404


def test_before_start_nothing_is_replayable(app, opening, put):
    script = opening()
    start = next(
        i for i, one in enumerate(script.recorded) if isinstance(one.event, e.InterviewStarted)
    )
    held = put(app, script.recorded[:start], ended=False)
    page = get(app, held, "owner")
    assert page.status_code == 200
    assert "There is nothing to replay yet." in page.text
    assert get(app, held, "owner", "/index.json").status_code == 404
    assert get(app, held, "owner", "/segments/0").status_code == 404


def test_a_running_session_is_replayable_up_to_now(app, opening, played, put):
    recorded = played(opening()).recorded
    held = put(app, recorded[:600], ended=False)
    index = get(app, held, "owner", "/index.json").json()
    assert index["running"]
    assert index["duration_ms"] == recorded[599].at_ms
    assert "data-can-pin" not in get(app, held, "owner").text


def test_a_deleted_recording_says_that_the_promise_was_kept(app, fresh):
    state = app.app.state
    assert get(app, fresh, "owner", "/index.json").status_code == 200
    with state.store.begin() as conn:
        state.seals.destroy(conn, fresh.interview)
    answer = get(app, fresh, "owner")
    assert answer.status_code == 410
    assert "deleted, as promised" in answer.text
    assert get(app, fresh, "owner", "/segments/0").status_code == 410


def test_a_removed_rater_cannot_look_any_more(app, fresh):
    assert get(app, fresh, "rater", "", fresh.rater).status_code == 200
    with app.app.state.store.begin() as conn:
        members.end_sessions(conn, fresh.owner, fresh.rater)
    assert get(app, fresh, "rater", "", fresh.rater).status_code == 404


def test_names_with_markup_come_out_as_text(app, opening, played, put):
    held = put(app, played(opening()).recorded, candidate="<script>alert(1)</script>\u202e Cal")
    page = get(app, held, "owner").text
    assert "<script>alert" not in page
    assert not re.search(r'data-candidate="[^"]*<', page)


def test_a_segment_can_be_had_without_its_document(app, held):
    whole = get(app, held, "owner", "/segments/1").json()
    bare = get(app, held, "owner", "/segments/1?bare").json()
    assert whole.pop("document")
    assert bare == whole


def test_the_chronicle_is_there_once_it_was_kept_and_ends_with_the_recording(app, fresh):
    state = app.app.state
    assert get(app, fresh, "owner", "/chronicle").status_code == 204
    asyncio.run(keeping.keep(state.store, state.seals, fresh.interview))
    answer = get(app, fresh, "owner", "/chronicle")
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert b"hello" in answer.content
    cookie = f"room_session={fresh.cookies['owner']['room_session']}"
    plain = app.get(
        f"/replay/{fresh.interview}/chronicle",
        headers={"accept-encoding": "identity", "cookie": cookie},
    )
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    with state.store.begin() as conn:
        state.seals.destroy(conn, fresh.interview)
    assert get(app, fresh, "owner", "/chronicle").status_code == 410


def test_several_bare_segments_come_together(app, held, monkeypatch):
    plans = get(app, held, "owner", "/index.json").json()["segments"]
    bare = [get(app, held, "owner", f"/segments/{n}?bare").text for n in range(len(plans))]
    answer = get(app, held, "owner", "/bare/1")
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.split("\n") == bare[1:]
    monkeypatch.setattr(replay, "BARE_BYTES", len(bare[2]) + 1)
    assert get(app, held, "owner", "/bare/2").text.split("\n") == bare[2:4]
    assert get(app, held, "owner", f"/bare/{len(plans)}").status_code == 404


@pytest.mark.parametrize("who", ["owner", "rater"])
def test_who_comes_after_a_restart_reads_what_was_kept(app, held, who, monkeypatch):
    """Asked of a server that has made nothing yet: the journal is not read for it."""
    state = app.app.state
    named = held.rater if who == "rater" else ""
    paths = ("/index.json", "/segments/0", "/segments/1")
    before = [get(app, held, who, path, named).json() for path in paths]
    asyncio.run(keeping.keep(state.store, state.seals, held.interview))
    state.replay_shelf = Shelf()
    asked = []
    load = journal.load
    monkeypatch.setattr(journal, "load", lambda *of: asked.append(found := load(*of)) or found)
    assert [get(app, held, who, path, named).json() for path in paths] == before
    assert asked
    assert not any(asked), "events were read again"


def test_answers_are_packed_for_those_who_can_unpack_them(app, held):
    answer = get(app, held, "owner", "/segments/1")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["v"] == 1
    plain = app.get(
        f"/replay/{held.interview}/segments/1",
        headers={
            "accept-encoding": "identity",
            "cookie": f"room_session={held.cookies['owner']['room_session']}",
        },
    )
    assert "content-encoding" not in plain.headers
    assert plain.json() == answer.json()


def test_the_first_visitor_after_a_start_compiles_no_template(app, held, monkeypatch):
    fresh = templating.environment.overlay(cache_size=50)
    monkeypatch.setattr(templating, "environment", fresh)
    monkeypatch.setattr(replay, "environment", fresh)
    replay.prepare(app.app.state.store, app.app.state.seals)

    def compile_anyway(*_, **__):
        raise AssertionError("a template was not ready")

    monkeypatch.setattr(fresh, "compile", compile_anyway)
    assert get(app, held, "owner").status_code == 200
