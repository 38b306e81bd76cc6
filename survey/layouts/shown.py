"""A table of a day as a page shows it: small JSON, kept beside the file that was made of the same cells. Pure."""

from __future__ import annotations

from typing import Any

from survey.layouts.forms import KNOWN_WORDS
from survey.layouts.formulas import Place
from survey.layouts.grid import Grid, Look, Shown, Values
from survey.layouts.tables import Book
from survey.layouts.words import Translate


def shown(book: Book, number: int, translate: Translate) -> dict[str, Any]:
    """Title, marks, what is said of it, and its cells row by row: {"words", "across", "down", "is", "column"}, where
    `is` names what a cell is: a heading, a name, a figure, or a word."""
    made, values = book.tables[number], book.values
    grid = made.grid
    return {
        "number": number,
        "title": grid.layout.title,
        "marks": [one.sentence(translate) for one in book.marks],
        "faults": [one.sentence(translate) for one in made.faults],
        "notes": [translate(KNOWN_WORDS[grid.layout.known]), *(one.sentence(translate) for one in made.notes)],
        "head": _rows(grid, values, grid.head),
        "body": _rows(grid, values, grid.body),
    }


def _rows(grid: Grid, values: Values, between: tuple[int, int]) -> list[list[dict[str, Any]]]:
    return [[_cell(grid, values, one) for one in row if one.column > 1] for row in grid.rows(*between)]


def _cell(grid: Grid, values: Values, one: Shown) -> dict[str, Any]:
    cell = one.cell
    said: dict[str, Any] = {"across": one.across, "down": one.down, "column": one.column, "words": None, "is": "word"}
    if cell is None:
        return said
    value = values.of(Place(grid.name, one.row, one.column))
    what = "head" if cell.look is Look.HEAD else "name" if cell.look is Look.NAME and one.column == 2 else "word"
    if cell.column:
        what = "rate" if cell.look is Look.PER_CENT else "figure"
    return said | {"words": value, "is": what, "is_total": cell.is_total}
