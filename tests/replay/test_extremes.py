"""Recordings that nobody means to make: of ten thousand runs, of eight hours, of nothing, and while the server's clock jumped."""

import asyncio
from itertools import pairwise

import pytest

from room import config
from room.replay import authorship, index, keeping, recording
from room.replay.copies import copy_of, see
from room.replay.moment import OUTPUT_UNITS_MAX
from room.replay.recording import Manifest
from room.replay.reel import LENGTH_MS, Reel, extend, from_head, head_of
from room.session import events as e
from room.session.events import Recorded
from room.session.ids import SYSTEM
from room.session.visibility import Viewer
from room.store import interviews, journal
from room.store.engine import Store
from room.store.sealing import Seals

IRIS, CAL, FILE = "m_iris", "m_cal", "f_main"
INTERVIEWER, PUBLIC = Viewer("interviewer"), Viewer("public")
HOUR_MS = 3_600_000


def index_of(copy):
    return index.make(copy.facts, copy.reel.strokes, copy.plans, {}, typing=True)


@pytest.fixture
def store(tmp_path):
    store = Store.open(config.load({"ROOM_DATA_DIR": str(tmp_path / "data")}))
    yield store
    store.close()


@pytest.fixture
def seals():
    return Seals(b"k" * 32)


def test_ten_thousand_runs_are_there_each_at_its_time(opening):
    script = opening()
    for number in range(10_000):
        run, at_ms = f"r_{number}", 1000 + number * 200
        script.do(CAL, e.RunQueued(run, FILE, "python"), at_ms).do(SYSTEM, e.RunStarted(run))
        script.do(SYSTEM, e.RunOutput(run, f"try {number}\n"), at_ms + 50)
        script.do(SYSTEM, e.RunFinished(run, "OK", "Finished in 0.1 s", 0), at_ms + 100)
    script.do(IRIS, e.InterviewEnded(), 2_100_000)
    reel = extend(Reel(), script.recorded)
    kept = {"part": reel.parts, "document": reel.documents}
    copy = see(INTERVIEWER, from_head(head_of(reel), lambda what, number: kept[what][number]))
    runs = [mark for mark in index_of(copy).marks if mark.kind == "run"]
    assert [mark.at_ms for mark in runs] == [1000 + number * 200 for number in range(10_000)]
    assert all(mark.ok for mark in runs)
    last = copy.segment(len(copy.plans) - 1)
    assert last.moment.terminal.output == (
        f"try {int(last.moment.terminal.run.removeprefix('r_'))}\n",
    )
    assert max(plan.events for plan in copy.plans) <= 1250
    assert list(copy.events()) == script.recorded


def test_a_program_that_prints_line_by_line_for_ever_keeps_its_last_lines(opening):
    script = opening().do(CAL, e.RunQueued("r_1", FILE, "python"), 1000)
    for number in range(40_000):
        script.do(SYSTEM, e.RunOutput("r_1", f"{number:09}\n"), 1000 + number)
    script.do(IRIS, e.InterviewEnded(), 200_000)
    copy = copy_of(PUBLIC, script.recorded)
    terminal = copy.segment(len(copy.plans) - 1).moment.terminal
    assert terminal.cut
    assert len("".join(terminal.output)) == OUTPUT_UNITS_MAX
    assert terminal.output[-1].endswith("\n")


def test_eight_hours_play_in_pieces_of_two_minutes(opening):
    script = opening()
    texts = {}
    for number in range(960):
        at_ms = number * 30_000 + 1000
        script.edit(CAL, len(script.text()), f"{number}\n", at_ms=at_ms)
        if number % 100 == 50:
            texts[at_ms] = script.text()
    script.do(IRIS, e.InterviewEnded(), 8 * HOUR_MS)
    copy = copy_of(INTERVIEWER, script.recorded)
    made = index_of(copy)
    assert made.duration_ms == 8 * HOUR_MS
    assert len(made.typing.counts[CAL]) == 960
    assert sum(made.typing.counts[CAL]) == 960
    assert len(made.quiet) == 960
    assert len(copy.plans) >= 8 * HOUR_MS // LENGTH_MS - 1
    assert all(after.at_ms - one.at_ms >= LENGTH_MS for one, after in pairwise(copy.plans[1:]))
    for at_ms, text in texts.items():
        number = max(n for n, plan in enumerate(copy.plans) if plan.at_ms <= at_ms)
        segment = copy.segment(number)
        before = Recorded(0, 0, 0, SYSTEM, e.DocEdited(segment.document))
        after = [one for one in segment.events if one.at_ms <= at_ms]
        assert authorship.texts_at([before, *after])[FILE] == text


def test_jumps_of_the_servers_clock_change_no_time_of_the_replay(
    opening, played, store, seals, stage_rows
):
    """`at_ms` comes from a clock that only goes on; `wall_ms` is what the server believed, and comes back as it was."""
    steady = played(opening()).recorded
    jumps = (0, -HOUR_MS, 24 * HOUR_MS, -5, 7 * 24 * HOUR_MS)
    jumped = [
        Recorded(one.seq, one.at_ms, one.wall_ms + jumps[place * len(jumps) // len(steady)], one.by, one.event)
        for place, one in enumerate(steady)
    ]  # fmt: skip
    assert any(after.wall_ms < one.wall_ms for one, after in pairwise(jumped))
    first, second = (index_of(copy_of(INTERVIEWER, told)) for told in (steady, jumped))
    assert second == first
    held = stage_rows(store, seals, jumped)
    with store.begin() as conn:
        interviews.mark_closed(conn, held.owner, held.interview, 1)
        before = journal.load(conn, seals, held.interview)
    while journal.pack_next(store, seals, held.interview):
        pass
    asyncio.run(keeping.keep(store, seals, held.interview))
    with store.read() as conn:
        assert journal.verify(conn, seals, held.interview) == len(jumped)
    kept = list(keeping.find(store, seals, held.interview).events())
    assert kept == before
    assert [one.wall_ms for one in kept] == [one.wall_ms for one in jumped]
    taken = recording.of_copy(jumped)
    file = recording.write(
        taken,
        lambda blocks, last: Manifest(
            session="i_test", viewer="interviewer", title="T", site="S", made_at_ms=0, people=(),
            events=len(taken), blocks=blocks, last_hash=last,
        ),
        None,
    )  # fmt: skip
    assert list(recording.read(file).events) == taken


def test_a_session_of_no_events_is_kept_as_nothing_and_has_nothing_to_play(
    opening, store, seals, stage_rows
):
    held = stage_rows(store, seals, opening().recorded)
    with store.begin() as conn:
        conn.execute(journal.journal.delete())
    asyncio.run(keeping.keep(store, seals, held.interview))
    assert keeping.find(store, seals, held.interview) is None
    copy = copy_of(PUBLIC, [])
    assert (copy.started, list(copy.events()), list(copy.segments())) == (False, [], [])
    assert recording.of_copy([]) == []


def test_a_session_that_ends_where_it_starts_has_one_empty_segment(opening):
    script = opening().do(IRIS, e.InterviewEnded(), 0)
    copy = copy_of(PUBLIC, script.recorded)
    made = index_of(copy)
    assert (made.duration_ms, len(made.segments), made.quiet) == (0, 1, ())
    assert copy.segment(0).moment.phase == "running"
