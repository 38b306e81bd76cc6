"""A list of the residents of many places (CSV or .xlsx) → what is to be entered, or its mistakes by row and column; and
the pattern to begin from. The headings stand in `resident_list.csv`. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from survey.numbers import whole_number
from survey.register.csv_rows import CsvRow, CsvSheet, Mistake, folded
from survey.residents.entering import EARLIEST, MAX_SOURCE, MOST, Given, faults
from survey.residents.residents import Numbers
from survey.terms import ResidentStatus

MOST_PLACES = 2_500  # what was read comes back with the form: half a megabyte holds it
TO_WRITE = tuple(one for one in ResidentStatus if one is not ResidentStatus.REGISTER)  # that one is counted, not typed
_DAY = re.compile(
    r"(?P<day1>\d{1,2})[/.-](?P<month1>\d{1,2})[/.-](?P<year1>\d{4})|(?P<year2>\d{4})-(?P<month2>\d\d)-(?P<day2>\d\d)",
    re.ASCII,
)


@dataclass(frozen=True)
class Read:
    """`kinds`: how often each kind of mistake occurs (codes of `csv_rows.KINDS`)."""

    given: list[Given] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # headings that mean nothing here

    @property
    def kinds(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in self.mistakes:
            found[one.code] = found.get(one.code, 0) + 1
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


@cache
def _columns() -> list[dict[str, str]]:
    with Path(__file__).with_name("resident_list.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def headings() -> list[str]:
    return [one["heading"] for one in _columns()]


def pattern(names: Mapping[str, str]) -> list[list[str]]:
    """The rows of a list to be filled in: the places, with nothing said of them."""
    blank = [""] * (len(_columns()) - 2)
    return [[place_id, name, *blank] for place_id, name in names.items()]


def read_list(file: str, data: bytes, names: Mapping[str, str], today: date) -> Read:
    """`names`: the places that may be spoken of, by code. With one mistake nothing is to be entered."""
    columns = {one["column"]: {one["heading"]} for one in _columns()}
    sheet = CsvSheet(file, data, columns, {one["column"] for one in _columns() if one["needed"]})
    found = Read(mistakes=sheet.mistakes, unknown=sheet.unknown)
    seen: dict[tuple[str, date], int] = {}
    for row in sheet.rows:
        if not any(row.get(name) for name in (*Numbers._fields, "as_of", "source")):
            continue  # a place of the pattern that was left blank
        given = _given(row, names, today)
        if given is None:
            continue
        first = seen.setdefault((given.place_id, given.as_of), row.number)
        if first != row.number:
            row.wrong("code", "twice", first=first)
        found.given.append(given)
        if len(found.given) > MOST_PLACES:
            row.wrong("", "too_many_rows", limit=MOST_PLACES)
            break
    if not found.given and not found.mistakes:
        sheet.wrong(0, "", "empty")
    return found


def _given(row: CsvRow, names: Mapping[str, str], today: date) -> Given | None:
    before = len(row.sheet.mistakes)
    code = row.needed("code")
    if code and code not in names:
        code = code.zfill(5) if code.zfill(5) in names else code  # Excel drops a leading 0
    if code and code not in names:
        row.wrong("code", "place_not_here", value=code)
    elif code and row.get("name") and folded(row.get("name")) != folded(names[code]):
        row.wrong("name", "name_differs", known=names[code])
    numbers = Numbers(*(number_in(row, name) for name in Numbers._fields))
    row.needed("households")
    status, as_of, source = _status(row), _day(row), row.needed("source")
    if len(row.sheet.mistakes) > before or status is None or as_of is None or not source:
        return None
    given = Given(code, as_of, numbers, status, source[:MAX_SOURCE])
    for column, fault in faults(given, today):
        row.wrong(column, fault)
    return given if len(row.sheet.mistakes) == before else None


def number_in(row: CsvRow, column: str) -> int | None:
    """A whole number, also with the points between thousands that an office writes: "1.234.567"."""
    number = whole_number(row.get(column))
    if number is not None and number <= MOST:
        return number
    if row.get(column):
        row.wrong(column, "not_a_number", low=0, high=MOST)
    return None


def _status(row: CsvRow) -> ResidentStatus | None:
    said = folded(row.needed("status"))
    for one in TO_WRITE:
        if said in {folded(name) for name in (one.value, one.vi, one.en)}:
            return one
    if said:
        known = ", ".join(one.vi for one in TO_WRITE)
        row.wrong("status", "not_one_of", value=row.get("status"), known=known)
    return None


def _day(row: CsvRow) -> date | None:
    said = row.needed("as_of")
    day = written_day(said)
    if said and day is None:
        row.wrong("as_of", "no_day", value=said)
    return day


def written_day(said: str) -> date | None:
    """ "31/12/2026" or "2026-12-31"; None when it is no day that can be meant."""
    found = _DAY.fullmatch(said)
    if found is None:
        return None
    year, month, day = (int(found[f"{name}1"] or found[f"{name}2"]) for name in ("year", "month", "day"))
    try:
        written = date(year, month, day)
    except ValueError:
        return None
    return written if written >= EARLIEST else None


def as_rows(given: Iterable[Given], names: Mapping[str, str]) -> list[list[str]]:
    """What was read, written as a list that reads the same again."""
    return [
        [
            one.place_id, names.get(one.place_id, ""), one.as_of.strftime("%d/%m/%Y"),
            *("" if number is None else str(number) for number in one.numbers), one.status.vi, one.source,
        ]
        for one in given
    ]  # fmt: skip
