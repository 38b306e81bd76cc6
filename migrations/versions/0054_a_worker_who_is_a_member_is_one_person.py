"""A worker outside the register who is a member of a household is one person

A support of a member keeps the keyed hash of the identity number that the register knew then. Of supports of before
nobody knows it here: the key is none of the database's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("support") as batch:
        batch.add_column(sa.Column("person_number", sa.String(64)))
    op.create_index("ix_support_person_number", "support", ["person_number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_support_person_number", table_name="support")
    with op.batch_alter_table("support") as batch:
        batch.drop_column("person_number")
