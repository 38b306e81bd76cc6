"""The register as of any day, in the borders of any day: one fold of its logs, and every count is made of its rows.

A row is a household that was on the register. Which land it lies on is asked of the villages (`borders/villages.py`):
in the borders of a day since districts ended a village of that day; in those of before a former commune, where that is
known. A household whose former commune nobody entered stands in a row of its own and is counted there: every border has
the same total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormerCommune, Household, Place
from survey.borders import former_communes, villages
from survey.borders.former_communes import Borders
from survey.borders.villages import Change, Villages
from survey.members import members_in
from survey.problems import Problem
from survey.register import event_log, places
from survey.register.ledger import Event, Folded, Interview, Standing, fold
from survey.submissions.standing import interviews_of
from survey.tallies.deprivations import UNKNOWN, Lacking, Lacks, lacks_of
from survey.terms import Area, HouseholdClass, HouseholdState


class Level(StrEnum):
    VILLAGE = "village"
    COMMUNE = "commune"
    DISTRICT = "district"


class Written(NamedTuple):
    """How far the logs of a commune went: the number of the last event, and of the last change of a village."""

    events: int
    changes: int


class Land(NamedTuple):
    """Where a household lies, by codes; None: not known, of a district also that there is none."""

    district: str | None
    commune: str | None
    village: str

    def at(self, level: Level) -> tuple[str | None, ...]:
        """The codes from the district down to a level."""
        return tuple(self)[: {Level.DISTRICT: 1, Level.COMMUNE: 2, Level.VILLAGE: 3}[level]]


class Row(NamedTuple):
    """A household on the register. `persons` None: nobody has listed them; `lacks`: by the interview that counted."""

    commune_id: str
    household_id: str
    code: str
    head_name: str
    household_class: HouseholdClass | None
    persons: int | None
    area: Area | None
    village_id: str  # on the day
    land: Land
    commune_today: str  # of its land
    lacks: Lacks = UNKNOWN


Key = tuple[str | None, ...]  # a place, as `Land.at` says it


def in_order(keys: Iterable[Key]) -> list[Key]:
    """By the codes, what is not known last."""
    return sorted(keys, key=lambda key: [(part is None, part or "") for part in key])


@dataclass
class Tally:
    """Households by class (None: without one), and persons; `unlisted`: households whose persons are not known."""

    households: dict[HouseholdClass | None, int] = field(default_factory=dict)
    persons: int = 0
    unlisted: int = 0

    @property
    def total(self) -> int:
        return sum(self.households.values())

    def add(self, row: Row) -> None:
        self.households[row.household_class] = self.households.get(row.household_class, 0) + 1
        self.persons += row.persons or 0
        self.unlisted += row.persons is None


@dataclass(frozen=True)
class Named:
    """What places are called. `names`: of today's; `borders`: of before, by province, where these are meant."""

    names: Mapping[str, str]
    borders: Sequence[Borders] = ()

    @property
    def former(self) -> dict[str, FormerCommune]:
        return {code: one for each in self.borders for code, one in each.communes.items()}

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """How sure the borders are, and where they come from, as their table says."""
        return sorted({(one.status, one.source) for one in self.former.values()})

    @cached_property
    def _by_level(self) -> dict[Level, Mapping[str, str]]:
        if not self.borders:
            return dict.fromkeys(Level, self.names)
        return {
            Level.VILLAGE: self.names,
            Level.COMMUNE: {code: one.name for code, one in self.former.items()},
            Level.DISTRICT: {one.district_code: one.district for one in self.former.values()},
        }

    def named(self, level: Level) -> Mapping[str, str]:
        """What the places of a level are called, by code."""
        return self._by_level[level]

    @property
    def levels(self) -> list[Level]:
        """By what its rows can be counted."""
        return [Level.DISTRICT, Level.COMMUNE, Level.VILLAGE] if self.borders else [Level.COMMUNE, Level.VILLAGE]


@dataclass(frozen=True)
class Table(Named):
    """`standings`: of a day that was folded, every household by commune and id, also those that were off the
    register."""

    rows: Sequence[Row] = ()
    standings: Mapping[tuple[str, str], Standing] = field(default_factory=dict)

    def counts(self, level: Level) -> dict[Key, Tally]:
        """By place."""
        found: dict[Key, Tally] = {}
        for row in self.rows:
            found.setdefault(row.land.at(level), Tally()).add(row)
        return {key: found[key] for key in in_order(found)}

    def total(self) -> Tally:
        found = Tally()
        for row in self.rows:
            found.add(row)
        return found

    def lacking(self, level: Level | None = None) -> dict[Key, Lacking]:
        """What is lacked, by place; None: in all, under the key ()."""
        households: Counter[tuple[Key, Lacks]] = Counter()
        persons: Counter[tuple[Key, Lacks]] = Counter()
        unlisted: Counter[tuple[Key, Lacks]] = Counter()
        for row in self.rows:
            at = row.land.at(level) if level else (), row.lacks
            households[at] += 1
            persons[at] += row.persons or 0
            unlisted[at] += row.persons is None
        found: dict[Key, Lacking] = {key: Lacking() for key in in_order({key for key, _ in households})}
        for (key, lacks), number in households.items():
            found[key].add(lacks, number, persons[key, lacks], unlisted[key, lacks])
        return found or ({} if level else {(): Lacking()})

    def unplaced(self) -> dict[str, int]:
        """In borders of before: today's communes with households whose former commune nobody entered, and how many."""
        nobody = Counter(row.commune_today for row in self.rows if self.borders and row.land.commune is None)
        return dict(sorted(nobody.items()))


