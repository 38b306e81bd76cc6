"""Persons have a code and a history, and changes are asked for and decided

Events about persons; who the members of each accepted interview are; requests and decisions.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KINDS = (
    "enter", "correct", "move", "split", "merge", "unmerge", "dissolve", "died_out", "duplicate", "test", "restore",
    "void",
)  # fmt: skip
OF_PERSON = (
    "born", "joined", "married_in", "died", "left", "married_out", "transferred", "person", "head", "identified",
)  # fmt: skip
OF_TWO = ("split", "merge", "unmerge", "duplicate", "void")
KEPT = {
    "from_one": "seq >= 1",
    "void_names_one": "(kind = 'void') = (voids IS NOT NULL)",
    "void_looks_back": "voids < seq",
    "of_two": "kind NOT IN ('split', 'merge', 'unmerge') OR other_id IS NOT NULL",
    "not_itself": "other_id <> household_id",
}


def listed(values: Iterable[str]) -> str:
    return ", ".join(repr(value) for value in values)


def checked(kinds: Iterable[str], of_two: Iterable[str]) -> dict[str, str]:
    return {
        "kind_known": f"kind IN ({listed(kinds)})",
        "of_one": f"kind IN ({listed(of_two)}) OR other_id IS NULL",
    }


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    of_person = {"of_person": f"kind = 'void' OR (kind IN ({listed(OF_PERSON)})) = (person_id IS NOT NULL)"}
    changed = checked((*KINDS[:-1], *OF_PERSON, KINDS[-1]), (*OF_TWO[:-1], "transferred", "identified", "void"))
    anew = op.get_bind().dialect.name == "sqlite"  # there the table is made anew, without any of its CHECKs
    with op.batch_alter_table("register_event") as batch:
        batch.add_column(sa.Column("person_id", sa.String(length=64), nullable=True))
        for name in () if anew else changed:
            batch.drop_constraint(op.f(f"ck_register_event_{name}"), type_="check")
        for name, condition in {**changed, **of_person, **(KEPT if anew else {})}.items():
            batch.create_check_constraint(op.f(f"ck_register_event_{name}"), condition)
    op.create_index("ix_register_event_person", "register_event", ["commune_id", "person_id"], unique=False)
    op.create_table(
        "roster_row",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("doubts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "submission_id"],
            ["submission.commune_id", "submission.id"],
            name=op.f("fk_roster_row_commune_id_submission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_roster_row_commune_id_household_id"),
        ),
        sa.PrimaryKeyConstraint(
            "commune_id", "submission_id", "household_id", "position", name=op.f("pk_roster_row")
        ),
        sa.UniqueConstraint(
            "commune_id",
            "submission_id",
            "household_id",
            "person_id",
            name=op.f("uq_roster_row_commune_id_submission_id_household_id_person_id"),
        ),
    )
    op.create_index("ix_roster_row_person", "roster_row", ["commune_id", "person_id"], unique=False)
    op.create_table(
        "change_request",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=True),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("read", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("change_request", "kind_known", changed["kind_known"]),
        check("change_request", "not_itself", "other_id <> household_id"),
        check("change_request", "reasoned", "trim(reason) <> ''"),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_change_request_commune_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_change_request_account_id")),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_change_request_commune_id_household_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_change_request")),
        sa.UniqueConstraint("commune_id", "id", "account_id", name=op.f("uq_change_request_commune_id_id_account_id")),
    )
    op.create_index("ix_change_request_household", "change_request", ["commune_id", "household_id"], unique=False)
    op.create_table(
        "change_decision",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=36), nullable=True),
        check("change_decision", "verdict_known", "verdict IN ('accepted', 'refused', 'withdrawn')"),
        check("change_decision", "by_another", "(verdict = 'withdrawn') = (account_id = asked_by)"),
        check("change_decision", "written", "(verdict = 'accepted') = (act IS NOT NULL)"),
        check("change_decision", "reasoned", "verdict <> 'refused' OR trim(reason) <> ''"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_change_decision_account_id")),
        sa.ForeignKeyConstraint(
            ["commune_id", "request_id", "asked_by"],
            ["change_request.commune_id", "change_request.id", "change_request.account_id"],
            name=op.f("fk_change_decision_commune_id_request_id_asked_by"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "request_id", name=op.f("pk_change_decision")),
    )


def downgrade() -> None:
    """Only while nothing was written down about a person: the older table has no word for it."""
    op.drop_table("change_decision")
    op.drop_index("ix_change_request_household", table_name="change_request")
    op.drop_table("change_request")
    op.drop_index("ix_roster_row_person", table_name="roster_row")
    op.drop_table("roster_row")
    op.drop_index("ix_register_event_person", table_name="register_event")
    changed = checked(KINDS, OF_TWO)
    anew = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("register_event") as batch:
        for name in ("of_person", *(() if anew else changed)):
            batch.drop_constraint(op.f(f"ck_register_event_{name}"), type_="check")
        for name, condition in {**changed, **(KEPT if anew else {})}.items():
            batch.create_check_constraint(op.f(f"ck_register_event_{name}"), condition)
        batch.drop_column("person_id")
