"""A round at one look: how far it is against its days, its classes and lacks in households and persons, who came from
which class, groups of households, places compared.

Every figure is read from the sums that are kept of each place (`tallies/places.py`), so a province costs a few rows a
commune. Shares are of the *classified* households of the review (or their persons), never of all residents: whoever was
not reviewed is in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Round, RoundCommune
from survey.calendar.standing import Days
from survey.reports.report import Report, Tally, report
from survey.reports.selection import Condition
from survey.tallies.bases import Share
from survey.tallies.deprivations import MEASURES, Measure
from survey.tallies.places import ALL, Basis, Group
from survey.tallies.sums import Sum, Sums, added, by_part, minorities
from survey.terms import HouseholdClass, Unit

NONE = "none"  # of no class last year


def change(now: Share, before: Share) -> float | None:
    """In points of a hundred; None where one of the two is not known."""
    return None if now.rate is None or before.rate is None else (now.rate - before.rate) * 100


@dataclass(frozen=True)
class Pace:
    """How far a place is. `expected`: how many would be done by the end of yesterday at an even pace over its days."""

    expected: int
    done: int
    total: int
    days_left: int

    @property
    def share(self) -> Share:
        return Share(self.done, self.total)

    @property
    def line(self) -> Share:
        return Share(self.expected, self.total)

    @property
    def behind(self) -> int:
        return max(0, self.expected - self.done)

    @property
    def a_day(self) -> int | None:
        """How many households a day are left to do; None when no day is left."""
        left = self.total - self.done
        return None if left and not self.days_left else -(-left // self.days_left) if left else 0


@dataclass(frozen=True)
class Place:
    tally: Tally
    pace: Pace


@dataclass(frozen=True)
class Dashboard:
    """`groups`: by kind, each group by the questionnaire's name ("": not known), the largest first. `minorities`: all
    whose head is of another people than Kinh. `flow`: by (class before or NONE, class now)."""

    whole: Sums
    groups: Mapping[Group, Sequence[tuple[str, Sums]]]
    minorities: Sums
    flow: Mapping[tuple[str, HouseholdClass], Sum]
    pace: Pace
    places: Sequence[Place]
    found: Report

    @property
    def late(self) -> list[Place]:
        """Where fewer are done than at an even pace, the furthest behind first."""
        return sorted((one for one in self.places if one.pace.behind), key=lambda one: -one.pace.behind)

    @property
    def by_poverty(self) -> list[Place]:
        """The places by their share of poor households, the largest first; those without a share last."""
        rates = {id(one): one.tally.figure(Basis.FINAL, HouseholdClass.POOR).rate for one in self.places}
        return sorted(self.places, key=lambda one: -1 if (rate := rates[id(one)]) is None else rate, reverse=True)

    def came(self, before: str, *now: HouseholdClass) -> Sum:
        return added(self.flow[before, one] for one in now)

    def of_all(self, group: Sums, *classes: HouseholdClass) -> Share:
        """The group's households of some classes out of all classified households of the place."""
        return Share(group.of_class(Basis.FINAL, *classes).households, self.whole.classified(Basis.FINAL).households)


def dashboard(
    session: Session, survey_round: Round, communes: tuple[str, ...], today: date, *, by_village: bool
) -> Dashboard:
    """The round in `communes`, place by place (villages, or communes)."""
    scope = Condition(survey_round.id, communes)
    found = report(session, scope, by_village=by_village)
    parts = by_part(session, survey_round.id, communes)
    days = _days(session, survey_round)
    each = [Place(tally, _pace(tally, days, survey_round, today)) for tally in found.places]
    whole = parts.get(ALL, Sums({}))
    groups: dict[Group, list[tuple[str, Sums]]] = {one: [] for one in Group}
    for part, sums in parts.items():
        if part != ALL:
            group, _, name = part.partition(".")
            groups[Group(group)].append((name, sums))
    for those in groups.values():
        those.sort(key=lambda one: (-one[1].classified(Basis.FINAL).households, one[0]))
    return Dashboard(
        whole=whole,
        groups=groups,
        minorities=minorities(parts),
        flow={
            (before, now): whole.of(f"flow.{before}.{now.value}")
            for before in (*(one.value for one in HouseholdClass), NONE)
            for now in HouseholdClass
        },
        pace=_whole_pace([one.pace for one in each]),
        places=each,
        found=found,
    )


def _days(session: Session, survey_round: Round) -> dict[str, Days]:
    """The days of a round, by commune."""
    rows = select(RoundCommune.commune_id, RoundCommune.opens_on, RoundCommune.closes_on)
    found = session.execute(rows.where(RoundCommune.round_id == survey_round.id))
    return {commune_id: Days(opens_on, closes_on) for commune_id, opens_on, closes_on in found}


def _pace(tally: Tally, days: Mapping[str, Days], survey_round: Round, today: date) -> Pace:
    [commune_id] = tally.condition.communes
    own = days.get(commune_id, Days(survey_round.opens_on, survey_round.closes_on))
    done = tally.register - tally.outstanding
    return Pace(own.even_pace(tally.register, today), done, tally.register, own.length - own.passed(today))


def _whole_pace(paces: Sequence[Pace]) -> Pace:
    """Of all places; they are done when the last of them must be."""
    return Pace(
        sum(one.expected for one in paces),
        sum(one.done for one in paces),
        sum(one.total for one in paces),
        max((one.days_left for one in paces), default=0),
    )


def lines(found: Dashboard, unit: Unit) -> Iterator[tuple[Measure, Share, Share]]:
    """Of each dimension with its indicators: who lacks it now, and last year."""
    for measure in MEASURES:
        yield (
            measure,
            found.whole.lacking(Basis.FINAL, unit, measure),
            found.whole.lacking(Basis.OPENING, unit, measure),
        )
