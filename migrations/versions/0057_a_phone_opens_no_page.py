"""Sessions of phones and of desks are two: a phone's opens no page, a desk's no phone's door

Those that there are go on for both until they end. Going back, each is for both again, and its cookie alone is enough.
A phone's has the public key of its vault.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

KINDS = "'both', 'send', 'half'"


NEW: dict[str, sa.types.TypeEngine[object]] = {
    "vault_key": sa.String(200),
    "access_hash": sa.String(64),
    "access_until": sa.DateTime(timezone=True),
    "proven": sa.DateTime(timezone=True),
}


def reworded(kinds: str, *, adds: bool) -> None:
    """Let a session be of these kinds, and have the columns of the vault or not. On SQLite the table is made anew without any of its CHECKs, so all of them are
    given again."""
    anew = op.get_bind().dialect.name == "sqlite"
    checks = {str(one["name"]): str(one["sqltext"]) for one in sa.inspect(op.get_bind()).get_check_constraints("session")}
    name = "ck_session_kind_known"
    checks[name] = f"kind IN ({kinds})"
    with op.batch_alter_table("session") as batch:
        for column, kind in NEW.items():
            if adds:
                batch.add_column(sa.Column(column, kind, nullable=True))
            else:
                batch.drop_column(column)
        if not anew:
            batch.drop_constraint(op.f(name), type_="check")
        for one, condition in checks.items():
            if anew or one == name:
                batch.create_check_constraint(op.f(one), condition)


def upgrade() -> None:
    reworded(f"{KINDS}, 'phone', 'desk'", adds=True)


def downgrade() -> None:
    op.execute("UPDATE session SET kind = 'both' WHERE kind IN ('phone', 'desk')")
    reworded(KINDS, adds=False)
