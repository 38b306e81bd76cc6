"""The figures of the tables by place: of the accepted interviews with a class (base `classified`), and of the flow as
communes proved it. Each is found by the name that `columns.csv` gives it.

Until classes are recognised by decision, these are provisional; which base a figure is of stands in one place, here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, HouseholdFact, Round, RoundCommune
from survey.calendar.standing import standings_at
from survey.layouts import grouping
from survey.layouts.past import MOST_NAMED, Contradiction, Past, fits
from survey.reports.selection import Condition
from survey.rounds.end_states import COUNTED, Flows, Transition, flows, joined
from survey.rounds.joined_flow import joined_flow
from survey.rounds.proof import IS_CLOSED
from survey.rounds.proof_file import read
from survey.submissions.register_table import Level
from survey.tallies import places as tallies
from survey.tallies.deprivations import MEASURES
from survey.tallies.facts import lacks_in
from survey.tallies.places import Basis
from survey.tallies.sums import Sums
from survey.terms import CommuneState, CountBase, HouseholdClass, RegisterState

BASE = CountBase.CLASSIFIED  # `recognised` once classes are kept as they were decided


@dataclass
class Counts:
    """Of a place. `numbers`: by the names of `columns.csv`; `unlisted`: households whose persons nobody listed; `kept`:
    by class at the start, who has none by an accepted interview."""

    numbers: Counter[str] = field(default_factory=Counter)
    unlisted: Counter[HouseholdClass] = field(default_factory=Counter)
    kept: Counter[HouseholdClass] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        self.numbers.update(other.numbers)
        self.unlisted.update(other.unlisted)
        self.kept.update(other.kept)


@dataclass
class Classified:
    """`parts`: what the accepted are made of; `illustrative`: of them, by points that are not official; `doubtful`: how
    many households of a class may lack too few or too many, until the answers that are missing are known;
    `broken`: the first of those that do, of all of them (`contradictions`)."""

    places: dict[str, Counts] = field(default_factory=dict)
    parts: Counter[CountBase] = field(default_factory=Counter)
    illustrative: int = 0
    doubtful: Counter[HouseholdClass] = field(default_factory=Counter)
    contradictions: Counter[HouseholdClass] = field(default_factory=Counter)
    broken: list[Contradiction] = field(default_factory=list)

    def of(self, place_id: str) -> Counts:
        return self.places.setdefault(place_id, Counts())


def classified(
    session: Session, scope: Condition, by: Level, checks_lacks: bool, readings: Mapping[str, str] | None = None,
    past: Past | None = None,
) -> Classified:  # fmt: skip
    """Within `scope`, by village or commune, from the sums that are kept of each, or those of a day (`past`).
    `checks_lacks`: whether the round's standard calls poor who lacks three or more, so that each household can be held
    against it. `readings`: in use, of the tables by group, which are counted with them alone."""
    found = Classified()
    by_village = by is Level.VILLAGE
    rows = (
        tallies.of_round(
            session, scope.round_id, scope.communes, by_village=by_village, village_id=scope.village_id
        )
        if past is None else past.of_round(scope.communes, by_village, scope.village_id)
    )  # fmt: skip
    for commune_id, place_id, counts in rows:
        sums = Sums(counts)
        _parts(sums, found)
        of_place = found.of(place_id if by is Level.VILLAGE else commune_id)
        _classes(sums, of_place)
        if readings is not None:
            of_place.numbers.update(grouping.numbers(counts, readings))
        if checks_lacks:
            _held_against_lacks(sums, found)
    if found.contradictions:
        found.broken = _first_broken(session, scope) if past is None else past.broken(scope.communes, scope.village_id)
    return found


def _parts(sums: Sums, found: Classified) -> None:
    found.parts[BASE] += sums.classified(Basis.FINAL).households
    for part in (CountBase.REFUSED, CountBase.NO_CLASS):
        found.parts[part] += sums.of(f"{Basis.FINAL.value}.{part.value}").households
    found.illustrative += sums.of(f"{Basis.FINAL.value}.illustrative").households


def _classes(sums: Sums, counts: Counts) -> None:
    for one in HouseholdClass:
        number = sums.of_class(Basis.FINAL, one)
        counts.numbers[f"{one.value}.households"] += number.households
        counts.numbers[f"{one.value}.persons"] += number.persons
        counts.unlisted[one] += sums.unlisted(Basis.FINAL, one)
        counts.kept[one] += sums.without_class(one)
    for lack in _lacks():
        lacking, unknown = sums.of(lack.lacking).households, sums.of(lack.of_unknown).households
        counts.numbers[lack.lack] += lacking
        counts.numbers[lack.lacks] += lacking
        counts.numbers[lack.unknown] += unknown


class _Lack(NamedTuple):
    """An indicator in a class: by what names its figures are found, and the keys of the sums."""

    lack: str
    lacks: str
    unknown: str
    lacking: str
    of_unknown: str


@cache
def _lacks() -> tuple[_Lack, ...]:
    """Put together once: a province asks it of each of its places."""
    return tuple(
        _Lack(
            f"{one.value}.lack.{measure.term.value}", f"{one.value}.lacks", f"{one.value}.unknown.{measure.term.value}",
            tallies.measured(Basis.FINAL, one.value, measure),
            tallies.measured(Basis.FINAL, one.value, measure, unknown=True),
        )
        for one in COUNTED for measure in MEASURES if measure.kind == "indicator"
    )  # fmt: skip


def _held_against_lacks(sums: Sums, found: Classified) -> None:
    """Each household for itself: a mean of three hides one that lacks two beside one that lacks four."""
    for one in COUNTED:
        for lacks, unknown, number in tallies.lacks_of_each(sums.counts, one.value):
            verdict = fits(one, lacks, unknown)
            if verdict is not True:
                (found.doubtful if verdict is None else found.contradictions)[one] += number


def _first_broken(session: Session, scope: Condition) -> list[Contradiction]:
    of = HouseholdFact
    here = (Household.commune_id == of.commune_id) & (Household.id == of.household_id)
    query = select(of.commune_id, of.household_id, Household.code, of.household_class, of.lacks).join(Household, here)
    query = query.where(
        of.round_id == scope.round_id, of.commune_id.in_(scope.communes), of.state == RegisterState.ACCEPTED.value,
        of.household_class.in_([one.value for one in COUNTED]),
    )  # fmt: skip
    query = query if scope.village_id is None else query.where(of.village_id == scope.village_id)
    found = []
    for commune_id, household_id, code, said_class, lacks in session.execute(query.order_by(Household.code)):
        said, named = lacks_in(lacks), HouseholdClass(said_class or "")
        if fits(named, said.count(True), said.count(None)) is False:
            found.append(Contradiction(commune_id, household_id, code, named))
            if len(found) == MOST_NAMED:
                break
    return found


# --- the flow -------------------------------------------------------------------------------------------------------

Lines = Mapping[HouseholdClass, Flows]


@dataclass
class Flowed:
    """The flow by place; `between`: of who moved from one of them to another, so that all lines add up to `whole`.
    `missing`: communes that are not closed, or without a proof. `knows_before`: whether an earlier round says who was
    poor once; else nobody can tell who is poor again from who is so for the first time."""

    places: dict[str, Lines] = field(default_factory=dict)
    between: Lines | None = None
    whole: Lines | None = None
    missing: dict[str, CommuneState] = field(default_factory=dict)
    knows_before: bool = True


def flowed(
    session: Session, survey_round: Round, communes: Sequence[str], by: Level, at: datetime | None = None
) -> Flowed:
    """Of `communes`, as one area, in the villages and communes in which they proved it, by an instant (None: now)."""
    area = joined_flow(session, survey_round, communes, at)
    told = area.villages if by is Level.VILLAGE else area.communes
    places = {place_id: read(lines) for place_id, lines in told.items()}
    found = Flowed(dict(places), None, read(area.whole), area.missing)
    found.between = _less(found.whole or {}, places.values())
    found.knows_before = _knows_before(session, survey_round, communes, at)
    return found


def regrouped(
    found: Flowed, told: Iterable[Sequence[Transition]], twice: Mapping[str, Sequence[Transition]],
    place_of: Callable[[str], str],
) -> Flowed:  # fmt: skip
    """The flow in other places than villages and communes. `told`: commune by commune what it proved of each household;
    `twice`: what several of them told of one. Who moved within one of these places moved nowhere."""
    places: dict[str, dict[HouseholdClass, Flows]] = {}

    def add(those: Iterable[Transition], sign: int = 1) -> None:
        for place, lines in flows(those, place_of).items():
            whole = places.setdefault(place, {measure: Flows() for measure in COUNTED})
            for measure, both in lines.items():
                whole[measure].add(both, sign)

    for of_commune in told:
        add(of_commune)
    for of_one in twice.values():
        add(of_one, -1)
        add(joined(of_one))
    return replace(found, places=dict(places), between=_less(found.whole or {}, places.values()))


def _less(whole: Lines, parts: Iterable[Lines]) -> Lines:
    found = {measure: Flows() for measure in COUNTED}
    for measure in COUNTED:
        found[measure].add(whole[measure])
    for part in parts:
        for measure, both in part.items():
            found[measure].add(both, -1)
    return found


def _knows_before(session: Session, survey_round: Round, communes: Collection[str], at: datetime | None) -> bool:
    """Whether in each of the communes an earlier round was closed, which says of what class its households were."""
    of = RoundCommune
    earlier = select(of.commune_id, of.round_id, of.state).join(Round, Round.id == of.round_id)
    earlier = earlier.where(
        Round.trial.is_(False), Round.opens_on < survey_round.opens_on, of.commune_id.in_(communes)
    )  # fmt: skip
    rows = session.execute(earlier).all()
    stood = {(row.commune_id, row.round_id): row.state for row in rows}
    if at is not None:
        stood = {
            (commune_id, round_id): one.state
            for round_id in {row.round_id for row in rows}
            for commune_id, one in standings_at(session, round_id, communes, at).items()
        }
    ended = {commune_id for (commune_id, _), state in stood.items() if state in IS_CLOSED}
    return ended >= set(communes)


def has_any(lines: Lines | None) -> bool:
    """Whether somebody stands in it."""
    return lines is not None and any(
        any(flow.row()) for both in lines.values() for flow in (both.households, both.persons)
    )
