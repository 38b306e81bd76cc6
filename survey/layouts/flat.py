"""A table as rows for programs: a row a figure, with its definition, its base, and the marks in every row."""

from __future__ import annotations

from collections.abc import Iterator

from survey.layouts import signing
from survey.layouts.formulas import Place
from survey.layouts.grid import Grid
from survey.layouts.tables import Book
from survey.reports.csvfile import Cell

HEADER = [
    "layout", "title", "known", "place", "row", "unit", "column", "heading", "kind", "value", "definition", "base",
    "round_year", "trial", "provisional", "as_of",
]  # fmt: skip


def flat(book: Book, number: int) -> Iterator[list[Cell]]:
    """The figures of a table, line by line. A share that lies between two bounds is a text of both."""
    grid, values, scope = book.tables[number].grid, book.values, book.scope
    heads = _heads(grid)
    for (row, column), cell in sorted(grid.cells.items()):
        if not cell.column:
            continue
        place, _, unit = cell.row.partition(".")
        value = values.of(Place(grid.name, row, column))
        yield [
            number, grid.layout.title, grid.layout.known.value, book.names.get(place, place), place, unit, cell.column,
            heads[column], cell.holds.value, value, signing.definition(cell), cell.base, scope.survey_round.year,
            scope.survey_round.trial, True, scope.past.day.isoformat() if scope.past is not None else None,
        ]  # fmt: skip


def _heads(grid: Grid) -> dict[int, str]:
    first = grid.width - len(grid.layout.columns) + 1
    return {
        first + at: " – ".join(part for part in (one.head, one.below) if part)
        for at, one in enumerate(grid.layout.columns)
    }
