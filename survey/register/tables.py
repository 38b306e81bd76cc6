"""A file as an office has it (.xlsx, CSV in any code page) → tables of plain cells with their row numbers, and a table
as an .xlsx again. Pure.

Nothing is understood here, only read: values as they are kept, never a formula worked out; what a reader of the sheet
would not see (hidden rows, letters of a former font, formulas without a value) is noted beside the cells. A file that
means harm or is none of these is refused in one sentence.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from defusedxml import DefusedXmlException
from openpyxl import Workbook
from openpyxl.cell.cell import WriteOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from survey.apart import child
from survey.register import former_letters
from survey.text import N_, normal
from survey.workbook_bounds import LIST, TooMuch, refuse_too_much

FILE_BYTES = 8 * 1024 * 1024
UNPACKED_BYTES = 160 * 1024 * 1024  # of an .xlsx; a part may not say less than it holds (zipfile stops)
MOST_GROWTH = 200  # times what it was packed in: sheets of one repeated cell reach 100
MOST_PARTS = 500
PART_BYTES = 4 * 1024 * 1024  # of a part that is parsed as a whole: styles, the workbook's own
STRINGS_BYTES = 16 * 1024 * 1024  # of the texts that the cells share
MOST_MERGES = 10_000  # in a sheet
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 60_000, 200, 1_500_000
MOST_LETTERS = 24_000_000  # of all cells, each for itself: 5,000 households with their people come to 7 million
# Of the process that reads a workbook: a list of 30,000 rows takes 200 MB, and its answer as much again.
MEMORY = 1024 * 1024 * 1024  # a list of 30,000 rows takes 200 MB, and its answer as much again
PROCESSOR, WALL = 60, 120  # seconds: openpyxl takes 15 for 22,500 people in 30 columns, and the machine does more
SHORT = 200_000  # bytes of a text that is read at once; one of 1 MB takes 0.3 s
_HEAD = PatternFill("solid", fgColor="E6F2EF")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MERGE = re.compile(rb"mergeCell\s")
Cell = str | int | float | date | None
# By code, each with the next step; %(…)s: what the refusal carries.
SENTENCES = {
    "too_large": N_("The file is larger than %(limit)s MB. Split the list into files of fewer households."),
    "unpacks_too_large": N_(
        "The file unpacks to more than it can hold. Copy the list into a new Excel workbook, save it and try again."
    ),
    "encrypted": N_("The file is locked with a password. Open it in Excel, remove the password and save it again."),
    "old_excel": N_("This is a workbook of old Excel (.xls). Open it in Excel and save it as .xlsx."),
    "pdf": N_("This is a PDF. Ask for the list as an Excel file (.xlsx)."),
    "not_a_list": N_("This is neither an Excel workbook (.xlsx) nor CSV. Open it in Excel and save it as .xlsx."),
    "unreadable_workbook": N_("The workbook is damaged. Open it in Excel, save it as a new .xlsx file and try again."),
    "hostile": N_(
        "The workbook holds what no list needs (XML entities). Copy the list into a new workbook and save it as .xlsx."
    ),
    "too_many_list_rows": N_("The file has more than %(limit)s rows. Split it by village."),
    "too_many_columns": N_("The sheet has more than %(limit)s columns. Delete what does not belong to the list."),
    "too_many_merges": N_(
        "A sheet has more than %(limit)s merged cells. In Excel choose Unmerge Cells, save it and try again."
    ),
    "no_table": N_("The file has no rows."),
    "broken_csv": N_("Row %(row)s cannot be read: a quote may be missing. Save the list as .xlsx and try again."),
    "wrong_page": N_("The file cannot be read in this code page; choose another one."),
}


def place(row: int, column: int) -> str:
    """ "C2": how a spreadsheet calls a cell."""
    return f"{get_column_letter(column + 1)}{row}"


class Unreadable(Exception):
    """Why a file is not read at all: a code of SENTENCES and what its sentence carries."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        return translate(SENTENCES[self.code]) % self.values


@dataclass
class Table:
    """A sheet. `rows`: those with something in them, by their number in the spreadsheet; a cell's column counts
    from 0."""

    name: str
    rows: dict[int, list[Cell]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)  # rows
    is_hidden: bool = False
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # first row, column, last row, column
    letters: dict[tuple[int, int], str] = field(default_factory=dict)  # row, column → TCVN3 or VNI, by its font
    capitals: set[tuple[int, int]] = field(default_factory=set)  # drawn as capitals by such a font
    without_value: set[tuple[int, int]] = field(default_factory=set)  # formulas whose value the file does not keep
    letter_count: int = field(default=0, compare=False)

    def cell(self, row: int, column: int) -> Cell:
        cells = self.rows.get(row, [])
        return cells[column] if column < len(cells) else None


