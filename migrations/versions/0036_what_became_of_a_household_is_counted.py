"""What became of a household without an interview is counted like its interview

The facts get it, and with them who is off the list by what was said. The sums are emptied and made again by the program
that comes with them (`commands/installation.py`), a commune at a time: what stands of what was said is the program's to
know and not a migration's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

KINDS = "'absent', 'refused', 'moved_away', 'died_out', 'split', 'merged', 'duplicate', 'not_found', 'test'"
ADDED = {
    "outcome_known": f"outcome IN ({KINDS})",
    "outcome_state_known": "outcome_state IN ('waiting', 'confirmed', 'sent_back')",
    "said": "(outcome IS NULL) = (outcome_state IS NULL)",
    "listed_or_said": "state IS NOT NULL OR outcome IS NOT NULL",
}


def upgrade() -> None:
    with op.batch_alter_table("household_fact") as batch:
        batch.alter_column("state", existing_type=sa.String(16), nullable=True)
        batch.add_column(sa.Column("outcome", sa.String(16)))
        batch.add_column(sa.Column("outcome_state", sa.String(16)))
        for name, condition in ADDED.items():
            batch.create_check_constraint(op.f(f"ck_household_fact_{name}"), condition)
    op.execute("DELETE FROM place_tally")


def downgrade() -> None:
    op.execute("DELETE FROM place_tally")
    op.execute("DELETE FROM household_fact WHERE state IS NULL")
    with op.batch_alter_table("household_fact") as batch:
        for name in ADDED:
            batch.drop_constraint(op.f(f"ck_household_fact_{name}"), type_="check")
        batch.alter_column("state", existing_type=sa.String(16), nullable=False)
        batch.drop_column("outcome_state")
        batch.drop_column("outcome")
