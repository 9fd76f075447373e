"""What a copy holds: what its viewer may see, all of it, and nothing else."""

import base64
import json
import random
from itertools import pairwise

import msgspec
import pytest
from pycrdt import Text

from room.replay import index, segments
from room.replay.authorship import document, texts_at
from room.replay.copies import Copy, Shelf, copy_of, see
from room.replay.index import Person
from room.replay.moment import Moment, advance, advance_over
from room.replay.reel import (
    EVENTS_MAX,
    KEYFRAME_SHARE,
    LENGTH_MS,
    Reel,
    extend,
    from_head,
    head_of,
)
from room.session import events as e
from room.session.events import Recorded
from room.session.ids import SYSTEM
from room.session.state import EMPTY
from room.session.visibility import Viewer, visible_to

IRIS, CAL, OLGA, FILE, NOTES = "m_iris", "m_cal", "m_olga", "f_main", "f_notes"
PEOPLE = {
    member: Person(member, f"{first} Surname", first, colour, role)
    for member, first, colour, role in (
        (IRIS, "Iris", "plum", "lead"),
        (CAL, "Cal", "blue", "candidate"),
        (OLGA, "Olga", "olive", "observer"),
    )
}
INTERVIEWER = Viewer("interviewer")
PUBLIC = Viewer("public")
READER = Viewer("reader", covers=frozenset({"n_quoted"}))
BLIND = Viewer("rater", "m_rater", submitted=False)


def brings(reel):
    """As from where a reel is kept."""
    return lambda what, number: (reel.parts if what == "part" else reel.documents)[number]


def bytes_for(viewer: Viewer, recorded: list[Recorded]) -> list[bytes]:
    """All that a viewer is sent of a recording."""
    copy = copy_of(viewer, recorded)
    made = index_of(copy)
    return [msgspec.json.encode(made), *map(segments.encode, copy.segments())]


def index_of(copy: Copy, *, typing: bool = True) -> index.Index:
    return index.make(
        copy.facts,
        copy.reel.strokes,
        copy.plans,
        PEOPLE,
        typing=typing,
        damaged_ms=copy.damaged_ms,
    )


def long_session(opening, seed: int = 1, edits: int = 2500):
    """Half an hour of all kinds of facts, the private ones among them."""
    rng = random.Random(seed)
    script = opening()
    script.do(IRIS, e.PartShown("q_1", "p_1", "Dock planner", "Book a slot", 1), 1000)
    at = 1000
    for number in range(edits):
        at += rng.choice((0, 100, 300, 900, 2000))
        by = rng.choice((CAL, CAL, CAL, IRIS))
        size = len(script.text())
        if rng.random() < 0.2 and size:
            script.edit(by, rng.randrange(size), delete=1, at_ms=at)
        else:
            script.edit(by, rng.randrange(size + 1), rng.choice("abc é😀\n"), at_ms=at)
        if number % 40 == 0:
            run = f"r_{number}"
            script.do(CAL, e.RunQueued(run, FILE, "python", "5\n")).do(SYSTEM, e.RunStarted(run))
            script.do(SYSTEM, e.RunOutput(run, f"line {number}\n"))
            script.do(SYSTEM, e.RunFinished(run, "OK", "Finished in 0.4 s", 0))
        if number % 90 == 0:
            outcome = e.TestOutcome("one", "p_1", "AC")
            script.do(CAL, e.TestsQueued(f"t_{number}", FILE, "python"))
            script.do(SYSTEM, e.TestsFinished(f"t_{number}", "AC", "1 of 1 passed", (outcome,)))
        if number % 50 == 0:
            script.do(
                CAL,
                e.CaretMoved(
                    FILE, '{"tname":"f:f_main","assoc":0}', '{"tname":"f:f_main","assoc":0}'
                ),
            )
            script.do(CAL, e.ChatSent(f"c_{number}", f"message {number}"))
        if number == 700:
            script.do(CAL, e.FileCreated(NOTES, "notes.md")).do(CAL, e.FileOpened(NOTES))
            script.do(SYSTEM, e.MemberLeft(CAL))
        if number == 720:
            script.do(SYSTEM, e.MemberJoined(CAL)).do(CAL, e.FileOpened(FILE))
        if number == 900:
            script.do(IRIS, e.ClockPaused()).do(IRIS, e.ClockResumed()).do(
                IRIS, e.StageStarted("s_b")
            )
    script.do(IRIS, e.InterviewEnded(), at + 1000)
    return script


