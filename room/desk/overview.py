"""Interviews as the desk lists them: the next one, the days to come, and what is past."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from room.desk import schedule
from room.session.state import SessionState
from room.store import clients, interviews, links, members, requests
from room.store.accounts import Account
from room.store.clients import Client
from room.store.engine import Connection
from room.store.interviews import Interview
from room.store.members import Member

NOT_OPENED_MS = 12 * schedule.HOUR_MS
"""A link that nobody has opened so shortly before the start is worth a word."""

LATE_MS = schedule.MINUTE_MS
"""Nobody is late before."""

OpenState = Callable[[str], SessionState | None]
"""The state of an interview's room while it is open."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One interview with everything that a list says of it."""

    interview: Interview
    client: Client
    client_place: str
    own_time: str
    candidate_time: str
    client_time: str
    heading: str
    """Of the day, in the own zone."""
    state: str
    tone: str
    """Class of the state's mark: empty, line, ok, acc or bad."""
    late: str
    """``8 minutes late`` when its time has come and nobody has started; ``Not held`` when its time is over."""
    opened: str
    """``Maya opened the link at 09:31.`` or what else is known of the candidate's coming."""
    is_waiting: bool
    needs_answer: bool
    """The candidate asked for something."""


class Overview(msgspec.Struct, frozen=True):
    """The whole desk."""

    next: Row | None
    """Who waits or is in the room; else the next real one whose time is not over; else the demo's."""
    days: list[tuple[str, list[Row]]]
    past: list[Row]
    last_before: Interview | None
    """The latest past one, to name its day when nothing is planned."""


def overview(conn: Connection, account: Account, now_ms: int, open_state: OpenState) -> Overview:
    """The account's desk at this moment."""
    rows = rows_of(conn, account, interviews.list_for(conn, account.id), now_ms, open_state)
    coming = [row for row in rows if row.interview.is_before or row.interview.state == "live"]
    first = next_of(coming, now_ms)
    later = [row for row in coming if row is not first]
    days = [
        (heading, list(group)) for heading, group in groupby(later, key=lambda row: row.heading)
    ]
    past = [row for row in reversed(rows) if row not in coming]
    return Overview(
        next=first, days=days, past=past, last_before=past[0].interview if past else None
    )


def next_of(coming: Sequence[Row], now_ms: int) -> Row | None:
    """The one that the desk shows first: what happens now, then what comes; a demo only when nothing real does."""
    real = [row for row in coming if not row.interview.is_demo]
    now = [row for row in real if row.is_waiting or row.interview.state == "live"]
    ahead = [
        row
        for row in (*real, *coming)
        if row.interview.state == "live" or row.interview.ends_at_ms > now_ms
    ]
    return next(iter((*now, *ahead)), None)


def rows_of(
    conn: Connection,
    account: Account,
    some: Iterable[Interview],
    now_ms: int,
    open_state: OpenState,
) -> list[Row]:
    """Rows for interviews of this account, in their order."""
    by_id = {client.id: client for client in clients.list_for(conn, account.id)}
    asking = requests.interviews_with_open(conn, account.id)
    return [
        _row(
            conn,
            account,
            one,
            by_id[one.client_id],
            now_ms,
            open_state(one.id),
            needs_answer=one.id in asking,
        )
        for one in some
    ]


def _row(
    conn: Connection,
    account: Account,
    one: Interview,
    client: Client,
    now_ms: int,
    live: SessionState | None,
    *,
    needs_answer: bool,
) -> Row:
    at, own = one.starts_at_ms, account.zone
    candidate = members.candidate_of(conn, account.id, one.id)
    is_waiting = is_waiting_in(live, candidate.id)
    link = links.current_for(conn, account.id, candidate.id)
    opened_ms = link.last_opened_at_ms if link else None
    state, tone = state_words(one, candidate, now_ms, is_waiting=is_waiting, opened_ms=opened_ms)
    return Row(
        interview=one,
        client=client,
        client_place=client.city or schedule.city(client.zone),
        own_time=schedule.clock(at, own),
        candidate_time=schedule.clock_beside(at, one.candidate_zone, own),
        client_time=schedule.clock_beside(at, client.zone, own),
        heading=schedule.day_heading(at, own, now_ms),
        state=state,
        tone=tone,
        late=late_words(one, now_ms),
        opened=coming_words(candidate, opened_ms, own, now_ms, is_waiting=is_waiting),
        is_waiting=is_waiting,
        needs_answer=needs_answer,
    )


def is_waiting_in(live: SessionState | None, member_id: str) -> bool:
    """Whether somebody agreed in the lobby and waits to be let in."""
    return live is not None and any(
        str(member) == member_id and state.admission == "waiting"
        for member, state in live.members.items()
    )


def coming_words(
    candidate: Member, opened_ms: int | None, zone: str, now_ms: int, *, is_waiting: bool
) -> str:
    """What is known of the candidate's coming, as a sentence."""
    first = candidate.first_name
    if candidate.declined_at_ms is not None:
        return f"{first} does not want to be recorded."
    if is_waiting:
        return f"{first} is waiting."
    if opened_ms is not None:
        return f"{first} opened the link {schedule.opened_at(opened_ms, zone, now_ms)}."
    return f"{first} has not opened the link yet."


def late_words(one: Interview, now_ms: int) -> str:
    """That nobody has started though the time has come; empty before that, and for a demo, which waits for nobody."""
    late_ms = now_ms - one.starts_at_ms
    if not one.is_before or one.is_demo or late_ms < LATE_MS:
        return ""
    if now_ms >= one.ends_at_ms:
        return "Not held"
    return f"{schedule.minutes_in_words(late_ms)} late"


def state_words(
    one: Interview, candidate: Member, now_ms: int, *, is_waiting: bool, opened_ms: int | None
) -> tuple[str, str]:
    """The state in words, and the tone of its mark."""
    match one.state:
        case "live":
            return "Live", "acc"
        case "ended":
            return ("Cut short" if one.cut_short else "To score"), ""
        case "scored":
            return "Scored", ""
        case "reported":
            return "Reported", ""
        case "cancelled":
            return "Cancelled", "line"
        case "deleted":
            return "Deleted", "line"
        case "no_show":
            return ("You did not come" if one.no_show == "interviewer" else "Did not come"), "line"
    if candidate.declined_at_ms is not None:
        return "No recording wanted", "bad"
    late = late_words(one, now_ms)
    if is_waiting:
        return f"{candidate.first_name} is waiting", "bad" if late else "acc"
    if late:
        return late, "bad"
    if not one.plan.questions:
        return "Question not set", "bad"
    if one.state == "confirmed":
        return "Confirmed", ""
    if opened_ms is None and one.starts_at_ms - now_ms < NOT_OPENED_MS:
        return "Link not opened", "line"
    return {"draft": "Not invited yet", "invited": "Invited"}.get(
        one.state, "Link opened"
    ), "line" if one.state == "draft" else ""
