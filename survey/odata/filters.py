"""$filter as a tree: comparisons of a column with a value, joined by and, or, not (OData URL Conventions 4.0, 5.1.1).

A whitelist: what is read here can be asked of a database cheaply and means the same in SQL (`conditions.py`) as in
Python (`matching.py`). Arithmetic, lambda, paths, functions of dates and the like are 501. Each character is looked at
once, and depth and size are bounded before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from survey.odata.faults import Fault
from survey.odata.model import NUMBERS, EntitySet, Kind, Property, Value

MOST_LETTERS, MOST_NODES, DEEPEST = 4_000, 200, 20
MOST_DIGITS = 30
LARGEST = 2**63 - 1
COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCTIONS = ("contains", "startswith", "endswith")
_FLIPPED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True)
class All:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Any:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class Compare:
    """`Persons ge 5`. With null: eq and ne say whether there is a value, the others are false."""

    name: str
    comparison: str
    value: Value


@dataclass(frozen=True)
class In:
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Text:
    """`contains(Name,'ca')`; of null it is null."""

    name: str
    function: str
    text: str


@dataclass(frozen=True)
class Is:
    """A yes-or-no column by itself; null where it is null."""

    name: str


Node = All | Any | Not | Compare | In | Text | Is


class _Token(NamedTuple):
    kind: str  # word, text, number, date, mark, end
    text: str


_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')"
    r"|(?P<date>\d{4}-\d{2}-\d{2}(?![\dT:]))"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<mark>[(),])"
    r"|(?P<other>[-/:*@$.\d]\S*)",
    re.ASCII,
)


def parse(text: str, of: EntitySet) -> Node:
    """The tree of a $filter over the columns of a table. Raises `Fault`."""
    if len(text) > MOST_LETTERS:
        raise Fault("too_long", "$filter")
    return _Parser(list(_tokens(text)), of).whole()


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """What must each be true."""
    if node is None:
        return ()
    return node.parts if isinstance(node, All) else (node,)


def named(node: Node) -> frozenset[str]:
    """The columns that it asks."""
    if isinstance(node, All | Any):
        return frozenset().union(*(named(one) for one in node.parts))
    return named(node.part) if isinstance(node, Not) else frozenset({node.name})


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            raise Fault("bad_filter", "$filter")
        kind = found.lastgroup or ""
        if kind == "other":
            raise Fault("filter_unsupported", "$filter")
        yield _Token(kind, found.group())
        at = found.end()
    yield _Token("end", "")


class _Parser:
    def __init__(self, tokens: list[_Token], of: EntitySet) -> None:
        self.tokens, self.of = tokens, of
        self.at = self.depth = self.nodes = 0

    def whole(self) -> Node:
        node = self.either()
        if self.next.kind != "end":
            raise Fault("bad_filter", "$filter")
        return node

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next
        self.at = min(self.at + 1, len(self.tokens) - 1)  # the end is never gone past
        return token

    def mark(self, mark: str) -> None:
        if self.take() != _Token("mark", mark):
            raise Fault("bad_filter", "$filter")

    def has_word(self, word: str) -> bool:
        if self.next != _Token("word", word):
            return False
        self.at += 1
        return True

    def either(self) -> Node:
        parts = [self.both()]
        while self.has_word("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def both(self) -> Node:
        parts = [self.one()]
        while self.has_word("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Node:
        self.nodes += 1
        self.depth += 1
        if self.depth > DEEPEST or self.nodes > MOST_NODES:
            raise Fault("too_long", "$filter")
        node = self.negated() if self.has_word("not") else self.within() or self.statement()
        self.depth -= 1
        return node

    def negated(self) -> Node:
        """`not` binds more tightly than a comparison, so without brackets it takes a yes or no alone."""
        first = self.next
        node = self.one()
        if isinstance(node, Compare | In) and first != _Token("mark", "("):
            raise Fault("bad_filter", "$filter")
        return Not(node)

    def within(self) -> Node | None:
        if self.next != _Token("mark", "("):
            return None
        self.take()
        node = self.either()
        self.mark(")")
        if self.next.kind == "word" and self.next.text in (*COMPARISONS, "in"):  # (a) eq b
            raise Fault("filter_unsupported", "$filter")
        return node

    def statement(self) -> Node:
        first = self.take()
        if first.kind != "word" or first.text in ("true", "false", "null"):
            return self.flipped(first)
        if self.next == _Token("mark", "("):
            return self.function(first.text)
        column = self.column(first)
        word = self.next.text if self.next.kind == "word" else ""
        if word in COMPARISONS:
            self.take()
            return self.comparison(column, word, self.take())
        if word == "in":
            self.take()
            return In(column.name, tuple(self.listed(column)))
        if word not in ("", "and", "or"):
            raise Fault("filter_unsupported", "$filter")
        if column.kind is not Kind.BOOLEAN:
            raise Fault("bad_filter", column.name)
        return Is(column.name)

    def flipped(self, value: _Token) -> Node:
        """`5 le Persons`: the value first."""
        if value.kind in ("end", "mark"):
            raise Fault("bad_filter", "$filter")
        word, second = self.take(), self.take()
        if word.kind != "word" or word.text not in COMPARISONS or second.kind != "word":
            raise Fault("filter_unsupported", "$filter")
        return self.comparison(self.column(second), _FLIPPED.get(word.text, word.text), value)

    def comparison(self, column: Property, comparison: str, token: _Token) -> Node:
        if token.kind in ("end", "mark"):
            raise Fault("bad_filter", column.name)
        value = read(token.kind, token.text, column)
        if column.kind is Kind.BOOLEAN and comparison not in ("eq", "ne"):
            raise Fault("filter_unsupported", column.name)
        return Compare(column.name, comparison, value)

    def listed(self, column: Property) -> Iterator[Value]:
        self.mark("(")
        while True:
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise Fault("too_long", "$filter")
            token = self.take()
            yield read(token.kind, token.text, column)
            if self.next == _Token("mark", ")"):
                self.take()
                return
            self.mark(",")

    def function(self, name: str) -> Node:
        if name not in FUNCTIONS:
            raise Fault("filter_unsupported", "$filter")
        self.mark("(")
        first = self.take()
        if first.kind != "word" or self.next == _Token("mark", "("):
            raise Fault("filter_unsupported", "$filter")
        column = self.column(first)
        self.mark(",")
        second = self.take()
        if second.kind != "text":
            raise Fault("filter_unsupported", "$filter")
        text = read(second.kind, second.text, column)
        self.mark(")")
        if self.next.kind == "word" and self.next.text in COMPARISONS:  # contains(…) eq true
            raise Fault("filter_unsupported", "$filter")
        if not isinstance(text, str):
            raise Fault("bad_literal", column.name)
        return Text(column.name, name, text)

    def column(self, token: _Token) -> Property:
        found = self.of.by_name.get(token.text)
        if found is None:
            raise Fault("no_such_property", "$filter")
        return found


def read(kind: str, text: str, column: Property) -> Value:
    """A value as it is written in an address (`kind`: of the token), of the type of its column."""
    if (kind, text) == ("word", "null"):
        return None
    value: Value = None
    if kind == "text" and column.kind is Kind.STRING:
        value = text[1:-1].replace("''", "'")
        if not _keepable(value):
            raise Fault("bad_literal", column.name)
    elif kind == "date" and column.kind is Kind.DATE:
        value = _day(text)
    elif kind == "number" and column.kind in NUMBERS:
        value = _number(text)
    elif kind == "word" and column.kind is Kind.BOOLEAN and text in ("true", "false"):
        value = text == "true"
    if value is None:
        raise Fault("bad_literal", column.name)
    return value


def _keepable(text: str) -> bool:
    """PostgreSQL's text takes no NUL, and no driver half a letter."""
    return all(letter >= " " and not "\ud800" <= letter <= "\udfff" for letter in text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> int | float | Decimal | None:
    """A whole number, or a decimal one as it was written; None where no column could hold it."""
    if len(text) > MOST_DIGITS:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if value and not -MOST_DIGITS < value.adjusted() < 19:
        return None
    whole = value == value.to_integral_value()
    if abs(value) > LARGEST:
        return None
    return int(value) if whole else value
