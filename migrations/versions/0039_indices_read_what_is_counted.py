"""Indices are made of what is counted of each household, and whom an indicator asks about is counted too; a digest of
what an interview was judged to be tells exports whether it is as it was

The sums are emptied and made again by the program that comes with them (`commands/installation.py`), as by 0036.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("household_fact") as batch:
        batch.add_column(sa.Column("asked", sa.String(12)))
        batch.add_column(sa.Column("standard", sa.String(40)))
        batch.add_column(sa.Column("deprived_count", sa.Integer()))
        batch.add_column(sa.Column("digest", sa.String(16)))
        batch.create_check_constraint(op.f("ck_household_fact_twelve_asked"), "length(asked) = 12")
    op.execute("DELETE FROM place_tally")


def downgrade() -> None:
    op.execute("DELETE FROM place_tally")
    with op.batch_alter_table("household_fact") as batch:
        batch.drop_constraint(op.f("ck_household_fact_twelve_asked"), type_="check")
        batch.drop_column("digest")
        batch.drop_column("deprived_count")
        batch.drop_column("standard")
        batch.drop_column("asked")
