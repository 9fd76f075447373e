"""What a newcomer finds: the finished interview, and one that is ready to be held."""

import asyncio

import msgspec
import structlog

from room import content
from room.config import Settings
from room.demo import rows
from room.demo.actor import StoryBroken
from room.demo.judgement import judge
from room.demo.performance import perform
from room.sandbox.runner import Runner
from room.store import accounts, interviews
from room.store.engine import Store
from room.store.interviews import Interview
from room.store.sealing import Seals

log = structlog.get_logger()

READY_FOR_MS = 12 * 3_600_000
"""A ready interview that lies longer in the past makes room for a new one."""
CANDIDATE = "Sam Pretend"
WITHOUT_RUNS = "without runs"
"""What the marker says when no code could run at the first start: the demo is told again once it can."""


class Welcome(msgspec.Struct, frozen=True):
    """What `make run` prints."""

    email: str
    password: str
    lead_url: str
    candidate_url: str


async def prepare(
    settings: Settings, store: Store, seals: Seals, runner: Runner, now_ms: int
) -> Welcome | None:
    """Make what is missing of the demo; None when its owner threw it away.

    The finished interview is played once, at the first start; a demo that was removed does not come back by itself.
    """
    marker = settings.data_dir / "demo-played"
    status = await runner.status()
    can_run = "python" in status.languages
    known = marker.read_text() if marker.exists() else None
    if known is None or (known == WITHOUT_RUNS and can_run):
        log.info(
            "demo.preparing", note="The demo interview is played once; this takes some seconds."
        )
        try:
            await _play(settings, store, seals, runner, now_ms)
        except StoryBroken:
            # A demo that cannot be told must not keep real interviews from being held.
            log.exception("demo.broken")
        else:
            marker.write_text("" if can_run else WITHOUT_RUNS)
    return await asyncio.to_thread(_ready, settings, store, now_ms)


async def _play(
    settings: Settings, store: Store, seals: Seals, runner: Runner, now_ms: int
) -> None:
    """Play and judge the finished interview, in the place of one that was cut off or played without a runner."""
    story = content.load("demo_session")

    def clear() -> None:
        with store.begin() as conn:
            owner = accounts.find_demo(conn)
            if owner is not None:
                name = next(p["name"] for p in story["people"].values() if p["role"] == "candidate")
                for one in interviews.list_for(conn, owner.id):
                    if one.is_demo and one.candidate_name == name:
                        interviews.delete_interview(conn, owner.id, one.id)

    await asyncio.to_thread(clear)
    played = await perform(settings, store, seals, runner, now_ms)

    def file_judgement() -> None:
        with store.begin() as conn:
            judge(conn, store, seals, played, story)

    await asyncio.to_thread(file_judgement)


def _ready(settings: Settings, store: Store, now_ms: int) -> Welcome | None:
    story = content.load("demo_session")
    with store.begin() as conn:
        owner = accounts.find_demo(conn)
        if owner is None:
            return None
        mine = [i for i in interviews.list_for(conn, owner.id) if i.is_demo]
        if not mine:
            return None
        fresh = [i for i in mine if _is_ready(i, now_ms)]
        interview = (
            fresh[-1]
            if fresh
            else rows.ready(conn, owner, story, now_ms, admit=True, candidate=CANDIDATE)
        )
        people = rows.members_of(conn, interview)
        known = rows.sign_in(settings)
        return Welcome(
            known.email,
            known.password,
            rows.link(conn, store, people["lead"], settings, now_ms),
            rows.link(conn, store, people["candidate"], settings, now_ms),
        )


def _is_ready(interview: Interview, now_ms: int) -> bool:
    if interview.candidate_name != CANDIDATE:
        return False
    return interview.is_before and now_ms - interview.starts_at_ms < READY_FOR_MS
