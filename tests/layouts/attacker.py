"""Whoever wants to know a hidden figure: all tables that fit what is shown, counted out or bounded by exact algebra.

Independent of what hides: it knows the lines, the formulas and that nothing is less than nothing, and no swap."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import inf

from scipy.optimize import linprog
from scipy.sparse import csr_array

Cell = tuple[str, str]
Row = dict[Cell, int]


def system(
    lines: Mapping[str, Iterable[str]],
    sums: Iterable[tuple[str, Sequence[str]]],
    equations: Iterable[Mapping[str, int]],
) -> list[Row]:
    """All that holds: in each line the equations of which it has every column, in each column that a line is the sum
    of others. `sums`: the line of the sum, and its parts."""
    shown = {line: set(columns) for line, columns in lines.items()}
    found: list[Row] = [
        {(line, name): by for name, by in one.items()}
        for line, columns in shown.items() for one in equations if columns >= one.keys()
    ]  # fmt: skip
    for whole, parts in sums:
        for name in shown[whole]:
            found.append({(whole, name): -1} | {(part, name): 1 for part in parts if name in shown[part]})
    return found


def unknown_part(rows: Iterable[Row], values: Mapping[Cell, int], hidden: set[Cell]) -> list[tuple[Row, int]]:
    """Each row over the hidden cells alone, with what these come to."""
    found = []
    for row in rows:
        own = {cell: by for cell, by in row.items() if cell in hidden}
        if own:
            found.append((own, -sum(by * values[cell] for cell, by in row.items() if cell not in hidden)))
    return found


def determined(rows: Sequence[tuple[Row, int]], hidden: Iterable[Cell]) -> set[Cell]:
    """Hidden cells that follow from the equations alone: exact elimination over the rationals; a cell is known if a row
    of the reduced form holds it and nothing else."""
    matrix = [({cell: Fraction(by) for cell, by in row.items()}) for row, _ in rows]
    done: list[tuple[Cell, dict[Cell, Fraction]]] = []
    for row in matrix:
        row = dict(row)
        for pivot, other in done:
            if by := row.get(pivot):
                _take(row, other, by)
        if not row:
            continue
        pivot, by = next(iter(row.items()))
        row = {cell: value / by for cell, value in row.items()}
        for _, other in done:
            if by := other.get(pivot):
                _take(other, row, by)
        done.append((pivot, row))
    return {pivot for pivot, row in done if len(row) == 1} & set(hidden)


def _take(row: dict[Cell, Fraction], other: Mapping[Cell, Fraction], by: Fraction) -> None:
    for cell, value in other.items():
        row[cell] = row.get(cell, Fraction(0)) - by * value
        if not row[cell]:
            del row[cell]


class Program:
    """A linear program over what is not less than nothing, asked of one figure after the other."""

    def __init__(self, rows: Sequence[tuple[Row, int]], cells: Iterable[Cell]) -> None:
        self.cells = sorted({one for row, _ in rows for one in row} | set(cells))
        self.at = {one: number for number, one in enumerate(self.cells)}
        entries = [(at, self.at[one], by) for at, (row, _) in enumerate(rows) for one, by in row.items()]
        lines, columns, numbers = zip(*entries, strict=True) if entries else ((), (), ())
        self.left = csr_array((numbers, (lines, columns)), shape=(len(rows), len(self.cells)), dtype=float)
        self.right = [come for _, come in rows]
        self.seen: list[tuple[float, float]] = [(inf, -inf)] * len(self.cells)  # over all tables that were found

    def end(self, cell: Cell, sign: int) -> float:
        """The least (1) or the most (-1) that a cell can be."""
        goal = [0.0] * len(self.cells)
        goal[self.at[cell]] = float(sign)
        found = linprog(goal, A_eq=self.left, b_eq=self.right, bounds=(0, None))
        if found.status == 3:
            return -inf * sign
        assert found.status == 0, found.message
        self.seen = [(min(low, value), max(high, value)) for (low, high), value in zip(self.seen, found.x, strict=True)]
        return sign * float(found.fun)

    def is_open(self, cell: Cell) -> bool:
        """Whether a cell can be two whole numbers apart by one or more: what was found for others is made use of."""
        low, high = self.seen[self.at[cell]]
        return high - low > 0.99 or self.end(cell, -1) - self.end(cell, 1) > 0.99


def bounds(rows: Sequence[tuple[Row, int]], cell: Cell) -> tuple[float, float]:
    """Between what a cell lies."""
    program = Program(rows, [cell])
    return program.end(cell, 1), program.end(cell, -1)


def counted_out(rows: Sequence[tuple[Row, int]], hidden: Sequence[Cell], most: int) -> dict[Cell, set[int]]:
    """Of each cell the values that it has in some table that fits, each hidden figure 0 to `most`: all are tried."""
    found: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    order = list(hidden)
    for values in itertools.product(range(most + 1), repeat=len(order)):
        table = dict(zip(order, values, strict=True))
        if all(sum(by * table[cell] for cell, by in row.items()) == come for row, come in rows):
            for cell, value in table.items():
                found[cell].add(value)
    return found
