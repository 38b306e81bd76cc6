"""Places: Việt Nam's provinces and communes since 1 July 2025, and the villages below them, each true for a period; and
the numbers that villages give to households, "03757-01-008": each counts its own, and gives none twice.

What happened to a village is written at the end of its commune's log (`place_event`), and its periods follow from that
(`borders/villages.py`).

The national list comes from the package `vietnam-provinces`. It gives phường Chiềng An (Sơn La) as 03667 where the
statistics office's set says 03664 (shared/domain/codes_sonla_communes.csv): corrected here, in the one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from uuid import uuid4

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session
from vietnam_provinces import Province, ProvinceCode, Ward

from models import CommuneCounter, Place, PlaceEvent, PlacePeriod, VillageCounter
from models.commune_counter import lock_commune
from survey.borders import villages
from survey.borders.former_communes import TWO_LEVELS_SINCE
from survey.borders.villages import MOVING, Change
from survey.register import ledger
from survey.register.event_log import Done
from survey.terms import Area, PlaceChange, PlaceKind

CORRECTED_CODES = {"03667": "03664"}
_CODE = re.compile(r"(?P<village>.+)-(?P<number>[0-9]{1,9})", re.ASCII)


def load_province(session: Session, code: str, region: str | None = None) -> list[str]:
    """Add a province ("14") and its communes if they are not there yet; returns the communes' ids in order.

    `region` names the province's region in the B1 points table.
    """
    province = Province.from_code(ProvinceCode(int(code)))
    if session.get(Place, code) is None:
        _add(session, code, PlaceKind.PROVINCE, None, province.name, _division(province), region=region)
    communes = []
    for ward in Ward.iter_by_province(ProvinceCode(int(code))):
        commune_id = CORRECTED_CODES.get(f"{ward.code.value:05d}", f"{ward.code.value:05d}")
        communes.append(commune_id)
        if session.get(Place, commune_id) is None:
            _add(session, commune_id, PlaceKind.COMMUNE, code, ward.name, _division(ward))
            session.add(CommuneCounter(commune_id=commune_id, value=0))
    session.flush()  # whatever is added next refers to these
    return sorted(communes)


def province_of(commune_id: str) -> str | None:
    """The code of the province that a commune lies in by the national list; None when there is no such commune."""
    wanted = {new: old for old, new in CORRECTED_CODES.items()}.get(commune_id, commune_id)
    for ward in Ward.iter_all():
        if f"{ward.code.value:05d}" == wanted and commune_id not in CORRECTED_CODES:
            return f"{ward.province_code.value:02d}"
    return None


def add_village(
    session: Session,
    commune_id: str,
    number: int,
    name: str,
    division: str,
    area: Area,
    valid_from: date = TWO_LEVELS_SINCE,
    done: Done | None = None,
) -> str:
    """Add a village ("Bản Nà Ca", division "Bản") to a commune; returns its id, "03757-01"."""
    village_id = f"{commune_id}-{number:02d}"
    given = {"name": name, "division": division, "area": area.value}
    append(session, Change(0, PlaceChange.FOUND, commune_id, village_id, valid_from, given), done)
    session.add(_period(village_id, villages.Period(valid_from, None, name, division, area)))
    session.flush()  # households and accounts refer to it
    return village_id


# The log of a commune's villages


def append(session: Session, change: Change, done: Done | None) -> PlaceEvent:
    """Write a change at the end of its commune's log, with the row of a village that it brings. Whether it may be, the
    caller has asked (`villages.attempt`); the periods are brought to it by `follow`. `done` None: not known when."""
    made = change.kind in (PlaceChange.SPLIT, PlaceChange.REZONED)
    brings = change.other_id if made else change.village_id
    if brings and session.get(Place, brings) is None:
        commune_id = change.payload.get("commune") or change.commune_id
        session.add(Place(id=brings, kind=PlaceKind.VILLAGE.value, parent_id=commune_id))
        session.flush()  # the event refers to it
    event = PlaceEvent(
        commune_id=change.commune_id,
        seq=last_change(session, change.commune_id) + 1,
        act=done.act if done else str(uuid4()),
        kind=change.kind.value,
        village_id=change.village_id,
        other_id=change.other_id,
        effective_on=change.effective_on,
        at=done.at if done else None,
        account_id=done.account_id if done else None,
        reason=done.reason if done else None,
        payload=dict(change.payload),
        voids=change.voids,
    )
    session.add(event)
    session.flush()  # what follows is read from the log
    return event


def last_change(session: Session, commune_id: str) -> int:
    """The number of the last change of a commune's villages; 0 when there is none."""
    return session.scalar(select(func.max(PlaceEvent.seq)).where(PlaceEvent.commune_id == commune_id)) or 0


