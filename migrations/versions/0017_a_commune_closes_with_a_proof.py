"""A round's start list is frozen as rows, and a commune closes with a signed proof"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CLASSES = ("ho_ngheo", "ho_can_ngheo", "khong_ngheo")


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def known(table: str, column: str, values: Iterable[str]) -> sa.CheckConstraint:
    return check(table, f"{column}_known", f"{column} IN ({', '.join(repr(value) for value in values)})")


def refers(table: str, columns: list[str], to: list[str]) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(columns, to, name=op.f(f"fk_{table}_{columns[0]}"))


def upgrade() -> None:
    started = op.create_table(
        "start_row",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("household_class", sa.String(length=16), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        known("start_row", "household_class", CLASSES),
        check("start_row", "counted", "persons >= 0"),
        refers("start_row", ["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        refers("start_row", ["round_id"], ["round.id"]),
        refers("start_row", ["village_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "household_id", name=op.f("pk_start_row")),
    )
    op.create_table(
        "proof_key",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("by_previous", sa.String(length=120), nullable=True),
        sa.Column("by_itself", sa.String(length=120), nullable=True),
        sa.Column("compromised_on", sa.Date(), nullable=True),
        sa.Column("compromised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compromised_by", sa.String(length=64), nullable=True),
        sa.Column("compromised_sig", sa.String(length=120), nullable=True),
        check("proof_key", "from_one", "number >= 1"),
        check("proof_key", "both_sign", "(by_previous IS NULL) = (by_itself IS NULL)"),
        check("proof_key", "introduced", "(by_previous IS NULL) = (previous IS NULL)"),
        check("proof_key", "compromise_signed", "(compromised_on IS NULL) = (compromised_sig IS NULL)"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_proof_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_proof_key_public_key")),
    )
    op.create_table(
        "round_proof",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("anchor", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bound", sa.LargeBinary(), nullable=False),
        check("round_proof", "from_one", "revision >= 1"),
        refers("round_proof", ["commune_id"], ["place.id"]),
        refers("round_proof", ["round_id"], ["round.id"]),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "revision", name=op.f("pk_round_proof")),
    )
    op.create_table(
        "proof_leaf",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("blinding", sa.String(length=64), nullable=True),
        known("proof_leaf", "part", ("start", "end")),
        refers(
            "proof_leaf",
            ["commune_id", "round_id", "revision"],
            ["round_proof.commune_id", "round_proof.round_id", "round_proof.revision"],
        ),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "revision", "part", "position", name=op.f("pk_proof_leaf")),
    )
    rows = list(_start_lists())
    if rows:
        op.bulk_insert(started, rows)


ENTRY, GONE = (
    sa.table(
        name, sa.column("commune_id", sa.String()), sa.column("round_id", sa.String()),
        sa.column("household_id", sa.String()), sa.column("village_id", sa.String()),
        sa.column("opening_class", sa.String()), sa.column("opening_answers", sa.Text()),
        sa.column("change", sa.Integer()),
    )
    for name in ("register_entry", "register_gone")
)  # fmt: skip
ROUND = sa.table("round", sa.column("id", sa.String()), sa.column("kind", sa.String()))
HOUSEHOLD = sa.table(
    "household", sa.column("commune_id", sa.String()), sa.column("id", sa.String()),
    sa.column("created_at", sa.DateTime(timezone=True)), sa.column("created_by_entry", sa.String()),
)  # fmt: skip
STANDING = sa.table(
    "round_commune", sa.column("commune_id", sa.String()), sa.column("round_id", sa.String()),
    sa.column("opened_at", sa.DateTime(timezone=True)),
)  # fmt: skip


def _start_lists() -> Iterable[dict[str, Any]]:
    """The lists that periodic rounds began with, as far as rows tell: what was written into the register later, or found
    in the field, was met. Of a household that went to another village, the village that it left first."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for table in (GONE, ENTRY):
        query = (
            sa.select(table, HOUSEHOLD.c.created_at, HOUSEHOLD.c.created_by_entry, STANDING.c.opened_at)
            .join(ROUND, ROUND.c.id == table.c.round_id)
            .join(HOUSEHOLD, (HOUSEHOLD.c.commune_id == table.c.commune_id) & (HOUSEHOLD.c.id == table.c.household_id))
            .outerjoin(
                STANDING,
                (STANDING.c.commune_id == table.c.commune_id) & (STANDING.c.round_id == table.c.round_id),
            )
            .where(ROUND.c.kind == "dinh_ky")
            .order_by(table.c.change)
        )
        for row in op.get_bind().execute(query).mappings().all():
            opened_at, created_at = _aware(row["opened_at"]), _aware(row["created_at"])
            if opened_at is None or created_at is None:
                was_met = row["created_by_entry"] is not None
            else:
                was_met = created_at > opened_at
            if was_met:
                continue
            key = row["commune_id"], row["round_id"], row["household_id"]
            found.setdefault(
                key,
                dict(zip(("commune_id", "round_id", "household_id"), key, strict=True))
                | {
                    "village_id": row["village_id"],
                    "household_class": row["opening_class"],
                    "persons": _persons(row["opening_answers"]),
                },
            )
    return found.values()


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite gives times back with or without a zone, as they were written."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _persons(answers: str | None) -> int | None:
    """How many members the answers name; None when none are listed."""
    return len(_members(json.loads(answers))) or None if answers else None


def _members(answers: Any) -> list[Any]:
    if isinstance(answers, dict):
        return next((found for one in answers.values() if (found := _members(one))), [])
    named = isinstance(answers, list) and all(isinstance(one, dict) and one.get("ho_ten") for one in answers)
    return answers if named else []


def downgrade() -> None:
    for table in ("proof_leaf", "round_proof", "proof_key", "start_row"):
        op.drop_table(table)
