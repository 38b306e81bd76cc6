"""Household numbers, "03757-01-008": each village counts its own, and gives none twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, VillageCounter
from models.commune_counter import lock_commune

_CODE = re.compile(r"(?P<village>.+)-(?P<number>[0-9]{1,9})", re.ASCII)


def next_code(session: Session, commune_id: str, village_id: str) -> str:
    """The village's next household number; the commune's lock keeps two from taking the same."""
    lock_commune(session, commune_id)
    return coming_code(session, village_id)


def coming_code(session: Session, village_id: str) -> str:
    """The number that a village would give next; nothing is taken."""
    counter = session.get(VillageCounter, village_id)
    return f"{village_id}-{(counter.value if counter else 0) + 1:03d}"


def taken(session: Session, code: str) -> None:
    """A number is given: who comes next gets a later one. A code that is written otherwise is no village's number."""
    match = _CODE.fullmatch(code)
    if match is None or session.get(Place, match["village"]) is None:
        return
    counter = session.get(VillageCounter, match["village"])
    if counter is None:
        session.add(VillageCounter(village_id=match["village"], value=int(match["number"])))
    else:
        counter.value = max(counter.value, int(match["number"]))
    session.flush()  # the next number is read from it


def taken_all(session: Session, codes: Iterable[str]) -> None:
    """The same for many at once: of each village the highest."""
    highest: dict[str, tuple[int, str]] = {}
    for code in codes:
        match = _CODE.fullmatch(code)
        if match is not None:
            village = match["village"]
            highest[village] = max(highest.get(village, (0, "")), (int(match["number"]), code))
    for _, code in highest.values():
        taken(session, code)


def last_numbers(session: Session, village_ids: Iterable[str]) -> dict[str, int]:
    """The number that each village gave last; 0 is not named."""
    query = select(VillageCounter).where(VillageCounter.village_id.in_(sorted(set(village_ids))))
    return {counter.village_id: counter.value for counter in session.scalars(query)}
