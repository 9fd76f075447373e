"""The desk: accounts and sign-ins, clients, questions, rubrics, interviews, members, links and requests."""

import sqlalchemy as sa
from alembic import op

revision = "0001_desk"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "throttle",
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_throttle")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("city", sa.String(200), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("about", sa.String(2000), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("rubric_id", sa.String(28), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_clients_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_index(op.f("ix_clients_owner_id"), "clients", ["owner_id"])
    op.create_table(
        "questions",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_questions_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint(
            "owner_id", "key", "version", name=op.f("uq_questions_owner_id_key_version")
        ),
    )
    op.create_index(op.f("ix_questions_owner_id"), "questions", ["owner_id"])
    op.create_table(
        "rubrics",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_rubrics_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubrics")),
        sa.UniqueConstraint(
            "owner_id", "key", "version", name=op.f("uq_rubrics_owner_id_key_version")
        ),
    )
    op.create_index(op.f("ix_rubrics_owner_id"), "rubrics", ["owner_id"])
    op.create_table(
        "web_sessions",
        sa.Column("cookie_hash", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("csrf", sa.String(32), nullable=False),
        sa.Column("browser", sa.String(200), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_web_sessions_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cookie_hash", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_owner_id"), "web_sessions", ["owner_id"])
    op.create_table(
        "interviews",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("client_id", sa.String(28), nullable=False),
        sa.Column("candidate_name", sa.String(200), nullable=False),
        sa.Column("candidate_zone", sa.String(64), nullable=False),
        sa.Column("role_title", sa.String(200), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("starts_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("call_link", sa.String(2000), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("cut_short", sa.Boolean(), nullable=False),
        sa.Column("no_show", sa.String(12), nullable=True),
        sa.Column("waited_ms", sa.Integer(), nullable=True),
        sa.Column("moved_from_ms", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.String(100), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_interviews_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_interviews_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interviews")),
        sa.UniqueConstraint("uid", name=op.f("uq_interviews_uid")),
    )
    op.create_index(op.f("ix_interviews_owner_id"), "interviews", ["owner_id"])
    op.create_table(
        "members",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("colour", sa.String(12), nullable=False),
        sa.Column("entered_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("agreed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("declined_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_members_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_members_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_interview_id"), "members", ["interview_id"])
    op.create_index(op.f("ix_members_owner_id"), "members", ["owner_id"])
    op.create_table(
        "links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("member_id", sa.String(28), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_opened_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_links_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_links_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_links_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_links")),
        sa.UniqueConstraint("id", name=op.f("uq_links_id")),
    )
    op.create_index(op.f("ix_links_interview_id"), "links", ["interview_id"])
    op.create_index(op.f("ix_links_member_id"), "links", ["member_id"])
    op.create_index(op.f("ix_links_owner_id"), "links", ["owner_id"])
    op.create_table(
        "member_sessions",
        sa.Column("cookie_hash", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("member_id", sa.String(28), nullable=False),
        sa.Column("csrf", sa.String(32), nullable=False),
        sa.Column("web_session_hash", sa.String(64), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_member_sessions_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_member_sessions_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_member_sessions_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["web_session_hash"],
            ["web_sessions.cookie_hash"],
            name=op.f("fk_member_sessions_web_session_hash"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cookie_hash", name=op.f("pk_member_sessions")),
    )
    op.create_index(op.f("ix_member_sessions_interview_id"), "member_sessions", ["interview_id"])
    op.create_index(op.f("ix_member_sessions_member_id"), "member_sessions", ["member_id"])
    op.create_index(op.f("ix_member_sessions_owner_id"), "member_sessions", ["owner_id"])
    op.create_index(
        op.f("ix_member_sessions_web_session_hash"), "member_sessions", ["web_session_hash"]
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.String(28), nullable=False),
        sa.Column("owner_id", sa.String(28), nullable=False),
        sa.Column("interview_id", sa.String(28), nullable=False),
        sa.Column("member_id", sa.String(28), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("done_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interview_id"],
            ["interviews.id"],
            name=op.f("fk_requests_interview_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_requests_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_requests_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_interview_id"), "requests", ["interview_id"])
    op.create_index(op.f("ix_requests_owner_id"), "requests", ["owner_id"])


def downgrade() -> None:
    op.drop_table("requests")
    op.drop_table("member_sessions")
    op.drop_table("links")
    op.drop_table("members")
    op.drop_table("interviews")
    op.drop_table("web_sessions")
    op.drop_table("rubrics")
    op.drop_table("questions")
    op.drop_table("clients")
    op.drop_table("throttle")
    op.drop_table("accounts")
