"""A standard has a period and a scope, and a round may be a trial"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# As in shared/domain/income_lines.csv and score_thresholds.csv when this was written; a later change is a row of its own.
STANDARDS = [
    {
        "code": "ND07-2021",
        "title": "Nghị định 07/2021/NĐ-CP",
        "valid_from": date(2022, 1, 1),
        "valid_to": date(2026, 12, 31),
        "is_complete": True,
        "rural_income": 1_500_000,
        "urban_income": 2_000_000,
        "rural_points": 140,
        "urban_points": 175,
        "status": "verified; bảng điểm B1 và một số cách hiểu chưa có văn bản",
        "source": "NĐ 07/2021/NĐ-CP Đ3; TT 07/2021/TT-BLĐTBXH; kéo dài đến 31/12/2026: NĐ 351/2025/NĐ-CP",
    },
    {
        "code": "ND351-2025",
        "title": "Nghị định 351/2025/NĐ-CP",
        "valid_from": date(2027, 1, 1),
        "valid_to": date(2030, 12, 31),
        "is_complete": False,
        "rural_income": 2_200_000,
        "urban_income": 2_800_000,
        "rural_points": None,
        "urban_points": None,
        "status": "verified: mức thu nhập; chưa có: phụ lục chỉ số, bảng điểm và điểm quy đổi",
        "source": "NĐ 351/2025/NĐ-CP (mức thu nhập theo báo đã công bố; phụ lục chưa đọc)",
    },
]


def upgrade() -> None:
    standard = op.create_table(
        "standard",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("place_id", sa.String(length=16), nullable=True),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("rural_income", sa.Integer(), nullable=True),
        sa.Column("urban_income", sa.Integer(), nullable=True),
        sa.Column("rural_points", sa.Integer(), nullable=True),
        sa.Column("urban_points", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=400), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_standard_forward")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_standard_place_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_standard")),
    )
    op.bulk_insert(standard, [{"place_id": None, **one} for one in STANDARDS])
    op.add_column("round", sa.Column("trial", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("round", "trial")
    op.drop_table("standard")
