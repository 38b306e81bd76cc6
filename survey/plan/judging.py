"""How a target stands: its path, what is still missing, the pace that it takes, the trend, the light. Pure.

The path goes straight from the base to the target. Shares and levels move at the end of a year; what is summed up
within a year begins it at 0 and grows month by month; a share within a year has no path but the target itself.

Green: on the path or better; where the target says more than or less than, being on it is not enough. Amber: short of
it by at most a tenth of the planned change (`tolerance`). Red: by more. Grey: it cannot be told, and `why` says why
not. Hatched (`is_soft`): the colour rests on something provisional, derived, doubtful or yet to be confirmed. A fall is
told between two figures of the same status alone. All by fractions, so that what is exactly on a bound stays on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from statistics import median

from survey.terms import Comparison, FigureStatus, Light, TargetKind

TOLERANCE = Fraction(1, 10)  # of the planned change
RANK = {status: at for at, status in enumerate(FigureStatus)}
SOFT = frozenset({
    FigureStatus.SECOND_HAND, FigureStatus.DOUBTFUL, FigureStatus.DERIVED, FigureStatus.PROVISIONAL,
    FigureStatus.ILLUSTRATIVE, FigureStatus.ESTIMATED,
})  # fmt: skip
_STRICT = (Comparison.LESS, Comparison.MORE)
_BELOW = (Comparison.LESS, Comparison.AT_MOST)


class Why(StrEnum):
    """Why a target cannot be judged."""

    NO_TARGET = "no_target"
    NO_BASE = "no_base"
    NO_FIGURE = "no_figure"
    UNLIKE = "unlike"


@dataclass(frozen=True, order=True)
class When:
    """The end of a month."""

    year: int
    month: int = 12

    @property
    def months(self) -> int:
        return self.year * 12 + self.month

    def years_to(self, other: When) -> Fraction:
        return Fraction(other.months - self.months, 12)


@dataclass(frozen=True)
class Figure:
    """What a measure came to. `value` None: it cannot be told, and `why` says so."""

    when: When
    value: Decimal | None
    status: FigureStatus


@dataclass(frozen=True)
class Aim:
    """A target as it is judged. `base`: None where nobody knows it; of a fall also other figures of its year serve."""

    kind: TargetKind
    comparison: Comparison
    value: Decimal | None
    since: When
    until: When
    base: Decimal | None = None
    base_status: FigureStatus | None = None
    is_soft: bool = False

    @property
    def is_strict(self) -> bool:
        return self.comparison in _STRICT

    @property
    def is_lower_better(self) -> bool:
        return self.kind is TargetKind.FALL or (self.kind is not TargetKind.SUM and self.comparison in _BELOW)


@dataclass(frozen=True)
class Path:
    """Straight from `start` at `since` to `goal` at `until`; level before and after."""

    since: When
    until: When
    start: Fraction
    goal: Fraction

    def at(self, when: When) -> Fraction:
        done = Fraction(when.months - self.since.months, self.until.months - self.since.months)
        return self.start + (self.goal - self.start) * min(max(done, Fraction(0)), Fraction(1))

    @property
    def change(self) -> Fraction:
        return abs(self.goal - self.start)


@dataclass(frozen=True)
class Verdict:
    """`behind`: how much worse than the path, below 0 where it is better; `missing`: how much is left to the target,
    below 0 where it is passed; `pace`: by how much a year it has to move, None where no time is left; `fell`: of a
    fall, by how much until now."""

    light: Light
    why: Why | None = None
    figure: Figure | None = None
    path: Path | None = None
    behind: Fraction | None = None
    missing: Fraction | None = None
    pace: Fraction | None = None
    fell: Fraction | None = None
    is_soft: bool = False


def best(figures: Iterable[Figure]) -> dict[When, Figure]:
    """Of each month the figure that is known best; a forecast is none."""
    found: dict[When, Figure] = {}
    for one in figures:
        known = found.get(one.when)
        if one.status is FigureStatus.FORECAST or one.value is None:
            continue
        if known is None or RANK[one.status] < RANK[known.status]:
            found[one.when] = one
    return dict(sorted(found.items()))


def judge(aim: Aim, figures: Sequence[Figure], tolerance: Fraction = TOLERANCE) -> Verdict:
    """How a target stands by the latest figure that says something of it."""
    if aim.value is None:
        return Verdict(Light.GREY, Why.NO_TARGET)
    if aim.kind is TargetKind.FALL:
        return _fall(aim, figures, tolerance)
    path = _path(aim, aim.base)
    known = [one for when, one in best(figures).items() if _counts(aim, when)]
    if path is None:
        return Verdict(Light.GREY, Why.NO_BASE, known[-1] if known else None)
    if not known:
        return Verdict(Light.GREY, Why.NO_FIGURE, path=path)
    soft_base = aim.kind is TargetKind.LEVEL and aim.base_status in SOFT
    return _against(aim, path, known[-1], tolerance, soft_base)


def _counts(aim: Aim, when: When) -> bool:
    """Whether a figure of then is of the target: of a sum or share only what was done in its year."""
    of_year = aim.kind in (TargetKind.SUM, TargetKind.SHARE)
    since = When(aim.until.year - 1) if of_year else aim.since
    return since < when <= aim.until


def _path(aim: Aim, base: Decimal | None) -> Path | None:
    goal = Fraction(aim.value or 0)
    if aim.kind is TargetKind.SUM:
        return Path(When(aim.until.year - 1), aim.until, Fraction(0), goal)
    if aim.kind is TargetKind.SHARE:
        return Path(When(aim.until.year - 1), aim.until, goal, goal)
    if base is None:
        return None
    goal = Fraction(base) - goal if aim.kind is TargetKind.FALL else goal
    return Path(aim.since, aim.until, Fraction(base), goal)


def _fall(aim: Aim, figures: Sequence[Figure], tolerance: Fraction) -> Verdict:
    """Between two figures of one status, the best there is; later is better than better known."""
    bases = _bases(aim, figures)
    later = [one for one in figures if one.value is not None and _counts(aim, one.when)]
    later = [one for one in later if one.status is not FigureStatus.FORECAST]
    later.sort(key=lambda one: (one.when, -RANK[one.status]), reverse=True)
    pair = next((one for one in later if one.status in bases), None)
    if pair is not None:
        path = _path(aim, bases[pair.status])
        assert path is not None
        return _against(aim, path, pair, tolerance, soft_base=False)
    if not bases:
        return Verdict(Light.GREY, Why.NO_BASE, later[0] if later else None)
    path = _path(aim, bases[min(bases, key=lambda one: RANK[one])])
    if not later:
        return Verdict(Light.GREY, Why.NO_FIGURE, path=path)
    return Verdict(Light.GREY, Why.UNLIKE, later[0], path)


def _bases(aim: Aim, figures: Iterable[Figure]) -> Mapping[FigureStatus, Decimal]:
    """By status: the target's own, else a figure of its base year."""
    found = {one.status: one.value for one in figures if one.when == aim.since and one.value is not None}
    found.pop(FigureStatus.FORECAST, None)
    if aim.base is not None and aim.base_status is not None:
        found[aim.base_status] = aim.base
    return found


