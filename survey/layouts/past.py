"""The figures of a day that is over: counted of the facts as they were then, kept by commune as small JSON.

A commune is counted at once and by itself (`counted_of`), so a job goes from one to the next; the tables are made of
what it kept by the same functions as today's. The sums are made by the function that makes today's, of facts that the
logs say (`submissions/as_of.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from models import Round
from survey.clocks import day_of, end_of
from survey.layouts.words import Said
from survey.problems import Problem
from survey.submissions import as_of
from survey.tallies import places as tallies
from survey.tallies.facts import lacks_in
from survey.tallies.places import ALL, Counts
from survey.terms import HouseholdClass, RegisterState

FEWEST_OF_POOR = 3  # lacks: poor is who lacks three or more, near-poor who lacks fewer (NĐ 07/2021/NĐ-CP Art. 3)
MOST_NAMED = 20  # households of a broken control
TOLD_OF = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)


class Contradiction(NamedTuple):
    """A household whose lacks do not fit its class. `village_id`: where it is asked for."""

    commune_id: str
    household_id: str
    code: str
    household_class: HouseholdClass
    village_id: str = ""


def fits(household_class: HouseholdClass, lacks: int, unknown: int) -> bool | None:
    """Whether so many lacks fit the class; None: it hangs on what is not known."""
    least, most = lacks >= FEWEST_OF_POOR, lacks + unknown >= FEWEST_OF_POOR
    is_poor = household_class is HouseholdClass.POOR
    return least is is_poor if least is most else None


@dataclass(frozen=True)
class Past:
    """`at`: as of which instant; `communes`: of each what `counted_of` said, None where the round was not held then."""

    at: datetime
    communes: Mapping[str, Mapping[str, Any] | None]

    @property
    def day(self) -> date:
        return day_of(self.at)

    @property
    def held(self) -> list[str]:
        """The communes in which somebody was on the round's list."""
        return sorted(one for one, counted in self.communes.items() if counted is not None and counted["places"])

    def of_round(
        self, communes: Sequence[str], by_village: bool, village_id: str | None
    ) -> Iterator[tuple[str, str, Counts]]:
        """As `tallies.of_round`."""
        for commune_id in sorted(communes):
            places = (self.communes.get(commune_id) or {}).get("places", {})
            for place_id, counts in sorted(places.items()):
                wanted = village_id in (None, place_id) and (place_id == commune_id) is not by_village
                if wanted and counts:
                    yield commune_id, place_id, counts

    def broken(self, communes: Sequence[str], village_id: str | None) -> list[Contradiction]:
        """The first of those whose lacks contradict their class."""
        named = [
            Contradiction(one[0], one[1], one[2], HouseholdClass(one[3]), one[4])
            for commune_id in communes for one in (self.communes.get(commune_id) or {}).get("broken", ())
        ]  # fmt: skip
        found = [one for one in named if village_id in (None, one.village_id)]
        return sorted(found, key=lambda one: one.code)[:MOST_NAMED]

    @property
    def mark(self) -> Said:
        return Said("as_of", {"day": f"{self.day:%d/%m/%Y}"})


def counted_of(session: Session, survey_round: Round, commune_id: str, at: datetime) -> dict[str, Any] | None:
    """What a commune comes to: "places": by village and commune, the sums; "broken": households whose lacks contradict
    their class. None where the round was not held there at that instant."""
    then = as_of.of_round(session, survey_round, commune_id, at)
    if then is None:
        return None
    summed = tallies.summed(commune_id, then.facts.values())
    broken = []
    for id, fact in then.facts.items():
        named = fact.household_class
        if fact.state != RegisterState.ACCEPTED.value or named not in [one.value for one in TOLD_OF]:
            continue
        said = lacks_in(fact.lacks)
        if fits(HouseholdClass(named), said.count(True), said.count(None)) is False:
            broken.append([commune_id, id, then.homes[id].code, named, fact.village_id])
    places = {place_id: counts for (place_id, part), counts in summed.items() if part == ALL}
    return {"places": places, "broken": sorted(broken, key=lambda one: one[2])}


def check_day(survey_round: Round, day: date, now: datetime) -> datetime:
    """The end of a day that tables can be of. Raises `tables_before_round`, `tables_in_future`."""
    if day < survey_round.opens_on:
        raise Problem("tables_before_round")
    if day > day_of(now):
        raise Problem("tables_in_future")
    return min(end_of(day), now)
