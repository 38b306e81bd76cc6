"""The register is a ledger: what happened to each household, and how each that there is came to be

Every household gets its `enter` event, in the order in which they were written down, and each village goes on counting
after the highest number that it gave.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
KINDS = (
    "enter", "correct", "move", "split", "merge", "unmerge", "dissolve", "died_out", "duplicate", "test", "restore",
    "void",
)  # fmt: skip
STATES = ("present", "merged", "dissolved", "died_out", "duplicate", "test", "moved", "withdrawn")
HOUSEHOLD_CHECKS = {
    "state": {"state_known": f"state IN ({', '.join(repr(one) for one in STATES)})"},
    "same_as": {
        "merged_into_one": "state <> 'merged' OR same_as IS NOT NULL",
        "same_as_if_gone": "same_as IS NULL OR state IN ('merged', 'duplicate')",
        "not_itself": "same_as <> id",
    },
}
EVENT_CHECKS = {
    "kind_known": f"kind IN ({', '.join(repr(one) for one in KINDS)})",
    "from_one": "seq >= 1",
    "void_names_one": "(kind = 'void') = (voids IS NOT NULL)",
    "void_looks_back": "voids < seq",
    "of_two": "kind NOT IN ('split', 'merge', 'unmerge') OR other_id IS NOT NULL",
    "of_one": "kind IN ('split', 'merge', 'unmerge', 'duplicate', 'void') OR other_id IS NULL",
    "not_itself": "other_id <> household_id",
}


def upgrade() -> None:
    _household()
    _register_gone()
    event = op.create_table(
        "register_event",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("voids", sa.Integer(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("binding", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_register_event_{name}"))
            for name, condition in EVENT_CHECKS.items()
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_register_event_account_id")),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_register_event_commune_id")),
        *(
            sa.ForeignKeyConstraint(
                ["commune_id", column],
                ["household.commune_id", "household.id"],
                name=op.f(f"fk_register_event_commune_id_{column}"),
            )
            for column in ("household_id", "other_id")
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "voids"],
            ["register_event.commune_id", "register_event.seq"],
            name=op.f("fk_register_event_commune_id_voids"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "seq", name=op.f("pk_register_event")),
        sa.UniqueConstraint("commune_id", "voids", name=op.f("uq_register_event_commune_id_voids")),
    )
    op.create_index("ix_register_event_household", "register_event", ["commune_id", "household_id"], unique=False)
    op.create_index("ix_register_event_other", "register_event", ["commune_id", "other_id"], unique=False)
    op.create_index("ix_register_event_act", "register_event", ["act"], unique=False)
    counter = op.create_table(
        "village_counter",
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["village_id"], ["place.id"], name=op.f("fk_village_counter_village_id")),
        sa.PrimaryKeyConstraint("village_id", name=op.f("pk_village_counter")),
    )
    _enter(event)
    _count(counter)


def downgrade() -> None:
    """What happened to households is lost; they stay as they are, those that left the register too."""
    op.drop_table("village_counter")
    op.drop_table("register_event")
    gone = sa.table("register_gone", *(sa.column(one) for one in ("commune_id", "round_id", "household_id", "change")))
    later = gone.alias()
    same = [later.c[one] == gone.c[one] for one in ("commune_id", "round_id", "household_id")]
    op.execute(sa.delete(gone).where(sa.exists().where(*same, later.c.change > gone.c.change)))
    with op.batch_alter_table("register_gone") as batch:
        batch.drop_constraint(op.f("pk_register_gone"), type_="primary")
        batch.create_primary_key(op.f("pk_register_gone"), ["commune_id", "round_id", "household_id"])
        for column in ("opening_class", "opening_answers", "opening_indicators"):
            batch.drop_column(column)
    for column in reversed(HOUSEHOLD_CHECKS):  # on both databases its CHECKs go with it
        op.execute(f"ALTER TABLE household DROP COLUMN {column}")


def _household() -> None:
    """Two columns. SQLite would make the table anew, which other tables refer to: there each column brings its CHECKs."""
    columns = {
        "state": sa.Column("state", sa.String(length=16), server_default="present", nullable=False),
        "same_as": sa.Column("same_as", sa.String(length=36), nullable=True),
    }
    anew = op.get_bind().dialect.name == "sqlite"
    for name, checks in HOUSEHOLD_CHECKS.items():
        if not anew:
            op.add_column("household", columns[name])
            for check, condition in checks.items():
                op.create_check_constraint(op.f(f"ck_household_{check}"), "household", condition)
            continue
        kind = "VARCHAR(16) DEFAULT 'present' NOT NULL" if name == "state" else "VARCHAR(36)"
        said = "".join(f" CONSTRAINT ck_household_{check} CHECK ({of})" for check, of in checks.items())
        op.execute(f"ALTER TABLE household ADD COLUMN {name} {kind}{said}")


def _register_gone() -> None:
    with op.batch_alter_table("register_gone") as batch:
        batch.add_column(sa.Column("opening_class", sa.String(length=16), nullable=True))
        batch.add_column(sa.Column("opening_answers", sa.Text(), nullable=True))
        batch.add_column(sa.Column("opening_indicators", sa.Text(), nullable=True))
        batch.drop_constraint(op.f("pk_register_gone"), type_="primary")
        batch.create_primary_key(op.f("pk_register_gone"), ["commune_id", "round_id", "household_id", "village_id"])


def _households() -> Iterator[Any]:
    names = ("commune_id", "id", "code", "village_id", "base_head_name", "base_class", "base_answers",
             "created_by_entry")  # fmt: skip
    table = sa.table(
        "household", *(sa.column(name) for name in names), sa.column("created_at", sa.DateTime(timezone=True))
    )
    yield from op.get_bind().execute(sa.select(table).order_by(table.c.commune_id, table.c.created_at, table.c.id))


def _enter(event: sa.Table) -> None:
    """As `survey/register/event_log.py` wrote it on the day of this migration."""
    state = sa.table("server_state", sa.column("key"), sa.column("value"))
    generation = op.get_bind().scalar(sa.select(state.c.value).where(state.c.key == "generation"))
    commune, seq, previous = None, 0, ""
    rows: list[dict[str, Any]] = []
    for one in list(_households()):
        if one.commune_id != commune:
            commune, seq, previous = one.commune_id, 0, "0" * 64
        seq, act = seq + 1, str(uuid4())
        at: datetime = one.created_at
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        payload = {"code": one.code, "village": one.village_id, "head": one.base_head_name, "class": one.base_class}
        if one.base_answers is not None:
            payload["answers"] = json.loads(one.base_answers)
        if one.created_by_entry is not None:
            payload["entry"] = one.created_by_entry
        salt = secrets.token_hex(16)
        binding = _sha256(salt + _text({"payload": payload, "reason": None}))
        row = {
            "commune_id": commune, "seq": seq, "generation": generation, "act": act, "kind": "enter",
            "household_id": one.id, "other_id": None, "effective_on": at.astimezone(HERE).date(), "at": at,
            "account_id": None, "reason": None, "payload": _text(payload), "voids": None, "salt": salt,
            "binding": binding,
        }  # fmt: skip
        previous = _sha256(
            _text(
                {
                    "previous": previous, "generation": generation, "commune": commune, "seq": seq, "act": act,
                    "kind": "enter", "household": one.id, "other": None,
                    "effective_on": row["effective_on"].isoformat(),
                    "at": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
                    "account": None, "voids": None, "binding": binding,
                }
            )
        )  # fmt: skip
        rows.append({**row, "hash": previous})
    for start in range(0, len(rows), 500):
        op.bulk_insert(event, rows[start : start + 500])


def _count(counter: sa.Table) -> None:
    places = sa.table("place", sa.column("id"))
    known = set(op.get_bind().scalars(sa.select(places.c.id)))
    highest: dict[str, int] = {}
    for one in _households():
        match = re.fullmatch(r"(.+)-([0-9]{1,9})", one.code, re.ASCII)
        if match is not None and match[1] in known:
            highest[match[1]] = max(highest.get(match[1], 0), int(match[2]))
    if highest:
        op.bulk_insert(counter, [{"village_id": id, "value": value} for id, value in sorted(highest.items())])


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
