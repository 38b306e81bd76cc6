"""The register as of any day, in the borders of any day: one fold of its logs, and every count is made of its rows.

A row is a household that was on the register. Which land it lies on is asked of the villages (`borders/villages.py`):
in the borders of a day since districts ended a village of that day; in those of before a former commune, where that is
known. A household whose former commune nobody entered stands in a row of its own and is counted there: every border has
the same total.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormerCommune, Household, Place
from survey.borders import former_communes, villages
from survey.borders.former_communes import Borders
from survey.borders.villages import Change, Villages
from survey.problems import Problem
from survey.register import event_log, places
from survey.register.last_year import members_in
from survey.register.ledger import fold
from survey.submissions.standing import interviews_of
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
    """A household on the register. `persons` None: nobody has listed them."""

    commune_id: str
    household_id: str
    code: str
    head_name: str
    household_class: HouseholdClass | None
    persons: int | None
    area: Area | None
    village_id: str  # on the day
    land: Land


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
class Table:
    """`names`: of today's places; `borders`: of before, by province, where the table is in such."""

    rows: Sequence[Row]
    names: Mapping[str, str]
    borders: Sequence[Borders] = ()

    @property
    def former(self) -> dict[str, FormerCommune]:
        return {code: one for each in self.borders for code, one in each.communes.items()}

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """How sure the borders are, and where they come from, as their table says."""
        return sorted({(one.status, one.source) for one in self.former.values()})

    def named(self, level: Level) -> dict[str, str]:
        """What the places of a level are called, by code."""
        if not self.borders or level is Level.VILLAGE:
            return dict(self.names)
        if level is Level.COMMUNE:
            return {code: one.name for code, one in self.former.items()}
        return {one.district_code: one.district for one in self.former.values()}

    @property
    def levels(self) -> list[Level]:
        """By what its rows can be counted."""
        return [Level.DISTRICT, Level.COMMUNE, Level.VILLAGE] if self.borders else [Level.COMMUNE, Level.VILLAGE]

    def counts(self, level: Level) -> dict[tuple[str | None, ...], Tally]:
        """By place in the order of the codes, what is not known last."""
        found: dict[tuple[str | None, ...], Tally] = {}
        for row in self.rows:
            found.setdefault(row.land.at(level), Tally()).add(row)
        return dict(sorted(found.items(), key=lambda one: [(part is None, part or "") for part in one[0]]))

    def total(self) -> Tally:
        found = Tally()
        for row in self.rows:
            found.add(row)
        return found


class _Lying(NamedTuple):
    """A household as the register has it, with the village as it was written down."""

    id: str
    code: str
    head_name: str
    household_class: HouseholdClass | None
    persons: int | None
    village_id: str
    since: date


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
) -> Table:
    """The register of `communes` as of `day` (None: today), as was `known` by then (by commune; None: now), in the
    `borders` of a day (None: of `day`). Raises `borders_not_loaded`."""
    rows: list[Row] = []
    names: dict[str, str] = {}
    found: dict[str, Borders | None] = {}
    for commune_id in sorted(communes):
        province_id = session.get_one(Place, commune_id).parent_id or ""
        if province_id not in found:
            found[province_id] = _borders(session, province_id, borders)
        changes = places.changes_in(session, [commune_id])
        seqs = {of: one.changes for of, one in known.items()} if known is not None else None
        moving = villages.live(changes, seqs)
        of_all, then = villages.fold(changes, seqs=seqs), villages.fold(changes, day=day or today, seqs=seqs)
        is_moved = any(one.kind in villages.MOVING for one in moving)
        if day is None and known is None and (borders is None or not is_moved):
            lying = _now(session, commune_id, with_persons)
        else:
            lying = _then(session, commune_id, day, known.get(commune_id) if known is not None else None)
        on = borders or day or today
        names |= places.names_in(session, {commune_id, *_communes(of_all)}, today) | _names(of_all, on)
        for one in lying:
            village_id = villages.lies_in(moving, one.id, one.village_id, one.since, day)
            land = _land(one, commune_id, of_all, moving, found[province_id], borders, village_id)
            here = then.known.get(village_id) or of_all.known.get(village_id)
            rows.append(
                Row(commune_id, one.id, one.code, one.head_name, one.household_class, one.persons,
                    here.area if here else None, village_id, land)
            )  # fmt: skip
    return Table(rows, names, [one for one in found.values() if one is not None])


def _borders(session: Session, province_id: str, day: date | None) -> Borders | None:
    try:
        return former_communes.borders_at(session, province_id, day) if day is not None else None
    except LookupError as error:
        raise Problem("borders_not_loaded") from error


def _communes(known: Villages) -> set[str]:
    return {one.commune_id for one in known.known.values()}


def _names(known: Villages, day: date) -> dict[str, str]:
    """What the villages were called on `day`; of one that was not there yet, its first name."""
    named = {}
    for id, history in known.history.items():
        before = [one for since, one in history if since <= day]
        named[id] = (before[-1] if before else history[0][1]).name
    return named


def _now(session: Session, commune_id: str, with_persons: bool) -> Iterator[_Lying]:
    """From the rows that follow from the logs: what the fold would say of today."""
    columns = [Household.id, Household.code, Household.head_name, Household.current_class, Household.village_id]
    more = [Household.current_answers] if with_persons else []
    present = (Household.commune_id == commune_id) & (Household.state == HouseholdState.PRESENT.value)
    for row in session.execute(select(*columns, *more).where(present).order_by(Household.code, Household.id)):
        persons = len(members_in(row.current_answers)) or None if with_persons else None
        named = HouseholdClass(row.current_class) if row.current_class else None
        yield _Lying(row.id, row.code, row.head_name, named, persons, row.village_id, date.min)


def _then(session: Session, commune_id: str, day: date | None, known: Written | None) -> Iterator[_Lying]:
    events = event_log.events_of(session, commune_id)
    ids = {one.enters for one in events if one.enters}
    folded = fold(events, interviews_of(session, commune_id, ids), day=day, seq=known.events if known else None)
    for one in sorted(folded.households.values(), key=lambda each: (each.code, each.id)):
        if one.state is HouseholdState.PRESENT:
            persons = len(folded.people.members(one.id)) or None
            named = HouseholdClass(one.household_class) if one.household_class else None
            yield _Lying(one.id, one.code, one.head_name, named, persons, one.village_id, one.village_since)


def _land(
    one: _Lying, commune_id: str, known: Villages, changes: Sequence[Change], borders: Borders | None,
    day: date | None, village_id: str,
) -> Land:  # fmt: skip
    if borders is None:
        if day is not None:
            village_id = villages.in_borders(known, changes, one.id, one.village_id, one.since, day)
        village = known.known.get(village_id)
        return Land(None, village.commune_id if village is not None else commune_id, village_id)
    code = villages.former_of(known, one.village_id, one.since, borders.alone)
    former = borders.communes.get(code or "")
    if former is not None:
        return Land(former.district_code, former.code, village_id)
    here = borders.of_commune.get(_first_commune(known, one.village_id) or commune_id, [])
    districts = {row.district_code for row in here}
    return Land(districts.pop() if len(districts) == 1 else None, None, village_id)


def _first_commune(known: Villages, village_id: str) -> str | None:
    """The commune that a village's land lay in first: what came from another one did not change its district."""
    one = known.known.get(village_id)
    while one is not None and one.origin in known.known:
        one = known.known[one.origin or ""]
    return one.commune_id if one is not None else None
