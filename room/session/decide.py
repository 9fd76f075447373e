"""``decide(state, command, by, moment) -> events | Refused``: what may happen, and why not.

Refusals are expected and never logged as errors; each has a reason for programs and a sentence for people.
"""

from collections.abc import Callable
from typing import assert_never, cast

import msgspec

from room.session import commands as c
from room.session import events as e
from room.session.files import FILES_MAX, clean_text, free_name, language_of, name_problem
from room.session.files import NOT_RUN as SHOWN_ONLY
from room.session.ids import (
    SYSTEM,
    CompetencyId,
    FileId,
    InterviewId,
    MemberId,
    MessageId,
    NoteId,
    PinId,
    QuestionId,
    RunId,
)
from room.session.roles import EDITORS, Role
from room.session.state import ChatLine, FileState, SessionState

CHAT_MAX = 4_000
CHAT_LINES_MAX, CHAT_TOTAL_MAX = 2_000, 200_000
"""Messages and characters of one member in one chat: everybody who comes in is sent them all."""
NOTE_MAX = 4_000
STDIN_MAX = 64_000
EXTRA_MINUTES_MAX = 60
CARET_MAX = 400
INPUT_MAX = 16_000
FOCUS_MINUTES_MAX = 30
LEAD_GONE_MS = 30_000
SPAN_MAX_MS = 4 * 3_600_000


class Moment(msgspec.Struct, frozen=True):
    """What a decision takes from the world: time and fresh ids."""

    at_ms: int
    wall_ms: int
    new_id: Callable[[str], str]
    """``new_id("f")`` gives an id with that prefix."""


class Refused(msgspec.Struct, frozen=True):
    reason: str
    sentence: str


Decision = tuple[e.Event, ...] | Refused

CHAT_FULL = Refused(
    "chat_full", "You have written all that fits into one chat. Yours is still here."
)
NOT_ALLOWED = Refused("not_allowed", "Your role in this room cannot do that.")
ENDED = Refused("ended", "The interview has ended. Nothing can be changed any more.")
UNKNOWN = Refused("unknown", "That is not there any more.")
RUN_ACTIVE = Refused("run_active", "A run is active. Stop it first, or wait.")


def may_edit(state: SessionState, member: MemberId) -> Refused | None:
    """Why this member may not change the document now; None if they may."""
    found = state.members.get(member)
    if found is None or found.role not in EDITORS:
        return NOT_ALLOWED
    if found.role is Role.CANDIDATE and found.admission != "admitted":
        return NOT_ALLOWED
    if state.phase in ("ended", "closed"):
        return ENDED
    return None


def decide(state: SessionState, command: c.Command, by: MemberId, moment: Moment) -> Decision:
    """The events that follow from ``command`` wished by ``by``, or why it is refused."""
    if isinstance(command, c.MEMBER_COMMAND_TYPES):
        return _decide_member(state, cast("c.MemberCommand", command), by, moment)
    return _decide_system(state, cast("c.SystemCommand", command), moment)


# ------------------------------------------------------------------------------------------------ members' wishes

_FOR_EDITORS = (
    c.CreateFile,
    c.RenameFile,
    c.DeleteFile,
    c.RestoreFile,
    c.ReorderFiles,
    c.OpenFile,
    c.ChooseLanguage,
    c.NotePaste,
    c.NoteAway,
    c.NoteIdle,
    c.RequestRun,
    c.TypeInput,
    c.ResizeTerminal,
    c.RequestTests,
    c.StopRun,
    c.SendChat,
)
_AFTER_END = (
    c.UndoEnd,
    c.SendTeamChat,
    c.AddNote,
    c.PlacePin,
    c.FilePin,
    c.WordPin,
    c.WithdrawPin,
    c.RestorePin,
    c.OpenFile,
)


