"""A record of a list → what it says of a person, as answers of the questionnaire; what is in doubt is asked. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from survey.form.form import Form, Item
from survey.register.births import FUTURE, NO_SUCH_DAY, TWO_DIGITS, UNREADABLE, Birth, read_birth
from survey.register.csv_rows import folded
from survey.register.known_words import ETHNIC, RELATION, SEX, Meanings
from survey.register.list_records import Record
from survey.register.questions import Asked, Option
from survey.terms import HouseholdClass

TICKS = {"x", "v", "1", "co", "✓", "✔", "√", "☑", "•", "*", "+", "xx", "true"}
NO_TICKS = {"", "0", "khong", "false"}
_LOST = re.compile(r"[0-9][.,][0-9]{1,9}[eE]\+?[0-9]{1,2}")
_SEPARATORS = re.compile(r"[\s.'’-]+")
_BIRTHS = ("birth", "birth_male", "birth_female", "birth_year")


@dataclass
class Person:
    """`answers`: by the question's name, as far as the questionnaire copies it from last year."""

    record: Record
    name: str
    answers: dict[str, Any]
    birth: Birth
    relation: str | None = None
    cccd: str = ""
    has_facts: bool = False


class People:
    """Reads the persons of one import. `remembered`: kind → word → meaning; what is learnt goes into `words`."""

    def __init__(
        self,
        form: Form | None,
        questions: Mapping[str, Item],
        asked: Asked,
        remembered: Mapping[str, Mapping[str, str]],
        today: date,
    ) -> None:
        self._asked, self._today = asked, today
        self.words: dict[tuple[str, str], str] = {}
        self._questions = questions
        self._meanings = {
            kind: Meanings(kind, form.choices[item.list], remembered.get(kind, {}))
            for kind, name in ((RELATION, "quan_he"), (ETHNIC, "dan_toc"), (SEX, "gioi_tinh"))
            if form is not None and (item := questions.get(name)) is not None and item.list
        }
        self._orders: dict[int, Birth | None] = {}
        self._swapped: set[tuple[int, str]] = set()
        self._month_first: set[tuple[int, str]] = set()
        self.counts = {"year_only": 0, "month_only": 0, "birth_unknown": 0}

    def read(self, records: list[Record]) -> list[Person]:
        births = self._births(records)
        people = [self._person(record, births[at]) for at, record in enumerate(records)]
        self._tell_numbers_apart(people)
        return people

    # --- births ----------------------------------------------------------------------------------------------------

    def _births(self, records: list[Record]) -> list[tuple[Birth, str]]:
        """Each record's birth with the column that said it, the order of day and month settled column by column."""
        found = [self._birth_of(record) for record in records]
        columns: dict[tuple[int, str], list[int]] = defaultdict(list)
        for at, (_birth, column) in enumerate(found):
            columns[id(records[at].sheet), column].append(at)
        for (_sheet, column), rows in columns.items():
            if column:
                self._settle_order(records, found, rows)
        return [(self._settled(records[at], birth, column), column) for at, (birth, column) in enumerate(found)]

    def _birth_of(self, record: Record) -> tuple[Birth, str]:
        columns = record.sheet.found.columns
        if "birth_day" in columns or "birth_month" in columns:
            return self._birth_in_parts(record)
        for column in _BIRTHS:
            if column in columns and record.get(column):
                cell = record.cell(column)
                return read_birth(cell, folded(str(cell)), self._today), column
        return Birth(), ""

    def _birth_in_parts(self, record: Record) -> tuple[Birth, str]:
        """Day, month and year in columns of their own; a whole date in one of them counts as that."""
        column = next((one for one in (*_BIRTHS, "birth_day") if record.get(one)), "")
        day, month = (record.get(one) for one in ("birth_day", "birth_month"))
        if not (day.isdigit() or month.isdigit()) or column not in ("birth", "birth_year"):
            cell = record.cell(column) if column else None
            return read_birth(cell, folded(str(cell or "")), self._today), column
        text = f"{day or 0}/{month or 0}/{record.get(column)}"
        return read_birth(text, folded(text), self._today), column

    def _settle_order(self, records: list[Record], found: list[tuple[Birth, str]], rows: list[int]) -> None:
        births = [found[at][0] for at in rows]
        month_first = [at for at in rows if found[at][0].month_first]
        real = [at for at in rows if found[at][0].is_real]
        texts = [one for one in births if not one.is_real and one.month]
        about = found[rows[0]][1] + str(records[rows[0]].sheet.found.columns[found[rows[0]][1]])
        if month_first:
            day_first = any(one.day_first for one in births)
            proposed = "day_first" if day_first else "month_first"
            question = self._asked.ask("birth_order", ("day_first", "month_first", "blank"), proposed, about)
            for at in month_first:
                question.example(records[at].example(_shown(records[at], found[at])))
            for at in rows:
                birth, column = found[at]
                if birth.month_first and question.taken != "month_first":
                    found[at] = (Birth(birth.year) if question.taken == "day_first" else Birth(), column)
                elif question.taken == "month_first" and not birth.is_real and not birth.day_first and birth.month:
                    found[at] = (birth if birth.month_first else birth.turned(), column)
        elif (
            len(real) >= 3 and texts and all(found[at][0].day <= 12 for at in real) and all(t.day_first for t in texts)
        ):
            question = self._asked.ask("birth_swapped", ("swap", "keep"), "swap", about)
            for at in real:
                said = f"{_shown(records[at], found[at])} → {found[at][0].turned().iso()}"
                question.example(records[at].example(said))
                if question.taken == "swap":
                    found[at] = (found[at][0].turned(), found[at][1])

    def _settled(self, record: Record, birth: Birth, column: str) -> Birth:
        """The birth once what is in doubt about it was answered."""
        if birth.doubt == UNREADABLE:
            record.wrong(column, "not_a_date", value=record.get(column)[:40])
            return Birth()
        if birth.doubt:
            return self._asked_about(record, birth, column)
        if column and record.get(column):
            self._count(birth)
        return birth

    def _count(self, birth: Birth) -> None:
        kind = "birth_unknown" if not birth.year else "year_only" if not birth.month else "month_only"
        if not birth.day:
            self.counts[kind] += 1

    def _asked_about(self, record: Record, birth: Birth, column: str) -> Birth:
        shown = _shown(record, (birth, column))
        century = replace(birth, year=birth.year - 100, doubt="")
        if birth.doubt == TWO_DIGITS:
            question = self._asked.ask("birth_two_digits", ("past", "century", "blank"), "past")
            question.example(record.example(f"{shown} → {birth.iso()}"))
            answers = {"past": replace(birth, doubt=""), "century": century}
        elif birth.doubt == NO_SUCH_DAY:
            question = self._asked.ask("birth_no_such_day", ("year", "blank"), "year")
            question.example(record.example(f"{shown} → {birth.iso()}"))
            answers = {"year": Birth(birth.year)}
        else:
            assert birth.doubt == FUTURE
            question = self._asked.ask("birth_future", ("blank", "century"), "blank")
            question.example(record.example(f"{shown} → {century.iso()}"))
            answers = {"century": century}
        return answers.get(question.taken or "", Birth())

    # --- the rest of a person ----------------------------------------------------------------------------------------

    def _person(self, record: Record, born: tuple[Birth, str]) -> Person:
        birth, column = born
        sex = self._sex(record, column)
        relation = self._word(record, RELATION, "relation")
        ethnic = self._word(record, ETHNIC, "ethnic")
        cccd = number_in(record, self._asked)
        facts: dict[str, Any] = {
            "ho_ten": record.person,
            "gioi_tinh": sex,
            "quan_he": relation,
            "ngay_sinh": birth.day or None,
            "thang_sinh": birth.month or None,
            "nam_sinh": birth.year or None,
            "dan_toc": ethnic,
            "cccd": cccd or None,
        }
        told = {name: value for name, value in facts.items() if value is not None and name in self._questions}
        said = any(record.get(one) for one in (*_BIRTHS, "sex", "relation", "ethnic", "cccd", "is_male", "is_female"))
        return Person(record, record.person, told, birth, relation, cccd, said)

    def _sex(self, record: Record, birth_column: str) -> str | None:
        if birth_column in ("birth_male", "birth_female"):
            return self._sex_named("nam" if birth_column == "birth_male" else "nu")
        columns = record.sheet.found.columns
        if "is_male" in columns or "is_female" in columns:
            return self._ticked_sex(record)
        return self._word(record, SEX, "sex")

    def _ticked_sex(self, record: Record) -> str | None:
        columns = record.sheet.found.columns
        ticked = [name for name, one in (("nam", "is_male"), ("nu", "is_female")) if tick(record, one)]
        if len(ticked) == 1:
            return self._sex_named(ticked[0])
        if not ticked and ("is_male" in columns) != ("is_female" in columns):  # one column alone tells both
            return self._sex_named("nam" if "is_female" in columns else "nu")
        return None

    def _sex_named(self, name: str) -> str | None:
        meanings = self._meanings.get(SEX)
        return meanings.of(name) if meanings else None

    def _word(self, record: Record, kind: str, column: str) -> str | None:
        text, meanings = record.get(column), self._meanings.get(kind)
        if not text or meanings is None:
            return None
        found = meanings.of(text)
        if found:
            return found
        if not self._asked.has_room(f"word_{kind}", text):
            labels = list(meanings.choices.values())
            known = "; ".join(labels[:12]) + (" …" if labels[12:] else "")
            record.wrong(column, "not_one_of", value=text[:40], known=known)
            return None
        options = [Option(name, label) for name, label in meanings.choices.items()]
        question = self._asked.ask(
            f"word_{kind}", [*options, Option("blank")], meanings.near(text), text, word=text[:60]
        )
        question.example(record.example(record.person))
        if question.answer and question.answer != "blank":
            self.words[kind, text] = question.answer
        return question.taken if question.taken != "blank" else None

    # --- identity numbers ------------------------------------------------------------------------------------------

    def _tell_numbers_apart(self, people: Iterable[Person]) -> None:
        by_number: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            if person.cccd:
                by_number[person.cccd].append(person)
        for same in by_number.values():
            if len(same) == 1:
                continue
            question = self._asked.ask("cccd_twice", ("keep", "blank"), "keep")
            for person in same:
                question.example(person.record.example(f"{person.name}, {person.cccd}"))
            for person in same if question.taken == "blank" else ():
                person.answers.pop("cccd", None)


