"""A new account is handed over to its owner

Who made an account, or set its password anew, is known from the log of acts. What they know of accounts that are there
blocks nothing (`four_eyes_since`): it is shown beside what they accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

MADE = ("account_created", "password_reset")


def upgrade() -> None:
    table = op.create_table(
        "password_known",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("known_by", sa.String(36), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(36), nullable=True),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR until IS NOT NULL", name=op.f("ck_password_known_confirmed_is_over")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_password_known_account_id")),
        sa.ForeignKeyConstraint(["known_by"], ["account.id"], name=op.f("fk_password_known_known_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["account.id"], name=op.f("fk_password_known_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_known")),
    )
    op.create_index(op.f("ix_password_known_account_id"), "password_known", ["account_id"])
    _take_over(op.get_bind(), table)


def _take_over(connection: sa.Connection, table: sa.Table) -> None:
    account = sa.table("account", sa.column("id"))
    if connection.execute(sa.select(account.c.id).limit(1)).first() is None:
        return
    event = sa.table(
        "audit_event", sa.column("verb"), sa.column("subject"), sa.column("account_id"),
        sa.column("at", sa.DateTime(timezone=True)),
    )  # fmt: skip
    made = sa.select(event.c.subject, event.c.account_id, event.c.at).join(account, account.c.id == event.c.subject)
    of_people = event.c.account_id.is_not(None) & (event.c.account_id != event.c.subject)
    rows = connection.execute(made.where(event.c.verb.in_(MADE), of_people)).all()
    for account_id, known_by, since in rows:
        connection.execute(
            table.insert().values(id=str(uuid4()), account_id=account_id, known_by=known_by, since=since)
        )
    state = sa.table("server_state", sa.column("key"), sa.column("value"))
    connection.execute(state.insert().values(key="four_eyes_since", value=datetime.now(UTC).isoformat()))


def downgrade() -> None:
    op.execute("DELETE FROM server_state WHERE key LIKE 'four_eyes%'")
    op.drop_table("password_known")
