"""The journal of sessions, keyframes, and the sessions' sealed keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002_journal"
down_revision = "0001_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_keys",
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name="fk_session_keys_interview_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name="fk_session_keys_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("interview_id", name="pk_session_keys"),
    )
    op.create_index("ix_session_keys_owner_id", "session_keys", ["owner_id"])
    op.create_table(
        "journal",
        sa.Column("session_id", sa.String(28), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["interviews.id"], name="fk_journal_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_journal"),
    )
    op.create_table(
        "keyframes",
        sa.Column("session_id", sa.String(28), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["interviews.id"], name="fk_keyframes_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_keyframes"),
    )
    op.create_index("ix_keyframes_session_id_at_ms", "keyframes", ["session_id", "at_ms"])


def downgrade() -> None:
    op.drop_table("keyframes")
    op.drop_table("journal")
    op.drop_table("session_keys")
