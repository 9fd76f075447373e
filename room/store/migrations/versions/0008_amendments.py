"""What a rater made of a moment after the interview: other words, another competency, withdrawn, brought back."""

import sqlalchemy as sa
from alembic import op

revision = "0008_amendments"
down_revision = "0007_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "amendments",
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_amendments_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_amendments_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("interview_id", "number", name=op.f("pk_amendments")),
    )
    op.create_index(op.f("ix_amendments_owner_id"), "amendments", ["owner_id"])


def downgrade() -> None:
    op.drop_table("amendments")
