"""A closing reads what was frozen, and knows whether anybody came between

What a household was once is kept with the list that a round begins with; a commune counts its turns.
"""

from __future__ import annotations

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ENTRY, ROUND, ASSESSMENT = (
    sa.table(name, *map(sa.column, columns))
    for name, columns in (
        ("register_entry", ("commune_id", "round_id", "household_id", "opening_class", "state", "submission_id")),
        ("round", ("id", "opens_on", "trial")),
        ("assessment", ("commune_id", "submission_id", "household_class")),
    )
)
KEPT = ("start_row", "round_request")


def upgrade() -> None:
    op.add_column("commune_counter", sa.Column("turns", sa.Integer(), nullable=False, server_default="0"))
    for name in KEPT:
        op.add_column(name, sa.Column("once", sa.Text(), nullable=False, server_default="[]"))
    _keep_what_they_were()


def _keep_what_they_were() -> None:
    """The classes of earlier rounds, round by round, as they stand on this day."""
    connection = op.get_bind()
    trial = sa.column("trial", sa.Boolean())
    rounds = connection.execute(sa.select(ROUND.c.id, ROUND.c.opens_on, trial).select_from(ROUND)).all()
    for round_id, opens_on, _ in rounds:
        earlier = [id for id, day, is_trial in rounds if id != round_id and day < opens_on and not is_trial]
        once: dict[tuple[str, str], set[str]] = defaultdict(set)
        of_counted = (ASSESSMENT.c.commune_id == ENTRY.c.commune_id) & (
            ASSESSMENT.c.submission_id == ENTRY.c.submission_id
        )
        found = (
            sa.select(
                ENTRY.c.commune_id, ENTRY.c.household_id, ENTRY.c.opening_class, ASSESSMENT.c.household_class,
                ENTRY.c.state,
            )
            .select_from(ENTRY.outerjoin(ASSESSMENT, of_counted))
            .where(ENTRY.c.round_id.in_(earlier))
        )  # fmt: skip
        for commune_id, household_id, opening, became, state in connection.execute(found):
            classes = (opening, became if state == "accepted" else None)
            once[commune_id, household_id] |= {one for one in classes if one}
        given = [
            {"commune": commune_id, "household": household_id, "said": json.dumps(sorted(those), separators=(",", ":"))}
            for (commune_id, household_id), those in once.items()
            if those
        ]
        for name in KEPT if given else ():
            of = sa.table(name, *map(sa.column, ("commune_id", "round_id", "household_id", "once")))
            keep = (
                sa.update(of)
                .where(
                    of.c.round_id == round_id, of.c.commune_id == sa.bindparam("commune"),
                    of.c.household_id == sa.bindparam("household"),
                )
                .values(once=sa.bindparam("said"))
            )  # fmt: skip
            connection.execute(keep, given)


def downgrade() -> None:
    for name in KEPT:
        op.drop_column(name, "once")
    op.drop_column("commune_counter", "turns")
