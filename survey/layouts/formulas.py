"""Formulas of a sheet in one normal form, wherever the sheet's rows were pushed to, and what they come to. Pure.

In the normal form a cell is named by its place in its own table, R5C3, one of another table Bieu_4!R5C3: rows that were
inserted above a table, a sheet that was given another name, `$`, spaces and small letters make no difference. Known are
+ − × ÷, comparisons, SUM, ROUND and IF, which is all that the tables use; of anything else there is no normal form.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

Value = float | int | str | None
LONGEST, DEEPEST = 8192, 64  # of a formula: Excel's own measures
MOST_CELLS = 100_000  # of a range
SHORT = 120  # as ours are: kept as it was read


class NoFormula(ValueError):
    """A text that is none of ours; or one that comes to nothing (a division by nothing, a circle)."""


class Place(NamedTuple):
    """A cell by its table ("" for the formula's own) and its place in it, from 1."""

    table: str
    row: int
    column: int


class Origin(NamedTuple):
    """Where a table begins on its sheet; both from 1."""

    table: str
    row: int
    column: int


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"]|"")*")
    |(?P<cell>(?:(?:'(?P<quoted>(?:[^']|'')+)'|(?P<sheet>\w+))!)?(?:R(?P<row>\d{1,7})C(?P<col>\d{1,5})(?![\w(])|\$?(?P<letters>[A-Z]{1,3})\$?(?P<digits>\d{1,7})(?![\w(])))
    |(?P<number>\d+(?:\.\d+)?(?:E[+-]?\d+)?|\.\d+)
    |(?P<name>[A-Z][A-Z0-9.]*)(?=\s*\()
    |(?P<sign><=|>=|<>|[-+*/=<>(),:])
    )""",
    re.VERBOSE | re.IGNORECASE,
)


class _Token(NamedTuple):
    kind: str
    text: str
    place: Place | None = None


def _tokens(formula: str, place_of: Callable[[re.Match[str]], Place]) -> Iterator[_Token]:
    if len(formula) > LONGEST:
        raise NoFormula("too long")
    at, text = 0, formula.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at:
            raise NoFormula(text[at : at + 20])
        at = found.end()
        if found["cell"]:
            yield _Token("cell", "", place_of(found))
        elif found["number"]:
            yield _Token("number", canonical(float(found["number"])))
        elif found["text"]:
            yield _Token("text", found["text"])
        elif found["name"]:
            yield _Token("name", found["name"].upper())
        else:
            yield _Token("sign", found["sign"])


def canonical(value: Value) -> str:
    """A number at 15 significant digits, as a spreadsheet keeps it: "0.1", "12", "33.3333333333333"."""
    if value is None:
        return ""
    return value if isinstance(value, str) else format(value, ".15g")


def normal(formula: str, here: Origin, sheets: Mapping[str, Origin]) -> str:
    """The normal form of a formula as a file has it (without its "="). `here`: the table it stands in; `sheets`: the
    table of each sheet, by the sheet's name. Raises `NoFormula`."""

    def place_of(found: re.Match[str]) -> Place:
        sheet = found["quoted"].replace("''", "'") if found["quoted"] else found["sheet"]
        origin = here if sheet is None else sheets.get(sheet)
        if origin is None or found["row"]:
            raise NoFormula(found[0])
        row, column = int(found["digits"]) - origin.row + 1, column_number(found["letters"]) - origin.column + 1
        return Place("" if origin.table == here.table else origin.table, row, column)

    return "".join(_written(one) for one in _tokens(formula, place_of))


def as_file(formula: str, here: Origin, titles: Mapping[str, tuple[str, Origin]]) -> str:
    """A normal form as a file has it. `titles`: by table, its sheet and where it begins there."""

    def written(one: _Token) -> str:
        if one.place is None:
            return one.text
        title, origin = titles[one.place.table] if one.place.table else ("", here)
        sheet = "'" + title.replace("'", "''") + "'!" if title else ""
        return f"{sheet}{letters(one.place.column + origin.column - 1)}{one.place.row + origin.row - 1}"

    return "".join(written(one) for one in _tokens(formula, _place_in_normal))


def _place_in_normal(found: re.Match[str]) -> Place:
    if not found["row"]:
        raise NoFormula(found[0])
    return Place(found["quoted"] or found["sheet"] or "", int(found["row"]), int(found["col"]))


def _written(one: _Token) -> str:
    if one.place is None:
        return one.text
    return f"{one.place.table + '!' if one.place.table else ''}R{one.place.row}C{one.place.column}"


def column_number(name: str) -> int:
    """ "AB" → 28."""
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def letters(number: int) -> str:
    """28 → "AB"."""
    name = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


@lru_cache(8192)
def _read(formula: str) -> tuple[_Token, ...]:
    """A page has hundreds or, by group in a commune of many villages, thousands, the same each time. A file that is
    checked may have longer ones than ours, and those are not kept."""
    return tuple(_tokens(formula, _place_in_normal))


def evaluate(formula: str, look_up: Callable[[Place], Value]) -> Value:
    """What a formula in normal form comes to. Raises `NoFormula`."""
    reader = _Reader(_read(formula) if len(formula) <= SHORT else _read.__wrapped__(formula), look_up)
    value = reader.comparison(0)
    if reader.at < len(reader.tokens):
        raise NoFormula(formula[:20])
    return value


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": operator.eq, "<>": operator.ne, "<": operator.lt,
    ">": operator.gt, "<=": operator.le, ">=": operator.ge}  # fmt: skip


