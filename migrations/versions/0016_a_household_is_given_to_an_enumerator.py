"""A household is given to an enumerator"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "household_assignment",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_household_assignment_commune_id_household_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_household_assignment_account_id")),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_household_assignment_by")),
        sa.PrimaryKeyConstraint("commune_id", "seq", name=op.f("pk_household_assignment")),
    )
    op.create_index(
        "ix_household_assignment_household", "household_assignment", ["commune_id", "household_id", "seq"], unique=False
    )


def downgrade() -> None:
    """Who visits whom is forgotten; villages stay as they were assigned."""
    op.drop_index("ix_household_assignment_household", table_name="household_assignment")
    op.drop_table("household_assignment")
