"""Recordings made from real documents, as the room would have made them."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from pycrdt import Doc, Text

from room.desk import accounts as desk_accounts
from room.session import events as e
from room.session.events import Recorded
from room.session.ids import SYSTEM
from room.session.roles import Role
from room.store import (
    accounts,
    clients,
    interviews,
    journal,
    members,
    questions,
    rubrics,
    web_sessions,
)
from room.store.accounts import Account
from room.store.engine import Connection, Store
from room.store.pen import Pen, genesis
from room.store.sealing import Seals

IRIS, CAL, OLGA = "m_iris", "m_cal", "m_olga"
FILE, NOTES = "f_main", "f_notes"
WALL_MS = 1_780_000_000_000


NOTHING = b"\x00\x00"
"""The update that changes nothing."""


@contextmanager
def typed_into(doc: Doc) -> Iterator[list[bytes]]:
    """One transaction; afterwards the list holds the update that a browser would send for it, if it changed anything."""
    updates: list[bytes] = []
    watching = doc.observe(lambda event: updates.append(event.update))
    with doc.transaction():
        yield updates
    doc.unobserve(watching)


class Script:
    """Plays people at a document and writes down what a room would have recorded."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []
        self.at_ms = 0
        self.docs: dict[str, Doc] = {}
        self.server = Doc(client_id=1)

    def do(self, by: str, event: e.Event, at_ms: int | None = None) -> "Script":
        self.at_ms = self.at_ms if at_ms is None else at_ms
        seq = len(self.recorded) + 1
        self.recorded.append(Recorded(seq, self.at_ms, WALL_MS + self.at_ms, by, event))
        return self

    def plan(self, *, files: Iterable[tuple[str, str]] = ((FILE, "main.py"),)) -> "Script":
        stages = (e.StagePlan("s_a", "Hello", 5), e.StagePlan("s_b", "Dock planner", 25))
        self.do(SYSTEM, e.SessionPlanned("i_test", stages, ("python",), "python", ("paste",)))
        part = e.PartPlan("p_1", "Book a slot", 2, True)
        self.do(SYSTEM, e.QuestionPlanned(e.QuestionPlan("q_1", "Dock planner", (part,))))
        self.do(SYSTEM, e.CompetenciesPlanned((("c_test", "Testing"), ("c_plan", "Structure"))))
        for member, role in ((IRIS, Role.LEAD), (CAL, Role.CANDIDATE), (OLGA, Role.OBSERVER)):
            self.do(SYSTEM, e.MemberAdded(member, role))
        for file, name in files:
            self.do(SYSTEM, e.FileCreated(file, name))
        return self

    def join(self, member: str, client: int, at_ms: int | None = None) -> "Script":
        self.do(SYSTEM, e.MemberJoined(member), at_ms)
        self.do(SYSTEM, e.ClientClaimed(member, client))
        doc = Doc(client_id=client)
        doc.apply_update(self.server.get_update())
        self.docs[member] = doc
        return self

    def start(self) -> "Script":
        self.do(IRIS, e.InterviewStarted(WALL_MS), 0)
        return self.do(IRIS, e.StageStarted("s_a"))

    def seed(self, text: str, file: str = FILE) -> "Script":
        shared = self.server.get(f"f:{file}", type=Text)
        with typed_into(self.server) as updates:
            shared.insert(0, text)
        return self.do(SYSTEM, e.DocEdited(updates[0]))

    def edit(
        self,
        by: str,
        at: int,
        text: str = "",
        delete: int = 0,
        *,
        file: str = FILE,
        at_ms: int | None = None,
    ) -> "Script":
        """``at`` and ``delete`` count characters."""
        doc = self.docs[by]
        doc.apply_update(self.server.get_update(doc.get_state()))
        shared = doc.get(f"f:{file}", type=Text)
        whole = str(shared)
        here, end = len(whole[:at].encode()), len(whole[: at + delete].encode())
        with typed_into(doc) as updates:
            if delete:
                del shared[here:end]
            if text:
                shared.insert(here, text)
        update = updates[0] if updates else NOTHING
        self.server.apply_update(update)
        return self.do(by, e.DocEdited(update), at_ms)

    def text(self, file: str = FILE) -> str:
        return str(self.server.get(f"f:{file}", type=Text))


