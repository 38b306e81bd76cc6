"""The files of a list → its records: what is asked about how they are to be read is asked here. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from survey.register import former_letters, tables
from survey.register.csv_rows import FORMULA, LONGEST, Mistake, folded
from survey.register.layout import Found, find_list
from survey.register.plan import Note
from survey.register.questions import Asked, Example, Option
from survey.register.tables import Cell, Table, Unreadable

_LEADING = re.compile(r"(?:['•*]|[-–] )\s*")  # what stands before a name in a list
_BLANKS = {"-", "–", "—", "_", "."}
_TEXTS = {  # what is a name or a word: no formula, and short
    "head", "name", "family_name", "given_name", "village", "former_commune", "code", "id", "class", "address",
    "relation", "ethnic", "cccd", "sex",
}  # fmt: skip
PAGES = {
    former_letters.UTF_8: "UTF-8",
    former_letters.UTF_16: "UTF-16",
    former_letters.CP1258: "Windows-1258",
    former_letters.TCVN3: "TCVN3 (ABC, .VnTime)",
    former_letters.VNI: "VNI (VNI-Times)",
    former_letters.TWICE: "UTF-8, ×2",
}


@dataclass
class Sheet:
    """A list with the name under which its mistakes are told."""

    label: str
    found: Found
    short: str = ""  # how examples name it, where there are several
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, row: int, column: str, code: str, **values: object) -> None:
        self.mistakes.append(Mistake(self.label, row, self.found.headings.get(column, column), code, values))


class Record:
    """A row of a list. `texts`: its words by the column's meaning, "" where blank."""

    def __init__(self, sheet: Sheet, number: int, heading: str) -> None:
        self.sheet, self.number, self.heading = sheet, number, heading

    def example(self, text: str) -> Example:
        """What is asked about this row."""
        return Example(text, self.number, self.sheet.short)

    def cell(self, meaning: str) -> Cell:
        return self.sheet.found.cell(self.number, meaning)

    def get(self, column: str) -> str:
        """The cell as words, those for nothing as ""."""
        cell = self.cell(column)
        if cell is None:
            return ""
        return without_signs(cell.isoformat() if isinstance(cell, date) else str(cell))

    def wrong(self, column: str, code: str, **values: object) -> None:
        self.sheet.wrong(self.number, column, code, **values)

    @property
    def head(self) -> str:
        """The head's name where a column of its own has it; a tick that says who it is is none."""
        text = self.get("head")
        return "" if text.casefold() in ("x", "v", "1") else text

    @property
    def person(self) -> str:
        """Whose row it is."""
        joined = " ".join(filter(None, (self.get("family_name"), self.get("given_name"))))
        return self.get("name") or self.head or joined


def without_signs(text: str) -> str:
    """Words as a list's reader takes them: without the sign before a name; signs for nothing are ""."""
    found = _LEADING.match(text)
    text = text[found.end() :] if found else text
    return "" if text in _BLANKS else text


@dataclass
class Records:
    records: list[Record] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)  # for which nothing else is looked at
    titles: list[str] = field(default_factory=list)


def read_records(files: Mapping[str, bytes], asked: Asked, more: Mapping[str, str] = MappingProxyType({})) -> Records:
    """Every record of the files, those that somebody left out by an answer apart; `more`: as `find_list` has it."""
    made = Records()
    found: list[tuple[str, Table]] = []
    for name, data in files.items():
        try:
            found += [(name, table) for table in _tables(name, data, asked, made.notes)]
        except Unreadable as refusal:
            made.mistakes.append(Mistake(name, 0, "", refusal.code, refusal.values))
    found = _without_hidden_sheets(found, asked, more)
    for name, table in found:
        _convert_letters(table, asked)
        _take_in(made, name, table, more, only=len(found) == 1)
    if not made.sheets and not made.mistakes:
        made.mistakes.append(Mistake(next(iter(files), ""), 0, "", "no_header"))
    _drop_hidden_rows(made, asked)
    made.mistakes += list(_without_value(made))
    return made


def _tables(name: str, data: bytes, asked: Asked, notes: list[Note]) -> list[Table]:
    reading = tables.read_apart(data)
    if reading.is_certain:
        if reading.page and reading.page != former_letters.UTF_8:
            notes.append(Note("page", {"file": name, "page": PAGES[reading.page]}))
        return reading.tables
    question = asked.ask(
        "page", [Option(page, words) for page, words in PAGES.items()], reading.page, page=PAGES[reading.page or ""]
    )
    if question.answer and question.answer != reading.page:
        reading = tables.read_apart(data, question.answer)
        question.values["page"] = PAGES[question.answer]
    for table in reading.tables:
        for cells in list(table.rows.values())[:4]:
            question.example(" | ".join(str(cell) for cell in cells if cell is not None)[:120])
    return reading.tables


def _without_hidden_sheets(
    found: list[tuple[str, Table]], asked: Asked, more: Mapping[str, str]
) -> list[tuple[str, Table]]:
    hidden = [table for _name, table in found if table.is_hidden and find_list(table, more)]
    if not hidden:
        return [(name, table) for name, table in found if not table.is_hidden]
    question = asked.ask("hidden_sheets", ("take", "leave"), "take")
    for table in hidden:
        question.example(table.name)
    shown = [one for one in found if not one[1].is_hidden or any(one[1] is table for table in hidden)]
    return shown if question.taken == "take" else [one for one in shown if not one[1].is_hidden]