class _Reader:
    """Reads and works out at once; what a branch of IF that is not taken comes to does not matter."""

    def __init__(self, tokens: Sequence[_Token], look_up: Callable[[Place], Value]) -> None:
        self.tokens, self.at, self.look_up, self.skipping = tokens, 0, look_up, 0

    def sign(self, *signs: str) -> str | None:
        one = self.tokens[self.at] if self.at < len(self.tokens) else None
        if one is None or one.kind != "sign" or one.text not in signs:
            return None
        self.at += 1
        return one.text

    def need(self, sign: str) -> None:
        if self.sign(sign) is None:
            raise NoFormula(f"{sign} is missing")

    def comparison(self, depth: int) -> Value:
        if depth > DEEPEST:
            raise NoFormula("too deep")
        left = self.sum(depth)
        sign = self.sign(*_COMPARE)
        if sign is None:
            return left
        right = self.sum(depth)
        if isinstance(left, str) and right is None or isinstance(right, str) and left is None:
            left, right = left or "", right or ""  # a blank is like an empty text
        if isinstance(left, str) != isinstance(right, str):  # any text is above any number
            left, right = int(isinstance(left, str)), int(isinstance(right, str))
        if not isinstance(left, str):
            left, right = left or 0, right or 0
        return int(_COMPARE[sign](left, right))

    def sum(self, depth: int) -> Value:
        value = self.product(depth)
        while sign := self.sign("+", "-"):
            other = self.number(self.product(depth))
            value = self.number(value) + other if sign == "+" else self.number(value) - other
        return value

    def product(self, depth: int) -> Value:
        value = self.unary(depth)
        while sign := self.sign("*", "/"):
            other = self.number(self.unary(depth))
            if sign == "/" and other == 0 and not self.skipping:
                raise NoFormula("divided by nothing")
            value = self.number(value) * other if sign == "*" else self.number(value) / (other or 1)
        return value

    def unary(self, depth: int) -> Value:
        if self.sign("-"):
            return -self.number(self.unary(depth + 1)) if depth < DEEPEST else self._deep()
        if self.sign("+"):
            return self.unary(depth + 1) if depth < DEEPEST else self._deep()
        return self.primary(depth)

    def _deep(self) -> Value:
        raise NoFormula("too deep")

    def primary(self, depth: int) -> Value:
        if self.sign("("):
            value = self.comparison(depth + 1)
            self.need(")")
            return value
        if self.at >= len(self.tokens):
            raise NoFormula("it breaks off")
        one = self.tokens[self.at]
        self.at += 1
        if one.kind == "number":
            return float(one.text) if not one.text.isdigit() else int(one.text)
        if one.kind == "text":
            return one.text[1:-1].replace('""', '"')
        if one.place is not None:
            return None if self.skipping else self.look_up(one.place)
        if one.kind == "name" and one.text in ("SUM", "ROUND", "IF"):
            return getattr(self, f"_{one.text.lower()}")(depth + 1)
        raise NoFormula(one.text)

    def number(self, value: Value) -> float | int:
        if isinstance(value, str):
            if self.skipping:
                return 0
            raise NoFormula("a text where a number is needed")
        return value or 0

    def _sum(self, depth: int) -> Value:
        self.need("(")
        total: float | int = 0
        while True:
            total += sum(one for one in self._range(depth) if not isinstance(one, str) and one is not None)
            if self.sign(",") is None:
                break
        self.need(")")
        return total

    def _range(self, depth: int) -> Iterator[Value]:
        first = self.tokens[self.at] if self.at < len(self.tokens) else None
        follows = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        if first is None or first.place is None or follows is None or follows.text != ":":
            yield self.comparison(depth)
            return
        last = self.tokens[self.at + 2].place if self.at + 2 < len(self.tokens) else None
        self.at += 3
        begin = first.place
        if last is None or last.table not in ("", begin.table):
            raise NoFormula("half a range")
        height, width = last.row - begin.row + 1, last.column - begin.column + 1
        if height < 1 or width < 1 or height * width > MOST_CELLS:
            raise NoFormula("no range")
        for row in range(begin.row, last.row + 1) if not self.skipping else ():
            for column in range(begin.column, last.column + 1):
                yield self.look_up(Place(begin.table, row, column))

    def _round(self, depth: int) -> Value:
        self.need("(")
        value = self.number(self.comparison(depth))
        self.need(",")
        digits = int(self.number(self.comparison(depth)))
        self.need(")")
        if not -15 <= digits <= 15:
            raise NoFormula("digits")
        return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))

    def _if(self, depth: int) -> Value:
        self.need("(")
        holds = bool(self.number(self.comparison(depth)))
        self.need(",")
        yes = self._branch(depth, taken=holds)
        self.need(",")
        no = self._branch(depth, taken=not holds)
        self.need(")")
        return yes if holds else no

    def _branch(self, depth: int, *, taken: bool) -> Value:
        self.skipping += not taken
        try:
            return self.comparison(depth)
        finally:
            self.skipping -= not taken
