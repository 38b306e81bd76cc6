"""A small picture of a target: the straight path from base to target, and what was reached. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from survey.plan.judging import RANK, SOFT, Figure, Path, When
from survey.terms import FigureStatus

WIDTH, HEIGHT, MARGIN = 320, 120, 14
_SOLID = [status for status in FigureStatus if status not in SOFT and status is not FigureStatus.FORECAST]


@dataclass(frozen=True)
class Spot:
    x: float
    y: float
    figure: Figure
    is_soft: bool  # provisional, derived, a forecast and the like
    is_used: bool


@dataclass(frozen=True)
class Drawing:
    """`path`: the two ends of the path as x and y, None where there is none; `years`: x and words of the axis;
    `line`: what was reached from year to year, as points of a line, by the best known of each month."""

    path: tuple[float, float, float, float] | None
    spots: Sequence[Spot]
    line: str
    years: Sequence[tuple[float, int]]


def draw(path: Path | None, figures: Sequence[Figure], used: Figure | None) -> Drawing | None:
    """None where there is nothing to see: no path and fewer than two figures."""
    shown = [one for one in figures if one.value is not None]
    if path is None and len(shown) < 2:
        return None
    whens = [one.when for one in shown] + ([path.since, path.until] if path else [])
    heights = [Fraction(one.value or 0) for one in shown] + ([path.start, path.goal] if path else [])
    x = _scale([Fraction(one.months) for one in whens], MARGIN, WIDTH - MARGIN)
    y = _scale([*heights, Fraction(0)] if min(heights) < max(heights) / 2 else heights, HEIGHT - 2 * MARGIN, MARGIN)
    best: dict[When, Figure] = {}
    for one in sorted(shown, key=lambda one: (one.when, RANK[one.status])):
        if one.status is not FigureStatus.FORECAST:
            best.setdefault(one.when, one)
    return Drawing(
        (x(path.since.months), y(path.start), x(path.until.months), y(path.goal)) if path else None,
        [
            Spot(x(one.when.months), y(Fraction(one.value or 0)), one, one.status not in _SOLID, one is used)
            for one in sorted(shown, key=lambda one: one.status in _SOLID)  # the best known above the others
        ],
        " ".join(f"{x(one.when.months)},{y(Fraction(one.value or 0))}" for one in best.values()),
        [(x(When(year).months), year) for year in sorted({one.year for one in whens if one.month == 12})],
    )


def _scale(values: Sequence[Fraction], low: int, high: int) -> Callable[[Fraction | int], float]:
    """From the least of `values` at `low` to the most at `high`; where they are all one, in the middle."""
    least, most = min(values), max(values)
    span = most - least

    def at(value: Fraction | int) -> float:
        share = (Fraction(value) - least) / span if span else Fraction(1, 2)
        return round(float(low + (high - low) * share), 1)

    return at