def read(row: PlaceEvent) -> Change:
    """As the fold takes it."""
    kind = PlaceChange(row.kind)
    return Change(row.seq, kind, row.commune_id, row.village_id, row.effective_on, row.payload, row.other_id, row.voids)


def changes_in(session: Session, communes: Iterable[str]) -> list[Change]:
    """Everything about the villages of some communes, and of those that some of these villages came from."""
    found: list[Change] = []
    asked: set[str] = set()
    wanted = set(communes)
    while wanted:
        rows = select(PlaceEvent).where(PlaceEvent.commune_id.in_(sorted(wanted)))
        read_now = [read(row) for row in session.scalars(rows.order_by(PlaceEvent.commune_id, PlaceEvent.seq))]
        found, asked = found + read_now, asked | wanted
        wanted = {str(one.payload["from"]) for one in read_now if one.payload.get("from")} - asked
    return found


def changes_around(session: Session, communes: Iterable[str]) -> list[Change]:
    """The same, and of those that some of these villages went to."""
    wanted = set(communes)
    while True:
        found = changes_in(session, wanted)
        further = {str(one.payload["commune"]) for one in found if one.kind is PlaceChange.REZONED} - wanted
        if not further:
            return found
        wanted |= further


def moving_in(session: Session, commune_id: str) -> list[Change]:
    """The changes by which a commune's households lie in another village without having moved, as they hold: few, and
    none in most communes."""
    kinds = [kind.value for kind in (*MOVING, PlaceChange.VOID)]
    rows = select(PlaceEvent).where(PlaceEvent.commune_id == commune_id, PlaceEvent.kind.in_(kinds))
    return villages.live(read(row) for row in session.scalars(rows))


def settled(households: ledger.Households, changes: Iterable[Change], day: date | None = None) -> ledger.Households:
    """Each household where it lies on `day`; `changes`: as `villages.live` has them."""
    moving = [one for one in changes if one.kind in MOVING]
    if not moving:
        return households
    return {
        id: replace(one, village_id=villages.lies_in(moving, id, one.village_id, one.village_since, day))
        for id, one in households.items()
    }


def lain_on(events: Sequence[ledger.Event], changes: Iterable[Change], household_id: str, day: date) -> str | None:
    """The village that a household lay in on `day`; None when nobody entered it. `changes`: as `villages.live` has
    them."""
    one = ledger.standing_on(events, household_id, day)
    if one is None:
        return None
    return villages.lies_in(changes, household_id, one.village_id, one.village_since, day)


def named_now(session: Session, village_id: str, day: date) -> str:
    """The village that a code names on `day`: itself, or what it was merged into by then."""
    village = session.get(Place, village_id)
    if village is None or village.parent_id is None:
        return village_id
    return villages.lies_in(moving_in(session, village.parent_id), "", village_id, day, day)


def stands(session: Session, village_id: str, day: date) -> bool:
    """Whether somebody can live in the village that a code names on `day`: it is there, or was merged into one that is.
    One that went to another commune has its code there."""
    now = named_now(session, village_id, day)
    return now in periods_at(session, [now], day)


def follow(session: Session, commune_id: str, village_ids: Iterable[str] | None = None) -> None:
    """Bring the periods of a commune's villages (some, or all) to the log."""
    found = villages.fold(changes_in(session, [commune_id]))
    ids = {id for id, one in found.known.items() if one.commune_id == commune_id}
    for village_id in sorted(villages_in(session, commune_id) if village_ids is None else village_ids):
        session.execute(delete(PlacePeriod).where(PlacePeriod.place_id == village_id))
        for period in villages.periods(found, village_id) if village_id in ids else ():
            session.add(_period(village_id, period))
    session.flush()  # what is judged next is told by them


def _period(village_id: str, period: villages.Period) -> PlacePeriod:
    return PlacePeriod(
        place_id=village_id,
        valid_from=period.since,
        valid_to=period.until,
        name=period.name,
        division=period.division,
        area=period.area.value if period.area else None,
        region=None,
    )


def periods_at(session: Session, place_ids: Iterable[str], day: date) -> dict[str, PlacePeriod]:
    """What each place is called on `day`, and whether it is urban then; one without a period that day is left out."""
    query = select(PlacePeriod).where(
        PlacePeriod.place_id.in_(sorted(set(place_ids))),
        PlacePeriod.valid_from <= day,
        or_(PlacePeriod.valid_to.is_(None), PlacePeriod.valid_to > day),
    )
    return {period.place_id: period for period in session.scalars(query)}


def villages_in(session: Session, commune_id: str) -> list[str]:
    """Ids of the commune's villages, in order, of those too that are no more."""
    query = select(Place.id).where(Place.parent_id == commune_id, Place.kind == PlaceKind.VILLAGE)
    return sorted(session.scalars(query))


