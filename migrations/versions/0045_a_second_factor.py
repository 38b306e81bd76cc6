"""A second factor at sign-in

Accounts that are there have 14 days from now on (`factor_since`) before it is asked of those who need it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("box", sa.String(200), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id")),
        sa.PrimaryKeyConstraint("account_id", "mac", name=op.f("pk_recovery_code")),
    )
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT id FROM account LIMIT 1")).first() is not None:
        state = sa.table("server_state", sa.column("key"), sa.column("value"))
        connection.execute(state.insert().values(key="factor_since", value=datetime.now(UTC).isoformat()))


def downgrade() -> None:
    op.execute("DELETE FROM server_state WHERE key = 'factor_since'")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
