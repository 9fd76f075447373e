"""Who a member of a room is and what the role may do."""

from enum import StrEnum


class Role(StrEnum):
    LEAD = "lead"
    INTERVIEWER = "interviewer"
    OBSERVER = "observer"
    CANDIDATE = "candidate"


INTERVIEWERS = frozenset({Role.LEAD, Role.INTERVIEWER})
"""The private side: notes, pins, guide, hidden tests and hidden parts are theirs alone."""

EDITORS = frozenset({Role.LEAD, Role.INTERVIEWER, Role.CANDIDATE})
"""Who may change the document and run it; observers are silent."""
