"""Phones propose changes of the register, and an outcome has a photo"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KINDS = (
    "'enter', 'correct', 'move', 'split', 'merge', 'unmerge', 'dissolve', 'died_out', 'duplicate', 'test', 'restore', "
    "'born', 'joined', 'married_in', 'died', 'left', 'married_out', 'transferred', 'person', 'head', 'identified', "
    "'void'"
)
HELD = (
    "'unknown_form', 'unknown_household', 'outside_area', 'round_closed', 'round_cancelled', 'id_reused', "
    "'bad_answers', 'bad_shape', 'too_large', 'future_date', 'doubtful_date', 'server_clock', 'outside_standard', "
    "'already_accepted', 'two_interviews', 'revoked'"
)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def refers(table: str, columns: list[str], to: str, referred: list[str]) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{'_'.join(columns)}")
    return sa.ForeignKeyConstraint(columns, [f"{to}.{column}" for column in referred], name=name)


def upgrade() -> None:
    op.create_table(
        "outcome_file",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("outcome_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        refers("outcome_file", ["commune_id", "outcome_id"], "household_outcome", ["commune_id", "id"]),
        sa.PrimaryKeyConstraint("commune_id", "outcome_id", "sha256", name=op.f("pk_outcome_file")),
    )
    op.create_index("ix_outcome_file_sha256", "outcome_file", ["commune_id", "sha256"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("said_at", sa.String(length=40), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_for", sa.String(length=32), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=True),
        check("proposal", "kind_known", f"kind IN ({KINDS})"),
        check("proposal", "held_for_known", f"held_for IN ({HELD})"),
        check(
            "proposal",
            "whole_or_held",
            "held_for IS NOT NULL OR (kind IS NOT NULL AND household_id IS NOT NULL)",
        ),
        check("proposal", "held_once", "held_for IS NULL OR rule IS NULL"),
        refers("proposal", ["commune_id"], "place", ["id"]),
        refers("proposal", ["account_id"], "account", ["id"]),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_proposal")),
        sa.UniqueConstraint(
            "commune_id", "entry_id", "content_hash", name=op.f("uq_proposal_commune_id_entry_id_content_hash")
        ),
    )
    op.create_index(op.f("ix_proposal_entry_id"), "proposal", ["entry_id"], unique=False)
    op.create_index("ix_proposal_household", "proposal", ["commune_id", "household_id"], unique=False)
    op.create_table(
        "proposal_answer",
        sa.Column("commune_id", sa.String(length=16), nullable=False),
        sa.Column("proposal_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("proposal_answer", "request_or_words", "(request_id IS NULL) = (trim(reason) <> '')"),
        check("proposal_answer", "words_of_somebody", "request_id IS NOT NULL OR account_id IS NOT NULL"),
        refers("proposal_answer", ["commune_id", "proposal_id"], "proposal", ["commune_id", "id"]),
        refers("proposal_answer", ["commune_id", "request_id"], "change_request", ["commune_id", "id"]),
        refers("proposal_answer", ["account_id"], "account", ["id"]),
        sa.PrimaryKeyConstraint("commune_id", "proposal_id", name=op.f("pk_proposal_answer")),
    )
    op.create_index("ix_proposal_answer_request", "proposal_answer", ["commune_id", "request_id"], unique=False)


def downgrade() -> None:
    """Only while no phone proposed anything and no outcome has a photo: the older tables have no place for it."""
    op.drop_index("ix_proposal_answer_request", table_name="proposal_answer")
    op.drop_table("proposal_answer")
    op.drop_index("ix_proposal_household", table_name="proposal")
    op.drop_index(op.f("ix_proposal_entry_id"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_index("ix_outcome_file_sha256", table_name="outcome_file")
    op.drop_table("outcome_file")