def _convert_letters(table: Table, asked: Asked) -> None:
    """Put text of a former font into Unicode: by the font's name, and by the letters where no font tells."""
    loose = [
        (row, column, cell)
        for row, cells in table.rows.items()
        for column, cell in enumerate(cells)
        if isinstance(cell, str) and not cell.isascii() and (row, column) not in table.letters
    ]
    guess = former_letters.guessed([cell for _row, _column, cell in loose[:3000]])
    marked = dict(table.letters) | ({(row, column): guess for row, column, _cell in loose} if guess else {})
    texts = {at: str(table.rows[at[0]][at[1]]) for at in marked}
    # By its letters alone «Thái» may be Unicode or not: a column is in former letters when some text of it must be.
    sure = {column for (row, column), kind in marked.items() if _gain(texts[row, column], kind) > 0}
    for (row, column), kind in marked.items():
        text = texts[row, column]
        said = former_letters.converted(text, kind)
        is_told = (row, column) in table.letters or column in sure
        if (row, column) in table.capitals:
            said = said.upper()
        if said == text or not is_told or _gain(text, kind) < 0:
            continue
        question = asked.ask("letters", ("convert", "as_is"), "convert", about=kind, kind=PAGES[kind])
        question.example(f"{text} → {said}")
        if question.taken == "convert":
            table.rows[row][column] = said


def _gain(text: str, kind: str) -> float:
    """How much more Vietnamese a text is when it is converted."""
    return former_letters.likeness([former_letters.converted(text, kind)]) - former_letters.likeness([text])


def _take_in(made: Records, name: str, table: Table, more: Mapping[str, str], only: bool) -> None:
    label = name if only or not table.name else f"{name}, {table.name}"
    found = find_list(table, more)
    if found is None:
        if table.rows:
            made.notes.append(Note("no_list", {"file": label}))
        return
    sheet = Sheet(label, found, "" if only else table.name or name)
    made.sheets.append(sheet)
    made.records += [Record(sheet, row, heading) for row, heading in found.records]
    if found.left_out:
        first = next(iter(found.records), (0, ""))[0]
        made.titles += [str(cell) for row in found.left_out if row < first for cell in table.rows[row] if cell]
        made.notes.append(Note("left_out", {"file": label, "rows": listed(found.left_out)}))


def _drop_hidden_rows(made: Records, asked: Asked) -> None:
    hidden = [record for record in made.records if record.number in record.sheet.found.table.hidden]
    if not hidden:
        return
    question = asked.ask("hidden_rows", ("take", "leave"), "take")
    for record in hidden:
        question.example(record.example(record.person))
    if question.taken == "leave":
        made.records = [one for one in made.records if one.number not in one.sheet.found.table.hidden]


def _without_value(made: Records) -> Iterator[Mistake]:
    """Formulas of the list whose value the file does not keep: half a list is no list."""
    for sheet in made.sheets:
        table, columns = sheet.found.table, set(sheet.found.columns.values())
        rows = {row for row, _heading in sheet.found.records}
        missing = sorted(cell for cell in table.without_value if cell[0] in rows and cell[1] in columns)
        if missing:
            row, column = missing[0]
            values = {"count": len(missing), "first": tables.place(row, column)}
            yield Mistake(sheet.label, 0, "", "formula_without_value", values)


def check_words(records: Iterable[Record]) -> None:
    """Cells that cannot be kept as words are mistakes."""
    for record in records:
        for meaning in record.sheet.found.columns:
            if meaning not in _TEXTS:
                continue
            cell = record.get(meaning)
            if FORMULA.match(cell):
                record.wrong(meaning, "formula")
            elif not cell.isprintable():
                record.wrong(meaning, "unprintable")
            elif len(cell) > LONGEST:
                record.wrong(meaning, "too_long", limit=LONGEST)
        if len(record.person) > LONGEST and record.person not in (record.get("name"), record.head):  # joined of two
            record.wrong("given_name", "too_long", limit=LONGEST)


def listed(rows: list[int]) -> str:
    """ "1-3, 36": the numbers of rows, those after one another as one."""
    parts: list[list[int]] = []
    for row in sorted(rows):
        if parts and row == parts[-1][-1] + 1:
            parts[-1].append(row)
        else:
            parts.append([row])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts[:20])


_TITLE_VILLAGE = re.compile("(?:bản|thôn|tiểu khu|tổ dân phố|xóm)[ :]+([^,;.()–-]{2,40})", re.IGNORECASE)


def village_in(titles: list[str]) -> str:
    """The village that a title of its own names, "Bản: Nà Xa"; "" when none does."""
    for title in titles:
        found = _TITLE_VILLAGE.fullmatch(title.strip())
        if found and folded(found[1]) not in ("ban", "to dan pho", "tieu khu"):
            return " ".join(title.replace(":", " ").split())
    return ""
