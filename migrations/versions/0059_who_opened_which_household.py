"""Who opened which household is written down"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "household_opening",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("household_id", sa.String(36), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_household_opening_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_opening")),
    )
    op.create_index(op.f("ix_household_opening_at"), "household_opening", ["at"])
    op.create_index("ix_household_opening_household", "household_opening", ["household_id", "at"])
    op.create_index("ix_household_opening_account", "household_opening", ["account_id", "at"])


def downgrade() -> None:
    op.drop_table("household_opening")
