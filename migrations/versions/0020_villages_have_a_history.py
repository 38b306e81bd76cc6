"""Villages have a history, and there are borders of before

Every village gets the event by which it is there, and one for each time when it became urban or rural, from its periods.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KINDS = ("found", "renamed", "area", "merged", "split", "rezoned", "former", "void")
CHECKS = {
    "kind_known": f"kind IN ({', '.join(repr(one) for one in KINDS)})",
    "from_one": "seq >= 1",
    "void_names_one": "(kind = 'void') = (voids IS NOT NULL)",
    "void_looks_back": "voids < seq",
    "of_two": "kind = 'void' OR (kind IN ('merged', 'split', 'rezoned')) = (other_id IS NOT NULL)",
    "not_itself": "other_id <> village_id",
}


def upgrade() -> None:
    event = op.create_table(
        "place_event",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("other_id", sa.String(length=16), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("voids", sa.Integer(), nullable=True),
        *(sa.CheckConstraint(said, name=op.f(f"ck_place_event_{name}")) for name, said in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_place_event_{column}"))
            for column, target in (
                ("account_id", "account.id"),
                ("commune_id", "place.id"),
                ("village_id", "place.id"),
                ("other_id", "place.id"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "voids"],
            ["place_event.commune_id", "place_event.seq"],
            name=op.f("fk_place_event_commune_id_voids"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "seq", name=op.f("pk_place_event")),
        sa.UniqueConstraint("commune_id", "voids", name=op.f("uq_place_event_commune_id_voids")),
    )
    op.create_index("ix_place_event_kind", "place_event", ["commune_id", "kind"], unique=False)
    op.create_index("ix_place_event_act", "place_event", ["act"], unique=False)
    op.create_table(
        "former_commune",
        sa.Column("province_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("district_code", sa.String(length=16), nullable=False),
        sa.Column("district", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.CheckConstraint("valid_from IS NULL OR valid_to > valid_from", name=op.f("ck_former_commune_forward")),
        sa.ForeignKeyConstraint(["province_id"], ["place.id"], name=op.f("fk_former_commune_province_id")),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_former_commune_commune_id")),
        sa.PrimaryKeyConstraint(
            "province_id", "code", "valid_to", "commune_id", name=op.f("pk_former_commune")
        ),
    )
    op.create_index("ix_household_code", "household", ["code"], unique=False)
    op.create_index("ix_household_id", "household", ["id"], unique=False)
    _found(event)


def downgrade() -> None:
    """What happened to villages is lost; they stay what they are."""
    op.drop_index("ix_household_id", table_name="household")
    op.drop_index("ix_household_code", table_name="household")
    op.drop_table("former_commune")
    op.drop_table("place_event")


def _found(event: sa.Table) -> None:
    names = ("place_id", "valid_from", "name", "division", "area")
    period = sa.table("place_period", *(sa.column(name) for name in names[:1]), sa.column("valid_from", sa.Date),
                      *(sa.column(name) for name in names[2:]))  # fmt: skip
    place = sa.table("place", sa.column("id"), sa.column("kind"), sa.column("parent_id"))
    rows = op.get_bind().execute(
        sa.select(place.c.parent_id, *(period.c[name] for name in names))
        .join(place, place.c.id == period.c.place_id)
        .where(place.c.kind == "village")
        .order_by(place.c.parent_id, period.c.place_id, period.c.valid_from)
    )
    known: dict[str, Any] = {}
    numbers: dict[str, int] = defaultdict(int)
    made = []
    for row in rows.all():
        before = known.get(row.place_id)
        named, area = {"name": row.name, "division": row.division}, {"area": row.area}
        happened = [("found", named | area)]
        if before is not None:  # since one day it may be both
            happened = [("renamed", named)] if (row.name, row.division) != (before.name, before.division) else []
            happened += [("area", area)] if row.area != before.area else []
        known[row.place_id] = row
        for kind, payload in happened:
            numbers[row.parent_id] += 1
            made.append(
                {
                    "commune_id": row.parent_id,
                    "seq": numbers[row.parent_id],
                    "act": str(uuid4()),
                    "kind": kind,
                    "village_id": row.place_id,
                    "effective_on": row.valid_from,
                    "payload": json.dumps(payload, ensure_ascii=False),
                }
            )
    for start in range(0, len(made), 500):
        op.bulk_insert(event, made[start : start + 500])
