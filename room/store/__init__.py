"""Rows: what Room keeps in its database, one module a noun.

Enters: a connection of `engine.Store`, always with the owner whose rows are meant. Leaves: frozen records, never database rows.
`load_...` raises `NotFound`, `find_...` returns None; somebody else's row is not found, not forbidden.

SQLite in WAL mode is the embedded default; the text of the queries is neutral (SQLAlchemy Core), so PostgreSQL takes the same.
Every time is UTC milliseconds, with an IANA zone name beside it where a person meant a local time.

Never here: what a session decides (`room.session`), sockets, pages, Docker.
"""