def _decide_member(
    state: SessionState, command: c.MemberCommand, by: MemberId, moment: Moment
) -> Decision:
    member = state.members.get(by)
    if member is None or member.admission in ("removed", "turned_away"):
        return NOT_ALLOWED
    if member.role is Role.OBSERVER and not isinstance(command, c.OpenFile):
        return NOT_ALLOWED
    if member.role is Role.CANDIDATE:
        if not isinstance(command, _FOR_EDITORS):
            return NOT_ALLOWED
        if member.admission != "admitted":
            return NOT_ALLOWED
    if state.phase == "closed" or (state.phase == "ended" and not isinstance(command, _AFTER_END)):
        return ENDED

    match command:
        case c.StartInterview():
            return _start(state, moment)
        case c.EndInterview():
            if state.phase not in ("running", "paused"):
                return Refused("not_started", "The interview has not started.")
            return (e.InterviewEnded(command.cut_short),)
        case c.UndoEnd():
            return (
                (e.EndUndone(),)
                if state.phase == "ended"
                else Refused("not_ended", "The interview has not ended.")
            )
        case c.PauseClock():
            return (
                (e.ClockPaused(),)
                if state.phase == "running"
                else Refused("not_running", "The clock is not running.")
            )
        case c.ResumeClock():
            return (
                (e.ClockResumed(),)
                if state.phase == "paused"
                else Refused("not_paused", "The clock is not paused.")
            )
        case c.GoToStage():
            if state.phase not in ("running", "paused"):
                return Refused("not_started", "Stages begin when the interview is started.")
            if command.stage == state.stage or all(s.id != command.stage for s in state.stages):
                return UNKNOWN
            return (e.StageStarted(command.stage),)
        case c.ExtendStage():
            if state.stage is None:
                return Refused("not_started", "Stages begin when the interview is started.")
            if not 1 <= command.minutes <= EXTRA_MINUTES_MAX:
                return Refused("minutes", f"A stage can get 1 to {EXTRA_MINUTES_MAX} minutes more.")
            return (e.StageExtended(state.stage, command.minutes),)
        case c.StartFocus():
            if state.phase != "running":
                return Refused("not_running", "The clock is not running.")
            if not 1 <= command.minutes <= FOCUS_MINUTES_MAX:
                return Refused("minutes", f"Focus lasts 1 to {FOCUS_MINUTES_MAX} minutes.")
            return (e.FocusStarted(command.minutes),)
        case c.EndFocus():
            return (e.FocusEnded(),) if state.focus_until_ms is not None else ()
        case c.HandLead():
            heir = state.members.get(command.member)
            if member.role is not Role.LEAD:
                return Refused("not_lead", "Only the lead can hand over the lead.")
            if heir is None or heir.role is not Role.INTERVIEWER or heir.admission == "removed":
                return UNKNOWN
            return (e.LeadChanged(command.member),)
        case c.TakeLead():
            return _take_lead(state, by, moment)
        case c.ShowStageStrip():
            return (e.StageStripShown(command.shown),)
        case c.ShowPart():
            return _show_part(state, command, moment)
        case c.GiveHint():
            part = state.part_plan(command.question, command.part)
            if part is None or not 1 <= command.level <= part.hints:
                return UNKNOWN
            if not state.is_shown(command.question, command.part):
                return Refused("part_hidden", "Show the part first; its hints belong to it.")
            return (e.HintGiven(command.question, command.part, command.level),)
        case c.AdmitMember():
            waiting = state.members.get(command.member)
            if waiting is None or waiting.admission not in ("waiting", "turned_away"):
                return UNKNOWN
            return (e.MemberAdmitted(command.member),)
        case c.TurnAwayMember():
            waiting = state.members.get(command.member)
            if waiting is None or waiting.admission != "waiting":
                return UNKNOWN
            return (e.MemberTurnedAway(command.member),)
        case c.RemoveMember():
            removed = state.members.get(command.member)
            if removed is None or removed.admission == "removed":
                return UNKNOWN
            if removed.role is Role.LEAD:
                return NOT_ALLOWED
            return (e.MemberRemoved(command.member),)
        case c.CreateFile():
            return _create_file(state, command.name, moment)
        case c.RenameFile():
            file = state.file(command.file)
            if file is None or file.deleted:
                return UNKNOWN
            problem = name_problem(command.name, _names(state) - {file.name})
            return (
                Refused("file_name", problem)
                if problem
                else (e.FileRenamed(file.id, command.name),)
            )
        case c.DeleteFile():
            file = state.file(command.file)
            if file is None or file.deleted:
                return UNKNOWN
            if len(_names(state)) == 1:
                return Refused("last_file", "A room keeps at least one file.")
            return (e.FileDeleted(file.id),)
        case c.RestoreFile():
            return _restore_file(state, command.file)
        case c.ReorderFiles():
            if sorted(command.files) != sorted(f.id for f in state.files if not f.deleted):
                return UNKNOWN
            return (e.FilesReordered(command.files),)
        case c.OpenFile():
            file = state.file(command.file)
            if file is None or file.deleted:
                return UNKNOWN
            if member.open_file == file.id:
                return ()
            return (e.FileOpened(file.id),)
        case c.ChooseLanguage():
            return _choose_language(state, command.language, moment)
        case c.NotePaste():
            if "paste" not in state.signals or state.file(command.file) is None:
                return ()
            return (e.PasteNoted(command.file, max(1, min(command.lines, 1_000_000))),)
        case c.NoteAway():
            if "leave" not in state.signals or member.role is not Role.CANDIDATE:
                return ()
            return (e.PageLeft(max(0, min(command.away_ms, SPAN_MAX_MS))),)
        case c.NoteIdle():
            if "idle" not in state.signals or member.role is not Role.CANDIDATE:
                return ()
            return (e.NothingTyped(max(0, min(command.idle_ms, SPAN_MAX_MS))),)
        case c.TypeInput():
            run = state.run(command.run)
            if run is None or not run.interactive:
                return UNKNOWN
            if run.status != "running":
                return Refused("run_over", "The program is not running.")
            if not command.text or len(command.text) > INPUT_MAX:
                return Refused(
                    "too_long", f"At most {INPUT_MAX} characters go to a program at once."
                )
            return (e.RunInput(command.run, command.text),)
        case c.ResizeTerminal():
            run = state.run(command.run)
            if run is None or not run.interactive:
                return UNKNOWN
            if not (2 <= command.columns <= 500 and 1 <= command.rows <= 200):
                return Refused("size", "A terminal has 2 to 500 columns and 1 to 200 rows.")
            return ()
        case c.RequestRun():
            return _request_run(state, command, moment)
        case c.RequestTests():
            return _request_tests(state, command.file, moment)
        case c.StopRun():
            run = state.run(command.run)
            if run is None or run.kind == "hidden":
                return UNKNOWN
            if run.status == "finished":
                return Refused("run_over", "The run has ended.")
            return ()
        case c.SendChat():
            text = clean_text(command.text).strip()
            if not text:
                return Refused("empty", "There is nothing to send.")
            if len(text) > CHAT_MAX:
                return Refused(
                    "too_long", f"A message has {CHAT_MAX} characters at most. Yours is still here."
                )
            if _said_enough(state.chat, by, text):
                return CHAT_FULL
            return (e.ChatSent(MessageId(moment.new_id("c")), text),)
        case c.SendTeamChat():
            text = clean_text(command.text).strip()
            if not text:
                return Refused("empty", "There is nothing to send.")
            if len(text) > CHAT_MAX:
                return Refused(
                    "too_long",
                    f"A message has {CHAT_MAX} characters at most. Yours is still here.",
                )
            if _said_enough(state.team_chat, by, text):
                return CHAT_FULL
            return (e.TeamChatSent(MessageId(moment.new_id("t")), text),)
        case c.AddNote():
            text = clean_text(command.text).strip()
            if not text:
                return Refused("empty", "There is nothing to note.")
            if len(text) > NOTE_MAX:
                return Refused(
                    "too_long", f"A note has {NOTE_MAX} characters at most. Yours is still here."
                )
            if not _knows(state, command.competency):
                return UNKNOWN
            return (e.NoteAdded(NoteId(moment.new_id("n")), text, command.competency),)
        case c.PlacePin():
            if not _knows(state, command.competency) or len(command.caret) > CARET_MAX:
                return UNKNOWN
            last = next((r.id for r in reversed(state.runs) if r.kind != "hidden"), None)
            pinned = command.file if command.file and state.file(command.file) else None
            text = clean_text(command.text).strip()[:NOTE_MAX]
            pin = PinId(moment.new_id("p"))
            return (e.PinPlaced(pin, pinned, command.caret, last, command.competency, text),)
        case c.FilePin():
            if state.pin(command.pin) is None or not _knows(state, command.competency):
                return UNKNOWN
            return (e.PinFiled(command.pin, command.competency),)
        case c.WordPin():
            text = clean_text(command.text).strip()
            if state.pin(command.pin) is None:
                return UNKNOWN
            if len(text) > NOTE_MAX:
                return Refused(
                    "too_long", f"A note has {NOTE_MAX} characters at most. Yours is still here."
                )
            return (e.PinWorded(command.pin, text),)
        case c.WithdrawPin():
            pin_now = state.pin(command.pin)
            if pin_now is None or pin_now.withdrawn:
                return UNKNOWN
            return (e.PinWithdrawn(command.pin),)
        case c.RestorePin():
            pin_now = state.pin(command.pin)
            if pin_now is None or not pin_now.withdrawn:
                return UNKNOWN
            return (e.PinRestored(command.pin),)
        case _:
            assert_never(command)


