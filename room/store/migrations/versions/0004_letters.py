"""Letters to candidates."""

import sqlalchemy as sa
from alembic import op

revision = "0004_letters"
down_revision = "0003_scoring"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letters",
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("shown_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_letters_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_letters_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_letters")),
    )
    op.create_index(op.f("ix_letters_owner_id"), "letters", ["owner_id"])


def downgrade() -> None:
    op.drop_table("letters")
