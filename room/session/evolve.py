"""``evolve(state, recorded) -> state``: what each fact changes. Total: a journal that was written can always be folded."""

from collections.abc import Iterable
from typing import Any, assert_never

from msgspec.structs import replace

from room.session import events as e
from room.session.ids import MemberId, PinId, RunId
from room.session.roles import Role
from room.session.state import (
    EMPTY,
    ChatLine,
    FileState,
    GivenHint,
    MemberState,
    Note,
    Pin,
    RunState,
    SessionState,
    ShownPart,
)


def fold(recorded: Iterable[e.Recorded], state: SessionState = EMPTY) -> SessionState:
    """The state after all of ``recorded``, in order."""
    for one in recorded:
        state = evolve(state, one)
    return state


def evolve(state: SessionState, recorded: e.Recorded) -> SessionState:
    """The state after one more event."""
    at, by, event = recorded.at_ms, recorded.by, recorded.event
    match event:
        case e.DocEdited() | e.CaretMoved() | e.RunOutput() | e.RunInput():
            return state
        case e.PasteNoted() | e.PageLeft() | e.NothingTyped():
            return state
        case e.SessionPlanned():
            return replace(
                state,
                interview=event.interview,
                stages=event.stages,
                languages=event.languages,
                language=event.language,
                signals=event.signals,
            )
        case e.QuestionPlanned():
            return _question(state, event)
        case e.CompetenciesPlanned():
            return replace(state, competencies=event.competencies)
        case e.MemberAdded():
            return replace(
                state, members=state.members | {event.member: MemberState(role=event.role)}
            )
        case e.MemberWaiting():
            # Agreeing takes an earlier "I do not want to be recorded" back.
            return _member(state, event.member, admission="waiting", declined_recording=False)
        case e.MemberAdmitted():
            return _member(state, event.member, admission="admitted")
        case e.MemberTurnedAway():
            return _member(state, event.member, admission="turned_away")
        case e.MemberRemoved():
            return _member(
                state, event.member, admission="removed", present=False, since_ms=recorded.wall_ms
            )
        case e.RecordingDeclined():
            return _member(state, event.member, declined_recording=True)
        case e.MemberJoined():
            came = state.members[event.member].came_ms if event.member in state.members else None
            return _member(
                state,
                event.member,
                present=True,
                since_ms=recorded.wall_ms,
                came_ms=recorded.wall_ms if came is None else came,
            )
        case e.MemberLeft():
            return _member(state, event.member, present=False, since_ms=recorded.wall_ms)
        case e.LeadChanged():
            return _lead(state, event.member)
        case e.ClientClaimed():
            return replace(state, clients=state.clients | {event.client: event.member})
        case e.InterviewStarted():
            return replace(state, phase="running", started_wall_ms=event.wall_ms)
        case e.StageStarted():
            return replace(
                state, stage=event.stage, stage_at_ms=at, stage_paused_ms=_paused(state, at)
            )
        case e.StageExtended():
            minutes = state.extensions.get(event.stage, 0) + event.minutes
            return replace(state, extensions=state.extensions | {event.stage: minutes})
        case e.StageStripShown():
            return replace(state, strip_shown=event.shown)
        case e.ClockPaused():
            return replace(state, phase="paused", paused_at_ms=at)
        case e.ClockResumed():
            return replace(state, phase="running", paused_at_ms=None, paused_ms=_paused(state, at))
        case e.FocusStarted():
            return replace(state, focus_until_ms=at + event.minutes * 60_000)
        case e.FocusEnded():
            return replace(state, focus_until_ms=None)
        case e.InterviewEnded():
            return replace(
                state,
                focus_until_ms=None,
                phase="ended",
                ended_at_ms=at,
                cut_short=event.cut_short,
                paused_at_ms=None,
                paused_ms=_paused(state, at),
            )
        case e.EndUndone():
            return replace(state, phase="running", ended_at_ms=None, cut_short=False)
        case e.SessionClosed():
            return replace(state, phase="closed")
        case e.PartShown():
            shown = ShownPart(
                event.question, event.part, event.question_title, event.part_title, event.number, at
            )
            return replace(state, shown=(*state.shown, shown), question=event.question)
        case e.HintGiven():
            return replace(
                state, hints=(*state.hints, GivenHint(event.question, event.part, event.level, at))
            )
        case e.FileCreated():
            file = FileState(event.file, event.name, event.language, event.question)
            return replace(state, files=(*state.files, file))
        case e.FileRenamed():
            return _file(state, event.file, name=event.name)
        case e.FileDeleted():
            return _file(state, event.file, deleted=True)
        case e.FileRestored():
            return _file(state, event.file, deleted=False)
        case e.FilesReordered():
            place = {file: index for index, file in enumerate(event.files)}
            return replace(
                state, files=tuple(sorted(state.files, key=lambda f: place.get(f.id, len(place))))
            )
        case e.FileOpened():
            return _member(state, by, open_file=event.file)
        case e.LanguageChosen():
            return replace(state, language=event.language)
        case e.RunQueued():
            run = RunState(
                event.run,
                "run",
                by,
                at,
                event.file,
                event.language,
                stdin=event.stdin,
                interactive=event.interactive,
            )
            return replace(state, runs=(*state.runs, run))
        case e.TestsQueued():
            run = RunState(event.run, "tests", by, at, event.file, event.language)
            return replace(state, runs=(*state.runs, run))
        case e.HiddenTestsQueued():
            run = RunState(event.run, "hidden", by, at, of=event.of)
            return replace(state, runs=(*state.runs, run))
        case e.RunStarted():
            return _run(state, event.run, status="running", started_ms=at)
        case e.RunFinished():
            return _run(
                state,
                event.run,
                status="finished",
                verdict=event.verdict,
                sentence=event.sentence,
                exit_code=event.exit_code,
                wall_ms=event.wall_ms,
                cpu_ms=event.cpu_ms,
                peak_memory_bytes=event.peak_memory_bytes,
                truncated=event.truncated,
                stopped_by=event.stopped_by,
            )
        case e.TestsFinished() | e.HiddenTestsFinished():
            return _run(
                state,
                event.run,
                status="finished",
                verdict=event.verdict,
                sentence=event.sentence,
                outcomes=event.outcomes,
            )
        case e.ChatSent():
            line = ChatLine(event.message, by, at, recorded.wall_ms, event.text)
            return replace(state, chat=(*state.chat, line))
        case e.TeamChatSent():
            line = ChatLine(event.message, by, at, recorded.wall_ms, event.text)
            return replace(state, team_chat=(*state.team_chat, line))
        case e.NoteAdded():
            return replace(
                state, notes=(*state.notes, Note(event.note, by, at, event.text, event.competency))
            )
        case e.PinPlaced():
            pin = Pin(
                event.pin, by, at, event.file, event.caret, event.run, event.competency, event.text
            )
            return replace(state, pins=(*state.pins, pin))
        case e.PinFiled():
            return _pin(state, event.pin, competency=event.competency)
        case e.PinWorded():
            return _pin(state, event.pin, text=event.text)
        case e.PinWithdrawn():
            return _pin(state, event.pin, withdrawn=True)
        case e.PinRestored():
            return _pin(state, event.pin, withdrawn=False)
        case _:
            assert_never(event)


