"""The demo's rows: an account whose password is drawn at the first start, a client, and interviews."""

import contextlib
import json
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from room.config import Settings
from room.desk import accounts as desk_accounts
from room.desk import schedule
from room.session.events import StagePlan
from room.session.ids import StageId
from room.store import accounts, clients, interviews, links, members, questions, rubrics
from room.store.accounts import Account
from room.store.engine import Store
from room.store.interviews import Interview, InterviewPlan
from room.store.members import Member

EMAIL: Final = "demo@room.example"
LINK_DAYS: Final = 90
DAY_MS: Final = 86_400_000
QUARTER_MS: Final = 15 * 60_000


class SignIn(msgspec.Struct, frozen=True):
    email: str
    password: str


def sign_in(settings: Settings) -> SignIn:
    """The demo's address and password; drawn once and kept in the data folder for its owner alone."""
    path: Path = settings.data_dir / "keys" / "demo.json"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = json.dumps({"email": EMAIL, "password": secrets.token_urlsafe(12)})
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(words)
    return msgspec.json.decode(path.read_bytes(), type=SignIn)


def account(conn: Connection, settings: Settings, story: dict[str, Any], now_ms: int) -> Account:
    """The demo's account, made when there is none."""
    found = accounts.find_demo(conn)
    if found is not None:
        return found
    lead = next(p for p in story["people"].values() if p["role"] == "lead")
    known = sign_in(settings)
    return desk_accounts.create(
        conn,
        email=known.email,
        name=lead["name"],
        zone=lead["zone"],
        password=known.password,
        now_ms=now_ms,
        is_demo=True,
    )


def client_of(conn: Connection, owner: str, story: dict[str, Any], now_ms: int) -> str:
    """The story's client, made when there is none; its id."""
    told = story["session"]["client"]
    for known in clients.list_for(conn, owner):
        if known.is_demo and known.name == told["name"]:
            return known.id
    rubric = rubrics.find_by_key(conn, owner, story["session"]["rubric"])
    made = clients.create(
        conn,
        owner,
        name=told["name"],
        city=told["city"],
        zone=told["zone"],
        contact=told["contact"],
        about=told["about"],
        retention_days=story["session"]["retention_days"],
        rubric_id=rubric.id if rubric else None,
        is_demo=True,
        now_ms=now_ms,
    )
    return made.id


def plan_of(conn: Connection, owner: str, story: dict[str, Any], *, admit: bool) -> InterviewPlan:
    """The story's plan over the account's own question and rubric."""
    question = questions.find_by_key(conn, owner, story["session"]["question"])
    rubric = rubrics.find_by_key(conn, owner, story["session"]["rubric"])
    plan = story["plan"]
    return InterviewPlan(
        stages=tuple(StagePlan(StageId(s["id"]), s["name"], s["minutes"]) for s in plan["stages"]),
        questions=(question.id,) if question else (),
        rubric=rubric.id if rubric else None,
        languages=tuple(plan["languages_allowed"]),
        language=plan["language"],
        admit=admit,
    )


def finished_start_ms(story: dict[str, Any], now_ms: int) -> int:
    """When the finished interview began: the last weekday before today (UTC), at the story's local time."""
    day = datetime.fromtimestamp(now_ms / 1000, UTC).date() - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    local = story["session"]["start_local"]
    clock = datetime.strptime(local["time"], "%H:%M").time()  # noqa: DTZ007 - a wall clock; the zone follows
    return schedule.moment(day, clock, local["zone"])


def finished(conn: Connection, owner: Account, story: dict[str, Any], start_ms: int) -> Interview:
    """The row of the interview that the story tells."""
    people = {p["role"]: p for p in story["people"].values()}
    return interviews.create(
        conn,
        owner.id,
        client_id=client_of(conn, owner.id, story, start_ms),
        candidate_name=people["candidate"]["name"],
        candidate_zone=people["candidate"]["zone"],
        role_title=story["session"]["role"],
        level=story["session"]["level"],
        starts_at_ms=start_ms,
        zone=owner.zone,
        plan=plan_of(conn, owner.id, story, admit=True),
        lead_name=people["lead"]["name"],
        retention_days=story["session"]["retention_days"],
        is_demo=True,
        now_ms=start_ms - DAY_MS,
    )


def ready(
    conn: Connection,
    owner: Account,
    story: dict[str, Any],
    now_ms: int,
    *,
    admit: bool,
    candidate: str,
) -> Interview:
    """An interview that can be held now, with a pretend candidate."""
    return interviews.create(
        conn,
        owner.id,
        client_id=client_of(conn, owner.id, story, now_ms),
        candidate_name=candidate,
        candidate_zone=next(
            p["zone"] for p in story["people"].values() if p["role"] == "candidate"
        ),
        role_title=story["session"]["role"],
        level=story["session"]["level"],
        starts_at_ms=-(-now_ms // QUARTER_MS) * QUARTER_MS,
        zone=owner.zone,
        plan=plan_of(conn, owner.id, story, admit=admit),
        lead_name=owner.name,
        retention_days=story["session"]["retention_days"],
        is_demo=True,
        now_ms=now_ms,
    )


def link(conn: Connection, store: Store, member: Member, settings: Settings, now_ms: int) -> str:
    """A fresh link of the member, as an address."""
    token = links.issue(
        conn,
        store.link_key,
        member.owner_id,
        member.interview_id,
        member.id,
        expires_at_ms=now_ms + LINK_DAYS * DAY_MS,
        now_ms=now_ms,
    )
    if (
        member.role == "candidate"
        and links.current_for(conn, member.owner_id, member.id, "privacy") is None
    ):
        links.issue(
            conn,
            store.link_key,
            member.owner_id,
            member.interview_id,
            member.id,
            expires_at_ms=now_ms + LINK_DAYS * DAY_MS,
            now_ms=now_ms,
            purpose="privacy",
        )
    return f"{settings.public_url}/join/{token}"


def members_of(conn: Connection, interview: Interview) -> dict[str, Member]:
    """By role; of several with one role the first."""
    found: dict[str, Member] = {}
    for member in members.list_for(conn, interview.owner_id, interview.id):
        found.setdefault(member.role, member)
    return found