def tick(record: Record, column: str) -> bool:
    """Whether a column of ticks is ticked; other words are a mistake."""
    cell = record.cell(column)
    text = "" if cell is None else str(cell).strip()
    if text.casefold() in TICKS or folded(text) in TICKS:
        return True
    if folded(text) not in NO_TICKS:
        record.wrong(column, "not_a_tick", value=text[:40])
    return False


def class_options() -> list[Option]:
    return [*(Option(one.value, one.vi) for one in HouseholdClass), Option("blank")]


def _shown(record: Record, born: tuple[Birth, str]) -> str:
    return f"{record.person}, {record.get(born[1])}"


def number_in(record: Record, asked: Asked) -> str:
    """The identity number; zeros that a spreadsheet took are put back and cut ones left blank, once that was said
    to be right."""
    text = record.get("cccd")
    if not text:
        return ""
    digits = _SEPARATORS.sub("", text.removesuffix(".0"))
    if _LOST.fullmatch(text.strip()):
        asked.ask("cccd_lost", ("blank",), "blank").example(record.example(text))
        return ""
    if re.fullmatch(r"[0-9]{12}", digits):
        return digits
    if re.fullmatch(r"[0-9]{10,11}", digits):
        question = asked.ask("cccd_zero", ("repair", "blank"), "repair")
        question.example(record.example(f"{digits} → {digits.zfill(12)}"))
        return digits.zfill(12) if question.taken == "repair" else ""
    if re.fullmatch(r"[0-9]{8,9}", digits):
        asked.ask("cccd_old", ("blank",), "blank").example(record.example(digits))
        return ""
    if folded(text) not in ("khong co", "chua co", "khong", "chua cap"):
        record.wrong("cccd", "not_cccd")
    return ""
