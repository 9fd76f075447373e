"""Wishes: what a member asks of the room. Each is decided against the state, and becomes events or a refusal.

The first union comes from browsers over the socket; the second only from the server itself.
"""

import msgspec

from room.session.events import QuestionPlan, TestOutcome
from room.session.ids import (
    CompetencyId,
    FileId,
    MemberId,
    PartId,
    PinId,
    QuestionId,
    RunId,
    StageId,
)
from room.session.roles import Role


class _Command(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all commands; the tag is the class name, in field ``type``."""


class StartInterview(_Command, frozen=True):
    pass


class EndInterview(_Command, frozen=True):
    cut_short: bool = False


class UndoEnd(_Command, frozen=True):
    pass


class PauseClock(_Command, frozen=True):
    pass


class ResumeClock(_Command, frozen=True):
    pass


class GoToStage(_Command, frozen=True):
    stage: StageId


class ExtendStage(_Command, frozen=True):
    minutes: int = 5


class StartFocus(_Command, frozen=True):
    """Curtain everybody else's view of the code for some minutes."""

    minutes: int = 5


class EndFocus(_Command, frozen=True):
    pass


class HandLead(_Command, frozen=True):
    """The lead makes another interviewer the lead."""

    member: MemberId


class TakeLead(_Command, frozen=True):
    """An interviewer takes the lead, once the lead has been gone for half a minute."""


class ShowStageStrip(_Command, frozen=True):
    shown: bool


class ShowPart(_Command, frozen=True):
    question: QuestionId
    part: PartId


class GiveHint(_Command, frozen=True):
    question: QuestionId
    part: PartId
    level: int


class AdmitMember(_Command, frozen=True):
    member: MemberId


class TurnAwayMember(_Command, frozen=True):
    member: MemberId


class RemoveMember(_Command, frozen=True):
    member: MemberId


class CreateFile(_Command, frozen=True):
    name: str


class RenameFile(_Command, frozen=True):
    file: FileId
    name: str


class DeleteFile(_Command, frozen=True):
    file: FileId


class RestoreFile(_Command, frozen=True):
    file: FileId


class ReorderFiles(_Command, frozen=True):
    files: tuple[FileId, ...]


class OpenFile(_Command, frozen=True):
    file: FileId


class ChooseLanguage(_Command, frozen=True):
    language: str


class NotePaste(_Command, frozen=True):
    file: FileId
    lines: int


class NoteAway(_Command, frozen=True):
    away_ms: int


class NoteIdle(_Command, frozen=True):
    idle_ms: int


class RequestRun(_Command, frozen=True):
    file: FileId
    stdin: str = ""
    interactive: bool = False


class TypeInput(_Command, frozen=True):
    """Keys for the running program."""

    run: RunId
    text: str


class ResizeTerminal(_Command, frozen=True):
    run: RunId
    columns: int
    rows: int


class RequestTests(_Command, frozen=True):
    file: FileId


class StopRun(_Command, frozen=True):
    run: RunId


class SendChat(_Command, frozen=True):
    text: str


class SendTeamChat(_Command, frozen=True):
    """A line for the other interviewers alone."""

    text: str


class AddNote(_Command, frozen=True):
    text: str
    competency: CompetencyId | None = None


class PlacePin(_Command, frozen=True):
    file: FileId | None = None
    caret: str = ""
    competency: CompetencyId | None = None
    text: str = ""


class FilePin(_Command, frozen=True):
    pin: PinId
    competency: CompetencyId | None = None


class WordPin(_Command, frozen=True):
    pin: PinId
    text: str


class WithdrawPin(_Command, frozen=True):
    pin: PinId


class RestorePin(_Command, frozen=True):
    pin: PinId


MemberCommand = (
    StartInterview
    | EndInterview
    | UndoEnd
    | PauseClock
    | ResumeClock
    | GoToStage
    | ExtendStage
    | StartFocus
    | EndFocus
    | HandLead
    | TakeLead
    | ShowStageStrip
    | ShowPart
    | GiveHint
    | AdmitMember
    | TurnAwayMember
    | RemoveMember
    | CreateFile
    | RenameFile
    | DeleteFile
    | RestoreFile
    | ReorderFiles
    | OpenFile
    | ChooseLanguage
    | NotePaste
    | NoteAway
    | NoteIdle
    | RequestRun
    | TypeInput
    | ResizeTerminal
    | RequestTests
    | StopRun
    | SendChat
    | SendTeamChat
    | AddNote
    | PlacePin
    | FilePin
    | WordPin
    | WithdrawPin
    | RestorePin
)

MEMBER_COMMAND_TYPES: tuple[type[_Command], ...] = MemberCommand.__args__


# ------------------------------------------------------------------------------------------------ the server's own


class AddMember(_Command, frozen=True):
    """A link was made for somebody."""

    member: MemberId
    role: Role


class Wait(_Command, frozen=True):
    """A member agreed in the lobby."""

    member: MemberId


class DeclineRecording(_Command, frozen=True):
    member: MemberId


class Join(_Command, frozen=True):
    member: MemberId


class Leave(_Command, frozen=True):
    member: MemberId
    clean: bool = False


class ClaimClient(_Command, frozen=True):
    member: MemberId
    client: int


class AddQuestion(_Command, frozen=True):
    """``by`` is the interviewer who chose it; the web layer resolves the row."""

    question: QuestionPlan
    replaces: QuestionId | None = None


class BeginRun(_Command, frozen=True):
    run: RunId


class AppendOutput(_Command, frozen=True):
    run: RunId
    text: str
    stream: str = "stdout"


class FinishRun(_Command, frozen=True):
    run: RunId
    verdict: str
    sentence: str
    exit_code: int | None = None
    wall_ms: int = 0
    cpu_ms: int = 0
    peak_memory_bytes: int = 0
    truncated: bool = False
    stopped_by: MemberId | None = None


class FinishTests(_Command, frozen=True):
    run: RunId
    verdict: str
    sentence: str
    outcomes: tuple[TestOutcome, ...] = ()


class FinishHiddenTests(_Command, frozen=True):
    run: RunId
    verdict: str
    sentence: str
    outcomes: tuple[TestOutcome, ...] = ()


class CloseSession(_Command, frozen=True):
    """Fifteen minutes after the end; nothing is recorded after it."""


SystemCommand = (
    AddMember
    | Wait
    | DeclineRecording
    | Join
    | Leave
    | ClaimClient
    | AddQuestion
    | BeginRun
    | AppendOutput
    | FinishRun
    | FinishTests
    | FinishHiddenTests
    | CloseSession
)

Command = MemberCommand | SystemCommand

_decoder: msgspec.json.Decoder[MemberCommand] = msgspec.json.Decoder(MemberCommand)


def decode_command(raw: bytes) -> MemberCommand:
    """A browser's command from JSON.

    Raises:
        msgspec.DecodeError: not JSON, an unknown command, or a field of the wrong type.
    """
    command: MemberCommand = _decoder.decode(raw)
    return command
