"""The room in this process, on a real store: seats, acknowledgements, order, recovery."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from room.realtime import frames, protocol
from room.realtime.frames import CloseCode
from room.realtime.hub import Hub
from room.realtime.seat import Seat
from room.sandbox.runner import Runner
from room.session import commands as c
from room.session import events as e
from room.session.decide import Refused
from room.session.evolve import fold
from room.session.ids import InterviewId
from room.store import journal
from room.yjs.encoding import Reader
from tests.realtime.stage import CAL, IRIS, OLGA, Stage, sit
from tests.session.test_visibility import private_course, public_course


@pytest.fixture
async def runner(tmp_path: Path) -> AsyncIterator[Runner]:
    """A runner without an engine: it answers every run with why it cannot."""
    async with Runner.open(docker_host=f"unix://{tmp_path}/no-engine.sock") as running:
        yield running


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path / "data")
    yield made
    made.store.close()


@pytest.fixture
async def hub(stage: Stage, runner: Runner) -> AsyncIterator[Hub]:
    running = stage.hub(runner)
    yield running
    await running.close()


def messages(seat: Seat) -> list[dict[str, Any]]:
    """The room messages that wait for a seat."""
    return [found for found in map(read_room, seat.outbox.take_all()) if found is not None]


def read_room(frame: bytes) -> dict[str, Any] | None:
    reader = Reader(frame)
    return json.loads(reader.bytes()) if reader.uint() == protocol.ROOM else None


def typed(doc: Doc[Text], file: str, text: str) -> bytes:
    seen: list[bytes] = []
    subscription = doc.observe(lambda event: seen.append(event.update))
    root = doc.get(f"f:{file}", type=Text)
    root.insert(len(str(root).encode()), text)
    doc.unobserve(subscription)
    return seen[0]


async def recorded(stage: Stage, interview: InterviewId) -> list[e.Recorded]:
    with stage.store.read() as conn:
        journal.verify(conn, stage.seals, interview)
        return journal.load(conn, stage.seals, interview)


async def test_welcome_holds_the_state_that_this_class_of_viewer_may_see(
    stage: Stage, hub: Hub
) -> None:
    room = await hub.room(stage.interview())
    await room.submit(c.StartInterview(), IRIS.id)
    await room.submit(c.AddNote("private"), IRIS.id)
    await room.submit(c.PlacePin(text="mine"), IRIS.id)
    candidate, lead = messages(await sit(room, CAL)), messages(await sit(room, IRIS))
    shown = next(m for m in candidate if m["t"] == "welcome")
    whole = next(m for m in lead if m["t"] == "welcome")
    assert shown["state"]["notes"] == shown["state"]["pins"] == shown["state"]["questions"] == []
    assert whole["state"]["notes"][0]["text"] == "private"
    assert whole["n"] > shown["n"]
    assert shown["people"][CAL.id]["first"] == "Cal"


async def test_the_numbering_of_a_viewer_has_no_gaps(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    seat = await sit(room, CAL)
    start = next(m["n"] for m in messages(seat) if m["t"] == "welcome")
    await room.submit(c.StartInterview(), IRIS.id)
    for number in range(5):
        await room.submit(c.AddNote(f"private {number}"), IRIS.id)
        await room.submit(c.SendChat(f"hello {number}"), IRIS.id)
    numbers = [m["n"] for m in messages(seat) if m["t"] == "event"]
    assert numbers == list(range(start + 1, start + 1 + len(numbers)))
    assert len(numbers) == 7


async def test_edits_are_relayed_in_order_while_the_first_waits_for_the_disk(
    stage: Stage, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await hub.room(stage.interview())
    await room.submit(c.StartInterview(), IRIS.id)
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    await room.settled()
    lead.outbox.take_all()
    waiting: list[tuple[Any, ...]] = []
    real = room._writer.write
    monkeypatch.setattr(room._writer, "write", lambda *job, **how: waiting.append((job, how)))

    async def written() -> None:
        job, how = waiting.pop(0)
        pen, recorded, done = job
        on_disk = asyncio.get_running_loop().create_future()
        real(pen, recorded, lambda error: on_disk.set_result(done(error)), **how)
        await on_disk
        await room.taken()

    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    updates = [typed(doc, file, word) for word in ("one", "two", "three")]
    await room.frame(candidate, frames.DocUpdate(updates[0]))
    await room.taken()
    await room.frame(candidate, frames.DocUpdate(updates[1]))
    await room.taken()
    await written()  # The name is on disk, the second edit is not.
    await room.frame(candidate, frames.DocUpdate(updates[2]))
    await room.taken()
    while waiting:
        await written()
    relayed = [f for f in lead.outbox.take_all() if f[0] == protocol.SYNC]
    assert relayed == [protocol.update(one) for one in updates]


async def test_an_edit_is_relayed_journaled_under_its_author_and_acknowledged(
    stage: Stage, hub: Hub
) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    messages(lead), messages(candidate)
    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    update = typed(doc, file, "hello")
    await room.frame(candidate, frames.DocUpdate(update))
    await room.settled()
    assert {"t": "saved", "count": 1} in messages(candidate)
    assert protocol.update(update) in lead.outbox.take_all()
    rows = await recorded(stage, interview)
    assert [type(one.event) for one in rows[-2:]] == [e.ClientClaimed, e.DocEdited]
    assert rows[-1].by == CAL.id


async def test_a_second_tab_waits_and_takes_over_on_request(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    first = await sit(room, CAL, "tab one")
    second = await sit(room, CAL, "tab two")
    assert messages(second) == [{"t": "busy_elsewhere"}]
    assert not first.closed.done()
    await room.frame(second, frames.TakeOver())
    await room.settled()
    assert first.closed.result() is CloseCode.ELSEWHERE
    assert any(m["t"] == "welcome" for m in messages(second))
    assert room.state.members[CAL.id].present


async def test_the_same_tab_replaces_its_own_lost_connection(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    first = await sit(room, CAL, "tab one")
    again = await sit(room, CAL, "tab one")
    assert first.closed.result() is CloseCode.ELSEWHERE
    assert again.is_active


async def test_a_waiting_tab_gets_its_turn_when_the_other_closes(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    first, second = await sit(room, CAL, "one"), await sit(room, CAL, "two")
    room.detach(first)
    await room.settled()
    assert second.is_active
    assert room.state.members[CAL.id].present


async def test_a_candidate_waits_until_let_in_and_gets_nothing_before(
    tmp_path: Path, runner: Runner
) -> None:
    stage = Stage(tmp_path / "other", admitted=False)
    hub = stage.hub(runner)
    room = await hub.room(stage.interview())
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    assert [read_room(frame) for frame in candidate.outbox.take_all()] == [{"t": "waiting"}]
    assert any(m.get("e", {}).get("type") == "MemberWaiting" for m in messages(lead))
    update = typed(Doc(), room.state.files[0].id, "too early")
    await room.frame(candidate, frames.DocUpdate(update))
    await room.submit(c.SendChat("prepared"), IRIS.id)
    assert candidate.outbox.is_empty
    await room.submit(c.AdmitMember(CAL.id), IRIS.id)
    await room.settled()
    assert any(m["t"] == "welcome" for m in messages(candidate))
    await hub.close()
    stage.store.close()


async def test_an_update_under_anothers_client_id_closes_the_forger(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    doc: Doc[Text] = Doc()
    await room.frame(lead, frames.DocUpdate(typed(doc, room.state.files[0].id, "mine")))
    await room.frame(candidate, frames.DocUpdate(typed(doc, room.state.files[0].id, " forged")))
    await room.settled()
    assert candidate.closed.result() is CloseCode.NOT_ALLOWED
    assert not lead.closed.done()


async def test_a_browser_brings_back_what_another_typed_and_the_server_lost(
    stage: Stage, hub: Hub, runner: Runner
) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    await room.frame(candidate, frames.DocUpdate(typed(doc, file, "known ")))
    await room.settled()
    for task in hub._tasks.values():  # As a server that is killed: nobody has left.
        task.cancel()
    await asyncio.gather(*hub._tasks.values(), return_exceptions=True)
    await hub.close()
    hub = stage.hub(runner)
    room = await hub.room(interview)
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    typed(doc, file, "lost by the server, relayed to Iris")
    await room.frame(lead, frames.Step2(doc.get_update()))
    await room.settled()
    rows = await recorded(stage, interview)
    assert rows[-1].by == IRIS.id, "the journal marks who brought it"
    assert set(fold(rows).clients.values()) == {CAL.id}, "it stays its author's"
    await hub.close()


@pytest.mark.parametrize("after", ["a clean stop", "a cut long ago"])
async def test_nobody_brings_text_in_anothers_name_when_the_server_lost_nothing(
    stage: Stage, hub: Hub, runner: Runner, after: str
) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    lead = await sit(room, IRIS)
    file = room.state.files[0].id
    mine: Doc[Text] = Doc()
    await room.frame(lead, frames.DocUpdate(typed(mine, file, "mine")))
    await room.settled()
    if after == "a cut long ago":
        for task in hub._tasks.values():
            task.cancel()
        await asyncio.gather(*hub._tasks.values(), return_exceptions=True)
    await hub.close()
    hub = stage.hub(runner)
    room = await hub.room(interview)
    await room.settled()
    stage.clock.advance(11 * 60_000)
    candidate = await sit(room, CAL)
    typed(mine, file, " forged, while Iris is away")
    await room.frame(candidate, frames.Step2(mine.get_update()))
    await room.settled()
    assert candidate.closed.result() is CloseCode.NOT_ALLOWED
    assert room._document.text(file) == "mine"
    await hub.close()


async def test_nobody_brings_text_in_the_name_of_one_who_is_here_and_writes(
    stage: Stage, hub: Hub
) -> None:
    room = await hub.room(stage.interview())
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    file = room.state.files[0].id
    mine: Doc[Text] = Doc()
    await room.frame(lead, frames.DocUpdate(typed(mine, file, "mine")))
    forged: Doc[Text] = Doc(client_id=mine.client_id)
    forged.apply_update(mine.get_update())
    typed(forged, file, " forged")
    await room.frame(candidate, frames.Step2(forged.get_update()))
    await room.frame(lead, frames.DocUpdate(typed(mine, file, " too")))
    await room.settled()
    assert candidate.closed.result() is CloseCode.NOT_ALLOWED
    assert room._document.text(file) == str(mine.get(f"f:{file}", type=Text))


async def test_an_observer_reads_and_cannot_write(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    observer = await sit(room, OLGA)
    update = typed(Doc(), room.state.files[0].id, "x")
    await room.frame(observer, frames.Step2(update))
    await room.settled()
    assert not observer.closed.done(), "an answer to step 1 is legal"
    await room.frame(observer, frames.DocUpdate(update))
    await room.settled()
    assert observer.closed.result() is CloseCode.NOT_ALLOWED


async def test_an_update_that_lacks_its_ground_is_asked_for_again_and_not_acknowledged(
    stage: Stage, hub: Hub
) -> None:
    room = await hub.room(stage.interview())
    candidate = await sit(room, CAL)
    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    typed(doc, file, "never sent ")
    await room.frame(candidate, frames.DocUpdate(typed(doc, file, "sent")))
    await room.settled()
    sent_frames = candidate.outbox.take_all()
    assert any(frame[:2] == bytes((protocol.SYNC, protocol.STEP1)) for frame in sent_frames)
    assert not any((read_room(f) or {}).get("t") == "saved" for f in sent_frames)
    await room.frame(candidate, frames.Step2(doc.get_update()))
    await room.settled()
    assert {"t": "saved", "count": 2} in messages(candidate)


@pytest.mark.parametrize(
    "frame",
    [
        frames.DocUpdate(b"\x05garbage"),
        frames.Step1(bytes.fromhex("ffffff7f")),
        frames.AwarenessUpdate(1, 1, "[1]"),
    ],
)
async def test_a_malformed_frame_closes_only_its_sender(
    stage: Stage, hub: Hub, frame: frames.Frame
) -> None:
    room = await hub.room(stage.interview())
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    await room.frame(candidate, frame)
    await room.settled()
    assert candidate.closed.result() is CloseCode.MALFORMED
    assert not lead.closed.done()
    await room.submit(c.SendChat("still here"), IRIS.id)


async def test_a_panic_of_the_library_closes_the_offender_and_the_document_comes_back_from_the_journal(
    stage: Stage, hub: Hub
) -> None:
    class PanicException(BaseException):
        """What a panic of the library looks like from Python: no Exception."""

    interview = stage.interview()
    room = await hub.room(interview)
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    file = room.state.files[0].id
    doc: Doc[Text] = Doc()
    await room.frame(lead, frames.DocUpdate(typed(doc, file, "safe")))
    await room.settled()
    broken = room._document
    real = broken._doc

    class Panicking:
        def apply_update(self, update: bytes) -> None:
            raise PanicException

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    broken._doc = Panicking()  # type: ignore[assignment]
    await room.frame(candidate, frames.DocUpdate(typed(Doc(), file, "poison")))
    await room.frame(lead, frames.DocUpdate(typed(doc, file, " and on")))
    await room.settled()
    assert candidate.closed.result() is CloseCode.MALFORMED
    assert not lead.closed.done()
    assert room._document is not broken
    assert room._document.text(file) == "safe and on"
    assert (await hub.room(interview)) is room


async def test_a_session_says_when_its_storage_ends_and_keeps_what_it_has(
    stage: Stage, hub: Hub
) -> None:
    room = await hub.room(stage.interview())
    candidate = await sit(room, CAL)
    messages(candidate)
    file = room.state.files[0].id
    doc: Doc[Text] = Doc()
    room._spending.session.limit = room._spending.session.spent + 20_000
    for _ in range(9):
        await room.frame(candidate, frames.DocUpdate(typed(doc, file, "x" * 2_000)))
    await room.settled()
    heard = [m for m in messages(candidate) if m["t"] == "notice"]
    assert [(m["about"], m["level"]) for m in heard] == [("session", "nearly")]
    for _ in range(3):
        await room.frame(candidate, frames.DocUpdate(typed(doc, file, "x" * 2_000)))
    await room.settled()
    assert any(m.get("level") == "full" for m in messages(candidate))
    refused = await room.submit(c.SendChat("hello"), CAL.id)
    assert isinstance(refused, Refused)
    assert refused.reason == "full"
    assert not candidate.closed.done()
    assert not isinstance(await room.submit(c.StartInterview(), IRIS.id), Refused), (
        "the clock goes on"
    )


async def test_an_accounts_storage_is_one_for_all_its_rooms_and_what_is_deleted_counts_no_more(
    stage: Stage, hub: Hub
) -> None:
    first, second = stage.interview(), stage.interview()
    busy, other = await hub.room(first), await hub.room(second)
    account = busy._spending.account
    assert other._spending.account is account
    assert account.spent > 0
    account.limit = account.spent + 5_000
    candidate = await sit(busy, CAL)
    doc: Doc[Text] = Doc()
    await busy.frame(candidate, frames.DocUpdate(typed(doc, busy.state.files[0].id, "x" * 6_000)))
    await busy.settled()
    heard = [m for m in messages(candidate) if m["t"] == "notice"]
    assert [(m["about"], m["level"]) for m in heard] == [("account", "full")]
    refused = await other.submit(c.SendChat("hello"), CAL.id)
    assert isinstance(refused, Refused)
    assert "recordings are deleted" in refused.sentence
    await hub.put_away(first)
    with stage.store.begin() as conn:
        conn.exec_driver_sql("DELETE FROM journal WHERE session_id = ?", (first,))
    stage.clock.advance(120_000)
    await hub.room(stage.interview())
    assert not isinstance(await other.submit(c.SendChat("hello"), CAL.id), Refused)


async def test_a_full_disk_takes_nothing_new_and_says_so_until_there_is_room(
    stage: Stage, hub: Hub
) -> None:
    room = await hub.room(stage.interview())
    candidate = await sit(room, CAL)
    messages(candidate)
    room.set_disk("full")
    await room.frame(candidate, frames.DocUpdate(typed(Doc(), room.state.files[0].id, "x")))
    await room.settled()
    heard = messages(candidate)
    assert {m["t"] for m in heard} == {"notice"}, "nothing is acknowledged"
    room.set_disk("fine")
    assert not isinstance(await room.submit(c.SendChat("again"), CAL.id), Refused)


async def test_output_beyond_the_sessions_budget_is_cut_and_said(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    await room.submit(c.StartInterview(), IRIS.id)
    room._spending.output.limit = 1_000
    room._runs.start = lambda _: None  # type: ignore[method-assign] - no engine here: it would end at once
    run = "r_flood"
    room._record(e.RunQueued(run, room.state.files[0].id, "python"), CAL.id)
    for _ in range(30):
        await room.submit(c.AppendOutput(run, "x" * 100))
    printed = sum(
        len(r.event.text)
        for r in await recorded(stage, room.id)
        if isinstance(r.event, e.RunOutput)
    )
    assert printed == 1_000


async def test_awareness_says_who_one_is_whatever_it_claims(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    lead, candidate = await sit(room, IRIS), await sit(room, CAL)
    messages(lead)
    claimed = json.dumps({"user": {"name": "Iris", "member": IRIS.id}, "cursor": None})
    await room.frame(candidate, frames.AwarenessUpdate(9, 1, claimed))
    await room.settled()
    frame = next(f for f in lead.outbox.take_all() if f[0] == protocol.AWARENESS)
    told = protocol.parse(frame)
    assert isinstance(told, frames.AwarenessUpdate)
    assert json.loads(told.state)["user"] == {"name": "Cal", "color": "blue", "member": CAL.id}
    await room.frame(lead, frames.AwarenessUpdate(9, 5, "{}"))
    await room.settled()
    assert not any(f[0] == protocol.AWARENESS for f in candidate.outbox.take_all()), "not one's own"


async def test_a_reader_that_does_not_read_is_closed_and_delays_nobody(
    stage: Stage, hub: Hub
) -> None:
    room = await hub.room(stage.interview())
    lead, candidate, observer = await sit(room, IRIS), await sit(room, CAL), await sit(room, OLGA)
    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    text = doc.get(f"f:{file}", type=Text)
    for _ in range(
        30
    ):  # Pasted and taken out again: much traffic, and a document that stays small.
        await room.frame(candidate, frames.DocUpdate(typed(doc, file, "x" * 200_000)))
        before = doc.get_state()
        del text[:200_000]
        await room.frame(candidate, frames.DocUpdate(doc.get_update(before)))
        await room.settled()
        messages(lead), messages(candidate)
        if observer.closed.done():
            break
    assert observer.closed.result() is CloseCode.TOO_SLOW
    assert not lead.closed.done()


async def test_runs_without_an_engine_say_why_and_the_room_goes_on(stage: Stage, hub: Hub) -> None:
    room = await hub.room(stage.interview())
    await room.submit(c.StartInterview(), IRIS.id)
    await room.submit(c.RequestRun(room.state.files[0].id), CAL.id)
    await room.run_over()
    run = room.state.runs[-1]
    assert (run.status, run.verdict) == ("finished", "UNAVAILABLE")
    assert run.sentence.endswith(".")
    refused = await room.submit(c.StopRun(run.id), CAL.id)
    assert isinstance(refused, Refused)


async def test_a_room_that_is_put_away_opens_as_it_was(stage: Stage, hub: Hub) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    candidate = await sit(room, CAL)
    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    await room.submit(c.StartInterview(), IRIS.id)
    for word in ("one ", "two ", "three"):
        await room.frame(candidate, frames.DocUpdate(typed(doc, file, word)))
    await hub.put_away(interview)
    assert candidate.closed.result() is CloseCode.RESTARTING
    again = await hub.room(interview)
    assert again is not room
    assert again._document.text(file) == "one two three"
    assert again.state.phase == "running"
    assert not again.state.members[CAL.id].present


async def test_keyframes_shorten_the_way_back_and_change_nothing(stage: Stage, hub: Hub) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    candidate = await sit(room, CAL)
    doc: Doc[Text] = Doc()
    file = room.state.files[0].id
    for number in range(50):
        await room.frame(candidate, frames.DocUpdate(typed(doc, file, f"{number} ")))
    await room.settled()
    await asyncio.to_thread(hub._keep_keyframe, room.pen)
    await room.frame(candidate, frames.DocUpdate(typed(doc, file, "end")))
    await hub.put_away(interview)
    again = await hub.room(interview)
    assert again._document.text(file) == str(doc.get(f"f:{file}", type=Text))
    assert again.state == fold(await recorded(stage, interview))


async def test_time_never_runs_backwards_over_a_restart_with_a_clock_that_was_set_back(
    stage: Stage, hub: Hub
) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    await room.submit(c.StartInterview(), IRIS.id)
    stage.clock.advance(60_000)
    await room.submit(c.SendChat("after a minute"), IRIS.id)
    await hub.put_away(interview)
    stage.clock._wall_ms -= 3_600_000
    again = await hub.room(interview)
    await again.submit(c.SendChat("and on"), IRIS.id)
    stage.clock.advance(5_000)
    await again.submit(c.SendChat("five seconds later"), IRIS.id)
    times = [one.at_ms for one in await recorded(stage, interview)]
    assert times == sorted(times)
    assert times[-1] == 65_000


async def test_the_journal_closes_when_the_end_can_no_longer_be_undone(
    stage: Stage, hub: Hub
) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    await room.submit(c.StartInterview(), IRIS.id)
    await room.submit(c.EndInterview(), IRIS.id)
    stage.clock.advance(15 * 60_000)
    room._close_if_over()
    await room.settled()
    assert room.state.phase == "closed"
    late = Seat(IRIS, "")
    await room.attach(late)
    await room.settled()
    assert late.closed.result() is CloseCode.ENDED


async def test_starter_text_is_seeded_once_by_the_server(tmp_path: Path, runner: Runner) -> None:
    stage = Stage(tmp_path / "seeded", starter="print('é😀')\n")
    hub = stage.hub(runner)
    interview = stage.interview()
    room = await hub.room(interview)
    await room.submit(c.StartInterview(), IRIS.id)
    await room.submit(
        c.ShowPart(room.state.questions[0].id, room.state.questions[0].parts[0].id), IRIS.id
    )
    await room.settled()
    main = room.state.files[1].id
    assert room._document.text(main) == "print('é😀')\n"
    await hub.put_away(interview)
    again = await hub.room(interview)
    assert again._document.text(main) == "print('é😀')\n"
    rows = await recorded(stage, interview)
    assert [one.by for one in rows if isinstance(one.event, e.DocEdited)] == ["system"]
    await hub.close()
    stage.store.close()


async def test_the_first_joins_of_several_people_at_one_instant_all_succeed(
    stage: Stage, hub: Hub
) -> None:
    interview = stage.interview()
    seats = [Seat(person, "") for person in (IRIS, CAL, OLGA)]
    await asyncio.gather(*(hub.attach(interview, seat) for seat in seats))
    room = await hub.room(interview)
    await room.settled()
    assert all(seat.is_active for seat in seats)


async def test_a_changed_missing_or_swapped_row_is_found_and_its_place_named(
    stage: Stage, hub: Hub
) -> None:
    interview = stage.interview()
    room = await hub.room(interview)
    for number in range(6):
        await room.submit(c.SendChat(f"hello {number}"), IRIS.id)
    total = len(await recorded(stage, interview))
    place = journal.journal.c
    for damage, where in [
        (journal.journal.update().where(place.seq == 4).values(wall_ms=1), 4),
        (journal.journal.delete().where(place.seq == total - 1), total - 1),
        (journal.journal.update().where(place.seq == 5).values(sealed=b"x" * 60), 5),
    ]:
        with stage.store.begin() as conn:
            transaction = conn.begin_nested()
            conn.execute(damage)
            with pytest.raises(journal.BrokenChain) as found:
                journal.verify(conn, stage.seals, interview)
            assert found.value.seq == where
            transaction.rollback()


@pytest.mark.parametrize("seed", range(12))
async def test_real_rooms_that_differ_only_in_private_events_send_a_candidate_identical_bytes(
    tmp_path: Path, runner: Runner, seed: int
) -> None:
    """The whole way: live sent_frames and a reconnect at the end, through two real rooms."""
    dice = random.Random(seed)
    course = public_course(dice)
    sent = []
    for copy in range(2):
        stage = Stage(tmp_path / f"copy{copy}")
        hub = stage.hub(runner)
        room = await hub.room(InterviewId(stage.interview()))
        room._runner_status = None  # It says in how many seconds the engine is asked again.
        seat = Seat(CAL, "")
        await room.attach(seat)
        await room.frame(seat, frames.Hello())
        started = stage.clock.wall_ms()
        mixed = [*course, *private_course(dice, course[-1][0])]
        for at, command, by in sorted(mixed, key=lambda step: step[0]):
            if isinstance(command, c.RequestRun | c.RequestTests | c.Leave):
                continue  # Their results come when the engine says, which is tested elsewhere.
            stage.clock.advance(max(0, started + at - stage.clock.wall_ms()))
            who = {"m_iris": IRIS.id, "m_ivan": IRIS.id, "m_cal": CAL.id, "m_olga": OLGA.id}.get(
                by, by
            )
            await room.submit(command, who)
        stage.clock.advance(max(0, started + course[-1][0] + 1_000 - stage.clock.wall_ms()))
        again = await sit(room, CAL, "")
        sent_frames = [*seat.outbox.take_all(), *again.outbox.take_all()]
        sent.append([frame.replace(room.id.encode(), b"i") for frame in sent_frames])
        await hub.close()
        stage.store.close()
    assert sent[0] == sent[1]
    assert len(sent[0]) > 3
