"""A candidate is sent nothing by which two sessions that differ only in private events could be told apart."""

import random

import msgspec
import pytest

from room.realtime import protocol
from room.realtime.recovery import NEVER_TOLD, Told
from room.realtime.room import event_message
from room.session import commands as c
from room.session import events as e
from room.session.visibility import AUDIENCES, INTERVIEWER, PUBLIC, Audience, Viewer, visible_to
from tests.session.conftest import CAL, IRIS, IVAN, OLGA, Story

PRIVATE_WORDS = ("secret note", "secret pin", "expected-hidden", "k07")


def public_course(dice: random.Random) -> list[tuple[int, c.Command, str]]:
    """Wishes that everybody sees, with their times."""
    course: list[tuple[int, c.Command, str]] = [
        (0, c.StartInterview(), IRIS),
        (500, c.ShowPart("q_gaps", "s1"), IRIS),
    ]
    at = 1_000
    for number in range(dice.randint(3, 14)):
        at += dice.randint(1, 9_000)
        wish = dice.choice(
            [
                (c.SendChat(f"hello {number}"), CAL), (c.SendChat("and you?"), IRIS), (c.CreateFile(f"f{number}.py"), CAL),
                (c.PauseClock(), IRIS), (c.ResumeClock(), IRIS), (c.GoToStage("code"), IRIS), (c.ExtendStage(5), IRIS),
                (c.RequestRun("f_1"), CAL), (c.RequestTests("f_1"), CAL), (c.FinishRun(f"r_{number}", "OK", "Finished"), "system"),
                (c.AppendOutput("r_1", "out\n"), "system"), (c.FinishTests("r_1", "AC", "All"), "system"), (c.Join(CAL), "system"),
                (c.Leave(CAL), "system"), (c.ChooseLanguage("javascript"), CAL), (c.ShowPart("q_gaps", "s2"), IVAN),
                (c.OpenFile("f_1"), OLGA), (c.ClaimClient(CAL, 7), "system"), (c.RemoveMember(OLGA), IRIS),
            ]
        )  # fmt: skip
        course.append((at, *wish))
    if dice.random() < 0.5:
        course.append((at + 1, c.EndInterview(), IRIS))
    return course


def private_course(dice: random.Random, until: int) -> list[tuple[int, c.Command, str]]:
    """Wishes that only interviewers see, at any time."""
    course = []
    for number in range(dice.randint(0, 12)):
        wish = dice.choice(
            [
                (c.AddNote("secret note"), IRIS), (c.SendTeamChat("secret note"), IVAN), (c.PlacePin(text="secret pin"), IVAN), (c.FilePin("p_1", "approach"), IRIS),
                (c.WordPin("p_1", "secret pin"), IRIS), (c.WithdrawPin("p_1"), IRIS), (c.RestorePin("p_1"), IVAN),
                (c.GiveHint("q_gaps", "s1", 1), IRIS), (c.NotePaste("f_1", 40), CAL),
                (c.FinishHiddenTests("h_1", "WA", "x", (e.TestOutcome("k07", "s1", "WA", "got", "expected-hidden"),)), "system"),
                (c.AddQuestion(e.QuestionPlan(f"q_{number}", "Another secret note", (e.PartPlan("s1", "One"),))), "system"),
            ]
        )  # fmt: skip
        course.append((dice.randint(1, until), *wish))
    return course


def play(course: list[tuple[int, c.Command, str]]) -> Story:
    story = Story()
    for at, command, by in sorted(course, key=lambda step: step[0]):
        story.at_ms = at if story.state.started_wall_ms is not None else 0
        story.ask(command, by)
    return story


