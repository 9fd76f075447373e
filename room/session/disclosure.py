"""What the lobby says is recorded: made from the table of what the journal can hold.

A type of event without an entry fails a test, so nothing new can be recorded that nobody is told of. A kind of signal that
the plan switched off is neither recorded nor named.
"""

from collections.abc import Collection

from room.session import events as e

CODE = "Everything that is typed in the editor, by whom and when, and the files' names."
CARETS = "Where each person's caret is and which file they look at."
RUNS = "Each run of the code and of the tests, with its input and output."
CHAT = "The chat."
TIMES = "When the interview and its parts begin and end, and pauses."
PRESENCE = "Who is in the room and when, and lost connections."
PROBLEM = "Which parts of the problem were shown, and which hints were given."
NOTES = "Notes, marked moments and messages between interviewers. Only they see these; your copy does not hold them."
PASTES = "That a paste of more than ten lines happened, as a mark that the interviewers see."

AWAY = "That this page was not in front for a while, and how long. Only the interviewers see it, and it says nothing of why."
IDLE = "That nothing was typed for two minutes or more. Only the interviewers see it; thinking is part of the work."

NOT_RECORDED = (
    "Sound and picture. Room has neither camera nor microphone.",
    "Anything outside this browser page.",
    "How fast you type is never shown in a report.",
)

SENTENCES: dict[type, str] = {
    e.SessionPlanned: TIMES,
    e.QuestionPlanned: PROBLEM,
    e.CompetenciesPlanned: NOTES,
    e.MemberAdded: PRESENCE,
    e.MemberWaiting: PRESENCE,
    e.MemberAdmitted: PRESENCE,
    e.MemberTurnedAway: PRESENCE,
    e.MemberJoined: PRESENCE,
    e.MemberLeft: PRESENCE,
    e.MemberRemoved: PRESENCE,
    e.LeadChanged: PRESENCE,
    e.RecordingDeclined: PRESENCE,
    e.ClientClaimed: PRESENCE,
    e.InterviewStarted: TIMES,
    e.StageStarted: TIMES,
    e.StageExtended: TIMES,
    e.StageStripShown: TIMES,
    e.ClockPaused: TIMES,
    e.ClockResumed: TIMES,
    e.FocusStarted: TIMES,
    e.FocusEnded: TIMES,
    e.InterviewEnded: TIMES,
    e.EndUndone: TIMES,
    e.SessionClosed: TIMES,
    e.PartShown: PROBLEM,
    e.HintGiven: PROBLEM,
    e.FileCreated: CODE,
    e.FileRenamed: CODE,
    e.FileDeleted: CODE,
    e.FileRestored: CODE,
    e.FilesReordered: CODE,
    e.FileOpened: CARETS,
    e.DocEdited: CODE,
    e.CaretMoved: CARETS,
    e.LanguageChosen: CODE,
    e.PasteNoted: PASTES,
    e.PageLeft: AWAY,
    e.NothingTyped: IDLE,
    e.RunQueued: RUNS,
    e.RunStarted: RUNS,
    e.RunOutput: RUNS,
    e.RunInput: RUNS,
    e.RunFinished: RUNS,
    e.TestsQueued: RUNS,
    e.TestsFinished: RUNS,
    e.HiddenTestsQueued: RUNS,
    e.HiddenTestsFinished: RUNS,
    e.ChatSent: CHAT,
    e.TeamChatSent: NOTES,
    e.NoteAdded: NOTES,
    e.PinPlaced: NOTES,
    e.PinFiled: NOTES,
    e.PinWorded: NOTES,
    e.PinWithdrawn: NOTES,
    e.PinRestored: NOTES,
}

SIGNALS: dict[type, str] = {e.PasteNoted: "paste", e.PageLeft: "leave", e.NothingTyped: "idle"}
"""Fair-play signals: event type → its name in a plan."""

_ORDER = (CODE, RUNS, CARETS, CHAT, TIMES, PROBLEM, PRESENCE, NOTES, PASTES, AWAY, IDLE)


def sentences(signals: Collection[str]) -> list[str]:
    """What is recorded in a session whose plan switched on ``signals``, most telling first."""
    named = {
        sentence
        for kind, sentence in SENTENCES.items()
        if kind not in SIGNALS or SIGNALS[kind] in signals
    }
    return [sentence for sentence in _ORDER if sentence in named]
