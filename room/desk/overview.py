"""Interviews as the desk lists them: the next one, the days to come, and what is past."""

from collections.abc import Callable, Iterable
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
    opened: str
    """``Maya opened the link at 09:31.`` or what else is known of the candidate's coming."""
    is_waiting: bool
    needs_answer: bool
    """The candidate asked for something."""


class Overview(msgspec.Struct, frozen=True):
    """The whole desk."""

    next: Row | None
    days: list[tuple[str, list[Row]]]
    past: list[Row]
    due: list[Row]
    """Held, and not reported yet."""
    last_before: Interview | None
    """The latest past one, to name its day when nothing is planned."""


def overview(conn: Connection, account: Account, now_ms: int, open_state: OpenState) -> Overview:
    """The account's desk at this moment."""
    rows = rows_of(conn, account, interviews.list_for(conn, account.id), now_ms, open_state)
    coming = [row for row in rows if row.interview.is_before or row.interview.state == "live"]
    later = coming[1:]
    days = [
        (heading, list(group)) for heading, group in groupby(later, key=lambda row: row.heading)
    ]
    past = [row for row in reversed(rows) if row not in coming]
    due = [
        row
        for row in past
        if row.interview.state in {"ended", "scored"} and not row.interview.is_demo
    ]
    return Overview(
        next=coming[0] if coming else None,
        days=days,
        past=past,
        due=sorted(due, key=lambda row: row.interview.ended_at_ms or 0),
        last_before=past[0].interview if past else None,
    )


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
    if is_waiting:
        return f"{candidate.first_name} is waiting", "acc"
    if not one.plan.questions:
        return "Question not set", "bad"
    if one.state == "confirmed":
        return "Confirmed", ""
    if opened_ms is None and one.starts_at_ms - now_ms < NOT_OPENED_MS:
        return "Link not opened", "line"
    return {"draft": "Not invited yet", "invited": "Invited"}.get(
        one.state, "Link opened"
    ), "line" if one.state == "draft" else ""