class Lying(NamedTuple):
    """A household as the register has it, with the village as it was written down, and the interview that counts."""

    id: str
    code: str
    head_name: str
    household_class: HouseholdClass | None
    persons: int | None
    village_id: str
    since: date
    submission_id: str | None


def written(session: Session, commune_id: str) -> Written:
    """How far the logs of a commune go."""
    return Written(event_log.last_seq(session, commune_id), places.last_change(session, commune_id))


def state(
    session: Session,
    communes: Iterable[str],
    today: date,
    *,
    day: date | None = None,
    borders: date | None = None,
    known: Mapping[str, Written] | None = None,
    with_persons: bool = True,
    with_lacks: bool = True,
) -> Table:
    """The register of `communes` as of `day` (None: today), as was `known` by then (by commune; None: now), in the
    `borders` of a day (None: of `day`). Not `with_persons`, not `with_lacks`: for pages that do not show them.
    Raises `borders_not_loaded`."""
    more = {"with_persons": with_persons, "with_lacks": with_lacks}
    return states(session, communes, today, [day], borders=borders, known=known, **more)[0]


def states(
    session: Session,
    communes: Iterable[str],
    today: date,
    days: Sequence[date | None],
    *,
    borders: date | None = None,
    known: Mapping[str, Written] | None = None,
    with_persons: bool = True,
    with_lacks: bool = True,
) -> list[Table]:
    """As `state`, of several days: what was written down is read once."""
    rows: list[list[Row]] = [[] for _ in days]
    standings: list[dict[tuple[str, str], Standing]] = [{} for _ in days]
    names: list[dict[str, str]] = [{} for _ in days]
    land, of_before = grounds(session, communes, today, borders, known)
    for commune_id, ground in land.items():
        log = _Log(session, commune_id)
        for at, day in enumerate(days):
            if day is None and known is None and (borders is None or not ground.moving):
                lying = list(_now(session, commune_id, with_persons))
            else:
                up_to = known.get(commune_id) if known is not None else None
                folded = fold(log.events, log.interviews, day=day, seq=up_to.events if up_to is not None else None)
                lying = list(lying_in(folded))
                standings[at] |= {(commune_id, id): one for id, one in folded.households.items()}
            counted = {one.submission_id for one in lying if one.submission_id} if with_lacks else set()
            lacks = lacks_of(session, commune_id, counted)
            rows[at] += rows_of(ground, lying, day, lacks)
            names[at] |= names_on(session, ground, borders or day or today)
    return [Table(names[at], of_before, rows[at], standings[at]) for at in range(len(days))]


class _Log:
    """What was written down of a commune's households, read when it is asked for first."""

    def __init__(self, session: Session, commune_id: str) -> None:
        self.session, self.commune_id = session, commune_id

    @cached_property
    def events(self) -> list[Event]:
        return event_log.events_of(self.session, self.commune_id)

    @cached_property
    def interviews(self) -> list[Interview]:
        return interviews_of(self.session, self.commune_id, {one.enters for one in self.events if one.enters})


@dataclass(frozen=True)
class Ground:
    """The villages of a commune, asked on which land of the `borders` of a day (None: of the day that is asked for) a
    household lies. `changes`: as was known; `moving`: those by which households lie elsewhere without having moved."""

    commune_id: str
    today: date
    changes: Sequence[Change]
    known: Villages  # of all days
    moving: Sequence[Change]
    borders: date | None = None
    former: Borders | None = None

    def lies_in(self, household_id: str, village_id: str, since: date, day: date | None) -> str:
        return villages.lies_in(self.moving, household_id, village_id, since, day)

    def commune_on(self, household_id: str, village_id: str, since: date, day: date) -> tuple[str, str]:
        """The commune and the village, in the borders of `day`."""
        village_id = villages.in_borders(self.known, self.moving, household_id, village_id, since, day)
        village = self.known.known.get(village_id)
        return village.commune_id if village is not None else self.commune_id, village_id

    def land(self, household_id: str, village_id: str, since: date, day: date | None) -> Land:
        """Of a household of which `village_id` was written down for `since`, as of `day`."""
        lies = self.lies_in(household_id, village_id, since, day)
        if self.former is None and self.borders is not None:
            return Land(None, *self.commune_on(household_id, village_id, since, self.borders))
        if self.former is None:
            village = self.known.known.get(lies)
            return Land(None, village.commune_id if village is not None else self.commune_id, lies)
        code = villages.former_of(self.known, village_id, since, self.former.alone)
        former = self.former.communes.get(code or "")
        if former is not None:
            return Land(former.district_code, former.code, lies)
        here = self.former.of_commune.get(first_commune(self.known, village_id) or self.commune_id, [])
        districts = {row.district_code for row in here}
        return Land(districts.pop() if len(districts) == 1 else None, None, lies)


