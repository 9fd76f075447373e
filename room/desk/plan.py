"""Plans of interviews: ready-made ones to begin with, and what a plan tells the session."""

from collections.abc import Sequence

import msgspec

from room.desk import questions
from room.session.events import StagePlan
from room.session.ids import CompetencyId, StageId
from room.store import rubrics
from room.store.engine import Connection
from room.store.interviews import Interview, InterviewPlan

__all__ = [
    "InterviewPlan",
    "Template",
    "competencies",
    "planned_questions",
    "stages_from",
    "templates",
]

MAX_STAGES = 12
MAX_MINUTES = 8 * 60


class Template(msgspec.Struct, frozen=True):
    """A plan to begin with; its question is chosen with it and can be changed."""

    key: str
    title: str
    stages: tuple[tuple[str, int], ...]
    question: str
    """Key of the question that it begins with."""

    @property
    def minutes(self) -> int:
        return sum(minutes for _, minutes in self.stages)


_TALK = "Your questions"

TEMPLATES: tuple[Template, ...] = (
    Template(
        "coding",
        "Coding",
        (("Hello", 5), ("Problem", 25), ("Extend it", 15), (_TALK, 10)),
        "booking-gaps",
    ),
    Template(
        "debugging",
        "Debugging",
        (("Hello", 5), ("Find and fix", 30), ("Small feature", 10), (_TALK, 10)),
        "points-ledger",
    ),
    Template(
        "sql", "SQL and data", (("Hello", 5), ("Three questions", 35), (_TALK, 10)), "clinic-sql"
    ),
    Template(
        "review",
        "Code review",
        (("Hello", 5), ("Read and comment", 20), ("Decide and talk", 15), (_TALK, 10)),
        "review-payment-retry",
    ),
    Template(
        "design",
        "Design",
        (("Hello", 5), ("Scope and draw", 21), ("Failure and deletion", 14), (_TALK, 10)),
        "design-replay-store",
    ),
)


def templates() -> tuple[Template, ...]:
    return TEMPLATES


def template(key: str) -> Template | None:
    return next((one for one in TEMPLATES if one.key == key), None)


def stages_from(named: Sequence[tuple[str, int]]) -> tuple[StagePlan, ...]:
    """Stages with ids, in this order."""
    return tuple(
        StagePlan(StageId(f"stage-{number}"), title, minutes)
        for number, (title, minutes) in enumerate(named, start=1)
    )


def planned_questions(
    conn: Connection, interview: Interview
) -> list[tuple[str, questions.Question]]:
    """The questions of an interview, with their row ids, in the order in which they are asked."""
    return [
        (key, questions.load(conn, interview.owner_id, key)) for key in interview.plan.questions
    ]


def competencies(conn: Connection, interview: Interview) -> tuple[tuple[CompetencyId, str], ...]:
    """What a pin can be filed under: the competencies of the interview's rubric; none without a rubric."""
    if interview.plan.rubric is None:
        return ()
    body = rubrics.load(conn, interview.owner_id, interview.plan.rubric).body
    return tuple((CompetencyId(one["id"]), str(one["name"])) for one in body["competencies"])
