"""The rows of a spreadsheet or CSV of points, read in a process of its own. Whoever typed it may not be who sent it."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import Any

from openpyxl import load_workbook

from survey.apart import child
from survey.workbook_bounds import POINTS, refuse_too_much

MOST_ROWS, MOST_COLUMNS = POINTS.rows, 20


def rows_of(content: bytes, *, is_workbook: bool) -> list[list[str]]:
    """The cells of the first sheet as text. Raises ValueError for what is no such file, or holds too much."""
    try:
        found = child.read(__name__, {"is_workbook": is_workbook}, [content])
    except child.Stopped:
        raise ValueError("it takes more than one may") from None
    if found is None:
        raise ValueError("no rows can be read")
    rows: list[list[str]] = found
    return rows


def work(order: dict[str, Any], parts: list[bytes]) -> list[list[str]] | None:
    """Run in the child: the rows, None for what cannot be read."""
    try:
        refuse_too_much(parts[0], POINTS)
        return _workbook(parts[0]) if order["is_workbook"] else _text(parts[0].decode("utf-8-sig"))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a broken file makes it raise
        return None


def _workbook(content: bytes) -> list[list[str]]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    rows = book.worksheets[0].iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    return [[_cell(cell) for cell in row] for row in rows]


def _text(text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), MOST_ROWS))


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
