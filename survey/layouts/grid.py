"""A table as cells: what page, CSV and workbook show alike, and what is signed. Pure.

A cell is named by its place in the table, from 1. What a formula comes to is worked out here, once, over all tables of
a book; a blank is no figure, and no number stands in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from survey.layouts.flow_list import FlowCell
from survey.layouts.forms import Column, Kind, Layout
from survey.layouts.formulas import NoFormula, Place, Value, evaluate
from survey.reports.selection import Condition


class Holds(StrEnum):
    """What stands in a cell."""

    TEXT = "text"
    COUNT = "count"
    ENTERED = "entered"
    FORMULA = "formula"
    BLANK = "blank"


class Look(StrEnum):
    """How it is shown."""

    CORNER = "corner"
    TITLE = "title"
    LINE = "line"  # below the title: of what and when
    MARK = "mark"  # what must be known before a figure is read
    HEAD = "head"
    CODE = "code"
    NAME = "name"
    NUMBER = "number"
    PER_CENT = "per-cent"
    NOTE = "note"


@dataclass(frozen=True)
class Cell:
    """`row`, `column`: codes of a figure, "" of words; `figure`, `base`: its definition; `link`: its households;
    `is_total`: of the line of the whole."""

    holds: Holds
    look: Look
    value: Value = None
    formula: str | None = None  # in normal form
    row: str = ""
    column: str = ""
    figure: str = ""
    base: str = ""
    link: Condition | FlowCell | None = None
    is_total: bool = False


@dataclass
class Grid:
    """`merged`: first row and column, last row and column; `head`: the first and the last row of the heading; `said`:
    the last row before it."""

    layout: Layout
    sheet: str
    width: int
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    head: tuple[int, int] = (0, 0)
    body: tuple[int, int] = (0, 0)
    height: int = 0

    @property
    def name(self) -> str:
        return self.layout.name

    def put(self, row: int, column: int, cell: Cell) -> None:
        self.cells[row, column] = cell
        self.height = max(self.height, row)

    def line(self, words: str, look: Look) -> None:
        """A line of words over the whole width."""
        row = self.height + 1
        self.put(row, 1, Cell(Holds.TEXT, look, words))
        self.merge(row, 1, row, self.width)

    def merge(self, row: int, column: int, last_row: int, last_column: int) -> None:
        if (row, column) != (last_row, last_column):
            self.merged.append((row, column, last_row, last_column))

    def at(self, row: int, column: int) -> Cell | None:
        return self.cells.get((row, column))

    def rows(self, first: int, last: int) -> list[list[Shown]]:
        """Each row's cells; what is covered by another is left out."""
        spans = {(row, column): (more - column + 1, down - row + 1) for row, column, down, more in self.merged}
        covered = {
            (row, column)
            for first_row, first_column, last_row, last_column in self.merged
            for row in range(first_row, last_row + 1)
            for column in range(first_column, last_column + 1)
            if (row, column) != (first_row, first_column)
        }
        return [
            [
                Shown(self.at(row, column), row, column, *spans.get((row, column), (1, 1)))
                for column in range(1, self.width + 1)
                if (row, column) not in covered
            ]
            for row in range(first, last + 1)
        ]


class Shown(NamedTuple):
    """A cell with its place, and over how many columns and rows it goes."""

    cell: Cell | None
    row: int
    column: int
    across: int
    down: int


class Values:
    """What the cells of a book come to. A formula that cannot be worked out comes to nothing."""

    def __init__(self, grids: Mapping[str, Grid]) -> None:
        self.grids = grids
        self._known: dict[Place, Value] = {}
        self._asked: set[Place] = set()

    def of(self, place: Place) -> Value:
        """Raises `NoFormula` for what cannot be worked out."""
        if place in self._known:
            return self._known[place]
        grid = self.grids.get(place.table)
        cell = grid.at(place.row, place.column) if grid is not None else None
        if cell is None or cell.formula is None:
            return cell.value if cell is not None else None
        if place in self._asked:
            raise NoFormula("a circle")
        self._asked.add(place)
        value = evaluate(cell.formula, partial(self._within, place.table))
        self._known[place] = value
        return value

    def _within(self, table: str, place: Place) -> Value:
        return self.of(place if place.table else Place(table, place.row, place.column))


class Columns:
    """Where the columns of a layout stand in its grid: a number, the place, where there are two lines a place their
    unit, then those of the form."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.first = 1 if layout.is_list else 4 if layout.in_persons_too else 3
        self.places = {one.code: self.first + at for at, one in enumerate(layout.columns)}
        self.width = self.first + len(layout.columns) - 1

    def of(self, column: Column) -> int:
        return self.places[column.code]

    @property
    def by_code(self) -> dict[str, Column]:
        return {one.code: one for one in self.layout.columns}


def holds_of(kind: Kind) -> Holds:
    return Holds.ENTERED if kind is Kind.ENTERED else Holds.COUNT
