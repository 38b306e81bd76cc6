"""What waits and what was found is counted and put in order without reading a single answer

A submission's status says of which round it is and when it came (the queue); the line of a household on a round's list
says what the interview that counts was judged to be (the desk's first page, the report). Indexes that SQLite, which
knows nothing of the rows, does not take for those of one household when they are of a whole commune.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COPIED = {"round_id": sa.String(64), "received_at": sa.DateTime(timezone=True)}
SUBMISSION = sa.table("submission", *map(sa.column, ("commune_id", "id", *COPIED)))
STATUS = sa.table("submission_status", *map(sa.column, ("commune_id", "submission_id", *COPIED)))
JUDGED = {"household_class": sa.String(16), "refused": sa.Boolean(), "illustrative": sa.Boolean()}
ASSESSMENT, ENTRY = (
    sa.table(name, *map(sa.column, ("commune_id", "submission_id", *JUDGED))) for name in ("assessment", "register_entry")
)
# Each with its columns before (None: there was none) and since.
COUNTED_BY = ["commune_id", "round_id", "village_id", "state", "opening_class", "submission_id"]
INDEXES: dict[str, tuple[str, list[str] | None, list[str]]] = {
    "ix_submission_status_waiting": (
        "submission_status",
        None,
        ["commune_id", "round_id", "state", "received_at", "submission_id", "household_id"],
    ),
    "ix_submission_status_household": (
        "submission_status",
        ["commune_id", "household_id"],
        ["commune_id", "household_id", "state", "submission_id"],
    ),
    "ix_submission_status_state": (
        "submission_status",
        ["commune_id", "state"],
        ["commune_id", "state", "household_id"],
    ),
    "ix_roster_row_household": ("roster_row", None, ["commune_id", "household_id"]),
    "ix_register_entry_counted": ("register_entry", COUNTED_BY, [*COUNTED_BY, *JUDGED]),
}


def upgrade() -> None:
    for name, kind in COPIED.items():
        op.add_column("submission_status", sa.Column(name, kind, nullable=True))
    own = (SUBMISSION.c.commune_id == STATUS.c.commune_id) & (SUBMISSION.c.id == STATUS.c.submission_id)
    copied = {name: sa.select(SUBMISSION.c[name]).where(own).scalar_subquery() for name in COPIED}
    op.execute(sa.update(STATUS).values(copied))
    for name, kind in JUDGED.items():
        op.add_column("register_entry", sa.Column(name, kind, nullable=True))
    of_it = (ASSESSMENT.c.commune_id == ENTRY.c.commune_id) & (ASSESSMENT.c.submission_id == ENTRY.c.submission_id)
    judged = {name: sa.select(ASSESSMENT.c[name]).where(of_it).scalar_subquery() for name in JUDGED}
    op.execute(sa.update(ENTRY).where(ENTRY.c.submission_id.is_not(None)).values(judged))
    for name, (table, before, since) in INDEXES.items():
        _index(name, table, before, since)


def downgrade() -> None:
    for name, (table, before, since) in INDEXES.items():
        _index(name, table, since, before)
    for table, columns in (("register_entry", JUDGED), ("submission_status", COPIED)):
        for name in columns:
            op.drop_column(table, name)


def _index(name: str, table: str, before: list[str] | None, since: list[str] | None) -> None:
    if before:
        op.drop_index(name, table_name=table)
    if since:
        op.create_index(name, table, since, unique=False)
