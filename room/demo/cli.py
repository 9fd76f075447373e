"""``room demo``: ready interviews, started and open, for scripts, load generators and a first look."""

import json
import sys
from typing import Any

from room import content
from room.clock import SystemClock
from room.config import Settings
from room.demo import rows
from room.realtime.recovery import Session
from room.session import commands as c
from room.session.decide import Moment, Refused, decide, opening
from room.session.events import Recorded
from room.session.ids import InterviewId, MemberId, new_id
from room.store import journal, members
from room.store.engine import Store
from room.store.pen import Pen, genesis
from room.store.sealing import Seals
from room.web.house import Rows


def demo(settings: Settings, count: int, *, as_json: bool) -> None:
    """Make ``count`` interviews and print their links. Also beside a running server, on the same data folder."""
    store = Store.open(settings, is_server=False)
    try:
        made = [_one(settings, store, number) for number in range(1, count + 1)]
    finally:
        store.close()
    known = rows.sign_in(settings)
    told = {
        "base_url": settings.public_url,
        "sign_in": {"email": known.email, "password": known.password},
        "interviews": made,
    }
    if as_json:
        json.dump(told, sys.stdout)
        print()
        return
    print(f"Sign in at {settings.public_url}/sign-in as {known.email} with {known.password}")
    for one in made:
        print(f"Interview {one['id']}")
        for role in ("lead", "candidate", "observer"):
            print(f"  {role}: {one[role + '_url']}")


def _one(settings: Settings, store: Store, number: int) -> dict[str, Any]:
    clock = SystemClock()
    now_ms = clock.wall_ms()
    story = content.load("demo_session")
    with store.begin() as conn:
        owner = rows.account(conn, settings, story, now_ms)
        interview = rows.ready(
            conn, owner, story, now_ms, admit=False, candidate=f"Candidate {number}"
        )
        members.add(conn, owner.id, interview.id, role="observer", name="Observer", now_ms=now_ms)
        people = rows.members_of(conn, interview)
        links = {
            role: rows.link(conn, store, people[role], settings, now_ms)
            for role in ("lead", "candidate", "observer")
        }
    file = _start(settings, store, InterviewId(interview.id), MemberId(people["lead"].id), now_ms)
    Rows(store, clock).changed(InterviewId(interview.id), file[1])
    scheme, _, rest = settings.public_url.partition("://")
    socket = "wss" if scheme == "https" else "ws"
    return {
        "id": interview.id,
        "file_id": file[0],
        "lead_url": links["lead"],
        "candidate_url": links["candidate"],
        "observer_url": links["observer"],
        "live_url": f"{socket}://{rest}/live/{interview.id}",
    }


def _start(
    settings: Settings, store: Store, interview: InterviewId, lead: MemberId, now_ms: int
) -> tuple[str, Any]:
    """Open the session and start it, by the ordinary decisions; nobody else can have it open, since it is new."""
    setup = Rows(store, SystemClock()).setup(interview)
    session = Session()
    recorded = []

    def take(by: MemberId, event: Any) -> None:
        one = Recorded(session.seq + 1, 0, now_ms, by, event)
        session.take(one)
        recorded.append(one)

    for by, event in opening(
        interview,
        stages=setup.stages,
        languages=setup.languages,
        language=setup.language,
        signals=setup.signals,
        questions=setup.questions,
        competencies=setup.competencies,
        members=tuple((person.id, person.role) for person in setup.people),
        files=setup.files,
        admitted=setup.admitted,
        new_id=new_id,
    ):
        take(by, event)
    started = decide(session.everything.state, c.StartInterview(), lead, Moment(0, now_ms, new_id))
    if isinstance(started, Refused):
        raise RuntimeError(started.sentence)  # noqa: TRY004
    for event in started:
        take(lead, event)
    with store.begin() as conn:
        seals = Seals.open(settings)
        seals.create(conn, setup.owner_id, interview, now_ms)
        pen = Pen(interview, setup.owner_id, seals.cipher(conn, interview), genesis(interview))
        journal.append(conn, pen.to_rows(recorded))
    state = session.everything.state
    return state.files[0].id, state
