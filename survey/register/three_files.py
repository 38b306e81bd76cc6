"""The three CSV files of the product's own pattern: villages.csv, households.csv, members.csv. Pure.

They are exact: UTF-8, headers as they are told, every mistake named by row and column and nothing asked. A list as an
office has it goes through `list_households`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from survey.form.form import Form
from survey.names import name_key
from survey.register import last_year
from survey.register.csv_rows import CsvRow, CsvSheet, folded
from survey.register.known_words import CLASSES
from survey.register.list_villages import BEGINS_WITH_ITS_KIND, DIVISIONS, keys_of
from survey.register.plan import Listed, VillageRow
from survey.terms import Area, HouseholdClass

VILLAGES, HOUSEHOLDS, MEMBERS = FILES = ("villages.csv", "households.csv", "members.csv")
AREAS = {folded(word): area for area in Area for word in (area.value, area.vi, area.en)}
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


def read_villages(sheet: CsvSheet, commune_id: str, there: Mapping[str, VillageRow]) -> list[VillageRow]:
    found: dict[str, tuple[VillageRow, int]] = {}
    names: dict[str, int] = {}
    for row in sheet.rows:
        village_id = _village_id(row, commune_id)
        name, area = row.needed("name"), AREAS.get(folded(row.needed("area")))
        if row.get("area") and area is None:
            row.wrong("area", "not_one_of", value=row.get("area")[:40], known=", ".join(one.vi for one in Area))
        division = _division(row, name)
        if division and not BEGINS_WITH_ITS_KIND.match(name):
            name = f"{division} {name}"
        if village_id is None:
            continue
        if village_id in found:
            row.wrong("number", "twice", first=found[village_id][1])
            continue
        if name and names.setdefault(name_key(name), row.number) != row.number:
            row.wrong("name", "twice", first=names[name_key(name)])
        known = there.get(village_id)
        if known and (name_key(known.name), known.division, known.area) != (name_key(name), division, area):
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


def read_households(
    sheet: CsvSheet, commune_id: str, villages: Mapping[str, VillageRow], form: Form | None
) -> list[Listed]:
    by_name: dict[str, set[str]] = defaultdict(set)
    for village in villages.values():
        for key in keys_of(village.name):
            by_name[key].add(village.id)
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
        for column, text in (("code", code), ("id", one.id)):
            if text and seen.setdefault((column, text), row.number) != row.number:
                row.wrong(column, "twice", first=seen[column, text])
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
    named = by_name.get(name_key(text), set())
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


def read_members(data: bytes, households: list[Listed], form: Form | None, this_year: int) -> CsvSheet:
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
