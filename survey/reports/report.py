"""The first report: classes, six dimensions and twelve indicators, by village or by commune.

Layouts 1 and 4-7 of the ministry's tables (shared/domain/report_templates.csv) are its models. Three bases are counted
and never mixed: accepted this round, received but not yet accepted (provisional), last year as the round opened. Of
which households each figure is says `tallies/bases.py`: a class and a lack are a share of the classified. Where of
some nobody knows, they stay in the denominator, are told, and the share lies between two bounds. Without such
households there is no rate (a real export elsewhere printed 2,040 % because a denominator was never filled in).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from survey.poverty.readings import Reading
from survey.reports.selection import INTERVIEWED, STATE_OF, Basis, Condition
from survey.tallies import bases
from survey.tallies import places as tallies
from survey.tallies.deprivations import MEASURES, OF_PERSONS
from survey.terms import CountBase, Dimension, HouseholdClass, Indicator, OutcomeKind, RegisterState

Measure = HouseholdClass | Dimension | Indicator
KINDS: tuple[tuple[type[Measure], str], ...] = (
    (HouseholdClass, "class"),
    (Dimension, "dimension"),
    (Indicator, "indicator"),
)


_KIND_OF = dict(KINDS)


def kind_of(measure: Measure) -> str:
    """What sort of thing is measured. Terms compare as text, and the dimension and the indicator "viec_lam" are spelt
    alike: a count is therefore kept under kind and value."""
    return _KIND_OF[type(measure)]


class Figure(NamedTuple):
    """`households` out of `denominator`, which are those of `base`; `condition` lists the first, `whole` the second.
    `unknown`: those of the base of whom nobody knows."""

    households: int
    denominator: int
    condition: Condition
    whole: Condition
    base: CountBase
    unknown: int = 0

    @property
    def doubt(self) -> Condition | None:
        """Lists those of whom nobody knows whether they lack it; None where nothing is lacked."""
        is_lack = self.condition.indicator is not None or self.condition.dimension is not None
        return self.condition.narrowed(unknown=True) if is_lack else None

    @property
    def share(self) -> bases.Share:
        return bases.Share(self.households, self.denominator, self.unknown)

    @property
    def rate(self) -> float | None:
        return self.share.rate

    @property
    def bounds(self) -> tuple[float, float] | None:
        return self.share.bounds


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
    nobody: Counter[str] = field(default_factory=Counter)  # of the classified, where an indicator asks about nobody
    unasked: Counter[str] = field(default_factory=Counter)  # where nobody knows whether it does
    said: int = 0  # households of which an outcome waits for a person
    settled: int = 0  # of the list, confirmed and without an interview to decide on
    _wholes: dict[tuple[Basis, HouseholdClass | None], Condition] = field(default_factory=dict, repr=False)

    @property
    def register(self) -> int:
        """Households that the round must account for."""
        return sum(self.states.values())

    @property
    def outstanding(self) -> int:
        """Households of the list that nobody has accounted for yet: to be visited, or to be mended."""
        return self.states[RegisterState.TO_VISIT] + self.states[RegisterState.RETURNED] - self.settled

    def add_all(self, other: Tally) -> None:
        """Add the counts of a place that is a part of this one."""
        self.states.update(other.states)
        self.parts.update(other.parts)
        self.illustrative.update(other.illustrative)
        self.found.update(other.found)
        self.known.update(other.known)
        self.hanging.update(other.hanging)
        self.outcomes.update(other.outcomes)
        self.nobody.update(other.nobody)
        self.unasked.update(other.unasked)
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
        whole = self._whole(basis, None if kind == "class" else self.condition.household_class)
        if kind == "class":
            return Figure(found, self.number(basis, base), whole.narrowed(household_class=measure), whole, base)
        among = self.condition.household_class
        number = self.number(basis, base) if among is None else self.found[basis, "class", among.value]
        unknown = number - self.known[basis, kind, measure.value]
        return Figure(found, number, whole.narrowed(**{kind: measure}), whole, base, unknown)

    def lacking(self, basis: Basis) -> Iterator[bases.Share]:
        """The shares of all `figure` of what is lacked, in the order of MEASURES."""
        among = self.condition.household_class
        number = self.number(basis, CountBase.CLASSIFIED) if among is None else self.found[basis, "class", among.value]
        for measure in MEASURES:
            key = basis, measure.kind, measure.term.value
            yield bases.Share(self.found[key], number, number - self.known[key])

    def applicable(self, measure: Measure) -> bases.Share | None:
        """Of the classified of this year, in how many somebody lives whom an indicator asks about, and of how many
        nobody knows it. It is told beside a share and is never what it divides by. None where it asks about each."""
        if measure not in OF_PERSONS or not isinstance(measure, Indicator):
            return None
        among = self.condition.household_class
        whole = self.parts[Basis.FINAL, CountBase.CLASSIFIED]
        if among is not None:
            whole = self.found[Basis.FINAL, "class", among.value]
        unknown = self.unasked[measure.value]
        return bases.Share(whole - self.nobody[measure.value] - unknown, whole, unknown)

    def whole(self, basis: Basis) -> Condition:
        """Lists the classified that a lack is a share of."""
        return self._whole(basis, self.condition.household_class)

    def _whole(self, basis: Basis, among: HouseholdClass | None) -> Condition:
        """The classified, asked for by each figure of the place."""
        if (basis, among) not in self._wholes:
            base = CountBase.CLASSIFIED
            self._wholes[basis, among] = self.condition.narrowed(basis=basis, base=base, household_class=among)
        return self._wholes[basis, among]


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
    counting.listed()
    places = tuple(counting.places[place_id] for place_id in sorted(counting.places))
    total = Tally(None, counting.scope)
    for tally in places:
        total.add_all(tally)
    return Report(total, places)


class _Counting:
    """Adds up the tallies of the places, from the sums that are kept of each."""

    def __init__(self, session: Session, scope: Condition, by_village: bool) -> None:
        self.session, self.scope, self.by_village = session, scope, by_village
        self.places: dict[str, Tally] = {}

    def tally(self, commune_id: str, place_id: str) -> Tally:
        if place_id not in self.places:
            village = place_id if self.by_village else self.scope.village_id
            self.places[place_id] = Tally(place_id, self.scope.narrowed(communes=(commune_id,), village_id=village))
        return self.places[place_id]

    def listed(self) -> None:
        scope = self.scope
        for commune_id, place_id, counts in tallies.of_round(
            self.session, scope.round_id, scope.communes, by_village=self.by_village, village_id=scope.village_id
        ):
            place = place_id if self.by_village else commune_id
            _add_counts(self.tally(commune_id, place), counts, scope.household_class)


class _Into(NamedTuple):
    """Where the households of a key of the sums are added, or taken away: to which counts of a tally, and of what."""

    counts: str
    of: Any
    sign: int = 1


@cache
def _added_to(among: HouseholdClass | None) -> dict[str, tuple[_Into, ...]]:
    """By key of the sums; put together once: a province asks it of each of its places."""
    found: defaultdict[str, list[_Into]] = defaultdict(list)
    for state in RegisterState:
        found[f"state.{state.value}"].append(_Into("states", state))
    for basis in Basis:
        for part in (CountBase.REFUSED, CountBase.NO_CLASS):
            found[f"{basis.value}.{part.value}"].append(_Into("parts", (basis, part)))
        found[f"{basis.value}.illustrative"].append(_Into("illustrative", basis))
        for one in HouseholdClass:
            _of_class(found, basis, one, among)
    for indicator in OF_PERSONS:
        for counts, letter in (("nobody", "0"), ("unasked", "-")):
            for one in HouseholdClass if among is None else (among,):
                found[tallies.not_asked(one.value, indicator, letter)].append(_Into(counts, indicator.value))
    for kind in OutcomeKind:
        found[tallies.outcome(kind.value)].append(_Into("outcomes", kind))
    return {key: tuple(into) for key, into in found.items()}


def _of_class(
    found: defaultdict[str, list[_Into]], basis: Basis, one: HouseholdClass, among: HouseholdClass | None
) -> None:
    """Those of a class, and what they lack where the class is asked for: of whom nobody knows it, it is not known."""
    into = found[tallies.measured(basis, one.value)]
    into += [_Into("parts", (basis, CountBase.CLASSIFIED)), *_both((basis, "class", one.value))]
    if among not in (None, one):
        return
    for measure in MEASURES:
        of = (basis, measure.kind, measure.term.value)
        into.append(_Into("known", of))
        found[tallies.measured(basis, one.value, measure)].append(_Into("found", of))
        found[tallies.measured(basis, one.value, measure, unknown=True)].append(_Into("known", of, -1))


def _both(of: tuple[Basis, str, str]) -> tuple[_Into, _Into]:
    return _Into("found", of), _Into("known", of)


def _add_counts(tally: Tally, counts: tallies.Counts, among: HouseholdClass | None) -> None:
    """What the sums of a place say; lacks of the class that is asked for, else of all with a class."""
    added_to, every = _added_to(among), vars(tally)
    for key, (households, _persons) in counts.items():
        for into, of, sign in added_to.get(key, ()) if households else ():
            every[into][of] += sign * households
        basis, _, reading = key.partition(".hangs.")
        if reading:
            tally.hanging[Basis(basis), reading] += households
    tally.said += counts.get(tallies.WAITING, (0, 0))[0]
    tally.settled += counts.get(tallies.SETTLED, (0, 0))[0]


def long_table(
    found: Report, readings: Sequence[Reading] = (), provisional: Set[str] = frozenset()
) -> Iterator[dict[str, Any]]:
    """The report as a long table: one row a place × measure × basis. `base`: of which households the denominator is;
    where of some nobody knows (`unknown`), the rate in percent is empty and lies between the low and the high one.
    `applicable`: of an indicator that asks about persons of some age, in how many of the denominator one lives.
    `readings`: those that no paper confirms, each with the households whose class hangs on it. `provisional`: the
    communes whose results the province has not accepted."""
    for tally in found.tallies:
        for basis in Basis:
            for measure, key, vi, en, figure in _lines(tally, basis, readings):
                low, high = figure.bounds or (None, None)
                asked = tally.applicable(Indicator(key)) if (measure, basis) == ("indicator", Basis.FINAL) else None
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
                    "applicable": asked and asked.number,
                    "applicable_unknown": asked and asked.unknown,
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
