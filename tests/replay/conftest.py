"""Recordings made from real documents, as the room would have made them."""

import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from pycrdt import Doc, Text

from room.session import events as e
from room.session.events import Recorded
from room.session.ids import SYSTEM
from room.session.roles import Role

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
    """The folder of real editing traces; skips the test where it is missing."""
    folder = Path(os.environ.get("ROOM_TRACES") or Path(__file__).parents[3] / "shared/data/traces")
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
