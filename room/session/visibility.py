"""Who may see what: one table and one function, used for live fan-out, resync, replay, export and every page alike.

What a viewer cannot see is absent from what they are sent, not merely hidden: no gap in a number, no timing, no field.
"""

from enum import Enum
from typing import Literal

import msgspec

from room.session import events as e
from room.session.ids import MemberId, PinId
from room.session.roles import INTERVIEWERS, Role
from room.session.state import SessionState

ViewerKind = Literal["interviewer", "public", "rater", "reader"]


class Viewer(msgspec.Struct, frozen=True):
    """Who looks.

    ``interviewer``: lead, interviewers and the owner. ``public``: candidate and observers. ``rater``: a second rater, who
    judges from the replay. ``reader``: the company, with a report's link that includes the replay.
    """

    kind: ViewerKind
    member: MemberId | None = None
    submitted: bool = True
    """A rater's and the owner's scorecards are all in; until then a rater sees no notes and pins."""
    covers: frozenset[PinId] = frozenset()
    """The pins that the reader's report quotes."""


INTERVIEWER = Viewer("interviewer")
PUBLIC = Viewer("public")


def viewer_of(role: Role, member: MemberId | None = None) -> Viewer:
    """The class of viewer that a role in the room belongs to."""
    return Viewer("interviewer" if role in INTERVIEWERS else "public", member)


class Audience(Enum):
    EVERYONE = "everyone"
    """Everybody in the room, and every replay."""
    JUDGES = "judges"
    """Interviewers, raters and the report's readers, never the candidate's side: hidden tests and hints."""
    RATERS = "raters"
    """Interviewers and raters: the plan that is not shown."""
    INTERVIEWERS = "interviewers"
    """The interviewers alone, for ever."""
    NOTES = "notes"
    """Interviewers; raters once all scorecards are in."""
    PINS = "pins"
    """As notes; and readers, as far as their report quotes the pin."""


AUDIENCES: dict[type, Audience] = {
    e.SessionPlanned: Audience.EVERYONE,
    e.QuestionPlanned: Audience.RATERS,
    e.CompetenciesPlanned: Audience.RATERS,
    e.MemberAdded: Audience.EVERYONE,
    e.MemberWaiting: Audience.INTERVIEWERS,
    e.MemberAdmitted: Audience.EVERYONE,
    e.MemberTurnedAway: Audience.INTERVIEWERS,
    e.MemberJoined: Audience.EVERYONE,
    e.MemberLeft: Audience.EVERYONE,
    e.MemberRemoved: Audience.EVERYONE,
    e.LeadChanged: Audience.EVERYONE,
    e.RecordingDeclined: Audience.INTERVIEWERS,
    e.ClientClaimed: Audience.EVERYONE,
    e.InterviewStarted: Audience.EVERYONE,
    e.StageStarted: Audience.EVERYONE,
    e.StageExtended: Audience.EVERYONE,
    e.StageStripShown: Audience.EVERYONE,
    e.ClockPaused: Audience.EVERYONE,
    e.ClockResumed: Audience.EVERYONE,
    e.FocusStarted: Audience.EVERYONE,
    e.FocusEnded: Audience.EVERYONE,
    e.InterviewEnded: Audience.EVERYONE,
    e.EndUndone: Audience.EVERYONE,
    e.SessionClosed: Audience.EVERYONE,
    e.PartShown: Audience.EVERYONE,
    e.HintGiven: Audience.JUDGES,
    e.FileCreated: Audience.EVERYONE,
    e.FileRenamed: Audience.EVERYONE,
    e.FileDeleted: Audience.EVERYONE,
    e.FileRestored: Audience.EVERYONE,
    e.FilesReordered: Audience.EVERYONE,
    e.FileOpened: Audience.EVERYONE,
    e.DocEdited: Audience.EVERYONE,
    e.CaretMoved: Audience.EVERYONE,
    e.LanguageChosen: Audience.EVERYONE,
    e.PasteNoted: Audience.RATERS,
    e.PageLeft: Audience.RATERS,
    e.NothingTyped: Audience.RATERS,
    e.RunQueued: Audience.EVERYONE,
    e.RunStarted: Audience.EVERYONE,
    e.RunOutput: Audience.EVERYONE,
    e.RunInput: Audience.EVERYONE,
    e.RunFinished: Audience.EVERYONE,
    e.TestsQueued: Audience.EVERYONE,
    e.TestsFinished: Audience.EVERYONE,
    e.HiddenTestsQueued: Audience.JUDGES,
    e.HiddenTestsFinished: Audience.JUDGES,
    e.ChatSent: Audience.EVERYONE,
    e.TeamChatSent: Audience.NOTES,
    e.NoteAdded: Audience.NOTES,
    e.PinPlaced: Audience.PINS,
    e.PinFiled: Audience.PINS,
    e.PinWorded: Audience.PINS,
    e.PinWithdrawn: Audience.PINS,
    e.PinRestored: Audience.PINS,
}


def visible_to(event: object, viewer: Viewer, state: SessionState) -> bool:
    """Whether ``viewer`` may see ``event``; ``state`` is the session's state before it.

    A type that the table does not know goes to nobody.
    """
    audience = AUDIENCES.get(type(event))
    if audience is None:
        return False
    if audience is Audience.EVERYONE:
        return True
    match viewer.kind:
        case "interviewer":
            return True
        case "public":
            return False
        case "rater":
            if audience in (Audience.NOTES, Audience.PINS):
                return viewer.submitted
            return audience in (Audience.JUDGES, Audience.RATERS)
        case "reader":
            if audience is Audience.PINS:
                return getattr(event, "pin", None) in viewer.covers
            return audience is Audience.JUDGES