def region_of(session: Session, commune_id: str, day: date) -> str | None:
    """The region of the B1 points table that a commune's province lies in."""
    commune = session.get(Place, commune_id)
    if commune is None or commune.parent_id is None:
        return None
    period = periods_at(session, [commune.parent_id], day).get(commune.parent_id)
    return period.region if period else None


def change_area(session: Session, village_id: str, area: Area, on: date, done: Done | None = None) -> None:
    """From `on`, the village counts as `area`."""
    village = session.get(Place, village_id)
    if village is None or village.parent_id is None or village_id not in periods_at(session, [village_id], on):
        raise LookupError(f"no such village on {on.isoformat()}: {village_id}")
    given = {"area": area.value}
    append(session, Change(0, PlaceChange.AREA, village.parent_id, village_id, on, given), done)
    follow(session, village.parent_id, [village_id])


def _division(place: Province | Ward) -> str:
    return str(place.division_type.value).capitalize()


def _add(
    session: Session,
    place_id: str,
    kind: PlaceKind,
    parent_id: str | None,
    name: str,
    division: str,
    valid_from: date = TWO_LEVELS_SINCE,
    area: Area | None = None,
    region: str | None = None,
) -> None:
    session.add(Place(id=place_id, kind=kind.value, parent_id=parent_id))
    session.flush()  # the period refers to it
    session.add(
        PlacePeriod(
            place_id=place_id,
            valid_from=valid_from,
            name=name,
            division=division,
            area=area.value if area else None,
            region=region,
        )
    )


def names_in(session: Session, communes: Iterable[str], day: date) -> dict[str, str]:
    """The names on `day` of `communes` and of every village in them, by id, in the order of their ids; of one that is
    no more the name that it had last: records of before go on naming it."""
    return {place_id: name for place_id, (name, _is_over) in _last_names(session, communes, day).items()}


def names_of(session: Session, place_ids: Iterable[str], day: date) -> dict[str, str]:
    """The same of some places alone, without the villages in them: a province has more than a thousand."""
    found = _last_names(session, place_ids, day, with_villages=False)
    return {place_id: name for place_id, (name, _is_over) in found.items()}


def over_in(session: Session, communes: Iterable[str], day: date) -> frozenset[str]:
    """The villages of `communes` that are no more on `day`."""
    return frozenset(id for id, (_name, is_over) in _last_names(session, communes, day).items() if is_over)


def _last_names(
    session: Session, communes: Iterable[str], day: date, *, with_villages: bool = True
) -> dict[str, tuple[str, bool]]:
    ids = sorted(communes)
    there = or_(Place.id.in_(ids), Place.parent_id.in_(ids)) if with_villages else Place.id.in_(ids)
    query = (
        select(PlacePeriod.place_id, PlacePeriod.name, PlacePeriod.valid_to)
        .join(Place, Place.id == PlacePeriod.place_id)
        .where(there, PlacePeriod.valid_from <= day)
        .order_by(PlacePeriod.place_id, PlacePeriod.valid_from)
    )
    rows = session.execute(query)
    return {place_id: (name, over is not None and over <= day) for place_id, name, over in rows}


# Numbers of households


def next_code(session: Session, commune_id: str, village_id: str) -> str:
    """The village's next household number; the commune's lock keeps two from taking the same."""
    lock_commune(session, commune_id)
    return coming_code(session, village_id)


def coming_code(session: Session, village_id: str) -> str:
    """The number that a village would give next; nothing is taken."""
    counter = session.get(VillageCounter, village_id)
    return f"{village_id}-{(counter.value if counter else 0) + 1:03d}"


def taken(session: Session, code: str) -> None:
    """A number is given: who comes next gets a later one. A code that is written otherwise is no village's number."""
    match = _CODE.fullmatch(code)
    if match is None or session.get(Place, match["village"]) is None:
        return
    counter = session.get(VillageCounter, match["village"])
    if counter is None:
        session.add(VillageCounter(village_id=match["village"], value=int(match["number"])))
    else:
        counter.value = max(counter.value, int(match["number"]))
    session.flush()  # the next number is read from it


def taken_all(session: Session, codes: Iterable[str]) -> None:
    """The same for many at once: of each village the highest."""
    highest: dict[str, tuple[int, str]] = {}
    for code in codes:
        match = _CODE.fullmatch(code)
        if match is not None:
            village = match["village"]
            highest[village] = max(highest.get(village, (0, "")), (int(match["number"]), code))
    for _, code in highest.values():
        taken(session, code)


def last_numbers(session: Session, village_ids: Iterable[str]) -> dict[str, int]:
    """The number that each village gave last; 0 is not named."""
    query = select(VillageCounter).where(VillageCounter.village_id.in_(sorted(set(village_ids))))
    return {counter.village_id: counter.value for counter in session.scalars(query)}
