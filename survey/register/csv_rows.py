"""A CSV that an office saved, read into rows whose mistakes can be named by file, row and column. Pure.

UTF-8 with or without a byte order mark, comma, semicolon or tab, any order of columns, blank rows skipped. A cell that
a spreadsheet would take for a formula is a mistake: it would run on whoever opens an export.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from survey.register import tables
from survey.text import N_, normal, without_tones

MAX_ROWS = 100_000
LONGEST = 120  # characters of a cell
FORMULA = re.compile(r"[=+@＝＋＠\t]|[-－](?!\d+([.,]\d+)?$)")
# By code; %(…)s: what the mistake carries. Never a person's name.
SENTENCES = tables.SENTENCES | {
    "not_utf8": N_("The file is not in UTF-8. In Excel choose Save as “CSV UTF-8”."),
    "unreadable": N_("Cannot be read from here on: a quote may be missing."),
    "empty": N_("The file has no rows."),
    "missing_file": N_("This file is missing."),
    "too_many_rows": N_("The file has more than %(limit)s rows."),
    "missing_column": N_("This column is missing."),
    "column_twice": N_("This column stands twice."),
    "too_many_cells": N_("The row has more cells than the header."),
    "blank": N_("This cell must be filled."),
    "formula": N_("The cell begins like a formula; enter plain text."),
    "unprintable": N_("The cell has a character that cannot be kept."),
    "too_long": N_("Longer than %(limit)s characters."),
    "not_one_of": N_("“%(value)s” is not known; write one of: %(known)s."),
    "not_a_number": N_("Must be a number from %(low)s to %(high)s."),
    "not_cccd": N_("Must have exactly 12 digits (Excel may have dropped a leading 0)."),
    "bad_id": N_("Only unaccented letters, digits and hyphens."),
    "foreign_commune": N_("This code belongs to commune %(other)s, not %(commune)s."),
    "unknown_village": N_("There is no village “%(value)s” in this commune."),
    "ambiguous_village": N_("Several villages are called “%(value)s”; give the number."),
    "village_elsewhere": N_(
        "This village belongs to another commune now (%(known)s): take the row out, and list the household there."
    ),
    "twice": N_("The same as row %(first)s."),
    "same_household": N_(
        "Same village, head and address as row %(first)s; if they are two households, give each a code or an address."
    ),
    "village_differs": N_("This village is there with another name, kind or area; an import does not change it."),
    "household_differs": N_(
        "This household is there with another village, head or facts of last year; an import does not change it."
    ),
    "household_ended": N_(
        "This household left the register (%(known)s): bring it back on its page, or take the row out of the file."
    ),
    "several_known": N_("Several households match this row; give the code."),
    "unknown_household": N_("There is no household with this code."),
    "no_header": N_(
        "No list was seen: a header needs a column of persons' names and one more, such as the village or the birth."
    ),
    "formula_without_value": N_(
        "%(count)s formulas (the first in %(first)s) have no value in the file. Open it in Excel, save it, try again."
    ),
    "not_a_date": N_("“%(value)s” is no date of birth; write day/month/year, or the year alone."),
    "not_a_tick": N_("“%(value)s” is no tick; write x or leave the cell blank."),
    "two_classes": N_("The household is ticked under several classes; leave one tick."),
    "no_village_there": N_("The list names no village, and this commune has none yet; write the village in a column."),
    "former_twice": N_("This former commune stands twice with one commune of today and one day of its end."),
    "commune_unknown": N_("No commune of the province has the code “%(value)s” today."),
    "period_backward": N_("The day of the end must come after the day of the beginning."),
    "no_iso_day": N_("“%(value)s” is no day; write 2025-07-01."),
    "former_unknown": N_("No former commune that belongs to this commune has the code “%(value)s”."),
    "village_of_two": N_("This village stands with two former communes; leave the right one."),
    "no_form": N_("No published questionnaire has this column; publish one first."),
    # Of a list of corrections.
    "no_key": N_("The row names no household: write its code, or the village and the head's name."),
    "no_such_code": N_("There is no household with this code."),
    "matches_nobody": N_("No household of this village has this head; give the code."),
    "mark_wrong": N_("The mark of this row belongs to another row; export the register again and correct it there."),
    "corrected_otherwise": N_("Row %(first)s corrects the same otherwise; leave the one that is right."),
    "overtaken": N_("This was corrected in the register since the list was exported (%(known)s): look at its page."),
    "person_unknown": N_("No member of household %(known)s is meant by this row; write the member's code or number."),
    "person_two": N_("Several members of household %(known)s may be meant; write the member's code."),
    "birth_shorter": N_("The register knows more of this birth; write day, month and year."),
    "head_goes": N_("Who is head of household %(known)s then? Write it in the row of that member."),
    "two_heads": N_("Two members of household %(known)s are written as its head; leave one."),
    "refused": N_("The register does not take this: %(why)s"),
    # Of a list that the commune police checked.
    "police_no_list": N_(
        "This is no list for the police: bring the file that was downloaded here, with its headings and last column."
    ),
    "police_other_commune": N_("This list is of commune %(other)s, not %(commune)s: bring it there."),
    "police_not_ours": N_(
        "No row was written by this server for this commune, or the marks in the last column are gone: download anew."
    ),
    "police_row": N_("This row is not of the list, or its mark was changed: take it out."),
    "police_twice": N_("Row %(first)s is of the same person; leave the one that is right."),
    "police_shifted": N_(
        "This cell is not as it was handed out. What is right belongs into the blue columns; if rows slipped while "
        "they were sorted, begin with the file as it was."
    ),
    "police_verdict": N_("Write Right or Wrong, or leave it blank."),
    "police_sex": N_("Write Male or Female."),
    "police_both": N_("The row says right, and beside it something else; leave one of the two."),
    "police_wrong_how": N_("The row says wrong and not what is right: fill in a blue column or the remark."),
    "police_number_fit": N_(
        "Digits 4 to 6 of the number do not fit sex and year of birth: for these they are %(fit)s. Look at the card; "
        "if all is right, ask for it on the household's page."
    ),
    "police_number_other": N_("Somebody else on the register has this number (household %(known)s): who is it?"),
    "no_such_day": N_("“%(value)s” is no day that there was; write the whole date, as 7/4/1965."),
    # Of a list of supports.
    "number_of_other": N_("This identity number belongs to somebody else on the register: look at name and number."),
    # Of a list of residents.
    "no_day": N_("“%(value)s” is no day; write 31/12/2026."),
    "day_ahead": N_("This day has not come yet."),
    "place_not_here": N_("No province, commune or village of your area has the code “%(value)s”."),
    "name_differs": N_("This code is of %(known)s: write that name, or the right code."),
    "persons_below_households": N_("Fewer persons than households: are the two columns the wrong way round?"),
    "parts_above_whole": N_("Kinh and other ethnic groups together are more than all."),
    "one_part_missing": N_("Write both, Kinh and other ethnic groups, or leave both blank."),
    "whole_missing": N_("Write how many persons there are in all as well."),
}
# What they are counted under, in a few words.
KINDS = dict.fromkeys(tables.SENTENCES, N_("files that cannot be read")) | {
    "not_utf8": N_("files that cannot be read"),
    "unreadable": N_("files that cannot be read"),
    "empty": N_("files that cannot be read"),
    "missing_file": N_("files that are missing"),
    "too_many_rows": N_("files that are too long"),
    "missing_column": N_("columns that are missing"),
    "column_twice": N_("columns that stand twice"),
    "too_many_cells": N_("rows with too many cells"),
    "blank": N_("blank cells that must be filled"),
    "formula": N_("cells that begin like a formula"),
    "unprintable": N_("cells with characters that cannot be kept"),
    "too_long": N_("cells that are too long"),
    "not_one_of": N_("words that are not known"),
    "not_a_number": N_("cells that are no number"),
    "not_cccd": N_("identity numbers that are none"),
    "bad_id": N_("codes that are none"),
    "foreign_commune": N_("codes of another commune"),
    "unknown_village": N_("villages that are not known"),
    "ambiguous_village": N_("villages of which there are several"),
    "village_elsewhere": N_("villages of another commune"),
    "twice": N_("rows that stand twice"),
    "same_household": N_("households that stand twice"),
    "village_differs": N_("villages that are there otherwise"),
    "household_differs": N_("households that are there otherwise"),
    "household_ended": N_("households that left the register"),
    "several_known": N_("households of which there are several"),
    "unknown_household": N_("members of no household"),
    "no_header": N_("files without a list"),
    "formula_without_value": N_("sheets whose formulas have no value"),
    "not_a_date": N_("births that are no date"),
    "not_a_tick": N_("cells that are no tick"),
    "two_classes": N_("households of two classes"),
    "no_village_there": N_("lists without a village"),
    "former_twice": N_("former communes that stand twice"),
    "commune_unknown": N_("communes that are not known"),
    "period_backward": N_("periods that run backward"),
    "no_iso_day": N_("cells that are no day"),
    "former_unknown": N_("former communes that are not known"),
    "village_of_two": N_("villages that stand twice"),
    "no_form": N_("columns without a question"),
    "no_key": N_("rows that name no household"),
    "no_such_code": N_("rows whose code nobody has"),
    "matches_nobody": N_("rows that match no household"),
    "mark_wrong": N_("rows with another row's mark"),
    "corrected_otherwise": N_("rows that correct one household differently"),
    "overtaken": N_("corrections that were overtaken"),
    "person_unknown": N_("rows that match no member"),
    "person_two": N_("rows that match several members"),
    "birth_shorter": N_("births of which the register knows more"),
    "head_goes": N_("households without a head"),
    "two_heads": N_("households with two heads"),
    "refused": N_("corrections that the register does not take"),
    "police_no_list": N_("files that are no list for the police"),
    "police_other_commune": N_("lists of another commune"),
    "police_not_ours": N_("lists of another server"),
    "police_row": N_("rows that are not of the list"),
    "police_twice": N_("persons who stand twice"),
    "police_shifted": N_("cells that are not as they were handed out"),
    "police_verdict": N_("cells that say neither right nor wrong"),
    "police_sex": N_("words that are no sex"),
    "police_both": N_("rows that say right and wrong"),
    "police_wrong_how": N_("rows that do not say what is right"),
    "police_number_fit": N_("numbers that do not fit sex and birth"),
    "police_number_other": N_("numbers that somebody else has"),
    "no_such_day": N_("births that are no day"),
    "number_of_other": N_("numbers of somebody else"),
    "no_day": N_("cells that are no day"),
    "day_ahead": N_("days that have not come yet"),
    "place_not_here": N_("places that are not known"),
    "name_differs": N_("names that do not belong to the code"),
    "persons_below_households": N_("places with fewer persons than households"),
    "parts_above_whole": N_("places whose parts are more than the whole"),
    "one_part_missing": N_("places of which a part is missing"),
    "whole_missing": N_("places of which the whole is missing"),
}


@dataclass(frozen=True)
class Mistake:
    """What is wrong where; `row` as a spreadsheet counts (the header is 1), 0: the file as a whole."""

    file: str
    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """“households.csv, row 7, column Tên chủ hộ: This cell must be filled.”"""
        where = [self.file]
        if self.row:
            where.append(translate(N_("row %(number)s")) % {"number": self.row})
        if self.column:
            where.append(translate(N_("column %(name)s")) % {"name": self.column})
        values = {key: translate(str(said)) if key == "why" else said for key, said in self.values.items()}
        return f"{', '.join(where)}: {translate(SENTENCES[self.code]) % values}"


@lru_cache(maxsize=8192)  # the same words stand in every row
def folded(text: str) -> str:
    """How headers and terms are compared: without tones, case and punctuation. "Tên chủ hộ:" is "ten chu ho"."""
    return " ".join(re.sub(r"[\W_]+", " ", without_tones(text)).split())


@dataclass
class CsvRow:
    """One row: `cells` by the column's English name, "" where blank."""

    sheet: CsvSheet
    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, column: str, code: str, **values: object) -> None:
        self.sheet.wrong(self.number, column, code, **values)

    def needed(self, column: str) -> str:
        """The cell; a blank one is a mistake (of one that is not there at all, another mistake is told already)."""
        if self.cells.get(column) == "":
            self.wrong(column, "blank")
        return self.get(column)

    def number_in(self, column: str, low: int, high: int) -> int | None:
        """The cell as a whole number; None when blank or, as a mistake, anything else."""
        text = self.get(column)
        if not text:
            return None
        if re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) and low <= int(float(text)) <= high:
            return int(float(text))
        self.wrong(column, "not_a_number", low=low, high=high)
        return None


