"""XPath's four kinds of value and their conversions, over the nodes of a record.   ⇄ static/app/engine/values.js

What differs from plain XPath 1.0, as ODK has it: a date string becomes its days since 1970-01-01 where a number is
needed, and a node that is not relevant reads as blank.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


class Node:
    """One place of a record, or of a secondary table: a value, or children by name (repeats: a list of instances).

    `relevant`: whether it and everything around it is asked; `own_relevant`: whether its own rule lets it be asked.
    """

    __slots__ = ("children", "definition", "index", "own_relevant", "parent", "relevant", "value")

    def __init__(self, definition: Any, parent: Node | None, value: str | float = "", index: int = 0) -> None:
        self.definition = definition
        self.parent = parent
        self.value = value
        self.children: dict[str, Any] = {}
        self.own_relevant = True
        self.relevant = True
        self.index = index  # of a repeat instance, from 1

    def open(self) -> None:
        """Let this place be asked again, as far as what lies around it is; in it what its own rules let be asked."""
        self.own_relevant = True
        waiting = [self]
        while waiting:
            node = waiting.pop()
            node.relevant = node.own_relevant and (node.parent is None or node.parent.relevant)
            for child in node.children.values():
                waiting.extend(child if isinstance(child, list) else [child])

    def close(self) -> None:
        """This place is not asked, and nothing in it."""
        self.own_relevant = False
        waiting = [self]
        while waiting:
            node = waiting.pop()
            node.relevant = False
            for child in node.children.values():
                waiting.extend(child if isinstance(child, list) else [child])


Value = list[Node] | str | float | bool

_SPACES = re.compile(r"[ \t\r\n]+")  # XPath's, which are fewer than Python's
_NUMBER = re.compile(r"[ \t\r\n]*-?(?:\d+(?:\.\d*)?|\.\d+)[ \t\r\n]*\Z", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()


def days(text: str) -> float:
    """Days since 1970-01-01 of an ISO date or dateTime (a dateTime counts in UTC); NaN for anything else."""
    match = _DATE.match(text)
    if match is None:
        return math.nan
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        whole = float(date(int(year), int(month), int(day)).toordinal() - _EPOCH)
    except ValueError:
        return math.nan
    if hour is None:
        return whole
    seconds = int(hour) * 3600 + int(minute) * 60 + int(second or 0) + float(fraction or 0)
    if zone and zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    return whole + seconds / 86400


def node_text(node: Node) -> str:
    """The string value of a node; blank when it is not asked."""
    if not node.relevant:
        return ""
    if node.children:  # XPath 1.0 §5.2: of what holds others, their texts one after another
        inside = (child if isinstance(child, list) else [child] for child in node.children.values())
        return "".join(node_text(one) for several in inside for one in several)
    return node.value if isinstance(node.value, str) else number_text(node.value)


def number_text(number: float) -> str:
    """XPath 1.0 §4.2 string(number): no exponent, no ``.0``."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    text = format(Decimal(repr(number)), "f")  # the shortest digits that name this number, as JavaScript prints them
    return text.removesuffix(".0")


def to_string(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return node_text(value[0]) if value else ""
    return number_text(value)


def words(value: Value) -> list[str]:
    """The names in a space-separated list."""
    text = to_string(value)
    return text.split() if text.isascii() and text.isprintable() else [one for one in _SPACES.split(text) if one]


def text_number(text: str) -> float:
    """XPath 1.0 §4.4 number(string), and ODK's days of a date."""
    if _NUMBER.match(text):
        return float(text)
    return days(text) if len(text) >= 10 else math.nan


def node_number(node: Node) -> float:
    value = node.value
    if isinstance(value, str):
        text = value or node_text(node)
        return text_number(text) if text and node.relevant else math.nan
    return value if node.relevant else math.nan


def to_number(value: Value) -> float:
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, str):
        return text_number(value)
    if isinstance(value, list):
        return node_number(value[0]) if value else math.nan
    return value


def to_boolean(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, list)):
        return len(value) > 0
    return value != 0 and not math.isnan(value)


@dataclass(slots=True)
class Context:
    """Where an expression is evaluated: `node` (XPath's context node), `current` (whose rule it is), and the record's
    `env`: root, tables, choices, clock, a maker of ids."""

    node: Node
    current: Node
    env: Any
    position: int = 1
    size: int = 1


Lazy = Callable[[Context], Value]
