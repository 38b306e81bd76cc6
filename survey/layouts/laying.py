"""Lines put into a form: the heading, a line for each place, the whole, and what is said below. Pure.

From above: whose table it is, its title as it was found, the round, the marks; two levels of headings and the codes of
the columns; the lines; the notes. All of it is the table that is signed: a mark that is taken away is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models import Round
from survey.layouts.flow_list import FlowCell
from survey.layouts.forms import FORMULAS, IN_PER_CENT, KNOWN_WORDS, Column, Kind, Layout
from survey.layouts.formulas import Value
from survey.layouts.grid import Cell, Columns, Grid, Holds, Look, holds_of
from survey.layouts.words import Said, Translate
from survey.reports.selection import Condition

TOTAL, MOVED = "total", "moved"
MOST_ADDED = 200  # arguments of SUM where lines of two units alternate; Excel takes 255
_LINKED = (Holds.COUNT, Holds.ENTERED, Holds.FORMULA)
_CODE = re.compile(r"\[(?:(\d+):)?([a-z]*\d*)\]")


@dataclass(frozen=True)
class Heading:
    """`by`: what its lines are of (`tables.Scope.lines`); `marks`: sentences that stand above the figures."""

    place: str
    survey_round: Round
    by: str
    marks: Sequence[str]
    translate: Translate


@dataclass(frozen=True)
class Line:
    """A place in one unit ("" where the table has one); `code`: of the place, "moved" or "total". `numbers`, `links`:
    by figure; a number that is None is not known. `residents_add_up`: the residents of the whole are the sum of its
    lines."""

    code: str
    name: str
    unit: str
    numbers: Mapping[str, int | None]
    links: Mapping[str, Condition | FlowCell | None]
    residents_add_up: bool = False


def lay(
    layout: Layout, heading: Heading, lines: Sequence[Line], said: tuple[Sequence[Said], Sequence[Said]],
    others: Mapping[int, Grid],
) -> Grid:  # fmt: skip
    """`said`: why it is not handed out, and what is told below; `others`: the tables that its formulas name."""
    columns, (faults, notes) = Columns(layout), said
    translate = heading.translate
    grid = Grid(layout, Said("sheet", {"number": layout.number}).sentence(translate), columns.width)
    _above(grid, heading, faults)
    _headings(grid, columns, heading)
    body = _Body(grid, columns, lines, others, translate)
    for at in range(len(lines)):
        body.line(at)
    grid.body = (body.first, grid.height)
    grid.line(translate(KNOWN_WORDS[layout.known]), Look.NOTE)
    for one in notes:
        grid.line(one.sentence(translate), Look.NOTE)
    return grid


def lay_list(
    layout: Layout, heading: Heading, lines: Iterable[Mapping[str, str]], said: tuple[Sequence[Said], Sequence[Said]]
) -> Grid:
    """A list of people. `lines`: of each member what stands in the columns, by their figures; what a line has not is
    blank. No cell of it is a figure: all of it is signed, and none of it listed among the definitions."""
    columns, (faults, notes) = Columns(layout), said
    grid = Grid(layout, Said("sheet", {"number": layout.number}).sentence(heading.translate), columns.width)
    _above(grid, heading, faults)
    _headings(grid, columns, heading)
    first = grid.height + 1
    for row, line in enumerate(lines, first):
        for one in layout.columns:
            if words := line.get(one.figure):
                look = Look.NAME if one.figure == "member.name" else Look.CORNER
                grid.put(row, columns.of(one), Cell(Holds.TEXT, look, words))
    grid.body = (first, max(grid.height, first))
    grid.height = grid.body[1]
    grid.line(heading.translate(KNOWN_WORDS[layout.known]), Look.NOTE)
    for note in notes:
        grid.line(note.sentence(heading.translate), Look.NOTE)
    return grid


def _above(grid: Grid, heading: Heading, faults: Sequence[Said]) -> None:
    grid.line(f"{heading.place} · {grid.sheet}", Look.CORNER)
    grid.line(grid.layout.title, Look.TITLE)
    days = f"{heading.survey_round.opens_on:%d/%m/%Y}–{heading.survey_round.closes_on:%d/%m/%Y}"
    grid.line(f"{heading.survey_round.title} ({days})", Look.LINE)
    for one in heading.marks:
        grid.line(one, Look.MARK)
    if faults:
        grid.line(Said("refused").sentence(heading.translate), Look.MARK)
        for fault in faults:
            grid.line(fault.sentence(heading.translate), Look.MARK)


def _headings(grid: Grid, columns: Columns, heading: Heading) -> None:
    """Two levels, then the codes where the form has any; a heading over several columns is merged over them."""
    top, translate = grid.height + 1, heading.translate
    has_codes = any(one.code.isdigit() for one in columns.layout.columns)
    last = top + 2 if has_codes else top + 1
    own = ["number", heading.by, *(["unit"] if columns.layout.in_persons_too else [])][: columns.first - 1]
    for column, code in enumerate(own, 1):
        words = (columns.layout.commune if code == "commune" else "") or Said(code).sentence(translate)
        _head(grid, top, column, words, last=(last, column))
    at, those = 0, columns.layout.columns
    while at < len(those):
        head, first = those[at].head, columns.of(those[at])
        run = [one for one in those[at:] if one.head == head]
        is_alone = not those[at].below
        _head(grid, top, first, head, last=(top + 1 if is_alone else top, first + len(run) - 1))
        for one in run if not is_alone else ():
            _head(grid, top + 1, columns.of(one), one.below, last=(top + 1, columns.of(one)))
        at += len(run)
    for one in those:
        if one.code.isdigit():
            grid.put(top + 2, columns.of(one), Cell(Holds.TEXT, Look.CODE, f"({one.code})"))
    grid.head, grid.height = (top, last), last


def _head(grid: Grid, row: int, column: int, words: str, last: tuple[int, int]) -> None:
    grid.put(row, column, Cell(Holds.TEXT, Look.HEAD, words))
    grid.merge(row, column, *last)


class _Body:
    """The lines of a table. `first`: the row of the first of them."""

    def __init__(
        self, grid: Grid, columns: Columns, lines: Sequence[Line], others: Mapping[int, Grid], translate: Translate
    ) -> None:
        self.grid, self.columns, self.lines, self.translate = grid, columns, lines, translate
        self.first = grid.height + 1
        self.numbers = {code: at for at, code in enumerate(dict.fromkeys(one.code for one in lines), 1)}
        self.others = {number: (Columns(other.layout).places, other.body[0]) for number, other in others.items()}

    def line(self, at: int) -> None:
        line, row = self.lines[at], self.first + at
        is_second = bool(line.unit) and at > 0 and self.lines[at - 1].code == line.code
        if not is_second:
            self._words(row, 1, Look.CODE, "" if line.code in (TOTAL, MOVED) else str(self.numbers[line.code]), line)
            self._words(row, 2, Look.NAME, line.name or Said(line.code).sentence(self.translate), line)
            if line.unit:
                self.grid.merge(row, 1, row + 1, 1)
                self.grid.merge(row, 2, row + 1, 2)
        if line.unit:
            self._words(row, 3, Look.NAME, Said(line.unit).sentence(self.translate), line)
        for one in self.columns.layout.columns:
            self.grid.put(row, self.columns.of(one), self._cell(one, line, at))

    def _words(self, row: int, column: int, look: Look, words: str, line: Line) -> None:
        self.grid.put(row, column, Cell(Holds.TEXT, look, words, is_total=line.code == TOTAL))

    def _cell(self, one: Column, line: Line, at: int) -> Cell:
        holds, value, formula = self._held(one, line, at)
        return Cell(
            holds, Look.PER_CENT if one.kind in IN_PER_CENT else Look.NUMBER, value, formula, _code_of(line), one.code,
            one.figure or f"{self.columns.layout.number}.{one.code}", one.base,
            line.links.get(one.figure) if holds in _LINKED else None, line.code == TOTAL,
        )  # fmt: skip

    def _held(self, one: Column, line: Line, at: int) -> tuple[Holds, Value, str | None]:
        """What the cell holds, its value or its formula."""
        number = line.numbers.get(one.figure)
        if one.kind is Kind.SHARE and (between := _between(one, line)) is not None:
            return Holds.TEXT, between, None
        if one.kind is Kind.UNASKED or (number is None and one.kind not in FORMULAS - {Kind.IDENTITY}):
            return Holds.BLANK, None, None
        formula = self._formula(one, at) if one.kind in FORMULAS else self._sum(one, line, at)
        return (Holds.FORMULA, None, formula) if formula is not None else (holds_of(one.kind), number, None)

    def _sum(self, one: Column, line: Line, at: int) -> str | None:
        """Of the whole, what adds up its lines; None where it is a number of its own."""
        if line.code != TOTAL:
            return None
        above = [self.first + row for row, other in enumerate(self.lines[:at]) if other.unit == line.unit]
        if not above or (one.kind is Kind.ENTERED and not line.residents_add_up):
            return None
        column = self.columns.of(one)
        if not line.unit:
            return f"SUM(R{above[0]}C{column}:R{above[-1]}C{column})"
        return f"SUM({','.join(f'R{row}C{column}' for row in above)})" if len(above) <= MOST_ADDED else None

    def _formula(self, one: Column, at: int) -> str:
        """In normal form; a place has the same line in each table that a formula may name."""

        def cell(found: re.Match[str]) -> str:
            if found[1] is None:
                return f"R{self.first + at}C{self.columns.places[found[2]]}"
            places, first = self.others[int(found[1])]
            return f"Bieu_{found[1]}!R{first + at}C{places[found[2]]}"

        return _CODE.sub(cell, one.formula)


def _code_of(line: Line) -> str:
    return f"{line.code}.{line.unit}" if line.unit else line.code


def _between(one: Column, line: Line) -> str | None:
    """Between what a share lies where of some households nobody knows; None where all is known."""
    lack = one.figure.removesuffix(".share")
    unknown = line.numbers.get(lack.replace(".lack.", ".unknown."))
    whole = line.numbers.get(lack.split(".", 1)[0] + ".households")
    if not unknown or not whole:
        return None
    lacks = line.numbers.get(lack) or 0
    low, high = (f"{100 * number / whole:.2f}".replace(".", ",") for number in (lacks, lacks + unknown))
    return f"{low} – {high}"
