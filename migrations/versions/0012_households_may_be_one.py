"""Households that may be one: what a search found, what a person said"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _pair() -> list[sa.Column]:
    return [
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=False),
    ]


def _constraints(table: str) -> list[sa.schema.Constraint]:
    return [
        sa.CheckConstraint("household_id <> other_id", name=op.f(f"ck_{table}_two_households")),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f(f"fk_{table}_commune_id_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["other_commune_id", "other_id"],
            ["household.commune_id", "household.id"],
            name=op.f(f"fk_{table}_other_commune_id_other_id"),
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "alike",
        *_pair(),
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("other_commune_id", sa.String(length=16), nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("persons", sa.Text(), nullable=False),
        sa.Column("compared", sa.String(length=64), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        *_constraints("alike"),
        sa.PrimaryKeyConstraint("household_id", "other_id", name=op.f("pk_alike")),
    )
    op.create_index("ix_alike_commune", "alike", ["commune_id"])
    op.create_index("ix_alike_other_commune", "alike", ["other_commune_id"])
    op.create_table(
        "alike_verdict",
        *_pair(),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("other_commune_id", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("compared", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_alike_verdict_from_one")),
        sa.CheckConstraint("verdict IN ('one', 'two', 'asked_again')", name=op.f("ck_alike_verdict_verdict_known")),
        *_constraints("alike_verdict"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_alike_verdict_account_id")),
        sa.PrimaryKeyConstraint("household_id", "other_id", "seq", name=op.f("pk_alike_verdict")),
    )


def downgrade() -> None:
    op.drop_table("alike_verdict")
    op.drop_index("ix_alike_other_commune", table_name="alike")
    op.drop_index("ix_alike_commune", table_name="alike")
    op.drop_table("alike")
