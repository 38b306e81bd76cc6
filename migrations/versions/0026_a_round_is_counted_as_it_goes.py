"""A round is counted as it goes: a narrow row a household, and what they come to at each place

Both are empty here and filled by the program that comes with them (`survey/tallies/places.py`, `fill`), a commune at a
time: what is counted of an interview is read from its answers, which is the program's to do and not a migration's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STATES = "'to_visit', 'received', 'returned', 'accepted'"
CLASSES = "'ho_ngheo', 'ho_can_ngheo', 'khong_ngheo'"


def upgrade() -> None:
    op.create_table(
        "household_fact",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("round_id", sa.String(36), nullable=False),
        sa.Column("household_id", sa.String(36), nullable=False),
        sa.Column("village_id", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opening_class", sa.String(16)),
        sa.Column("opening_lacks", sa.String(12)),
        sa.Column("opening_persons", sa.Integer()),
        sa.Column("opening_people", sa.String(64)),
        sa.Column("opening_sex", sa.String(64)),
        sa.Column("submission_id", sa.String(36)),
        sa.Column("household_class", sa.String(16)),
        sa.Column("refused", sa.Boolean()),
        sa.Column("illustrative", sa.Boolean()),
        sa.Column("persons", sa.Integer()),
        sa.Column("b1_points", sa.Double()),
        sa.Column("lacks", sa.String(12)),
        sa.Column("hangs", sa.Text()),
        sa.Column("people", sa.String(64)),
        sa.Column("sex", sa.String(64)),
        sa.Column("area", sa.String(64)),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_household_fact_state_known")),
        sa.CheckConstraint(f"opening_class IN ({CLASSES})", name=op.f("ck_household_fact_opening_class_known")),
        sa.CheckConstraint(f"household_class IN ({CLASSES})", name=op.f("ck_household_fact_household_class_known")),
        sa.CheckConstraint("length(lacks) = 12", name=op.f("ck_household_fact_twelve")),
        sa.CheckConstraint("length(opening_lacks) = 12", name=op.f("ck_household_fact_twelve_before")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_household_fact_on_earth")
        ),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_household_fact_both_or_none")
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_household_fact_commune_id_household_id"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_household_fact_round_id")),
        sa.ForeignKeyConstraint(["village_id"], ["place.id"], name=op.f("fk_household_fact_village_id")),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "household_id", name=op.f("pk_household_fact")),
    )
    op.create_table(
        "place_tally",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("round_id", sa.String(36), nullable=False),
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("part", sa.String(80), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_place_tally_commune_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_place_tally_round_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_place_tally_place_id")),
        sa.PrimaryKeyConstraint("commune_id", "round_id", "place_id", "part", name=op.f("pk_place_tally")),
    )


def downgrade() -> None:
    op.drop_table("place_tally")
    op.drop_table("household_fact")
