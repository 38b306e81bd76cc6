"""What if another standard held: of which class a household would be, as far as what is kept of it can tell. Pure.

A scenario moves the income lines, the number of lacks from which a household is poor, or which indicators count. Of a
household the points of B1, the class and the twelve lacks are kept. Where these do not tell, the answer is every class
that is still possible, with the reason, and never a guess: points of B1 and đồng have no known equivalence but the line
itself, so nothing is read between the two. Who is within today's line is within any higher one in đồng; of who is above
it nobody knows. A rule that is read anew is another matter: `round compare` judges the answers themselves.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from survey.terms import Area, HouseholdClass, Indicator

INDICATORS = tuple(Indicator)
LEAST = 3  # lacks from which a household within the line is poor: NĐ 07/2021/NĐ-CP Art. 3
MOST_UNASKED = 6
CHANGES = Path(__file__).parent / "scenarios" / "indicators.csv"


class LineUnit(StrEnum):
    POINTS = "points"  # of B1
    DONG = "dong"  # a person and month


MOST = {LineUnit.POINTS: 1000, LineUnit.DONG: 1_000_000_000}  # as the questionnaire takes them


class Why(StrEnum):
    """Why the class would be another, or why it cannot be told."""

    LINE = "line"  # on the other side of the line
    LEAST = "least"  # another number of lacks makes a household poor
    LEFT_OUT = "left_out"  # what it lacks does not count any more
    NO_EQUIVALENT = "no_equivalent"  # a line in đồng, and what is known are points
    NO_POINTS = "no_points"  # on which side of today's line is known, and not how far from it
    NO_SIDE = "no_side"  # an answer is missing, so not even the side of today's line is known
    NO_AREA = "no_area"  # rural or urban is not known, and the two lines differ for it
    MISSING = "missing"  # of a counted indicator an answer is missing
    UNTOLD = "untold"  # an indicator is asked otherwise then
    UNASKED = "unasked"  # an indicator that nobody was asked about


class WrongScenario(ValueError):
    """`code`: what is wrong; `of`: the field, or the value, that it is about."""

    def __init__(self, code: str, of: str = "") -> None:
        super().__init__(code)
        self.code, self.of = code, of


@dataclass(frozen=True)
class Scenario:
    """`rural`, `urban`: the lines, inclusive ("từ … trở xuống"), in `unit`; None: as today. `least`: lacks from which a
    household within the line is poor. `left_out`: indicators that do not count; `untold`: that count, but today's
    answer does not tell; `unasked`: how many more count that nobody was asked about. Raises WrongScenario."""

    unit: LineUnit = LineUnit.POINTS
    rural: int | None = None
    urban: int | None = None
    least: int = LEAST
    left_out: frozenset[Indicator] = frozenset()
    untold: frozenset[Indicator] = frozenset()
    unasked: int = 0

    def __post_init__(self) -> None:
        for area, line in self.lines.items():
            if line is not None and not 0 <= line <= MOST[self.unit]:
                raise WrongScenario("line", area)
        if self.left_out & self.untold:
            raise WrongScenario("twice", sorted(self.left_out & self.untold)[0])
        if not 0 <= self.unasked <= MOST_UNASKED:
            raise WrongScenario("unasked")
        if not 1 <= self.least <= self.counted:
            raise WrongScenario("least")

    @property
    def lines(self) -> Mapping[Area, int | None]:
        return {Area.RURAL: self.rural, Area.URBAN: self.urban}

    @property
    def counted(self) -> int:
        """How many indicators count."""
        return len(INDICATORS) - len(self.left_out) + self.unasked

    @property
    def is_as_now(self) -> bool:
        return self == Scenario(unit=self.unit)

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit.value,
            "rural": self.rural,
            "urban": self.urban,
            "least": self.least,
            "left_out": [one.value for one in INDICATORS if one in self.left_out],
            "untold": [one.value for one in INDICATORS if one in self.untold],
            "unasked": self.unasked,
        }


def from_json(said: Any) -> Scenario:
    """What `as_json` gave. Raises WrongScenario."""
    try:
        return Scenario(
            LineUnit(said["unit"]), said["rural"], said["urban"], said["least"],
            frozenset(map(Indicator, said["left_out"])), frozenset(map(Indicator, said["untold"])), said["unasked"],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise WrongScenario("unreadable") from None


class Today(NamedTuple):
    """The lines by which the households were judged; None where no text was found. `by_income`: of đồng, not of points
    (then no household has points)."""

    points: Mapping[Area, int | None]
    dong: Mapping[Area, int | None]
    by_income: bool = False


class Case(NamedTuple):
    """What is kept of a household. `lacks` in the order of the indicators."""

    household_class: HouseholdClass | None
    area: Area | None
    points: float | None
    lacks: tuple[bool | None, ...]


@dataclass(frozen=True)
class Judged:
    """`possible`: every class that it may be of, never none; `why`: why it is another than now, or cannot be told."""

    possible: frozenset[HouseholdClass]
    why: tuple[Why, ...] = ()

    @property
    def household_class(self) -> HouseholdClass | None:
        """None: cannot be told."""
        return next(iter(self.possible)) if len(self.possible) == 1 else None


class Part(NamedTuple):
    """Whether something holds of a household: yes, no, or either, and then why both."""

    may_be: frozenset[bool]
    why: tuple[Why, ...] = ()


_YES, _NO, _EITHER = frozenset({True}), frozenset({False}), frozenset({True, False})
_POSSIBLE = {
    (within, enough): frozenset(
        (HouseholdClass.POOR if lacks else HouseholdClass.NEAR_POOR) if inside else HouseholdClass.NOT_POOR
        for inside in within
        for lacks in enough
    )
    for within in (_YES, _NO, _EITHER)
    for enough in (_YES, _NO, _EITHER)
}
AS_NOW = Scenario()


def judge(scenario: Scenario, today: Today, case: Case) -> Judged:
    """Of which class a household would be."""
    of_line = case.household_class, case.area, case.points
    return joined(
        scenario, case.household_class, within(scenario, today, *of_line), within(AS_NOW, today, *of_line),
        enough(scenario, case.lacks), lacks_left_out(scenario, case.lacks),
    )  # fmt: skip


def joined(
    scenario: Scenario, now: HouseholdClass | None, line: Part, line_now: Part, lacks: Part, left_out: bool
) -> Judged:
    """The class of who may be within the line, and may lack enough; each part can be judged by itself and kept."""
    possible = _POSSIBLE[line.may_be, lacks.may_be]
    if len(possible) > 1:
        return Judged(possible, (*line.why, *(lacks.why if True in line.may_be else ())))
    if now is None or now in possible:
        return Judged(possible)
    if line_now.may_be != line.may_be:
        return Judged(possible, (Why.LINE,))
    by_least, by_indicator = scenario.least != LEAST, left_out
    return Judged(possible, (*((Why.LEAST,) if by_least else ()), *((Why.LEFT_OUT,) if by_indicator else ())))


def within(
    scenario: Scenario, today: Today, now: HouseholdClass | None, area: Area | None, points: float | None
) -> Part:
    """Whether it is within the line of its area; where the area is not known, of either."""
    sides = [_side(scenario, today, now, one, points) for one in (tuple(Area) if area is None else (area,))]
    unknown = tuple(dict.fromkeys(why for _, why in sides if why is not None))
    if unknown:
        return Part(_EITHER, unknown)
    if len({side for side, _ in sides}) > 1:
        return Part(_EITHER, (Why.NO_AREA,))
    return Part(_YES if sides[0][0] else _NO)


def _side(
    scenario: Scenario, today: Today, stands: HouseholdClass | None, area: Area, points: float | None
) -> tuple[bool | None, Why | None]:
    """Whether it is within the line of the area; None with the reason where that cannot be told."""
    line = scenario.rural if area is Area.RURAL else scenario.urban
    in_points = scenario.unit is LineUnit.POINTS
    if line is not None and in_points and points is not None and not today.by_income:
        return points <= line, None
    now = _side_now(today, stands, area, points)
    if now is None:
        return None, Why.NO_SIDE
    old = None if in_points and today.by_income else (today.points if in_points else today.dong)[area]
    if line is None or line == old:
        return now, None
    if old is not None and (line > old) is now:  # within a lower line, above a higher one
        return now, None
    return None, Why.NO_POINTS if in_points or today.by_income else Why.NO_EQUIVALENT


def _side_now(today: Today, stands: HouseholdClass | None, area: Area, points: float | None) -> bool | None:
    """Within today's line: by the points, and where there are none by the class that stands for more answers."""
    line = today.points[area]
    if points is not None and line is not None and not today.by_income:
        return points <= line
    return None if stands is None else stands is not HouseholdClass.NOT_POOR


