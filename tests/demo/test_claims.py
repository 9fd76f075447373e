"""What the demo claims is what really happened: outputs, tests, final files, authors, agreement."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from room import config, content
from room.clock import SystemClock
from room.demo.first_start import prepare
from room.demo.judgement import judge
from room.demo.performance import Performance, perform
from room.replay.authorship import lines
from room.sandbox.runner import Runner
from room.scoring import filing
from room.session import events as e
from room.session.evolve import fold
from room.session.ids import SYSTEM, InterviewId
from room.session.state import RunState, SessionState
from room.store import accounts, interviews, journal, reports
from room.store.engine import Store
from room.store.sealing import Seals

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

STORY: dict[str, Any] = content.load("demo_session")
ACTIONS = {
    action["id"]: action for action in STORY["timeline"] if "id" in action and action["do"] != "pin"
}


class Played:
    """The performance, its journal and its judgement."""

    def __init__(self, folder: Path) -> None:
        self.settings = config.load({"ROOM_DATA_DIR": str(folder)})
        self.store = Store.open(self.settings)
        self.seals = Seals.open(self.settings)

    async def play(self) -> None:
        async with Runner.open(worker="demo-test") as runner:
            now_ms = SystemClock().wall_ms()
            self.performance: Performance = await perform(
                self.settings, self.store, self.seals, runner, now_ms
            )
        with self.store.begin() as conn:
            judge(conn, self.store, self.seals, self.performance, STORY)
        with self.store.read() as conn:
            identity = InterviewId(self.performance.interview.id)
            journal.verify(conn, self.seals, identity)
            self.recorded = journal.load(conn, self.seals, identity)
        self.state: SessionState = fold(self.recorded)

    def run(self, story_id: str) -> RunState:
        found = self.state.run(self.performance.player.runs[story_id])
        assert found is not None
        return found

    def output(self, story_id: str) -> str:
        run = self.performance.player.runs[story_id]
        printed = "".join(
            one.event.text
            for one in self.recorded
            if isinstance(one.event, e.RunOutput) and one.event.run == run
        )
        if not self.run(story_id).interactive:
            return printed
        # A terminal ends lines with both signs and echoes what is typed; the story tells what the program printed.
        typed = "".join(
            one.event.text
            for one in self.recorded
            if isinstance(one.event, e.RunInput) and one.event.run == run
        )
        shown, echo = printed.replace("\r\n", "\n"), typed.replace("\x04", "")
        assert shown.startswith(echo), shown
        return shown.removeprefix(echo)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    made = Played(tmp_path_factory.mktemp("demo") / "data")
    asyncio.run(made.play())
    return made


@pytest.mark.parametrize(
    "story_id", [key for key, action in ACTIONS.items() if action["do"] == "run"]
)
def test_each_run_printed_what_the_story_says(played: Played, story_id: str) -> None:
    action = ACTIONS[story_id]
    run, output = played.run(story_id), played.output(story_id)
    if "output" in action:
        assert (run.verdict, output) == ("OK", action["output"])
    else:
        assert run.verdict == "RE"
        assert output.rstrip().splitlines()[-1] == action["error"]
        assert action["line"] in output


@pytest.mark.parametrize(
    "story_id", [key for key, action in ACTIONS.items() if action["do"] == "tests"]
)
def test_each_test_run_passed_and_failed_what_the_story_says(played: Played, story_id: str) -> None:
    action = ACTIONS[story_id]
    visible = played.run(story_id)
    hidden = next(run for run in played.state.runs if run.of == visible.id)
    for run, counted, failed in (
        (visible, action["visible"], action.get("failed", [])),
        (hidden, action["hidden"], action.get("hidden_failed", [])),
    ):
        passed = sum(outcome.verdict == "AC" for outcome in run.outcomes)
        assert f"{passed}/{len(run.outcomes)}" == counted
        assert sorted(f"{o.part}/{o.name}" for o in run.outcomes if o.verdict != "AC") == sorted(
            failed
        )
    for name, got in action.get("got", {}).items():
        assert {f"{o.part}/{o.name}": o.got for o in visible.outcomes}[
            name
        ].rstrip() == got.rstrip()


def test_the_files_end_as_the_story_says_and_their_lines_have_their_authors(played: Played) -> None:
    texts = lines(played.recorded)
    names = {file.id: file.name for file in played.state.files}
    who = {member: key for key, member in played.performance.member_ids.items()} | {SYSTEM: "room"}
    for file, told in texts.items():
        name = names[file]
        expected = STORY["final"]["files"][name]
        assert "\n".join(text for text, _ in told).rstrip("\n") == expected.rstrip("\n"), name
        by = Counter(who[author] for text, author in told if text.strip())
        assert dict(by) == STORY["final"]["lines_by"][name], name


def test_the_session_lasted_as_long_and_holds_as_many_moments_as_told(played: Played) -> None:
    assert played.state.ended_at_ms == STORY["session"]["length_s"] * 1000
    assert played.state.phase == "closed"
    pins = [action for action in STORY["timeline"] if action["do"] == "pin"]
    assert [pin.at_ms for pin in played.state.pins] == [round(pin["t"] * 1000) for pin in pins]
    assert [pin.text for pin in played.state.pins] == [pin["text"] for pin in pins]
    assert [hint.level for hint in played.state.hints] == [1]


def test_what_was_typed_without_a_connection_came_in_at_once_when_it_was_back(
    played: Played,
) -> None:
    gone = next(a["t"] for a in STORY["timeline"] if a["do"] == "offline") * 1000
    back = next(a for a in STORY["timeline"] if a["do"] == "online")
    candidate = played.performance.member_ids["naledi"]
    edits = [
        one for one in played.recorded if isinstance(one.event, e.DocEdited) and one.by == candidate
    ]
    assert not [one for one in edits if gone < one.at_ms < back["t"] * 1000]
    assert [one for one in edits if one.at_ms == back["t"] * 1000]


def test_the_two_scorecards_agree_as_the_story_says(played: Played) -> None:
    with played.store.read() as conn:
        case = filing.load_case(
            conn,
            played.seals,
            played.performance.interview.owner_id,
            played.performance.interview.id,
        )
        signed = reports.find_newest(
            conn,
            played.seals,
            played.performance.interview.owner_id,
            played.performance.interview.id,
        )
    assert case.all_in
    first, second = (rater.scorecard for rater in case.raters)
    levels = {
        rating.competency: (rating.level, second.rating(rating.competency).level)
        for rating in first.ratings
    }
    both = {key: pair for key, pair in levels.items() if None not in pair}
    told = STORY["agreement"]
    assert len(both) == told["of"]
    assert sum(one == other for one, other in both.values()) == told["equal"]
    assert [key for key, pair in levels.items() if None in pair] == told["scored_by_one"]
    assert [key for key, (one, other) in both.items() if one != other] == [
        d["competency"] for d in told["differences"]
    ]
    assert (first.decision == second.decision) == told["same_decision"]
    assert signed is not None


def test_final_tests_are_what_the_report_claims(played: Played) -> None:
    last = [run for run in played.state.runs if run.kind != "run"][-2:]
    outcomes = [outcome for run in last for outcome in run.outcomes]
    told = STORY["final"]["tests"]
    assert (sum(o.verdict == "AC" for o in outcomes), len(outcomes)) == (told["passed"], told["of"])


async def test_without_an_engine_the_demo_is_told_all_the_same_and_again_when_code_can_run(
    tmp_path: Path,
) -> None:
    settings = config.load({"ROOM_DATA_DIR": str(tmp_path / "data")})
    store = Store.open(settings)
    seals = Seals.open(settings)
    now_ms = SystemClock().wall_ms()

    def verdicts() -> set[str]:
        with store.read() as conn:
            owner = accounts.find_demo(conn)
            assert owner is not None
            ended = [i for i in interviews.list_for(conn, owner.id) if i.ended_at_ms]
            assert len(ended) == 1
            state = fold(journal.load(conn, seals, InterviewId(ended[0].id)))
        return {run.verdict for run in state.runs}

    async with Runner.open(docker_host=f"unix://{tmp_path}/no-engine.sock") as runner:
        assert await prepare(settings, store, seals, runner, now_ms) is not None
    assert verdicts() == {"UNAVAILABLE"}
    async with Runner.open(worker="demo-test") as runner:
        assert await prepare(settings, store, seals, runner, now_ms) is not None
    assert {"OK", "AC", "WA", "RE"} <= verdicts()
    store.close()


async def test_a_demo_that_was_thrown_away_does_not_come_back(tmp_path: Path) -> None:
    settings = config.load({"ROOM_DATA_DIR": str(tmp_path / "data")})
    store = Store.open(settings)
    seals = Seals.open(settings)
    now_ms = SystemClock().wall_ms()
    async with Runner.open(worker="demo-test") as runner:
        first = await prepare(settings, store, seals, runner, now_ms)
        again = await prepare(settings, store, seals, runner, now_ms)
        assert first is not None
        assert again is not None
        assert first.password == again.password
        with store.begin() as conn:
            owner = accounts.find_demo(conn)
            assert owner is not None
            assert len(interviews.list_for(conn, owner.id)) == 2
            interviews.delete_demo(conn, owner.id)
        assert await prepare(settings, store, seals, runner, now_ms) is None
    store.close()
