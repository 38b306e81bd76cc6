"""What the rows of a data file really hold, found by reading them once.

Stata and SPSS say before the first row how many there are, what each column holds and how long its longest text is. A
form says that of most columns and not of all: a calculation is a number or a text, an older version may have asked for
text where the newer has a list, a phone's date may be none. So the cells are looked at. Where they are not what the
column's type says, the column is text and nothing is lost; an answer that is in no list gets a number above the lists'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Any

from survey.exports.columns import Code, Codes, DataColumn, Holds
from survey.exports.files import DataFile
from survey.exports.fixed_columns import FLAGS
from survey.reports.csvfile import Cell, as_it_is

_BATCH = 200
OUTSIDE = 1000  # answers that are in no list are numbered from the next on
_MOST_OUTSIDE = 1000  # of one column; with more it is text
_EXACT = 2**53  # a whole number beyond it is not exact in either program
_LARGEST = 2.0**1022  # a number beyond it may be a missing value of Stata


@dataclass(frozen=True)
class Stored:
    """A column as it is to be stored. `texts`, `width`, `total`: how many texts, bytes in UTF-8 of the longest and of
    all; `low`, `high`: of its numbers, 0 among them; `codes`: each with its number, those in no list last."""

    column: DataColumn
    holds: Holds  # never ANY
    texts: int
    width: int
    total: int
    low: float
    high: float
    whole: bool
    codes: Codes = ()

    def reader(self) -> Callable[[Cell], Any]:
        """What turns a cell into its value: bytes (of a text, b"" for none), a number (of a code: its own), a date, a
        moment in UTC, or None."""
        if self.holds is Holds.CODE:
            numbers = {code.name: code.number for code in self.codes}
            return lambda cell: None if _empty(cell) else numbers[as_it_is(cell)]
        return _READERS[self.holds]


@dataclass(frozen=True)
class Measured:
    rows: int
    columns: tuple[Stored, ...]


def measured(file: DataFile) -> Measured:
    """Reads the rows once, or twice where a column is not what its type says."""
    holds = [column.holds for column in file.columns]
    while True:
        tallies = [_Tally(column, kind) for column, kind in zip(file.columns, holds, strict=True)]
        count = 0
        for batch in batches(file.rows()):
            count += len(batch)
            for tally, cells in zip(tallies, zip(*batch, strict=True), strict=True):
                tally.take(cells)
        holds = [tally.found for tally in tallies]
        if not any(tally.is_unlike for tally in tallies):
            return Measured(count, tuple(tally.stored() for tally in tallies))


class Watched:
    """A file whose rows are looked at while something else reads them, for who says at the end what they held."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._tallies = [_Tally(column, column.holds) for column in file.columns]

    def rows(self) -> Iterator[Sequence[Cell]]:
        for batch in batches(self._file.rows()):
            for tally, cells in zip(self._tallies, zip(*batch, strict=True), strict=True):
                tally.take(cells)
            yield from batch

    def columns(self) -> tuple[Stored, ...]:
        """Of what was read. A column that is not what its type says is a text; how long is not known of it."""
        return tuple(tally.stored() for tally in self._tallies)


def batches(rows: Iterable[Sequence[Cell]]) -> Iterator[list[Sequence[Cell]]]:
    reading = iter(rows)
    while batch := list(islice(reading, _BATCH)):
        yield batch