def _against(aim: Aim, path: Path, figure: Figure, tolerance: Fraction, soft_base: bool) -> Verdict:
    assert figure.value is not None
    actual, sign = Fraction(figure.value), 1 if aim.is_lower_better else -1
    behind = sign * (actual - path.at(figure.when))
    planned = path.goal if aim.kind is TargetKind.SHARE else path.change
    left = figure.when.years_to(path.until)
    if behind < 0 or (behind == 0 and not aim.is_strict):
        light = Light.GREEN
    else:
        light = Light.AMBER if behind <= planned * tolerance else Light.RED
    return Verdict(
        light,
        figure=figure,
        path=path,
        behind=behind,
        missing=sign * (actual - path.goal),
        pace=(path.goal - actual) / left if left > 0 and aim.kind is not TargetKind.SHARE else None,
        fell=path.start - actual if aim.kind is TargetKind.FALL else None,
        is_soft=aim.is_soft or soft_base or figure.status in SOFT,
    )


@dataclass(frozen=True)
class Trend:
    """By how much a measure moves a year. `of`: figures of one status; from three on the median of all slopes between
    two of them, of two their difference."""

    a_year: Fraction
    status: FigureStatus
    of: Sequence[Figure] = field(default_factory=tuple)


def trend(figures: Iterable[Figure]) -> Trend | None:
    """Over the ends of years, by the status that is known best of those with two figures; None when there is none."""
    by: dict[FigureStatus, dict[When, Figure]] = {}
    for one in figures:
        if one.value is not None and one.when.month == 12 and one.status is not FigureStatus.FORECAST:
            by.setdefault(one.status, {}).setdefault(one.when, one)
    for status in sorted(by, key=lambda one: RANK[one]):
        those = [by[status][when] for when in sorted(by[status])]
        if len(those) >= 2:
            slopes = [
                (Fraction(b.value or 0) - Fraction(a.value or 0)) / a.when.years_to(b.when)
                for a, b in combinations(those, 2)
            ]
            return Trend(median(slopes), status, those)
    return None
