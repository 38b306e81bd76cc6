"""ODK Collect comes with keys"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collect_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_device", sa.String(length=80), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_collect_token_account_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_collect_token_made_by")),
        sa.ForeignKeyConstraint(["revoked_by"], ["account.id"], name=op.f("fk_collect_token_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collect_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_collect_token_token_hash")),
    )
    op.create_index(op.f("ix_collect_token_account_id"), "collect_token", ["account_id"], unique=False)
    op.create_table(
        "collect_upload",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("xml_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("xml", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_collect_upload_account_id")),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_collect_upload_commune_id")),
        sa.PrimaryKeyConstraint("commune_id", "xml_hash", name=op.f("pk_collect_upload")),
    )
    op.create_index("ix_collect_upload_account", "collect_upload", ["account_id", "entry_hash"], unique=False)
    op.create_table(
        "collect_file",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("xml_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "xml_hash"],
            ["collect_upload.commune_id", "collect_upload.xml_hash"],
            name=op.f("fk_collect_file_commune_id_xml_hash"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "xml_hash", "name", name=op.f("pk_collect_file")),
    )


def downgrade() -> None:
    op.drop_table("collect_file")
    op.drop_index("ix_collect_upload_account", table_name="collect_upload")
    op.drop_table("collect_upload")
    op.drop_index(op.f("ix_collect_token_account_id"), table_name="collect_token")
    op.drop_table("collect_token")
