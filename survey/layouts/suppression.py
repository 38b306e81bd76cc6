"""Which figures of a table the public does not see, so that no small one can be computed from what it sees. Pure.

A table has lines (places) and columns. In each line equations hold (the formulas of the forms), in each column the
lines come to the total. A figure of 1 to 4 is hidden, and with it as many others as it takes: of every hidden figure
there is a *swap*, and all that a swap touches is hidden. A swap takes `step` from one line and gives it to another; a
step keeps every equation, and what one line loses the other gains, so the table after it is as good as the table before
it, and whoever sees the public one cannot tell which is true. `up` and `down` say how often it can be done before a
figure would be less than nothing: a hidden figure may be one of `up + down + 1` at least. FIVE of them are looked for;
where the whole table has not so many households, there are two or more.

From above to below (a province by its communes, a commune by its villages) the lower table is protected as if whoever
reads it knew all of the upper one. What is hidden of a commune above must not come back as the sum of its villages: a
village takes up each step of its commune (`taking_up`), or all of that family of columns is hidden in every village.

What is not promised: that nobody narrows a figure down by what they know of the place, or by what no formula says (a
household that is poor lacks three indicators).
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log10
from typing import NamedTuple

SMALL = range(1, 5)  # what is hidden
FIVE = 5  # values that are left to a hidden figure, wherever there are as many
TOTAL = "total"
MOST_STEPS, MOST_TRIED, LONGEST = 16, 1200, 14  # steps of a column; partial ones looked at; columns of a step
PARTNERS = 10  # lines that are tried as the other side of a swap
WHOLE = 4  # a figure of the total is so much more missed than one of a line
Equation = Mapping[str, int]  # the sum of coefficient times figure is 0
Step = Mapping[str, int]  # by column, what a line gains; its equations hold after it as before
Figures = Mapping[str, Mapping[str, int]]  # by line and column


class Swap(NamedTuple):
    """`line` gains `step` up to `up` times or loses it `down` times; `other` the reverse, and the total the same."""

    line: str
    other: str
    step: Step
    up: int
    down: int

    @property
    def values(self) -> int:
        return self.up + self.down + 1


@dataclass
class Hidden:
    """`cells`: by line, its hidden columns; `swaps`: by which each of them is not known; `families`: columns that are
    hidden in every line."""

    cells: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    swaps: dict[tuple[str, str], Swap] = field(default_factory=dict)
    families: set[str] = field(default_factory=set)


class Frame:
    """What holds in each line, and the steps that keep it."""

    def __init__(self, columns: Collection[str], equations: Iterable[Equation], weights: Mapping[str, int]) -> None:
        """`columns`: those that are shown; of any other nothing is known to change. `weights`: how large each is."""
        known = set(columns)
        shown = [{name: by for name, by in one.items() if name in known} for one in equations]
        self.equations = [one for one in shown if len(one) > 1]
        self.of = defaultdict[str, list[Equation]](list)
        for one in self.equations:
            for name in one:
                self.of[name].append(one)
        self.weights = weights
        self._steps: dict[str, list[Step]] = {}

    def steps(self, column: str) -> list[Step]:
        """Those by which a figure of `column` becomes one more, what costs the least first."""
        if column not in self._steps:
            self._steps[column] = list(self._found(column))
        return self._steps[column]

    def _found(self, column: str) -> Iterator[Step]:
        number, found, seen = 0, 0, set[frozenset[tuple[str, int]]]()
        line: list[tuple[float, int, dict[str, int]]] = [(self._cost(column), 0, {column: 1})]
        for _ in range(MOST_TRIED):
            if not line or found == MOST_STEPS:
                return
            cost, _, step = heapq.heappop(line)
            broken = next((one for name in step for one in self.of[name] if _sum(one, step)), None)
            if broken is None:
                found += 1
                yield step
                continue
            rest = _sum(broken, step)
            for name, by in broken.items() if len(step) < LONGEST else ():
                if name in step or rest % by:
                    continue
                more = step | {name: -rest // by}
                if (key := frozenset(more.items())) not in seen:
                    seen.add(key)
                    number += 1
                    heapq.heappush(line, (cost + self._cost(name), number, more))

    def _cost(self, column: str) -> float:
        return 1 + log10(1 + self.weights.get(column, 0))

    def family(self, column: str) -> set[str]:
        """All columns that equations join to it."""
        found, new = {column}, [column]
        while new:
            for one in self.of[new.pop()]:
                new += [name for name in one if name not in found]
                found |= one.keys()
        return found


def _sum(equation: Equation, step: Step) -> int:
    return sum(by * step.get(name, 0) for name, by in equation.items())


def hidden(frame: Frame, lines: Figures, total: Mapping[str, int], above: Above | None = None) -> Hidden:
    """What is not shown. `lines`: whole numbers of 0 or more; `above`: what is hidden of the total in the table above
    this one, which is then as it is there; without it the total is a line like the others."""
    return _Choice(frame, lines, total, above).made()


@dataclass(frozen=True)
class Above:
    """Of a commune in the table of its province: its hidden columns, the steps that must be taken up by its villages
    (each with the direction) and the columns that are hidden in all communes."""

    cells: frozenset[str]
    steps: tuple[tuple[tuple[tuple[str, int], ...], int], ...]
    families: frozenset[str] = frozenset()


def above_of(found: Hidden, line: str) -> Above:
    """What the table below must know of a line."""
    steps: dict[tuple[tuple[tuple[str, int], ...], int], None] = {}
    for swap in found.swaps.values():
        same = swap.other == TOTAL or swap.line == TOTAL
        for side, sign in ((swap.line, 1), (swap.other, 1 if same else -1)):
            if side == line:
                for times, way in ((swap.up, sign), (swap.down, -sign)):
                    if times:
                        steps[tuple(sorted(swap.step.items())), way] = None
    return Above(frozenset(found.cells[line]), tuple(steps), frozenset(found.families))


class _Choice:
    def __init__(self, frame: Frame, lines: Figures, total: Mapping[str, int], above: Above | None) -> None:
        self.frame, self.above, self.found = frame, above, Hidden()
        self.lines = dict(lines) if above is not None else {**lines, TOTAL: total}
        self.total = total
        self.tried: set[tuple[str, str]] = set()

    def made(self) -> Hidden:
        if self.above is not None and len(self.lines) == 1:  # a village that is its commune
            [line] = self.lines
            self.found.cells[line] = set(self.above.cells & self.lines[line].keys())
            return self.found
        for line, figures in self.lines.items():
            self.found.cells[line] |= {name for name, value in figures.items() if value in SMALL}
        self._take_up()
        while open_ := self._open():
            for line, column in open_:
                if (line, column) not in self.tried:
                    self._hide(line, column)
        return self.found

    def _open(self) -> list[tuple[str, str]]:
        """Hidden figures for which no swap was looked for; the small ones of small columns first."""
        found = [
            (line, column) for line, columns in self.found.cells.items() for column in columns
            if (line, column) not in self.tried
        ]  # fmt: skip
        return sorted(found, key=lambda one: (self.lines[one[0]][one[1]], self.total.get(one[1], 0), one))

    def _hide(self, line: str, column: str) -> None:
        """Finds the swap that costs the least."""
        self.tried.add((line, column))
        best: tuple[tuple[int, float, int], Swap] | None = None
        for at, step in enumerate(self.frame.steps(column)):
            for other in self._partners(line, column):
                swap = self._swap(line, other, step)
                if swap is None or swap.values < 2:
                    continue
                key = max(0, FIVE - swap.values), self._costs(swap), at
                if best is None or key < best[0]:
                    best = key, swap
        if best is None:
            self._hide_family(column)
            return
        self._apply(best[1])
        self.found.swaps[line, column] = best[1]

    def _apply(self, swap: Swap) -> None:
        for side in (swap.line, swap.other):
            columns = swap.step.keys() & self.lines[side].keys()
            self.found.cells[side] |= columns
            for column in columns if swap.values >= FIVE else ():
                self.tried.add((side, column))
                self.found.swaps.setdefault((side, column), swap)

    def _partners(self, line: str, column: str) -> list[str]:
        """Lines in which the column is hidden already, then the large ones."""

        def order(other: str) -> tuple[bool, bool, int, str]:
            return other == TOTAL, column not in self.found.cells[other], -self.lines[other].get(column, 0), other

        others = [other for other in self.lines if other != line and column in self.lines[other]]
        found = heapq.nsmallest(PARTNERS, others, key=order)
        return found + [TOTAL] if TOTAL in others and TOTAL not in found else found

    def _swap(self, line: str, other: str, step: Step) -> Swap | None:
        one, two = self.lines[line], self.lines[other]
        columns = step.keys() & one.keys()
        if columns != step.keys() & two.keys():
            return None
        same = 1 if TOTAL in (line, other) else -1
        up = min(_room(one, step, 1), _room(two, step, same))
        down = min(_room(one, step, -1), _room(two, step, -same))
        return Swap(line, other, step, up, down)

    def _costs(self, swap: Swap) -> float:
        return sum(
            (WHOLE if side == TOTAL else 1) * (1 + log10(1 + self.lines[side][name]))
            for side in (swap.line, swap.other)
            for name in swap.step if name in self.lines[side] and name not in self.found.cells[side]
        )  # fmt: skip

    def _hide_family(self, column: str) -> None:
        """Nothing of these columns is shown by line: all of it could lie in any of them."""
        family = self.frame.family(column)
        self.found.families |= family
        for line, figures in self.lines.items():
            columns = {name for name in family & figures.keys() if self._may_be_more(line, name)}
            if line == TOTAL and len(self.lines) > 2:
                columns &= self.found.cells[line]
            self.found.cells[line] |= columns
            self.tried |= {(line, name) for name in columns}

    def _may_be_more(self, line: str, column: str) -> bool:
        """Whether a line could have had something of a column; where its whole is nothing and seen, it cannot."""
        is_seen = self.above is None or column not in self.above.cells
        return bool(self.lines[line][column] or self.total.get(column)) or not is_seen

    def _take_up(self) -> None:
        """That what is hidden of the total is not the sum of its lines."""
        above = self.above
        if above is None:
            return
        for name in above.families:
            if name in self.total and name not in self.found.families:
                self._hide_family(name)
        for pairs, way in above.steps:
            step = dict(pairs)
            line = self.taking_up(step, way)
            if line is not None:
                self.found.cells[line] |= step.keys() & self.lines[line].keys()
            else:
                for name in step:
                    if name not in self.found.families:
                        self._hide_family(name)

    def taking_up(self, step: Step, way: int) -> str | None:
        """The line that can gain (1) or lose (-1) a step: of those the one of which the most is hidden already."""
        able = [
            line for line, figures in self.lines.items()
            if step.keys() & figures.keys() == step.keys() & self.columns and _room(figures, step, way) >= 1
        ]  # fmt: skip

        def order(line: str) -> tuple[int, int, str]:
            shown = step.keys() - self.found.cells[line]
            return len(shown), -sum(self.lines[line].get(name, 0) for name in step), line

        return min(able, key=order, default=None)

    @cached_property
    def columns(self) -> set[str]:
        return {name for figures in self.lines.values() for name in figures}


MANY = 1_000_000  # times a step that takes nothing off can be done


def _room(figures: Mapping[str, int], step: Step, way: int) -> int:
    """How often a line can gain (1) or lose (-1) a step."""
    return min(
        (figures[name] // abs(by) for name, by in step.items() if name in figures and way * by < 0), default=MANY
    )


def undetermined(found: Hidden, lines: Sequence[str]) -> bool:
    """Whether each hidden figure of `lines` has a swap of two values or more, or is of a family."""
    return all(
        (line, column) in found.swaps or column in found.families for line in lines for column in found.cells[line]
    )
