"""Whether a row fits a filter: in Python what `conditions.py` says in SQL, for rows that no table holds as they are."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any as Anything

from survey.odata import filters
from survey.odata.filters import Node
from survey.odata.model import Row, Value

_ORDERED: dict[str, Callable[[Anything, Anything], bool]] = {
    "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


def matches(node: Node | None, row: Row) -> bool:
    """A row is shown where the filter is true: not where it is false, nor where it is null (URL Conventions, 5.1.1)."""
    return node is None or _is(node, row) is True


def _is(node: Node, row: Row) -> bool | None:
    match node:
        case filters.All(parts):
            return _none_of(False, [_is(one, row) for one in parts])
        case filters.Any(parts):
            found = _none_of(True, [_is(one, row) for one in parts])
            return found if found is None else not found
        case filters.Not(part):
            inner = _is(part, row)
            return None if inner is None else not inner
        case filters.Compare(name, comparison, value):
            return _compared(row[name], comparison, value)
        case filters.In(name, values):
            return any(_equal(row[name], value) for value in values)
        case filters.Text(name, function, text):
            return _said(row[name], function, text)
        case filters.Is(name):
            value = row[name]
            return None if value is None else bool(value)


def _none_of(spoils: bool, found: list[bool | None]) -> bool | None:
    """Whether none of several is what spoils it; None: that is not known."""
    return False if spoils in found else None if None in found else True


def _compared(own: Value, comparison: str, value: Value) -> bool:
    if comparison in ("eq", "ne"):
        return _equal(own, value) == (comparison == "eq")
    return own is not None and value is not None and _ORDERED[comparison](*_alike(own, value))


def _equal(own: Value, value: Value) -> bool:
    if own is None or value is None:
        return own is None and value is None
    one, other = _alike(own, value)
    return bool(one == other)


def _alike(own: Value, value: Value) -> tuple[Anything, Anything]:
    """0.1 that was typed is the 0.1 that a column of binary fractions holds."""
    return (own, float(value)) if isinstance(own, float) and isinstance(value, Decimal) else (own, value)


def _said(own: Value, function: str, text: str) -> bool | None:
    if not isinstance(own, str):
        return None
    if function == "contains":
        return text in own
    return own.startswith(text) if function == "startswith" else own.endswith(text)