@dataclass
class Reading:
    """`page`: the code page of a text file, certain or guessed; None of a workbook."""

    tables: list[Table]
    page: str | None = None
    is_certain: bool = True


def read(data: bytes, page: str | None = None) -> Reading:
    """The tables of a file; `page`: the code page somebody confirmed. Raises `Unreadable`."""
    if len(data) > FILE_BYTES:
        raise Unreadable("too_large", limit=FILE_BYTES >> 20)
    if data.startswith(b"PK"):
        return Reading(_workbook(data))
    _refuse_others(data)
    guess, is_certain = former_letters.page_of(data)
    try:
        text = former_letters.decoded(data, page or guess)
    except UnicodeDecodeError:
        raise Unreadable("wrong_page" if page else "not_a_list") from None
    if sum(not letter.isprintable() and letter not in "\t\r\n" for letter in text[:4000]) > 8:
        raise Unreadable("not_a_list")
    return Reading([_text_table(text)], page or guess, is_certain or page is not None)


def read_apart(data: bytes, page: str | None = None) -> Reading:
    """As `read`, a workbook in a process of its own (`survey/apart`); and a text that takes long too. Raises
    `Unreadable`, also for what takes more than a list may."""
    if len(data) > FILE_BYTES or (len(data) <= SHORT and not data.startswith(b"PK")):
        return read(data, page)
    try:
        found = child.read(__name__, page, [data], memory=MEMORY, processor=PROCESSOR, wall=WALL)
    except child.Stopped:
        raise Unreadable("unpacks_too_large") from None
    if "code" in found:
        raise Unreadable(found["code"], **found["values"])
    return Reading([_table_of(said) for said in found["tables"]], found["page"], found["is_certain"])


def work(page: str | None, parts: list[bytes]) -> dict[str, Any]:
    """Run in the child."""
    try:
        refuse_too_much(parts[0], LIST)
        found = read(parts[0], page)
        tables = [_said(table) for table in found.tables]
        return {"tables": tables, "page": found.page, "is_certain": found.is_certain}
    except Unreadable as refused:
        return {"code": refused.code, "values": refused.values}
    except TooMuch as much:
        what, limit = much.args
        codes = {"rows": "too_many_list_rows", "columns": "too_many_columns", "entities": "hostile"}
        code = codes.get(what, "unpacks_too_large")
        return {"code": code, "values": {"limit": limit}}


def _said(table: Table) -> list[Any]:
    rows = [
        [number, [{"day": cell.isoformat()} if isinstance(cell, date) else cell for cell in cells]]
        for number, cells in table.rows.items()
    ]
    letters = [[row, column, kind] for (row, column), kind in table.letters.items()]
    return [
        table.name, rows, sorted(table.hidden), table.is_hidden, table.merged, letters, sorted(table.capitals),
        sorted(table.without_value),
    ]  # fmt: skip


def _table_of(said: list[Any]) -> Table:
    name, rows, hidden, is_hidden, merged, letters, capitals, without_value = said
    return Table(
        name,
        {
            number: [date.fromisoformat(cell["day"]) if isinstance(cell, dict) else cell for cell in cells]
            for number, cells in rows
        },
        set(hidden),
        is_hidden,
        [(one[0], one[1], one[2], one[3]) for one in merged],
        {(row, column): kind for row, column, kind in letters},
        {(row, column) for row, column in capitals},
        {(row, column) for row, column in without_value},
    )


def _refuse_others(data: bytes) -> None:
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # OLE: an .xls, or an .xlsx sealed with a password
        is_sealed = "EncryptedPackage".encode("utf-16-le") in data
        raise Unreadable("encrypted" if is_sealed else "old_excel")
    if data.startswith(b"%PDF"):
        raise Unreadable("pdf")
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"{\\rtf", b"\x1f\x8b", b"<")):
        raise Unreadable("not_a_list")
    if not data.strip():
        raise Unreadable("no_table")