def with_private(recorded: list[Recorded], rng: random.Random) -> list[Recorded]:
    """The same session with private facts strewn in."""
    mixed: list[Recorded] = []
    for one in recorded:
        mixed.append(one)
        while rng.random() < 0.05:
            mixed.append(Recorded(0, one.at_ms, one.wall_ms, IRIS, private(rng)))
    return [msgspec.structs.replace(one, seq=seq) for seq, one in enumerate(mixed, 1)]


def private(rng: random.Random) -> e.Event:
    name = f"n_{rng.randrange(5)}"
    return rng.choice(
        (
            e.NoteAdded(name, "private words"),
            e.PinPlaced(name, FILE, text="private words"),
            e.PinFiled(name, "c_test"),
            e.PinWorded(name, "private words"),
            e.PinWithdrawn(name),
        )
    )


@pytest.mark.parametrize("viewer", [PUBLIC, READER, BLIND], ids=lambda viewer: viewer.kind)
def test_private_facts_change_no_byte_of_what_others_get(opening, viewer):
    for seed in range(25):
        plain = long_session(opening, seed, edits=60).recorded
        assert bytes_for(viewer, with_private(plain, random.Random(seed))) == bytes_for(
            viewer, plain
        )


def test_the_candidates_side_gets_no_hidden_test_hint_or_plan(opening):
    plain = long_session(opening, 3, edits=60).recorded
    secret = [
        e.HiddenTestsQueued("h_1", "t_0"),
        e.HiddenTestsFinished(
            "h_1", "t_0", "WA", "0 of 1 passed", (e.TestOutcome("deep", "p_1", "WA"),)
        ),
        e.HintGiven("q_1", "p_1", 1),
        e.PasteNoted(FILE, 12),
        e.QuestionPlanned(e.QuestionPlan("q_2", "Coming up", ())),
    ]
    mixed = (
        plain[:30]
        + [Recorded(0, plain[30].at_ms, 0, SYSTEM, event) for event in secret]
        + plain[30:]
    )
    assert bytes_for(PUBLIC, mixed) == bytes_for(PUBLIC, plain)


def test_a_reader_gets_the_pins_that_the_report_quotes_and_no_others(script):
    script.do(IRIS, e.PinPlaced("n_quoted", FILE, text="said why"), 1000)
    script.do(IRIS, e.PinPlaced("n_other", FILE, text="kept private"), 2000)
    made = index_of(copy_of(READER, script.recorded), typing=False)
    assert [pin.text for pin in made.pins] == ["said why"]
    assert made.typing is None
    assert b"kept private" not in b"".join(bytes_for(READER, script.recorded))


def test_a_blind_rater_gets_the_pins_once_all_have_submitted(script):
    script.do(IRIS, e.PinPlaced("n_1", FILE, text="seen"), 1000).do(
        IRIS, e.NoteAdded("n_2", "noted")
    )
    blind, later = (
        copy_of(Viewer("rater", "m_rater", submitted=s), script.recorded) for s in (False, True)
    )
    assert index_of(blind).pins == ()
    assert not [mark for mark in index_of(blind).marks if mark.kind == "note"]
    assert [pin.text for pin in index_of(later).pins] == ["seen"]


def test_events_are_numbered_without_gaps_from_start(opening):
    copy = copy_of(PUBLIC, with_private(long_session(opening).recorded, random.Random(1)))
    first = 1
    for plan, segment in zip(copy.plans, copy.segments(), strict=True):
        assert (plan.at_ms, plan.first) == (segment.at_ms, segment.first)
        assert segment.first == first
        assert plan.events == len(segment.events)
        first += len(segment.events)
        assert len(segment.events) <= EVENTS_MAX
        assert all(one.at_ms < segment.at_ms + LENGTH_MS for one in segment.events)
    visible = list(copy.events())
    assert first - 1 == len(visible) - segments.start_of(visible)
    assert len(copy.plans) > 5


