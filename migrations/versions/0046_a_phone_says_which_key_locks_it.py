"""A phone says to which key of the office its own is locked

Nobody knows it of a phone until it is next heard of.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("device") as batch:
        batch.add_column(sa.Column("escrow_id", sa.String(16)))


def downgrade() -> None:
    with op.batch_alter_table("device") as batch:
        batch.drop_column("escrow_id")
