"""What waits for a person is counted and put in order without reading a single answer

A submission's status says of which round it is and when it came (the desk's first page, the queue).
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


def downgrade() -> None:
    op.drop_index(HOUSEHOLD, table_name="submission_status")
    op.create_index(HOUSEHOLD, "submission_status", ["commune_id", "household_id"], unique=False)
    op.drop_index(WAITING, table_name="submission_status")
    for name in reversed(COPIED):
        op.drop_column("submission_status", name)
