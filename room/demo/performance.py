"""Gives the finished demo interview: rows, the play in a real room, and what was judged afterwards."""

import asyncio
from typing import Any

import structlog

from room import content
from room.clock import ManualClock
from room.config import Settings
from room.demo import rows
from room.demo.actor import Actor
from room.demo.player import Player
from room.realtime.hub import House, Hub
from room.sandbox.runner import Runner
from room.session import commands as c
from room.session.effects import UNDO_END_MS
from room.session.ids import InterviewId
from room.store import members
from room.store.engine import Store
from room.store.interviews import Interview
from room.store.sealing import Seals
from room.web.house import Rows
from room.web.live import person_of

log = structlog.get_logger()


class Performance:
    """A played interview, and which of the story's ids became what."""

    def __init__(
        self, interview: Interview, player: Player, raters: dict[str, str], start_ms: int
    ) -> None:
        self.interview = interview
        self.player = player
        self.member_ids = raters
        """The story's people → member ids."""
        self.start_ms = start_ms
        """UTC milliseconds of Start."""


async def perform(
    settings: Settings, store: Store, seals: Seals, runner: Runner, now_ms: int
) -> Performance:
    """Play the whole story into a fresh session; about twenty seconds, most of them the story's real runs.

    Raises:
        StoryBroken: the storyboard asks for what the product refuses.
    """
    story: dict[str, Any] = content.load("demo_session")
    start_ms = rows.finished_start_ms(story, now_ms)
    before_ms = round(story["timeline"][0]["t"] * 1000)

    def make() -> tuple[Interview, dict[str, str]]:
        with store.begin() as conn:
            owner = rows.account(conn, settings, story, now_ms)
            interview = rows.finished(conn, owner, story, start_ms)
            ids: dict[str, str] = {}
            for key, person in story["people"].items():
                role = {"lead": "lead", "candidate": "candidate"}.get(person["role"], "rater")
                known = next(
                    (m for m in members.list_for(conn, owner.id, interview.id) if m.role == role),
                    None,
                )
                member = known or members.add(
                    conn, owner.id, interview.id, role=role, name=person["name"], now_ms=start_ms
                )
                ids[key] = member.id
                if role == "candidate":
                    members.note_agreed(conn, owner.id, member.id, start_ms + before_ms)
            return interview, ids

    interview, ids = await asyncio.to_thread(make)
    clock = ManualClock(start_ms + before_ms)
    house: House = Rows(store, clock)
    hub = Hub(store=store, seals=seals, clock=clock, runner=runner, house=house)
    try:
        room = await hub.room(InterviewId(interview.id))
        actors = await asyncio.to_thread(_actors, store, interview, story, ids)
        player = Player(room, clock, story, actors)
        await player.play()
        clock.advance(UNDO_END_MS)
        await hub.submit(InterviewId(interview.id), c.CloseSession())
        await room.settled()
    finally:
        await hub.close()
    log.info("demo.played", interview=interview.id)
    return Performance(interview, player, ids, start_ms)


def _actors(
    store: Store, interview: Interview, story: dict[str, Any], ids: dict[str, str]
) -> dict[str, Actor]:
    with store.read() as conn:
        rows_of = {m.id: m for m in members.list_for(conn, interview.owner_id, interview.id)}
    found = {}
    for key, member_id in ids.items():
        person = person_of(rows_of[member_id])
        if person is not None:
            told = story["people"][key]
            found[key] = Actor(person, told["cps"], told["cps_prose"])
    return found
