"""A questionnaire is published by two people; drafts and points belong to a province; a demo's accounts are marked

What was published before stays as it is: of it nobody is known who proposed it. A draft is proposed anew. Drafts and
points tables go to the province of the officer who began them; those of nobody or an administrator to none. In a demo every account is the
demo's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

# (table, column, type, what it refers to, its CHECKs). SQLite would make the tables anew, which other rows name; so
# each column brings its constraints, and on both databases they go with it.
COLUMNS = (
    ("form_version", "proposed_by", sa.String(36), "account (id)",
     {"two_people": "proposed_by IS NULL OR proposed_by <> published_by"}),
    ("form_draft", "proposed_by", sa.String(36), "account (id)",
     {"proposed_without_faults": "proposed_by IS NULL OR hash IS NOT NULL"}),
    ("form_draft", "proposed_at", sa.DateTime(timezone=True), None,
     {"proposed_whole": "(proposed_by IS NULL) = (proposed_at IS NULL)"}),
    ("form_draft", "province_id", sa.String(16), "place (id)", {}),
    ("points_table", "province_id", sa.String(16), "place (id)", {}),
    ("account", "demo", sa.String(40), "server_state (key)", {"of_the_demo": "demo = 'demo'"}),
)  # fmt: skip


def upgrade() -> None:
    dialect = op.get_bind().dialect
    for table, column, kind, refers, checks in COLUMNS:
        said = "".join(f" CONSTRAINT ck_{table}_{name} CHECK ({of})" for name, of in checks.items())
        said += f" CONSTRAINT fk_{table}_{column} REFERENCES {refers}" if refers else ""
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind.compile(dialect)}{said}")
    account = sa.table("account", sa.column("id"), sa.column("role"), sa.column("place_id"))
    for name in ("form_draft", "points_table"):
        table = sa.table(name, sa.column("account_id"), sa.column("province_id"))
        of_officer = (account.c.id == table.c.account_id) & (account.c.role == "province")
        op.execute(table.update().values(province_id=sa.select(account.c.place_id).where(of_officer).scalar_subquery()))
    op.execute("UPDATE account SET demo = (SELECT key FROM server_state WHERE key = 'demo')")


def downgrade() -> None:
    for table, column, *_ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
