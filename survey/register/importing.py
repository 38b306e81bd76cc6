"""How a commune begins: its villages and last year's households from CSV files, all or nothing.

`plan` reads the files against the register and changes nothing; `carry_out` does what a plan without mistakes says.
What is on the register already is recognised (by id, by code, else by village, head and address) and left as it is, so
the same files may come again, with households added.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion, Household
from models.commune_counter import lock_commune
from survey.calendar.default import meant
from survey.calendar.standing import open_in
from survey.clocks import day_of
from survey.evidence import audit
from survey.form.form import Form
from survey.questionnaires.published import load_form
from survey.register import last_year
from survey.register.csv_rows import CsvRow, CsvSheet, Mistake, folded
from survey.register.entries import import_household, on_register
from survey.register.places import add_village, periods_at, villages_in
from survey.terms import Area, HouseholdClass, RoundKind

VILLAGES, HOUSEHOLDS, MEMBERS = FILES = ("villages.csv", "households.csv", "members.csv")
DIVISIONS = ("Bản", "Tiểu khu", "Tổ dân phố", "Thôn")
_BEGINS_WITH_ITS_KIND = re.compile(r"(bản|tiểu khu|tổ|thôn|tdp|tk|khu|xóm|ấp)\s", re.IGNORECASE)
AREAS = {folded(word): area for area in Area for word in (area.value, area.vi, area.en)}
CLASSES = {folded(word): found for found in HouseholdClass for word in (found.value, found.vi, found.en)} | {
    "ngheo": HouseholdClass.POOR,
    "can ngheo": HouseholdClass.NEAR_POOR,
    "khong thuoc ho ngheo can ngheo": HouseholdClass.NOT_POOR,
}
VILLAGE_COLUMNS = {
    "number": {"so", "stt", "so thu tu", "id", "ma", "ma thon", "ma ban", "ma thon ban"},
    "name": {"ten", "ten thon", "ten ban", "ten thon ban", "thon ban", "village"},
    "division": {"loai", "loai hinh", "kind", "type"},
    "area": {"khu vuc", "nong thon thanh thi"},
}
HOUSEHOLD_COLUMNS = {
    "village": {
        "thon",
        "ban",
        "thon ban",
        "so thon",
        "ten thon",
        "ten ban",
        "ten thon ban",
        "village number",
        "village name",
    },
    "head": {"chu ho", "ten chu ho", "ho ten chu ho", "ho va ten chu ho", "head of household", "head name"},
    "code": {"ma ho", "household code"},
    "id": {"household id", "dinh danh ho"},
    "class": {"phan loai", "phan loai nam truoc", "class last year", "ket qua nam truoc", "phan loai ho"},
    "address": {"dia chi", "noi o"},
}


@dataclass
class VillageRow:
    id: str
    name: str
    division: str
    area: Area | None
    known: bool = False


@dataclass
class Listed:
    """A household of the file. `code` "" until one is given by `_number`; `known`: it is on the register already."""

    row: CsvRow
    village_id: str
    head: str
    code: str
    id: str
    household_class: HouseholdClass | None
    address: str
    known: Household | None = None
    members: list[dict[str, Any]] = field(default_factory=list)
    base_answers: dict[str, Any] | None = None

    @property
    def likeness(self) -> tuple[str, str, str]:
        return self.village_id, self.head.casefold(), self.address.casefold()


@dataclass
class Plan:
    """What an import would do, or the mistakes for which it does nothing."""

    commune_id: str
    villages: list[VillageRow]
    households: list[Listed]
    mistakes: list[Mistake]
    unknown_columns: list[tuple[str, str]]  # file, header: not taken

    @property
    def new_villages(self) -> list[VillageRow]:
        return [village for village in self.villages if not village.known]

    @property
    def new_households(self) -> list[Listed]:
        return [household for household in self.households if household.known is None]

    @property
    def members(self) -> int:
        return sum(len(household.members) for household in self.new_households)

    def counts(self) -> dict[str, int]:
        return {
            "villages": len(self.new_villages),
            "villages_known": len(self.villages) - len(self.new_villages),
            "households": len(self.new_households),
            "households_known": len(self.households) - len(self.new_households),
            "members": self.members,
        }


def plan(session: Session, commune_id: str, files: Mapping[str, bytes], now: datetime) -> Plan:
    """What importing `files` (name → content; members.csv may be missing, villages.csv once they are there) would do.
    The commune must exist."""
    sheets: list[CsvSheet] = []
    places = _villages_there(session, commune_id, now)
    listed = list(places.values())
    if VILLAGES in files:
        sheet = CsvSheet(VILLAGES, files[VILLAGES], VILLAGE_COLUMNS, {"number", "name", "area"})
        sheets.append(sheet)
        listed = _villages(sheet, commune_id, places)
    households: list[Listed] = []
    if HOUSEHOLDS in files:
        form = _form(session, commune_id, now)
        sheet = CsvSheet(HOUSEHOLDS, files[HOUSEHOLDS], HOUSEHOLD_COLUMNS, {"village", "head", "class"})
        sheets.append(sheet)
        households = _households(sheet, commune_id, places | {village.id: village for village in listed}, form)
        register = _Register(session, commune_id)
        _recognise(households, register)
        _number(households, register)
        if MEMBERS in files:
            sheets.append(_members(files[MEMBERS], households, form, now.year))
        _remember(households, form, MEMBERS in files)
    mistakes = [mistake for sheet in sheets for mistake in sorted(sheet.mistakes, key=lambda one: one.row)]
    needed = {VILLAGES: places or HOUSEHOLDS not in files, HOUSEHOLDS: VILLAGES in files and MEMBERS not in files}
    mistakes += [
        Mistake(name, 0, "", "missing_file") for name, spared in needed.items() if not (name in files or spared)
    ]
    unknown = [(sheet.file, header) for sheet in sheets for header in sheet.unknown]
    return Plan(commune_id, listed if VILLAGES in files else [], households, mistakes, unknown)


def carry_out(session: Session, plan: Plan, now: datetime, account_id: str | None = None) -> None:
    """Add what the plan says is new; new households come onto the register of the periodic round that is open there.
    ValueError when the plan has mistakes. Make the plan in the same transaction, after `register.lock_commune`."""
    if plan.mistakes:
        raise ValueError("a plan with mistakes is not carried out")
    lock_commune(session, plan.commune_id)
    for village in plan.new_villages:
        if village.area is not None:
            number = int(village.id.rsplit("-", 1)[1])
            add_village(session, plan.commune_id, number, village.name, village.division, village.area)
    rounds = open_in(session, plan.commune_id, RoundKind.PERIODIC)
    for one in plan.new_households:
        import_household(
            session,
            commune_id=plan.commune_id,
            household_id=one.id,
            village_id=one.village_id,
            head_name=one.head,
            now=now,
            code=one.code,
            base_class=one.household_class,
            base_answers=one.base_answers,
        )
        for survey_round in rounds:
            on_register(session, plan.commune_id, survey_round.id, one.id)
    if plan.new_villages or plan.new_households:
        audit.record(session, now, account_id, "register.imported", plan.commune_id, plan.counts())


def _villages_there(session: Session, commune_id: str, now: datetime) -> dict[str, VillageRow]:
    periods = periods_at(session, villages_in(session, commune_id), now.date())
    return {
        key: VillageRow(key, period.name, period.division, Area(period.area) if period.area else None, known=True)
        for key, period in sorted(periods.items())
    }


def _form(session: Session, commune_id: str, now: datetime) -> Form | None:
    """The questionnaire of the round that is meant in the commune, of those open there; else the one published last."""
    asked = meant(session, [commune_id], day_of(now), is_open=True)
    if asked is not None:
        return load_form(session, asked.form_id, asked.form_version)
    in_use = select(FormVersion.form_id, FormVersion.version).where(FormVersion.retired_at.is_(None))
    last = in_use.order_by(FormVersion.published_at.desc()).limit(1)
    found = session.execute(last).first()
    return load_form(session, found.form_id, found.version) if found else None


def _villages(sheet: CsvSheet, commune_id: str, there: Mapping[str, VillageRow]) -> list[VillageRow]:
    found: dict[str, tuple[VillageRow, int]] = {}
    names: dict[str, int] = {}
    for row in sheet.rows:
        village_id = _village_id(row, commune_id)
        name, area = row.needed("name"), AREAS.get(folded(row.needed("area")))
        if row.get("area") and area is None:
            row.wrong("area", "not_one_of", value=row.get("area")[:40], known=", ".join(one.vi for one in Area))
        division = _division(row, name)
        if division and not _BEGINS_WITH_ITS_KIND.match(name):
            name = f"{division} {name}"
        if village_id is None:
            continue
        if village_id in found:
            row.wrong("number", "twice", first=found[village_id][1])
            continue
        if name and names.setdefault(name.casefold(), row.number) != row.number:
            row.wrong("name", "twice", first=names[name.casefold()])
        known = there.get(village_id)
        if known and (known.name.casefold(), known.division, known.area) != (name.casefold(), division, area):
            row.wrong("name", "village_differs")
        found[village_id] = (known or VillageRow(village_id, name, division, area), row.number)
    return [village for village, _row in found.values()]


def _village_id(row: CsvRow, commune_id: str) -> str | None:
    text = row.needed("number")
    match = re.fullmatch(r"([0-9]{5})-([0-9]{1,3})", text)
    if match:
        if match[1] != commune_id:
            row.wrong("number", "foreign_commune", other=match[1], commune=commune_id)
            return None
        row.cells["number"] = match[2]
    number = row.number_in("number", 1, 999)
    return None if number is None else f"{commune_id}-{number:02d}"


def _division(row: CsvRow, name: str) -> str:
    """The kind of village as written, else as its name begins; "" with a mistake when neither says it."""
    known = {folded(one): one for one in DIVISIONS}
    text = row.get("division")
    if text:
        if folded(text) not in known:
            row.wrong("division", "not_one_of", value=text[:40], known=", ".join(DIVISIONS))
        return known.get(folded(text), "")
    begins = next((one for one in DIVISIONS if name.casefold().startswith(one.casefold() + " ")), "")
    if not begins:
        row.wrong("division", "blank")
    return begins


def _households(
    sheet: CsvSheet, commune_id: str, villages: Mapping[str, VillageRow], form: Form | None
) -> list[Listed]:
    by_name: dict[str, set[str]] = defaultdict(set)
    for village in villages.values():
        by_name[village.name.casefold()].add(village.id)
        by_name[_BEGINS_WITH_ITS_KIND.sub("", village.name).casefold()].add(village.id)
    keeps_address = last_year.address_question(form) is not None
    found: list[Listed] = []
    seen: dict[tuple[str, str], int] = {}
    alike: dict[tuple[str, str, str], tuple[int, bool]] = {}
    for row in sheet.rows:
        village_id = _village_of(row, commune_id, villages, by_name)
        code = _code(row, commune_id)
        if not re.fullmatch(r"[0-9A-Za-z-]{0,36}", row.get("id")):
            row.wrong("id", "bad_id")
        if row.get("address") and not keeps_address:
            row.wrong("address", "no_form")
        household_class = CLASSES.get(folded(row.get("class")))
        if row.get("class") and household_class is None:
            words = "; ".join(one.vi for one in HouseholdClass)
            row.wrong("class", "not_one_of", value=row.get("class")[:40], known=words)
        one = Listed(
            row, village_id or "", row.needed("head"), code, row.get("id"), household_class, row.get("address")
        )
        for column, key in (("code", ("code", code)), ("id", ("id", one.id))):
            if key[1] and seen.setdefault(key, row.number) != row.number:
                row.wrong(column, "twice", first=seen[key])
        first, told_apart = alike.setdefault(one.likeness, (row.number, bool(code or one.id)))
        if first != row.number and not (told_apart and (code or one.id)):
            row.wrong("head", "same_household", first=first)
        if village_id:
            found.append(one)
    return found


def _village_of(
    row: CsvRow, commune_id: str, villages: Mapping[str, VillageRow], by_name: Mapping[str, set[str]]
) -> str | None:
    text = row.needed("village")
    match = re.fullmatch(r"([0-9]{5})-([0-9]{1,3})", text)
    if match and match[1] != commune_id:
        row.wrong("village", "foreign_commune", other=match[1], commune=commune_id)
        return None
    number = match[2] if match else text
    if re.fullmatch(r"[0-9]{1,3}", number) and f"{commune_id}-{int(number):02d}" in villages:
        return f"{commune_id}-{int(number):02d}"
    named = by_name.get(text.casefold(), set())
    if len(named) == 1:
        return next(iter(named))
    if text:
        row.wrong("village", "ambiguous_village" if named else "unknown_village", value=text[:40])
    return None


def _code(row: CsvRow, commune_id: str) -> str:
    code = row.get("code")
    if len(code) > 20:
        row.wrong("code", "too_long", limit=20)
    match = re.match(r"([0-9]{5})-[0-9]+-[0-9]+$", code)
    if match and match[1] != commune_id:
        row.wrong("code", "foreign_commune", other=match[1], commune=commune_id)
    return code


class _Register:
    """The commune's households as they are, to be looked up."""

    def __init__(self, session: Session, commune_id: str) -> None:
        self.by_id: dict[str, Household] = {}
        self.by_code: dict[str, Household] = {}
        self.by_name: dict[tuple[str, str], list[Household]] = defaultdict(list)  # village and head
        self.by_likeness: dict[tuple[str, str, str], list[Household]] = defaultdict(list)
        for one in session.scalars(select(Household).where(Household.commune_id == commune_id)):
            self.by_id[one.id] = self.by_code[one.code] = one
            named = (one.village_id, one.base_head_name.casefold())
            self.by_name[named].append(one)
            self.by_likeness[*named, _address_of(one).casefold()].append(one)


