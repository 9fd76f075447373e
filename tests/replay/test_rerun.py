"""Running a moment again: what ran, whether it is the same, and who may ask."""

import pytest
from litestar.testing import TestClient

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.replay import authorship, rerun
from room.sandbox.spec import CaseResult, Output, RunResult, TestReport, Usage
from room.session import events as e
from room.session.state import EMPTY
from room.session.visibility import PUBLIC, visible_to

WALL_MS = 1_780_000_000_000


class FakeRunner:
    """Answers as the sandbox would, and remembers what it was asked."""

    def __init__(self, real):
        self.real, self.asked, self.output, self.verdict = real, [], "booked 08:30\n", "OK"
        self.lanes = []

    async def status(self):
        return await self.real.status()

    async def run(self, request, on_output):
        self.asked.append(request)
        on_output(Output("stdout", self.output))
        return RunResult(self.verdict, 0, None, Usage(), False, "Finished in 0.1 s")

    async def run_tests(self, request, *, lane):
        self.asked.append(request)
        self.lanes.append(lane)
        cases = tuple(
            CaseResult(c.name, c.part, False, "AC", "", "", 0.01, "") for c in request.suite.cases
        )
        return TestReport("AC", cases, len(cases), len(cases), Usage(), "All passed")


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


@pytest.fixture
def runner(site, monkeypatch):
    fake = FakeRunner(site.app.state.runner)
    monkeypatch.setitem(site.app.state._state, "runner", fake)
    return fake


def ask(site, held, who, at_ms, kind="run"):
    site.cookies.clear()
    query = f"?as={held.rater}" if who == "rater" else ""
    return site.post(
        f"/replay/{held.interview}/rerun{query}",
        json={"at_ms": at_ms, "kind": kind},
        headers={"x-csrf": held.csrf.get(who, "")},
        cookies=held.cookies[who],
    )


def run_of(told, number):
    return [one for one in told if isinstance(one.event, e.RunQueued)][number]


def test_the_files_of_the_moment_run_and_the_same_output_is_said_to_be_the_same(
    site, held, runner, told
):
    at_ms = run_of(told, 0).at_ms + 450
    answer = ask(site, held, "owner", at_ms).json()
    assert answer["comparison"] == {
        "is_same": True, "sentence": "The output is the same as recorded.", "difference": "",
    }  # fmt: skip
    (request,) = runner.asked
    assert {file.name: file.text for file in request.files} == {
        "main.py": authorship.texts_at(told, at_ms)["f_main"]
    }
    assert (request.entry, request.language) == ("main.py", "python")


def test_another_output_is_shown_with_its_difference(site, held, runner, told):
    runner.output = "booked 09:00\n"
    answer = ask(site, held, "owner", run_of(told, 1).at_ms - 1000).json()
    assert answer["comparison"]["is_same"] is False
    assert answer["comparison"]["sentence"].endswith("The files had changed since that run.")
    assert "-booked 08:30\n+booked 09:00" in answer["comparison"]["difference"]


def test_without_a_run_before_or_a_sandbox_nothing_is_compared(site, held, runner, told):
    answer = ask(site, held, "owner", 1000).json()
    assert answer["comparison"]["is_same"] is None
    assert answer["output"] == "booked 08:30\n"
    runner.verdict = "UNAVAILABLE"
    answer = ask(site, held, "owner", told[-1].at_ms).json()
    assert answer["comparison"]["sentence"].startswith("It could not be run")


def test_tests_run_as_of_the_moment(site, held, runner, told):
    answer = ask(site, held, "owner", told[-1].at_ms, "tests")
    if answer.status_code == 409:
        assert answer.json()["sentence"] == "There were no tests at this moment."
    else:
        assert all(one["verdict"] == "AC" for one in answer.json()["outcomes"])
        assert runner.asked[0].suite.cases


def test_hidden_tests_run_too_and_are_compared_with_the_last_ones(site, put, opening, runner):
    script = opening()
    script.do("m_iris", e.PartShown("q_1", "p_1", "Dock planner", "Book a slot", 1), 1000)
    script.do("m_iris", e.InterviewEnded(), 9000)
    held = put(site, script.recorded)
    answer = ask(site, held, "owner", 5000, "tests").json()
    visible, hidden = ({one["name"] for one in answer[of]} for of in ("outcomes", "hidden"))
    assert visible
    assert hidden
    assert not visible & hidden
    assert runner.lanes == ["visible", "hidden"]
    assert answer["sentence"].endswith(f"{len(hidden)} of {len(hidden)} hidden passed.")
    assert answer["comparison"]["is_same"] is None


