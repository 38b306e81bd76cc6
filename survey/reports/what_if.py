"""What a round would have come to under another standard: each accepted interview judged by a scenario on its narrow
row (`household_fact`), added up by place and by group. Nothing is stored, and nobody's class changes by it.

What cannot be told of a household stays in every figure as the distance between *certain* and *possible*. The base is
the accepted interviews without those who refused: classified, and without a class. Whoever was not reviewed is in none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, HouseholdFact, Round, Standard
from models.database import chunks
from survey.members import is_minority
from survey.poverty.scenario import (
    AS_NOW,
    Change,
    IndicatorChange,
    Judged,
    LineUnit,
    Part,
    Scenario,
    Today,
    Why,
    changes,
    enough,
    joined,
    lacks_left_out,
    within,
)
from survey.tallies.bases import Share
from survey.tallies.facts import lacks_in
from survey.tallies.places import Group
from survey.tallies.sums import Sum, added
from survey.terms import Area, B1Method, HouseholdClass, Indicator, RegisterState, Unit

POOR = frozenset({HouseholdClass.POOR})
WITHIN = frozenset({HouseholdClass.POOR, HouseholdClass.NEAR_POOR})


class Which(StrEnum):
    """Households that a scenario moves."""

    IN = "in"  # not poor now, poor then
    OUT = "out"  # poor now, not poor then
    MAYBE_IN = "maybe_in"  # not poor now; whether then cannot be told
    MAYBE_OUT = "maybe_out"
    UNTOLD = "untold"  # the class cannot be told, whatever it is now


@dataclass(frozen=True)
class Shipped:
    """A scenario that follows from a standard in the system. `indicators`: what is known of them, empty where they are
    taken as today's; `complete`: whether all of the standard is known."""

    code: str
    standard: Standard
    scenario: Scenario
    complete: bool
    indicators: tuple[IndicatorChange, ...] = ()


LINES_ALONE = ".lines"  # behind a standard's code: its lines, with the indicators of today


def today_of(session: Session, survey_round: Round) -> Today:
    """The lines by which a round is judged."""
    own = session.get(Standard, survey_round.standard)
    by_income = survey_round.b1_method == B1Method.INCOME
    return Today(_lines(own, LineUnit.POINTS), _lines(own, LineUnit.DONG), by_income)


def _lines(standard: Standard | None, unit: LineUnit) -> dict[Area, int | None]:
    if standard is None:
        return dict.fromkeys(Area)
    if unit is LineUnit.POINTS:
        return {Area.RURAL: standard.rural_points, Area.URBAN: standard.urban_points}
    return {Area.RURAL: standard.rural_income, Area.URBAN: standard.urban_income}


def shipped(session: Session, survey_round: Round) -> Iterator[Shipped]:
    """The standards in the system but the round's own, the newest first: with all that is known to change, and with
    their lines alone."""
    query = select(Standard).where(Standard.code != survey_round.standard)
    for one in session.scalars(query.order_by(Standard.valid_from.desc(), Standard.code)):
        known = changes().get(one.code, ())
        lines = _scenario(one, survey_round, ())
        if known:
            yield Shipped(one.code, one, _scenario(one, survey_round, known), one.is_complete, known)
        yield Shipped(one.code + LINES_ALONE if known else one.code, one, lines, one.is_complete)


def _scenario(standard: Standard, survey_round: Round, known: Sequence[IndicatorChange]) -> Scenario:
    """In points where the standard has them for both areas and the round counts points."""
    points = _lines(standard, LineUnit.POINTS)
    counts = survey_round.b1_method != B1Method.INCOME and None not in points.values()
    unit = LineUnit.POINTS if counts else LineUnit.DONG
    lines = _lines(standard, unit)

    def of(change: Change) -> frozenset[Indicator]:
        return frozenset(Indicator(one.key) for one in known if one.change is change)

    unasked = sum(one.change is Change.UNASKED for one in known)
    left_out, untold = of(Change.LEFT_OUT), of(Change.UNTOLD)
    return Scenario(unit, lines[Area.RURAL], lines[Area.URBAN], left_out=left_out, untold=untold, unasked=unasked)