def _start(state: SessionState, moment: Moment) -> Decision:
    if state.phase != "before":
        return Refused("started", "The interview has started already.")
    if any(m.declined_recording for m in state.members.values()):
        return Refused(
            "recording_declined",
            "The candidate does not want to be recorded. Nothing is recorded; offer another form instead.",
        )
    first = (e.StageStarted(state.stages[0].id),) if state.stages else ()
    return (e.InterviewStarted(moment.wall_ms), *first)


def _take_lead(state: SessionState, by: MemberId, moment: Moment) -> Decision:
    """An absent lead must not leave a room without one: after half a minute any interviewer may take over."""
    if state.role_of(by) is not Role.INTERVIEWER:
        return NOT_ALLOWED
    lead = next((m for m in state.members.values() if m.role is Role.LEAD), None)
    if lead is not None and (lead.present or moment.wall_ms - lead.since_ms < LEAD_GONE_MS):
        return Refused("lead_present", "The lead is here, or was half a minute ago.")
    return (e.LeadChanged(by),)


def _show_part(state: SessionState, command: c.ShowPart, moment: Moment) -> Decision:
    question = state.question_plan(command.question)
    part = state.part_plan(command.question, command.part)
    if question is None or part is None:
        return UNKNOWN
    if state.is_shown(question.id, part.id):
        return Refused("shown", "This part is shown already.")
    number = 1 + next(i for i, p in enumerate(question.parts) if p.id == part.id)
    shown = e.PartShown(question.id, part.id, question.title, part.title, number)
    if any(s.question == question.id for s in state.shown):
        return (shown,)
    language = (
        state.language if state.language in question.files else next(iter(question.files), "")
    )
    switched = (
        (e.LanguageChosen(language),)
        if language and language != state.language and question.kind == "sql"
        else ()
    )
    return (shown, *switched, *_starter_files(state, question.id, language, moment))


