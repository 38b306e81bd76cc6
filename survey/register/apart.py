"""A workbook of a list, read in a process of its own (`survey/apart.py`): the tables that `tables.read` finds.

Text files are read here: what they hold is what they are long.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from survey import apart
from survey.register import tables
from survey.register.tables import Reading, Table, Unreadable
from survey.workbook_bounds import LIST, TooMuch, refuse_too_much

MEMORY = 1024 * 1024 * 1024  # a list of 30,000 rows takes 200 MB, and its answer as much again
PROCESSOR, WALL = 60, 120  # seconds: openpyxl takes 15 for 22,500 people in 30 columns, and the machine does more


def read(data: bytes, page: str | None = None) -> Reading:
    """As `tables.read`. Raises `Unreadable`, also for what takes more than a list may."""
    if len(data) > tables.FILE_BYTES or not data.startswith(b"PK"):
        return tables.read(data, page)
    try:
        found = apart.read(__name__, None, [data], memory=MEMORY, processor=PROCESSOR, wall=WALL)
    except apart.Stopped:
        raise Unreadable("unpacks_too_large") from None
    if "code" in found:
        raise Unreadable(found["code"], **found["values"])
    return Reading([_table(said) for said in found["tables"]])


def work(_order: Any, parts: list[bytes]) -> dict[str, Any]:
    """Run in the child."""
    try:
        refuse_too_much(parts[0], LIST)
        return {"tables": [_said(table) for table in tables.read(parts[0]).tables]}
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


def _table(said: list[Any]) -> Table:
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
