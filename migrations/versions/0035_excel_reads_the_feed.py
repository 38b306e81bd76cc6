"""Excel reads the feed with a key

Only the hash of a key is kept; a key ends with its day, its account's sessions, or at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_feed_key_{name}"))


def to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_feed_key_{column}"))


def upgrade() -> None:
    op.create_table(
        "feed_key",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("place_id", sa.String(16), nullable=True),
        sa.Column("sets", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(36), nullable=True),
        check("named", "trim(name) <> ''"),
        check("forward", "expires_at > made_at"),
        check("revoked_by_somebody", "(revoked_at IS NULL) = (revoked_by IS NULL)"),
        to("account_id", "account.id"),
        to("place_id", "place.id"),
        to("made_by", "account.id"),
        to("revoked_by", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feed_key_token_hash")),
    )
    op.create_index(op.f("ix_feed_key_account_id"), "feed_key", ["account_id"])


def downgrade() -> None:
    op.drop_table("feed_key")
