"""The interviewer's side of things: accounts, questions as plans and tests, times in several zones, invitations, calendars.

Enters: rows of `room.store` and what people typed. Leaves: records, sentences and texts for pages, messages and
calendars; and the plan that a session begins with. `schedule`, `names` and `shorthand` are pure.

Never here: pages and cookies (`room.web`), sockets, running code, what happens inside a session.
"""
