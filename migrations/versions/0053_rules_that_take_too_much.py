"""An entry for whose answers the rules of its form take too much is held for that"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0049"
branch_labels = None
depends_on = None

WORD = "too_much"
COLUMNS = {
    "submission_event": "reason",
    "submission_status": "reason",
    "household_outcome": "held_for",
    "proposal": "held_for",
    "support_entry": "held_for",
}


def reworded(change: Callable[[list[str]], list[str]]) -> None:
    """Put the words that `change` makes of those that are known into the CHECK of each column. On SQLite the table is
    made anew without any of its CHECKs, so all of them are given again."""
    anew = op.get_bind().dialect.name == "sqlite"
    for table, column in COLUMNS.items():
        checks = {str(one["name"]): str(one["sqltext"]) for one in sa.inspect(op.get_bind()).get_check_constraints(table)}
        name = f"ck_{table}_{column}_known"
        words = change(re.findall(r"'(\w+)'", checks[name]))
        checks[name] = f"{column} IN ({', '.join(map(repr, words))})"
        with op.batch_alter_table(table) as batch:
            if not anew:
                batch.drop_constraint(op.f(name), type_="check")
            for one, condition in checks.items():
                if anew or one == name:
                    batch.create_check_constraint(op.f(one), condition)


def upgrade() -> None:
    reworded(lambda words: [*words, WORD])


def downgrade() -> None:
    for table, column in COLUMNS.items():  # what they were held for before
        other = "bad_answers"
        op.execute(f"UPDATE {table} SET {column} = '{other}' WHERE {column} = '{WORD}'")  # noqa: S608 - names of ours
    reworded(lambda words: [word for word in words if word != WORD])
