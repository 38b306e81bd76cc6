"""Pages find what they ask for among 300,000 households

Indexes that a household's page, a correction, the desk's first page, the lists and the province's flow are read from; none of them reads the
answers of thousands of households for that any more.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NEW = {
    "ix_register_entry_household": ("register_entry", ["commune_id", "household_id"]),
    "ix_register_entry_counted": (
        "register_entry",
        ["commune_id", "round_id", "village_id", "state", "opening_class", "submission_id"],
    ),
    "ix_proof_leaf_household": ("proof_leaf", ["round_id", "household_id"]),
    "ix_household_same_as": ("household", ["commune_id", "same_as"]),
    "ix_household_listed": ("household", ["commune_id", "state", "code", "id", "head_name", "village_id"]),
}


def upgrade() -> None:
    for name, (table, columns) in NEW.items():
        op.create_index(name, table, columns, unique=False)
    op.drop_index("ix_register_entry_village_state", table_name="register_entry")
    op.drop_index("ix_register_event_act", table_name="register_event")
    op.create_index("ix_register_event_act", "register_event", ["act", "commune_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_register_event_act", table_name="register_event")
    op.create_index("ix_register_event_act", "register_event", ["act"], unique=False)
    op.create_index(
        "ix_register_entry_village_state",
        "register_entry",
        ["commune_id", "round_id", "village_id", "state"],
        unique=False,
    )
    for name, (table, _columns) in reversed(NEW.items()):
        op.drop_index(name, table_name=table)