@pytest.fixture(scope="session")
def opening() -> Callable[[], Script]:
    """Iris and Cal are in; the clock runs; there is starter text."""
    return lambda: (
        Script().plan().seed("def book():\n    pass\n").join(IRIS, 11).join(CAL, 22).start()
    )


@pytest.fixture
def script(opening: Callable[[], Script]) -> Script:
    return opening()


def traces() -> Path:
    """The folder of real editing traces."""
    folder = Path(__file__).parents[1] / "data" / "traces"
    if not (folder / "clownschool.json.gz").exists():
        pytest.skip("the real editing traces are not here; ROOM_TRACES names their folder")
    return folder


class Trace:
    """Two people's real session as a recording, and the text that it must end with."""

    def __init__(self, recorded: list[Recorded], end: str, typed: dict[str, int]) -> None:
        self.recorded = recorded
        self.end = end
        self.typed = typed
        """Characters inserted by each member."""


def trace_agents(data: dict) -> list[str]:
    """The second person rejoined as another agent: three browsers, two people."""
    return [IRIS, CAL, CAL][: data["numAgents"]]


@pytest.fixture(scope="session")
def clownschool() -> Trace:
    data = json.loads(gzip.decompress((traces() / "clownschool.json.gz").read_bytes()))
    return record_concurrent(data)


def record_concurrent(data: dict) -> Trace:
    """Plays a concurrent trace with a document for each agent, merged where a transaction has the other's as parents."""
    script = Script().plan()
    people = trace_agents(data)
    docs = [Doc(client_id=100 + agent) for agent in range(data["numAgents"])]
    for agent, member in enumerate(people):
        script.do(SYSTEM, e.ClientClaimed(member, 100 + agent))
    script.do(SYSTEM, e.MemberJoined(IRIS)).do(SYSTEM, e.MemberJoined(CAL)).start()
    txns = data["txns"]
    seen: list[set[int]] = [set() for _ in docs]
    updates: list[bytes] = []
    began = datetime.fromisoformat(txns[0]["time"]).timestamp()
    typed: dict[str, int] = {}

    def catch_up(agent: int, parents: list[int]) -> None:
        missing: list[int] = []
        stack = list(parents)
        while stack:
            number = stack.pop()
            if number not in seen[agent]:
                seen[agent].add(number)
                missing.append(number)
                stack.extend(txns[number]["parents"])
        for number in sorted(missing):
            docs[agent].apply_update(updates[number])

    for number, txn in enumerate(txns):
        agent = txn["agent"]
        catch_up(agent, txn["parents"])
        doc = docs[agent]
        text = doc.get(f"f:{FILE}", type=Text)
        with typed_into(doc) as typed_updates:
            for at, deleted, inserted in txn["patches"]:
                whole = str(text)
                here, end = len(whole[:at].encode()), len(whole[: at + deleted].encode())
                if deleted:
                    del text[here:end]
                if inserted:
                    text.insert(here, inserted)
                    typed[people[agent]] = typed.get(people[agent], 0) + len(inserted)
        updates.append(typed_updates[0] if typed_updates else NOTHING)
        seen[agent].add(number)
        at_ms = round((datetime.fromisoformat(txn["time"]).timestamp() - began) * 1000)
        script.do(people[agent], e.DocEdited(updates[number]), max(script.at_ms, at_ms))
    script.do(IRIS, e.InterviewEnded(), script.at_ms + 5000)
    return Trace(script.recorded, data["endContent"], typed)


PROGRAM = '''"""Books trucks at a dock, one after another."""
from bisect import bisect_left


class Dock:
    def __init__(self, opens: int, closes: int) -> None:
        self.opens = opens
        self.closes = closes
        self._slots: list[tuple[int, int]] = []

    def book(self, start: int, minutes: int) -> bool:
        new = (start, start + minutes)
        if new[0] < self.opens or new[1] > self.closes:
            return False
        i = bisect_left(self._slots, new)
        if i > 0 and self._slots[i - 1][1] > new[0]:
            return False
        if i < len(self._slots) and self._slots[i][0] < new[1]:
            return False
        self._slots.insert(i, new)
        return True
'''


