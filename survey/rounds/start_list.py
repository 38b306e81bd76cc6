"""The list that a round begins with in a commune, frozen as rows that never change: what every count starts from."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import RegisterEntry, StartRow
from survey.members import members_in


def freeze(session: Session, round_id: str, commune_id: str, only: Collection[str] | None = None) -> None:
    """Keep the households that stand on the round's register now (of `only` these) as the ones that it began with."""
    session.flush()  # the entries just made are read next
    entries = select(RegisterEntry).filter_by(commune_id=commune_id, round_id=round_id)
    entries = entries if only is None else entries.where(RegisterEntry.household_id.in_(only))
    rows = [
        {
            "commune_id": commune_id,
            "round_id": round_id,
            "household_id": entry.household_id,
            "village_id": entry.village_id,
            "household_class": entry.opening_class,
            # Nobody listed is not nobody there.
            "persons": len(members_in(entry.opening_answers)) or None,
        }
        for entry in session.scalars(entries.order_by(RegisterEntry.household_id))
    ]
    if rows:
        session.execute(insert(StartRow), rows)