def test_a_hidden_test_that_goes_another_way_is_named(script):
    was = e.TestOutcome("deep", "p_1", "WA")
    script.do("m_iris", e.HiddenTestsQueued("h_1", "t_1"), 2000)
    script.do("system", e.HiddenTestsFinished("h_1", "t_1", "WA", "0 of 1 passed", (was,)), 3000)
    moment = rerun.as_of(script.recorded, 4000)
    compared = rerun.compare_tests(moment, (), (e.TestOutcome("deep", "p_1", "AC"),))
    assert (compared.is_same, compared.difference) == (False, "hidden, deep: WA recorded, AC now")
    assert rerun.compare_tests(moment, (), (was,)).is_same is True
    candidates = [o for o in script.recorded if visible_to(o.event, PUBLIC, EMPTY)]
    assert rerun.as_of(candidates, 4000).hidden_outcomes is None


@pytest.mark.parametrize("who", ["rater", "mallory"])
def test_only_interviewers_can_run_again(site, held, runner, who):
    assert ask(site, held, who, 1000).status_code in (403, 404)
    assert runner.asked == []


def test_nobody_runs_without_a_session_or_a_token(site, held, runner):
    site.cookies.clear()
    answer = site.post(f"/replay/{held.interview}/rerun", json={"at_ms": 1})
    assert answer.status_code == 403
    assert runner.asked == []


def test_what_was_typed_into_a_program_is_its_input(script):
    script.do("m_cal", e.RunQueued("r_1", "f_main", "python", "a\n", interactive=True), 5000)
    script.do("system", e.RunStarted("r_1")).do("m_cal", e.RunInput("r_1", "7\n"), 6000)
    script.do("system", e.RunOutput("r_1", "7\r\n49\r\n"), 6100)
    moment = rerun.as_of(script.recorded, 6100)
    assert moment.stdin == "a\n7\n"
    assert rerun.compare(moment, "49\n").is_same is None  # it had not ended
    script.do("system", e.RunFinished("r_1", "OK", "Done"), 6200)
    moment = rerun.as_of(script.recorded, 6200)
    compared = rerun.compare(moment, "49\n")
    assert (compared.is_same, "without the echo" in compared.sentence) == (True, True)
    assert rerun.compare(moment, "7\n49\n").is_same is True
    compared = rerun.compare(moment, "50\n")
    assert (compared.is_same, "has the echo" in compared.sentence) == (False, True)


@pytest.mark.parametrize(
    ("keys", "read"),
    [
        ("7\r", "7\n"),
        ("78\x7f\r9\r", "7\n9\n"),
        ("wrong\x15right\r", "right\n"),
        ("last\x04", "last"),
        ("one\r\x04more", "one\n"),
        ("stop\x03", ""),
        ("\x1b\x7fa\tb\r", "a\tb\n"),
        ("not sent yet", "not sent yet"),
    ],
)
def test_a_program_reads_lines_as_they_were_corrected(keys, read):
    assert rerun.as_read(keys) == read


def test_no_file_is_said_and_huge_outputs_are_compared_in_bounds(script):
    script.do("m_cal", e.FileDeleted("f_main"), 9000)
    with pytest.raises(rerun.NothingToRun, match="no file"):
        rerun.as_of(script.recorded, 9000)
    script.do("m_cal", e.FileRestored("f_main"), 9500)
    script.do("m_cal", e.RunQueued("r_1", "f_main", "python"), 9600)
    script.do("system", e.RunOutput("r_1", "\n".join(map(str, range(100_000)))))
    script.do("system", e.RunFinished("r_1", "OK", "Done"))
    moment = rerun.as_of(script.recorded, 10**6)
    compared = rerun.compare(moment, "\n".join(map(str, range(5, 200_000, 3))))
    assert compared.is_same is False
    assert compared.difference.count("\n") <= rerun.DIFFERENCE_LINES_MAX


@pytest.mark.docker
def test_a_real_box_gives_the_recorded_output_again(tmp_path, opening, put):
    script = opening()
    script.edit("m_cal", 0, "print(input()[::-1])\n", delete=len(script.text()), at_ms=1000)
    script.do("m_cal", e.RunQueued("r_1", "f_main", "python", "stressed\n"), 2000)
    script.do("system", e.RunStarted("r_1")).do("system", e.RunOutput("r_1", "desserts\n"))
    script.do("system", e.RunFinished("r_1", "OK", "Done"), 2100).do(
        "m_iris", e.InterviewEnded(), 9000
    )
    installed = config.load({"ROOM_DATA_DIR": str(tmp_path / "data")})
    with TestClient(create_app(installed, clock=ManualClock(WALL_MS))) as client:
        held = put(client, script.recorded)
        answered = ask(client, held, "owner", 5000)
    assert answered.status_code == 200, answered.text[:2000]
    answer = answered.json()
    assert answer["output"] == "desserts\n"
    assert answer["comparison"]["is_same"] is True
