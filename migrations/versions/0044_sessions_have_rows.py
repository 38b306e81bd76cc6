"""Sessions, what phones call themselves, and the end of keys for Collect

Cookies of before are taken for 14 days from now on (`sessions_since`); a place that nobody works at yet has none. A key
for Collect that is there ends 30 days after the last round closed that is open in its commune, or 30 days from now.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    now = datetime.now(UTC)
    op.create_table(
        "session",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(64), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(16), nullable=True),
        sa.CheckConstraint("kind IN ('both', 'send', 'half')", name=op.f("ck_session_kind_known")),
        sa.CheckConstraint(
            "why IN ('signed_out', 'ended', 'replaced', 'password', 'time')", name=op.f("ck_session_why_known")
        ),
        sa.CheckConstraint("ends > made", name=op.f("ck_session_forward")),
        sa.CheckConstraint("(ended IS NULL) = (why IS NULL)", name=op.f("ck_session_ended_why")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    with op.batch_alter_table("device") as batch:
        batch.add_column(sa.Column("reported_by", sa.String(64), nullable=True))
    with op.batch_alter_table("collect_token") as batch:
        batch.add_column(sa.Column("epoch", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("round_id", sa.String(36), nullable=True))
        batch.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    _end_keys(now + timedelta(days=30))
    with op.batch_alter_table("collect_token") as batch:
        batch.alter_column("epoch", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(op.f("fk_collect_token_round_id"), "round", ["round_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_collect_token_has_an_end"), "(round_id IS NULL) = (expires_at IS NOT NULL)"
        )
    _remember(now)


def _end_keys(latest: datetime) -> None:
    op.execute(
        "UPDATE collect_token SET epoch = (SELECT a.session_epoch FROM account a WHERE a.id = collect_token.account_id)"
    )
    op.execute(
        "UPDATE collect_token SET round_id = (SELECT r.round_id FROM round_commune r JOIN account a"
        " ON a.place_id = r.commune_id WHERE a.id = collect_token.account_id AND r.state = 'open'"
        " ORDER BY r.closes_on DESC, r.round_id LIMIT 1)"
    )
    tokens = sa.table("collect_token", sa.column("round_id"), sa.column("expires_at", sa.DateTime(timezone=True)))
    op.execute(tokens.update().where(tokens.c.round_id.is_(None)).values(expires_at=latest))


def _remember(now: datetime) -> None:
    """Since when sessions are rows, where somebody may hold a cookie of before."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT id FROM account LIMIT 1")).first() is not None:
        state = sa.table("server_state", sa.column("key"), sa.column("value"))
        connection.execute(state.insert().values(key="sessions_since", value=now.isoformat()))


def downgrade() -> None:
    op.execute("DELETE FROM server_state WHERE key = 'sessions_since'")
    with op.batch_alter_table("collect_token") as batch:
        batch.drop_constraint(op.f("ck_collect_token_has_an_end"), type_="check")
        batch.drop_constraint(op.f("fk_collect_token_round_id"), type_="foreignkey")
        for name in ("expires_at", "round_id", "epoch"):
            batch.drop_column(name)
    with op.batch_alter_table("device") as batch:
        batch.drop_column("reported_by")
    op.drop_table("session")
