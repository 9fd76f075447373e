"""The state of a session: the fold of its events, and nothing else.

The same structure serves the room (all events) and each class of viewer (the events that they may see): what a browser is
sent when it connects is the fold of what it could have seen, so it can hold nothing that it could not.
"""

from typing import Literal

import msgspec

from room.session.events import PartPlan, QuestionPlan, StagePlan, TestOutcome
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

Phase = Literal["before", "running", "paused", "ended", "closed"]
Admission = Literal["invited", "waiting", "admitted", "turned_away", "removed"]


class MemberState(msgspec.Struct, frozen=True, omit_defaults=False):
    role: Role
    admission: Admission = "invited"
    present: bool = False
    since_ms: int = 0
    """UTC milliseconds of the last change of presence."""
    came_ms: int | None = None
    """UTC milliseconds of the first join."""
    declined_recording: bool = False
    open_file: FileId | None = None


class FileState(msgspec.Struct, frozen=True):
    id: FileId
    name: str
    language: str = ""
    question: QuestionId | None = None
    deleted: bool = False


class ShownPart(msgspec.Struct, frozen=True):
    question: QuestionId
    part: PartId
    question_title: str
    part_title: str
    number: int
    at_ms: int


class GivenHint(msgspec.Struct, frozen=True):
    question: QuestionId
    part: PartId
    level: int
    at_ms: int


class RunState(msgspec.Struct, frozen=True):
    id: RunId
    kind: Literal["run", "tests", "hidden"]
    by: MemberId
    at_ms: int
    file: FileId | None = None
    language: str = ""
    status: Literal["queued", "running", "finished"] = "queued"
    verdict: str = ""
    sentence: str = ""
    exit_code: int | None = None
    wall_ms: int = 0
    cpu_ms: int = 0
    peak_memory_bytes: int = 0
    truncated: bool = False
    stopped_by: MemberId | None = None
    stdin: str = ""
    interactive: bool = False
    of: RunId | None = None
    outcomes: tuple[TestOutcome, ...] = ()
    started_ms: int | None = None


class ChatLine(msgspec.Struct, frozen=True):
    id: MessageId
    by: MemberId
    at_ms: int
    wall_ms: int
    text: str


class Note(msgspec.Struct, frozen=True):
    id: NoteId
    by: MemberId
    at_ms: int
    text: str
    competency: CompetencyId | None = None


class Pin(msgspec.Struct, frozen=True):
    id: PinId
    by: MemberId
    at_ms: int
    file: FileId | None = None
    caret: str = ""
    run: RunId | None = None
    competency: CompetencyId | None = None
    text: str = ""
    withdrawn: bool = False


class SessionState(msgspec.Struct, frozen=True):
    interview: InterviewId = InterviewId("")
    phase: Phase = "before"
    started_wall_ms: int | None = None
    ended_at_ms: int | None = None
    cut_short: bool = False
    paused_at_ms: int | None = None
    """``at_ms`` at which the current pause began."""
    paused_ms: int = 0
    """Length of all finished pauses."""

    stages: tuple[StagePlan, ...] = ()
    extensions: dict[StageId, int] = {}
    """Minutes added to a stage."""
    stage: StageId | None = None
    stage_at_ms: int = 0
    stage_paused_ms: int = 0
    """``paused_ms`` when the current stage began; what a stage has lasted leaves pauses out."""
    strip_shown: bool = True
    focus_until_ms: int | None = None
    """``at_ms`` until which everybody but the candidate is curtained; None: nobody is."""

    languages: tuple[str, ...] = ()
    language: str = ""
    signals: tuple[str, ...] = ()

    members: dict[MemberId, MemberState] = {}
    clients: dict[int, MemberId] = {}

    questions: tuple[QuestionPlan, ...] = ()
    question: QuestionId | None = None
    """The one in the problem pane for the interviewers; the candidate sees shown parts only."""
    competencies: tuple[tuple[CompetencyId, str], ...] = ()
    shown: tuple[ShownPart, ...] = ()
    hints: tuple[GivenHint, ...] = ()

    files: tuple[FileState, ...] = ()
    runs: tuple[RunState, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    team_chat: tuple[ChatLine, ...] = ()
    notes: tuple[Note, ...] = ()
    pins: tuple[Pin, ...] = ()

    # ------------------------------------------------------------------------------------------------ questions to it

    def file(self, file: FileId) -> FileState | None:
        return next((f for f in self.files if f.id == file), None)

    def run(self, run: RunId) -> RunState | None:
        return next((r for r in reversed(self.runs) if r.id == run), None)

    def pin(self, pin: PinId) -> Pin | None:
        return next((p for p in self.pins if p.id == pin), None)

    def active_run(self, *, hidden: bool = False) -> RunState | None:
        """The run that is queued or running. Hidden tests have a place of their own and block nobody."""
        for run in reversed(self.runs):
            if (run.kind == "hidden") == hidden and run.status != "finished":
                return run
        return None

    def question_plan(self, question: QuestionId) -> QuestionPlan | None:
        return next((q for q in self.questions if q.id == question), None)

    def part_plan(self, question: QuestionId, part: PartId) -> PartPlan | None:
        plan = self.question_plan(question)
        return next((p for p in plan.parts if p.id == part), None) if plan else None

    def is_shown(self, question: QuestionId, part: PartId) -> bool:
        return any(s.question == question and s.part == part for s in self.shown)

    def role_of(self, member: MemberId) -> Role | None:
        found = self.members.get(member)
        return found.role if found else None

    def worked_ms(self, at_ms: int) -> int:
        """Milliseconds since Start without pauses."""
        pausing = at_ms - self.paused_at_ms if self.paused_at_ms is not None else 0
        return at_ms - self.paused_ms - pausing

    def stage_ms(self, at_ms: int) -> int:
        """How long the current stage has lasted, pauses left out."""
        pausing = at_ms - self.paused_at_ms if self.paused_at_ms is not None else 0
        return at_ms - self.stage_at_ms - (self.paused_ms - self.stage_paused_ms) - pausing


EMPTY = SessionState()
