"""Rows of the feed that are made of what stands in one stored row: a household's lacks and members, a place's sums."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row as Record

from survey.members import BIRTH, PEOPLE, RELATION, SEX, members_in
from survey.odata.model import Row
from survey.tallies.deprivations import INDICATORS
from survey.tallies.facts import lacks_in
from survey.tallies.places import Basis
from survey.terms import DIMENSION_OF, CountBase, HouseholdClass, Unit

_YEAR = BIRTH[-1]
_BASES = {Basis.FINAL: CountBase.ACCEPTED, Basis.PROVISIONAL: CountBase.RECEIVED, Basis.OPENING: CountBase.LISTED}
_ASKED = {"0": "not_asked", "-": "asked_unknown"}  # whether somebody lives there whom an indicator asks about
_CLASSES = frozenset(one.value for one in HouseholdClass)


def deprivations(record: Record[Any]) -> Iterator[Row]:
    """Twelve rows, in the order of the decree. Deprived null: nobody knows."""
    around = _where(record)
    for indicator, lack in zip(INDICATORS, lacks_in(record.lacks), strict=True):
        yield around | {
            "Indicator": indicator.value, "Dimension": DIMENSION_OF[indicator].value, "Deprived": lack,
        }  # fmt: skip


def members(record: Record[Any]) -> Iterator[Row]:
    """Those whom the interview lists, in its order."""
    if not record.roster:
        return
    codes = sorted((int(at), code) for at, _, code in (one.partition(" ") for one in record.roster.split("\n")))
    listed = members_in(json.loads(record.answers or "null"))
    around = _where(record)
    for at, code in codes:
        said = listed[at] if at < len(listed) else {}
        yield around | {
            "PersonCode": code, "Relation": _text(said.get(RELATION)), "Sex": _text(said.get(SEX)),
            "BirthYear": _year(said.get(_YEAR)), "Ethnicity": _text(said.get(PEOPLE)),
        }  # fmt: skip


_OF_HOUSEHOLDS = ("state.", "outcome.")  # no persons are counted in these


def tallies(record: Record[Any]) -> Iterator[Row]:
    """Each sum of a place (the keys of `tallies/places.py`), in households and, where persons are counted, persons."""
    around = {"RoundId": record.RoundId, "PlaceId": record.PlaceId, "CommuneId": record.CommuneId,
              "Group": record.Group}  # fmt: skip
    for key in sorted(record.counts):
        named = _named(key)
        for unit, count in zip(Unit, record.counts[key], strict=True):
            if unit is Unit.HOUSEHOLDS or not (key.startswith(_OF_HOUSEHOLDS) or key.endswith(".unlisted")):
                yield around | named | {"Unit": unit.value, "Count": count}


def _named(key: str) -> dict[str, str | None]:
    """Base and measure of a key, and its parts. What is of the classified is of the base `classified`; of those who
    have no class, of `accepted`."""
    head, _, rest = key.partition(".")
    if head in ("state", "outcome"):
        return {"Base": CountBase.LISTED.value, "Measure": key, "Class": None, "Kind": head, "Term": rest}
    if head == "flow":
        before, _, now = rest.partition(".")
        return {"Base": CountBase.CLASSIFIED.value, "Measure": key, "Class": now, "Kind": "flow", "Term": before}
    base = _BASES[Basis(head)]
    first, _, more = rest.partition(".")
    if first not in _CLASSES:
        return {"Base": base.value, "Measure": rest, "Class": None, "Kind": first, "Term": more or None}
    kind, _, term = more.partition(".")
    if base is CountBase.ACCEPTED:
        base = CountBase.CLASSIFIED
    measure = f"opening.{rest}" if base is CountBase.LISTED else rest
    if term.endswith(".unknown"):
        kind, term = f"{kind}_unknown", term.removesuffix(".unknown")
    elif ".asked." in term:
        term, _, letter = term.partition(".asked.")
        kind = f"{kind}_{_ASKED[letter]}"
    return {"Base": base.value, "Measure": measure, "Class": first, "Kind": kind or "class", "Term": term or None}


def _where(record: Record[Any]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in ("RoundId", "HouseholdId", "CommuneId", "VillageId")}


def _text(said: Any) -> str | None:
    """The name of a choice; what somebody typed instead might be a name."""
    return said if isinstance(said, str) and 0 < len(said) <= 64 and said.isascii() and " " not in said else None


def _year(said: Any) -> int | None:
    try:
        year = int(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return year if 1800 <= year <= 2200 else None
