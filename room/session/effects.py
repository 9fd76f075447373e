"""Work that events cause: said here as data, carried out by the room's task group.

What an effect finds out comes back through the room's inbox as a command by ``system``.
"""

from typing import Literal

import msgspec

from room.session import events as e
from room.session.ids import FileId, MemberId, QuestionId, RunId
from room.session.state import SessionState

UNDO_END_MS = 15 * 60 * 1000
"""How long the end can be undone; then the journal closes."""


class SeedFile(msgspec.Struct, frozen=True):
    """Put the question's starter text into the new file, within the same commit."""

    file: FileId
    name: str
    question: QuestionId
    language: str


class StartRun(msgspec.Struct, frozen=True):
    run: RunId
    kind: Literal["run", "tests", "hidden"]


class StopRun(msgspec.Struct, frozen=True):
    """Stop a program that nobody may type into or stop any more."""

    run: RunId


class CloseMember(msgspec.Struct, frozen=True):
    """Close the member's sockets for good: they were removed or turned away."""

    member: MemberId


class KeepKeyframe(msgspec.Struct, frozen=True):
    """Write the document's whole state beside the journal, off the event loop."""


class CloseLater(msgspec.Struct, frozen=True):
    """Submit ``CloseSession`` when the time to undo is over."""


class NoteInterview(msgspec.Struct, frozen=True):
    """Carry phase and times into the interview's row."""


Effect = SeedFile | StartRun | StopRun | CloseMember | KeepKeyframe | CloseLater | NoteInterview


def effects_of(event: e.Event, before: SessionState) -> tuple[Effect, ...]:
    """What ``event`` causes; ``before`` is the state that it was decided on."""
    match event:
        case e.FileCreated(question=question) if question is not None:
            return (SeedFile(event.file, event.name, question, event.language),)
        case e.RunQueued():
            return (StartRun(event.run, "run"),)
        case e.TestsQueued():
            return (StartRun(event.run, "tests"),)
        case e.HiddenTestsQueued():
            return (StartRun(event.run, "hidden"),)
        case e.MemberRemoved() | e.MemberTurnedAway():
            return (CloseMember(event.member),)
        case e.InterviewStarted():
            return (KeepKeyframe(), NoteInterview())
        case e.InterviewEnded():
            # Tests end by themselves soon, and what they find still counts.
            left = (r for r in before.runs if r.kind == "run" and r.status != "finished")
            return (
                *(StopRun(run.id) for run in left),
                KeepKeyframe(),
                NoteInterview(),
                CloseLater(),
            )
        case e.EndUndone() | e.MemberJoined() | e.SessionClosed():
            return (NoteInterview(),)
        case _:
            return ()
