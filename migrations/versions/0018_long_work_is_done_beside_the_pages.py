"""Long work is done beside the pages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("commune_id", sa.String(length=16), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("follows", sa.String(length=36), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_asked_at", sa.DateTime(timezone=True), nullable=True),
        check("state_known", "state IN ('queued', 'running', 'done', 'failed', 'cancelled')"),
        check("counts", "done >= 0 AND (total IS NULL OR total >= 0)"),
        check("tries", "tries >= 0"),
        check("worked_on_by_one", "(state = 'running') = (worker IS NOT NULL)"),
        check("ended_or_not", "(state IN ('queued', 'running')) = (ended_at IS NULL)"),
        check("failed_with_a_code", "state <> 'failed' OR problem IS NOT NULL"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_job_account_id")),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"], name=op.f("fk_job_commune_id")),
        sa.ForeignKeyConstraint(["follows"], ["job.id"], name=op.f("fk_job_follows")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("follows", name=op.f("uq_job_follows")),
    )
    op.create_index("ix_job_state", "job", ["state", "asked_at"])


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_job_{name}"))


def downgrade() -> None:
    op.drop_table("job")
