"""Members: the people of an interview, with the role that their link gives them, and the cookies that they entered with."""

from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from room.session.ids import new_id
from room.store import tokens
from room.store.engine import NotFound
from room.store.schema import metadata, owner_column, time_column

ROLES = ("lead", "interviewer", "observer", "candidate", "rater")
"""A rater (second rater) is never in the room: scores later, from the replay."""

_COLOURS = {"lead": "plum", "candidate": "blue"}
_MORE_COLOURS = ("olive", "blue", "plum")

members = Table(
    "members",
    metadata,
    Column("id", String(28), primary_key=True),
    owner_column(),
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("role", String(12), nullable=False),
    Column("name", String(200), nullable=False),
    Column("colour", String(12), nullable=False),
    time_column("entered_at_ms"),
    time_column("agreed_at_ms"),
    time_column("declined_at_ms"),
    time_column("created_at_ms"),
)

member_sessions = Table(
    "member_sessions",
    metadata,
    Column("cookie_hash", String(64), primary_key=True),
    owner_column(),
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column(
        "member_id",
        String(28),
        ForeignKey("members.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("csrf", String(32), nullable=False),
    Column(
        "web_session_hash",
        String(64),
        ForeignKey("web_sessions.cookie_hash", ondelete="CASCADE"),
        nullable=True,
        index=True,
    ),
    time_column("created_at_ms", nullable=False),
    time_column("expires_at_ms", nullable=False),
)


class Member(msgspec.Struct, frozen=True):
    """A person in an interview."""

    id: str
    owner_id: str
    interview_id: str
    role: str
    name: str
    """Empty until a guest has given one."""
    colour: str
    entered_at_ms: int | None
    """The first time that they came in from the lobby."""
    agreed_at_ms: int | None
    """When they ticked that they have read what is recorded."""
    declined_at_ms: int | None
    """When they said that they do not want to be recorded."""
    created_at_ms: int | None

    @property
    def first_name(self) -> str:
        """What they are called in sentences."""
        return self.name.split(" ")[0]


class MemberSession(msgspec.Struct, frozen=True):
    """A browser that came in as a member."""

    cookie_hash: str
    owner_id: str
    interview_id: str
    member_id: str
    csrf: str
    web_session_hash: str | None
    """The sign-in that it depends on: the owner's own way into the room ends with it."""
    created_at_ms: int
    expires_at_ms: int


def _member(row: Row[Any]) -> Member:
    return Member(**row._asdict())


def add(
    conn: Connection,
    owner_id: str,
    interview_id: str,
    *,
    role: str,
    name: str,
    now_ms: int | None = None,
) -> Member:
    """Give somebody a place in the interview; the third and later people take turns with the colours."""
    if role not in ROLES:
        raise ValueError(f"no role {role!r}")
    others = len(list_for(conn, owner_id, interview_id)) - 2
    member = Member(
        id=new_id("m"),
        owner_id=owner_id,
        interview_id=interview_id,
        role=role,
        name=name,
        colour=_COLOURS.get(role) or _MORE_COLOURS[max(0, others) % len(_MORE_COLOURS)],
        entered_at_ms=None,
        agreed_at_ms=None,
        declined_at_ms=None,
        created_at_ms=now_ms,
    )
    conn.execute(insert(members).values(msgspec.structs.asdict(member)))
    return member


def load(conn: Connection, owner_id: str, member_id: str) -> Member:
    """Raises NotFound."""
    query = select(members).where(members.c.owner_id == owner_id, members.c.id == member_id)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFound(member_id)
    return _member(row)


def list_for(conn: Connection, owner_id: str, interview_id: str) -> list[Member]:
    """The people of an interview: lead, candidate, then the others as they were added."""
    query = select(members).where(
        members.c.owner_id == owner_id, members.c.interview_id == interview_id
    )
    first = {"lead": 0, "candidate": 1}
    found = [_member(row) for row in conn.execute(query)]
    return sorted(found, key=lambda m: (first.get(m.role, 2), m.created_at_ms or 0, m.id))


def lead_of(conn: Connection, owner_id: str, interview_id: str) -> Member:
    """Raises NotFound."""
    return _with_role(conn, owner_id, interview_id, "lead")


def candidate_of(conn: Connection, owner_id: str, interview_id: str) -> Member:
    """Raises NotFound."""
    return _with_role(conn, owner_id, interview_id, "candidate")


def _with_role(conn: Connection, owner_id: str, interview_id: str, role: str) -> Member:
    for member in list_for(conn, owner_id, interview_id):
        if member.role == role:
            return member
    raise NotFound(interview_id)


def rename(conn: Connection, owner_id: str, member_id: str, name: str) -> None:
    conn.execute(
        update(members)
        .where(members.c.owner_id == owner_id, members.c.id == member_id)
        .values(name=name)
    )


def note_agreed(conn: Connection, owner_id: str, member_id: str, now_ms: int) -> None:
    """They ticked the box and came in; a refusal from before is taken back by it."""
    mine = (members.c.owner_id == owner_id) & (members.c.id == member_id)
    conn.execute(update(members).where(mine).values(agreed_at_ms=now_ms, declined_at_ms=None))
    conn.execute(
        update(members).where(mine, members.c.entered_at_ms.is_(None)).values(entered_at_ms=now_ms)
    )


def note_declined(conn: Connection, owner_id: str, member_id: str, now_ms: int) -> None:
    mine = (members.c.owner_id == owner_id) & (members.c.id == member_id)
    conn.execute(update(members).where(mine).values(declined_at_ms=now_ms, agreed_at_ms=None))


def remove(conn: Connection, owner_id: str, member_id: str) -> None:
    """Take the place away, with links and cookies. For people who have not been in the session."""
    conn.execute(delete(members).where(members.c.owner_id == owner_id, members.c.id == member_id))


def start_session(
    conn: Connection,
    member: Member,
    *,
    now_ms: int,
    expires_at_ms: int,
    web_session_hash: str | None = None,
) -> str:
    """Let a browser in as this member; the cookie's value. The cookie is named ``room_<member id>``."""
    cookie = tokens.new_secret()
    conn.execute(
        insert(member_sessions).values(
            cookie_hash=tokens.hashed(cookie),
            owner_id=member.owner_id,
            interview_id=member.interview_id,
            member_id=member.id,
            csrf=tokens.new_secret(),
            web_session_hash=web_session_hash,
            created_at_ms=now_ms,
            expires_at_ms=expires_at_ms,
        )
    )
    return cookie


def find_session(
    conn: Connection, member_id: str, cookie: str, now_ms: int
) -> tuple[Member, MemberSession] | None:
    """The member and session of a cookie, unless it has ended; a cookie opens no other member's door."""
    query = select(member_sessions).where(
        member_sessions.c.cookie_hash == tokens.hashed(cookie),
        member_sessions.c.member_id == member_id,
        member_sessions.c.expires_at_ms > now_ms,
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    session = MemberSession(**row._asdict())
    return load(conn, session.owner_id, session.member_id), session


def end_sessions(conn: Connection, owner_id: str, member_id: str) -> None:
    """Every browser that came in as this member is out."""
    conn.execute(
        delete(member_sessions).where(
            member_sessions.c.owner_id == owner_id, member_sessions.c.member_id == member_id
        )
    )


def sessions_of_sign_in(
    conn: Connection, owner_id: str, web_session_hash: str
) -> list[MemberSession]:
    """The ways into rooms that hang on a sign-in, to close their sockets when it ends."""
    query = select(member_sessions).where(
        member_sessions.c.owner_id == owner_id,
        member_sessions.c.web_session_hash == web_session_hash,
    )
    return [MemberSession(**row._asdict()) for row in conn.execute(query)]
