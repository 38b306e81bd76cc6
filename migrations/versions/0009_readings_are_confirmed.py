"""Readings of the texts: what confirms them, and which classes hang on them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_confirmation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("form_id", sa.String(length=64), nullable=False),
        sa.Column("reading", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=120), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_reading_confirmation_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_confirmation")),
    )
    op.create_index("ix_reading_confirmation_form", "reading_confirmation", ["form_id", "reading"], unique=False)
    op.create_table(
        "assessment_reading",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("reading", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("household_class", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "household_class IN ('ho_ngheo', 'ho_can_ngheo', 'khong_ngheo')",
            name=op.f("ck_assessment_reading_household_class_known"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "submission_id"],
            ["submission.commune_id", "submission.id"],
            name=op.f("fk_assessment_reading_commune_id"),
        ),
        sa.PrimaryKeyConstraint(
            "commune_id", "submission_id", "reading", "value", name=op.f("pk_assessment_reading")
        ),
    )


def downgrade() -> None:
    op.drop_table("assessment_reading")
    op.drop_index("ix_reading_confirmation_form", table_name="reading_confirmation")
    op.drop_table("reading_confirmation")
