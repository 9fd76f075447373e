"""The player's code, run by Node on real segments: it must show what the server's fold says."""

import base64
import json
import random
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from pycrdt import Text

from room.replay import authorship, index, keeping, segments
from room.replay.copies import copy_of
from room.session import events as e
from room.session.ids import SYSTEM
from room.session.visibility import Viewer

ROOT = Path(__file__).parents[2]
FILE, IRIS, CAL = "f_main", "m_iris", "m_cal"
OWNERS = {11: IRIS, 22: CAL, 1: SYSTEM}


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Plays a recording in Node; returns what the player shows."""
    esbuild = ROOT / "static/node_modules/.bin/esbuild"
    node = shutil.which("node") or next(iter(map(str, (ROOT / ".setup").glob("**/bin/node"))), None)
    if node is None or not esbuild.exists():
        pytest.skip("Node or the front end's packages are not here; scripts/setup fetches them")
    folder = tmp_path_factory.mktemp("walk")
    script = folder / "walk.mjs"
    subprocess.run(
        [node, esbuild, Path(__file__).with_name("walk.ts"), "--bundle", "--platform=node", "--format=esm",
         f"--outfile={script}", "--log-level=warning"],
        check=True, env={"NODE_PATH": str(ROOT / "static/node_modules"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    def play(recorded, seed=1, every=1):
        copy = copy_of(Viewer("interviewer"), recorded)
        made = index.make(copy.facts, copy.reel.strokes, copy.plans, {}, typing=True)
        rng = random.Random(seed)
        seeks = [
            [rng.randrange(-100, made.duration_ms + 5000) for _ in range(12)] for _ in range(8)
        ]
        given = folder / "recording.json"
        sent = [msgspec.Raw(segments.encode(one)) for one in copy.segments()]
        given.write_bytes(
            msgspec.json.encode(
                {"duration_ms": made.duration_ms, "plans": copy.plans, "segments": sent, "file": FILE,
                 "seeks": seeks, "quiet": made.quiet, "every": every, "chronicle": kept_chronicle(copy.reel)}
            )
        )  # fmt: skip
        done = subprocess.run([node, script, given], check=True, capture_output=True, text=True)
        return copy, made, json.loads(done.stdout)

    return play


def kept_chronicle(reel):
    """As it is kept with the reel, in base64; empty where there can be none."""
    return base64.b64encode(keeping.chronicle_of(reel)).decode()


def bare(moment):
    """Without fields that have their default: one side leaves them out, the other may not."""
    if isinstance(moment, dict):
        return {
            key: bare(value)
            for key, value in moment.items()
            if value not in ("", False, None, [], {}, 0)
        }
    return [bare(one) for one in moment] if isinstance(moment, list) else moment


def busy_session(opening, edits=1500, seed=7):
    rng = random.Random(seed)
    script = opening()
    at = 0
    for number in range(edits):
        at += rng.choice((0, 0, 150, 400, 3000))
        by, size = rng.choice((CAL, CAL, IRIS)), len(script.text())
        if rng.random() < 0.25 and size:
            script.edit(
                by, rng.randrange(size), "é" * rng.randrange(2), rng.randrange(1, 4), at_ms=at
            )
        else:
            script.edit(
                by, rng.randrange(size + 1), rng.choice(("a", "😀", "\n", "word ")), at_ms=at
            )
        if number % 35 == 0:
            run = f"r_{number}"
            script.do(CAL, e.RunQueued(run, FILE, "python", "5\n")).do(SYSTEM, e.RunStarted(run))
            for by, keys in (
                (CAL, "4"),
                (CAL, "2\r"),
                (IRIS, "😀" * 260),
                (IRIS, "x"),
                (IRIS, "y"),
            ):
                script.do(by, e.RunInput(run, keys))
            script.do(SYSTEM, e.RunOutput(run, "é😀" * 40_000)).do(
                SYSTEM, e.RunOutput(run, "x" * 90_000)
            )
            script.do(
                SYSTEM, e.RunFinished(run, "OK", "Finished in 0.4 s", 0, truncated=number % 2 == 0)
            )
        if number % 45 == 0:
            outcome = e.TestOutcome("one", "p_1", "WA", "1", "2")
            for kind in ("t", "h"):
                queued = (
                    e.TestsQueued("t", FILE, "python")
                    if kind == "t"
                    else e.HiddenTestsQueued("h", "t")
                )
                script.do(CAL, queued).do(SYSTEM, e.RunStarted(kind))
            script.do(SYSTEM, e.TestsFinished("t", "WA", "0 of 1 passed", (outcome,)))
            script.do(SYSTEM, e.HiddenTestsFinished("h", "t", "WA", "0 of 1 passed", (outcome,)))
        if number % 60 == 0:
            there = f'{{"type":null,"tname":"f:{FILE}","item":null,"assoc":0}}'
            script.do(IRIS, e.CaretMoved(FILE, there, there))
        if number == 200:
            script.do(CAL, e.FileCreated("f_2", "notes.md", "markdown")).do(
                CAL, e.FileOpened("f_2")
            )
            script.do(CAL, e.FileRenamed("f_2", "plan.md")).do(CAL, e.FilesReordered(("f_2", FILE)))
            script.do(CAL, e.FileDeleted("f_2")).do(CAL, e.LanguageChosen("javascript"))
        if number == 400:
            script.do(CAL, e.FileRestored("f_2")).do(SYSTEM, e.MemberLeft(CAL)).do(
                IRIS, e.ClockPaused()
            )
        if number == 430:
            script.do(SYSTEM, e.MemberJoined(CAL)).do(IRIS, e.ClockResumed())
    script.do(IRIS, e.InterviewEnded(), at + 60_000)
    return script


def test_the_player_shows_what_the_server_folds_at_every_keyframe(walk, opening):
    script = busy_session(opening)
    copy, _, shown = walk(script.recorded)
    assert len(copy.plans) > 4
    for end, following in zip(shown["ends"], list(copy.segments())[1:], strict=False):
        assert bare(end["moment"]) == bare(json.loads(msgspec.json.encode(following.moment)))
    for end, segment in zip(shown["ends"], copy.segments(), strict=True):
        until = script.recorded.index(segment.events[-1]) + 1
        assert end["text"] == authorship.texts_at(script.recorded[:until])[FILE]
    assert shown["ends"][-1]["moment"]["phase"] == "ended"


def test_any_way_to_a_moment_shows_the_same(walk, opening):
    _, _, shown = walk(busy_session(opening).recorded, seed=3)
    assert len({round_["ms"] for round_ in shown["walks"]}) > 4
    for round_ in shown["walks"]:
        assert round_["walked"] == round_["straight"] == round_["read"]
        assert round_["midway"] == round_["midway_again"]
    for step in shown["steps"]:
        assert step["before"] == step["again"]


def test_the_chronicle_says_of_every_event_what_the_document_says(walk, opening):
    for seed in (7, 8):
        _, _, shown = walk(busy_session(opening, 900, seed).recorded)
        assert shown["is_whole"]
        assert shown["is_kept_alike"]
        assert shown["differences"] == []


def typed(doc, change):
    """The update with what ``change`` did to the text, and all deletions that the document knows."""
    before = doc.get_state()
    change(doc.get(f"f:{FILE}", type=Text))
    return doc.get_update(before)


def test_two_who_typed_apart_and_met_again_are_told_as_it_was(walk, opening):
    rng = random.Random(5)
    script = opening()
    docs, waiting = script.docs, {IRIS: [], CAL: []}
    for doc in docs.values():
        doc.apply_update(script.server.get_update())
    for number in range(700):
        by = rng.choice((IRIS, CAL))
        size = len(str(docs[by].get(f"f:{FILE}", type=Text)))
        at = rng.randrange(size + 1)
        if rng.random() < 0.4 and at < size:
            end = min(size, at + rng.randrange(1, 6))
            update = typed(docs[by], lambda text, at=at, end=end: text.__delitem__(slice(at, end)))
        else:
            word = rng.choice(("a", "b\n", "word"))
            update = typed(docs[by], lambda text, at=at, word=word: text.insert(at, word))
        script.do(by, e.DocEdited(update), number * 100)
        waiting[IRIS if by == CAL else CAL].append(update)
        client, assoc = rng.choice((11, 22)), rng.choice((0, -1))
        here = f'{{"item":{{"client":{client},"clock":{rng.randrange(200)}}},"assoc":{assoc}}}'
        script.do(by, e.CaretMoved(FILE, here, here))
        if rng.random() < 0.05:
            for member, updates in waiting.items():
                for update in updates:
                    docs[member].apply_update(update)
                updates.clear()
    script.do(IRIS, e.InterviewEnded(), 80_000)
    _, _, shown = walk(script.recorded)
    assert shown["is_whole"]
    assert shown["is_kept_alike"]
    assert shown["differences"] == []
    assert len(shown["ends"][-1]["text"]) > 200


def test_where_an_edit_came_before_what_it_builds_on_there_is_no_chronicle(walk, opening):
    script = opening()
    doc = script.docs[CAL]
    one, two, three = (
        typed(doc, lambda text, word=word: text.insert(0, word))
        for word in ("one ", "two ", "three ")
    )
    for at, update in enumerate((two, one, three)):
        script.do(CAL, e.DocEdited(update), 1000 * (at + 1))
    script.do(IRIS, e.InterviewEnded(), 5000)
    _, _, shown = walk(script.recorded)
    assert not shown["is_whole"]
    assert shown["is_kept_alike"]
    assert shown["ends"][-1]["text"].startswith("three two one ")
    for round_ in shown["walks"]:
        assert round_["walked"] == round_["straight"]


def test_playing_to_the_end_shows_the_end(walk, opening):
    _, made, shown = walk(busy_session(opening, edits=400).recorded)
    assert shown["played"] == shown["ends"][-1]
    assert shown["played_ms"] == made.duration_ms
    quiet = sum(span.to_ms - span.from_ms for span in made.quiet)
    assert quiet > 0
    assert shown["frames"] * 32 / 60 * 1000 < made.duration_ms - quiet + 32 * 1000


def test_the_coloured_edge_shows_the_author_that_the_report_names(walk, opening):
    script = busy_session(opening, edits=600)
    _, _, shown = walk(script.recorded)
    owners = [OWNERS.get(client, SYSTEM) for client in shown["ends"][-1]["lines"]]
    told = [author for _, author in authorship.lines(script.recorded)[FILE]]
    assert owners[: len(told)] == told


def test_the_caret_is_where_the_last_key_was_pressed(walk, opening):
    script = opening().edit(CAL, 4, "XYZ", at_ms=1000).edit(IRIS, 0, "12", at_ms=2000)
    _, _, shown = walk(script.recorded)
    assert shown["ends"][-1]["carets"] == {CAL: 2 + 4 + 3, IRIS: 2}
    script.edit(CAL, 4, delete=2, at_ms=3000)
    _, _, shown = walk(script.recorded)
    assert shown["ends"][-1]["carets"][CAL] == 4


def test_real_typing_plays_to_its_final_text(walk, clownschool):
    copy, made, shown = walk(clownschool.recorded, every=41)
    assert shown["is_whole"]
    assert shown["is_kept_alike"]
    assert shown["differences"] == []
    assert shown["ends"][-1]["text"] == clownschool.end
    assert shown["played"]["text"] == clownschool.end
    for round_ in shown["walks"]:
        assert round_["walked"] == round_["straight"] == round_["read"]
        ms = min(max(0, round_["ms"]), made.duration_ms)
        assert round_["walked"]["text"] == authorship.texts_at(copy.events(), ms).get(FILE, "")
