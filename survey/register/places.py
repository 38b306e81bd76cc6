"""Places: Việt Nam's provinces and communes since 1 July 2025, and the villages below them, each true for a period; and
the numbers that villages give to households, "03757-01-008": each counts its own, and gives none twice.

The national list comes from the package `vietnam-provinces`. It gives phường Chiềng An (Sơn La) as 03667 where the
statistics office's set says 03664 (shared/domain/codes_sonla_communes.csv): corrected here, in the one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from vietnam_provinces import Province, ProvinceCode, Ward

from models import CommuneCounter, Place, PlacePeriod, VillageCounter
from models.commune_counter import lock_commune
from survey.terms import Area, PlaceKind

TWO_LEVELS_SINCE = date(2025, 7, 1)  # districts ended, communes were merged
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
) -> str:
    """Add a village ("Bản Nà Ca", division "Bản") to a commune; returns its id, "03757-01"."""
    village_id = f"{commune_id}-{number:02d}"
    _add(session, village_id, PlaceKind.VILLAGE, commune_id, name, division, valid_from, area=area)
    session.flush()  # households and accounts refer to it
    return village_id


def periods_at(session: Session, place_ids: Iterable[str], day: date) -> dict[str, PlacePeriod]:
    """What each place is called on `day`, and whether it is urban then; one without a period that day is left out."""
    query = select(PlacePeriod).where(
        PlacePeriod.place_id.in_(sorted(set(place_ids))),
        PlacePeriod.valid_from <= day,
        or_(PlacePeriod.valid_to.is_(None), PlacePeriod.valid_to > day),
    )
    return {period.place_id: period for period in session.scalars(query)}


def villages_in(session: Session, commune_id: str) -> list[str]:
    """Ids of the commune's villages, in order."""
    query = select(Place.id).where(Place.parent_id == commune_id, Place.kind == PlaceKind.VILLAGE)
    return sorted(session.scalars(query))


def region_of(session: Session, commune_id: str, day: date) -> str | None:
    """The region of the B1 points table that a commune's province lies in."""
    commune = session.get(Place, commune_id)
    if commune is None or commune.parent_id is None:
        return None
    period = periods_at(session, [commune.parent_id], day).get(commune.parent_id)
    return period.region if period else None


def change_area(session: Session, village_id: str, area: Area, on: date) -> None:
    """From `on`, the village counts as `area`: the period that held until then ends, and a new one begins."""
    current = periods_at(session, [village_id], on).get(village_id)
    if current is None:
        raise LookupError(f"no such village on {on.isoformat()}: {village_id}")
    if current.valid_from == on:
        current.area = area.value
        return
    session.add(
        PlacePeriod(
            place_id=village_id,
            valid_from=on,
            valid_to=current.valid_to,
            name=current.name,
            division=current.division,
            area=area.value,
            region=None,
        )
    )
    current.valid_to = on


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
    """The names on `day` of `communes` and of every village in them, by id, in the order of their ids."""
    ids = sorted(communes)
    query = (
        select(PlacePeriod.place_id, PlacePeriod.name)
        .join(Place, Place.id == PlacePeriod.place_id)
        .where(
            or_(Place.id.in_(ids), Place.parent_id.in_(ids)),
            PlacePeriod.valid_from <= day,
            or_(PlacePeriod.valid_to.is_(None), PlacePeriod.valid_to > day),
        )
        .order_by(PlacePeriod.place_id)
    )
    return {row.place_id: row.name for row in session.execute(query)}


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