def _starter_files(
    state: SessionState, question: QuestionId, language: str, moment: Moment
) -> tuple[e.Event, ...]:
    plan = state.question_plan(question)
    names = plan.files.get(language, ()) if plan else ()
    taken = set(_names(state))
    made: list[e.Event] = []
    for name in names[: FILES_MAX - len(taken)]:
        name = free_name(name, taken)
        taken.add(name)
        made.append(
            e.FileCreated(FileId(moment.new_id("f")), name, language_of(name) or language, question)
        )
    return tuple(made)


def _create_file(state: SessionState, name: str, moment: Moment) -> Decision:
    taken = _names(state)
    if len(state.files) >= FILES_MAX * 4 or len(taken) >= FILES_MAX:
        return Refused("too_many_files", f"A room holds {FILES_MAX} files. Delete one first.")
    problem = name_problem(name, taken)
    if problem:
        return Refused("file_name", problem)
    return (e.FileCreated(FileId(moment.new_id("f")), name, language_of(name)),)


def _restore_file(state: SessionState, file_id: FileId) -> Decision:
    file = state.file(file_id)
    if file is None or not file.deleted:
        return UNKNOWN
    name = free_name(file.name, _names(state))
    renamed = (e.FileRenamed(file.id, name),) if name != file.name else ()
    return (e.FileRestored(file.id), *renamed)


