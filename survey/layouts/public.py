"""The tables of a round as the public may have them: figures of 1 to 4 hidden, and those that would give them away.

What is hidden is decided once for all tables together, and from the province down: a commune's tables by village leave
out of the commune's own line what the province's tables leave out of it (`suppression.py`). So both are made only when
the round is over everywhere in the province: with every interview more the figures would be others, and the difference
of two editions is a household. For the same reason there is none of one village or in former borders.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place
from survey.clocks import day_of
from survey.layouts import suppression
from survey.layouts.flow_list import MEASURES
from survey.layouts.forms import IN_PER_CENT, KNOWN_WORDS, Column, Kind, Layout, counted_layouts, layouts
from survey.layouts.formulas import NoFormula
from survey.layouts.formulas import Place as At
from survey.layouts.grid import Cell, Columns, Grid, Holds, Look
from survey.layouts.laying import TOTAL
from survey.layouts.suppression import Above, Equation, Frame, Hidden, above_of
from survey.layouts.tables import Book, Made, Scope, held_in, make
from survey.layouts.words import Said, Translate
from survey.problems import Problem
from survey.residents import residents
from survey.rounds import log
from survey.submissions.register_table import Level
from survey.terms import CommuneState, HouseholdClass

MARK = "*"  # of a figure that is hidden, as in the research file
OVER = frozenset({CommuneState.CLOSED, CommuneState.ACCEPTED})
PERSONS = ".persons"
# What may be told below a table: no sentence with a number of households.
_TOLD = frozenset({"rates", "unasked", "residents", "flow", "no_history", "by_people", "of_group", "local_people",
                   "merit", "read_so", "read_by"})  # fmt: skip
_NAMED = re.compile(r"\[(?:(\d+):)?([a-z]*\d*)\]")


def edition(session: Session, scope: Scope, now: datetime, translate: Translate) -> Book:
    """Those of the tables that are handed out, of a province by its communes or of a commune by its villages; no cell
    has a formula. Raises `public_not_over` while the round is not over in each commune of the province, `not_found` for
    any other scope."""
    if scope.former or scope.village_id is not None:
        raise Problem("not_found")
    if not is_ready(session, scope, now):
        raise Problem("public_not_over")
    above = make(session, _province(session, scope, now), counted_layouts(), now, translate)
    frame, lines = _read(above)
    found = suppression.hidden(frame, lines, lines.pop(TOTAL, {}))
    if scope.by is Level.COMMUNE:
        return _shown(above, found, translate)
    book = make(session, scope, counted_layouts(), now, translate)
    return _shown(book, below(book, above_of(found, scope.place_id)), translate)


def is_ready(session: Session, scope: Scope, now: datetime) -> bool:
    """Whether no interview of the round is taken or decided on in any commune of the province."""
    if scope.survey_round.trial:
        return False
    whole = _province(session, scope, now)
    states = {row.commune_id: row.state for row in log.rows_of(session, scope.survey_round)}
    return bool(whole.communes) and all(states.get(one) in OVER for one in whole.communes)


def said(grid: Grid) -> list[str]:
    """What stands below the figures."""
    return [str(grid.cells[row, 1].value) for row in range(grid.body[1] + 1, grid.height + 1)]


def below(book: Book, above: Above) -> Hidden:
    """What the tables of a commune leave out, and of its own line what those of the province do."""
    frame, lines = _read(book)
    found = suppression.hidden(frame, lines, lines.pop(TOTAL, {}), above)
    found.cells[TOTAL] = set(above.cells)
    return found


def _province(session: Session, scope: Scope, now: datetime) -> Scope:
    province = session.scalar(select(Place.parent_id).where(Place.id == scope.communes[0])) if scope.communes else None
    if province is None:
        raise Problem("not_found")
    communes = held_in(session, scope.survey_round, residents.parts_of(session, province, day_of(now)))
    return Scope(scope.survey_round, province, tuple(communes), Level.COMMUNE)


# --- what is read of the tables


def _read(book: Book) -> tuple[Frame, dict[str, dict[str, int]]]:
    """What holds in each line, and the figures by line; of the same figure in several tables one."""
    lines: dict[str, dict[str, int]] = defaultdict(dict)
    for made in book.tables.values():
        for line, name, value in _figures(made.grid, book):
            lines[line][name] = max(0, value)
    shown = {name for figures in lines.values() for name in figures}
    weights = {name: sum(figures.get(name, 0) for figures in lines.values()) for name in shown}
    forms = [made.grid.layout for made in book.tables.values()]
    return Frame(shown, _equations(forms), weights), dict(lines)


def _figures(grid: Grid, book: Book) -> Iterator[tuple[str, str, int]]:
    """Of each whole number of the form its line, its name and the number."""
    values, columns = book.values, Columns(grid.layout).by_code
    for (row, column), cell in grid.cells.items():
        if not cell.column or _is_derived(columns[cell.column]) or columns[cell.column].kind is Kind.BESIDE:
            continue
        try:
            value = values.of(At(grid.name, row, column))
        except NoFormula:
            continue
        if isinstance(value, int | float):
            line, name = _names(cell)
            yield line, name, int(value)


def _is_derived(column: Column) -> bool:
    return column.kind in IN_PER_CENT


def _names(cell: Cell) -> tuple[str, str]:
    line, _, unit = cell.row.partition(".")
    return line, cell.figure + (PERSONS if unit == "persons" else "")


def _equations(forms: Iterable[Layout]) -> list[Equation]:
    """The formulas of the forms, and what everybody knows beside them."""
    found: list[Equation] = list(_known())
    for layout in forms:
        for column, terms in layout.added:
            for suffix in ("", PERSONS) if layout.in_persons_too else ("",):
                found.append({column.figure + suffix: -1} | {figure + suffix: sign for sign, figure in terms})
    return found


def _known() -> Iterator[Equation]:
    """One figure under two names, parts of a whole, and what one table of the flow says of the other."""
    for one in (HouseholdClass.POOR.value, HouseholdClass.NEAR_POOR.value):
        for unit in ("", PERSONS):
            yield {f"{one}.all{unit}": 1, f"{one}.{unit[1:] or 'households'}": -1}
            yield {f"{one}.all{unit}": 1, f"flow.{one}.9{unit}": -1}
            yield {f"{one}.first.dtts{unit}": 1, f"{one}.any.dtts{unit}": -1}  # the group that is looked at first
            yield {f"{one}.all{unit}": -1, f"{one}.people.kinh{unit}": 1, f"{one}.people.dtts{unit}": 1}
    poor, near = (f"flow.{MEASURES[number].value}" for number in (2, 3))
    yield {f"{poor}.2": 1, f"{near}.5": -1}
    yield {f"{poor}.5": 1, f"{near}.3": -1}
    for unit in ("households", "persons"):
        yield {f"resident.{unit}": -1, f"resident.kinh_{unit}": 1, f"resident.dtts_{unit}": 1}


# --- what is shown


def _shown(book: Book, found: Hidden, translate: Translate) -> Book:
    tables = {
        number: Made(_public(book, made, _covered(made.grid, found), translate)) for number, made in book.whole.items()
    }
    return replace(book, tables=tables)


def _covered(grid: Grid, found: Hidden) -> set[tuple[int, int]]:
    """The cells that are not shown: hidden figures, and rates and shares of which one would follow."""
    columns, forms, cells = Columns(grid.layout).by_code, layouts(), set()
    for at, cell in grid.cells.items():
        if not cell.column:
            continue
        line, name = _names(cell)
        column, gone = columns[cell.column], found.cells.get(line, set())
        if not _is_derived(column):
            if name in gone:
                cells.add(at)
            continue
        of = [
            (columns if not other else {one.code: one for one in forms[int(other)].columns})[code].figure
            for other, code in _NAMED.findall(column.formula)
        ]
        if cell.holds is Holds.TEXT or gone.intersection(of):  # a share from – to gives away who is not known
            cells.add(at)
    return cells


def _public(book: Book, made: Made, hidden: set[tuple[int, int]], translate: Translate) -> Grid:
    """The form alone, with values in the place of formulas."""
    old, values = made.grid, book.values
    form = replace(old.layout, columns=tuple(one for one in old.layout.columns if one.kind is not Kind.BESIDE))
    grid = Grid(form, old.sheet, Columns(form).width, head=old.head, body=old.body)
    for (row, column), cell in old.cells.items():
        if row > old.body[1] or column > grid.width:
            continue
        if (row, column) in hidden:
            cell = replace(cell, holds=Holds.TEXT, value=MARK, formula=None, link=None)
        elif cell.column:
            value = values.of(At(old.name, row, column))
            holds = Holds.COUNT if cell.holds is Holds.FORMULA else cell.holds
            cell = replace(cell, holds=Holds.TEXT if isinstance(value, str) else holds, value=value, formula=None,
                           link=None)  # fmt: skip
        grid.put(row, column, cell)
    grid.height = old.body[1]
    grid.merged = [
        (row, column, last, min(across, grid.width))
        for row, column, last, across in old.merged
        if last <= old.body[1] and column <= grid.width
    ]
    _say(grid, made, (book.marks, len(hidden)), translate)
    return grid


def _say(grid: Grid, made: Made, of: tuple[Iterable[Said], int], translate: Translate) -> None:
    """Marks without a number of households; below the table what is hidden and why."""
    marks, hidden = of
    row = next((row for row in range(1, grid.head[0]) if grid.cells[row, 1].look is Look.MARK), grid.head[0])
    for one in marks:
        said = Said("public_illustrative") if one.code == "illustrative" else one
        grid.cells[row, 1] = replace(grid.cells[row, 1], value=said.sentence(translate))
        row += 1
    grid.line(Said("public", {"count": hidden}).sentence(translate), Look.NOTE)
    grid.line(Said("public_why").sentence(translate), Look.NOTE)
    if made.grid.width > grid.width:
        grid.line(Said("public_form").sentence(translate), Look.NOTE)
    grid.line(translate(KNOWN_WORDS[grid.layout.known]), Look.NOTE)
    for note in made.notes:
        if note.code in _TOLD:
            grid.line(note.sentence(translate), Look.NOTE)
