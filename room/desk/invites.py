"""What is sent to people: the message with the link, and the calendar entry."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import msgspec

from room.desk import schedule
from room.session import disclosure
from room.store import interviews, links, members
from room.store.engine import Connection
from room.store.interviews import Interview
from room.store.members import Member

OPENS_BEFORE_MS = 30 * 60_000
"""A candidate can come in so long before the planned start."""

LINK_DAYS = 14
"""A link to a room works so long after the planned end."""

RATER_LINK_DAYS = 60


class Invitation(msgspec.Struct, frozen=True):
    """What the sentences of a message are made of."""

    interview: Interview
    client_name: str
    lead_name: str
    link: str
    """The whole address."""
    own_zone: str


def join_address(public_url: str, token: str) -> str:
    return f"{public_url}/join/{token}"


def privacy_address(public_url: str, token: str) -> str:
    return f"{public_url}/privacy/{token}"


def link_expires_at_ms(interview: Interview, role: str) -> int:
    """When a link of this role stops: it stays a while after the planned end, so that its page can say what became of it."""
    days = RATER_LINK_DAYS if role == "rater" else LINK_DAYS
    return interview.ends_at_ms + days * schedule.DAY_MS


def issue_link(
    conn: Connection, key: bytes, interview: Interview, member: Member, now_ms: int
) -> str:
    """A fresh link for a member; the token. Links from before keep working unless they are revoked."""
    expires_at_ms = max(link_expires_at_ms(interview, member.role), now_ms + schedule.DAY_MS)
    return links.issue(
        conn,
        key,
        interview.owner_id,
        interview.id,
        member.id,
        expires_at_ms=expires_at_ms,
        now_ms=now_ms,
    )


def issue_first_links(
    conn: Connection, key: bytes, interview: Interview, now_ms: int
) -> dict[str, str]:
    """The links that every interview has: one a member, and the candidate's to what is kept; member id → join token."""
    tokens = {}
    for member in members.list_for(conn, interview.owner_id, interview.id):
        tokens[member.id] = issue_link(conn, key, interview, member, now_ms)
        if member.role == "candidate":
            links.issue(
                conn,
                key,
                interview.owner_id,
                interview.id,
                member.id,
                expires_at_ms=interview.delete_at_ms,
                now_ms=now_ms,
                purpose="privacy",
            )
    return tokens


def replace_link(
    conn: Connection, key: bytes, interview: Interview, member: Member, now_ms: int
) -> str:
    """Another link for the same person; the old ones and the cookies that they gave stop at once."""
    links.revoke_all(conn, interview.owner_id, member.id, now_ms)
    members.end_sessions(conn, interview.owner_id, member.id)
    return issue_link(conn, key, interview, member, now_ms)


def switch_off_link(conn: Connection, interview: Interview, member: Member, now_ms: int) -> None:
    """No link of this person works any more, nor do the cookies that they gave."""
    links.revoke_all(conn, interview.owner_id, member.id, now_ms)
    members.end_sessions(conn, interview.owner_id, member.id)


def move(conn: Connection, interview: Interview, starts_at_ms: int) -> Interview:
    """Hold it at another time. The links stay and the calendar entry is the same one, changed."""
    moved = msgspec.structs.replace(
        interview,
        starts_at_ms=starts_at_ms,
        moved_from_ms=interview.starts_at_ms,
        sequence=interview.sequence + 1,
    )
    interviews.save(conn, moved)
    for member in members.list_for(conn, moved.owner_id, moved.id):
        links.extend_for(
            conn, moved.owner_id, member.id, link_expires_at_ms(moved, member.role), purpose="join"
        )
        links.extend_for(conn, moved.owner_id, member.id, moved.delete_at_ms, purpose="privacy")
    return moved


