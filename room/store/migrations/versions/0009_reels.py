"""Reels: recordings in the form in which they are looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0009_reels"
down_revision = "0008_amendments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reels",
        sa.Column("session_id", sa.String(28), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["interviews.id"],
            name=op.f("fk_reels_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "part", name=op.f("pk_reels")),
    )


def downgrade() -> None:
    op.drop_table("reels")
