"""The first report: classes, six dimensions and twelve indicators, by village or by commune.

Layouts 1 and 4-7 of the ministry's tables (shared/domain/report_templates.csv) are its models. Three bases are counted
and never mixed: accepted this round, received but not yet accepted (provisional), last year as the round opened. A rate
is households ÷ the households for which the thing is known on that basis; without such households there is no rate (a
real export elsewhere printed 2,040 % because a denominator was never filled in).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from models import Assessment, AssessmentReading, Deprivation, RegisterEntry
from survey.outcomes.cases import of_rounds
from survey.poverty.readings import Reading
from survey.reports.selection import STATE_OF, Basis, Condition, Rows, counted, deprived_in, entered, indicators_of
from survey.terms import Dimension, HouseholdClass, Indicator, OutcomeKind, OutcomeState, RegisterState

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
    hanging: Counter[tuple[Basis, str]] = field(default_factory=Counter)  # households whose class hangs on a reading
    outcomes: Counter[OutcomeKind] = field(default_factory=Counter)  # confirmed, also of who left the list with it
    said: int = 0  # households of which an outcome waits for a person
    settled: int = 0  # of the list, confirmed and without an interview to decide on

    @property
    def register(self) -> int:
        """Households that the round must account for."""
        return sum(self.states.values())

    @property
    def outstanding(self) -> int:
        """Households of the list that nobody has accounted for yet: to be visited, or to be mended."""
        return self.states[RegisterState.TO_VISIT] + self.states[RegisterState.RETURNED] - self.settled

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

    def hanging_figure(self, basis: Basis, reading: str) -> Figure:
        """Households whose class hangs on a reading of the texts, out of those that have a class."""
        base = self.condition.narrowed(basis=basis, household_class=None)
        number, known = self.hanging[basis, reading], self.known[basis, "class", ""]
        return Figure(number, known, base.narrowed(reading=reading), base.narrowed(classified=True))

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
    counting = _Counting(session, scope, by_village)
    counting.lacks()
    counting.lacks_last_year()
    counting.hanging()
    return _finished(counting)


def progress(session: Session, scope: Condition, by_village: bool) -> Report:
    """The states and classes alone, for a page that shows no indicator: a province has millions of those."""
    return _finished(_Counting(session, scope, by_village))


def _finished(counting: _Counting) -> Report:
    counting.listed()
    counting.outcomes()
    illustrative = counting.classes()
    places = tuple(counting.places[place_id] for place_id in sorted(counting.places))
    total = Tally(None, counting.scope)
    for tally in places:
        total.states.update(tally.states)
        total.found.update(tally.found)
        total.known.update(tally.known)
        total.hanging.update(tally.hanging)
        total.outcomes.update(tally.outcomes)
        total.said += tally.said
        total.settled += tally.settled
    return Report(total, places, illustrative)


_COUNTED_STATES = [state.value for state in STATE_OF.values()]


class _Counting:
    """Adds up the tallies of the places, one question to the database after the other."""

    def __init__(self, session: Session, scope: Condition, by_village: bool) -> None:
        self.session, self.scope, self.by_village = session, scope, by_village
        place = RegisterEntry.village_id if by_village else RegisterEntry.commune_id
        self.where = (RegisterEntry.commune_id, place.label("place"))
        self.places: dict[str, Tally] = {}

    def tally(self, commune_id: str, place_id: str) -> Tally:
        if place_id not in self.places:
            village = place_id if self.by_village else self.scope.village_id
            self.places[place_id] = Tally(place_id, self.scope.narrowed(communes=(commune_id,), village_id=village))
        return self.places[place_id]

    def numbers(
        self, *columns: Any, given: Sequence[ColumnElement[bool]] = (), of: Callable[[Rows, Condition], Rows] = entered
    ) -> Iterator[tuple[Tally, Any]]:
        """Households by place and `columns`; a row is (commune, place, *columns, number). `of`: what they are read
        from."""
        statement = of(select(*self.where, *columns, func.count()).select_from(RegisterEntry), self.scope)
        for row in self.session.execute(statement.where(*given).group_by(*self.where, *columns)):
            yield self.tally(row[0], row[1]), row

    def listed(self) -> None:
        """The states, and the classes of last year."""
        for tally, row in self.numbers(RegisterEntry.state, RegisterEntry.opening_class):
            tally.states[RegisterState(row[2])] += row[4]
            if row[3] is not None:
                tally.add(Basis.OPENING, HouseholdClass(row[3]), row[4], row[4])

    def outcomes(self) -> None:
        for found in of_rounds(self.session, self.scope.round_id, self.scope.communes):
            standing, village_id = found.standing, found.village_id
            if standing.which is None or village_id is None or self.scope.village_id not in (None, village_id):
                continue
            tally = self.tally(found.of.commune_id, village_id if self.by_village else found.of.commune_id)
            if found.confirmed is None:
                tally.said += standing.state is OutcomeState.WAITING
                continue
            tally.outcomes[found.confirmed] += 1
            tally.settled += found.interview in (RegisterState.TO_VISIT, RegisterState.RETURNED)

    def classes(self) -> bool:
        """The classes of this year; returns whether some B1 figure rests on a table that is not official."""
        found = (RegisterEntry.state, Assessment.household_class, Assessment.illustrative)
        illustrative = False
        for tally, row in self.numbers(*found, given=(RegisterEntry.state.in_(_COUNTED_STATES),), of=counted):
            if row[3] is not None:
                tally.add(BASIS_OF[row[2]], HouseholdClass(row[3]), row[5], row[5])
            illustrative = illustrative or bool(row[4])
        return illustrative

    def lacks(self) -> None:
        lack = case((Deprivation.deprived, 1), else_=0)
        columns = (*self.where, RegisterEntry.state, Deprivation.indicator)
        sums = self._with_deprivations(select(*columns, func.sum(lack), func.count())).group_by(*columns)
        self._add_lacks(sums, Indicator)
        # One row a household and dimension first: a household that lacks two indicators of it counts once.
        columns = (*self.where, RegisterEntry.state, Deprivation.dimension)
        each = self._with_deprivations(select(*columns, func.max(lack).label("lack")))
        rows = each.group_by(*columns, RegisterEntry.household_id).subquery()
        keys = (rows.c.commune_id, rows.c.place, rows.c.state, rows.c.dimension)
        self._add_lacks(select(*keys, func.sum(rows.c.lack), func.count()).group_by(*keys), Dimension)

    def _with_deprivations(self, statement: Rows) -> Rows:
        statement = counted(statement.select_from(RegisterEntry), self.scope).join(
            Deprivation,
            and_(
                Deprivation.commune_id == RegisterEntry.commune_id,
                Deprivation.submission_id == RegisterEntry.submission_id,
            ),
        )
        if self.scope.household_class is not None:
            statement = statement.where(Assessment.household_class == self.scope.household_class.value)
        return statement.where(RegisterEntry.state.in_(_COUNTED_STATES))

    def _add_lacks(self, statement: Rows, term: type[Indicator] | type[Dimension]) -> None:
        for commune_id, place_id, state, name, lacking, number in self.session.execute(statement):
            self.tally(commune_id, place_id).add(BASIS_OF[state], term(name), int(lacking), number)

    def lacks_last_year(self) -> None:
        measures: list[tuple[Indicator | Dimension, tuple[Indicator, ...]]] = [(key, (key,)) for key in Indicator]
        measures += [(dimension, indicators_of(dimension)) for dimension in Dimension]
        given: list[ColumnElement[bool]] = [RegisterEntry.opening_indicators.is_not(None)]
        if self.scope.household_class is not None:
            given.append(RegisterEntry.opening_class == self.scope.household_class.value)
        for tally, (_, _, indicators, number) in self.numbers(RegisterEntry.opening_indicators, given=given):
            for measure, keys in measures:
                lack = deprived_in(indicators, keys)
                if lack is not None:
                    tally.add(Basis.OPENING, measure, number if lack else 0, number)

    def hanging(self) -> None:
        """One row a household and reading first: several values of a reading may change one class."""
        columns = (*self.where, RegisterEntry.state, AssessmentReading.reading)
        each = counted(select(*columns, RegisterEntry.household_id).select_from(RegisterEntry), self.scope).join(
            AssessmentReading,
            and_(
                AssessmentReading.commune_id == RegisterEntry.commune_id,
                AssessmentReading.submission_id == RegisterEntry.submission_id,
            ),
        )
        rows = each.where(RegisterEntry.state.in_(_COUNTED_STATES)).distinct().subquery()
        keys = (rows.c.commune_id, rows.c.place, rows.c.state, rows.c.reading)
        for commune_id, place_id, state, reading, number in self.session.execute(
            select(*keys, func.count()).group_by(*keys)
        ):
            self.tally(commune_id, place_id).hanging[BASIS_OF[state], reading] += number


def long_table(
    found: Report, readings: Sequence[Reading] = (), provisional: Set[str] = frozenset()
) -> Iterator[dict[str, Any]]:
    """The report as a long table: one row a place × measure × basis; `rate` in percent, empty without a denominator.
    `readings`: those that no paper confirms, each with the households whose class hangs on it. `provisional`: the
    communes whose results the province has not accepted."""
    for tally in found.tallies:
        for basis in Basis:
            rows = [
                (kind_of(measure), measure.value, measure.vi, measure.en, tally.figure(basis, measure))
                for measure in (*HouseholdClass, *Dimension, *Indicator)
            ]
            rows += [
                ("reading", one.name, one.question.get("vi", ""), one.question.get("en", ""), figure)
                for one in readings
                if basis in STATE_OF
                for figure in [tally.hanging_figure(basis, one.name)]
            ]
            for measure, key, vi, en, figure in rows:
                yield {
                    "place_id": tally.place_id,
                    "register_households": tally.register,
                    "basis": basis.value,
                    "measure": measure,
                    "key": key,
                    "label_vi": vi,
                    "label_en": en,
                    "households": figure.households,
                    "denominator": figure.denominator,
                    "rate_percent": None if figure.rate is None else round(figure.rate * 100, 4),
                    "b1_illustrative": int(found.illustrative),
                    "accepted_by_province": int(provisional.isdisjoint(tally.condition.communes)),
                }
