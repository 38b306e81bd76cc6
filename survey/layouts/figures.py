"""The figures of the tables by place: of the accepted interviews with a class (base `classified`), and of the flow as
communes proved it. Each is found by the name that `columns.csv` gives it.

Until classes are recognised by decision, these are provisional; which base a figure is of stands in one place, here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from models import OF_COUNTED, Assessment, Deprivation, Household, RegisterEntry, Round, RoundCommune
from survey.reports.selection import Condition, entered
from survey.rounds.end_states import COUNTED, Flows
from survey.rounds.joined_flow import joined_flow, proved
from survey.rounds.proof_file import read
from survey.submissions.register_table import Level
from survey.tallies import bases
from survey.tallies.deprivations import INDICATORS
from survey.terms import CommuneState, CountBase, HouseholdClass

BASE = CountBase.CLASSIFIED  # `recognised` once classes are kept as they were decided
FEWEST_OF_POOR = 3  # lacks: poor is who lacks three or more, near-poor who lacks fewer (NĐ 07/2021/NĐ-CP Art. 3)
MOST_NAMED = 20  # households of a broken control


@dataclass
class Counts:
    """Of a place. `numbers`: by the names of `columns.csv`; `unlisted`: households whose persons nobody listed."""

    numbers: Counter[str] = field(default_factory=Counter)
    unlisted: Counter[HouseholdClass] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        self.numbers.update(other.numbers)
        self.unlisted.update(other.unlisted)


class Contradiction(NamedTuple):
    """A household whose lacks do not fit its class."""

    commune_id: str
    household_id: str
    code: str
    household_class: HouseholdClass


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


def classified(session: Session, scope: Condition, by: Level, checks_lacks: bool) -> Classified:
    """Within `scope`, by village or commune. `checks_lacks`: whether the round's standard calls poor who lacks three or
    more, so that each household can be held against it."""
    found = Classified()
    place = RegisterEntry.village_id if by is Level.VILLAGE else RegisterEntry.commune_id
    _classes(session, scope, place, found)
    _lacks(session, scope, place, found)
    if checks_lacks:
        _contradictions(session, scope, found)
    return found


def _classes(session: Session, scope: Condition, place: Any, found: Classified) -> None:
    entry = RegisterEntry
    keys = (place, entry.household_class, entry.refused, entry.illustrative)
    numbers = (func.count(), func.sum(Assessment.persons), func.count(Assessment.persons))
    statement = select(*keys, *numbers).select_from(entry).outerjoin(Assessment, OF_COUNTED)
    statement = entered(statement, scope).where(bases.of(CountBase.ACCEPTED)).group_by(*keys)
    for place_id, named, refused, illustrative, households, persons, listed in session.execute(statement):
        found.parts[bases.part_of(named, refused)] += households
        found.illustrative += households if illustrative else 0
        if named is None:
            continue
        counts = found.of(place_id)
        counts.numbers[f"{named}.households"] += households
        counts.numbers[f"{named}.persons"] += int(persons or 0)
        counts.unlisted[HouseholdClass(named)] += households - listed


def _with_lacks(statement: Select[Any], scope: Condition) -> Select[Any]:
    """Of the accepted of the two classes, with a row for each indicator that is known."""
    joined = and_(
        Deprivation.commune_id == RegisterEntry.commune_id, Deprivation.submission_id == RegisterEntry.submission_id
    )
    statement = entered(statement.select_from(RegisterEntry), scope).outerjoin(Deprivation, joined)
    of_two = RegisterEntry.household_class.in_([one.value for one in COUNTED])
    return statement.where(bases.of(BASE), of_two)


_LACKS = func.coalesce(func.sum(case((Deprivation.deprived, 1), else_=0)), 0)
_KNOWN = func.count(Deprivation.indicator)


def _lacks(session: Session, scope: Condition, place: Any, found: Classified) -> None:
    keys = (place, RegisterEntry.household_class, Deprivation.indicator)
    known: Counter[tuple[str, str, str]] = Counter()
    for place_id, named, indicator, lacks, number in session.execute(
        _with_lacks(select(*keys, _LACKS, _KNOWN), scope).group_by(*keys)
    ):
        if indicator is None:
            continue
        counts = found.of(place_id).numbers
        counts[f"{named}.lack.{indicator}"] += int(lacks)
        counts[f"{named}.lacks"] += int(lacks)
        known[place_id, named, indicator] = number
    for place_id, counted in found.places.items():
        for one in COUNTED:
            for indicator in INDICATORS:
                unknown = counted.numbers[f"{one.value}.households"] - known[place_id, one.value, indicator.value]
                counted.numbers[f"{one.value}.unknown.{indicator.value}"] = unknown


def _contradictions(session: Session, scope: Condition, found: Classified) -> None:
    """Each household for itself: a mean of three hides one that lacks two beside one that lacks four."""
    keys = (RegisterEntry.commune_id, RegisterEntry.household_id, RegisterEntry.household_class)
    each = _with_lacks(select(*keys, _LACKS.label("lacks"), _KNOWN.label("known")), scope).group_by(*keys).subquery()
    is_poor = each.c.household_class == HouseholdClass.POOR.value
    most = each.c.lacks + len(INDICATORS) - each.c.known  # should all that is not known be lacking
    broken = case((is_poor, most < FEWEST_OF_POOR), else_=each.c.lacks >= FEWEST_OF_POOR)
    open_ = case((is_poor, each.c.lacks < FEWEST_OF_POOR), else_=most >= FEWEST_OF_POOR)
    for named, is_broken, number in session.execute(
        select(each.c.household_class, broken, func.count()).where(open_).group_by(each.c.household_class, broken)
    ):
        (found.contradictions if is_broken else found.doubtful)[HouseholdClass(named)] += number
    if not found.contradictions:
        return
    of_it = (Household.commune_id == each.c.commune_id) & (Household.id == each.c.household_id)
    first = select(each.c.commune_id, each.c.household_id, Household.code, each.c.household_class)
    first = first.join(Household, of_it).where(broken).order_by(Household.code).limit(MOST_NAMED)
    found.broken = [Contradiction(row[0], row[1], row[2], HouseholdClass(row[3])) for row in session.execute(first)]


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


def flowed(session: Session, survey_round: Round, communes: Sequence[str], by: Level) -> Flowed:
    """Of `communes`, as one area, in the villages and communes in which they proved it."""
    joined = joined_flow(session, survey_round, communes)
    places = {commune_id: read(lines) for commune_id, lines in joined.communes.items()}
    if by is Level.VILLAGE:
        _, proofs = proved(session, survey_round, communes)
        villages = [json.loads(made.body)["flow"]["villages"] for made in proofs.values()]
        places = {village_id: read(lines) for those in villages for village_id, lines in those.items()}
    found = Flowed(dict(places), None, read(joined.whole), joined.missing)
    found.between = _less(found.whole or {}, places.values())
    found.knows_before = _knows_before(session, survey_round, communes)
    return found


def _less(whole: Lines, parts: Iterable[Lines]) -> Lines:
    found = {measure: Flows() for measure in COUNTED}
    for measure in COUNTED:
        found[measure].add(whole[measure])
    for part in parts:
        for measure, both in part.items():
            found[measure].add(both, -1)
    return found


def _knows_before(session: Session, survey_round: Round, communes: Collection[str]) -> bool:
    """Whether in each of the communes an earlier round was closed, which says of what class its households were."""
    ended = select(RoundCommune.commune_id).join(Round, Round.id == RoundCommune.round_id)
    ended = ended.where(
        RoundCommune.state.in_([CommuneState.CLOSED, CommuneState.ACCEPTED]), Round.trial.is_(False),
        Round.opens_on < survey_round.opens_on, RoundCommune.commune_id.in_(communes),
    )  # fmt: skip
    return set(session.scalars(ended.distinct())) >= set(communes)


def has_any(lines: Lines | None) -> bool:
    """Whether somebody stands in it."""
    return lines is not None and any(
        any(flow.row()) for both in lines.values() for flow in (both.households, both.persons)
    )
