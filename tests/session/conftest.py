"""A session that is arranged by replaying commands, never by building states by hand."""

from collections import Counter

import pytest

from room.session import commands as c
from room.session import events as e
from room.session.decide import Moment, Refused, decide, opening
from room.session.evolve import evolve
from room.session.ids import SYSTEM, MemberId
from room.session.roles import Role
from room.session.state import EMPTY, SessionState

IRIS, CAL, OLGA, IVAN = (MemberId(f"m_{name}") for name in ("iris", "cal", "olga", "ivan"))
STAGES = (e.StagePlan("hello", "Hello", 5), e.StagePlan("code", "Code", 30))
QUESTION = e.QuestionPlan(
    "q_gaps",
    "Gaps",
    (e.PartPlan("s1", "One", 2, has_tests=True), e.PartPlan("s2", "Two", 1, has_tests=True)),
    ("python", "javascript"),
    files={"python": ("main.py",), "javascript": ("main.js",)},
)


class Story:
    """Takes commands, keeps everything recorded and the state."""

    def __init__(self) -> None:
        self.state: SessionState = EMPTY
        self.recorded: list[e.Recorded] = []
        self.at_ms = 0
        self.ids: Counter[str] = Counter()
        for by, event in opening(
            "i_1",
            stages=STAGES,
            languages=("python", "javascript"),
            language="python",
            signals=("paste",),
            questions=(QUESTION,),
            competencies=(("understanding", "Understanding"), ("approach", "Approach")),
            members=(
                (IRIS, Role.LEAD),
                (CAL, Role.CANDIDATE),
                (OLGA, Role.OBSERVER),
                (IVAN, Role.INTERVIEWER),
            ),
            files=("scratch",),
            admitted=True,
            new_id=self.new_id,
        ):
            self.record(event, by)

    def new_id(self, prefix: str) -> str:
        self.ids[prefix] += 1
        return f"{prefix}_{self.ids[prefix]}"

    def record(self, event: e.Event, by: MemberId) -> None:
        one = e.Recorded(len(self.recorded) + 1, self.at_ms, 1_000_000 + self.at_ms, by, event)
        self.recorded.append(one)
        self.state = evolve(self.state, one)

    def ask(self, command: c.Command, by: MemberId = SYSTEM) -> tuple[e.Event, ...] | Refused:
        """What is decided, taken into the state."""
        moment = Moment(self.at_ms, 1_000_000 + self.at_ms, self.new_id)
        decided = decide(self.state, command, by, moment)
        if not isinstance(decided, Refused):
            for event in decided:
                self.record(event, by)
        return decided

    def must(self, command: c.Command, by: MemberId = SYSTEM) -> tuple[e.Event, ...]:
        decided = self.ask(command, by)
        assert not isinstance(decided, Refused), decided
        return decided

    def started(self) -> "Story":
        self.must(c.StartInterview(), IRIS)
        return self


@pytest.fixture
def story() -> Story:
    return Story()