def _recognise(households: list[Listed], register: _Register) -> None:
    """Tie each listed household to the one on the register; another one under the same id or code is a mistake."""
    for one in households:
        same = register.by_likeness.get(one.likeness, [])
        like = same or ([] if one.address else register.by_name.get(one.likeness[:2], []))
        if one.id or one.code:
            one.known = register.by_id.get(one.id) or register.by_code.get(one.code)
        elif len(like) > 1:
            one.row.wrong("head", "several_known")
        else:
            one.known = like[0] if like else None
        if one.known is not None and (
            (one.village_id, one.head.casefold()) != (one.known.village_id, one.known.base_head_name.casefold())
            or (one.code and one.code != one.known.code)
            or (one.id and one.id != one.known.id)
            or (one.household_class or None) != (one.known.base_class or None)
        ):
            one.row.wrong("head", "household_differs")


def _address_of(known: Household) -> str:
    address = ((known.base_answers or {}).get("thong_tin_ho") or {}).get("dia_chi")
    return address if isinstance(address, str) else ""


def _number(households: list[Listed], register: _Register) -> None:
    """A code for each new household without one: the village's next number."""
    taken = set(register.by_code) | {one.code for one in households if one.code}
    last: dict[str, int] = defaultdict(int)
    for one in households:
        if one.known is not None:
            one.code, one.id = one.known.code, one.known.id
            continue
        one.id = one.id or str(uuid4())
        while not one.code or one.code in taken:
            if one.code and one.row.get("code"):
                break  # given in the file: kept as it is
            last[one.village_id] += 1
            one.code = f"{one.village_id}-{last[one.village_id]:03d}"
        taken.add(one.code)


