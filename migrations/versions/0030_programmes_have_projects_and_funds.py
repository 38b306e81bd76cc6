"""Programmes have projects, kinds of support and funds

What a project serves is written down with its source, and what changed is the next version. A fund's balance is asked
and moved in one statement, so it is never spent twice.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "programme",
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("programme", "forward", "until >= since"),
        check("programme", "from_one", "version >= 1"),
        check("programme", "kind_known", "kind IN ('national', 'province', 'policy')"),
        check("programme", "sourced", "trim(source) <> '' AND trim(reason) <> ''"),
        check("programme", "status_known", "status IN ('verified', 'decided', 'memory', 'proposal', 'to_enter')"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_programme_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_programme_province_id"),
        ),
        sa.PrimaryKeyConstraint("province_id", "code", "version", name=op.f("pk_programme")),
    )
    op.create_table(
        "project",
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("sub_number", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("within", sa.String(32), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("place_set", sa.String(32), nullable=False),
        sa.Column("commune_id", sa.String(16), nullable=True),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("project", "forward", "ends >= opens"),
        check("project", "from_one", "version >= 1"),
        check(
            "project",
            "kind_known",
            "kind IN ('project', 'livestock', 'crops', 'crafts', 'tourism', 'startup')",
        ),
        check("project", "one_place", "commune_id IS NULL OR place_set = ''"),
        check("project", "sourced", "trim(source) <> '' AND trim(reason) <> ''"),
        check("project", "status_known", "status IN ('verified', 'decided', 'memory', 'proposal', 'to_enter')"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_project_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"],
            ["place.id"],
            name=op.f("fk_project_commune_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_project_province_id"),
        ),
        sa.PrimaryKeyConstraint("province_id", "programme", "code", "version", name=op.f("pk_project")),
    )
    op.create_table(
        "serves",
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("project", sa.String(32), nullable=False),
        sa.Column("indicator", sa.String(32), nullable=False),
        sa.Column("place_set", sa.String(32), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("serves", "from_one", "version >= 1"),
        check(
            "serves",
            "indicator_known",
            "indicator IN ('viec_lam', 'nguoi_phu_thuoc', 'dinh_duong', 'bhyt', 'gd_nguoi_lon', "
            "'gd_tre_em', 'nha_o_chat_luong', 'nha_o_dien_tich', 'nuoc', 'nha_tieu', 'vien_thong', "
            "'phuong_tien_tt')",
        ),
        check("serves", "sourced", "trim(source) <> '' AND trim(reason) <> ''"),
        check("serves", "status_known", "status IN ('verified', 'decided', 'memory', 'proposal', 'to_enter')"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_serves_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_serves_province_id"),
        ),
        sa.PrimaryKeyConstraint("province_id", "programme", "project", "indicator", "version", name=op.f("pk_serves")),
    )
    op.create_table(
        "support_kind",
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("benefit_group", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("once_in", sa.String(16), nullable=False),
        sa.Column("counts_as", sa.String(16), nullable=True),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("support_kind", "counts_as_known", "counts_as IN ('jobs', 'trained', 'abroad')"),
        check("support_kind", "from_one", "version >= 1"),
        check("support_kind", "once_in_known", "once_in IN ('none', 'month', 'calendar_year', 'programme', 'life')"),
        check("support_kind", "persons_counted", "counts_as IS NULL OR subject = 'person'"),
        check("support_kind", "sourced", "trim(source) <> '' AND trim(reason) <> ''"),
        check("support_kind", "status_known", "status IN ('verified', 'decided', 'memory', 'proposal', 'to_enter')"),
        check("support_kind", "subject_known", "subject IN ('person', 'household')"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_support_kind_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_support_kind_province_id"),
        ),
        sa.PrimaryKeyConstraint("province_id", "code", "version", name=op.f("pk_support_kind")),
    )
    op.create_table(
        "fund",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("place_id", sa.String(16), nullable=False),
        sa.Column("province_id", sa.String(16), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("project", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("committed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("fund", "committed_enough", "committed >= 0"),
        check("fund", "enough", "balance >= 0"),
        check("fund", "sourced", "trim(source) <> '' AND trim(name) <> ''"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_fund_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.id"],
            name=op.f("fk_fund_place_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["place.id"],
            name=op.f("fk_fund_province_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
    )
    op.create_index("ix_fund_place_id", "fund", ["place_id"], unique=False)
    op.create_table(
        "fund_entry",
        sa.Column("fund_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("of_seq", sa.Integer(), nullable=True),
        sa.Column("reverses", sa.Integer(), nullable=True),
        sa.Column("to_balance", sa.BigInteger(), nullable=False),
        sa.Column("to_committed", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check(
            "fund_entry",
            "act_known",
            "act IN ('allocate', 'commit', 'pay', 'return', 'hand_back', 'reverse')",
        ),
        check("fund_entry", "moves", "to_balance <> 0 OR to_committed <> 0"),
        check("fund_entry", "moves_its_amount", "abs(to_balance) IN (0, amount) AND abs(to_committed) IN (0, amount)"),
        check("fund_entry", "of_earlier", "of_seq < seq AND reverses < seq"),
        check("fund_entry", "on_paper", "trim(document) <> ''"),
        check("fund_entry", "reverses_one", "(act = 'reverse') = (reverses IS NOT NULL)"),
        check("fund_entry", "something", "amount > 0"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_fund_entry_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["fund_id"],
            ["fund.id"],
            name=op.f("fk_fund_entry_fund_id"),
        ),
        sa.ForeignKeyConstraint(
            ["fund_id", "of_seq"],
            ["fund_entry.fund_id", "fund_entry.seq"],
            name=op.f("fk_fund_entry_fund_id_of_seq"),
        ),
        sa.ForeignKeyConstraint(
            ["fund_id", "reverses"],
            ["fund_entry.fund_id", "fund_entry.seq"],
            name=op.f("fk_fund_entry_fund_id_reverses"),
        ),
        sa.PrimaryKeyConstraint("fund_id", "seq", name=op.f("pk_fund_entry")),
        sa.UniqueConstraint("fund_id", "reverses", name=op.f("uq_fund_entry_fund_id_reverses")),
    )
    op.create_table(
        "project_member",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("programme", sa.String(32), nullable=False),
        sa.Column("project", sa.String(32), nullable=False),
        sa.Column("household_id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("project_member", "counted", "given >= 0 AND own >= 0"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_project_member_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "household_id"],
            ["household.commune_id", "household.id"],
            name=op.f("fk_project_member_commune_id_household_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "id", name=op.f("pk_project_member")),
    )
    op.create_index("ix_project_member_household", "project_member", ["commune_id", "household_id"], unique=False)
    op.create_index("ix_project_member_project", "project_member", ["commune_id", "programme", "project"], unique=False)
    op.create_table(
        "project_member_step",
        sa.Column("commune_id", sa.String(16), nullable=False),
        sa.Column("member_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        check("project_member_step", "act_known", "act IN ('outcome', 'left', 'void')"),
        check("project_member_step", "from_one", "number >= 1"),
        check("project_member_step", "outcome_known", "outcome IN ('grown', 'kept', 'stopped', 'lost', 'not_known')"),
        check("project_member_step", "outcome_said", "(act = 'outcome') = (outcome IS NOT NULL)"),
        check("project_member_step", "reasoned", "act = 'outcome' OR trim(note) <> ''"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_project_member_step_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id", "member_id"],
            ["project_member.commune_id", "project_member.id"],
            name=op.f("fk_project_member_step_commune_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("commune_id", "member_id", "number", name=op.f("pk_project_member_step")),
    )


def downgrade() -> None:
    op.drop_table("project_member_step")
    op.drop_table("project_member")
    op.drop_table("fund_entry")
    op.drop_table("fund")
    op.drop_table("support_kind")
    op.drop_table("serves")
    op.drop_table("project")
    op.drop_table("programme")
