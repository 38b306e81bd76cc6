"""Whether somebody able to work has steady work is counted of each household

The sums are emptied and made again by the program that comes with them (`commands/installation.py`), as by 0036.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("household_fact") as batch:
        batch.add_column(sa.Column("work", sa.String(1)))
        batch.create_check_constraint(op.f("ck_household_fact_work_known"), "work IN ('1', '0', '-')")
    op.execute("DELETE FROM place_tally")


def downgrade() -> None:
    op.execute("DELETE FROM place_tally")
    with op.batch_alter_table("household_fact") as batch:
        batch.drop_constraint(op.f("ck_household_fact_work_known"), type_="check")
        batch.drop_column("work")
