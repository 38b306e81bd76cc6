"""A workbook's sheets as plain rows, and those written as .xlsx again: whoever got Markdown may go on in a spreadsheet.

What is written and read again compiles to the same bundle: each cell is text, also one that begins with “=”.
"""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from survey.xlsform.reader import bounded


class Sheet(NamedTuple):
    """Row n of `rows` stands in row n + 2; `columns` as in the header, which decides the order of the languages."""

    columns: list[str]
    rows: list[dict[str, str]]


Sheets = dict[str, Sheet]

SHEETS = ("survey", "choices", "settings", "external_choices", "entities", "osm")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST = 32_767  # characters in a cell of .xlsx
_HEAD = PatternFill("solid", fgColor="E6F2EF")


def read_sheets(source: bytes) -> Sheets:
    """The XLSForm sheets of a workbook in .xlsx, CSV or Markdown. Raises `WorkbookError` for what holds too much;
    whatever pyxform raises goes through: check the workbook first."""
    bounded(source)
    book: DefinitionData = get_xlsform(io.BytesIO(source))
    found: Sheets = {}
    for name in SHEETS:
        rows = getattr(book, name, None)
        if rows:
            plain = [{key: str(value) for key, value in row.items() if value is not None} for row in rows]
            header = (getattr(book, f"{name}_header", None) or [{}])[0]
            columns = dict.fromkeys([*header, *(column for row in plain for column in row)])
            found[name] = Sheet(list(columns), plain)
    return found


def write_xlsx(sheets: Sheets) -> bytes:
    """The sheets as an .xlsx file. ValueError when a cell holds more than .xlsx can."""
    book = Workbook(write_only=True)
    for name, (columns, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "C2" if name == "survey" else "A2"
        for number, column in enumerate(columns, 1):
            longest = max((len(row.get(column, "")) for row in rows), default=0)
            sheet.column_dimensions[get_column_letter(number)].width = min(max(len(column), longest, 8) + 2, 48)
        sheet.append([_head(sheet, column) for column in columns])
        for row in rows:
            sheet.append([_cell(sheet, row.get(column)) for column in columns])
    done = io.BytesIO()
    book.save(done)
    return done.getvalue()


def _head(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, text)
    cell.font, cell.fill = Font(bold=True), _HEAD
    return cell


def _cell(sheet: Any, text: str | None) -> WriteOnlyCell | None:
    if not text:
        return None
    if len(text) > _LONGEST:
        raise ValueError("a cell is longer than .xlsx allows")
    cell = WriteOnlyCell(sheet, _UNWRITABLE.sub("", text))
    cell.data_type = "s"  # never a formula
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
