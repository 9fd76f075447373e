"""Budgets: pure arithmetic with time as an argument, and a runner that keeps to them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from room.sandbox.budget import Allowance, Budgets, Payer
from room.sandbox.runner import Runner
from room.sandbox.spec import RunRequest, SourceFile, TestCase, TestRequest, TestSuite

SMALL = Allowance(
    runs=2, output_bytes=100, cpu_s=10, runs_a_minute=6, output_bytes_a_minute=60, cpu_s_a_minute=60
)
LARGE = Allowance(1000, 10**9, 10**9, 1000, 10**9, 10**9)
CAL, MALLORY = Payer("i_cal", "iris"), Payer("i_mallory", "iris")


def test_runs_are_let_in_until_the_purse_is_empty_and_again_when_it_has_filled():
    budgets = Budgets(SMALL, LARGE)
    assert [budgets.admit(CAL, "visible", 0) for _ in range(3)] == [0, 0, 10]
    assert budgets.admit(CAL, "visible", 9.5) == 1
    assert budgets.admit(CAL, "visible", 10) == 0
    assert budgets.admit(CAL, "visible", 10) == 10


def test_one_flood_is_paid_for_before_the_next_run():
    budgets = Budgets(SMALL, LARGE)
    assert budgets.admit(CAL, "visible", 0) == 0
    budgets.charge(CAL, "visible", 0, output_bytes=160, cpu_s=1)
    assert budgets.admit(CAL, "visible", 0) == 60
    assert budgets.admit(CAL, "visible", 61) == 0


def test_computing_is_paid_for_too():
    budgets = Budgets(SMALL, LARGE)
    budgets.charge(CAL, "visible", 0, output_bytes=0, cpu_s=40)
    assert budgets.admit(CAL, "visible", 0) == 30


def test_one_interview_does_not_use_up_anothers_but_the_accounts():
    budgets = Budgets(SMALL, LARGE)
    for _ in range(3):
        budgets.admit(MALLORY, "visible", 0)
    assert budgets.admit(CAL, "visible", 0) == 0
    budgets = Budgets(LARGE, SMALL)
    assert [budgets.admit(MALLORY, "visible", 0) for _ in range(2)] == [0, 0]
    assert budgets.admit(CAL, "visible", 0) == 10
    assert budgets.admit(Payer("i_cal", "olga"), "visible", 0) == 0


def test_a_refused_run_costs_nothing_anywhere():
    budgets = Budgets(SMALL, LARGE)
    for _ in range(50):
        budgets.admit(CAL, "visible", 0)
    assert budgets.admit(CAL, "visible", 10) == 0


def test_hidden_tests_cannot_be_felt_in_visible_runs():
    budgets = Budgets(SMALL, SMALL)
    for _ in range(9):
        budgets.admit(CAL, "hidden", 0)
    budgets.charge(CAL, "hidden", 0, output_bytes=10**9, cpu_s=10**6)
    assert budgets.admit(CAL, "visible", 0) == 0


def test_who_is_gone_for_long_is_forgotten_unless_something_is_owed():
    budgets = Budgets(SMALL, SMALL)
    budgets.admit(CAL, "visible", 0)
    budgets.admit(MALLORY, "visible", 5000)
    assert {name for _, name, _ in budgets._purses} == {"iris", "i_mallory"}
    budgets.charge(MALLORY, "visible", 5000, output_bytes=0, cpu_s=100_000)
    budgets.admit(Payer("i_new", "olga"), "visible", 9000)
    assert budgets.admit(MALLORY, "visible", 9000) > 3600


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 50), st.floats(0, 5)), max_size=40))
def test_over_any_while_no_more_is_let_in_than_fits_and_comes_back(steps):
    budgets, now, let_in = Budgets(SMALL, LARGE), 0.0, 0
    for wait, size, cpu in steps:
        now += wait / 10
        if budgets.admit(CAL, "visible", now) == 0:
            let_in += 1
            budgets.charge(CAL, "visible", now, output_bytes=size, cpu_s=cpu)
    assert let_in <= SMALL.runs + now / 60 * SMALL.runs_a_minute + 1e-6


class Idle:
    """An engine that is not there: a budget is asked before it."""

    async def close(self):
        pass


@pytest.mark.parametrize("kind", ["run", "tests", "interactive"])
async def test_the_runner_says_busy_to_who_has_spent_all(kind):
    runner = Runner(Idle(), warm=0)
    runner._budgets = Budgets(SMALL, LARGE)
    files = (SourceFile("main.py", ""),)
    suite = TestSuite("stdio", (TestCase("a", "s1", ""),))

    async def once(payer):
        runner._probe_at = float("inf")  # the engine is not asked
        request = RunRequest("python", files, "main.py")
        if kind == "tests":
            return await runner.run_tests(
                TestRequest("python", files, "main.py", suite), payer=payer
            )
        if kind == "interactive":
            return await runner.interactive(request, print, payer=payer).result()
        return await runner.run(request, print, payer=payer)

    answers = [await once(CAL) for _ in range(3)]
    assert [answer.verdict for answer in answers] == ["UNAVAILABLE", "UNAVAILABLE", "BUSY"]
    assert answers[2].sentence == "Much was run here in a short time. Try again in 10 seconds."
    assert (await once(None)).verdict == "UNAVAILABLE"
    await asyncio.sleep(0)
    await runner.close()
