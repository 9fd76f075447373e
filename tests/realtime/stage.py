"""A room in this process on a real store, with members that sit down without a socket."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from room import config
from room.clock import ManualClock
from room.realtime import frames
from room.realtime.hub import Hub, Setup
from room.realtime.people import Person
from room.realtime.room import Room
from room.realtime.seat import Seat
from room.sandbox.spec import Limits, TestSuite
from room.session import commands as c
from room.session import events as e
from room.session.ids import InterviewId, MemberId, PartId, QuestionId
from room.session.roles import Role
from room.session.state import SessionState
from room.store import accounts, clients, interviews
from room.store.engine import Store
from room.store.interviews import InterviewPlan
from room.store.sealing import Seals

IRIS = Person(MemberId("m_iris"), "Iris Interviewer", "Iris", "plum", Role.LEAD)
CAL = Person(MemberId("m_cal"), "Cal Candidate", "Cal", "blue", Role.CANDIDATE)
OLGA = Person(MemberId("m_olga"), "Olga Observer", "Olga", "olive", Role.OBSERVER)

QUESTION = e.QuestionPlan(
    QuestionId("q_1"),
    "Gaps",
    (e.PartPlan(PartId("s1"), "One", 2, has_tests=True), e.PartPlan(PartId("s2"), "Two", 1)),
    ("python",),
    files={"python": ("main.py",)},
)


class Stage:
    """The hub's house, and everything around it that a test needs."""

    def __init__(self, folder: Path, *, admitted: bool = True, starter: str = "") -> None:
        self.settings = config.load({"ROOM_DATA_DIR": str(folder)})
        self.store = Store.open(self.settings)
        self.seals = Seals.open(self.settings)
        self.clock = ManualClock(1_800_000_000_000)
        self.admitted, self.starter_text = admitted, starter
        self.ids: Counter[str] = Counter()
        self.noted: list[SessionState] = []
        with self.store.begin() as conn:
            owner = accounts.create(
                conn,
                email="iris@example.org",
                name="Iris",
                zone="Europe/Madrid",
                password_hash="x",
                now_ms=1,
            )
            client = clients.create(
                conn,
                owner.id,
                name="Northline",
                city="Oslo",
                zone="Europe/Oslo",
                contact="",
                about="",
                retention_days=90,
                rubric_id=None,
                is_demo=False,
                now_ms=1,
            )
            self.owner = owner.id
            self.client = client.id

    def interview(self) -> InterviewId:
        with self.store.begin() as conn:
            made = interviews.create(
                conn,
                self.owner,
                client_id=self.client,
                candidate_name="Cal Candidate",
                candidate_zone="Europe/Lisbon",
                role_title="Engineer",
                starts_at_ms=self.clock.wall_ms(),
                zone="Europe/Madrid",
                plan=InterviewPlan(stages=(e.StagePlan("hello", "Hello", 5),)),
                lead_name="Iris Interviewer",
                now_ms=1,
            )
        return InterviewId(made.id)

    def hub(self, runner: object) -> Hub:
        return Hub(
            store=self.store,
            seals=self.seals,
            clock=self.clock,
            runner=runner,  # type: ignore[arg-type]
            house=self,
            fresh_id=self.new_id,
        )

    def new_id(self, prefix: str) -> str:
        self.ids[prefix] += 1
        return f"{prefix}_{self.ids[prefix]}"

    # The house

    def setup(self, interview: InterviewId) -> Setup:
        return Setup(
            self.owner,
            (e.StagePlan("hello", "Hello", 5), e.StagePlan("code", "Code", 30)),
            ("python", "javascript"),
            "python",
            ("paste",),
            (QUESTION,),
            (("understanding", "Understanding"),),
            (IRIS, CAL, OLGA),
            ("scratch",),
            self.admitted,
        )

    def content(self, interview: InterviewId) -> "Content":
        return Content(self.starter_text)

    def changed(self, interview: InterviewId, state: SessionState) -> None:
        self.noted.append(state)


class Content:
    """Questions with starter text and without tests."""

    def __init__(self, starter: str) -> None:
        self._starter = starter

    def starter(self, question: QuestionId, language: str, name: str) -> str:
        return self._starter

    def suite(
        self, question: QuestionId, parts: Collection[PartId], language: str, *, hidden: bool
    ) -> TestSuite | None:
        return None

    def limits(self, question: QuestionId | None) -> Limits:
        return Limits()

    def test_limits(self, question: QuestionId | None) -> Limits:
        return Limits(wall_s=5, cpu_s=5)

    def setup(self, question: QuestionId | None, language: str) -> str:
        return ""


async def sit(room: Room, person: Person, tab: str = "") -> Seat:
    """A member with an open page."""
    seat = Seat(person, tab)
    await room.attach(seat)
    await room.frame(seat, frames.Hello())
    await room.settled()
    return seat


async def ask(room: Room, person: Person, command: c.Command) -> object:
    return await room.submit(command, person.id)