def grounds(
    session: Session, communes: Iterable[str], today: date, borders: date | None,
    known: Mapping[str, Written] | None = None,
) -> tuple[dict[str, Ground], list[Borders]]:  # fmt: skip
    """By commune, in order, with the borders of before that are meant. Raises `borders_not_loaded`."""
    seqs = {of: one.changes for of, one in known.items()} if known is not None else None
    found: dict[str, Borders | None] = {}
    made: dict[str, Ground] = {}
    for commune_id in sorted(communes):
        province_id = session.get_one(Place, commune_id).parent_id or ""
        if province_id not in found:
            found[province_id] = _borders(session, province_id, borders)
        changes = villages.live(places.changes_around(session, [commune_id]), seqs)
        made[commune_id] = ground(commune_id, today, changes, borders, found[province_id])
    return made, [one for one in found.values() if one is not None]


def ground(
    commune_id: str, today: date, changes: Sequence[Change], borders: date | None, former: Borders | None
) -> Ground:
    """`changes`: as `villages.live` has them."""
    of_all = villages.fold(changes)
    failing = {one.change for one in of_all.failing}
    moving = [one for one in changes if one.kind in villages.MOVING and one not in failing]
    return Ground(commune_id, today, changes, of_all, moving, borders, former)


def tied(session: Session, communes: Iterable[str]) -> set[str]:
    """Communes, with those that villages came to them from or went to: in other borders their households lie here."""
    return {*communes, *(one.commune_id for one in places.changes_around(session, communes))}


def _borders(session: Session, province_id: str, day: date | None) -> Borders | None:
    try:
        return former_communes.borders_at(session, province_id, day) if day is not None else None
    except LookupError as error:
        raise Problem("borders_not_loaded") from error


def names_on(session: Session, ground: Ground, day: date) -> dict[str, str]:
    """What a commune, those that its villages came from or went to, and all these villages were called on `day`."""
    communes = {ground.commune_id, *(one.commune_id for one in ground.known.known.values())}
    return places.names_in(session, communes, ground.today) | _names(ground.known, day)


def _names(known: Villages, day: date) -> dict[str, str]:
    """What the villages were called on `day`; of one that was not there yet, its first name."""
    named = {}
    for id, history in known.history.items():
        before = [one for since, one in history if since <= day]
        named[id] = (before[-1] if before else history[0][1]).name
    return named


def _now(session: Session, commune_id: str, with_persons: bool) -> Iterator[Lying]:
    """From the rows that follow from the logs: what the fold would say of today."""
    columns = [
        Household.id, Household.code, Household.head_name, Household.current_class, Household.village_id,
        Household.current_submission_id,
    ]  # fmt: skip
    more = [Household.current_answers] if with_persons else []
    present = (Household.commune_id == commune_id) & (Household.state == HouseholdState.PRESENT.value)
    for row in session.execute(select(*columns, *more).where(present).order_by(Household.code, Household.id)):
        persons = len(members_in(row.current_answers)) or None if with_persons else None
        named = HouseholdClass(row.current_class) if row.current_class else None
        yield Lying(
            row.id, row.code, row.head_name, named, persons, row.village_id, date.min, row.current_submission_id
        )


def lying_in(folded: Folded) -> Iterator[Lying]:
    """Who is on the register. Pure, as is what follows."""
    for one in sorted(folded.households.values(), key=lambda each: (each.code, each.id)):
        if one.state is HouseholdState.PRESENT:
            persons = len(folded.people.members(one.id)) or None
            named = HouseholdClass(one.household_class) if one.household_class else None
            yield Lying(
                one.id, one.code, one.head_name, named, persons, one.village_id, one.village_since, one.submission_id
            )


def rows_of(ground: Ground, lying: Iterable[Lying], day: date | None, lacks: Mapping[str, Lacks]) -> Iterator[Row]:
    then = villages.fold(ground.changes, day=day or ground.today)
    for one in lying:
        word = one.id, one.village_id, one.since
        village_id = ground.lies_in(*word, day)
        here = then.known.get(village_id) or ground.known.known.get(village_id)
        yield Row(
            ground.commune_id, one.id, one.code, one.head_name, one.household_class, one.persons,
            here.area if here else None, village_id, ground.land(*word, day), ground.commune_on(*word, ground.today)[0],
            lacks.get(one.submission_id or "", UNKNOWN),
        )  # fmt: skip


def first_commune(known: Villages, village_id: str) -> str | None:
    """The commune that a village's land lay in first: what came from another one did not change its district."""
    one = known.known.get(village_id)
    while one is not None and one.origin in known.known:
        one = known.known[one.origin or ""]
    return one.commune_id if one is not None else None
