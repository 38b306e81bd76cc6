"""A round lives in each commune on its own, may be cancelled, and households ask for an ad-hoc one"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ACTIONS = (
    "receive", "quarantine", "accept", "return", "supersede", "release", "reopen", "attach", "discard", "restore",
    "pass_over", "date",
)  # fmt: skip
STATES = ("submitted", "returned", "accepted", "superseded", "discarded", "quarantined")
REASONS = (
    "unknown_form", "unknown_household", "outside_area", "round_closed", "id_reused", "bad_answers", "bad_shape",
    "too_large", "future_date", "doubtful_date", "server_clock", "outside_standard", "already_accepted",
    "two_interviews", "revoked",
)  # fmt: skip
NEW_REASONS = (*REASONS[:4], "round_cancelled", *REASONS[4:])
HELD = ("reason_iff_held", "(state = 'quarantined') = (reason IS NOT NULL)")
PLACES = ("planned", "open", "closed", "accepted", "cancelled")
STEPS = ("plan", "open", "dates", "close", "accept", "reopen", "cancel")
FOLLOWS = (
    "(action = 'accept' AND to_state = 'accepted') OR (action = 'cancel' AND to_state = 'cancelled')"
    " OR (action = 'close' AND to_state = 'closed') OR (action = 'dates' AND to_state = 'open')"
    " OR (action = 'dates' AND to_state = 'planned') OR (action = 'open' AND to_state = 'open')"
    " OR (action = 'plan' AND to_state = 'planned') OR (action = 'reopen' AND to_state = 'open')"
)


def one_of(column: str, values: Iterable[str]) -> tuple[str, str]:
    return f"{column}_known", f"{column} IN ({', '.join(repr(value) for value in values)})"


def checked(table: str, changed: list[tuple[str, str]], kept: list[tuple[str, str]]) -> None:
    """Put CHECKs in the place of those of the same name. On SQLite the table is made anew, without any of its CHECKs:
    the kept ones are given as well."""
    anew = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(table) as batch:
        for name, condition in changed + (kept if anew else []):
            if not anew:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def known(table: str, column: str, values: Iterable[str]) -> sa.CheckConstraint:
    return check(table, *one_of(column, values))


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    checked("submission_event", [one_of("reason", NEW_REASONS)], [one_of("action", ACTIONS), one_of("to_state", STATES)])
    checked("submission_status", [one_of("reason", NEW_REASONS)], [one_of("state", STATES), HELD])
    standing = op.create_table(
        "round_commune",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=36), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(length=36), nullable=True),
        known("round_commune", "state", PLACES),
        check("round_commune", "forward", "closes_on >= opens_on"),
        check("round_commune", "opened", "state = 'cancelled' OR (opened_at IS NULL) = (state = 'planned')"),
        check("round_commune", "closed", "(closed_at IS NOT NULL) = (state IN ('closed', 'accepted'))"),
        check("round_commune", "accepted", "(accepted_at IS NOT NULL) = (state = 'accepted')"),
        refers("round_commune", "commune_id", "place.id"),
        refers("round_commune", "round_id", "round.id"),
        refers("round_commune", "closed_by", "account.id"),
        refers("round_commune", "accepted_by", "account.id"),
        sa.PrimaryKeyConstraint("commune_id", "round_id", name=op.f("pk_round_commune")),
    )
    op.create_index("ix_round_commune_round", "round_commune", ["round_id", "state"], unique=False)
    step = op.create_table(
        "round_step",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        known("round_step", "action", STEPS),
        known("round_step", "to_state", PLACES),
        check("round_step", "follows", FOLLOWS),
        check("round_step", "begins", "(seq = 1) = (action = 'plan') OR action = 'open'"),
        check("round_step", "reasoned", "action NOT IN ('cancel', 'reopen') OR trim(reason) <> ''"),
        check("round_step", "forward", "closes_on >= opens_on"),
        refers("round_step", "commune_id", "place.id"),
        refers("round_step", "round_id", "round.id"),
        refers("round_step", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "seq", name=op.f("pk_round_step")),
    )
    op.create_table(
        "round_request",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quick_passed", sa.Boolean(), nullable=True),
        sa.Column("quick_on", sa.Date(), nullable=True),
        sa.Column("quick_by", sa.String(length=120), nullable=True),
        sa.Column("quick_reason", sa.Text(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.String(length=36), nullable=True),
        sa.Column("taken_back_reason", sa.Text(), nullable=True),
        check("round_request", "taken_back", "(taken_back_at IS NULL) = (taken_back_reason IS NULL)"),
        check(
            "round_request",
            "identified",
            "(quick_passed IS NULL) = (quick_on IS NULL) AND (quick_passed IS NULL) = (quick_by IS NULL)"
            " AND (quick_passed IS NULL) = (quick_reason IS NULL)",
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_round_request_commune_id"),
        ),
        refers("round_request", "round_id", "round.id"),
        refers("round_request", "account_id", "account.id"),
        refers("round_request", "taken_back_by", "account.id"),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_round_request")),
    )
    op.create_index(
        "ix_round_request_household", "round_request", ["commune_id", "round_id", "household_id"], unique=False
    )
    rows = [line for one in op.get_bind().execute(sa.select(ROUND)).mappings().all() for line in _communes_of(one)]
    if rows:
        op.bulk_insert(standing, [line["standing"] for line in rows])
        op.bulk_insert(step, [one for line in rows for one in line["steps"]])


ROUND = sa.table(
    "round", sa.column("id", sa.String()), sa.column("state", sa.String()), sa.column("opens_on", sa.Date()),
    sa.column("closes_on", sa.Date()),
)  # fmt: skip
AUDIT = sa.table(
    "audit_event", sa.column("at", sa.DateTime(timezone=True)), sa.column("account_id", sa.String()),
    sa.column("verb", sa.String()), sa.column("subject", sa.String()),
)  # fmt: skip
PLACE = sa.table("place", sa.column("id", sa.String()), sa.column("kind", sa.String()))


def _communes_of(one: Any) -> list[dict[str, Any]]:
    """A round that is open was so in every commune; a closed one where it had households or interviews. What the
    province did not accept is not said to be accepted: until now nobody was asked to."""
    bind = op.get_bind()
    of_round = [
        sa.select(table.c.commune_id).where(table.c.round_id == one["id"])
        for table in (
            sa.table(name, sa.column("commune_id", sa.String()), sa.column("round_id", sa.String()))
            for name in ("register_entry", "submission")
        )
    ]
    communes = sa.select(PLACE.c.id).where(PLACE.c.kind == "commune")
    if one["state"] == "closed":
        communes = communes.where(sa.or_(*(PLACE.c.id.in_(query) for query in of_round)))
    opened, opener = _audited(one, "round_opened", one["opens_on"])
    closed, closer = _audited(one, "round_closed", one["closes_on"])
    days = {"opens_on": one["opens_on"], "closes_on": one["closes_on"]}
    is_closed = one["state"] == "closed"
    found = []
    for (commune_id,) in bind.execute(communes.order_by(PLACE.c.id)).all():
        key = {"commune_id": commune_id, "round_id": one["id"]}
        standing = key | days | {"state": one["state"], "opened_at": opened, "accepted_at": None, "accepted_by": None}
        standing |= {"closed_at": closed if is_closed else None, "closed_by": closer if is_closed else None}
        steps = [
            key | days | {"seq": 1, "action": "open", "to_state": "open", "reason": "", "account_id": opener,
                          "at": opened}
        ]  # fmt: skip
        if is_closed:
            steps.append(
                key | {"seq": 2, "action": "close", "to_state": "closed", "reason": "", "account_id": closer,
                       "at": closed, "opens_on": None, "closes_on": None}
            )  # fmt: skip
        found.append({"standing": standing, "steps": steps})
    return found


def _audited(one: Any, verb: str, day: Any) -> tuple[datetime, str | None]:
    """When the round took a step and by whom, as the log of acts says; else the day that the round names."""
    query = sa.select(AUDIT.c.at, AUDIT.c.account_id).where(AUDIT.c.verb == verb, AUDIT.c.subject == one["id"])
    row = op.get_bind().execute(query.order_by(AUDIT.c.at.desc()).limit(1)).first()
    return (row[0], row[1]) if row else (datetime(day.year, day.month, day.day, tzinfo=UTC), None)


def downgrade() -> None:
    """Only while no record is held for a cancelled round: the older tables have no word for it."""
    op.drop_index("ix_round_request_household", table_name="round_request")
    op.drop_table("round_request")
    op.drop_table("round_step")
    op.drop_index("ix_round_commune_round", table_name="round_commune")
    op.drop_table("round_commune")
    checked("submission_event", [one_of("reason", REASONS)], [one_of("action", ACTIONS), one_of("to_state", STATES)])
    checked("submission_status", [one_of("reason", REASONS)], [one_of("state", STATES), HELD])
