"""Deleting as promised, and not a moment before."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from room import config
from room.desk import booking, plan, retention, schedule
from room.session.ids import InterviewId
from room.store import accounts, clients, interviews, links, members
from room.store.engine import Store
from room.store.interviews import Interview, InterviewPlan
from room.store.sealing import KeyDestroyed, Seals

START = 1_795_000_000_000
PROMISED = START + 55 * 60_000 + 90 * schedule.DAY_MS


@pytest.fixture
def store(settings: config.Settings) -> Iterator[Store]:
    opened = Store.open(settings)
    yield opened
    opened.close()


def held(store: Store, seals: Seals) -> Interview:
    with store.begin() as conn:
        iris = accounts.create(
            conn, email="iris@example.org", name="Iris", zone="UTC", password_hash="x", now_ms=1
        )
        wish = booking.Wish(
            client=clients.create(conn, iris.id, name="Northline", zone="UTC", now_ms=1),
            candidate_name="Cal Lindqvist",
            candidate_zone="UTC",
            role_title="Engineer",
            level="",
            starts_at_ms=START,
            plan=InterviewPlan(stages=plan.stages_from(plan.templates()[0].stages)),
            call_link="https://call.example",
        )
        interview, _ = booking.book(conn, store.link_key, iris, wish, 1)
        seals.create(conn, iris.id, InterviewId(interview.id), 1)
    return interview


def test_nothing_is_due_before_the_promised_day(store: Store) -> None:
    held(store, Seals(b"k" * 32))
    with store.read() as conn:
        assert retention.due(conn, PROMISED - 1) == []
        assert len(retention.due(conn, PROMISED)) == 1


def test_a_live_interview_is_never_due(store: Store) -> None:
    interview = held(store, Seals(b"k" * 32))
    with store.begin() as conn:
        interviews.mark_started(conn, interview.owner_id, interview.id, START)
        assert retention.due(conn, PROMISED * 2) == []


def test_only_the_date_stays(store: Store) -> None:
    seals = Seals(b"k" * 32)
    interview = held(store, seals)
    with store.begin() as conn:
        retention.erase(conn, seals, interview)
    with store.read() as conn:
        left = interviews.load(conn, interview.owner_id, interview.id)
        assert (left.state, left.starts_at_ms, left.candidate_name, left.call_link) == (
            "deleted",
            START,
            "Deleted",
            "",
        )
        people = members.list_for(conn, interview.owner_id, interview.id)
        assert {person.name for person in people} == {"Deleted"}
        assert conn.execute(select(func.count()).select_from(links.links)).scalar() == 0
        with pytest.raises(KeyDestroyed):
            seals.cipher(conn, InterviewId(interview.id))
        assert retention.due(conn, PROMISED) == []
