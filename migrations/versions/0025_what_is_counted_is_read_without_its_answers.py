"""What waits and what was found is counted and put in order without reading a single answer

A submission's status says of which round it is and when it came (the queue); the line of a household on a round's list
says what the interview that counts was judged to be (the desk's first page, the report).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WAITING, HOUSEHOLD = "ix_submission_status_waiting", "ix_submission_status_household"
COPIED = {"round_id": sa.String(64), "received_at": sa.DateTime(timezone=True)}
SUBMISSION = sa.table("submission", *map(sa.column, ("commune_id", "id", *COPIED)))
STATUS = sa.table("submission_status", *map(sa.column, ("commune_id", "submission_id", *COPIED)))
COUNTED = "ix_register_entry_counted"
COUNTED_BY = ["commune_id", "round_id", "village_id", "state", "opening_class", "submission_id"]
JUDGED = {"household_class": sa.String(16), "refused": sa.Boolean(), "illustrative": sa.Boolean()}
ASSESSMENT = sa.table("assessment", *(sa.column(name) for name in ("commune_id", "submission_id", *JUDGED)))
ENTRY = sa.table("register_entry", *(sa.column(name) for name in ("commune_id", "submission_id", *JUDGED)))


def upgrade() -> None:
    for name, kind in COPIED.items():
        op.add_column("submission_status", sa.Column(name, kind, nullable=True))
    own = (SUBMISSION.c.commune_id == STATUS.c.commune_id) & (SUBMISSION.c.id == STATUS.c.submission_id)
    copied = {name: sa.select(SUBMISSION.c[name]).where(own).scalar_subquery() for name in COPIED}
    op.execute(sa.update(STATUS).values(copied))
    order = ["commune_id", "round_id", "state", "received_at", "submission_id", "household_id"]
    op.create_index(WAITING, "submission_status", order, unique=False)
    op.drop_index(HOUSEHOLD, table_name="submission_status")
    op.create_index(HOUSEHOLD, "submission_status", ["commune_id", "household_id", "state"], unique=False)
    for name, kind in JUDGED.items():
        op.add_column("register_entry", sa.Column(name, kind, nullable=True))
    of_it = (ASSESSMENT.c.commune_id == ENTRY.c.commune_id) & (ASSESSMENT.c.submission_id == ENTRY.c.submission_id)
    judged = {name: sa.select(ASSESSMENT.c[name]).where(of_it).scalar_subquery() for name in JUDGED}
    op.execute(sa.update(ENTRY).where(ENTRY.c.submission_id.is_not(None)).values(judged))
    op.drop_index(COUNTED, table_name="register_entry")
    op.create_index(COUNTED, "register_entry", [*COUNTED_BY, *JUDGED], unique=False)


def downgrade() -> None:
    op.drop_index(COUNTED, table_name="register_entry")
    op.create_index(COUNTED, "register_entry", COUNTED_BY, unique=False)
    for name in reversed(JUDGED):
        op.drop_column("register_entry", name)
    op.drop_index(HOUSEHOLD, table_name="submission_status")
    op.create_index(HOUSEHOLD, "submission_status", ["commune_id", "household_id"], unique=False)
    op.drop_index(WAITING, table_name="submission_status")
    for name in reversed(COPIED):
        op.drop_column("submission_status", name)
