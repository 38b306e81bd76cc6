"""The first report: classes, six dimensions and twelve indicators, by village or by commune.

Layouts 1 and 4-7 of the ministry's tables (shared/domain/report_templates.csv) are its models. Three bases are counted
and never mixed: accepted this round, received but not yet accepted (provisional), last year as the round opened. Of
which households each figure is says `submissions/bases.py`: a class and a lack are a share of the classified. Where of
some nobody knows, they stay in the denominator, are told, and the share lies between two bounds. Without such
households there is no rate (a real export elsewhere printed 2,040 % because a denominator was never filled in).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from models import AssessmentReading, Deprivation, RegisterEntry
from survey.outcomes.cases import of_rounds
from survey.poverty.readings import Reading
from survey.reports.selection import INTERVIEWED, STATE_OF, Basis, Condition, Rows, entered, lack_before
from survey.submissions import bases
from survey.submissions.deprivations import indicators_of
from survey.terms import CountBase, Dimension, HouseholdClass, Indicator, OutcomeKind, OutcomeState, RegisterState

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
    """`households` out of `denominator`, which are those of `base`; `condition` lists the first, `whole` the second.
    `unknown`: those of the base of whom nobody knows, listed by `doubt`."""

    households: int
    denominator: int
    condition: Condition
    whole: Condition
    base: CountBase
    unknown: int = 0
    doubt: Condition | None = None

    @property
    def rate(self) -> float | None:
        """A share between 0 and 1; None when there is nothing to divide by, or somebody is not known."""
        return self.households / self.denominator if self.denominator and not self.unknown else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between what the share lies, whatever is true of those who are not known."""
        if not self.denominator:
            return None
        return self.households / self.denominator, (self.households + self.unknown) / self.denominator


@dataclass
class Tally:
    """The counts of one place; `place_id` None is the whole area of the report."""

    place_id: str | None
    condition: Condition  # the place's households
    states: Counter[RegisterState] = field(default_factory=Counter)
    parts: Counter[tuple[Basis, CountBase]] = field(default_factory=Counter)
    illustrative: Counter[Basis] = field(default_factory=Counter)  # of all that were interviewed
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
        self.known[basis, kind, measure.value] += known

    def add_all(self, other: Tally) -> None:
        """Add the counts of a place that is a part of this one."""
        self.states.update(other.states)
        self.parts.update(other.parts)
        self.illustrative.update(other.illustrative)
        self.found.update(other.found)
        self.known.update(other.known)
        self.hanging.update(other.hanging)
        self.outcomes.update(other.outcomes)
        self.said += other.said
        self.settled += other.settled

    def number(self, basis: Basis, base: CountBase) -> int:
        """How many households are of a base."""
        return self.states[STATE_OF[basis]] if base is INTERVIEWED.get(basis) else self.parts[basis, base]

    def register_figure(self, state: RegisterState | None = None) -> Figure:
        """Households in `state` (all without one) out of the register."""
        every = self.condition.narrowed(household_class=None)
        number = self.register if state is None else self.states[state]
        return Figure(number, self.register, every.narrowed(state=state), every, CountBase.LISTED)

    def base_figure(self, basis: Basis, base: CountBase) -> Figure:
        """The households of a base out of those that it is a part of: the accepted (received), and these of the list;
        last year's classified of the list."""
        every = self.condition.narrowed(household_class=None)
        condition = every.narrowed(basis=basis, base=base)
        whole = INTERVIEWED.get(basis)
        if whole is None or base is whole:
            return Figure(self.number(basis, base), self.register, condition, every, CountBase.LISTED)
        return Figure(
            self.number(basis, base), self.number(basis, whole), condition, condition.narrowed(base=whole), whole
        )

    def illustrative_figure(self, basis: Basis) -> Figure:
        """Households whose B1 rests on points that are not official, out of those that were interviewed."""
        return self._of_interviewed(basis, self.illustrative[basis], illustrative=True)

    def hanging_figure(self, basis: Basis, reading: str) -> Figure:
        """Households whose class hangs on a reading of the texts (also whether they have one), out of those that were
        interviewed."""
        return self._of_interviewed(basis, self.hanging[basis, reading], reading=reading)

    def _of_interviewed(self, basis: Basis, number: int, **narrowing: object) -> Figure:
        base = INTERVIEWED[basis]
        whole = self.condition.narrowed(household_class=None, basis=basis, base=base)
        return Figure(number, self.number(basis, base), whole.narrowed(**narrowing), whole, base)

    def figure(self, basis: Basis, measure: Measure) -> Figure:
        """Of a class, a share of the classified; of what is lacked, of those, or of the class that is asked for."""
        kind, base = kind_of(measure), CountBase.CLASSIFIED
        found = self.found[basis, kind, measure.value]
        whole = self.condition.narrowed(basis=basis, base=base)
        if kind == "class":
            whole = whole.narrowed(household_class=None)
            return Figure(found, self.number(basis, base), whole.narrowed(household_class=measure), whole, base)
        among = self.condition.household_class
        number = self.number(basis, base) if among is None else self.found[basis, "class", among.value]
        condition = whole.narrowed(**{kind: measure})
        unknown = number - self.known[basis, kind, measure.value]
        return Figure(found, number, condition, whole, base, unknown, condition.narrowed(unknown=True))