class CsvSheet:
    """A file's rows and mistakes. `columns`: English name → the other headers it goes by, folded."""

    def __init__(self, file: str, data: bytes, columns: Mapping[str, set[str]], needed: set[str]) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.unknown: list[str] = []  # headers that mean nothing here
        self.headers: dict[str, str] = {}  # English name → as written in the file
        self.places: list[tuple[int, str]] = []  # of the columns that mean something
        self.rows = list(self._read(data, columns, needed))

    def wrong(self, row: int, column: str, code: str, **values: object) -> None:
        self.mistakes.append(Mistake(self.file, row, self.headers.get(column, column), code, values))

    def _read(self, data: bytes, columns: Mapping[str, set[str]], needed: set[str]) -> Iterator[CsvRow]:
        names: list[str] | None = None
        found = 0
        for number, cells in self._workbook(data) if data.startswith(b"PK") else self._text(data):
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = self._header(number, cells, columns, needed)
                continue
            found += 1
            if found > MAX_ROWS:
                self.wrong(number, "", "too_many_rows", limit=MAX_ROWS)
                return
            yield self._row(number, names, cells)
        if names is None and not self.mistakes:
            self.wrong(0, "", "empty")

    def _text(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        try:
            text = normal("NFC", data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            self.wrong(0, "", "not_utf8")
            return
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, 1):
                yield number, cells
        except csv.Error:
            self.wrong(number + 1, "", "unreadable")

    def _workbook(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        """The first sheet of an .xlsx, dates as they are written."""
        try:
            table = tables.read_apart(data).tables[0]
        except tables.Unreadable as refusal:
            self.wrong(0, "", refusal.code, **refusal.values)
            return
        if table.without_value:
            row, column = min(table.without_value)
            place = tables.place(row, column)
            self.wrong(0, "", "formula_without_value", count=len(table.without_value), first=place)
            return
        for number, cells in table.rows.items():
            yield number, [f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell or "") for cell in cells]

    def _header(self, number: int, cells: list[str], columns: Mapping[str, set[str]], needed: set[str]) -> list[str]:
        known = {folded(name): english for english, others in columns.items() for name in {english, *others}}
        names = []
        for cell in cells:
            name = known.get(folded(cell), "")
            if not name and cell.strip():
                self.unknown.append(" ".join(cell.split())[:60])
            elif name in self.headers:
                self.wrong(number, name, "column_twice")
            elif name:
                self.headers[name] = " ".join(cell.split())
            names.append(name)
        self.places = [(at, name) for at, name in enumerate(names) if name]
        for name in sorted(needed - set(self.headers)):
            self.wrong(number, name, "missing_column")
        return names

    def _row(self, number: int, names: list[str], cells: list[str]) -> CsvRow:
        row = CsvRow(self, number, {})
        if any(cell.strip() for cell in cells[len(names) :]):
            row.wrong("", "too_many_cells")
        for at, name in self.places:
            cell = cells[at] if at < len(cells) else ""
            value = cell.strip(" \r\n\xa0")
            if FORMULA.match(value):
                row.wrong(name, "formula")
                continue
            value = " ".join(value.split())
            if not value.isprintable():
                row.wrong(name, "unprintable")
            elif len(value) > LONGEST:
                row.wrong(name, "too_long", limit=LONGEST)
            else:
                row.cells[name] = value
        return row