@dataclass
class _Tally:
    """What was seen of one column. ANY is a number as long as nothing else was seen."""

    column: DataColumn
    holds: Holds
    filled: int = 0
    texts: int = 0
    width: int = 0
    total: int = 0
    low: float = 0
    high: float = 0
    whole: bool = True
    is_unlike: bool = False  # some cells are not what `holds` says
    outside: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._known = {code.name for code in self.column.choices}

    def take(self, cells: Sequence[Cell]) -> None:
        present = [cell for cell in cells if not _empty(cell)]
        if not present or self.is_unlike:
            return
        self.filled += len(present)
        match self.holds:
            case Holds.TEXT:
                self._take_texts(present)
            case Holds.CODE:
                self.outside |= {as_it_is(cell) for cell in set(present)} - self._known
                self.is_unlike = len(self.outside) > _MOST_OUTSIDE
            case Holds.DATE:
                self.is_unlike = any(as_date(cell) is None for cell in set(present))
            case Holds.MOMENT:
                self.is_unlike = any(as_moment(cell) is None for cell in present)
            case Holds.FLAG:
                self.is_unlike = not set(present) <= {0, 1} or any(isinstance(cell, str) for cell in present)
                self.high = 1
            case _:
                self._take_numbers(present)

    def _take_texts(self, cells: Sequence[Cell]) -> None:
        lengths = [
            len(cell) if isinstance(cell, str) and cell.isascii() and "\x00" not in cell else len(in_bytes(cell))
            for cell in cells
        ]
        self.texts += sum(map(bool, lengths))  # one of a NUL alone is none
        self.width = max(self.width, *lengths)
        self.total += sum(lengths)

    def _take_numbers(self, cells: Sequence[Cell]) -> None:
        texts = [cell for cell in cells if isinstance(cell, str)]
        if texts:
            self._take_texts(texts)
            self.is_unlike = self.holds is Holds.NUMBER
        numbers = [number for cell in cells if (number := _number(cell)) is not None]
        if numbers:
            self.low, self.high = min(self.low, *numbers), max(self.high, *numbers)
            self.whole = self.whole and all(number == int(number) for number in numbers)
            self.is_unlike |= any(isinstance(number, int) and abs(number) > _EXACT for number in numbers)
            self.is_unlike |= max(-self.low, self.high) > _LARGEST
        self.is_unlike |= 0 < self.texts < self.filled

    @property
    def found(self) -> Holds:
        if self.is_unlike:
            return Holds.TEXT
        if self.holds is Holds.ANY:
            return Holds.TEXT if self.texts else Holds.NUMBER
        return self.holds

    def stored(self) -> Stored:
        codes: Codes = {Holds.CODE: self._codes(), Holds.FLAG: FLAGS}.get(self.found, ())
        high = max((code.number for code in codes), default=self.high)
        return Stored(
            self.column, self.found, self.texts, self.width, self.total, self.low, high, self.whole, codes
        )  # fmt: skip

    def _codes(self) -> Codes:
        listed = sorted(self.column.choices, key=lambda code: code.number)
        first = max([OUTSIDE, *(code.number for code in listed)]) + 1
        outside = (Code(name, number, {}) for number, name in enumerate(sorted(self.outside), start=first))
        return (*listed, *outside)


def label_sets(columns: Sequence[Stored]) -> list[tuple[Codes, list[int]]]:
    """The sets of codes with their words, each once, and the places of the columns that have it."""
    found: dict[object, tuple[Codes, list[int]]] = {}
    for place, column in enumerate(columns):
        if column.codes:
            key = tuple((code.number, code.name, *sorted(code.label.items())) for code in column.codes)
            found.setdefault(key, (column.codes, []))[1].append(place)
    return list(found.values())


def _empty(cell: Cell) -> bool:
    return cell is None or cell == ""


def in_bytes(cell: Cell) -> bytes:
    """The cell's text in UTF-8, without what neither program can hold: a NUL, half of a character."""
    if cell is None:
        return b""
    return as_it_is(cell).encode("utf-8", "replace")


def _number(cell: Cell) -> int | float | None:
    if isinstance(cell, bool):
        return int(cell)
    return cell if isinstance(cell, int | float) and isfinite(cell) else None


@lru_cache(maxsize=4096)
def as_date(cell: Cell) -> date | None:
    """The day of "2026-11-01"; None where it is none."""
    try:
        return date.fromisoformat(cell) if isinstance(cell, str) and len(cell) == 10 else None
    except ValueError:
        return None


def as_moment(cell: Cell) -> datetime | None:
    """The moment, in UTC, of a text that names its distance from it; None where it does not."""
    try:
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None


_READERS: dict[Holds, Callable[[Cell], Any]] = {
    Holds.TEXT: in_bytes, Holds.NUMBER: _number, Holds.FLAG: _number, Holds.DATE: as_date, Holds.MOMENT: as_moment,
}  # fmt: skip


def cut(text: bytes, most: int) -> bytes:
    """At most so many bytes, with no half of a character at the end."""
    return text if len(text) <= most else text[:most].decode("utf-8", "ignore").encode("utf-8")