@dataclass(frozen=True)
class Report:
    """`total` and one tally a place, in the order of their ids."""

    total: Tally
    places: tuple[Tally, ...]

    @property
    def illustrative(self) -> bool:
        """Whether some B1 figure rests on a table that is not official, which then must be said wherever a class is
        printed."""
        return self.total.illustrative.total() > 0

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
    counting.classes()
    places = tuple(counting.places[place_id] for place_id in sorted(counting.places))
    total = Tally(None, counting.scope)
    for tally in places:
        total.add_all(tally)
    return Report(total, places)


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

    def numbers(self, *columns: Any, given: Sequence[ColumnElement[bool]] = ()) -> Iterator[tuple[Tally, Any]]:
        """Households by place and `columns`; a row is (commune, place, *columns, number)."""
        statement = entered(select(*self.where, *columns, func.count()).select_from(RegisterEntry), self.scope)
        for row in self.session.execute(statement.where(*given).group_by(*self.where, *columns)):
            yield self.tally(row[0], row[1]), row

    def listed(self) -> None:
        """The states, and the classes of last year."""
        for tally, row in self.numbers(RegisterEntry.state, RegisterEntry.opening_class):
            tally.states[RegisterState(row[2])] += row[4]
            if row[3] is not None:
                tally.parts[Basis.OPENING, CountBase.CLASSIFIED] += row[4]
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

    def classes(self) -> None:
        """The classes of this year, who has none, and whose points are illustrative."""
        entry = RegisterEntry
        found = (entry.state, entry.household_class, entry.refused, entry.illustrative)
        for tally, row in self.numbers(*found, given=(entry.state.in_(_COUNTED_STATES),)):
            _, _, state, household_class, refused, illustrative, number = row
            basis = BASIS_OF[state]
            tally.parts[basis, bases.part_of(household_class, refused)] += number
            tally.illustrative[basis] += number if illustrative else 0
            if household_class is not None:
                tally.add(basis, HouseholdClass(household_class), number, number)

    def lacks(self) -> None:
        lack = case((Deprivation.deprived, 1), else_=0)
        columns = (*self.where, RegisterEntry.state, Deprivation.indicator)
        sums = self._with_deprivations(select(*columns, func.sum(lack), func.count())).group_by(*columns)
        self._add_lacks(sums, Indicator)
        # One row a household and dimension first: a household that lacks two indicators of it counts once, and is known
        # as `deprivations.lack_of` says: where it lacks one, or of all it is known.
        columns = (*self.where, RegisterEntry.state, Deprivation.dimension)
        each = self._with_deprivations(select(*columns, func.max(lack).label("lack"), func.count().label("number")))
        rows = each.group_by(*columns, RegisterEntry.household_id).subquery()
        keys = (rows.c.commune_id, rows.c.place, rows.c.state, rows.c.dimension)
        asked = case({one.value: len(indicators_of(one)) for one in Dimension}, value=rows.c.dimension)
        known = case((or_(rows.c.lack == 1, rows.c.number >= asked), 1), else_=0)
        self._add_lacks(select(*keys, func.sum(rows.c.lack), func.sum(known)).group_by(*keys), Dimension)

    def _with_deprivations(self, statement: Rows) -> Rows:
        statement = entered(statement.select_from(RegisterEntry), self.scope).join(
            Deprivation,
            and_(
                Deprivation.commune_id == RegisterEntry.commune_id,
                Deprivation.submission_id == RegisterEntry.submission_id,
            ),
        )
        among, found = self.scope.household_class, RegisterEntry.household_class
        statement = statement.where(found.is_not(None) if among is None else found == among.value)
        return statement.where(RegisterEntry.state.in_(_COUNTED_STATES))

    def _add_lacks(self, statement: Rows, term: type[Indicator] | type[Dimension]) -> None:
        for commune_id, place_id, state, name, lacking, known in self.session.execute(statement):
            self.tally(commune_id, place_id).add(BASIS_OF[state], term(name), int(lacking), int(known))

    def lacks_last_year(self) -> None:
        measures: list[tuple[Indicator | Dimension, tuple[Indicator, ...]]] = [(key, (key,)) for key in Indicator]
        measures += [(dimension, indicators_of(dimension)) for dimension in Dimension]
        among, was = self.scope.household_class, RegisterEntry.opening_class
        given: list[ColumnElement[bool]] = [RegisterEntry.opening_indicators.is_not(None)]
        given.append(was.is_not(None) if among is None else was == among.value)
        for tally, (_, _, indicators, number) in self.numbers(RegisterEntry.opening_indicators, given=given):
            for measure, keys in measures:
                lack = lack_before(indicators, keys)
                if lack is not None:
                    tally.add(Basis.OPENING, measure, number if lack else 0, number)

    def hanging(self) -> None:
        """One row a household and reading first: several values of a reading may change one class."""
        columns = (*self.where, RegisterEntry.state, AssessmentReading.reading)
        each = entered(select(*columns, RegisterEntry.household_id).select_from(RegisterEntry), self.scope).join(
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
    """The report as a long table: one row a place × measure × basis. `base`: of which households the denominator is;
    where of some nobody knows (`unknown`), the rate in percent is empty and lies between the low and the high one.
    `readings`: those that no paper confirms, each with the households whose class hangs on it. `provisional`: the
    communes whose results the province has not accepted."""
    for tally in found.tallies:
        for basis in Basis:
            for measure, key, vi, en, figure in _lines(tally, basis, readings):
                low, high = figure.bounds or (None, None)
                yield {
                    "place_id": tally.place_id,
                    "register_households": tally.register,
                    "basis": basis.value,
                    "measure": measure,
                    "key": key,
                    "label_vi": vi,
                    "label_en": en,
                    "households": figure.households,
                    "base": figure.base.value,
                    "denominator": figure.denominator,
                    "unknown": figure.unknown,
                    "rate_percent": _percent(figure.rate),
                    "rate_percent_low": _percent(low),
                    "rate_percent_high": _percent(high),
                    "b1_illustrative": int(found.illustrative),
                    "accepted_by_province": int(provisional.isdisjoint(tally.condition.communes)),
                }


def _lines(tally: Tally, basis: Basis, readings: Sequence[Reading]) -> Iterator[tuple[str, str, str, str, Figure]]:
    """The bases that there are on a basis, and what is counted of them."""
    interviewed = INTERVIEWED.get(basis)
    for base in (interviewed, *bases.PARTS) if interviewed else (CountBase.CLASSIFIED,):
        yield "base", base.value, base.vi, base.en, tally.base_figure(basis, base)
    if interviewed:
        words = interviewed.value, interviewed.vi, interviewed.en
        yield "illustrative", *words, tally.illustrative_figure(basis)
    for measure in (*HouseholdClass, *Dimension, *Indicator):
        yield kind_of(measure), measure.value, measure.vi, measure.en, tally.figure(basis, measure)
    for one in readings if interviewed else ():
        question = one.question.get("vi", ""), one.question.get("en", "")
        yield "reading", one.name, *question, tally.hanging_figure(basis, one.name)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 4)
