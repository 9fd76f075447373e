"""Deleting as promised: when an interview's time is over, everything about it goes but its date."""

import msgspec

from room.session.ids import InterviewId
from room.store import interviews, shares
from room.store.engine import Connection
from room.store.interviews import Interview, InterviewPlan
from room.store.sealing import Seals

DELETED = "Deleted"


def erase(conn: Connection, seals: Seals, interview: Interview) -> None:
    """Destroy the session's key and remove all rows that hang on the interview; a shell with its date stays.

    Names, notes, scorecards and reports go with their rows. Of a report's link so much stays that whoever follows it is told
    of the deletion. What backups still hold of the recording cannot be read without the key.
    """
    links = shares.list_for(conn, interview.owner_id, interview.id)
    seals.destroy(conn, InterviewId(interview.id))
    interviews.delete_interview(conn, interview.owner_id, interview.id)
    shell = msgspec.structs.replace(
        interview,
        candidate_name=DELETED,
        call_link="",
        plan=InterviewPlan(stages=interview.plan.stages),
        state="deleted",
        no_show=None,
        waited_ms=None,
    )
    interviews.insert_again(conn, shell, lead_name=DELETED)
    for link in links:
        shares.insert_shell(conn, link)


def due(conn: Connection, now_ms: int) -> list[Interview]:
    """Interviews of all accounts whose promised day has come; a live one waits for its end."""
    return [one for one in interviews.list_unfinished_promises(conn) if one.delete_at_ms <= now_ms]
