"""The cast in a session that was held: Iris interviews, Cal is the candidate, Ron rates from the replay."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml
from litestar.testing import TestClient
from pycrdt import Doc, Text

import room
from room import config
from room.app import create_app
from room.clock import ManualClock
from room.desk import accounts as desk_accounts
from room.scoring import course, evidence, report
from room.scoring.rubric import Rubric, library
from room.scoring.score import Point, Rating, Scorecard, Words
from room.session import events as e
from room.session.evolve import fold
from room.session.ids import SYSTEM, CompetencyId, FileId, InterviewId, MemberId
from room.session.roles import Role
from room.store import clients, interviews, journal, members, web_sessions
from room.store import rubrics as rubric_rows
from room.store.pen import Pen, genesis

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


def put_down(*steps: tuple[int, MemberId, e.Event]) -> tuple[e.Recorded, ...]:
    return tuple(
        e.Recorded(seq, at_ms, DAY_ONE + at_ms, by, event)
        for seq, (at_ms, by, event) in enumerate(steps, 1)
    )


def typed() -> tuple[bytes, bytes]:
    """What a document took: the room's starter line, then Cal's."""
    updates: list[bytes] = []
    server = Doc(client_id=1)
    server.get("f:f_main", type=Text).insert(0, "import sys\n")
    updates.append(server.get_update())
    mine = Doc(client_id=22)
    mine.apply_update(updates[0])
    before = mine.get_state()
    text = mine.get("f:f_main", type=Text)
    text.insert(len(str(text)), "print('ok')\n")
    updates.append(mine.get_update(before))
    return updates[0], updates[1]


@pytest.fixture(name="record", scope="session")
def record_() -> Callable[..., tuple[e.Recorded, ...]]:
    return put_down


@pytest.fixture
def session() -> tuple[e.Recorded, ...]:
    return tale(IRIS, CAL)


def tale(iris: MemberId, cal: MemberId) -> tuple[e.Recorded, ...]:
    """47 minutes: two stages, a pause, a hint, runs, tests with hidden ones, three pins of which one is withdrawn."""
    starter, line = typed()
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
    return put_down(
        (0, SYSTEM, e.SessionPlanned(
            InterviewId("i_1"),
            (e.StagePlan("hello", "Hello", 5), e.StagePlan("gaps", "Booking gaps", 40)),
            ("python",), "python",
        )),
        (0, SYSTEM, e.QuestionPlanned(question)),
        (0, SYSTEM, e.MemberAdded(iris, Role.LEAD)),
        (0, SYSTEM, e.MemberAdded(cal, Role.CANDIDATE)),
        (0, SYSTEM, e.FileCreated(FileId("f_main"), "main.py", question="q1")),
        (0, SYSTEM, e.ClientClaimed(cal, 22)),
        (0, SYSTEM, e.DocEdited(starter)),
        (0, iris, e.InterviewStarted(DAY_ONE)),
        (0, iris, e.StageStarted("hello")),
        (4 * MINUTE, iris, e.StageStarted("gaps")),
        (5 * MINUTE, iris, e.PartShown("q1", "s1", "Booking gaps", "One calendar", 1)),
        (6 * MINUTE, iris, e.PinPlaced("p_first", competency="understanding", text="Asks about the border.")),
        (9 * MINUTE, cal, e.DocEdited(line)),
        (10 * MINUTE, cal, e.RunQueued("r_1", FileId("f_main"), "python")),
        (10 * MINUTE, SYSTEM, e.RunFinished("r_1", "OK", "Finished.")),
        (12 * MINUTE, iris, e.ClockPaused()),
        (14 * MINUTE, iris, e.ClockResumed()),
        (20 * MINUTE, iris, e.HintGiven("q1", "s1", 1)),
        (22 * MINUTE, iris, e.PinPlaced("p_gone", competency="approach", text="Not fair to quote.")),
        (23 * MINUTE, iris, e.PinWithdrawn("p_gone")),
        (30 * MINUTE, iris, e.PinPlaced("p_red", text="Predicts that it will be red.")),
        (30 * MINUTE, iris, e.PinFiled("p_red", CompetencyId("verification"))),
        (40 * MINUTE, cal, e.TestsQueued("r_2", FileId("f_main"), "python")),
        (40 * MINUTE, SYSTEM, e.HiddenTestsQueued("r_3", of="r_2")),
        (40 * MINUTE, SYSTEM, e.TestsFinished("r_2", "WA", "1 of 2 passed.", outcomes)),
        (40 * MINUTE, SYSTEM, e.HiddenTestsFinished("r_3", "r_2", "AC", "2 of 2 passed.", hidden)),
        (47 * MINUTE, iris, e.InterviewEnded()),
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


# ------------------------------------------------------------------------------------------------ an installation


class Held:
    """An interview that was held, in a running app: Iris owns it, Ron rates it, Mallory has an account of her own."""

    def __init__(
        self, app: TestClient, *, with_rater: bool = True, name: str = "Cal Moreau"
    ) -> None:
        self.app = app
        self.store, self.seals = app.app.state.store, app.app.state.seals
        self.clock = app.app.state.clock
        now = self.clock.wall_ms()
        with self.store.begin() as conn:
            iris, mallory = (
                desk_accounts.create(
                    conn, email=f"{who}@example.org", name=full, zone="Europe/Madrid",
                    password="correct horse battery", now_ms=now,
                )
                for who, full in (("iris", "Iris Rey"), ("mallory", "Mallory"))
            )  # fmt: skip
            self.owner = iris.id
            client = clients.create(
                conn, iris.id, name="Northline Freight", zone="Europe/Oslo", now_ms=now
            )
            self.client = client.id
            self.rubric = next(
                r for r in rubric_rows.list_for(conn, iris.id) if r.key == "algorithms-coding"
            )
            plan = interviews.InterviewPlan(
                stages=(e.StagePlan("hello", "Hello", 5), e.StagePlan("gaps", "Booking gaps", 40)),
                rubric=self.rubric.id,
            )
            row = interviews.create(
                conn, iris.id, client_id=client.id, candidate_name=name, candidate_zone="Europe/Oslo",
                role_title="Backend engineer", starts_at_ms=DAY_ONE, zone="Europe/Madrid", plan=plan,
                lead_name=iris.name, level="mid", now_ms=now,
            )  # fmt: skip
            self.id = row.id
            self.iris = members.lead_of(conn, iris.id, row.id).id
            self.cal = members.candidate_of(conn, iris.id, row.id).id
            self.seals.create(conn, iris.id, row.id, now)
            recorded = tale(self.iris, self.cal)
            pen = Pen(row.id, iris.id, self.seals.cipher(conn, row.id), genesis(row.id))
            journal.append(conn, pen.to_rows(recorded))
            interviews.mark_started(conn, iris.id, row.id, DAY_ONE)
            interviews.mark_ended(
                conn, iris.id, row.id, DAY_ONE + recorded[-1].at_ms, cut_short=False
            )
            self.cookies = {
                who: {"room_session": web_sessions.start(conn, account.id, browser="", now_ms=now)}
                for who, account in (("iris", iris), ("mallory", mallory))
            }
            self.csrf = {
                who: web_sessions.find(conn, cookie["room_session"], now).csrf
                for who, cookie in self.cookies.items()
            }
            self.ron = ""
            if with_rater:
                ron = members.add(
                    conn, iris.id, row.id, role="rater", name="Ron Adeyemi", now_ms=now
                )
                self.ron = ron.id
                secret = members.start_session(conn, ron, now_ms=now, expires_at_ms=now + 10**10)
                self.cookies["ron"] = {f"room_{ron.id}": secret}
                self.csrf["ron"] = members.find_session(conn, ron.id, secret, now)[1].csrf

    def get(self, path: str, who: str | None = "iris", **more):
        return self._ask("get", path, who, **more)

    def post(self, path: str, who: str | None = "iris", fields: dict | None = None, **more):
        data = dict(fields or {})
        if who is not None and "csrf" not in data:
            data["csrf"] = self.csrf[who]
        if who == "ron":
            data["as"] = self.ron
        return self._ask("post", path, who, data=data, **more)

    def _ask(self, verb: str, path: str, who: str | None, cookies: dict | None = None, **more):
        self.app.cookies.clear()
        sent = {**(self.cookies[who] if who else {}), **(cookies or {})}
        headers = {"cookie": "; ".join(f"{k}={v}" for k, v in sent.items())} if sent else {}
        if path.startswith("/score/") and verb == "get" and who == "ron":
            path += f"{'&' if '?' in path else '?'}as={self.ron}"
        return getattr(self.app, verb)(path, headers=headers, follow_redirects=False, **more)

    def fields(self, level: int = 3, **changes) -> dict:
        """What a filled scorecard sends."""
        ids = [c["id"] for c in self.rubric.body["competencies"]]
        sent: dict = {f"level:{c}": str(level) for c in ids}
        sent |= {f"comment:{c}": f"About {c}." for c in ids}
        sent |= {
            "decision": "yes",
            "confidence": "high",
            "version": "0",
            "device": "laptop",
            "name": "Iris Rey",
        }
        return {key: value for key, value in (sent | changes).items() if value is not None}

    def score(self, who: str = "iris", level: int = 3, **changes):
        """Fill and sign a scorecard."""
        return self.post(f"/score/{self.id}/submit", who, self.fields(level, **changes))

    def sign(self, **changes):
        """Write and sign the report."""
        fields = {"summary": "Cal asked first.", "name": "Iris Rey", "follows": "0"} | changes
        return self.post(f"/interviews/{self.id}/report/sign", "iris", fields)


@pytest.fixture
def app(tmp_path):
    settings = config.load(
        {"ROOM_DATA_DIR": str(tmp_path / "data"), "ROOM_DOCKER_HOST": "unix:///nowhere"}
    )
    clock = ManualClock(DAY_ONE + 60 * MINUTE)
    with TestClient(create_app(settings, clock=clock), base_url=settings.public_url) as client:
        yield client


@pytest.fixture
def held(app) -> Held:
    return Held(app)


@pytest.fixture
def alone(app) -> Held:
    """As `held`, without a second rater."""
    return Held(app, with_rater=False)
