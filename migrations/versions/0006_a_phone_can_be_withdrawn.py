"""A phone can be withdrawn"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("device", sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_device_account", "device", ["account_id"], unique=False)
    op.create_table(
        "lost_receipt",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=120), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_by", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_lost_receipt_commune_id")),
        sa.ForeignKeyConstraint(["shown_by"], ["account.id"], name=op.f("fk_lost_receipt_shown_by")),
        sa.PrimaryKeyConstraint("commune_id", "entry_id", "content_hash", name=op.f("pk_lost_receipt")),
    )


def downgrade() -> None:
    op.drop_table("lost_receipt")
    op.drop_index("ix_device_account", table_name="device")
    op.drop_column("device", "revoked_at")
