"""Borders of before: the communes and districts as they were, from a table that somebody loads for a province.

Each row says how sure it is (`status`) and where it comes from, and both stay with every figure that is made of it.
Which former commune a village lies in is entered for the village (`villages.former_of`); nothing here guesses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormerCommune

TWO_LEVELS_SINCE = date(2025, 7, 1)  # districts ended, communes were merged


def loaded(session: Session, province_id: str) -> list[FormerCommune]:
    query = select(FormerCommune).where(FormerCommune.province_id == province_id)
    return list(session.scalars(query.order_by(FormerCommune.valid_to, FormerCommune.code, FormerCommune.commune_id)))


@dataclass(frozen=True)
class Borders:
    """The communes of a day of before. `alone`: of today's communes that consist of one of them, whole, which."""

    until: date
    communes: dict[str, FormerCommune]
    alone: dict[str, str]
    of_commune: dict[str, list[FormerCommune]]  # by the commune of after that


def borders_at(session: Session, province_id: str, day: date) -> Borders | None:
    """None: on that day the communes were those of today. Raises LookupError when nobody loaded those of then."""
    rows = loaded(session, province_id)
    last = max((one.valid_to for one in rows), default=TWO_LEVELS_SINCE)
    if day >= last:
        return None
    then = [one for one in rows if one.valid_to > day and (one.valid_from is None or one.valid_from <= day)]
    until = min((one.valid_to for one in then), default=None)
    if until is None:
        raise LookupError(f"the borders of {day.isoformat()} are not loaded for {province_id}")
    return _borders([one for one in then if one.valid_to == until], until)


def last_borders(session: Session, province_id: str) -> Borders | None:
    """Those that ended last: which village lies in which of them is entered. None: nobody loaded any."""
    rows = loaded(session, province_id)
    until = max((one.valid_to for one in rows), default=None)
    return _borders([one for one in rows if one.valid_to == until], until) if until is not None else None


def _borders(rows: Iterable[FormerCommune], until: date) -> Borders:
    of_commune: dict[str, list[FormerCommune]] = {}
    parts: dict[str, int] = {}
    for one in rows:
        of_commune.setdefault(one.commune_id, []).append(one)
        parts[one.code] = parts.get(one.code, 0) + 1
    alone = {
        commune: found[0].code for commune, found in of_commune.items() if len(found) == 1 and parts[found[0].code] == 1
    }
    communes = {one.code: one for found in of_commune.values() for one in found}
    return Borders(until, communes, alone, of_commune)
