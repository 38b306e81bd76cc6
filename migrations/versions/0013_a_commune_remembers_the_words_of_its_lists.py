"""A commune remembers what the words of its lists mean"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "list_word",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("word", sa.String(length=60), nullable=False),
        sa.Column("meaning", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_list_word_account_id")),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_list_word_commune_id")),
        sa.PrimaryKeyConstraint("commune_id", "kind", "word", name=op.f("pk_list_word")),
    )


def downgrade() -> None:
    op.drop_table("list_word")
