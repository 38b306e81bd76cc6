"""The demo's households: drawn from one seed, so that every loading makes the same people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from uuid import UUID

from survey.demo.accounts import VILLAGES, Village
from survey.demo.answers import DemoHousehold
from survey.demo.living import make_living
from survey.demo.people import make_family
from survey.terms import Area

SEED = 2026


def households(last_year: date) -> Iterator[tuple[int, DemoHousehold]]:
    """(number of the village, a household as it was on `last_year`), village by village."""
    for village_number, village in enumerate(VILLAGES, 1):
        random = Random(f"{SEED} {village_number}")
        for number in range(1, village.households + 1):
            yield village_number, household_in(random, village, number, last_year)


def household_in(random: Random, village: Village, number: int, day: date) -> DemoHousehold:
    """A household of a village as it was on `day`."""
    means = max(0.0, min(1.0, random.gauss(village.means, 0.22)))
    members = make_family(random, village.people, means, day)
    living = make_living(random, means, len(members), village.area is Area.URBAN)
    return DemoHousehold(str(UUID(int=random.getrandbits(128), version=4)), number, members, living)