def _members(data: bytes, households: list[Listed], form: Form | None, this_year: int) -> CsvSheet:
    columns = {column: headers for column, (_name, headers) in last_year.MEMBER_COLUMNS.items()}
    sheet = CsvSheet(
        MEMBERS, data, {"household": HOUSEHOLD_COLUMNS["code"] | {"code", "ho"}, **columns}, {"household", "full_name"}
    )
    questions = last_year.copied(form)
    if form is None or not questions:
        sheet.wrong(0, "", "no_form")
        return sheet
    by_code = {one.code: one for one in households}
    for row in sheet.rows:
        answers = last_year.member(row, questions, form, this_year)
        one = by_code.get(row.needed("household"))
        if one is None and row.get("household"):
            row.wrong("household", "unknown_household")
        if one is not None:
            identity = {"ma_nk": f"{one.id}-{len(one.members) + 1}"} if "ma_nk" in questions else {}
            one.members.append(identity | answers)
    return sheet


def _remember(households: list[Listed], form: Form | None, with_members: bool) -> None:
    """What is kept of last year; another account of a household that is there is a mistake."""
    for one in households:
        one.base_answers = last_year.answers(form, one.members, one.address) if form else None
        if one.known is None or not (with_members and one.members):
            continue
        before = dict(one.known.base_answers or {})
        if any(before.get(key) != value for key, value in (one.base_answers or {}).items()):
            one.row.wrong("head", "household_differs")
