"""Packed blocks of journals."""

import sqlalchemy as sa
from alembic import op

revision = "0006_recordings"
down_revision = "0005_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_segments",
        sa.Column("session_id", sa.String(28), nullable=False),
        sa.Column("first_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["interviews.id"],
            name=op.f("fk_journal_segments_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "first_seq", name=op.f("pk_journal_segments")),
    )


def downgrade() -> None:
    op.drop_table("journal_segments")