def story(script: Script) -> Script:
    """Half an hour: Cal types a program key by key, with slips, runs, tests and quiet time; Iris writes, shows and pins."""
    at = 20_000
    script.do(CAL, e.FileOpened(FILE), 15_000).do(IRIS, e.FileOpened(FILE))
    script.do(IRIS, e.PartShown("q_1", "p_1", "Dock planner", "Book a slot", 1), 16_000)
    script.do(IRIS, e.StageStarted("s_b"), 60_000)
    script.do(CAL, e.ChatSent("c_1", "Are the times in minutes?"), 62_000)
    script.do(IRIS, e.ChatSent("c_2", "Yes, since midnight. <b>No</b> time zones."), 70_000)
    script.do(
        IRIS,
        e.PinPlaced("n_1", FILE, competency="c_plan", text="Asked about units before writing."),
        72_000,
    )
    at = 80_000
    script.edit(CAL, 0, delete=len(script.text()), at_ms=at)
    for number, line in enumerate(PROGRAM.splitlines(keepends=True)):
        for char in line:
            at += 160 + (number * 37) % 120
            script.edit(CAL, len(script.text()), char, at_ms=at)
        if number == 5:
            script.edit(CAL, len(script.text()), "x", at_ms=at + 300)
            script.edit(CAL, len(script.text()) - 1, delete=1, at_ms=at + 900)
            at += 75_000
        if number == 8:
            script.do(CAL, e.RunQueued("r_1", FILE, "python"), at).do(SYSTEM, e.RunStarted("r_1"))
            script.do(SYSTEM, e.RunOutput("r_1", "booked 08:30\n"), at + 300)
            script.do(SYSTEM, e.RunFinished("r_1", "OK", "Finished in 0.4 s", 0), at + 400)
            at += 4000
        if number == 10:
            for typed in "# gap before this one?\n":
                at += 220
                script.edit(IRIS, len(script.text()), typed, at_ms=at)
            script.do(CAL, e.PasteNoted(FILE, 12), at)
        if number == 14:
            failed = e.TestOutcome("no gap left", "p_1", "WA", "1310", "1290")
            passed = e.TestOutcome("first of the day", "p_1", "AC", wall_ms=12)
            script.do(CAL, e.TestsQueued("t_1", FILE, "python"), at).do(SYSTEM, e.RunStarted("t_1"))
            script.do(
                SYSTEM, e.TestsFinished("t_1", "WA", "1 of 2 passed", (failed, passed)), at + 900
            )
            script.do(IRIS, e.HiddenTestsQueued("h_1", "t_1")).do(
                SYSTEM, e.HiddenTestsFinished("h_1", "t_1", "WA", "0 of 1 passed", (failed,))
            )
            script.do(IRIS, e.HintGiven("q_1", "p_1", 1), at + 5000)
            script.do(
                IRIS,
                e.PinPlaced(
                    "n_2", FILE, competency="c_test", text="Read the failing test aloud first."
                ),
            )
            at += 9000
    script.do(SYSTEM, e.MemberLeft(CAL), at + 3000).do(SYSTEM, e.MemberJoined(CAL), at + 33_000)
    script.do(CAL, e.FileCreated("f_2", "notes.md"), at + 40_000).do(CAL, e.FileOpened("f_2"))
    script.edit(CAL, 0, "# Left to do\n- weekends\n", file="f_2", at_ms=at + 45_000)
    script.do(CAL, e.FileOpened(FILE), at + 50_000).do(
        CAL, e.RunQueued("r_2", FILE, "python"), at + 51_000
    )
    script.do(SYSTEM, e.RunStarted("r_2")).do(
        SYSTEM, e.RunOutput("r_2", "NameError: name 'x'\n", "stderr")
    )
    script.do(SYSTEM, e.RunFinished("r_2", "RE", "Ended with code 1", 1), at + 52_000)
    script.do(IRIS, e.NoteAdded("o_1", "Would hire for the tests alone."), at + 60_000)
    return script.do(IRIS, e.InterviewEnded(), at + 90_000)


class Stage:
    """An installation with one interview that was held, and the ways into it."""

    interview: str
    owner: str
    iris: str
    cal: str
    olga: str
    rater: str
    competency: str
    duration_ms: int
    cookies: dict[str, dict[str, str]]
    csrf: dict[str, str]


def recast(recorded: Iterable[Recorded], names: dict[str, str]) -> list[Recorded]:
    """The same events with other people and things, whatever their fields are called."""

    def change(value: object) -> object:
        match value:
            case str():
                return names.get(value, value)
            case dict():
                return {change(key): change(one) for key, one in value.items()}
            case list() | tuple():
                return [change(one) for one in value]
        return value

    return [
        msgspec.convert(
            change(msgspec.to_builtins(one, builtin_types=(bytes,))),
            Recorded,
            builtin_types=(bytes,),
        )
        for one in recorded
    ]


