"""The cast in a session that was held: Iris interviews, Cal is the candidate, Ron rates from the replay."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml

import room
from room.scoring import course, evidence, report
from room.scoring.rubric import Rubric, library
from room.scoring.score import Point, Rating, Scorecard, Words
from room.session import events as e
from room.session.evolve import fold
from room.session.ids import SYSTEM, CompetencyId, FileId, InterviewId, MemberId
from room.session.roles import Role

IRIS, CAL, RON = MemberId("m_iris"), MemberId("m_cal"), MemberId("m_ron")
MINUTE = 60_000
DAY_ONE = 1_795_500_000_000


@pytest.fixture(scope="session")
def rubrics() -> tuple[Rubric, ...]:
    path = Path(room.__file__).parent / "content" / "rubrics.yaml"
    return library(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.fixture
def rubric(rubrics) -> Rubric:
    return rubrics[0]


def record(*steps: tuple[int, MemberId, e.Event]) -> tuple[e.Recorded, ...]:
    return tuple(
        e.Recorded(seq, at_ms, DAY_ONE + at_ms, by, event)
        for seq, (at_ms, by, event) in enumerate(steps, 1)
    )


@pytest.fixture
def session() -> tuple[e.Recorded, ...]:
    """47 minutes: two stages, a pause, a hint, runs, tests with hidden ones, three pins of which one is withdrawn."""
    outcomes = tuple(
        e.TestOutcome(name, "s1", verdict)
        for name, verdict in (("example", "AC"), ("touching", "WA"))
    )
    hidden = tuple(
        e.TestOutcome(name, "s1", verdict)
        for name, verdict in (("outside", "AC"), ("nested", "AC"))
    )
    question = e.QuestionPlan(
        "q1", "Booking gaps", (e.PartPlan("s1", "One calendar", hints=3, has_tests=True),)
    )
    return record(
        (0, SYSTEM, e.SessionPlanned(
            InterviewId("i_1"),
            (e.StagePlan("hello", "Hello", 5), e.StagePlan("gaps", "Booking gaps", 40)),
            ("python",), "python",
        )),
        (0, SYSTEM, e.QuestionPlanned(question)),
        (0, SYSTEM, e.MemberAdded(IRIS, Role.LEAD)),
        (0, SYSTEM, e.MemberAdded(CAL, Role.CANDIDATE)),
        (0, SYSTEM, e.FileCreated(FileId("f_main"), "main.py", question="q1")),
        (0, IRIS, e.InterviewStarted(DAY_ONE)),
        (0, IRIS, e.StageStarted("hello")),
        (4 * MINUTE, IRIS, e.StageStarted("gaps")),
        (5 * MINUTE, IRIS, e.PartShown("q1", "s1", "Booking gaps", "One calendar", 1)),
        (6 * MINUTE, IRIS, e.PinPlaced("p_first", competency="understanding", text="Asks about the border.")),
        (10 * MINUTE, CAL, e.RunQueued("r_1", FileId("f_main"), "python")),
        (10 * MINUTE, SYSTEM, e.RunFinished("r_1", "OK", "Finished.")),
        (12 * MINUTE, IRIS, e.ClockPaused()),
        (14 * MINUTE, IRIS, e.ClockResumed()),
        (20 * MINUTE, IRIS, e.HintGiven("q1", "s1", 1)),
        (22 * MINUTE, IRIS, e.PinPlaced("p_gone", competency="approach", text="Not fair to quote.")),
        (23 * MINUTE, IRIS, e.PinWithdrawn("p_gone")),
        (30 * MINUTE, IRIS, e.PinPlaced("p_red", text="Predicts that it will be red.")),
        (30 * MINUTE, IRIS, e.PinFiled("p_red", CompetencyId("verification"))),
        (40 * MINUTE, CAL, e.TestsQueued("r_2", FileId("f_main"), "python")),
        (40 * MINUTE, SYSTEM, e.HiddenTestsQueued("r_3", of="r_2")),
        (40 * MINUTE, SYSTEM, e.TestsFinished("r_2", "WA", "1 of 2 passed.", outcomes)),
        (40 * MINUTE, SYSTEM, e.HiddenTestsFinished("r_3", "r_2", "AC", "2 of 2 passed.", hidden)),
        (47 * MINUTE, IRIS, e.InterviewEnded()),
    )  # fmt: skip


def full_card(rubric: Rubric, level: int, evidence_of: str, **changes) -> Scorecard:
    ratings = tuple(
        Rating(c.id, level, evidence=(evidence_of,), comment=f"About {c.name}.")
        for c in rubric.competencies
    )
    return msgspec.structs.replace(
        Scorecard(ratings, "yes", "high", "Evidence for all.", "Between us: a long pause."),
        **changes,
    )


def with_rating(card: Scorecard, competency: str, **changes) -> Scorecard:
    return msgspec.structs.replace(
        card,
        ratings=tuple(
            msgspec.structs.replace(r, **changes) if r.competency == competency else r
            for r in card.ratings
        ),
    )


@pytest.fixture
def cards(rubric) -> dict[MemberId, Scorecard]:
    iris = with_rating(
        full_card(rubric, 3, "p_red"), "understanding", level=4, evidence=("p_first",)
    )
    ron = with_rating(
        full_card(rubric, 3, "a_ron"), "collaboration", level=None, not_observed=True,
        reason="The talk was by voice.", evidence=(),
    )  # fmt: skip
    return {IRIS: iris, RON: ron}


@pytest.fixture
def make_report(rubric, session, cards) -> Callable[..., report.Report]:
    """The report of the session; what is given replaces an input of `report.build`."""
    state = fold(session)

    def make(**changes) -> report.Report:
        given = {
            "id": "v_one",
            "occasion": report.Occasion(
                interview=InterviewId("i_1"),
                candidate="Cal Moreau",
                role_title="Backend engineer",
                level="mid",
                client="Northline Freight",
                started_at_ms=DAY_ONE,
                zone="Europe/Madrid",
                people={
                    IRIS: report.Person("Iris Rey", "lead"),
                    CAL: report.Person("Cal Moreau", "candidate"),
                    RON: report.Person("Ron Adeyemi", "rater"),
                },
            ),
            "rubric": rubric,
            "cards": [
                report.Signed(member=m, card=card, name=name, at_ms=DAY_ONE + 4_000_000, zone=zone, hash="ab" * 32)
                for (m, card), name, zone in zip(
                    cards.items(), ("Iris Rey", "Ron Adeyemi"), ("Europe/Madrid", "Africa/Lagos"), strict=True
                )
            ],
            "words": Words(
                summary="Cal asked first and tested last. Both agree on a next round. One point is open.",
                strengths=(Point("Asked about the border.", 6 * MINUTE, ("p_first",)),),
                doubts=(Point("Moved a line on trial.", 20 * MINUTE),),
                follow_up=("When would you not sort?",),
                method="The plan was fixed before.",
            ),
            "moments": (
                *evidence.of_session(state),
                evidence.Moment("a_ron", 31 * MINUTE, RON, CompetencyId("verification"), "Red first.", "replay"),
                evidence.Moment("a_unused", 32 * MINUTE, RON, None, "Not quoted anywhere.", "replay"),
            ),
            "course": course.follow(session, state),
            "code": (
                report.code_file("main.py", "python", [("import sys", SYSTEM), ("", SYSTEM), ("print('ok')", CAL)]),
            ),
            "journal_hash": "cd" * 32,
            "signature": report.Signature("Iris Rey", DAY_ONE + 5_000_000, "Europe/Madrid"),
        }  # fmt: skip
        return report.build(**(given | changes))

    return make
