"""What a live room needs of the rows around it: its plan, its people, its questions' content."""

from collections.abc import Collection, Mapping
from typing import Final

from room.clock import Clock
from room.desk import questions as desk_questions
from room.desk.questions import Question
from room.realtime.hub import Setup
from room.sandbox.spec import Limits, TestSuite
from room.session.ids import CompetencyId, InterviewId, PartId, QuestionId
from room.session.state import SessionState
from room.store import interviews, members, rubrics
from room.store.engine import Store
from room.web.live import person_of

RUN_SECONDS = 10
MEMORY_MB = 256
FIRST_FILE = "scratch"


class QuestionContent:
    """The questions of one interview, as their frozen versions say."""

    def __init__(self, questions: Mapping[QuestionId, Question]) -> None:
        self._questions = questions

    def starter(self, question: QuestionId, language: str, name: str) -> str:
        found = self._questions.get(question)
        if found is None:
            return ""
        for candidate in (language, *found.languages, ""):
            for file, _, text in desk_questions.starter_files(found, candidate):
                if file == name:
                    return text
        return ""

    def suite(
        self, question: QuestionId, parts: Collection[PartId], language: str, *, hidden: bool
    ) -> TestSuite | None:
        found = self._questions.get(question)
        if found is None:
            return None
        return desk_questions.suite(found, parts, hidden=hidden, language=language)

    def limits(self, question: QuestionId | None) -> Limits:  # noqa: ARG002 - every question has the same
        return Limits(wall_s=RUN_SECONDS, cpu_s=RUN_SECONDS, memory_mb=MEMORY_MB)

    def test_limits(self, question: QuestionId | None) -> Limits:
        found = self._questions.get(question) if question is not None else None
        if found is None:
            return Limits(wall_s=5, cpu_s=5)
        return found.test_limits

    def setup(self, question: QuestionId | None, language: str) -> str:
        found = self._questions.get(question) if question is not None else None
        if found is None or found.kind != "sql" or language != "sql":
            return ""
        return found.schema + found.seeds.get("visible", "")


SHARED_MAX: Final = 5_000
"""Questions that are kept for rooms to come."""


class Rows:
    """The hub's :class:`~room.realtime.hub.House` over the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._shared: dict[QuestionId, Question] = {}

    def setup(self, interview: InterviewId) -> Setup:
        with self._store.read() as conn:
            owner = interviews.owner_of(conn, interview)
            if owner is None:
                raise LookupError(interview)
            found = interviews.load(conn, owner, interview)
            plan = found.plan
            asked = [(q, desk_questions.load(conn, owner, q)) for q in plan.questions]
            rubric = (
                rubrics.load(conn, owner, plan.rubric).body if plan.rubric else {"competencies": ()}
            )
            people = [person_of(member) for member in members.list_for(conn, owner, interview)]
        return Setup(
            owner_id=owner,
            stages=plan.timed,
            languages=plan.languages,
            language=plan.language,
            signals=plan.signals,
            questions=tuple(question.plan(row, plan.languages) for row, question in asked),
            competencies=tuple((CompetencyId(c["id"]), c["name"]) for c in rubric["competencies"]),
            people=tuple(person for person in people if person is not None),
            files=(FIRST_FILE,),
            admitted=not plan.admit,
        )

    def content(self, interview: InterviewId) -> QuestionContent:
        """The plan's questions and the owner's others, since one may be added mid-way."""
        with self._store.read() as conn:
            owner = interviews.owner_of(conn, interview)
            if owner is None:
                raise LookupError(interview)
            found = {
                QuestionId(row): question for row, question in desk_questions.list_for(conn, owner)
            }
            for row in interviews.load(conn, owner, interview).plan.questions:
                found[QuestionId(row)] = desk_questions.load(conn, owner, row)
        return QuestionContent({row: self._share(row, found[row]) for row in found})

    def _share(self, row: QuestionId, question: Question) -> Question:
        """One copy for all rooms that hold the same: a library of questions is most of what a room would weigh."""
        known = self._shared.get(row)
        if known == question:
            return known
        if len(self._shared) >= SHARED_MAX:
            self._shared.clear()
        self._shared[row] = question
        return question

    def changed(self, interview: InterviewId, state: SessionState) -> None:
        """Times and state of the interview's row, after what the session reached."""
        now = self._clock.wall_ms()
        with self._store.begin() as conn:
            owner = interviews.owner_of(conn, interview)
            if owner is None:
                return
            row = interviews.load(conn, owner, interview)
            started = state.started_wall_ms
            if started is None or row.state in ("scored", "reported", "deleted"):
                return
            if row.started_at_ms is None:
                interviews.mark_started(conn, owner, interview, started)
            if state.phase in ("ended", "closed") and row.ended_at_ms is None:
                ended = started + (state.ended_at_ms or 0)
                interviews.mark_ended(conn, owner, interview, ended, cut_short=state.cut_short)
            elif state.phase in ("running", "paused") and row.ended_at_ms is not None:
                interviews.mark_reopened(conn, owner, interview)
            if state.phase == "closed" and row.closed_at_ms is None:
                interviews.mark_closed(conn, owner, interview, now)
