"""Scenarios of another standard are kept, and taken back

Both tables are only ever added to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scenario",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("trim(name) <> ''", name=op.f("ck_scenario_named")),
        sa.CheckConstraint("trim(note) <> ''", name=op.f("ck_scenario_sourced")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_scenario_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_scenario_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario")),
    )
    op.create_index("ix_scenario_place_id", "scenario", ["place_id"], unique=False)
    op.create_table(
        "scenario_withdrawal",
        sa.Column("scenario_id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_scenario_withdrawal_account_id")),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"], name=op.f("fk_scenario_withdrawal_scenario_id")),
        sa.PrimaryKeyConstraint("scenario_id", name=op.f("pk_scenario_withdrawal")),
    )


def downgrade() -> None:
    op.drop_table("scenario_withdrawal")
    op.drop_table("scenario")
