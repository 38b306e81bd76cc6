"""What waits for a person, and the classes of a round, are counted without reading a single answer

A submission's status says of which round it is too; indexes for the desk's first page and for the queue.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NEW = {
    "ix_submission_status_counted": ("submission_status", ["commune_id", "round_id", "state", "household_id"]),
    "ix_submission_waiting": ("submission", ["commune_id", "round_id", "received_at", "id"]),
    "ix_assessment_counted": (
        "assessment",
        ["commune_id", "submission_id", "household_class", "illustrative", "refused"],
    ),
}


def upgrade() -> None:
    op.add_column("submission_status", sa.Column("round_id", sa.String(64), nullable=True))
    op.execute(
        "UPDATE submission_status SET round_id = (SELECT submission.round_id FROM submission WHERE"
        " submission.commune_id = submission_status.commune_id AND submission.id = submission_status.submission_id)"
    )
    for name, (table, columns) in NEW.items():
        op.create_index(name, table, columns, unique=False)


def downgrade() -> None:
    for name, (table, _columns) in reversed(NEW.items()):
        op.drop_index(name, table_name=table)
    op.drop_column("submission_status", "round_id")
