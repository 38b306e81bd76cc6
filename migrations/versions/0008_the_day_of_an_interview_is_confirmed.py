"""The day of an interview can be in doubt, and is confirmed by a person"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACTIONS = (
    "receive", "quarantine", "accept", "return", "supersede", "release", "reopen", "attach", "discard", "restore",
    "pass_over",
)  # fmt: skip
STATES = ("submitted", "returned", "accepted", "superseded", "discarded", "quarantined")
REASONS = (
    "unknown_form", "unknown_household", "outside_area", "round_closed", "id_reused", "bad_answers", "bad_shape",
    "too_large", "future_date", "already_accepted", "two_interviews", "revoked",
)  # fmt: skip
NEW_ACTIONS = (*ACTIONS, "date")
NEW_REASONS = (*REASONS[:9], "doubtful_date", "server_clock", "outside_standard", *REASONS[9:])
HELD = ("reason_iff_held", "(state = 'quarantined') = (reason IS NOT NULL)")


def one_of(column: str, values: Iterable[str]) -> tuple[str, str]:
    return f"{column}_known", f"{column} IN ({', '.join(repr(value) for value in values)})"


def checked(table: str, changed: list[tuple[str, str]], kept: list[tuple[str, str]], *columns: object) -> None:
    """Put CHECKs in the place of those of the same name; columns are added, or dropped by their name. On SQLite the
    table is made anew, without any of its CHECKs: the kept ones are given as well."""
    anew = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(table) as batch:
        for column in columns:
            if isinstance(column, sa.Column):
                batch.add_column(column)
            else:
                batch.drop_column(str(column))
        for name, condition in changed + (kept if anew else []):
            if not anew:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def upgrade() -> None:
    op.add_column("submission", sa.Column("clock_skew_seconds", sa.Integer(), nullable=True))
    checked(
        "submission_event",
        [one_of("action", NEW_ACTIONS), one_of("reason", NEW_REASONS)],
        [one_of("to_state", STATES)],
        sa.Column("visited_on", sa.Date(), nullable=True),
    )
    checked("submission_status", [one_of("reason", NEW_REASONS)], [one_of("state", STATES), HELD])


def downgrade() -> None:
    """Only while no day was doubted or confirmed: the older tables have no word for it."""
    op.drop_column("submission", "clock_skew_seconds")
    checked(
        "submission_event",
        [one_of("action", ACTIONS), one_of("reason", REASONS)],
        [one_of("to_state", STATES)],
        "visited_on",
    )
    checked("submission_status", [one_of("reason", REASONS)], [one_of("state", STATES), HELD])
