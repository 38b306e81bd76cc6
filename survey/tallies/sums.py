"""What is kept of places, asked by class and by what is lacked; of several places and groups added up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from survey.members import is_minority
from survey.tallies.bases import Share
from survey.tallies.deprivations import Measure
from survey.tallies.places import Basis, Counts, Group, flow, measured, of_communes
from survey.terms import HouseholdClass, Unit


class Sum(NamedTuple):
    households: int
    persons: int

    def of(self, unit: Unit) -> int:
        return self.households if unit is Unit.HOUSEHOLDS else self.persons


def added(sums: Iterable[Sum]) -> Sum:
    households = persons = 0
    for one in sums:
        households, persons = households + one.households, persons + one.persons
    return Sum(households, persons)


@dataclass(frozen=True)
class Sums:
    """What a place or a group comes to."""

    counts: Counts

    def of(self, key: str) -> Sum:
        return Sum(*self.counts.get(key, (0, 0)))

    def of_class(self, basis: Basis, *classes: HouseholdClass) -> Sum:
        return added(self.of(measured(basis, one.value)) for one in classes)

    def classified(self, basis: Basis) -> Sum:
        return self.of_class(basis, *HouseholdClass)

    def unlisted(self, basis: Basis, *classes: HouseholdClass) -> int:
        """Households of some classes (without any: of all) whose persons nobody listed: they count as none among the
        persons."""
        named = classes or HouseholdClass
        return sum(self.of(f"{measured(basis, one.value)}.unlisted").households for one in named)

    def without_class(self, before: HouseholdClass) -> int:
        """Households that were of a class last year and have none by an accepted interview."""
        classified = added(self.of(flow(before.value, now.value)) for now in HouseholdClass)
        return self.of_class(Basis.OPENING, before).households - classified.households

    def lacks(self, basis: Basis, measure: Measure, *classes: HouseholdClass) -> tuple[Sum, Sum]:
        """Of some classes: who lacks it, and of whom nobody knows."""
        lack, unknown = (
            added(self.of(measured(basis, one.value, measure, unknown=is_unknown)) for one in classes)
            for is_unknown in (False, True)
        )
        return lack, unknown

    def share(self, basis: Basis, unit: Unit, *classes: HouseholdClass) -> Share:
        return Share(self.of_class(basis, *classes).of(unit), self.classified(basis).of(unit))

    def lacking(self, basis: Basis, unit: Unit, measure: Measure) -> Share:
        lack, unknown = self.lacks(basis, measure, *HouseholdClass)
        return Share(lack.of(unit), self.classified(basis).of(unit), unknown.of(unit))


def by_part(session: Session, round_id: str, communes: Sequence[str]) -> dict[str, Sums]:
    """By part (all households, and each group), what all the communes come to together."""
    rows = of_communes(session, round_id, communes)
    digest = blake2b()
    for part, text in rows:
        digest.update(f"{part}\0{text}\0".encode())
    found = _added_up.get(digest.digest())
    if found is None:
        found = _by_part(rows)
        if len(_added_up) >= KEPT:
            _added_up.clear()
        _added_up[digest.digest()] = found
    return dict(found)


# What was added up last, by what it was made of: the five hundred texts of a province are read again when one of them
# is another, not for each page.
KEPT = 64
_added_up: dict[bytes, dict[str, Sums]] = {}


def _by_part(rows: Iterable[Row[str, str]]) -> dict[str, Sums]:
    found: defaultdict[str, list[Counts]] = defaultdict(list)
    for part, text in rows:
        if counts := json.loads(text):
            found[part].append(counts)
    return {part: together(those) for part, those in found.items()}


def together(those: Sequence[Counts]) -> Sums:
    if len(those) == 1:
        return Sums(those[0])
    found: Counts = {}
    for counts in those:
        for key, (households, persons) in counts.items():
            total = found.get(key)
            if total is None:
                found[key] = [households, persons]
            else:
                total[0] += households
                total[1] += persons
    return Sums(found)


def minorities(parts: Mapping[str, Sums]) -> Sums:
    """All households whose head is of another people than Kinh."""
    of = f"{Group.PEOPLE.value}."
    return together(
        [one.counts for part, one in parts.items() if part.startswith(of) and is_minority(part.removeprefix(of))]
    )
