"""Wrong tries are counted by account and device, and within a session

What was counted of before goes; a device that is signed in is known by that.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0046"
branch_labels = None
depends_on = None

WORD = "guessed"


def reworded(*added: str) -> None:
    """Let a session end with the words of before and `added`, and count within it where there are any. On SQLite the
    table is made anew without any of its CHECKs, so all of them are given again."""
    anew = op.get_bind().dialect.name == "sqlite"
    checks = {str(one["name"]): str(one["sqltext"]) for one in sa.inspect(op.get_bind()).get_check_constraints("session")}
    name = "ck_session_why_known"
    words = [word for word in re.findall(r"'(\w+)'", checks[name]) if word != WORD]
    checks[name] = f"why IN ({', '.join(map(repr, [*words, *added]))})"
    with op.batch_alter_table("session") as batch:
        if added:
            batch.add_column(sa.Column("wrong", sa.Integer(), nullable=False, server_default="0"))
        else:
            batch.drop_column("wrong")
        if not anew:
            batch.drop_constraint(op.f(name), type_="check")
        for one, condition in checks.items():
            if anew or one == name:
                batch.create_check_constraint(op.f(one), condition)


def upgrade() -> None:
    reworded(WORD)
    op.create_table(
        "sign_in_tries",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=True),
        sa.Column("untold", sa.Integer(), nullable=False),
        sa.Column("untold_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_tries_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_sign_in_tries")),
    )
    op.create_table(
        "known_browser",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_known_browser_account_id")),
        sa.PrimaryKeyConstraint("account_id", "token_hash", name=op.f("pk_known_browser")),
    )
    op.create_index(op.f("ix_known_browser_token_hash"), "known_browser", ["token_hash"])
    op.execute("DELETE FROM login_attempt")


def downgrade() -> None:
    op.execute(f"UPDATE session SET why = 'ended' WHERE why = '{WORD}'")  # noqa: S608 - a word of ours
    op.drop_table("known_browser")
    op.drop_table("sign_in_tries")
    reworded()
