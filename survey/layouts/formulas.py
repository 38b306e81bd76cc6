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
SHORT, LONG = 120, 2000  # as ours are, and those that add up each second line of a province: kept as they were read


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


LookUp = Callable[[Place], Value]
_Part = Callable[[LookUp], Value]  # what a part of a formula comes to


def _read(formula: str) -> _Part:
    reader = _Reader(list(_tokens(formula, _place_in_normal)))
    part = reader.comparison(0)
    if reader.at < len(reader.tokens):
        raise NoFormula(formula[:20])
    return part


# A page has hundreds or, by group in a commune of many villages, thousands, the same each time; and of a province some
# that add up each second line. A file that is checked may have longer ones than ours: those are not kept.
_read_short, _read_long = lru_cache(8192)(_read), lru_cache(256)(_read)


def evaluate(formula: str, look_up: LookUp) -> Value:
    """What a formula in normal form comes to. Raises `NoFormula`."""
    read = _read_short if len(formula) <= SHORT else _read_long if len(formula) <= LONG else _read
    return read(formula)(look_up)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": operator.eq, "<>": operator.ne, "<": operator.lt,
    ">": operator.gt, "<=": operator.le, ">=": operator.ge}  # fmt: skip


def _number(value: Value) -> float | int:
    if isinstance(value, str):
        raise NoFormula("a text where a number is needed")
    return value or 0


def _compared(sign: str, left: Value, right: Value) -> int:
    if isinstance(left, str) and right is None or isinstance(right, str) and left is None:
        left, right = left or "", right or ""  # a blank is like an empty text
    if isinstance(left, str) != isinstance(right, str):  # any text is above any number
        left, right = int(isinstance(left, str)), int(isinstance(right, str))
    if not isinstance(left, str):
        left, right = left or 0, right or 0
    return int(_COMPARE[sign](left, right))


def _divided(value: float | int, by: float | int) -> float:
    if by == 0:
        raise NoFormula("divided by nothing")
    return value / by


_REST: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divided,
}  # fmt: skip


class _Reader:
    """Reads once what is worked out often; of IF only the branch that is taken is worked out."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self.tokens, self.at = tokens, 0

    def sign(self, *signs: str) -> str | None:
        one = self.tokens[self.at] if self.at < len(self.tokens) else None
        if one is None or one.kind != "sign" or one.text not in signs:
            return None
        self.at += 1
        return one.text

    def need(self, sign: str) -> None:
        if self.sign(sign) is None:
            raise NoFormula(f"{sign} is missing")

    def comparison(self, depth: int) -> _Part:
        if depth > DEEPEST:
            raise NoFormula("too deep")
        left = self.sum(depth)
        sign = self.sign(*_COMPARE)
        if sign is None:
            return left
        right = self.sum(depth)
        return lambda look_up: _compared(sign, left(look_up), right(look_up))

    def sum(self, depth: int) -> _Part:
        return self.row_of(self.product, ("+", "-"), depth)

    def product(self, depth: int) -> _Part:
        return self.row_of(self.unary, ("*", "/"), depth)

    def row_of(self, next_one: Callable[[int], _Part], signs: tuple[str, str], depth: int) -> _Part:
        """What is joined by such signs, from the left."""
        first, rest = next_one(depth), []
        while sign := self.sign(*signs):
            rest.append((_REST[sign], next_one(depth)))
        if not rest:
            return first

        def worked_out(look_up: LookUp) -> Value:
            value: Value = first(look_up)
            for apply, other in rest:
                number = _number(other(look_up))
                value = apply(_number(value), number)
            return value

        return worked_out

    def unary(self, depth: int) -> _Part:
        sign = self.sign("-", "+")
        if sign is None:
            return self.primary(depth)
        if depth >= DEEPEST:
            raise NoFormula("too deep")
        part = self.unary(depth + 1)
        return part if sign == "+" else lambda look_up: -_number(part(look_up))

    def primary(self, depth: int) -> _Part:
        if self.sign("("):
            part = self.comparison(depth + 1)
            self.need(")")
            return part
        if self.at >= len(self.tokens):
            raise NoFormula("it breaks off")
        one = self.tokens[self.at]
        self.at += 1
        if one.kind in ("number", "text"):
            value = _constant(one)
            return lambda _look_up: value
        if (place := one.place) is not None:
            return lambda look_up: look_up(place)
        if one.kind == "name" and one.text in ("SUM", "ROUND", "IF"):
            return {"SUM": self._sum, "ROUND": self._round, "IF": self._if}[one.text](depth + 1)
        raise NoFormula(one.text)

    def _sum(self, depth: int) -> _Part:
        self.need("(")
        parts = [self._range(depth)]
        while self.sign(","):
            parts.append(self._range(depth))
        self.need(")")

        def added(look_up: LookUp) -> Value:
            total: float | int = 0
            for part in parts:
                values = (part(look_up),) if not isinstance(part, _Range) else map(look_up, part.places())
                total += sum(one for one in values if not isinstance(one, str) and one is not None)
            return total

        return added

    def _range(self, depth: int) -> _Part | _Range:
        first = self.tokens[self.at] if self.at < len(self.tokens) else None
        follows = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        if first is None or first.place is None or follows is None or follows.text != ":":
            return self.comparison(depth)
        last = self.tokens[self.at + 2].place if self.at + 2 < len(self.tokens) else None
        self.at += 3
        begin = first.place
        if last is None or last.table not in ("", begin.table):
            raise NoFormula("half a range")
        height, width = last.row - begin.row + 1, last.column - begin.column + 1
        if height < 1 or width < 1 or height * width > MOST_CELLS:
            raise NoFormula("no range")
        return _Range(begin, last)

    def _round(self, depth: int) -> _Part:
        self.need("(")
        part = self.comparison(depth)
        self.need(",")
        to = self.comparison(depth)
        self.need(")")

        def rounded(look_up: LookUp) -> Value:
            value, digits = _number(part(look_up)), int(_number(to(look_up)))
            if not -15 <= digits <= 15:
                raise NoFormula("digits")
            return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))

        return rounded

    def _if(self, depth: int) -> _Part:
        self.need("(")
        holds = self.comparison(depth)
        self.need(",")
        yes = self.comparison(depth)
        self.need(",")
        no = self.comparison(depth)
        self.need(")")
        return lambda look_up: yes(look_up) if _number(holds(look_up)) else no(look_up)


class _Range(NamedTuple):
    """Cells from the first to the last, of the first one's table."""

    first: Place
    last: Place

    def places(self) -> Iterator[Place]:
        for row in range(self.first.row, self.last.row + 1):
            for column in range(self.first.column, self.last.column + 1):
                yield Place(self.first.table, row, column)


def _constant(one: _Token) -> Value:
    if one.kind == "text":
        return one.text[1:-1].replace('""', '"')
    return int(one.text) if one.text.isdigit() else float(one.text)
