"""What the lobby says: whether one can come in now, and the words for each role and each state. Pure."""

from collections.abc import Collection
from typing import Literal

import msgspec

from room.desk import schedule
from room.desk.invites import OPENS_BEFORE_MS
from room.session import disclosure
from room.session.state import SessionState
from room.store.interviews import Interview
from room.store.members import Member

Door = Literal["early", "open", "ended", "cancelled", "missed"]

LATE_MS = 60_000

SHORT = ("What you type and run", "Chat in the room", "When people join or leave")
WITH_PASTES = ("What you type, paste and run", *SHORT[1:])
SHORT_SIGNALS = {
    "leave": "When this page is not in front",
    "idle": "When nothing is typed for two minutes",
}
NOT_SHORT = ("No camera or microphone", "No screen or other tabs", "No score made by a machine")


class Disclosure(msgspec.Struct, frozen=True):
    """What is recorded, at a glance and in full. The full lists are one press away wherever the short ones are shown."""

    short: tuple[str, ...]
    full: tuple[str, ...]
    not_short: tuple[str, ...] = NOT_SHORT
    not_full: tuple[str, ...] = disclosure.NOT_RECORDED


def disclosed(signals: Collection[str]) -> Disclosure:
    """What a plan with these signals records. A signal about the person is never left to the full list."""
    named = tuple(words for signal, words in SHORT_SIGNALS.items() if signal in signals)
    usual = WITH_PASTES if "paste" in signals else SHORT
    return Disclosure(short=(*usual, *named), full=tuple(disclosure.sentences(signals)))


class Lobby(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences of one person's lobby."""

    door: Door
    title: str
    lead: str
    """The paragraph under the title."""
    notice: str
    """A change or delay that must not be missed; empty: none."""
    presence: str
    """Who is there already; empty: nothing worth saying."""
    button: str


def door_of(interview: Interview, role: str, now_ms: int) -> Door:
    """Whether this role can come in. Interviewers prepare whenever they like; the others half an hour before."""
    match interview.state:
        case "cancelled":
            return "cancelled"
        case "no_show":
            return "missed"
        case "ended" | "scored" | "reported" | "deleted":
            return "open" if role == "rater" else "ended"
    if role == "rater":
        return "early"
    if role in {"lead", "interviewer"} or interview.state == "live":
        return "open"
    return "open" if now_ms >= interview.starts_at_ms - OPENS_BEFORE_MS else "early"


def lobby(
    interview: Interview,
    member: Member,
    lead: Member,
    client_name: str,
    *,
    now_ms: int,
    live: SessionState | None,
    viewer_zone: str,
) -> Lobby:
    """Everything the lobby says to this member; times are in ``viewer_zone``."""
    door = door_of(interview, member.role, now_ms)
    at = schedule.clock(interview.starts_at_ms, viewer_zone)
    return Lobby(
        door=door,
        title=_title(interview, member, door, at, viewer_zone, now_ms),
        lead=_lead(interview, member, lead, client_name, door),
        notice=_notice(interview, member, door, viewer_zone, now_ms),
        presence=_presence(member, lead, live) if door == "open" else "",
        button=_BUTTONS.get(member.role, "Enter the room"),
    )


_BUTTONS = {"rater": "Open the replay", "lead": "Open the room", "interviewer": "Open the room"}


def _title(
    interview: Interview, member: Member, door: Door, at: str, zone: str, now_ms: int
) -> str:
    hello = f"Hello {member.first_name}, " if member.name else "Hello, "
    whose = (
        "your interview"
        if member.role == "candidate"
        else f"the interview with {interview.candidate_name}"
    )
    match door:
        case "ended":
            return f"{hello}{whose} is over"
        case "cancelled":
            return f"{hello}{whose} was cancelled"
        case "missed":
            return f"{hello}{whose} did not take place"
    if member.role == "rater":
        return f"{hello}you are asked for a second view"
    is_today = (
        schedule.local(interview.starts_at_ms, zone).date() == schedule.local(now_ms, zone).date()
    )
    when = f"at {at}" if is_today else f"on {schedule.day(interview.starts_at_ms, zone)} at {at}"
    return f"{hello}{whose} is {when}"


def _lead(interview: Interview, member: Member, lead: Member, client_name: str, door: Door) -> str:
    if door == "ended":
        return f"{lead.name} held it for {client_name}."
    match member.role:
        case "candidate":
            return f"You will write code with {lead.name} for {client_name}. No account, nothing to install."
        case "observer":
            return (
                f"{lead.name} interviews {interview.candidate_name} for {client_name}. You see what they see. You cannot type, "
                "run or write to the chat, and everybody sees that you are there."
            )
        case "interviewer":
            return (
                f"You interview {interview.candidate_name} for {client_name} together with {lead.name}. Notes, guide and marked "
                "moments are shared between you and stay private."
            )
        case "rater":
            return (
                f"{lead.name} interviewed {interview.candidate_name} for {client_name}. You watch the replay and fill in a "
                "scorecard of your own. You see the other one when both are in."
            )
        case _:
            return (
                f"You interview {interview.candidate_name} for {client_name}. Nobody sees you prepare; "
                "you let the candidate in when you are ready."
            )


def _notice(interview: Interview, member: Member, door: Door, zone: str, now_ms: int) -> str:
    first = member.first_name
    if door in {"cancelled", "missed"} and member.role == "candidate":
        return "Ask the person who invited you what comes next."
    if member.role == "rater" and door == "early":
        return "The interview has not been held yet. This page opens when it is over."
    if door == "early":
        moved = _moved(interview, zone)
        opens = f"The room opens {OPENS_BEFORE_MS // schedule.MINUTE_MS} minutes before."
        return f"{moved} {opens}".strip()
    if door == "open" and member.role == "candidate" and first:
        late_ms = now_ms - interview.starts_at_ms
        if late_ms >= LATE_MS:
            minutes = schedule.minutes_in_words(late_ms)
            if late_ms < 3 * schedule.HOUR_MS:
                return f"It started {minutes} ago. Come straight in."
            return f"It was planned for {schedule.day(interview.starts_at_ms, zone)}. You can still come in."
        return _moved(interview, zone)
    return ""


def _moved(interview: Interview, zone: str) -> str:
    if interview.moved_from_ms is None or interview.moved_from_ms == interview.starts_at_ms:
        return ""
    day = schedule.day(interview.starts_at_ms, zone)
    return f"Moved to {day} {schedule.clock(interview.starts_at_ms, zone)}, your time."


def _presence(member: Member, lead: Member, live: SessionState | None) -> str:
    if member.role not in {"candidate", "observer", "interviewer"}:
        return ""
    is_there = live is not None and any(
        str(key) == lead.id and one.present for key, one in live.members.items()
    )
    first = lead.first_name
    return (
        f"{first} is there." if is_there else f"{first} is not here yet. You can come in and wait."
    )
