"""A household without an interview has an outcome"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = "'absent', 'refused', 'moved_away', 'died_out', 'split', 'merged', 'duplicate', 'not_found', 'test'"
HELD = (
    "'unknown_form', 'unknown_household', 'outside_area', 'round_closed', 'round_cancelled', 'id_reused', "
    "'bad_answers', 'bad_shape', 'too_large', 'future_date', 'doubtful_date', 'server_clock', 'outside_standard', "
    "'already_accepted', 'two_interviews', 'revoked'"
)
ACTIONS = "'confirm', 'send_back', 'take_back'"


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "household_outcome",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=True),
        sa.Column("round_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("said_at", sa.String(length=40), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_skew_seconds", sa.Integer(), nullable=True),
        sa.Column("held_for", sa.String(length=32), nullable=True),
        check("household_outcome", "kind_known", f"kind IN ({KINDS})"),
        check("household_outcome", "held_for_known", f"held_for IN ({HELD})"),
        check(
            "household_outcome",
            "whole_or_held",
            "held_for IS NOT NULL OR (kind IS NOT NULL AND household_id IS NOT NULL AND round_id IS NOT NULL)",
        ),
        refers("household_outcome", "commune_id", "place.id"),
        refers("household_outcome", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_household_outcome")),
        sa.UniqueConstraint(
            "commune_id", "entry_id", "content_hash",
            name=op.f("uq_household_outcome_commune_id_entry_id_content_hash"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_household_outcome_entry_id"), "household_outcome", ["entry_id"], unique=False)
    op.create_index(
        "ix_household_outcome_household", "household_outcome", ["commune_id", "round_id", "household_id"], unique=False
    )
    op.create_table(
        "outcome_decision",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("outcome_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=True),
        check("outcome_decision", "action_known", f"action IN ({ACTIONS})"),
        check("outcome_decision", "from_one", "seq >= 1"),
        check("outcome_decision", "reasoned", "action = 'confirm' OR trim(reason) <> ''"),
        check("outcome_decision", "act_of_confirmation", "action = 'confirm' OR event_seq IS NULL"),
        refers("outcome_decision", "account_id", "account.id"),
        sa.ForeignKeyConstraint(
            ["commune_id", "outcome_id"],
            ["household_outcome.commune_id", "household_outcome.id"],
            name=op.f("fk_outcome_decision_commune_id_outcome_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "event_seq"],
            ["register_event.commune_id", "register_event.seq"],
            name=op.f("fk_outcome_decision_commune_id_event_seq"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "outcome_id", "seq", name=op.f("pk_outcome_decision")),
    )


def downgrade() -> None:
    """Only while nobody said an outcome: the older tables have no place for it."""
    op.drop_table("outcome_decision")
    op.drop_index("ix_household_outcome_household", table_name="household_outcome")
    op.drop_index(op.f("ix_household_outcome_entry_id"), table_name="household_outcome")
    op.drop_table("household_outcome")
