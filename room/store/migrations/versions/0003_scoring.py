"""Scorecards, reports, the links to them, and the moments that raters mark on a replay."""

import sqlalchemy as sa
from alembic import op

revision = "0003_scoring"
down_revision = "0002_journal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "annotations",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("member_id", sa.String(28), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_annotations_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_annotations_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_annotations_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index(op.f("ix_annotations_interview_id"), "annotations", ["interview_id"])
    op.create_index(op.f("ix_annotations_owner_id"), "annotations", ["owner_id"])
    op.create_table(
        "scorecards",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("member_id", sa.String(28), nullable=False),
        sa.Column("rubric_id", sa.String(28), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_scorecards_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_scorecards_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_scorecards_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rubric_id"], ["rubrics.id"], name=op.f("fk_scorecards_rubric_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecards")),
        sa.UniqueConstraint(
            "interview_id", "member_id", name=op.f("uq_scorecards_interview_id_member_id")
        ),
    )
    op.create_index(op.f("ix_scorecards_interview_id"), "scorecards", ["interview_id"])
    op.create_index(op.f("ix_scorecards_owner_id"), "scorecards", ["owner_id"])
    op.create_table(
        "scorecard_versions",
        sa.Column("scorecard_id", sa.String(28), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("saved_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_scorecard_versions_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["scorecard_id"],
            ["scorecards.id"],
            name=op.f("fk_scorecard_versions_scorecard_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scorecard_id", "version", name=op.f("pk_scorecard_versions")),
    )
    op.create_index(op.f("ix_scorecard_versions_owner_id"), "scorecard_versions", ["owner_id"])
    op.create_table(
        "scorecard_remarks",
        sa.Column("scorecard_id", sa.String(28), nullable=False),
        sa.Column("competency", sa.String(100), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_scorecard_remarks_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["scorecard_id"],
            ["scorecards.id"],
            name=op.f("fk_scorecard_remarks_scorecard_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scorecard_id", "competency", name=op.f("pk_scorecard_remarks")),
    )
    op.create_index(op.f("ix_scorecard_remarks_owner_id"), "scorecard_remarks", ["owner_id"])
    op.create_table(
        "report_drafts",
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_report_drafts_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_report_drafts_owner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_report_drafts")),
    )
    op.create_index(op.f("ix_report_drafts_owner_id"), "report_drafts", ["owner_id"])
    op.create_table(
        "reports",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signed_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_reports_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_reports_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint(
            "interview_id", "version", name=op.f("uq_reports_interview_id_version")
        ),
    )
    op.create_index(op.f("ix_reports_interview_id"), "reports", ["interview_id"])
    op.create_index(op.f("ix_reports_owner_id"), "reports", ["owner_id"])
    op.create_table(
        "shares",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("with_replay", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_shares_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_shares_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shares_token_hash")),
    )
    op.create_index(op.f("ix_shares_interview_id"), "shares", ["interview_id"])
    op.create_index(op.f("ix_shares_owner_id"), "shares", ["owner_id"])
    op.create_table(
        "share_openings",
        sa.Column("share_id", sa.String(28), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_share_openings_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["share_id"], ["shares.id"], name=op.f("fk_share_openings_share_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("share_id", "at_ms", name=op.f("pk_share_openings")),
    )
    op.create_index(op.f("ix_share_openings_owner_id"), "share_openings", ["owner_id"])
    op.create_table(
        "share_readers",
        sa.Column("cookie_hash", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("share_id", sa.String(28), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_share_readers_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["share_id"], ["shares.id"], name=op.f("fk_share_readers_share_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cookie_hash", name=op.f("pk_share_readers")),
    )
    op.create_index(op.f("ix_share_readers_owner_id"), "share_readers", ["owner_id"])
    op.create_index(op.f("ix_share_readers_share_id"), "share_readers", ["share_id"])


def downgrade() -> None:
    for table in (
        "share_readers",
        "share_openings",
        "shares",
        "reports",
        "report_drafts",
        "scorecard_remarks",
        "scorecard_versions",
        "scorecards",
        "annotations",
    ):
        op.drop_table(table)