def _account(conn: Connection, name: str) -> Account:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    return accounts.find_by_email(conn, email) or desk_accounts.create(
        conn,
        email=email,
        name=name,
        zone="Europe/Oslo",
        password="correct horse battery",
        now_ms=WALL_MS,
    )


def stage(
    store: Store,
    seals: Seals,
    recorded: list[Recorded],
    *,
    ended: bool = True,
    candidate: str = "Cal Lindqvist",
) -> Stage:
    """Write the rows of an interview with this recording. Mallory has an account of her own."""
    staged = Stage()
    now = WALL_MS
    with store.begin() as conn:
        iris, mallory = (_account(conn, first) for first in ("Iris Almeida", "Mallory"))
        client = clients.create(
            conn, iris.id, name="Northline Freight", zone="Europe/Oslo", now_ms=now
        )
        rubric = rubrics.list_for(conn, iris.id)[0]
        question = questions.list_for(conn, iris.id)[0]
        stages = (e.StagePlan("s_a", "Hello", 5), e.StagePlan("s_b", "Dock planner", 25))
        plan = interviews.InterviewPlan(stages=stages, questions=(question.id,), rubric=rubric.id)
        row = interviews.create(
            conn, iris.id, client_id=client.id, candidate_name=candidate, candidate_zone="Europe/Oslo",
            role_title="Backend engineer", starts_at_ms=now, zone="Europe/Oslo", plan=plan, lead_name=iris.name,
            now_ms=now,
        )  # fmt: skip
        lead = members.lead_of(conn, iris.id, row.id)
        cal = members.candidate_of(conn, iris.id, row.id)
        olga = members.add(conn, iris.id, row.id, role="observer", name="Olga Berg", now_ms=now)
        rater = members.add(conn, iris.id, row.id, role="rater", name="Rana Sato", now_ms=now)
        seals.create(conn, iris.id, row.id, now)
        part = question.body["stages"][0]["id"]
        competency, other = (one["id"] for one in rubric.body["competencies"][:2])
        names = {
            IRIS: lead.id, CAL: cal.id, OLGA: olga.id, "i_test": row.id, "q_1": question.id, "p_1": part,
            "c_plan": competency, "c_test": other,
        }  # fmt: skip
        pen = Pen(row.id, iris.id, seals.cipher(conn, row.id), genesis(row.id))
        rows = pen.to_rows(recast(recorded, names))
        journal.append(conn, rows)
        if ended:
            interviews.mark_started(conn, iris.id, row.id, now)
            interviews.mark_ended(conn, iris.id, row.id, now + recorded[-1].at_ms, cut_short=False)
        staged.cookies = {
            "owner": {"room_session": web_sessions.start(conn, iris.id, browser="", now_ms=now)},
            "mallory": {
                "room_session": web_sessions.start(conn, mallory.id, browser="", now_ms=now)
            },
        }
        for who, member in (("lead", lead), ("cal", cal), ("olga", olga), ("rater", rater)):
            secret = members.start_session(conn, member, now_ms=now, expires_at_ms=now + 10**9)
            staged.cookies[who] = {f"room_{member.id}": secret}
        staged.csrf = {
            "owner": web_sessions.find(conn, staged.cookies["owner"]["room_session"], now).csrf,
            "rater": members.find_session(
                conn, rater.id, staged.cookies["rater"][f"room_{rater.id}"], now
            )[1].csrf,
            "mallory": web_sessions.find(conn, staged.cookies["mallory"]["room_session"], now).csrf,
        }
    staged.interview, staged.owner = row.id, iris.id
    staged.iris, staged.cal, staged.rater, staged.competency = lead.id, cal.id, rater.id, competency
    staged.olga, staged.duration_ms = olga.id, recorded[-1].at_ms
    return staged


@pytest.fixture(scope="session")
def played() -> Callable[[Script], Script]:
    return story


@pytest.fixture(scope="session")
def put() -> Callable[..., Stage]:
    """Puts a recording into a running app's store."""
    return lambda app, recorded, **more: stage(
        app.app.state.store, app.app.state.seals, recorded, **more
    )


@pytest.fixture(scope="session")
def stage_rows() -> Callable[..., Stage]:
    """Puts a recording into a store."""
    return stage
