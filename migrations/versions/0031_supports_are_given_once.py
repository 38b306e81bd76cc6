"""Supports that were given are written down, and the same is given once

A support is only ever added, and taken back by a reversal. What a phone told is kept as it came. Who had which benefit
in which window is unique in a whole province; it is derived and made again as the register moves on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "support",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("act", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("project", sa.String(32), nullable=False),
        sa.Column("fund_id", sa.String(36), nullable=True),
        sa.Column("fund_seq", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.String(36), nullable=True),
        sa.Column("person_id", sa.String(64), nullable=True),
        sa.Column("worker_name", sa.String(120), nullable=True),
        sa.Column("worker_birth", sa.String(10), nullable=True),
        sa.Column("worker_number", sa.String(64), nullable=True),
        sa.Column("worker_place", sa.String(200), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("household_class", sa.String(16), nullable=True),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("exception", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("support", "household_class_known", "household_class IN ('ho_ngheo', 'ho_can_ngheo', 'khong_ngheo')"),
        check("support", "of_somebody", "(household_id IS NULL) = (worker_name IS NOT NULL)"),
        check("support", "origin_known", "origin IN ('desk', 'phone', 'list')"),
        check("support", "paid_amount", "fund_id IS NULL OR amount IS NOT NULL"),
        check("support", "paid_by_an_entry", "(fund_id IS NULL) = (fund_seq IS NULL)"),
        check("support", "person_of_household", "person_id IS NULL OR household_id IS NOT NULL"),
        check("support", "something", "amount > 0 AND quantity > 0"),
        check(
            "support",
            "worker_said",
            "worker_name IS NOT NULL OR (worker_birth IS NULL AND worker_number IS NULL AND worker_place IS NULL)",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_support_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_support_commune_id_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"],
            ["place.id"],
            name=op.f("fk_support_commune_id"),
        ),
        sa.ForeignKeyConstraint(
            ["fund_id", "fund_seq"],
            ["fund_entry.fund_id", "fund_entry.seq"],
            name=op.f("fk_support_fund_id_fund_seq"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_support_province_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_support")),
    )
    op.create_index("ix_support_act", "support", ["act"], unique=False)
    op.create_index("ix_support_given", "support", ["commune_id", "given_on"], unique=False)
    op.create_index("ix_support_household", "support", ["household_id"], unique=False)
    op.create_index("ix_support_person", "support", ["person_id"], unique=False)
    op.create_index("ix_support_worker", "support", ["worker_number"], unique=False)
    op.create_table(
        "support_reversal",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("support_id", sa.String(36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("support_reversal", "reasoned", "trim(reason) <> ''"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_support_reversal_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "support_id"],
            ["support.commune_id", "support.id"],
            name=op.f("fk_support_reversal_commune_id_support_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "support_id", name=op.f("pk_support_reversal")),
    )
    op.create_table(
        "support_entry",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("household_id", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(32), nullable=True),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("said_at", sa.String(40), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_for", sa.String(32), nullable=True),
        sa.Column("rule", sa.String(40), nullable=True),
        check(
            "support_entry",
            "held_for_known",
            "held_for IN ('unknown_form', 'unknown_household', 'outside_area', 'round_closed', 'round_cancelled', 'id_reused', 'bad_answers', 'bad_shape', 'too_large', 'future_date', 'doubtful_date', 'server_clock', 'outside_standard', 'already_accepted', 'two_interviews', 'revoked')",
        ),
        check("support_entry", "held_once", "held_for IS NULL OR rule IS NULL"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_support_entry_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"],
            ["place.id"],
            name=op.f("fk_support_entry_commune_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_support_entry")),
        sa.UniqueConstraint(
            "commune_id", "entry_id", "content_hash", name=op.f("uq_support_entry_commune_id_entry_id_content_hash")
        ),
    )
    op.create_index("ix_support_entry_account", "support_entry", ["account_id", "received_at"], unique=False)
    op.create_index("ix_support_entry_entry_id", "support_entry", ["entry_id"], unique=False)
    op.create_index("ix_support_entry_household", "support_entry", ["commune_id", "household_id"], unique=False)
    op.create_table(
        "support_answer",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("entry", sa.String(36), nullable=False),
        sa.Column("support_id", sa.String(36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("support_answer", "support_or_words", "(support_id IS NULL) = (trim(reason) <> '')"),
        check("support_answer", "words_of_somebody", "support_id IS NOT NULL OR account_id IS NOT NULL"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_support_answer_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "entry"],
            ["support_entry.commune_id", "support_entry.id"],
            name=op.f("fk_support_answer_commune_id_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "support_id"],
            ["support.commune_id", "support.id"],
            name=op.f("fk_support_answer_commune_id_support_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "entry", name=op.f("pk_support_answer")),
        sa.UniqueConstraint("commune_id", "support_id", name=op.f("uq_support_answer_commune_id_support_id")),
    )
    op.create_table(
        "support_claim",
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("benefit_group", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("window_key", sa.String(40), nullable=False),
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("support_id", sa.String(36), nullable=False),
        sa.Column("household_id", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(
            ["commune_id", "support_id"],
            ["support.commune_id", "support.id"],
            name=op.f("fk_support_claim_commune_id_support_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_support_claim_province_id"),
        ),
        sa.PrimaryKeyConstraint("province_id", "benefit_group", "subject", "window_key", name=op.f("pk_support_claim")),
    )
    op.create_index("ix_support_claim_household", "support_claim", ["household_id"], unique=False)
    op.create_index("ix_support_claim_support", "support_claim", ["commune_id", "support_id"], unique=False)


def downgrade() -> None:
    op.drop_table("support_claim")
    op.drop_table("support_answer")
    op.drop_table("support_entry")
    op.drop_table("support_reversal")
    op.drop_table("support")