def test_each_segment_ends_where_the_next_one_begins(opening):
    """The state at a moment does not depend on the segment that it is reached from."""
    copy = copy_of(INTERVIEWER, long_session(opening).recorded)
    for one, following in pairwise(copy.segments()):
        doc = document([])
        doc.apply_update(one.document)
        moment = one.moment
        for recorded in one.events:
            if isinstance(recorded.event, e.DocEdited):
                doc.apply_update(recorded.event.update)
            moment = advance(moment, recorded)
        again = document([])
        again.apply_update(following.document)
        assert str(doc.get("f:f_main", type=Text)) == str(again.get("f:f_main", type=Text))
        assert moment == following.moment


def test_a_moment_over_many_events_is_the_moment_after_each(opening):
    recorded = long_session(opening, edits=300).recorded
    slow = Moment()
    for one in recorded:
        slow = advance(slow, one)
    assert advance_over(Moment(), recorded) == slow
    assert set(slow.carets) == {IRIS, CAL}


def test_segments_of_a_running_session_stay_when_it_grows(opening):
    recorded = long_session(opening).recorded
    at_once = list(copy_of(INTERVIEWER, recorded).segments())
    reel, before = Reel(), []
    rng = random.Random(5)
    at = 0
    while at < len(recorded):
        step = rng.randrange(1, 400)
        reel = extend(reel, recorded[at : at + step])
        grown = list(map(segments.encode, see(INTERVIEWER, reel).segments()))
        assert grown[: max(0, len(before) - 1)] == before[:-1]
        before = grown
        at += step
    assert grown == list(map(segments.encode, at_once))
    assert reel == extend(Reel(), recorded)


def test_a_reel_gives_back_every_event_and_is_the_same_when_it_was_kept(opening):
    recorded = with_private(long_session(opening).recorded, random.Random(2))
    reel = extend(Reel(), recorded)
    assert list(reel.events()) == recorded
    assert 1 < sum(one.has_keyframe for one in reel.stretches) <= len(reel.stretches)
    kept = from_head(head_of(reel), brings(reel))
    for viewer in (INTERVIEWER, PUBLIC, READER, BLIND):
        now, then = see(viewer, reel), see(viewer, kept)
        assert msgspec.json.encode(index_of(now)) == msgspec.json.encode(index_of(then))
        assert list(now.segments()) == list(then.segments())
        assert list(now.events()) == [o for o in recorded if visible_to(o.event, viewer, EMPTY)]


def test_keyframes_weigh_about_what_the_edits_weigh(opening):
    reel = extend(Reel(), long_session(opening).recorded)
    parts = [reel.part(number) for number in range(len(reel.stretches))]
    edits = sum(len(update) for part in parts for update in part.updates())
    assert sum(map(len, reel.documents)) <= 2 * KEYFRAME_SHARE * edits


def test_pauses_are_the_same_from_thinned_times(opening):
    rng = random.Random(8)
    script = opening()
    at = 0
    for _ in range(600):
        at += rng.choice((200, 3000, 9000, 9999, 10_001, 19_999, 20_001, 60_000))
        script.edit(CAL, 0, "x", at_ms=at)
    made = index_of(copy_of(PUBLIC, script.recorded))
    edits = [o.at_ms for o in script.recorded if isinstance(o.event, e.DocEdited) and o.at_ms]
    gaps = [(a, b) for a, b in pairwise([0, *edits]) if b - a > index.QUIET_MS]
    assert [(one.from_ms, one.to_ms) for one in made.quiet] == gaps
    assert sum(made.typing.counts[CAL]) == len(edits)


def test_nothing_is_replayable_before_start(opening):
    script = opening()
    before = script.recorded[:-2]
    copy = copy_of(INTERVIEWER, before)
    assert not copy.started
    with pytest.raises(index.NotStarted):
        index_of(copy)


def test_what_was_typed_before_start_is_there_at_once_without_its_course(opening):
    script = opening()
    start = next(
        i for i, one in enumerate(script.recorded) if isinstance(one.event, e.InterviewStarted)
    )
    late = script.recorded[start:]
    script.recorded = script.recorded[:start]
    script.edit(CAL, 0, "warm-up\n").do(CAL, e.RunQueued("r_0", FILE, "python"))
    script.do(SYSTEM, e.RunOutput("r_0", "before the start"))
    script.do(IRIS, e.ChatSent("c_0", "Do you hear me?"))
    script.recorded += late
    script.recorded = [
        msgspec.structs.replace(one, seq=seq) for seq, one in enumerate(script.recorded, 1)
    ]
    copy = copy_of(INTERVIEWER, script.recorded)
    assert len(copy.plans) == 1
    sent = json.loads(segments.encode(copy.segment(0)))
    assert [fact for _, _, fact in sent["events"]] == [{"type": "StageStarted", "stage": "s_a"}]
    assert "terminal" not in sent["moment"]
    assert "Do you hear me?" not in repr(bytes_for(INTERVIEWER, script.recorded))
    doc = document([])
    doc.apply_update(base64.b64decode(sent["document"]))
    assert texts_at(script.recorded, 0)[FILE].startswith("warm-up\n")