def _paused(state: SessionState, at_ms: int) -> int:
    running = at_ms - state.paused_at_ms if state.paused_at_ms is not None else 0
    return state.paused_ms + running


def _member(state: SessionState, member: MemberId, **change: Any) -> SessionState:
    known = state.members.get(member)
    if known is None:  # A viewer's fold may lack the event that added them.
        return state
    return replace(state, members=state.members | {member: replace(known, **change)})


def _lead(state: SessionState, member: MemberId) -> SessionState:
    if member not in state.members:
        return state
    members = {
        known: replace(told, role=Role.INTERVIEWER) if told.role is Role.LEAD else told
        for known, told in state.members.items()
    }
    members[member] = replace(members[member], role=Role.LEAD)
    return replace(state, members=members)


def _file(state: SessionState, file: str, **change: Any) -> SessionState:
    return replace(
        state, files=tuple(replace(f, **change) if f.id == file else f for f in state.files)
    )


def _run(state: SessionState, run: RunId, **change: Any) -> SessionState:
    # The last ones change; a session may have thousands, so the others are not looked at.
    for place in range(len(state.runs) - 1, -1, -1):
        if state.runs[place].id == run:
            changed = replace(state.runs[place], **change)
            runs = (*state.runs[:place], changed, *state.runs[place + 1 :])
            return replace(state, runs=runs)
    return state


def _pin(state: SessionState, pin: PinId, **change: Any) -> SessionState:
    return replace(
        state, pins=tuple(replace(p, **change) if p.id == pin else p for p in state.pins)
    )


def _question(state: SessionState, event: e.QuestionPlanned) -> SessionState:
    current = state.question
    if current is None or event.replaces is not None:
        current = event.question.id
    return replace(state, questions=(*state.questions, event.question), question=current)
