"""Data files as the sheets of one workbook for people, written while their rows are read.

A .xlsx is a zip of XML files (ECMA-376, SpreadsheetML), whose texts may stand in the cells themselves (`inlineStr`), so
it is streamed like any other file: neither a library's temporary files, which would hold names in clear, nor its memory
is needed. A text is a text whatever it begins with: nothing in here is a formula. Excel does not take a zip of the
64-bit kind, so a sheet ends before 2 GB of XML, and before the last row that a sheet may have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from math import isfinite

from survey.exports.columns import DataColumn, Holds
from survey.exports.files import DataFile
from survey.exports.fixed_columns import FLAGS
from survey.exports.measured import as_date, as_moment
from survey.reports.csvfile import Cell, zipped

MOST_ROWS = 1_000_000  # of a sheet, its head not counted; Excel ends at 1,048,576
_MOST_BYTES = 1_900_000_000
_MOST_LETTERS = 32_767  # of a cell, in units of UTF-16
_LARGEST_EXACT = 10**15  # Excel keeps 15 digits
_CHUNK = 64 * 1024
_DAY_0, _MOMENT_0 = date(1899, 12, 30), datetime(1899, 12, 30, tzinfo=UTC)
# Before it Excel counts a day that never was.
_FIRST_DAY, _FIRST_MOMENT = date(1900, 3, 1), datetime(1900, 3, 1, tzinfo=UTC)
_HEAD, _DATE, _MOMENT = 1, 2, 3  # styles, by their places in _STYLES
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = (  # every part is a sheet but for those that are named, so it can stand first, before anybody counts sheets
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_SHEET}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/></Types>'
)
_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="dd/mm/yyyy\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
# What XML cannot hold, and what Excel would read as one of these; each is written as Excel does, by its number.
_UNHOLDABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_Write = Callable[[Cell], str]  # the inside of <c r="…" … /c>, behind its address; "" for an empty cell


def written(files: Iterable[DataFile], language: str, words: bool) -> Iterator[bytes]:
    """The workbook in pieces, a sheet for each file, with a further one for each million rows. `words`: the words of
    codes and columns in `language`, else codes and the columns' names."""
    yield from zipped(_parts(files, language, words), zip64=False)


def _parts(files: Iterable[DataFile], language: str, words: bool) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "[Content_Types].xml", [_TYPES.encode()]
    yield "_rels/.rels", [_RELATIONS.encode()]
    yield "xl/styles.xml", [_STYLES.encode()]
    titles: list[str] = []
    for file in files:
        rows, part = _Rows(file.rows()), 1
        while part == 1 or rows.has_more:
            titles.append(file.kind.value if part == 1 else f"{file.kind.value} {part}")
            yield f"xl/worksheets/sheet{len(titles)}.xml", _sheet(file.columns, rows, language, words)
            part += 1
    yield "xl/workbook.xml", [_workbook(titles).encode()]
    yield "xl/_rels/workbook.xml.rels", [_sheets(len(titles)).encode()]


class _Rows:
    """Rows that several sheets share: what one leaves is the next one's."""

    def __init__(self, rows: Iterator[Sequence[Cell]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    @property
    def has_more(self) -> bool:
        return self._next is not None

    def take(self) -> Sequence[Cell]:
        assert self._next is not None
        row, self._next = self._next, next(self._rows, None)
        return row


def _sheet(columns: Sequence[DataColumn], rows: _Rows, language: str, words: bool) -> Iterator[bytes]:
    letters = [_letters(place) for place in range(1, len(columns) + 1)]
    writers = [_writer(column, language, words) for column in columns]
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{_width(column)}" customWidth="1"/>'
        for place, column in enumerate(columns, start=1)
    )
    titles = [column.words(language) or column.name if words else column.name for column in columns]
    head = "".join(
        f'<c r="{letter}1" s="{_HEAD}"{_text(title)}/c>' for letter, title in zip(letters, titles, strict=True)
    )
    view = (
        '<sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    )
    begin = f'{_XML}<worksheet xmlns="{_MAIN}">{view}<cols>{widths}</cols><sheetData><row r="1">{head}</row>'
    pieces = [begin]
    number, size, total = 1, 0, 0
    while rows.has_more and number <= MOST_ROWS and total < _MOST_BYTES:
        number += 1
        cells = (
            f'<c r="{letter}{number}"{inside}/c>'
            for letter, write, cell in zip(letters, writers, rows.take(), strict=True)
            if (inside := write(cell))
        )
        piece = f'<row r="{number}">{"".join(cells)}</row>'
        pieces.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            data = "".join(pieces).encode()
            total += len(data)
            yield data
            pieces, size = [], 0
    pieces.append(f'</sheetData><autoFilter ref="A1:{letters[-1]}{number}"/></worksheet>')
    yield "".join(pieces).encode()


def _writer(column: DataColumn, language: str, words: bool) -> _Write:
    """How the column's cells are written."""
    if column.holds is Holds.DATE:
        return lambda cell: _day(as_date(cell)) or _plain(cell)
    if column.holds is Holds.MOMENT:
        return lambda cell: _moment(as_moment(cell)) or _plain(cell)
    if words and column.holds is Holds.FLAG:
        said: dict[Cell, str] = {code.number: code.words(language) for code in FLAGS}
        return lambda cell: _plain(said.get(cell, cell))
    if words and column.choices:
        labels = {code.name: code.words(language) for code in column.choices}
        if column.holds is Holds.CODE:
            return lambda cell: _plain(labels.get(cell, cell) if isinstance(cell, str) else cell)
        return lambda cell: _plain(
            "; ".join(labels.get(code, code) for code in cell.split()) if isinstance(cell, str) else cell
        )
    return _plain


def _plain(cell: Cell) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str):
        return _text(cell)
    if isinstance(cell, bool):
        return f"><v>{int(cell)}</v><"
    if not isfinite(cell):
        return ""
    return f"><v>{cell!r}</v><" if abs(cell) < _LARGEST_EXACT else _text(repr(cell))


def _text(text: str) -> str:
    if len(text) > _MOST_LETTERS // 2:
        text = text.encode("utf-16-le", "replace")[: 2 * _MOST_LETTERS].decode("utf-16-le", "ignore")
    if _UNHOLDABLE.search(text):
        text = _UNHOLDABLE.sub(_by_number, text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is><'


def _by_number(found: re.Match[str]) -> str:
    letter = found.group()
    if letter == "\x00":
        return ""
    return "?" if letter > "\ud7ff" else f"_x{ord(letter):04X}_"


def _day(day: date | None) -> str:
    return f' s="{_DATE}"><v>{(day - _DAY_0).days}</v><' if day and day >= _FIRST_DAY else ""


def _moment(moment: datetime | None) -> str:
    if moment is None or moment < _FIRST_MOMENT:
        return ""
    return f' s="{_MOMENT}"><v>{(moment - _MOMENT_0).total_seconds() / 86_400!r}</v><'


def _letters(place: int) -> str:
    """1 is A, 27 is AA."""
    found = ""
    while place:
        place, last = divmod(place - 1, 26)
        found = chr(65 + last) + found
    return found


def _width(column: DataColumn) -> int:
    return 22 if column.holds in (Holds.TEXT, Holds.CODE) else 14


def _workbook(titles: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{title}" sheetId="{place}" r:id="rId{place}"/>' for place, title in enumerate(titles, start=1)
    )
    return f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _sheets(count: int) -> str:
    relations = "".join(
        f'<Relationship Id="rId{place}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{place}.xml"/>'
        for place in range(1, count + 1)
    )
    styles = f'<Relationship Id="rId{count + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}{styles}</Relationships>'
