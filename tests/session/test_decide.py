"""What may happen in a session, and why not."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from room.session import commands as c
from room.session import events as e
from room.session.decide import Refused, may_edit
from room.session.disclosure import NOT_RECORDED, SENTENCES, SIGNALS, sentences
from room.session.effects import SeedFile, StartRun, effects_of
from room.session.evolve import fold
from room.session.files import clean_text, free_name, name_problem
from tests.session.conftest import CAL, IRIS, IVAN, OLGA, Story


def reason(decided: object) -> str:
    assert isinstance(decided, Refused), decided
    return decided.reason


def test_start_begins_the_first_stage_and_cannot_be_repeated(story: Story) -> None:
    events = story.must(c.StartInterview(), IRIS)
    assert [type(event) for event in events] == [e.InterviewStarted, e.StageStarted]
    assert story.state.phase == "running"
    assert reason(story.ask(c.StartInterview(), IRIS)) == "started"


@pytest.mark.parametrize(
    "command",
    [
        c.StartInterview(), c.EndInterview(), c.PauseClock(), c.GoToStage("code"), c.ExtendStage(),
        c.ShowPart("q_gaps", "s1"), c.GiveHint("q_gaps", "s1", 1), c.AddNote("private"), c.PlacePin(),
        c.RemoveMember(OLGA), c.AdmitMember(CAL), c.ShowStageStrip(shown=False),
    ],
)  # fmt: skip
def test_candidate_cannot_do_what_interviewers_do(story: Story, command: c.Command) -> None:
    story.started()
    assert reason(story.ask(command, CAL)) == "not_allowed"


def test_observer_is_silent(story: Story) -> None:
    story.started()
    file = story.state.files[0].id
    for command in (c.SendChat("hello"), c.RequestRun(file), c.CreateFile("a.py"), c.AddNote("x")):
        assert reason(story.ask(command, OLGA)) == "not_allowed"
    assert may_edit(story.state, OLGA) is not None
    assert may_edit(story.state, CAL) is None


def test_only_one_run_at_a_time_and_hidden_tests_block_nobody(story: Story) -> None:
    story.started()
    story.must(c.ShowPart("q_gaps", "s1"), IRIS)
    visible, hidden = story.must(c.RequestTests(story.state.files[0].id), CAL)
    assert isinstance(visible, e.TestsQueued)
    assert isinstance(hidden, e.HiddenTestsQueued)
    assert reason(story.ask(c.RequestRun(story.state.files[0].id), CAL)) == "run_active"
    story.must(c.FinishTests(visible.run, "AC", "fine"))
    assert story.state.active_run() is None
    assert story.state.active_run(hidden=True) is not None
    story.must(c.RequestRun(story.state.files[0].id), CAL)


def test_the_first_part_brings_the_starter_and_later_parts_nothing(story: Story) -> None:
    story.started()
    events = story.must(c.ShowPart("q_gaps", "s1"), IRIS)
    assert [type(event) for event in events] == [e.PartShown, e.FileCreated]
    seed = effects_of(events[1], story.state)
    assert seed == (SeedFile(events[1].file, "main.py", "q_gaps", "python"),)
    assert [type(event) for event in story.must(c.ShowPart("q_gaps", "s2"), IRIS)] == [e.PartShown]
    assert reason(story.ask(c.ShowPart("q_gaps", "s2"), IRIS)) == "shown"


def test_another_language_brings_its_starter_beside_the_old_text(story: Story) -> None:
    story.started()
    story.must(c.ShowPart("q_gaps", "s1"), IRIS)
    events = story.must(c.ChooseLanguage("javascript"), CAL)
    assert [type(event) for event in events] == [e.LanguageChosen, e.FileCreated]
    assert [file.name for file in story.state.files] == ["scratch", "main.py", "main.js"]
    assert len(story.must(c.ChooseLanguage("python"), CAL)) == 1
    assert reason(story.ask(c.ChooseLanguage("cobol"), CAL)) == "unknown_language"


def test_tests_run_the_questions_file_even_when_another_is_open(story: Story) -> None:
    story.started()
    story.must(c.ShowPart("q_gaps", "s1"), IRIS)
    main = story.state.files[1]
    own = story.must(c.CreateFile("test_gaps.py"), CAL)[0]
    queued = story.must(c.RequestTests(own.file), CAL)[0]
    assert queued.file == main.id
    assert effects_of(queued, story.state) == (StartRun(queued.run, "tests"),)


def test_no_tests_before_a_part_is_shown(story: Story) -> None:
    story.started()
    assert reason(story.ask(c.RequestTests(story.state.files[0].id), CAL)) == "no_tests"


def test_the_end_can_be_undone_until_the_journal_closes(story: Story) -> None:
    story.started()
    story.at_ms = 60_000
    story.must(c.EndInterview(), IRIS)
    assert reason(story.ask(c.SendChat("too late"), CAL)) == "ended"
    assert may_edit(story.state, CAL).reason == "ended"
    story.must(c.PlacePin(text="after the end"), IRIS)
    story.must(c.UndoEnd(), IRIS)
    assert story.state.phase == "running"
    story.must(c.EndInterview(cut_short=True), IRIS)
    story.must(c.CloseSession())
    assert reason(story.ask(c.UndoEnd(), IRIS)) == "ended"
    assert reason(story.ask(c.AddNote("x"), IRIS)) == "ended"


def test_pauses_do_not_count_as_stage_time(story: Story) -> None:
    story.started()
    story.at_ms = 10_000
    story.must(c.PauseClock(), IRIS)
    story.at_ms = 25_000
    assert story.state.stage_ms(25_000) == 10_000
    story.must(c.ResumeClock(), IRIS)
    story.at_ms = 30_000
    assert story.state.stage_ms(30_000) == 15_000
    story.must(c.GoToStage("code"), IRIS)
    assert story.state.stage_ms(31_000) == 1_000
    assert story.state.worked_ms(31_000) == 16_000


def test_who_declines_recording_keeps_the_interview_from_starting_until_they_agree(
    story: Story,
) -> None:
    story.must(c.DeclineRecording(CAL))
    assert reason(story.ask(c.StartInterview(), IRIS)) == "recording_declined"


def test_a_candidate_waits_until_admitted() -> None:
    story = Story()
    story.state = msgspec.structs.replace(
        story.state,
        members=story.state.members
        | {CAL: msgspec.structs.replace(story.state.members[CAL], admission="invited")},
    )
    assert may_edit(story.state, CAL).reason == "not_allowed"
    story.must(c.Wait(CAL))
    assert reason(story.ask(c.SendChat("hello"), CAL)) == "not_allowed"
    story.must(c.AdmitMember(CAL), IVAN)
    story.must(c.SendChat("hello"), CAL)


def test_pins_are_refiled_reworded_withdrawn_and_restored(story: Story) -> None:
    story.started()
    pin = story.must(c.PlacePin(), IRIS)[0].pin
    story.must(c.FilePin(pin, "approach"), IVAN)
    story.must(c.WordPin(pin, "Weighs two ways"), IRIS)
    story.must(c.WithdrawPin(pin), IRIS)
    assert story.state.pins[0].withdrawn
    assert reason(story.ask(c.WithdrawPin(pin), IRIS)) == "unknown"
    story.must(c.RestorePin(pin), IRIS)
    assert (story.state.pins[0].competency, story.state.pins[0].text) == (
        "approach",
        "Weighs two ways",
    )
    assert reason(story.ask(c.FilePin(pin, "nonsense"), IRIS)) == "unknown"


def test_a_client_id_belongs_to_one_member(story: Story) -> None:
    assert story.must(c.ClaimClient(CAL, 7))
    assert story.must(c.ClaimClient(CAL, 7)) == ()
    assert reason(story.ask(c.ClaimClient(IRIS, 7))) == "client_taken"


def test_hints_need_the_part_and_an_existing_level(story: Story) -> None:
    story.started()
    assert reason(story.ask(c.GiveHint("q_gaps", "s1", 1), IRIS)) == "part_hidden"
    story.must(c.ShowPart("q_gaps", "s1"), IRIS)
    assert reason(story.ask(c.GiveHint("q_gaps", "s1", 3), IRIS)) == "unknown"
    story.must(c.GiveHint("q_gaps", "s1", 2), IRIS)


def test_a_signal_that_the_plan_switched_off_is_not_recorded(story: Story) -> None:
    story.started()
    file = story.state.files[0].id
    assert len(story.must(c.NotePaste(file, 20), CAL)) == 1
    story.state = msgspec.structs.replace(story.state, signals=())
    assert story.must(c.NotePaste(file, 20), CAL) == ()


def test_the_lead_hands_over_and_an_absent_one_can_be_replaced(story: Story) -> None:
    story.must(c.Join(IRIS))
    assert reason(story.ask(c.TakeLead(), IVAN)) == "lead_present"
    assert reason(story.ask(c.HandLead(IVAN), IVAN)) == "not_lead"
    assert reason(story.ask(c.HandLead(CAL), IRIS)) == "unknown"
    story.must(c.HandLead(IVAN), IRIS)
    assert (story.state.role_of(IVAN), story.state.role_of(IRIS)) == ("lead", "interviewer")
    story.must(c.Join(IVAN))
    story.must(c.Leave(IVAN))
    assert reason(story.ask(c.TakeLead(), IRIS)) == "lead_present"
    story.at_ms += 30_000
    assert reason(story.ask(c.TakeLead(), CAL)) == "not_allowed"
    story.must(c.TakeLead(), IRIS)
    assert story.state.role_of(IRIS) == "lead"


def test_focus_curtains_for_some_minutes_and_can_be_ended(story: Story) -> None:
    assert reason(story.ask(c.StartFocus(5), IRIS)) == "not_running"
    story.started()
    assert reason(story.ask(c.StartFocus(5), CAL)) == "not_allowed"
    assert reason(story.ask(c.StartFocus(31), IRIS)) == "minutes"
    story.at_ms = 60_000
    story.must(c.StartFocus(5), IRIS)
    assert story.state.focus_until_ms == 360_000
    story.must(c.EndFocus(), IVAN)
    assert story.state.focus_until_ms is None


def test_signs_of_absence_are_kept_only_when_the_plan_says_so(story: Story) -> None:
    story.started()
    assert story.must(c.NoteAway(5_000), CAL) == story.must(c.NoteIdle(5_000), CAL) == ()
    story.state = msgspec.structs.replace(story.state, signals=("leave", "idle"))
    assert story.must(c.NoteAway(5_000), CAL) == (e.PageLeft(5_000),)
    assert story.must(c.NoteIdle(120_000), CAL) == (e.NothingTyped(120_000),)
    assert story.must(c.NoteAway(5_000), IRIS) == ()


def test_keys_go_only_to_a_running_terminal(story: Story) -> None:
    story.started()
    run = story.must(c.RequestRun("f_1", interactive=True), CAL)[0].run
    assert reason(story.ask(c.TypeInput(run, "x"), CAL)) == "run_over"
    story.must(c.BeginRun(run))
    assert story.must(c.TypeInput(run, "x\n"), IRIS) == (e.RunInput(run, "x\n"),)
    assert reason(story.ask(c.ResizeTerminal(run, 1, 1), CAL)) == "size"
    assert story.must(c.ResizeTerminal(run, 80, 24), CAL) == ()
    story.must(c.FinishRun(run, "OK", "x"))
    plain = story.must(c.RequestRun("f_1"), CAL)[0].run
    story.must(c.BeginRun(plain))
    assert reason(story.ask(c.TypeInput(plain, "x"), CAL)) == "unknown"


def test_every_kind_of_event_is_disclosed_and_only_switched_on_signals_are_named() -> None:
    assert set(SENTENCES) == set(e.EVENT_TYPES)
    assert set(SIGNALS) <= set(e.EVENT_TYPES)
    for signal in SIGNALS.values():
        assert len(sentences((signal,))) == len(sentences(())) + 1
    assert NOT_RECORDED


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "../x",
        "a//b",
        "/etc/passwd",
        "x\u202ey.py",
        ".git/config",
        "a\\b",
        "x" * 81,
        "-rf",
        "scratch",
        "a/./b",
    ],
)
def test_names_that_cannot_be_files_are_refused_with_a_sentence(story: Story, name: str) -> None:
    story.started()
    refused = story.ask(c.CreateFile(name), CAL)
    assert reason(refused) == "file_name"
    assert refused.sentence.endswith(".")


def test_the_last_file_stays_and_a_deleted_one_comes_back_under_a_free_name(story: Story) -> None:
    story.started()
    scratch = story.state.files[0].id
    assert reason(story.ask(c.DeleteFile(scratch), CAL)) == "last_file"
    story.must(c.CreateFile("a.py"), CAL)
    story.must(c.DeleteFile(scratch), CAL)
    story.must(c.CreateFile("scratch"), CAL)
    events = story.must(c.RestoreFile(scratch), CAL)
    assert events[1].name == "scratch 2"


@given(st.text(max_size=60), st.booleans())
def test_cleaned_text_holds_nothing_that_hides_or_reorders(text: str, keep_lines: bool) -> None:
    cleaned = clean_text(text, keep_lines=keep_lines)
    assert clean_text(cleaned, keep_lines=keep_lines) == cleaned
    assert not set(cleaned) & set("\u202e\u2066\x00\x1b\u2028")
    assert keep_lines or "\n" not in cleaned


@given(
    st.sets(st.text("ab.py /", min_size=1, max_size=6), max_size=8),
    st.text("ab.py", min_size=1, max_size=6),
)
def test_a_free_name_is_free(taken: set[str], name: str) -> None:
    assert free_name(name, taken) not in taken


def test_a_folder_and_a_file_cannot_share_a_name() -> None:
    assert name_problem("a/b.py", {"a"})
    assert name_problem("a", {"a/b.py"})
    assert name_problem("c/b.py", {"a/b.py"}) is None


COMMANDS = st.sampled_from(
    [
        (c.StartInterview(), IRIS), (c.PauseClock(), IRIS), (c.ResumeClock(), IRIS), (c.EndInterview(), IRIS),
        (c.UndoEnd(), IRIS), (c.GoToStage("code"), IRIS), (c.ShowPart("q_gaps", "s1"), IRIS), (c.PlacePin(), IRIS),
        (c.ShowPart("q_gaps", "s2"), IVAN), (c.SendChat("x"), CAL), (c.CreateFile("a.py"), CAL), (c.Join(CAL), "system"),
        (c.Leave(CAL), "system"), (c.RequestRun("f_1"), CAL), (c.RequestTests("f_1"), IRIS), (c.DeleteFile("f_1"), CAL),
        (c.FinishRun("r_1", "OK", "x"), "system"), (c.FinishTests("r_1", "OK", "x"), "system"), (c.CloseSession(), "system"),
        (c.ChooseLanguage("javascript"), CAL), (c.RemoveMember(OLGA), IRIS), (c.ExtendStage(5), IRIS),
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(COMMANDS, st.integers(0, 5_000)), max_size=40))
def test_the_state_is_the_fold_of_what_was_recorded_through_the_journals_encoding(
    steps: list,
) -> None:
    story = Story()
    for (command, by), wait in steps:
        story.at_ms += wait if story.state.started_wall_ms else 0
        story.ask(command, by)
    again = []
    for one in story.recorded:
        by, event = e.decode_payload(e.encode_payload(one.by, one.event))
        again.append(e.Recorded(one.seq, one.at_ms, one.wall_ms, by, event))
    assert fold(again) == story.state
    if story.state.started_wall_ms is not None:
        assert (
            0
            <= story.state.stage_ms(story.at_ms)
            <= story.state.worked_ms(story.at_ms)
            <= story.at_ms
        )


def test_a_flood_of_chat_ends_for_who_sends_it_and_for_nobody_else(story: Story) -> None:
    story.started()
    long = "x" * 4_000
    for _ in range(50):
        story.must(c.SendChat(long), CAL)
    assert reason(story.ask(c.SendChat("more"), CAL)) == "chat_full"
    story.must(c.SendChat("are you well?"), IRIS)
    for _ in range(50):
        story.must(c.SendTeamChat(long), IRIS)
    assert reason(story.ask(c.SendTeamChat("more"), IRIS)) == "chat_full"
    story.must(c.SendChat("the chats are counted apart"), IRIS)