def enough(scenario: Scenario, lacks: Iterable[bool | None]) -> Part:
    """Whether it lacks enough to be poor, if it is within the line."""
    sure = missing = untold = 0
    for one, lack in zip(INDICATORS, lacks, strict=True):
        if one in scenario.left_out:
            continue
        if one in scenario.untold:
            untold += 1
        elif lack is None:
            missing += 1
        else:
            sure += lack
    if sure >= scenario.least:
        return Part(_YES)
    if sure + missing + untold + scenario.unasked < scenario.least:
        return Part(_NO)
    counts = ((Why.MISSING, missing), (Why.UNTOLD, untold), (Why.UNASKED, scenario.unasked))
    return Part(_EITHER, tuple(why for why, number in counts if number))


def lacks_left_out(scenario: Scenario, lacks: Iterable[bool | None]) -> bool:
    """Whether it lacks an indicator that does not count any more."""
    return any(lack and one in scenario.left_out for one, lack in zip(INDICATORS, lacks, strict=True))


# --- what is known of a standard's indicators -------------------------------------------------------------------------


class Change(StrEnum):
    """What a later standard does to an indicator of today, or adds to them."""

    KEPT = "kept"
    UNTOLD = "untold"
    LEFT_OUT = "left_out"
    UNASKED = "unasked"


@dataclass(frozen=True)
class IndicatorChange:
    """A row of `scenarios/indicators.csv`: of which standard, which indicator (a key of its own where it is new), and
    how well that is known, from where."""

    standard: str
    key: str
    change: Change
    status: str
    source: str


@cache
def changes() -> Mapping[str, tuple[IndicatorChange, ...]]:
    """By standard; of one that is not among them nothing is known to be otherwise than today."""
    found: dict[str, list[IndicatorChange]] = {}
    with CHANGES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            one = IndicatorChange(row["standard"], row["key"], Change(row["change"]), row["status"], row["source"])
            found.setdefault(one.standard, []).append(one)
    return {standard: tuple(those) for standard, those in found.items()}
