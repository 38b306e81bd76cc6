"""The first report: classes, six dimensions and twelve indicators, by village or by commune.

Layouts 1 and 4-7 of the ministry's tables (shared/domain/report_templates.csv) are its models. Three bases are counted
and never mixed: accepted this round, received but not yet accepted (provisional), last year as the round opened. A rate
is households ÷ the households for which the thing is known on that basis; without such households there is no rate (a
real export elsewhere printed 2,040 % because a denominator was never filled in).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from models import Assessment, Deprivation, RegisterEntry
from survey.submissions.households import STATE_OF, Basis, Condition, counted, deprived_in, indicators_of
from survey.terms import Dimension, HouseholdClass, Indicator, RegisterState

BASIS_OF = {state.value: basis for basis, state in STATE_OF.items()}
Measure = HouseholdClass | Dimension | Indicator
KINDS: tuple[tuple[type[Measure], str], ...] = (
    (HouseholdClass, "class"),
    (Dimension, "dimension"),
    (Indicator, "indicator"),
)


def kind_of(measure: Measure) -> str:
    """What sort of thing is measured. Terms compare as text, and the dimension and the indicator "viec_lam" are spelt
    alike: a count is therefore kept under kind and value."""
    return next(name for term, name in KINDS if isinstance(measure, term))


@dataclass(frozen=True)
class Figure:
    """`households` out of `denominator`; `condition` lists the first, `whole` the second."""

    households: int
    denominator: int
    condition: Condition
    whole: Condition

    @property
    def rate(self) -> float | None:
        """A share between 0 and 1; None when there is nothing to divide by."""
        return self.households / self.denominator if self.denominator else None


@dataclass
class Tally:
    """The counts of one place; `place_id` None is the whole area of the report."""

    place_id: str | None
    condition: Condition  # the place's households
    states: Counter[RegisterState] = field(default_factory=Counter)
    found: Counter[tuple[Basis, str, str]] = field(default_factory=Counter)
    known: Counter[tuple[Basis, str, str]] = field(default_factory=Counter)

    @property
    def register(self) -> int:
        """Households that the round must account for."""
        return sum(self.states.values())

    def add(self, basis: Basis, measure: Measure, found: int, known: int) -> None:
        kind = kind_of(measure)
        self.found[basis, kind, measure.value] += found
        # Any class makes a household "classified": the classes share one denominator.
        self.known[basis, kind, "" if kind == "class" else measure.value] += known

    def register_figure(self, state: RegisterState | None = None) -> Figure:
        """Households in `state` (all without one) out of the register."""
        every = self.condition.narrowed(household_class=None)
        number = self.register if state is None else self.states[state]
        return Figure(number, self.register, every.narrowed(state=state), every)

    def figure(self, basis: Basis, measure: Measure) -> Figure:
        kind = kind_of(measure)
        base = self.condition.narrowed(basis=basis)
        known = self.known[basis, kind, "" if kind == "class" else measure.value]
        if kind == "class":
            condition = base.narrowed(household_class=measure)
            whole = base.narrowed(household_class=None, classified=True)
        else:
            condition = base.narrowed(**{kind: measure})
            whole = condition.narrowed(assessed=True)
        return Figure(self.found[basis, kind, measure.value], known, condition, whole)


@dataclass(frozen=True)
class Report:
    """`total` and one tally a place, in the order of their ids; `illustrative`: some B1 figure rests on a table that is
    not official, which then must be said wherever a class is printed."""

    total: Tally
    places: tuple[Tally, ...]
    illustrative: bool

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """The total, then each place."""
        return (self.total, *self.places)


def report(session: Session, scope: Condition, by_village: bool) -> Report:
    """Counts within `scope` (round, communes, village; its `household_class` narrows the indicators to that class)."""
    total = Tally(None, scope)
    places: dict[str, Tally] = {}

    def tallies(commune_id: str, village_id: str) -> Sequence[Tally]:
        key = village_id if by_village else commune_id
        if key not in places:
            where = {"communes": (commune_id,), "village_id": village_id if by_village else scope.village_id}
            places[key] = Tally(key, scope.narrowed(**where))
        return total, places[key]

    for commune_id, village_id, state, number in _states(session, scope):
        for tally in tallies(commune_id, village_id):
            tally.states[RegisterState(state)] += number
    for commune_id, village_id, basis, household_class, number in _classes(session, scope):
        for tally in tallies(commune_id, village_id):
            tally.add(basis, household_class, number, number)
    for commune_id, village_id, basis, measure, lacking, number in _lacks(session, scope):
        for tally in tallies(commune_id, village_id):
            tally.add(basis, measure, lacking, number)
    ordered = tuple(places[key] for key in sorted(places))
    return Report(total, ordered, _illustrative(session, scope))


_PLACE = (RegisterEntry.commune_id, RegisterEntry.village_id)
_COUNTED_STATES = [state.value for state in STATE_OF.values()]


def _states(session: Session, scope: Condition) -> Iterator[tuple[str, str, str, int]]:
    columns = (*_PLACE, RegisterEntry.state)
    statement = counted(select(*columns, func.count()).select_from(RegisterEntry), scope).group_by(*columns)
    for row in session.execute(statement):
        yield row[0], row[1], row[2], row[3]


def _classes(session: Session, scope: Condition) -> Iterator[tuple[str, str, Basis, HouseholdClass, int]]:
    now = (*_PLACE, RegisterEntry.state, Assessment.household_class)
    statement = counted(select(*now, func.count()).select_from(RegisterEntry), scope).where(
        RegisterEntry.state.in_(_COUNTED_STATES), Assessment.household_class.is_not(None)
    )
    for commune, village, state, name, number in session.execute(statement.group_by(*now)):
        yield commune, village, BASIS_OF[state], HouseholdClass(name), number
    before = (*_PLACE, RegisterEntry.opening_class)
    statement = counted(select(*before, func.count()).select_from(RegisterEntry), scope).where(
        RegisterEntry.opening_class.is_not(None)
    )
    for commune, village, name, number in session.execute(statement.group_by(*before)):
        yield commune, village, Basis.OPENING, HouseholdClass(name), number


def _lacks(session: Session, scope: Condition) -> Iterator[tuple[str, str, Basis, Indicator | Dimension, int, int]]:
    yield from _lacks_now(session, scope)
    yield from _lacks_before(session, scope)


def _lacks_now(session: Session, scope: Condition) -> Iterator[tuple[str, str, Basis, Indicator | Dimension, int, int]]:
    lack = func.max(case((Deprivation.deprived, 1), else_=0)).label("lack")
    measures: dict[str, type[Indicator] | type[Dimension]] = {"indicator": Indicator, "dimension": Dimension}
    for kind, term in measures.items():
        column = getattr(Deprivation, kind)
        # One row a household and measure first: a household that lacks two indicators of a dimension counts once.
        each = (*_PLACE, RegisterEntry.state, RegisterEntry.household_id, column.label("measure"))
        statement = (
            counted(select(*each, lack).select_from(RegisterEntry), scope)
            .join(
                Deprivation,
                and_(
                    Deprivation.commune_id == RegisterEntry.commune_id,
                    Deprivation.submission_id == RegisterEntry.submission_id,
                ),
            )
            .where(RegisterEntry.state.in_(_COUNTED_STATES))
        )
        if scope.household_class is not None:
            statement = statement.where(Assessment.household_class == scope.household_class.value)
        rows = statement.group_by(*_PLACE, RegisterEntry.state, RegisterEntry.household_id, column).subquery()
        keys = (rows.c.commune_id, rows.c.village_id, rows.c.state, rows.c.measure)
        sums = select(*keys, func.sum(rows.c.lack), func.count()).group_by(*keys)
        for commune, village, state, name, lacking, number in session.execute(sums):
            yield commune, village, BASIS_OF[state], term(name), int(lacking), number


def _lacks_before(
    session: Session, scope: Condition
) -> Iterator[tuple[str, str, Basis, Indicator | Dimension, int, int]]:
    columns = (*_PLACE, RegisterEntry.opening_indicators)
    statement = counted(select(*columns, func.count()).select_from(RegisterEntry), scope).where(
        RegisterEntry.opening_indicators.is_not(None)
    )
    if scope.household_class is not None:
        statement = statement.where(RegisterEntry.opening_class == scope.household_class.value)
    measures: list[tuple[Indicator | Dimension, tuple[Indicator, ...]]] = [(key, (key,)) for key in Indicator]
    measures += [(dimension, indicators_of(dimension)) for dimension in Dimension]
    for commune, village, indicators, number in session.execute(statement.group_by(*columns)):
        for measure, keys in measures:
            lack = deprived_in(indicators, keys)
            if lack is not None:
                yield commune, village, Basis.OPENING, measure, number if lack else 0, number


def _illustrative(session: Session, scope: Condition) -> bool:
    statement = counted(select(RegisterEntry.household_id).select_from(RegisterEntry), scope).where(
        RegisterEntry.state.in_(_COUNTED_STATES), Assessment.illustrative
    )
    return session.execute(statement.limit(1)).first() is not None


def long_table(found: Report) -> Iterator[dict[str, Any]]:
    """The report as a long table: one row a place × measure × basis; `rate` in percent, empty without a denominator."""
    for tally in found.tallies:
        for basis in Basis:
            for measure in (*HouseholdClass, *Dimension, *Indicator):
                figure = tally.figure(basis, measure)
                yield {
                    "place_id": tally.place_id,
                    "register_households": tally.register,
                    "basis": basis.value,
                    "measure": kind_of(measure),
                    "key": measure.value,
                    "label_vi": measure.vi,
                    "label_en": measure.en,
                    "households": figure.households,
                    "denominator": figure.denominator,
                    "rate_percent": None if figure.rate is None else round(figure.rate * 100, 4),
                    "b1_illustrative": int(found.illustrative),
                }
