"""From wishes to rows: an interview with its people and links, and what may become of it before and after."""

import msgspec

from room.desk import invites, schedule
from room.desk.schedule import Slot
from room.store import clients, interviews, links, members
from room.store.accounts import Account
from room.store.clients import Client
from room.store.engine import Connection
from room.store.interviews import Interview, InterviewPlan


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A new interview, checked."""

    client: Client
    candidate_name: str
    candidate_zone: str
    role_title: str
    level: str
    starts_at_ms: int
    plan: InterviewPlan
    call_link: str


def book(
    conn: Connection, key: bytes, account: Account, wish: Wish, now_ms: int
) -> tuple[Interview, str]:
    """Make the interview with its links; it and the candidate's join token. ``key`` is the store's ``link_key``."""
    interview = interviews.create(
        conn,
        account.id,
        client_id=wish.client.id,
        candidate_name=wish.candidate_name,
        candidate_zone=wish.candidate_zone,
        role_title=wish.role_title,
        level=wish.level,
        starts_at_ms=wish.starts_at_ms,
        zone=account.zone,
        plan=wish.plan,
        call_link=wish.call_link,
        retention_days=wish.client.retention_days,
        lead_name=account.name,
        now_ms=now_ms,
    )
    tokens = invites.issue_first_links(conn, key, interview, now_ms)
    candidate = members.candidate_of(conn, account.id, interview.id)
    return interview, tokens[candidate.id]


def notes_on_time(
    conn: Connection,
    account: Account,
    *,
    starts_at_ms: int,
    minutes: int,
    candidate_zone: str,
    client: Client | None,
    except_for: str = "",
) -> list[str]:
    """Clashes, night hours and clock changes; notes, not blocks."""
    others = [
        Slot(one.starts_at_ms, one.minutes, one.candidate_name)
        for one in interviews.list_for(conn, account.id)
        if (one.is_before or one.state == "live") and one.id != except_for and not one.is_demo
    ]
    notes = schedule.clashes(Slot(starts_at_ms, minutes, ""), others, account.zone)
    places = [(account.zone, ""), (candidate_zone, "")] + (
        [(client.zone, client.city)] if client else []
    )
    seen: set[str] = set()
    for zone, place in places:
        note = schedule.night_note(starts_at_ms, zone, place)
        if note and zone not in seen:
            notes.append(note)
        seen.add(zone)
    elsewhere = [(zone, place) for zone, place in places[1:] if zone != account.zone]
    notes += schedule.clock_change_notes(starts_at_ms, account.zone, elsewhere)
    if schedule.is_twice(starts_at_ms, account.zone):
        notes.append(
            f"{schedule.clock(starts_at_ms, account.zone)} comes twice that night; the first one is meant."
        )
    return notes


def times_in_words(
    starts_at_ms: int, own_zone: str, candidate: str, candidate_zone: str, client: Client | None
) -> str:
    """``15:30 for Elena and you, 09:30 for the client in Boston.``"""
    mine = schedule.clock(starts_at_ms, own_zone)
    theirs = schedule.clock_beside(starts_at_ms, candidate_zone, own_zone)
    first = candidate.partition(" ")[0] or "the candidate"
    words = (
        f"{mine} for {first} and you" if mine == theirs else f"{mine} for you, {theirs} for {first}"
    )
    if client is not None:
        clients_time = schedule.clock_beside(starts_at_ms, client.zone, own_zone)
        words += f", {clients_time} for the client in {client.city or schedule.city(client.zone)}"
    return words + "."


def cancel(conn: Connection, interview: Interview) -> Interview:
    """It will not be held; its calendar entry is cancelled and its links say so."""
    cancelled = msgspec.structs.replace(
        interview, state="cancelled", sequence=interview.sequence + 1
    )
    interviews.save(conn, cancelled)
    return cancelled


def note_no_show(
    conn: Connection, interview: Interview, whose: str, now_ms: int, came_ms: int | None
) -> Interview:
    """Somebody did not come. The wait counts from the later of the planned start and the other's coming.

    ``came_ms`` is when the other one first came; None: nobody came. No scorecard is due then.
    """
    waited_ms = (
        max(0, now_ms - max(came_ms, interview.starts_at_ms)) if came_ms is not None else None
    )
    noted = msgspec.structs.replace(interview, state="no_show", no_show=whose, waited_ms=waited_ms)
    interviews.save(conn, noted)
    return noted


def revive(conn: Connection, interview: Interview) -> Interview:
    """Take a cancellation or a no-show back: it is planned again."""
    planned = msgspec.structs.replace(
        interview, state="invited", no_show=None, waited_ms=None, sequence=interview.sequence + 1
    )
    interviews.save(conn, planned)
    return planned


def remove_demo(conn: Connection, owner_id: str) -> list[str]:
    """Remove the demo's interviews and clients; the ids of its interviews, whose keys the caller destroys."""
    removed = interviews.delete_demo(conn, owner_id)
    used = {one.client_id for one in interviews.list_for(conn, owner_id)}
    for client in clients.list_for(conn, owner_id):
        if client.is_demo and client.id not in used:
            clients.delete(conn, owner_id, client.id)
    return removed


def privacy_token(conn: Connection, key: bytes, interview: Interview) -> str | None:
    """The token of the candidate's data page; None: that link is switched off."""
    candidate = members.candidate_of(conn, interview.owner_id, interview.id)
    link = links.current_for(conn, interview.owner_id, candidate.id, "privacy")
    return links.token_of(link, key) if link is not None and link.revoked_at_ms is None else None