def test_a_damaged_edit_ends_the_recording_there_and_the_rest_still_plays(opening):
    script = opening().edit(CAL, 0, "good", at_ms=1000)
    script.do(CAL, e.DocEdited(b"\xff\xff\xff\xff\x0f\x01"), 5000).edit(CAL, 0, "later", at_ms=6000)
    copy = copy_of(INTERVIEWER, script.recorded)
    assert copy.damaged_ms == 5000
    made = index_of(copy)
    assert (made.damaged_ms, made.duration_ms) == (5000, 1000)
    grown = extend(copy.reel, [Recorded(99, 7000, 0, CAL, e.ChatSent("c_1", "hello"))])
    assert grown.damaged_ms == 5000
    assert list(see(INTERVIEWER, grown).events()) == list(copy.events())


def test_a_shelf_reads_only_what_is_new_and_forgets_on_request(opening):
    recorded = opening().recorded
    asked = []

    def load(after):
        asked.append(after)
        return recorded[after:]

    shelf = Shelf(2)
    shelf.copy("i_1", INTERVIEWER, load)
    shelf.copy("i_1", INTERVIEWER, load)
    shelf.copy("i_1", PUBLIC, load)
    assert asked == [0, len(recorded), len(recorded)]
    for other in ("i_2", "i_3"):
        shelf.copy(other, PUBLIC, load)
    shelf.copy("i_1", INTERVIEWER, load)
    assert asked[-1] == 0, "the recording that was looked at least recently made room"
    shelf.forget("i_1")
    shelf.copy("i_1", INTERVIEWER, load)
    assert asked[-1] == 0


def test_a_shelf_holds_so_many_bytes_and_always_the_last_recording(opening):
    recorded = long_session(opening, edits=60).recorded
    asked = []

    def load(after):
        asked.append(after)
        return recorded[after:]

    shelf = Shelf(8, reel_bytes=1)
    shelf.copy("i_1", INTERVIEWER, load)
    shelf.copy("i_1", INTERVIEWER, load)
    assert asked == [0, len(recorded)]
    shelf.copy("i_2", INTERVIEWER, load)
    shelf.copy("i_1", INTERVIEWER, load)
    assert asked[2:] == [0, 0]


def test_a_shelf_takes_a_reel_that_was_kept_and_goes_on_where_it_ends(opening):
    recorded = long_session(opening, edits=800).recorded
    reel = extend(Reel(), recorded[:-50])
    kept = from_head(head_of(reel), brings(reel))
    shelf = Shelf()
    there = shelf.copy("i_1", INTERVIEWER, lambda after: recorded[after:-50], lambda: kept)
    assert there.reel is kept
    more = shelf.copy("i_1", INTERVIEWER, lambda after: recorded[after:], lambda: kept)
    assert list(more.events()) == recorded
    assert list(more.segments()) == list(copy_of(INTERVIEWER, recorded).segments())
    assert sum(part is not None for part in more.reel.parts) < len(more.plans)


def test_signals_and_the_teams_chat_are_marks_for_those_who_may_see_them(script):
    script.do(CAL, e.PageLeft(95_000), 100_000).do(
        IRIS, e.TeamChatSent("c_9", "Shall I show part 2?")
    )
    script.do(IRIS, e.LeadChanged(OLGA), 101_000).do(CAL, e.FocusStarted(5), 102_000)
    told = [mark.text for mark in index_of(copy_of(INTERVIEWER, script.recorded)).marks]
    assert told[-4:] == [
        "Page hidden for 01:35",
        "Shall I show part 2?",
        "Olga leads from here",
        "Focus time, 5 minutes",
    ]
    public = [mark.text for mark in index_of(copy_of(PUBLIC, script.recorded)).marks]
    assert public[-2:] == ["Olga leads from here", "Focus time, 5 minutes"]
    assert not {"Page hidden for 01:35", "Shall I show part 2?"} & set(public)
