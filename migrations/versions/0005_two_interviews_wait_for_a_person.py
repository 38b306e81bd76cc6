"""Two interviews of a household wait for a person; held ones can be attached, discarded and taken back"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ACTIONS = ("receive", "quarantine", "accept", "return", "supersede", "release", "reopen")
NEW_ACTIONS = (*ACTIONS, "attach", "discard", "restore", "pass_over")
STATES = ("submitted", "returned", "accepted", "superseded", "quarantined")
NEW_STATES = ("submitted", "returned", "accepted", "superseded", "discarded", "quarantined")
REASONS = (
    "unknown_form", "unknown_household", "outside_area", "round_closed", "id_reused", "bad_answers", "bad_shape",
    "too_large", "future_date", "already_accepted", "two_interviews", "revoked",
)  # fmt: skip


def one_of(column: str, values: Iterable[str]) -> tuple[str, str]:
    return f"{column}_known", f"{column} IN ({', '.join(repr(value) for value in values)})"


def checked(table: str, changed: list[tuple[str, str]], kept: list[tuple[str, str]], column: sa.Column[str]) -> None:
    """Put CHECKs in the place of those of the same name, and add a column. On SQLite the table is made anew, without
    any of its CHECKs: the kept ones are given as well."""
    anew = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
        for name, condition in changed + (kept if anew else []):
            if not anew:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def upgrade() -> None:
    checked(
        "submission_event",
        [one_of("action", NEW_ACTIONS), one_of("to_state", NEW_STATES)],
        [one_of("reason", REASONS)],
        sa.Column("household_id", sa.String(length=36), nullable=True),
    )
    checked(
        "submission_status",
        [one_of("state", NEW_STATES)],
        [("reason_iff_held", "(state = 'quarantined') = (reason IS NOT NULL)"), one_of("reason", REASONS)],
        sa.Column("household_id", sa.String(length=64), nullable=True),
    )
    op.execute(
        "UPDATE submission_status SET household_id = (SELECT submission.household_id FROM submission WHERE"
        " submission.commune_id = submission_status.commune_id AND submission.id = submission_status.submission_id)"
    )
    op.create_index("ix_submission_status_household", "submission_status", ["commune_id", "household_id"], unique=False)
    op.create_table(
        "register_gone",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_register_gone_commune_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_register_gone_round_id")),
        sa.ForeignKeyConstraint(["village_id"], ["place.id"], name=op.f("fk_register_gone_village_id")),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "household_id", name=op.f("pk_register_gone")),
    )
    op.create_index("ix_register_gone_change", "register_gone", ["commune_id", "change"], unique=False)


def downgrade() -> None:
    """Only while nobody attached, discarded, took back or passed over anything: the older tables have no word for it."""
    op.drop_table("register_gone")
    op.drop_index("ix_submission_status_household", table_name="submission_status")
    anew = op.get_bind().dialect.name == "sqlite"
    for table, changed, kept in (
        ("submission_event", [one_of("action", ACTIONS), one_of("to_state", STATES)], [one_of("reason", REASONS)]),
        (
            "submission_status",
            [one_of("state", STATES)],
            [("reason_iff_held", "(state = 'quarantined') = (reason IS NOT NULL)"), one_of("reason", REASONS)],
        ),
    ):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("household_id")
            for name, condition in changed + (kept if anew else []):
                if not anew:
                    batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)
