"""A questionnaire is published by two people

What was published before stays as it is: of it nobody is known who proposed it. A draft is proposed anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0053"
branch_labels = None
depends_on = None

# (table, column, type, table it refers to, its CHECKs). SQLite would make the tables anew, which other rows name; so
# each column brings its constraints, and on both databases they go with it.
COLUMNS = (
    ("form_version", "proposed_by", sa.String(36), "account",
     {"two_people": "proposed_by IS NULL OR proposed_by <> published_by"}),
    ("form_draft", "proposed_by", sa.String(36), "account",
     {"proposed_without_faults": "proposed_by IS NULL OR hash IS NOT NULL"}),
    ("form_draft", "proposed_at", sa.DateTime(timezone=True), None,
     {"proposed_whole": "(proposed_by IS NULL) = (proposed_at IS NULL)"}),
)  # fmt: skip


def upgrade() -> None:
    dialect = op.get_bind().dialect
    for table, column, kind, refers, checks in COLUMNS:
        said = "".join(f" CONSTRAINT ck_{table}_{name} CHECK ({of})" for name, of in checks.items())
        said += f" CONSTRAINT fk_{table}_{column} REFERENCES {refers} (id)" if refers else ""
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind.compile(dialect)}{said}")


def downgrade() -> None:
    for table, column, *_ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