def _choose_language(state: SessionState, language: str, moment: Moment) -> Decision:
    if language not in state.languages:
        return Refused("unknown_language", "This interview does not offer that language.")
    chosen = (e.LanguageChosen(language),)
    question = state.shown[-1].question if state.shown else None
    if question is None or any(
        f.question == question and f.language == language for f in state.files
    ):
        return chosen
    return (*chosen, *_starter_files(state, question, language, moment))


def language_to_run(state: SessionState, file: FileState) -> str:
    """The language a file runs in: its name's ending, else what it was made for, else the room's."""
    return language_of(file.name) or file.language or state.language


def _request_run(state: SessionState, command: c.RequestRun, moment: Moment) -> Decision:
    file = state.file(command.file)
    if file is None or file.deleted:
        return UNKNOWN
    if state.active_run() is not None:
        return RUN_ACTIVE
    if len(command.stdin) > STDIN_MAX:
        return Refused("too_long", f"The input has {STDIN_MAX} characters at most.")
    language = language_to_run(state, file)
    if language in SHOWN_ONLY:
        return Refused(
            "not_runnable", f"{file.name} is not a program. Open the file that you want to run."
        )
    return (
        e.RunQueued(
            RunId(moment.new_id("r")), file.id, language, command.stdin, command.interactive
        ),
    )


def _request_tests(state: SessionState, file_id: FileId, moment: Moment) -> Decision:
    if state.active_run() is not None:
        return RUN_ACTIVE
    if not state.shown:
        return Refused(
            "no_tests", "No part of the problem is shown yet, so there is nothing to test."
        )
    question = state.shown[-1].question
    file = file_under_test(state, file_id, question)
    if file is None:
        return UNKNOWN
    language = language_to_run(state, file)
    if language in SHOWN_ONLY:
        return Refused(
            "not_runnable", f"{file.name} is not a program. Open the file that you want to test."
        )
    visible, hidden = RunId(moment.new_id("r")), RunId(moment.new_id("h"))
    return (e.TestsQueued(visible, file.id, language), e.HiddenTestsQueued(hidden, visible))


def file_under_test(
    state: SessionState, open_file: FileId, question: QuestionId
) -> FileState | None:
    """The file the tests run: the open one if it came with the question, else the question's own in the room's language."""
    current = state.file(open_file)
    if current is not None and not current.deleted and current.question == question:
        return current
    own = [f for f in state.files if f.question == question and not f.deleted]
    fitting = [f for f in own if language_to_run(state, f) == state.language]
    if own:
        return (fitting or own)[0]
    return None if current is None or current.deleted else current


def _names(state: SessionState) -> set[str]:
    return {f.name for f in state.files if not f.deleted}


def _knows(state: SessionState, competency: CompetencyId | None) -> bool:
    return competency is None or any(known == competency for known, _ in state.competencies)


# ------------------------------------------------------------------------------------------------ the server's own


def _said_enough(chat: tuple[ChatLine, ...], by: MemberId, text: str) -> bool:
    said = [len(line.text) for line in chat if line.by == by]
    return len(said) >= CHAT_LINES_MAX or sum(said) + len(text) > CHAT_TOTAL_MAX


