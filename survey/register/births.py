"""A date of birth in every form in which a list has it → day, month and year, as far as they are known. Pure.

Nothing is guessed: what is in doubt comes back with its kind, and a person says what is meant of all of that kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

OLDEST = 1900
# Why a date is in doubt.
TWO_DIGITS, NO_SUCH_DAY, FUTURE, UNREADABLE = "two_digits", "no_such_day", "future", "unreadable"
_UNKNOWN = {"", "khong nho", "khong ro", "khong biet", "chua ro", "khong co", "kxd", "khong xac dinh", "kr", "kb"}
_BLANK = re.compile(r"[\s.…_?*xX\-–—/]*")
_SEPARATORS = ("/", "-", "–", ".", ",", " ")  # the first that stands in a date parts it
_NOBODY_KNOWS = re.compile(r"[._…?*xX]{0,4}")  # instead of a day or a month
_SPELT = re.compile(
    r"(?:ngay )?([0-9]{1,2}) thang ([0-9]{1,2}) nam ([0-9]{2,4})|(?:thang )([0-9]{1,2}) nam ([0-9]{2,4})"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WITH_MONTH = re.compile(  # «7-Apr-65», «7-thg 4-65»: how Excel writes dates
    r"([0-9]{1,2}) (?:thg ?([0-9]{1,2})|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})"
    r" ([0-9]{4}|[0-9]{2})"
)
_YEAR = re.compile(r"(?:sinh )?(?:nam )?([0-9]{4})(?: [a-z ]{1,20})?")
_TIME = re.compile(r"[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?$")
_SERIAL_FROM = 2200  # smaller ones would be years, or people born before 1907
_EPOCH = date(1899, 12, 30)
_LONGEST_NUMBER = 8  # ddmmyyyy


@dataclass(frozen=True)
class Birth:
    """0: not known. `doubt`: why a person must say what is meant; `month_first`: it is a date only in that order."""

    year: int = 0
    month: int = 0
    day: int = 0
    doubt: str = ""
    month_first: bool = False
    day_first: bool = False  # a text whose day is greater than 12
    is_real: bool = False  # a date that the spreadsheet knew as one

    def iso(self) -> str:
        """ "1965-04-07", "1965-04" or "1965"; "" when nothing is known."""
        parts = [f"{self.year:04}", *([f"{self.month:02}"] if self.month else [])]
        return "-".join([*parts, *([f"{self.day:02}"] if self.month and self.day else [])]) if self.year else ""

    def words(self) -> str:
        """ "7/4/1965", "4/1965" or "1965"; "" when nothing is known."""
        return "/".join(str(int(part)) for part in reversed(self.iso().split("-")) if part)

    def turned(self) -> Birth:
        """Day and month the other way round, where that is a date."""
        return replace(self, day=self.month, month=self.day, month_first=False) if 0 < self.day <= 12 else self


def read_birth(value: str | int | float | date | None, folded: str, today: date) -> Birth:
    """What a cell says; `folded`: its text without tones, case and punctuation."""
    if isinstance(value, date):
        return _checked(Birth(value.year, value.month, value.day, is_real=True), today)
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()  # 1e999 is none
        return _number(int(value), today) if is_whole else Birth(doubt=UNREADABLE)
    text = _TIME.sub("", (value or "").strip(" '\"").replace("\\", "/"))
    text = text.partition("(")[0].strip() or text  # «7/4/1965 (âm lịch)»
    if _BLANK.fullmatch(text) or folded in _UNKNOWN:
        return Birth()
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
        return _number(int(text), today, text)
    return _written(text, folded, today)


def _number(number: int, today: date, text: str = "") -> Birth:
    if OLDEST <= number < _SERIAL_FROM:
        return _checked(Birth(number), today)
    if 0 <= number < 100 and (not text or len(text) <= 2):
        return Birth(_recent(number, today), doubt=TWO_DIGITS) if number or text else Birth()
    if _SERIAL_FROM <= number <= (today - _EPOCH).days + 366:
        day = _EPOCH + timedelta(days=number)
        return _checked(Birth(day.year, day.month, day.day), today)
    digits = text or str(number)
    if len(digits) in (7, 8):
        padded = digits.zfill(8)
        if OLDEST <= int(padded[4:]) <= today.year:
            return _dated(int(padded[:2]), int(padded[2:4]), int(padded[4:]), today)
        if OLDEST <= int(padded[:4]) <= today.year:
            return _dated(int(padded[6:]), int(padded[4:6]), int(padded[:4]), today)
    return Birth(doubt=UNREADABLE)


def _written(text: str, folded: str, today: date) -> Birth:
    parts = _parts(text.rstrip(" ."))
    if len(parts) == 3:
        return _three(parts, today)
    if len(parts) == 2:
        first, last = parts if len(parts[1]) == 4 else reversed(parts)
        is_month = first.isdigit() and len(first) <= 2 and int(first) <= 12 and len(last) == 4
        return _checked(Birth(int(last), int(first)), today) if is_month else Birth(doubt=UNREADABLE)
    found = _WITH_MONTH.fullmatch(folded)
    if found:
        month = int(found[2]) if found[2] else _MONTHS.index(found[3]) + 1
        return _dated(int(found[1]), month, int(found[4]), today, two_digits=len(found[4]) == 2)
    found = _SPELT.fullmatch(folded)
    if found:
        day, month, year = (int(part or 0) for part in (found[1], found[2] or found[4], found[3] or found[5]))
        return _dated(day, month, year, today, two_digits=year < 100)
    found = _YEAR.fullmatch(folded)
    return _checked(Birth(int(found[1])), today) if found else Birth(doubt=UNREADABLE)


def _parts(text: str) -> list[str]:
    """The figures of a date as they stand, "" for one that nobody knows; [] when it is not made of those."""
    separator = next((one for one in _SEPARATORS if one in text), None)
    found = [part.strip() for part in text.split(separator) if separator != " " or part] if separator else []
    found = ["" if _NOBODY_KNOWS.fullmatch(part) else part for part in found]
    return found if all(len(part) <= 4 and (part.isdigit() or not part) and part.isascii() for part in found) else []


def _three(parts: list[str], today: date) -> Birth:
    first, second, last = (int(part or 0) for part in parts)
    if len(parts[0]) == 4:
        return _dated(last, second, first, today)
    if len(parts[0]) > 2 or len(parts[1]) > 2 or len(parts[2]) not in (1, 2, 4):
        return Birth(doubt=UNREADABLE)
    return _dated(first, second, last, today, two_digits=len(parts[2]) <= 2)


def _dated(day: int, month: int, year: int, today: date, two_digits: bool = False) -> Birth:
    if two_digits:
        year = _recent(year, today)
    month_first = month > 12 and 0 < day <= 12
    if month_first:
        day, month = month, day
    if not month:
        return replace(_checked(Birth(year), today), doubt=TWO_DIGITS if two_digits else "")
    found = _checked(Birth(year, month, day, month_first=month_first, day_first=day > 12 and not month_first), today)
    return replace(found, doubt=TWO_DIGITS) if two_digits and not found.doubt else found


def _checked(birth: Birth, today: date) -> Birth:
    if birth.year < OLDEST:
        return Birth(doubt=UNREADABLE)
    if birth.month:
        try:
            day = date(birth.year, birth.month, birth.day or 1)
        except ValueError:
            return Birth(birth.year if birth.year <= today.year else 0, doubt=NO_SUCH_DAY)
        if day > today:
            return replace(birth, doubt=FUTURE)
    return replace(birth, doubt=FUTURE) if birth.year > today.year else birth


def _recent(two_digits: int, today: date) -> int:
    """The last year with these digits that is not in the future."""
    century = today.year // 100 * 100
    return century + two_digits if century + two_digits <= today.year else century - 100 + two_digits
