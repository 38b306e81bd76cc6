"""A filter as SQL, meaning the same as in `matching.py` on SQLite and PostgreSQL.

Values are bound, never written into the statement. A comparison is never NULL: one with null says false, so that `not`
of it is true, as OData has it. LIKE is not used: SQLite's tells no capitals apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, collate, false, func, literal, not_, or_, true

from survey.odata import filters
from survey.odata.filters import Node
from survey.odata.model import Value

BY_LETTER = {"sqlite": "BINARY", "postgresql": "C"}  # texts by their code points, as Python has them
Columns = Mapping[str, ColumnElement[Any]]


def condition(node: Node, columns: Columns, dialect: str) -> ColumnElement[bool]:
    """`columns`: by property; `dialect`: as SQLAlchemy names it."""
    match node:
        case filters.All(parts):
            return and_(*(condition(one, columns, dialect) for one in parts))
        case filters.Any(parts):
            return or_(*(condition(one, columns, dialect) for one in parts))
        case filters.Not(part):
            return not_(condition(part, columns, dialect))
        case filters.Compare(name, comparison, value):
            return _compared(columns[name], comparison, value, dialect)
        case filters.In(name, values):
            known = [_bound(value) for value in values if value is not None]
            column = columns[name]
            missing = column.is_(None) if None in values else false()
            return or_(and_(column.is_not(None), column.in_(known)), missing)
        case filters.Text(name, function, text):
            return _said(columns[name], function, text)
        case filters.Is(name):
            return columns[name] == true()


def _compared(column: ColumnElement[Any], comparison: str, value: Value, dialect: str) -> ColumnElement[bool]:
    if value is None:
        return {"eq": column.is_(None), "ne": column.is_not(None)}.get(comparison, false())
    bound = _bound(value)
    if comparison == "ne":
        return or_(column.is_(None), column != bound)
    ordered = collate(column, BY_LETTER[dialect]) if isinstance(column.type, String) else column
    said = {
        "eq": column == bound, "gt": ordered > bound, "ge": ordered >= bound, "lt": ordered < bound,
        "le": ordered <= bound,
    }  # fmt: skip
    return and_(column.is_not(None), said[comparison])


def _said(column: ColumnElement[Any], function: str, text: str) -> ColumnElement[bool]:
    if not text:
        return column == column  # NULL of NULL, else true
    if function == "contains":
        return func.replace(column, text, "") != column
    if function == "startswith":
        return func.substr(column, 1, len(text)) == text
    return and_(
        func.length(column) >= len(text), func.substr(column, func.length(column) - len(text) + 1, len(text)) == text
    )


def _bound(value: Value) -> ColumnElement[Any]:
    """A number with decimals is asked as a binary fraction: no column of SQL here holds another. A whole one may be
    larger than its column, which then holds none like it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return literal(value, BigInteger)
    return literal(float(value) if isinstance(value, Decimal) else value)
