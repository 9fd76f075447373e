"""Interviews: planned conversations, what was agreed about them, and where they stand."""

from typing import Any, Literal

import msgspec
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from room.session.events import StagePlan
from room.session.ids import new_id
from room.store import members
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

DAY_MS = 24 * 3600 * 1000

State = Literal[
    "draft",
    "invited",
    "opened",
    "confirmed",
    "live",
    "ended",
    "scored",
    "reported",
    "cancelled",
    "no_show",
    "deleted",
]

BEFORE: frozenset[State] = frozenset({"draft", "invited", "opened", "confirmed"})
"""States in which the interview is still to come; they follow each other in this order."""

_ORDER: tuple[State, ...] = ("draft", "invited", "opened", "confirmed")

interviews = Table(
    "interviews",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column("client_id", String(28), ForeignKey("clients.id"), nullable=False),
    Column("candidate_name", String(200), nullable=False),
    Column("candidate_zone", String(64), nullable=False),
    Column("role_title", String(200), nullable=False),
    Column("level", String(20), nullable=False),
    time_column("starts_at_ms", nullable=False),
    Column("zone", String(64), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("call_link", String(2000), nullable=False),
    Column("state", String(12), nullable=False),
    time_column("started_at_ms"),
    time_column("ended_at_ms"),
    time_column("closed_at_ms"),
    Column("cut_short", Boolean, nullable=False),
    Column("no_show", String(12), nullable=True),
    Column("waited_ms", Integer, nullable=True),
    time_column("moved_from_ms"),
    Column("uid", String(100), nullable=False, unique=True),
    Column("sequence", Integer, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    time_column("created_at_ms", nullable=False),
)


class Care(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the candidate needs to show what they can. The lead alone sees it; it is applied without a word on any shared
    screen, and no event, replay, report or export holds it.
    """

    extra_percent: int = 0
    """More time in every stage."""
    larger_type: bool = False
    reduced_motion: bool = False


class InterviewPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the interview is made of. Kept as JSON with its row."""

    stages: tuple[StagePlan, ...]
    questions: tuple[str, ...] = ()
    """Row ids, in the order in which they are asked."""
    rubric: str | None = None
    """Row id."""
    languages: tuple[str, ...] = ("python", "javascript")
    language: str = "python"
    """The one that the room starts with."""
    signals: tuple[str, ...] = ("paste",)
    """Kinds of fair-play signal that are recorded, and told in the lobby."""
    admit: bool = True
    """Whether the candidate waits in the lobby until the lead lets them in."""

    care: Care = Care()

    @property
    def timed(self) -> tuple[StagePlan, ...]:
        """The stages as everybody sees them, extra time included."""
        more = 100 + self.care.extra_percent
        return tuple(
            msgspec.structs.replace(stage, minutes=-(-stage.minutes * more // 100))
            for stage in self.stages
        )

    @property
    def minutes(self) -> int:
        return sum(stage.minutes for stage in self.timed)


class Interview(msgspec.Struct, frozen=True, kw_only=True):
    """One planned conversation; its id is its session's id."""

    id: str
    owner_id: str
    client_id: str
    candidate_name: str
    candidate_zone: str
    role_title: str
    level: str
    """junior, mid, senior or empty."""
    starts_at_ms: int
    zone: str
    """The interviewer's zone when it was planned."""
    minutes: int
    plan: InterviewPlan
    call_link: str
    state: State
    started_at_ms: int | None
    ended_at_ms: int | None
    closed_at_ms: int | None
    cut_short: bool
    no_show: str | None
    """Whose: ``candidate`` or ``interviewer``."""
    waited_ms: int | None
    """How long the one who came has waited, known from the joins."""
    moved_from_ms: int | None
    """The time before the last move."""
    uid: str
    """The calendar's UID; it stays when the interview is moved."""
    sequence: int
    """The calendar's SEQUENCE; it rises with every change that calendars must take."""
    retention_days: int
    is_demo: bool
    created_at_ms: int

    @property
    def ends_at_ms(self) -> int:
        """The planned end."""
        return self.starts_at_ms + self.minutes * 60_000

    @property
    def is_before(self) -> bool:
        """Whether it can still be held, moved or cancelled."""
        return self.state in BEFORE

    @property
    def is_over(self) -> bool:
        """Whether it was held to its end."""
        return self.state in {"ended", "scored", "reported"}

    @property
    def delete_at_ms(self) -> int:
        """When everything about it is deleted: the retention counts from the end, else from the planned end."""
        return (self.ended_at_ms or self.ends_at_ms) + self.retention_days * DAY_MS


def _interview(row: Row[Any]) -> Interview:
    # Column names are a subclass of str, which msgspec does not take for keys.
    return msgspec.convert({str(name): value for name, value in row._asdict().items()}, Interview)


def _is(owner_id: str, interview_id: str) -> ColumnElement[bool]:
    return (interviews.c.owner_id == owner_id) & (interviews.c.id == interview_id)


def create(
    conn: Connection,
    owner_id: str,
    *,
    client_id: str,
    candidate_name: str,
    candidate_zone: str,
    role_title: str,
    starts_at_ms: int,
    zone: str,
    plan: InterviewPlan,
    lead_name: str,
    now_ms: int,
    level: str = "",
    call_link: str = "",
    retention_days: int = 90,
    is_demo: bool = False,
) -> Interview:
    """Add an interview with its two first members, the lead and the candidate. Links are issued by `links.issue`."""
    identity = new_id("i")
    interview = Interview(
        id=identity,
        owner_id=owner_id,
        client_id=client_id,
        candidate_name=candidate_name,
        candidate_zone=candidate_zone,
        role_title=role_title,
        level=level,
        starts_at_ms=starts_at_ms,
        zone=zone,
        minutes=plan.minutes,
        plan=plan,
        call_link=call_link,
        state="draft",
        started_at_ms=None,
        ended_at_ms=None,
        closed_at_ms=None,
        cut_short=False,
        no_show=None,
        waited_ms=None,
        moved_from_ms=None,
        uid=f"{identity}@room",
        sequence=0,
        retention_days=retention_days,
        is_demo=is_demo,
        created_at_ms=now_ms,
    )
    insert_again(conn, interview, lead_name=lead_name)
    return interview


def insert_again(conn: Connection, interview: Interview, *, lead_name: str) -> None:
    """Write the row of a record that has none, with a lead and a candidate."""
    conn.execute(insert(interviews).values(msgspec.to_builtins(interview)))
    members.add(conn, interview.owner_id, interview.id, role="lead", name=lead_name)
    members.add(
        conn, interview.owner_id, interview.id, role="candidate", name=interview.candidate_name
    )


def list_unfinished_promises(conn: Connection) -> list[Interview]:
    """Interviews of all accounts that will have to be deleted and are not live now."""
    query = select(interviews).where(interviews.c.state.not_in(["live", "deleted"]))
    return [_interview(row) for row in conn.execute(query)]


def load(conn: Connection, owner_id: str, interview_id: str) -> Interview:
    """Raises NotFound."""
    row = conn.execute(select(interviews).where(_is(owner_id, interview_id))).one_or_none()
    if row is None:
        raise NotFound(interview_id)
    return _interview(row)


def list_for(conn: Connection, owner_id: str) -> list[Interview]:
    """All of an account, by their time."""
    query = (
        select(interviews)
        .where(interviews.c.owner_id == owner_id)
        .order_by(interviews.c.starts_at_ms, interviews.c.id)
    )
    return [_interview(row) for row in conn.execute(query)]


def save(conn: Connection, interview: Interview) -> None:
    """Write a changed record over its row."""
    conn.execute(
        update(interviews)
        .where(_is(interview.owner_id, interview.id))
        .values(msgspec.to_builtins(interview))
    )


def advance(conn: Connection, owner_id: str, interview_id: str, to: State) -> None:
    """Go on to a later state before the start (invited, opened, confirmed); never back, and never out of another state."""
    earlier = _ORDER[: _ORDER.index(to)]
    conn.execute(
        update(interviews)
        .where(_is(owner_id, interview_id), interviews.c.state.in_(earlier))
        .values(state=to)
    )


def set_state(conn: Connection, owner_id: str, interview_id: str, state: State) -> None:
    conn.execute(update(interviews).where(_is(owner_id, interview_id)).values(state=state))


def mark_started(conn: Connection, owner_id: str, interview_id: str, started_at_ms: int) -> None:
    """The room's Start."""
    conn.execute(
        update(interviews)
        .where(_is(owner_id, interview_id))
        .values(state="live", started_at_ms=started_at_ms, ended_at_ms=None)
    )


def mark_ended(
    conn: Connection, owner_id: str, interview_id: str, ended_at_ms: int, *, cut_short: bool
) -> None:
    """The room's end."""
    conn.execute(
        update(interviews)
        .where(_is(owner_id, interview_id))
        .values(state="ended", ended_at_ms=ended_at_ms, cut_short=cut_short)
    )


def mark_reopened(conn: Connection, owner_id: str, interview_id: str) -> None:
    """The end was undone."""
    conn.execute(
        update(interviews)
        .where(_is(owner_id, interview_id))
        .values(state="live", ended_at_ms=None, cut_short=False)
    )


def mark_closed(conn: Connection, owner_id: str, interview_id: str, closed_at_ms: int) -> None:
    """The journal has closed."""
    conn.execute(
        update(interviews).where(_is(owner_id, interview_id)).values(closed_at_ms=closed_at_ms)
    )


def not_closed(conn: Connection) -> list[str]:
    """Interviews of all owners that have ended and whose journals are still open, for the server's own start."""
    ended = (interviews.c.ended_at_ms.is_not(None)) & (interviews.c.closed_at_ms.is_(None))
    return list(conn.execute(select(interviews.c.id).where(ended)).scalars())


def owner_of(conn: Connection, interview_id: str) -> str | None:
    """Whose interview it is, for the room, which is reached by a member's cookie and not by an account."""
    return conn.execute(
        select(interviews.c.owner_id).where(interviews.c.id == interview_id)
    ).scalar_one_or_none()


def delete_interview(conn: Connection, owner_id: str, interview_id: str) -> None:
    """Remove an interview and everything that hangs on it; foreign keys cascade."""
    conn.execute(delete(interviews).where(_is(owner_id, interview_id)))


def delete_demo(conn: Connection, owner_id: str) -> list[str]:
    """Remove all demo interviews; their ids."""
    mine = (interviews.c.owner_id == owner_id) & interviews.c.is_demo
    ids = list(conn.execute(select(interviews.c.id).where(mine)).scalars())
    conn.execute(delete(interviews).where(mine))
    return ids