def candidate_bytes(story: Story) -> list[bytes]:
    """Live frames as they go out, and what a reconnect at the end is sent: the fold of what this class was told."""
    told, state_before, frames = Told(), Told(), []
    for recorded in story.recorded:
        if visible_to(recorded.event, PUBLIC, state_before.state):
            told = told.after(recorded)
            if not isinstance(recorded.event, NEVER_TOLD):
                frames.append(protocol.room_message(event_message(recorded, told.count)))
        state_before = state_before.after(recorded)
    return [*frames, msgspec.json.encode(told)]


@pytest.mark.parametrize("part", range(10))
def test_sessions_that_differ_only_in_private_events_give_a_candidate_identical_bytes(
    part: int,
) -> None:
    differed = 0
    for seed in range(part * 100, part * 100 + 100):
        dice = random.Random(seed)
        course = public_course(dice)
        until = course[-1][0]
        one = play([*course, *private_course(dice, until)])
        other = play([*course, *private_course(dice, until)])
        assert candidate_bytes(one) == candidate_bytes(other)
        differed += len(one.recorded) != len(other.recorded)
        everything = b"".join(candidate_bytes(one)).decode(errors="replace")
        assert not any(word in everything for word in PRIVATE_WORDS)
    assert differed > 50, "the pairs must really differ"


def test_every_type_of_event_has_an_audience() -> None:
    assert set(AUDIENCES) == set(e.EVENT_TYPES)


def test_an_event_of_an_unknown_type_goes_to_nobody() -> None:
    class Invented(msgspec.Struct, frozen=True):
        pass

    story = Story()
    for viewer in (INTERVIEWER, PUBLIC, Viewer("rater"), Viewer("reader")):
        assert not visible_to(Invented(), viewer, story.state)


@pytest.mark.parametrize("kind", e.EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_each_type_of_event_reaches_exactly_its_audience(kind: type) -> None:
    story = Story()
    names = {field.name: None for field in msgspec.structs.fields(kind) if field.required}
    event = kind(**names)
    audience = AUDIENCES[kind]
    blind = Viewer("rater", submitted=False)
    seen = {
        "interviewer": visible_to(event, INTERVIEWER, story.state),
        "public": visible_to(event, PUBLIC, story.state),
        "blind rater": visible_to(event, blind, story.state),
        "rater": visible_to(event, Viewer("rater"), story.state),
        "reader": visible_to(event, Viewer("reader"), story.state),
    }
    expected = {
        Audience.EVERYONE: {"interviewer", "public", "blind rater", "rater", "reader"},
        Audience.JUDGES: {"interviewer", "blind rater", "rater", "reader"},
        Audience.RATERS: {"interviewer", "blind rater", "rater"},
        Audience.INTERVIEWERS: {"interviewer"},
        Audience.NOTES: {"interviewer", "rater"},
        Audience.PINS: {"interviewer", "rater"},
    }[audience]
    assert {who for who, sees in seen.items() if sees} == expected


PRIVATE_TYPES = {
    "QuestionPlanned", "CompetenciesPlanned", "MemberWaiting", "MemberTurnedAway", "RecordingDeclined", "HintGiven", "PasteNoted",
    "HiddenTestsQueued", "HiddenTestsFinished", "NoteAdded", "PinPlaced", "PinFiled", "PinWorded", "PinWithdrawn", "PinRestored",
    "TeamChatSent", "PageLeft", "NothingTyped",
}  # fmt: skip


def test_what_a_candidate_must_never_receive_is_written_down_twice() -> None:
    """The list here is by hand: a type that becomes public by mistake in the table fails."""
    hidden = {kind.__name__ for kind in e.EVENT_TYPES if AUDIENCES[kind] is not Audience.EVERYONE}
    assert hidden == PRIVATE_TYPES


def test_a_reader_sees_only_the_pins_of_their_report() -> None:
    story = Story()
    reader = Viewer("reader", covers=frozenset({"p_1"}))
    assert visible_to(e.PinWorded("p_1", "quoted"), reader, story.state)
    assert not visible_to(e.PinWorded("p_2", "not quoted"), reader, story.state)