def message(invitation: Invitation) -> str:
    """The whole invitation to a candidate, to be pasted into a mail: time in both zones, link, call, recording, practice."""
    one, zone = invitation.interview, invitation.interview.candidate_zone
    first = one.candidate_name.split(" ")[0]
    talk = (
        f"For sound and picture we use this call: {one.call_link}"
        if one.call_link
        else "For sound and picture I send you a call link separately."
    )
    early = OPENS_BEFORE_MS // schedule.MINUTE_MS
    return "\n".join(
        (
            f"Hello {first},",
            "",
            f"your interview for {one.role_title} at {invitation.client_name} is with {invitation.lead_name}.",
            "",
            f"When: {_both_times(invitation)}",
            f"Where: {invitation.link}",
            "The link is yours alone. It opens the page where we write code together. No account, nothing to install.",
            talk,
            "",
            f"How the time is planned: {_stages(one)}",
            "",
            "What is recorded, from the moment I start the clock:",
            *(f"- {sentence}" for sentence in disclosure.sentences(one.plan.signals)),
            "",
            "What is not recorded:",
            *(f"- {sentence}" for sentence in disclosure.NOT_RECORDED),
            "",
            f"Everything is deleted on {schedule.date_in_words(one.delete_at_ms, zone)}, or sooner if you ask for it.",
            "If you do not want to be recorded, say so on the page before you enter, or answer this message.",
            "",
            "To practise: open the link whenever you like. The page checks your connection, the code runner and your browser.",
            f"You can come in {early} minutes before the start and try the editor. Nothing is recorded before the start.",
            "",
            invitation.lead_name,
            "",
        )
    )


def _both_times(invitation: Invitation) -> str:
    """``Tuesday 24 November 2026, 11:00 to 11:55 (your time, Helsinki; 10:00 in Madrid)``."""
    one, theirs, own = (
        invitation.interview,
        invitation.interview.candidate_zone,
        invitation.own_zone,
    )
    at = one.starts_at_ms
    is_same = schedule.local(at, theirs).utcoffset() == schedule.local(at, own).utcoffset()
    beside = (
        "" if is_same else f"; {schedule.clock_beside(at, own, theirs)} in {schedule.city(own)}"
    )
    return (
        f"{schedule.day(at, theirs)} {schedule.local(at, theirs).year}, {schedule.clock(at, theirs)} to "
        f"{schedule.clock(one.ends_at_ms, theirs)} (your time, {schedule.city(theirs)}{beside})"
    )


def _stages(interview: Interview) -> str:
    return ", ".join(f"{stage.title} {stage.minutes} min" for stage in interview.plan.timed)


def calendar(
    invitation: Invitation, *, zone: str, now_ms: int, organizer_email: str, for_candidate: bool
) -> bytes:
    """The interview as an iCalendar file (RFC 5545), in the zone of the one who takes it.

    UID stays when it is moved or cancelled and SEQUENCE rises, so that calendars change their entry and make no second one.
    """
    one = invitation.interview
    is_cancelled = one.state == "cancelled"
    start = datetime.fromtimestamp(one.starts_at_ms / 1000, ZoneInfo(zone))
    event = icalendar.Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", datetime.fromtimestamp(now_ms / 1000, UTC).replace(microsecond=0))
    event.add("dtstart", start)
    event.add(
        "dtend", (start.astimezone(UTC) + timedelta(minutes=one.minutes)).astimezone(ZoneInfo(zone))
    )
    who = invitation.lead_name if for_candidate else one.candidate_name
    event.add("summary", f"Interview: {one.role_title} ({invitation.client_name}), with {who}")
    lines = [f"Room: {invitation.link}"] + ([f"Call: {one.call_link}"] if one.call_link else [])
    event.add("description", "\n".join(lines))
    event.add("url", invitation.link)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("organizer", f"mailto:{organizer_email}", parameters={"CN": invitation.lead_name})
    calendar_file = icalendar.Calendar()
    calendar_file.add("prodid", "-//Room//Interviews//EN")
    calendar_file.add("version", "2.0")
    calendar_file.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    calendar_file.add_component(event)
    calendar_file.add_missing_timezones()
    return bytes(calendar_file.to_ical())