class Between(NamedTuple):
    """How many at least, and at most."""

    certain: Sum
    possible: Sum


Cell = tuple[HouseholdClass | None, frozenset[HouseholdClass]]


@dataclass
class Figures:
    """A place or group: households and persons by the class now (None: none yet) and the classes possible then."""

    cells: dict[Cell, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(
        self, now: HouseholdClass | None, possible: frozenset[HouseholdClass], households: int, persons: int
    ) -> None:
        cell = self.cells[now, possible]
        cell[0] += households
        cell[1] += persons

    def join(self, other: Figures) -> None:
        for key, sums in other.cells.items():
            self.add(*key, *sums)

    def sum(self, holds: Callable[[HouseholdClass | None, frozenset[HouseholdClass]], bool]) -> Sum:
        found = [sums for (now, possible), sums in self.cells.items() if holds(now, possible)]
        return Sum(sum(one[0] for one in found), sum(one[1] for one in found))

    @property
    def whole(self) -> Sum:
        return self.sum(lambda now, possible: True)

    def then(self, classes: frozenset[HouseholdClass]) -> Between:
        """Of these classes under the scenario."""
        certain = self.sum(lambda now, possible: possible <= classes)
        return Between(certain, self.sum(lambda now, possible: bool(possible & classes)))

    def now(self, classes: frozenset[HouseholdClass]) -> Sum:
        return self.sum(lambda now, possible: now in classes)

    def share_then(self, classes: frozenset[HouseholdClass], unit: Unit) -> Share:
        certain, possible = (one.of(unit) for one in self.then(classes))
        return Share(certain, self.whole.of(unit), possible - certain)

    def share_now(self, classes: frozenset[HouseholdClass], unit: Unit) -> Share:
        unclassified = self.sum(lambda now, possible: now is None)
        return Share(self.now(classes).of(unit), self.whole.of(unit), unclassified.of(unit))

    def of(self, which: Which) -> Sum:
        return self.sum(lambda now, possible: is_of(which, now, possible))

    def falls_in(self) -> Between:
        return self._between(Which.IN, Which.MAYBE_IN)

    def falls_out(self) -> Between:
        return self._between(Which.OUT, Which.MAYBE_OUT)

    def _between(self, sure: Which, maybe: Which) -> Between:
        certain = self.of(sure)
        return Between(certain, added([certain, self.of(maybe)]))

    def came(self, now: HouseholdClass | None, then: HouseholdClass | None) -> Sum:
        """From a class to a class (None: cannot be told)."""
        if then is None:
            return self.sum(lambda was, possible: was is now and len(possible) > 1)
        return self.sum(lambda was, possible: was is now and possible == {then})


def is_of(which: Which, now: HouseholdClass | None, possible: frozenset[HouseholdClass]) -> bool:
    """Who has no class now moves neither in nor out."""
    if which is Which.UNTOLD:
        return len(possible) > 1
    if now is None:
        return False
    maybe = len(possible) > 1 and HouseholdClass.POOR in possible
    if now is HouseholdClass.POOR:
        return maybe if which is Which.MAYBE_OUT else which is Which.OUT and HouseholdClass.POOR not in possible
    return maybe if which is Which.MAYBE_IN else which is Which.IN and possible == POOR


@dataclass
class WhatIf:
    """What a scenario comes to in some communes. `groups`: by kind and the questionnaire's name ("": not known);
    `why`: by what moves a household, or leaves it open, how many of them (one may count under several). `refused`:
    accepted, and left out; `unlisted`: whose persons are not known, counted as none; `illustrative`: by points that
    are no official ones; `differing`: whose class is another than today's lines and lacks give, of `compared`."""

    scenario: Scenario
    today: Today
    whole: Figures = field(default_factory=Figures)
    places: dict[str, Figures] = field(default_factory=lambda: defaultdict(Figures))
    groups: dict[tuple[Group, str], Figures] = field(default_factory=lambda: defaultdict(Figures))
    why: dict[Which, Counter[Why]] = field(default_factory=lambda: defaultdict(Counter))
    refused: int = 0
    unlisted: int = 0
    illustrative: int = 0
    compared: int = 0
    differing: int = 0

    @property
    def minorities(self) -> Figures:
        """All whose head is of another people than Kinh."""
        found = Figures()
        for (group, name), those in self.groups.items():
            if group is Group.PEOPLE and is_minority(name):
                found.join(those)
        return found

    def by_group(self, group: Group) -> list[tuple[str, Figures]]:
        """The largest first."""
        those = [(name, one) for (kind, name), one in self.groups.items() if kind is group]
        return sorted(those, key=lambda one: (-one[1].whole.households, one[0]))


class _Row(NamedTuple):
    household_id: str
    village_id: str
    household_class: str | None
    refused: bool | None
    illustrative: bool | None
    persons: int | None
    points: float | None
    lacks: str | None
    people: str | None
    sex: str | None
    area: str | None


def _rows(session: Session, round_id: str, commune_id: str) -> Iterator[_Row]:
    of = HouseholdFact
    statement = select(
        of.household_id, of.village_id, of.household_class, of.refused, of.illustrative, of.persons, of.b1_points,
        of.lacks, of.people, of.sex, of.area,
    ).where(of.commune_id == commune_id, of.round_id == round_id, of.state == RegisterState.ACCEPTED.value)  # fmt: skip
    return map(_Row._make, session.execute(statement))


@dataclass(frozen=True, eq=False)
class _Found:
    """What some households come to, and whether today's rule gives the class that they have (or gives none)."""

    now: HouseholdClass | None
    judged: Judged
    agrees: bool


class _Lacks(NamedTuple):
    then: Part
    now: Part
    left_out: bool


class _Lines(NamedTuple):
    household_class: HouseholdClass | None
    then: Part
    now: Part


class _Judge:
    """Judges rows. Line and lacks of a household are judged apart, each kind of them once, and then few pairs occur."""

    def __init__(self, scenario: Scenario, today: Today) -> None:
        self.scenario, self.today = scenario, today
        self._lines: dict[tuple[str | None, str | None, float | None], _Lines] = {}
        self._lacks: dict[str | None, _Lacks] = {}
        self._alike: dict[Any, Any] = {}
        self._found: dict[tuple[int, int], _Found] = {}

    def of(self, row: _Row) -> _Found:
        key = row.household_class, row.area, row.points
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = self._once(self._line_of(row))
        lacks = self._lacks.get(row.lacks)
        if lacks is None:
            lacks = self._lacks[row.lacks] = self._once(self._lacks_of(row))
        pair = id(line), id(lacks)
        found = self._found.get(pair)
        if found is None:
            found = self._found[pair] = self._join(line, lacks)
        return found

    def _once(self, part: Any) -> Any:
        """The first of those that are alike."""
        return self._alike.setdefault(part, part)

    def _line_of(self, row: _Row) -> _Lines:
        now = HouseholdClass(row.household_class) if row.household_class else None
        of = now, _AREAS.get(row.area or ""), row.points
        return _Lines(now, within(self.scenario, self.today, *of), within(AS_NOW, self.today, *of))

    def _lacks_of(self, row: _Row) -> _Lacks:
        lacks = lacks_in(row.lacks)
        return _Lacks(enough(self.scenario, lacks), enough(AS_NOW, lacks), lacks_left_out(self.scenario, lacks))

    def _join(self, line: _Lines, lacks: _Lacks) -> _Found:
        now = line.household_class
        judged = joined(self.scenario, now, line.then, line.now, lacks.then, lacks.left_out)
        same = joined(AS_NOW, now, line.now, line.now, lacks.now, False).possible
        return _Found(now, judged, now is None or now in same)


_AREAS = {one.value: one for one in Area}
_Key = tuple[str, str | None, str | None, str | None, _Found]  # place, people, sex, area


def what_if(
    session: Session, survey_round: Round, communes: Sequence[str], scenario: Scenario, *, by_village: bool
) -> WhatIf:
    """The accepted interviews of a round in `communes`, a commune at a time."""
    found = WhatIf(scenario, today_of(session, survey_round))
    judges = _Judge(scenario, found.today)
    for commune_id in communes:
        sums: defaultdict[_Key, list[int]] = defaultdict(lambda: [0, 0])
        for row in _rows(session, survey_round.id, commune_id):
            if row.refused:
                found.refused += 1
                continue
            place = row.village_id if by_village else commune_id
            cell = sums[place, row.people, row.sex, row.area, judges.of(row)]
            cell[0] += 1
            cell[1] += row.persons or 0
            found.unlisted += row.persons is None
            found.illustrative += bool(row.illustrative)
        for key, (households, persons) in sums.items():
            _add(found, key, households, persons)
    for figures in found.places.values():
        found.whole.join(figures)
    return found


def _add(found: WhatIf, key: _Key, households: int, persons: int) -> None:
    place, people, sex, area, one = key
    cell = one.now, one.judged.possible
    found.compared += households if one.now is not None else 0
    found.differing += 0 if one.agrees else households
    found.places[place].add(*cell, households, persons)
    for group, name in ((Group.PEOPLE, people), (Group.SEX, sex), (Group.AREA, area)):
        found.groups[group, name or ""].add(*cell, households, persons)
    for which in Which if one.judged.why else ():
        if is_of(which, *cell):
            for why in one.judged.why:
                found.why[which][why] += households


class Listed(NamedTuple):
    """A household behind a figure."""

    household_id: str
    village_id: str
    code: str
    head_name: str
    now: HouseholdClass | None
    judged: Judged


def listed(
    session: Session,
    survey_round: Round,
    commune_id: str,
    scenario: Scenario,
    which: Which,
    village_id: str | None = None,
) -> list[Listed]:
    """The households of a commune that a scenario moves, or leaves open, by village and code."""
    judges, found = _Judge(scenario, today_of(session, survey_round)), {}
    for row in _rows(session, survey_round.id, commune_id):
        if row.refused or (village_id is not None and row.village_id != village_id):
            continue
        one = judges.of(row)
        if is_of(which, one.now, one.judged.possible):
            found[row.household_id] = (row.village_id, one.now, one.judged)
    named = [
        Listed(id, found[id][0], code, head_name, *found[id][1:])
        for chunk in chunks(found)
        for id, code, head_name in session.execute(
            select(Household.id, Household.code, Household.head_name).where(
                Household.commune_id == commune_id, Household.id.in_(chunk)
            )
        )
    ]
    return sorted(named, key=lambda one: (one.village_id, one.code, one.household_id))


def what_if_told(found: WhatIf, names: Mapping[str, str]) -> dict[str, object]:
    """The whole, for programs."""
    return {
        "scenario": found.scenario.as_json(),
        "base": {
            "counted": found.whole.whole._asdict(), "refused": found.refused, "unlisted": found.unlisted,
            "illustrative": found.illustrative,
        },
        "today_agrees": {"compared": found.compared, "differing": found.differing},
        **_figures_told(found.whole),
        "why": {which.value: {why.value: number for why, number in sorted(of.items())}
                for which, of in sorted(found.why.items())},
        "places": [{"place": id, "name": names.get(id, ""), **_figures_told(one)}
                   for id, one in sorted(found.places.items())],
        "groups": [{"by": group.value, "group": name or None, **_figures_told(one)}
                   for group in Group for name, one in found.by_group(group)],
    }  # fmt: skip


def _figures_told(one: Figures) -> dict[str, object]:
    def between(found: Between) -> dict[str, object]:
        return {"certain": found.certain._asdict(), "possible": found.possible._asdict()}

    return {
        "now": {each.value: one.now(frozenset({each}))._asdict() for each in HouseholdClass},
        "then": {each.value: between(one.then(frozenset({each}))) for each in HouseholdClass},
        "poor_or_near_poor": between(one.then(WITHIN)),
        "falls_in": between(one.falls_in()),
        "falls_out": between(one.falls_out()),
        "cannot_be_told": one.of(Which.UNTOLD)._asdict(),
    }