def _text_table(text: str) -> Table:
    lines = text.split("\n", 1)
    first = lines[0].strip('\r\n "')
    delimiter = ""
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's own line; Excel does not count it
        delimiter, text = first[4], lines[1] if len(lines) > 1 else ""
    delimiter = delimiter or _delimiter(text[:20_000])
    table = Table("")
    number = cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            values: list[Cell] = [_text(cell) for cell in row]
            cells += _keep(table, number, values)
            _refuse_too_many(len(table.rows), cells)
    except csv.Error:
        raise Unreadable("broken_csv", row=number + 1) from None
    if not table.rows:
        raise Unreadable("no_table")
    return table


def _delimiter(sample: str) -> str:
    """The one that stands equally often in the most lines."""
    lines = [line for line in sample.splitlines() if line.strip()][:40]

    def agreement(delimiter: str) -> tuple[int, int]:
        counted = Counter(line.count(delimiter) for line in lines)
        counted.pop(0, None)
        times, lines_alike = max(counted.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
        return lines_alike, times

    return max(";,\t|", key=agreement)


def _text(cell: str) -> str | None:
    return " ".join(normal("NFC", cell).replace("\ufeff", "").split()) or None


def _keep(table: Table, number: int, values: list[Cell]) -> int:
    """Put a row into the table unless it is blank; how many cells it has."""
    while values and values[-1] is None:
        values.pop()
    table.letter_count += sum(len(value) for value in values if isinstance(value, str))
    if table.letter_count > MOST_LETTERS:
        raise Unreadable("unpacks_too_large")
    if values:
        table.rows[number] = values
    return sum(value is not None for value in values)


def _refuse_too_many(rows: int, cells: int) -> None:
    if rows > MOST_ROWS or cells > MOST_CELLS:
        raise Unreadable("too_many_list_rows", limit=MOST_ROWS)


# --- .xlsx ---------------------------------------------------------------------------------------------------------


class _SheetSource:
    """A sheet's bytes as they are read; too many merged cells are refused before they are made into objects."""

    def __init__(self, source: Any) -> None:
        self._source, self._merges = source, 0

    def read(self, size: int = -1) -> bytes:
        read: bytes = self._source.read(size)
        self._merges += len(_MERGE.findall(read.replace(b"\0", b"")))  # UTF-16 too
        if self._merges > MOST_MERGES:
            raise Unreadable("too_many_merges", limit=MOST_MERGES)
        return read


class _SheetParser(WorkSheetParser):
    """openpyxl's own, which reads row by row; it tells as well which formulas keep no value, and skips what draws."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.without_value: set[tuple[int, int]] = set()

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        is_blank_text = element.get("t") == "str"  # a text that came out empty
        if element.find(FORMULA_TAG) is not None and not element.findtext(VALUE_TAG) and not is_blank_text:
            self.without_value.add((cell["row"], cell["column"] - 1))
        return cell

    def parse_formatting(self, _element: Any) -> None: ...

    def parse_extensions(self, _element: Any) -> None: ...

    def parse_sheet_protection(self, _element: Any) -> None: ...


class _Archive(zipfile.ZipFile):
    """Hands out no part that is larger than what a list needs of its kind."""

    limit = PART_BYTES

    def open(self, name: Any, *args: Any, **kwargs: Any) -> Any:
        info = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if info.file_size > self.limit:
            raise Unreadable("unpacks_too_large")
        return super().open(name, *args, **kwargs)


class _Book(ExcelReader):
    """openpyxl's own up to the sheets: those it would look through once more for their size."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        self.archive = _Archive(io.BytesIO(data))

    def read_strings(self) -> None:
        self.archive.limit = STRINGS_BYTES
        super().read_strings()
        self.archive.limit = PART_BYTES

    def read_worksheets(self) -> None:
        self.sheets: list[tuple[str, str, str]] = [
            (sheet.name, relation.target, sheet.state)
            for sheet, relation in self.parser.find_sheets()
            if relation.target in self.valid_files and "chartsheet" not in relation.Type
        ]
        self.parser.assign_names = lambda: None  # names of cells belong to sheets that are not kept


def _workbook(data: bytes) -> list[Table]:
    refuse_bombs(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = _Book(data)
            book.read()
            book.archive.limit = UNPACKED_BYTES
            fonts = _Fonts(book.wb)
            tables = []
            rows = cells = 0
            for name, part, state in book.sheets:
                table, count = _sheet(book, part, Table(_title(name), is_hidden=state != "visible"), fonts, rows, cells)
                rows, cells = rows + len(table.rows), cells + count
                tables.append(table)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever the file makes it stumble over
        is_hostile = isinstance(error, DefusedXmlException) or isinstance(error.__cause__, DefusedXmlException)
        raise Unreadable("hostile" if is_hostile else "unreadable_workbook") from None
    if not any(table.rows or table.without_value for table in tables):
        raise Unreadable("no_table")
    return tables


def refuse_bombs(data: bytes) -> None:
    """Raise `Unreadable` for what is no .xlsx, or unpacks to more than one can hold; asked before it is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise Unreadable("unreadable_workbook") from None
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > UNPACKED_BYTES or unpacked > MOST_GROWTH * max(len(data), 20_000):
        raise Unreadable("unpacks_too_large")
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or any(name.startswith("word/") for name in names):
        raise Unreadable("not_a_list")


class _Fonts:
    """Which styles of a workbook write in former letters."""

    def __init__(self, book: Any) -> None:
        self._kinds: dict[int, str] = {}
        self._capitals: set[int] = set()
        for at, style in enumerate(book._cell_styles):
            name = book._fonts[style.fontId].name
            kind = former_letters.font_kind(name)
            if kind:
                self._kinds[at] = kind
                if former_letters.CAPITALS.match(name):
                    self._capitals.add(at)

    def note(self, table: Table, row: int, column: int, style: int) -> None:
        kind = self._kinds.get(style)
        if kind:
            table.letters[row, column] = kind
            if style in self._capitals:
                table.capitals.add((row, column))


def _title(name: object) -> str:
    return " ".join(str(name).split())[:120]


def _sheet(
    book: _Book, part: str, table: Table, fonts: _Fonts, rows_before: int, cells_before: int
) -> tuple[Table, int]:
    count = 0
    with book.archive.open(part) as source:
        parser = _SheetParser(
            _SheetSource(source),
            book.shared_strings,
            data_only=True,
            epoch=book.wb.epoch,
            date_formats=book.wb._date_formats,
            timedelta_formats=book.wb._timedelta_formats,
        )
        numbers: set[int] = set()
        for number, found in parser.parse():
            if number in numbers:
                raise Unreadable("unreadable_workbook")  # a row that stands twice: one of them would be lost
            numbers.add(number)
            count += _keep(table, number, list(_values(table, number, found, fonts, book.wb.epoch)))
            _refuse_too_many(rows_before + len(table.rows), cells_before + count)
        table.hidden = {
            int(row)
            for row, said in parser.row_dimensions.items()
            if said.get("hidden") in ("1", "true") and int(row) in table.rows
        }
        table.without_value = parser.without_value
        table.merged = [
            (one.min_row, one.min_col - 1, one.max_row, one.max_col - 1)
            for one in (parser.merged_cells.mergeCell if parser.merged_cells else ())
        ]
    return table, count


def _values(table: Table, number: int, found: list[dict[str, Any]], fonts: _Fonts, epoch: datetime) -> Iterator[Cell]:
    at = 0
    for cell in found:
        value = _value(cell["value"], cell["data_type"], epoch)
        if value is None:
            continue
        column = cell["column"] - 1
        if column >= MOST_COLUMNS:
            raise Unreadable("too_many_columns", limit=MOST_COLUMNS)
        if column < at:
            continue  # a column that stands twice
        if isinstance(value, str):
            fonts.note(table, number, column, cell["style_id"])
        yield from [None] * (column - at)
        yield value
        at = column + 1


def _value(value: Any, kind: str, epoch: datetime) -> Cell:
    if value is None or kind == "e":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, time | timedelta):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and epoch == MAC_EPOCH and 2200 <= value < 60_000:
        return value + 1462  # days between the two calendars of Excel
    return value if isinstance(value, int | float | date) else _text(str(value))


def text_cells(sheet: Any, row: Iterable[str | None]) -> list[Any]:
    """Cells that stay text, whatever they begin with: never a formula, a number or a date. None: an empty one."""
    cells = [WriteOnlyCell(sheet, _UNWRITABLE.sub("", text)) if text else None for text in row]
    for cell in filter(None, cells):
        cell.data_type, cell.number_format = "s", "@"
    return cells


def written(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> bytes:
    """A table as an .xlsx that an office goes on in: each cell is text, the header stays in sight. `widths`: of the
    columns, in characters."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    head = [WriteOnlyCell(sheet, words) for words in headings]
    for cell in head:
        cell.font, cell.fill = Font(bold=True), _HEAD
    sheet.append(head)
    for row in rows:
        sheet.append(text_cells(sheet, row))
    done = io.BytesIO()
    book.save(done)
    return done.getvalue()
