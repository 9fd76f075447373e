"""Recordings from other sites."""

import sqlalchemy as sa
from alembic import op

revision = "0007_imports"
down_revision = "0006_recordings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_recordings",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("sealed_head", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("imported_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_imported_recordings_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_recordings")),
    )
    op.create_index(op.f("ix_imported_recordings_owner_id"), "imported_recordings", ["owner_id"])


def downgrade() -> None:
    op.drop_table("imported_recordings")
