"""A database of any earlier day is whole

Two migrations were changed after databases had been made with them: 0001 got `assessment.refused` and the server's
generation, and 0005 was slipped in below 0006. Whoever had run them before was at head and lacked what came so. Each
part is looked for and made when it is not there; on a database that is whole nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Checks = dict[str, str]


def one_of(column: str, values: Iterable[str]) -> Checks:
    return {f"{column}_known": f"{column} IN ({', '.join(repr(value) for value in values)})"}


STATES = one_of("state", ("submitted", "returned", "accepted", "superseded", "discarded", "quarantined"))
REASONS = one_of(
    "reason",
    (
        "unknown_form", "unknown_household", "outside_area", "round_closed", "id_reused", "bad_answers", "bad_shape",
        "too_large", "future_date", "already_accepted", "two_interviews", "revoked",
    ),
)  # fmt: skip
EVENT_CHECKS = {
    **one_of(
        "action",
        (
            "receive", "quarantine", "accept", "return", "supersede", "release", "reopen", "attach", "discard",
            "restore", "pass_over",
        ),
    ),
    "to_state_known": STATES["state_known"].replace("state IN", "to_state IN"),
    **REASONS,
}  # fmt: skip
STATUS_CHECKS = {**STATES, **REASONS, "reason_iff_held": "(state = 'quarantined') = (reason IS NOT NULL)"}
ASSESSMENT_CHECKS = one_of("household_class", ("ho_ngheo", "ho_can_ngheo", "khong_ngheo"))


def upgrade() -> None:
    _generation()
    _refused()
    _household_of("submission_event", EVENT_CHECKS, "pass_over", 36)
    if _household_of("submission_status", STATUS_CHECKS, "discarded", 64):
        op.execute(
            "UPDATE submission_status SET household_id = (SELECT submission.household_id FROM submission WHERE"
            " submission.commune_id = submission_status.commune_id AND submission.id = submission_status.submission_id)"
        )
    _index("submission_status", "ix_submission_status_household", ["commune_id", "household_id"])
    _register_gone()


def downgrade() -> None:
    """What 0006 says is what stands here: there is nothing to take back."""


def _generation() -> None:
    state = sa.table("server_state", sa.column("key", sa.String), sa.column("value", sa.String))
    there = sa.select(sa.func.count()).select_from(state).where(state.c.key == "generation")
    if not op.get_bind().scalar(there):
        op.bulk_insert(state, [{"key": "generation", "value": str(uuid4())}])


def _refused() -> None:
    """No household that was judged without this column could refuse: the questionnaires had no word for it."""
    if "refused" in _columns("assessment"):
        return
    op.add_column("assessment", sa.Column("refused", sa.Boolean(), nullable=True))
    op.execute("UPDATE assessment SET refused = false")
    with op.batch_alter_table("assessment") as batch:
        batch.alter_column("refused", existing_type=sa.Boolean(), nullable=False)
        if _anew():
            _check(batch, "assessment", ASSESSMENT_CHECKS)


def _household_of(table: str, checks: Checks, newest: str, length: int) -> bool:
    """Give a table its CHECKs, of which one must know the word `newest`, and `household_id`: whether that is new."""
    found = sa.inspect(op.get_bind()).get_check_constraints(table)
    checked = any(newest in check["sqltext"] for check in found)
    missing = "household_id" not in _columns(table)
    if not checked or missing:
        with op.batch_alter_table(table) as batch:
            if missing:
                batch.add_column(sa.Column("household_id", sa.String(length=length), nullable=True))
            if not _anew():
                for check in found:
                    batch.drop_constraint(op.f(check["name"]), type_="check")
            _check(batch, table, checks)
    return missing


def _check(batch: object, table: str, checks: Checks) -> None:
    for name, condition in checks.items():
        batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)  # type: ignore[attr-defined]


def _register_gone() -> None:
    if not sa.inspect(op.get_bind()).has_table("register_gone"):
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
    _index("register_gone", "ix_register_gone_change", ["commune_id", "change"])


def _index(table: str, name: str, columns: list[str]) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns, unique=False)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _anew() -> bool:
    """SQLite makes an altered table anew, without any of its CHECKs: all are given again."""
    return op.get_bind().dialect.name == "sqlite"