def _decide_system(state: SessionState, command: c.SystemCommand, moment: Moment) -> Decision:
    if state.phase == "closed":
        return ENDED
    match command:
        case c.AddMember():
            return (
                ()
                if command.member in state.members
                else (e.MemberAdded(command.member, command.role),)
            )
        case c.Wait():
            member = state.members.get(command.member)
            if member is None:
                return UNKNOWN
            waits_again = member.declined_recording and member.admission == "waiting"
            if member.admission in ("invited", "turned_away") or waits_again:
                return (e.MemberWaiting(command.member),)
            return ()
        case c.DeclineRecording():
            member = state.members.get(command.member)
            if member is None:
                return UNKNOWN
            return () if member.declined_recording else (e.RecordingDeclined(command.member),)
        case c.Join():
            member = state.members.get(command.member)
            if member is None or member.admission in ("removed", "turned_away"):
                return NOT_ALLOWED
            return () if member.present else (e.MemberJoined(command.member),)
        case c.Leave():
            member = state.members.get(command.member)
            if member is None or not member.present:
                return ()
            return (e.MemberLeft(command.member, command.clean),)
        case c.ClaimClient():
            owner = state.clients.get(command.client)
            if owner == command.member:
                return ()
            if owner is not None:
                return Refused(
                    "client_taken",
                    "This editor's number belongs to somebody else. Reload the page.",
                )
            return (e.ClientClaimed(command.member, command.client),)
        case c.AddQuestion():
            if state.question_plan(command.question.id) is not None:
                return Refused("in_plan", "This question is in the plan already.")
            return (e.QuestionPlanned(command.question, command.replaces),)
        case c.BeginRun():
            run = state.run(command.run)
            return (
                (e.RunStarted(command.run),)
                if run and run.kind == "run" and run.status == "queued"
                else ()
            )
        case c.AppendOutput():
            run = state.run(command.run)
            if run is None or run.status == "finished" or not command.text:
                return ()
            return (e.RunOutput(command.run, command.text, command.stream),)
        case c.FinishRun():
            run = state.run(command.run)
            if run is None or run.status == "finished" or run.kind != "run":
                return ()
            return (
                e.RunFinished(
                    command.run,
                    command.verdict,
                    command.sentence,
                    command.exit_code,
                    command.wall_ms,
                    command.cpu_ms,
                    command.peak_memory_bytes,
                    command.truncated,
                    command.stopped_by,
                ),
            )
        case c.FinishTests():
            run = state.run(command.run)
            if run is None or run.status == "finished" or run.kind != "tests":
                return ()
            return (
                e.TestsFinished(command.run, command.verdict, command.sentence, command.outcomes),
            )
        case c.FinishHiddenTests():
            run = state.run(command.run)
            if run is None or run.status == "finished" or run.kind != "hidden" or run.of is None:
                return ()
            return (
                e.HiddenTestsFinished(
                    command.run, run.of, command.verdict, command.sentence, command.outcomes
                ),
            )
        case c.CloseSession():
            return (e.SessionClosed(),) if state.phase == "ended" else ()
        case _:
            assert_never(command)


def opening(
    interview: str,
    *,
    stages: tuple[e.StagePlan, ...],
    languages: tuple[str, ...],
    language: str,
    signals: tuple[str, ...],
    questions: tuple[e.QuestionPlan, ...],
    competencies: tuple[tuple[CompetencyId, str], ...],
    members: tuple[tuple[MemberId, Role], ...],
    files: tuple[str, ...],
    admitted: bool,
    new_id: Callable[[str], str],
) -> tuple[tuple[MemberId, e.Event], ...]:
    """The first events of a session, all by ``system``; ``files`` are the names of its empty first files.

    ``admitted``: the candidate comes straight in instead of waiting in the lobby.
    """
    made: list[e.Event] = [
        e.SessionPlanned(InterviewId(interview), stages, languages, language, signals)
    ]
    made += [e.CompetenciesPlanned(competencies)]
    made += [e.QuestionPlanned(question) for question in questions]
    made += [e.MemberAdded(member, role) for member, role in members]
    made += [
        e.MemberAdmitted(member) for member, role in members if admitted and role is Role.CANDIDATE
    ]
    made += [e.FileCreated(FileId(new_id("f")), name, language_of(name)) for name in files]
    return tuple((SYSTEM, event) for event in made)
