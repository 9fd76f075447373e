"""The live room: one writer a room, sockets around it.

Enters: frames of the y-websocket wire and room messages from members' sockets, commands from the web pages and from the
room's own effects. Leaves: the same wire to the members, each within what they may see, and rows of the journal.

One asyncio task per open room reads one bounded inbox; nothing else changes the document or the session's state. An edit is
validated and applied, relayed at once, and acknowledged when it is on disk. Every other fact is on disk before it is told.

Never here: pages, accounts, Docker, SQL beyond the journal's functions, questions' content (it comes in by ``content``).
"""
