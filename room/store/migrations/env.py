"""Alembic's entry: it runs on the connection and in the transaction that `room.store.migrate` brings."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
