"""The plan gives tasks, which are reported on

A changed task is its next version; what was said of it is only ever added to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "plan_task",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("target_code", sa.String(16), nullable=False),
        sa.Column("communes", sa.Text(), nullable=False),
        sa.Column("departments", sa.Text(), nullable=False),
        sa.Column("papers", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("plan_task", "from_one", "number >= 1 AND version >= 1"),
        check("plan_task", "told", "trim(title) <> '' AND trim(reason) <> ''"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_task_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_plan_task_place_id")),
        sa.PrimaryKeyConstraint("place_id", "number", "version", name=op.f("pk_plan_task")),
    )
    op.create_table(
        "plan_task_step",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("receiver", sa.String(200), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.String(36), nullable=True),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("plan_task_step", "action_known", "action IN ('progress', 'done', 'accept', 'return')"),
        check("plan_task_step", "by_another",
              "(action IN ('accept', 'return')) = (reported_by IS NOT NULL) AND account_id <> reported_by OR "
              "action IN ('progress', 'done') AND reported_by IS NULL"),
        check("plan_task_step", "from_one", "seq >= 1"),
        check("plan_task_step", "not_whole", "share BETWEEN 0 AND 99"),
        check("plan_task_step", "share_of_progress", "(share IS NOT NULL) = (action = 'progress')"),
        check("plan_task_step", "told", "action = 'accept' OR trim(words) <> ''"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_task_step_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_plan_task_step_place_id")),
        sa.PrimaryKeyConstraint("place_id", "number", "seq", name=op.f("pk_plan_task_step")),
    )  # fmt: skip
    op.create_index("ix_plan_task_step_latest", "plan_task_step", ["place_id", "number", "receiver", "seq"])
    op.create_table(
        "plan_paper",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_paper_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_plan_paper_place_id")),
        sa.PrimaryKeyConstraint("place_id", "sha256", name=op.f("pk_plan_paper")),
    )


def downgrade() -> None:
    op.drop_table("plan_paper")
    op.drop_table("plan_task_step")
    op.drop_table("plan_task")
