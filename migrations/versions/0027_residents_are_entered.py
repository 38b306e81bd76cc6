"""How many households and persons live in a place is entered by one, confirmed by another

What official poverty rates divide by. Both tables are only ever added to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "resident_count",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(36), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("kinh_households", sa.Integer(), nullable=True),
        sa.Column("dtts_households", sa.Integer(), nullable=True),
        sa.Column("kinh_persons", sa.Integer(), nullable=True),
        sa.Column("dtts_persons", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("resident_count", "status_known", "status IN ('published', 'recorded', 'estimated', 'register')"),
        check("resident_count", "from_one", "seq >= 1"),
        check("resident_count", "somebody_in_each", "households >= 0 AND persons >= households"),
        check("resident_count", "both_households", "(kinh_households IS NULL) = (dtts_households IS NULL)"),
        check("resident_count", "both_persons", "(kinh_persons IS NULL) = (dtts_persons IS NULL)"),
        check("resident_count", "households_counted", "kinh_households >= 0 AND dtts_households >= 0"),
        check("resident_count", "persons_counted", "kinh_persons >= 0 AND dtts_persons >= 0"),
        check("resident_count", "households_within", "kinh_households + dtts_households <= households"),
        check("resident_count", "persons_within", "kinh_persons + dtts_persons <= persons"),
        check("resident_count", "persons_of_all", "persons IS NOT NULL OR kinh_persons IS NULL"),
        check("resident_count", "sourced", "trim(source) <> ''"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_resident_count_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_resident_count_place_id")),
        sa.PrimaryKeyConstraint("place_id", "seq", name=op.f("pk_resident_count")),
        sa.UniqueConstraint("place_id", "seq", "account_id", name=op.f("uq_resident_count_place_id_seq_account_id")),
    )
    op.create_index("ix_resident_count_act", "resident_count", ["act"], unique=False)
    op.create_table(
        "resident_step",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entered_by", sa.String(36), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("resident_step", "action_known", "action IN ('confirm', 'refuse', 'withdraw', 'revoke')"),
        check("resident_step", "two_at_most", "number IN (1, 2)"),
        check("resident_step", "revoked_last", "(action = 'revoke') = (number = 2)"),
        check("resident_step", "by_another", "number = 2 OR (action = 'withdraw') = (account_id = entered_by)"),
        check("resident_step", "reasoned", "action = 'confirm' OR trim(reason) <> ''"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_resident_step_account_id")),
        sa.ForeignKeyConstraint(
            ["place_id", "seq", "entered_by"],
            ["resident_count.place_id", "resident_count.seq", "resident_count.account_id"],
            name=op.f("fk_resident_step_place_id_seq_entered_by"),
        ),
        sa.PrimaryKeyConstraint("place_id", "seq", "number", name=op.f("pk_resident_step")),
    )


def downgrade() -> None:
    op.drop_table("resident_step")
    op.drop_table("resident_count")
