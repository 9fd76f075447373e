"""Signatures of reports, passcodes and blind reading of links, and what a client wants of its reports."""

import sqlalchemy as sa
from alembic import op

revision = "0005_reports"
down_revision = "0004_letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reports") as table:
        table.add_column(sa.Column("key_id", sa.String(64), nullable=True))
        table.add_column(sa.Column("signature", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("shares") as table:
        table.add_column(sa.Column("passcode_hash", sa.String(200), nullable=True))
        table.add_column(
            sa.Column("blind", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_table(
        "report_terms",
        sa.Column("client_id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("colour", sa.String(7), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("allows_letters", sa.Boolean(), nullable=False),
        sa.Column("watches_groups", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name=op.f("fk_report_terms_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_report_terms_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_report_terms")),
    )
    op.create_index(op.f("ix_report_terms_owner_id"), "report_terms", ["owner_id"])


def downgrade() -> None:
    op.drop_table("report_terms")
    with op.batch_alter_table("shares") as table:
        table.drop_column("blind")
        table.drop_column("passcode_hash")
    with op.batch_alter_table("reports") as table:
        table.drop_column("signature")
        table.drop_column("key_id")
