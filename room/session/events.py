"""Facts of a session: what the journal holds, what a browser is sent, what a replay plays.

An event never changes meaning: a new shape is a new type. Events carry member ids only; names and addresses live in rows,
so that erasing a person leaves the journal's hashes valid. Who may see a type is decided in ``visibility``; what is said
about it in the disclosure stands in ``disclosure``. A type that either of them does not know fails a test.
"""

from typing import Any

import msgspec

from room.session.ids import (
    CompetencyId,
    FileId,
    InterviewId,
    MemberId,
    MessageId,
    NoteId,
    PartId,
    PinId,
    QuestionId,
    RunId,
    StageId,
)
from room.session.roles import Role


class _Event(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all events; the tag is the class name, in field ``type``."""


# ------------------------------------------------------------------------------------------------ the plan


class StagePlan(msgspec.Struct, frozen=True):
    id: StageId
    title: str
    minutes: int


class PartPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    id: PartId
    title: str
    hints: int = 0
    """How many steps the hint ladder of this part has."""
    has_tests: bool = False


class QuestionPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    id: QuestionId
    title: str
    parts: tuple[PartPlan, ...]
    languages: tuple[str, ...] = ()
    """Languages with starter code, in the order offered."""
    kind: str = "coding"
    files: dict[str, tuple[str, ...]] = {}
    """Names of the files that come with its first part, by language; their text is looked up when they are made."""


class SessionPlanned(_Event, frozen=True):
    """The first event: what everybody may know about the plan."""

    interview: InterviewId
    stages: tuple[StagePlan, ...]
    languages: tuple[str, ...]
    language: str
    signals: tuple[str, ...] = ()
    """Kinds of fair-play signal that the plan switched on and the lobby told: ``paste``."""


class QuestionPlanned(_Event, frozen=True):
    """A question is in the plan, from the start or added mid-way. Interviewers only."""

    question: QuestionPlan
    replaces: QuestionId | None = None
    """The question that it takes the place of in the problem pane; that one's files stay."""


class CompetenciesPlanned(_Event, frozen=True):
    """The rubric's competencies that a pin can be filed under. Interviewers only."""

    competencies: tuple[tuple[CompetencyId, str], ...]


# ------------------------------------------------------------------------------------------------ people


class MemberAdded(_Event, frozen=True):
    """A person has a place in the session (their link exists); they need not have come."""

    member: MemberId
    role: Role


class MemberWaiting(_Event, frozen=True):
    """Somebody agreed in the lobby and waits to be let in. Interviewers only."""

    member: MemberId


class MemberAdmitted(_Event, frozen=True):
    member: MemberId


class MemberTurnedAway(_Event, frozen=True):
    member: MemberId


class MemberJoined(_Event, frozen=True):
    """The member's socket is open."""

    member: MemberId


class MemberLeft(_Event, frozen=True):
    """The member's last socket closed; ``clean`` says that they left on purpose."""

    member: MemberId
    clean: bool = False


class MemberRemoved(_Event, frozen=True):
    member: MemberId


class LeadChanged(_Event, frozen=True):
    """Another interviewer leads from here on; who led before is an interviewer."""

    member: MemberId


class RecordingDeclined(_Event, frozen=True):
    """The candidate chose "I do not want to be recorded" in the lobby. Interviewers only, before anyone enters."""

    member: MemberId


class ClientClaimed(_Event, frozen=True):
    """A Yjs client id belongs to a member; stored before that id's first edit is relayed."""

    member: MemberId
    client: int


# ------------------------------------------------------------------------------------------------ the clock


class InterviewStarted(_Event, frozen=True):
    """Clock and recording start; ``at_ms`` counts from here."""

    wall_ms: int
    """UTC milliseconds."""


class StageStarted(_Event, frozen=True):
    stage: StageId


class StageExtended(_Event, frozen=True):
    stage: StageId
    minutes: int


class StageStripShown(_Event, frozen=True):
    """Whether the candidate sees the strip of stages."""

    shown: bool


class ClockPaused(_Event, frozen=True):
    pass


class ClockResumed(_Event, frozen=True):
    pass


class FocusStarted(_Event, frozen=True):
    """Everybody else's view of the code is curtained, so that the candidate works unwatched; recording goes on."""

    minutes: int


class FocusEnded(_Event, frozen=True):
    pass


class InterviewEnded(_Event, frozen=True):
    """The end for everyone. It can be undone for 15 minutes; then the journal closes."""

    cut_short: bool = False


class EndUndone(_Event, frozen=True):
    pass


class SessionClosed(_Event, frozen=True):
    """The journal's last event."""


# ------------------------------------------------------------------------------------------------ the problem


class PartShown(_Event, frozen=True):
    question: QuestionId
    part: PartId
    question_title: str
    part_title: str
    number: int
    """Counts from 1 within the question."""


class HintGiven(_Event, frozen=True):
    """A step of the hint ladder was said aloud; the text stays with the interviewers. Interviewers only."""

    question: QuestionId
    part: PartId
    level: int


# ------------------------------------------------------------------------------------------------ files and text


class FileCreated(_Event, frozen=True):
    file: FileId
    name: str
    language: str = ""
    """Empty: told by the name's ending, else the room's language."""
    question: QuestionId | None = None
    """The question whose starter it is."""


class FileRenamed(_Event, frozen=True):
    file: FileId
    name: str


class FileDeleted(_Event, frozen=True):
    file: FileId


class FileRestored(_Event, frozen=True):
    file: FileId


class FilesReordered(_Event, frozen=True):
    files: tuple[FileId, ...]


class FileOpened(_Event, frozen=True):
    """The member went to this tab."""

    file: FileId


class DocEdited(_Event, frozen=True):
    """A Yjs update (v1 encoding) that the document took. Root texts are named ``f:<file id>``."""

    update: bytes


class CaretMoved(_Event, frozen=True):
    """Thinned to two a second a member. ``anchor`` and ``head`` are Yjs relative positions as JSON text."""

    file: FileId
    anchor: str
    head: str


class LanguageChosen(_Event, frozen=True):
    language: str


class PasteNoted(_Event, frozen=True):
    """A paste of several lines, if the plan records pastes. Interviewers only."""

    file: FileId
    lines: int


class PageLeft(_Event, frozen=True):
    """The candidate's page was hidden for a while, if the plan records it. Raters and interviewers only."""

    away_ms: int


class NothingTyped(_Event, frozen=True):
    """No key for a while, if the plan records it. Raters and interviewers only."""

    idle_ms: int


# ------------------------------------------------------------------------------------------------ runs


class RunQueued(_Event, frozen=True):
    run: RunId
    file: FileId
    language: str
    stdin: str = ""
    interactive: bool = False
    """A terminal: what people type while it runs is in ``RunInput``."""


class RunStarted(_Event, frozen=True):
    run: RunId


class RunOutput(_Event, frozen=True):
    run: RunId
    text: str
    stream: str = "stdout"


class RunInput(_Event, frozen=True):
    """Keys that went to the running program, by whom the author says."""

    run: RunId
    text: str


class RunFinished(_Event, frozen=True):
    run: RunId
    verdict: str
    sentence: str
    exit_code: int | None = None
    wall_ms: int = 0
    cpu_ms: int = 0
    peak_memory_bytes: int = 0
    truncated: bool = False
    stopped_by: MemberId | None = None


class TestOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    part: PartId
    verdict: str
    got: str = ""
    expected: str = ""
    wall_ms: int = 0
    stdin: str = ""


class TestsQueued(_Event, frozen=True):
    """A run of the visible tests of all parts shown."""

    run: RunId
    file: FileId
    language: str


class TestsFinished(_Event, frozen=True):
    run: RunId
    verdict: str
    sentence: str
    outcomes: tuple[TestOutcome, ...] = ()


class HiddenTestsQueued(_Event, frozen=True):
    """The hidden tests' own run. Interviewers only, in name, count, result and timing."""

    run: RunId
    of: RunId
    """The visible run that it accompanies."""


class HiddenTestsFinished(_Event, frozen=True):
    run: RunId
    of: RunId
    verdict: str
    sentence: str
    outcomes: tuple[TestOutcome, ...] = ()


# ------------------------------------------------------------------------------------------------ words and moments


class ChatSent(_Event, frozen=True):
    message: MessageId
    text: str


class TeamChatSent(_Event, frozen=True):
    """A line between interviewers. Only they see it."""

    message: MessageId
    text: str


class NoteAdded(_Event, frozen=True):
    """A private line. Interviewers only."""

    note: NoteId
    text: str
    competency: CompetencyId | None = None


class PinPlaced(_Event, frozen=True):
    """A moment marked as evidence. Interviewers only."""

    pin: PinId
    file: FileId | None = None
    caret: str = ""
    """Yjs relative position as JSON text."""
    run: RunId | None = None
    """The last run at that moment."""
    competency: CompetencyId | None = None
    text: str = ""


class PinFiled(_Event, frozen=True):
    pin: PinId
    competency: CompetencyId | None


class PinWorded(_Event, frozen=True):
    pin: PinId
    text: str


class PinWithdrawn(_Event, frozen=True):
    pin: PinId


class PinRestored(_Event, frozen=True):
    pin: PinId


Event = (
    SessionPlanned
    | QuestionPlanned
    | CompetenciesPlanned
    | MemberAdded
    | MemberWaiting
    | MemberAdmitted
    | MemberTurnedAway
    | MemberJoined
    | MemberLeft
    | MemberRemoved
    | LeadChanged
    | RecordingDeclined
    | ClientClaimed
    | InterviewStarted
    | StageStarted
    | StageExtended
    | StageStripShown
    | ClockPaused
    | ClockResumed
    | FocusStarted
    | FocusEnded
    | InterviewEnded
    | EndUndone
    | SessionClosed
    | PartShown
    | HintGiven
    | FileCreated
    | FileRenamed
    | FileDeleted
    | FileRestored
    | FilesReordered
    | FileOpened
    | DocEdited
    | CaretMoved
    | LanguageChosen
    | PasteNoted
    | PageLeft
    | NothingTyped
    | RunQueued
    | RunStarted
    | RunOutput
    | RunInput
    | RunFinished
    | TestsQueued
    | TestsFinished
    | HiddenTestsQueued
    | HiddenTestsFinished
    | ChatSent
    | TeamChatSent
    | NoteAdded
    | PinPlaced
    | PinFiled
    | PinWorded
    | PinWithdrawn
    | PinRestored
)

EVENT_TYPES: tuple[type[_Event], ...] = Event.__args__


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place in the journal."""

    seq: int
    """Counts from 1, without gaps."""
    at_ms: int
    """Milliseconds since Start, pauses included; 0 before Start. Never runs backwards."""
    wall_ms: int
    """UTC milliseconds when the room took it."""
    by: MemberId
    event: Event


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, MemberId, Event])

VERSION = 1
"""Version of the journal's payload."""


def encode_payload(by: MemberId, event: Event) -> bytes:
    """The journal's payload: msgpack of ``[version, author, event]``."""
    return _encoder.encode((VERSION, by, event))


def decode_payload(payload: bytes) -> tuple[MemberId, Event]:
    """The inverse of :func:`encode_payload`.

    Raises:
        msgspec.ValidationError: the payload is of an unknown type or a newer version.
    """
    version, by, event = _decoder.decode(payload)
    if version != VERSION:
        raise msgspec.ValidationError(
            f"journal payload of version {version}, this program reads {VERSION}"
        )
    return by, event


def to_wire(event: Event) -> Any:
    """The event as JSON-ready builtins (bytes become base64)."""
    return msgspec.to_builtins(event)
