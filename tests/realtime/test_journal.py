"""The thread that writes all rooms' journals: what is told, and in which order."""

import asyncio
import os
import random
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from room.realtime import journal
from room.realtime.journal import JournalWriter
from room.session import events as e
from room.session.events import Recorded
from room.store.journal import verify
from room.store.pen import Pen, genesis
from tests.realtime.stage import CAL, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path / "data")
    yield made
    made.store.close()


async def test_outcomes_are_told_in_the_order_in_which_they_were_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the outcomes of one commit are told over several turns of the loop, and the next commit is quicker than that."""
    monkeypatch.setattr(journal, "TELL_MAX", 3)
    monkeypatch.setattr(journal, "GATHER_MAX", 10)
    interview = stage.interview()
    with stage.store.begin() as conn:
        stage.seals.create(conn, stage.owner, interview, 1)
        pen = Pen(interview, stage.owner, stage.seals.cipher(conn, interview), genesis(interview))
    writer = JournalWriter(stage.store)
    told: list[int] = []
    dice = random.Random(7)
    for number in range(1, 301):
        row = Recorded(number, number, number, CAL.id, e.ChatSent("c_1", f"line {number}"))
        writer.write(
            pen,
            [row],
            lambda error, number=number: told.append(number if error is None else -number),
            is_urgent=dice.random() < 0.5,
        )
        if dice.random() < 0.3:
            await asyncio.sleep(0)
    await writer.close()
    assert told == list(range(1, 301))
    with stage.store.read() as conn:
        assert verify(conn, stage.seals, interview) == 300


async def test_a_quick_commit_does_not_overtake_the_telling_of_the_one_before(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "TELL_MAX", 1)
    writer = JournalWriter(stage.store)
    told: list[str] = []
    for commit in ("abc", "d", "ef"):
        writer._tell([lambda _, one=one: told.append(one) for one in commit], None)
    await writer.close()
    assert told == list("abcdef")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")
async def test_the_thread_goes_behind_the_event_loop_and_rests_between_slices(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[float] = []
    monkeypatch.setattr(journal.time, "sleep", rested.append)
    interview = stage.interview()
    with stage.store.begin() as conn:
        stage.seals.create(conn, stage.owner, interview, 1)
        pen = Pen(interview, stage.owner, stage.seals.cipher(conn, interview), genesis(interview))
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    writer = JournalWriter(stage.store)
    done = asyncio.get_running_loop().create_future()
    for number in range(1, 101):
        row = Recorded(number, number, number, CAL.id, e.ChatSent("c_1", "line"))
        is_last = number == 100
        writer.write(pen, [row], done.set_result if is_last else lambda _: None, is_urgent=is_last)
    await done
    assert writer._worker.native_id is not None
    assert os.getpriority(os.PRIO_PROCESS, writer._worker.native_id) == journal.NICE
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    assert len(rested) >= 100 // journal.SLICE_ROWS - 1
    await writer.close()
    with stage.store.read() as conn:
        assert verify(conn, stage.seals, interview) == 100
