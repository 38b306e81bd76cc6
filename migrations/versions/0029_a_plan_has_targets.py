"""A plan has targets, and figures that one enters and another confirms

A changed target or set of communes is its next version; nothing is overwritten.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "plan_target",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("place_set", sa.String(32), nullable=False),
        sa.Column("base_year", sa.Integer(), nullable=False),
        sa.Column("base_value", sa.BigInteger(), nullable=True),
        sa.Column("base_status", sa.String(16), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("comparison", sa.String(16), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("value_to", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("plan_target", "base_known", "(base_value IS NULL) = (base_status IS NULL)"),
        check(
            "plan_target",
            "base_status_known",
            "base_status IN ('recognised', 'published', 'reported', 'second_hand', 'doubtful', 'derived', "
            "'provisional', 'illustrative', 'estimated', 'forecast')",
        ),
        check("plan_target", "comparison_known", "comparison IN ('lt', 'le', 'gt', 'ge', 'range')"),
        check("plan_target", "counted", "value >= 0 AND base_value >= 0"),
        check("plan_target", "forward", "base_year < year"),
        check("plan_target", "from_one", "version >= 1"),
        check("plan_target", "kind_known", "kind IN ('level', 'fall', 'sum', 'share')"),
        check(
            "plan_target",
            "measure_known",
            "measure IN ('poverty_rate', 'near_poor_rate', 'multidimensional_rate', 'dtts_poverty_of_group',"
            " 'dtts_poverty_of_all', 'lack_viec_lam', 'lack_y_te', 'lack_giao_duc', 'lack_nha_o', "
            "'lack_nuoc_ve_sinh', 'lack_thong_tin', 'poor_households', 'near_poor_households', "
            "'dtts_poor_households', 'dtts_near_poor_households', 'resident_households', 'steady_work', "
            "'jobs', 'jobs_poor_share', 'trained', 'abroad', 'models', 'pilots')",
        ),
        check("plan_target", "range_forward", "value_to > value"),
        check("plan_target", "ranged", "(value_to IS NOT NULL) = (comparison = 'range' AND value IS NOT NULL)"),
        check("plan_target", "sourced", "trim(source) <> '' AND trim(reason) <> ''"),
        check(
            "plan_target",
            "status_known",
            "status IN ('published', 'decided', 'to_confirm', 'to_enter', 'no_number')",
        ),
        check("plan_target", "told", "(value IS NULL) = (status IN ('to_enter', 'no_number'))"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_target_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_plan_target_place_id")),
        sa.PrimaryKeyConstraint("place_id", "plan", "code", "version", name=op.f("pk_plan_target")),
    )
    op.create_table(
        "plan_place_set",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("communes", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("plan_place_set", "forward", "until >= since"),
        check("plan_place_set", "from_one", "version >= 1"),
        check("plan_place_set", "sourced", "trim(source) <> '' AND trim(reason) <> ''"),
        check(
            "plan_place_set",
            "status_known",
            "status IN ('published', 'decided', 'to_confirm', 'to_enter', 'no_number')",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_place_set_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_plan_place_set_place_id")),
        sa.PrimaryKeyConstraint("place_id", "code", "version", name=op.f("pk_plan_place_set")),
    )
    op.create_table(
        "plan_figure",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("place_set", sa.String(32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shipped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("plan_figure", "counted", "value >= 0"),
        check("plan_figure", "from_one", "seq >= 1"),
        check(
            "plan_figure",
            "measure_known",
            "measure IN ('poverty_rate', 'near_poor_rate', 'multidimensional_rate', 'dtts_poverty_of_group',"
            " 'dtts_poverty_of_all', 'lack_viec_lam', 'lack_y_te', 'lack_giao_duc', 'lack_nha_o', "
            "'lack_nuoc_ve_sinh', 'lack_thong_tin', 'poor_households', 'near_poor_households', "
            "'dtts_poor_households', 'dtts_near_poor_households', 'resident_households', 'steady_work', "
            "'jobs', 'jobs_poor_share', 'trained', 'abroad', 'models', 'pilots')",
        ),
        check("plan_figure", "month_known", "month BETWEEN 1 AND 12"),
        check("plan_figure", "sourced", "trim(source) <> ''"),
        check(
            "plan_figure",
            "status_known",
            "status IN ('recognised', 'published', 'reported', 'second_hand', 'doubtful', 'derived', "
            "'provisional', 'illustrative', 'estimated', 'forecast')",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_figure_account_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_plan_figure_place_id")),
        sa.PrimaryKeyConstraint("place_id", "seq", name=op.f("pk_plan_figure")),
        sa.UniqueConstraint("place_id", "seq", "account_id", name=op.f("uq_plan_figure_place_id_seq_account_id")),
    )
    op.create_table(
        "plan_figure_step",
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entered_by", sa.String(36), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("plan_figure_step", "action_known", "action IN ('confirm', 'refuse', 'withdraw', 'revoke')"),
        check("plan_figure_step", "by_another", "number = 2 OR (action = 'withdraw') = (account_id = entered_by)"),
        check("plan_figure_step", "reasoned", "action = 'confirm' OR trim(reason) <> ''"),
        check("plan_figure_step", "revoked_last", "(action = 'revoke') = (number = 2)"),
        check("plan_figure_step", "two_at_most", "number IN (1, 2)"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_figure_step_account_id")),
        sa.ForeignKeyConstraint(
            ["place_id", "seq", "entered_by"],
            ["plan_figure.place_id", "plan_figure.seq", "plan_figure.account_id"],
            name=op.f("fk_plan_figure_step_place_id_seq_entered_by"),
        ),
        sa.PrimaryKeyConstraint("place_id", "seq", "number", name=op.f("pk_plan_figure_step")),
    )


def downgrade() -> None:
    op.drop_table("plan_figure_step")
    op.drop_table("plan_figure")
    op.drop_table("plan_place_set")
    op.drop_table("plan_target")
