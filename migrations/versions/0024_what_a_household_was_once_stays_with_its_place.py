"""What a household was once is kept with its place on a round's list, whenever it came there

Until now it was kept with the list that a round began with and with the paper that asks, and was looked up each time
for whoever came onto the list later: those get what is to be found on this day.
"""

from __future__ import annotations

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KEY = ("commune_id", "round_id", "household_id")
ENTRY, GONE, START, REQUEST, ROUND, ASSESSMENT = (
    sa.table(name, *map(sa.column, columns))
    for name, columns in (
        ("register_entry", (*KEY, "opening_class", "state", "submission_id", "once")),
        ("register_gone", (*KEY, "change", "once")),
        ("start_row", (*KEY, "once")),
        ("round_request", (*KEY, "at", "taken_back_at", "once")),
        ("round", ("id", "opens_on", "trial")),
        ("assessment", ("commune_id", "submission_id", "household_class")),
    )
)
PLACES, BEFORE = (ENTRY, GONE), (START, REQUEST)


def upgrade() -> None:
    for table in PLACES:
        _add(table)
    _take_over()
    _look_up()
    for table in BEFORE:
        op.drop_column(table.name, "once")


def downgrade() -> None:
    for table in BEFORE:
        _add(table)
    for place in (sa.select(GONE.c.once).order_by(GONE.c.change.desc()).limit(1), sa.select(ENTRY.c.once)):
        for table in BEFORE:
            _copy(table, place)
    for table in PLACES:
        op.drop_column(table.name, "once")


def _add(table: sa.TableClause) -> None:
    op.add_column(table.name, sa.Column("once", sa.Text(), nullable=False, server_default="[]"))


def _take_over() -> None:
    """What was kept so far."""
    asks = sa.select(REQUEST.c.once).where(REQUEST.c.taken_back_at.is_(None)).order_by(REQUEST.c.at.desc()).limit(1)
    for table in PLACES:
        _copy(table, sa.select(START.c.once))
        _copy(table, asks)


def _copy(table: sa.TableClause, source: sa.Select[tuple[str]]) -> None:
    """Give each row what the same household has in another table, as far as it stands there."""
    [there] = source.get_final_froms()
    own = source.where(*(there.c[name] == table.c[name] for name in KEY)).correlate(table)
    op.get_bind().execute(sa.update(table).where(own.exists()).values(once=own.scalar_subquery()))


def _look_up() -> None:
    """The classes of earlier rounds, for the households of which nothing was kept."""
    connection, trial = op.get_bind(), sa.column("trial", sa.Boolean())
    rounds = connection.execute(sa.select(ROUND.c.id, ROUND.c.opens_on, trial).select_from(ROUND)).all()
    for round_id, opens_on, _ in rounds:
        met = {tuple(key) for table in PLACES for key in connection.execute(_not_kept(table, round_id))}
        earlier = [id for id, day, is_trial in rounds if id != round_id and day < opens_on and not is_trial]
        if not met or not earlier:
            continue
        of_counted = (ASSESSMENT.c.commune_id == ENTRY.c.commune_id) & (
            ASSESSMENT.c.submission_id == ENTRY.c.submission_id
        )
        found = (
            sa.select(ENTRY.c.commune_id, ENTRY.c.household_id, ENTRY.c.opening_class, ASSESSMENT.c.household_class,
                      ENTRY.c.state)
            .select_from(ENTRY.outerjoin(ASSESSMENT, of_counted))
            .where(ENTRY.c.round_id.in_(earlier))
        )  # fmt: skip
        once: dict[tuple[str, str], set[str]] = defaultdict(set)
        for commune_id, household_id, opening, became, state in connection.execute(found):
            if (commune_id, household_id) in met:
                classes = (opening, became if state == "accepted" else None)
                once[commune_id, household_id] |= {one for one in classes if one}
        given = [
            {"commune": commune_id, "household": household_id, "said": json.dumps(sorted(those), separators=(",", ":"))}
            for (commune_id, household_id), those in once.items()
            if those
        ]
        for table in PLACES if given else ():
            keep = (
                sa.update(table)
                .where(
                    table.c.round_id == round_id, table.c.commune_id == sa.bindparam("commune"),
                    table.c.household_id == sa.bindparam("household"),
                )
                .values(once=sa.bindparam("said"))
            )  # fmt: skip
            connection.execute(keep, given)


def _not_kept(table: sa.TableClause, round_id: str) -> sa.Select[tuple[str, str]]:
    kept = [sa.exists().where(*(one.c[name] == table.c[name] for name in KEY)) for one in BEFORE]
    wanted = sa.select(table.c.commune_id, table.c.household_id).where(table.c.round_id == round_id)
    return wanted.where(*(~one for one in kept))
