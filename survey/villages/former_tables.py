"""Tables of former communes, and of which village lies in which: read with their mistakes, then loaded whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import FormerCommune, Place
from survey.borders.former_communes import TWO_LEVELS_SINCE, loaded
from survey.register.csv_rows import CsvRow, CsvSheet, Mistake
from survey.terms import PlaceKind

NEEDED = (
    "former_district_code", "former_district", "former_commune_code", "former_commune", "commune_code",
    "status", "source",
)  # fmt: skip
OTHERS = ("commune", "code_in_dataset_if_other", "valid_from", "valid_to")  # the days as 2025-07-01; else until then
COLUMNS: dict[str, set[str]] = {name: set() for name in (*NEEDED, *OTHERS)}
VILLAGES = {"village_code": {"mã thôn, bản", "mã thôn"}, "former_commune_code": {"mã xã, phường cũ", "mã cấp xã cũ"}}
CODE_LENGTH = 16


@dataclass(frozen=True)
class Table:
    """A table as it was read: what of it is new or otherwise than before, and what cannot be."""

    rows: Sequence[FormerCommune]
    mistakes: Sequence[Mistake]
    added: int
    changed: int
    statuses: frozenset[str]

    @property
    def districts(self) -> int:
        return len({one.district_code for one in self.rows})


def read_table(session: Session, province_id: str, file: str, data: bytes) -> Table:
    """What loading a table would do; reads and changes nothing."""
    sheet = CsvSheet(file, data, COLUMNS, set(NEEDED))
    communes = select(Place.id).where(Place.parent_id == province_id, Place.kind == PlaceKind.COMMUNE.value)
    known, made, seen = set(session.scalars(communes)), [], set()
    for row in sheet.rows:
        one = _row(row, province_id, known)
        if one is None:
            continue
        if _key(one) in seen:
            row.wrong("former_commune_code", "former_twice")
        seen.add(_key(one))
        made.append(one)
    there = {_key(one): _said(one) for one in loaded(session, province_id)}
    added = sum(_key(one) not in there for one in made)
    changed = sum(there.get(_key(one), _said(one)) != _said(one) for one in made)
    return Table(made, sheet.mistakes, added, changed, frozenset(one.status for one in made))


def write_table(session: Session, province_id: str, table: Table) -> None:
    """Load it: for each end of validity that it names, it stands in the place of what was loaded for that before."""
    for day in {one.valid_to for one in table.rows}:
        session.execute(delete(FormerCommune).filter_by(province_id=province_id, valid_to=day))
    session.add_all(table.rows)
    session.flush()  # borders are read from it


def _row(row: CsvRow, province_id: str, communes: set[str]) -> FormerCommune | None:
    said = {column: row.needed(column) for column in NEEDED}
    since, until = _day(row, "valid_from"), _day(row, "valid_to") or TWO_LEVELS_SINCE
    faults = len(row.sheet.mistakes)
    for column in ("former_district_code", "former_commune_code"):
        if len(said[column]) > CODE_LENGTH:
            row.wrong(column, "too_long", limit=CODE_LENGTH)
    if said["commune_code"] and said["commune_code"] not in communes:
        row.wrong("commune_code", "commune_unknown", value=said["commune_code"])
    if since is not None and since >= until:
        row.wrong("valid_from", "period_backward")
    if not all(said.values()) or len(row.sheet.mistakes) > faults:
        return None
    return FormerCommune(
        province_id=province_id,
        code=said["former_commune_code"],
        valid_to=until,
        commune_id=said["commune_code"],
        valid_from=since,
        name=said["former_commune"],
        district_code=said["former_district_code"],
        district=said["former_district"],
        status=said["status"],
        source=said["source"],
    )


def _day(row: CsvRow, column: str) -> date | None:
    said = row.get(column)
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        row.wrong(column, "no_iso_day", value=said)
        return None


def _key(one: FormerCommune) -> tuple[str, date, str]:
    return one.code, one.valid_to, one.commune_id


def _said(one: FormerCommune) -> tuple[object, ...]:
    return one.valid_from, one.name, one.district_code, one.district, one.status, one.source


def read_villages(
    file: str, data: bytes, names: Iterable[str], former: Iterable[str]
) -> tuple[dict[str, str], list[Mistake]]:
    """Which former commune each village lies in, from a list of their codes."""
    villages, known = set(names), set(former)
    sheet = CsvSheet(file, data, VILLAGES, set(VILLAGES))
    found: dict[str, str] = {}
    for row in sheet.rows:
        village, code = row.needed("village_code"), row.needed("former_commune_code")
        if village and village not in villages:
            row.wrong("village_code", "unknown_village", value=village)
        elif code and code not in known:
            row.wrong("former_commune_code", "former_unknown", value=code)
        elif village and found.get(village, code) != code:
            row.wrong("village_code", "village_of_two")
        elif village and code:
            found[village] = code
    return found, sheet.mistakes
