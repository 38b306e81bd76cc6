"""Alkire and Foster's indices of multidimensional poverty: H, A and M0 = H·A, what they are made of, how they change.

c is the weighted share of the indicators that a household lacks. Who is poor is told in one of two ways, which are not
the same thing: by `law` (the class says it, which knows income too) or by `counting` (c ≥ k; nothing of income, so it
is never called a poor household). Everything is whole numbers and fractions: added up as floats, six of twelve equal
weights are less than a half, and whoever stands exactly on a cut-off falls on the wrong side of it.
Alkire, Foster: Counting and multidimensional poverty measurement, J. Public Economics 95 (2011) 476-487.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, TypeVar

from survey.terms import Unit

Lacks = tuple[bool | None, ...]  # in the order of the rule's weights; None: not known
MUCH = Fraction(1, 20)  # so much missing, and the interval is what counts
_DECIMAL_OR_RATIO = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20}|/0*[1-9][0-9]{0,19})?")
Key = TypeVar("Key", bound=Hashable)


class Identification(StrEnum):
    """Who is poor."""

    LAW = "law"  # the class
    COUNTING = "counting"  # enough is lacked


class WrongRule(ValueError):
    """Weights or a cut-off by which nothing can be counted. `code`: which; `of`: what was given."""

    def __init__(self, code: str, of: str = "") -> None:
        super().__init__(f"{code}: {of}")
        self.code, self.of = code, of


def exact(text: str) -> Fraction:
    """ "3/12" or "0.25", exactly as written: 0.333 is not a third. Raises `WrongRule`."""
    if not _DECIMAL_OR_RATIO.fullmatch(text.strip()):
        raise WrongRule("not_a_fraction", text)
    return Fraction(text.strip())


@dataclass(frozen=True)
class Rule:
    """`weights`: by indicator, in the order in which lacks are told, with sum 1; what weighs nothing is not asked for.
    `cutoff`: by counting, above 0 and at most 1; by law there is none. Raises `WrongRule`."""

    weights: Mapping[str, Fraction]
    identification: Identification
    cutoff: Fraction | None = None

    def __post_init__(self) -> None:
        if negative := [name for name, weight in self.weights.items() if weight < 0]:
            raise WrongRule("negative", ", ".join(negative))
        if (total := sum(self.weights.values(), Fraction(0))) != 1:
            raise WrongRule("sum", str(total))
        if self.identification is Identification.LAW:
            if self.cutoff is not None:
                raise WrongRule("cutoff_by_law", str(self.cutoff))
        elif self.cutoff is None or not 0 < self.cutoff <= 1:
            raise WrongRule("cutoff", str(self.cutoff))

    @cached_property
    def scale(self) -> int:
        """What a household that lacks everything scores: weights, scores and cut-off are whole numbers of it."""
        return math.lcm(*(weight.denominator for weight in self.weights.values()))

    @cached_property
    def shares(self) -> dict[int, int]:
        """By place among the lacks, what weighs something, as whole numbers."""
        return {at: int(weight * self.scale) for at, weight in enumerate(self.weights.values()) if weight}

    @cached_property
    def enough(self) -> int:
        """The least score that reaches the cut-off."""
        return math.ceil((self.cutoff or 0) * self.scale)

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Those that weigh something."""
        names = tuple(self.weights)
        return tuple(names[at] for at in self.shares)

    def score(self, lacks: Lacks) -> int:
        """c, as a whole number of `scale`; what is not known counts as not lacked."""
        return sum(share for at, share in self.shares.items() if lacks[at])

    def is_poor(self, pattern: Pattern) -> bool:
        """Of one of whom all is known."""
        by_class = self.identification is Identification.LAW
        return bool(pattern.poor) if by_class else self.score(pattern.lacks) >= self.enough

    def is_complete(self, pattern: Pattern) -> bool:
        """Whether all is known that the rule asks for."""
        by_class = self.identification is Identification.LAW and pattern.poor is None
        return not by_class and all(pattern.lacks[at] is not None for at in self.shares)


class Pattern(NamedTuple):
    """What is known of a household. `poor`: by its class; None: it has none."""

    lacks: Lacks
    poor: bool | None


class Household(NamedTuple):
    """`persons` 0: nobody has listed them."""

    pattern: Pattern
    persons: int
    refused: bool = False

    def size(self, unit: Unit) -> int:
        return 1 if unit is Unit.HOUSEHOLDS else self.persons


@dataclass
class Population:
    """Households or persons by what is known of them: few patterns occur, so a province is as small as a hamlet.
    Who refused to answer, and (among persons) whose persons nobody has listed, is in no index and counted by itself."""

    unit: Unit
    units: Counter[Pattern] = field(default_factory=Counter)
    households: Counter[Pattern] = field(default_factory=Counter)
    refused: int = 0
    unlisted: int = 0

    def add(self, household: Household) -> None:
        size = household.size(self.unit)
        if household.refused:
            self.refused += 1
        elif not size:
            self.unlisted += 1
        else:
            self.units[household.pattern] += size
            self.households[household.pattern] += 1

    def completed(self, lacking: bool) -> Population:
        """Whatever is not known set to lacked (and poor), or to not lacked."""
        found = Population(self.unit)
        for pattern, number in self.units.items():
            known = tuple(lacking if one is None else one for one in pattern.lacks)
            found.units[Pattern(known, lacking if pattern.poor is None else pattern.poor)] += number
        return found

    def __add__(self, other: Population) -> Population:
        return Population(
            self.unit, self.units + other.units, self.households + other.households, self.refused + other.refused,
            self.unlisted + other.unlisted,
        )  # fmt: skip


@dataclass(frozen=True)
class Levels:
    """The indices of complete cases, as the whole numbers that they are made of. None where there is nothing to divide
    by: nobody at all, of A nobody poor."""

    rule: Rule
    total: int
    poor: int
    scored: int  # the scores of the poor, in all
    lacked: tuple[int, ...]  # by indicator, as the rule names them
    lacked_by_poor: tuple[int, ...]

    @property
    def h(self) -> Fraction | None:
        return _ratio(self.poor, self.total)

    @property
    def a(self) -> Fraction | None:
        return _ratio(self.scored, self.poor * self.rule.scale)

    @property
    def m0(self) -> Fraction | None:
        return _ratio(self.scored, self.total * self.rule.scale)

    @property
    def uncensored(self) -> dict[str, Fraction | None]:
        """Who lacks each indicator, poor or not."""
        return self._shares(self.lacked)

    @property
    def censored(self) -> dict[str, Fraction | None]:
        """Who lacks each and is poor."""
        return self._shares(self.lacked_by_poor)

    def _shares(self, numbers: Sequence[int]) -> dict[str, Fraction | None]:
        return {name: _ratio(number, self.total) for name, number in zip(self.rule.indicators, numbers, strict=True)}

    @property
    def contributions(self) -> dict[str, Fraction | None]:
        """What share of M0 each indicator makes; together 1, or none at all where M0 is 0."""
        shares = zip(self.rule.shares.values(), self.lacked_by_poor, strict=True)
        made = zip(self.rule.indicators, shares, strict=True)
        return {name: _ratio(share * number, self.scored) for name, (share, number) in made}

    def contributions_of(self, dimension_of: Mapping[str, Key]) -> dict[Key, Fraction | None]:
        """The same by dimension, in the order in which they come up."""
        found: dict[Key, Fraction | None] = {}
        for name, share in self.contributions.items():
            before = found.get(dimension_of[name], Fraction(0))
            found[dimension_of[name]] = None if share is None or before is None else before + share
        return found


def _ratio(number: int, of: int) -> Fraction | None:
    return Fraction(number, of) if of else None


def levels(rule: Rule, population: Population) -> Levels:
    """Of those of whom all is known that the rule asks for."""
    total = poor = scored = 0
    lacked, by_poor = dict.fromkeys(rule.shares, 0), dict.fromkeys(rule.shares, 0)
    for pattern, number in population.units.items():
        if not rule.is_complete(pattern):
            continue
        is_poor = rule.is_poor(pattern)
        total += number
        for at in rule.shares:
            lacked[at] += number if pattern.lacks[at] else 0
            by_poor[at] += number if is_poor and pattern.lacks[at] else 0
        if is_poor:
            poor += number
            scored += number * rule.score(pattern.lacks)
    return Levels(rule, total, poor, scored, tuple(lacked.values()), tuple(by_poor.values()))


@dataclass(frozen=True)
class Bounds:
    """Between what the indices lie, whatever is missing: `lowest` with all of it not lacked, `highest` with all of it
    lacked. A alone does not grow with what is lacked: `a` is the least and the greatest of all ways to fill in, of
    those in which somebody is poor; None where nobody can be. `missing`: units of whom something is not known."""

    lowest: Levels
    highest: Levels
    a: tuple[Fraction, Fraction] | None
    missing: int
    missing_households: int

    @property
    def is_headline(self) -> bool:
        """Whether so much is missing that the figure of the complete cases alone misleads."""
        return Fraction(self.missing) > MUCH * self.highest.total

    def of(self, index: str) -> tuple[Fraction, Fraction] | None:
        """The interval of "h", "a" or "m0"."""
        if index == "a":
            return self.a
        low, high = getattr(self.lowest, index), getattr(self.highest, index)
        return None if low is None or high is None else (low, high)


def bounds(rule: Rule, population: Population) -> Bounds:
    unknown = [pattern for pattern in population.units if not rule.is_complete(pattern)]
    return Bounds(
        levels(rule, population.completed(False)),
        levels(rule, population.completed(True)),
        _bounds_of_a(rule, population),
        sum(population.units[one] for one in unknown),
        sum(population.households[one] for one in unknown),
    )


class _Possible(NamedTuple):
    """How a pattern may turn out: `surely` poor, and with which scores when poor."""

    surely: bool
    least: int
    most: int
    number: int


def _bounds_of_a(rule: Rule, population: Population) -> tuple[Fraction, Fraction] | None:
    """Whoever may be poor or not is let in from the outermost score inwards, as long as that moves the mean."""
    possible = [one for pattern, number in population.units.items() if (one := _may_be(rule, pattern, number))]
    if not possible:
        return None
    low = _outermost([(one.least, one.number, one.surely) for one in possible])
    high = -_outermost([(-one.most, one.number, one.surely) for one in possible])
    return low / rule.scale, high / rule.scale


def _outermost(scores: Sequence[tuple[int, int, bool]]) -> Fraction:
    """The least mean of the scores (score, number, whether it must be in)."""
    among = sum(number for _, number, surely in scores if surely)
    summed = sum(score * number for score, number, surely in scores if surely)
    for score, number, _ in sorted(one for one in scores if not one[2]):
        if among and score * among >= summed:
            break
        among, summed = among + number, summed + score * number
    return Fraction(summed, among)


def _may_be(rule: Rule, pattern: Pattern, number: int) -> _Possible | None:
    """None: it cannot be poor."""
    least = rule.score(pattern.lacks)
    open_shares = [share for at, share in rule.shares.items() if pattern.lacks[at] is None]
    most = least + sum(open_shares)
    if rule.identification is Identification.LAW:
        return None if pattern.poor is False else _Possible(pattern.poor is True, least, most, number)
    if most < rule.enough:
        return None
    if least >= rule.enough:
        return _Possible(True, least, most, number)
    sums = {least}
    for share in open_shares:
        sums |= {one + share for one in sums}
    return _Possible(False, min(one for one in sums if one >= rule.enough), most, number)


class Part(NamedTuple):
    """A group: its levels; of a partition also its share of all units and of M0."""

    levels: Levels
    share: Fraction | None
    contribution: Fraction | None


def by_group(rule: Rule, groups: Mapping[Key, Population], partition: bool = True) -> dict[Key, Part]:
    """M0 = Σ share · M0 of the group holds exactly where everybody is in one group. Groups that overlap have levels
    and contribute nothing that could be added up."""
    found = {key: levels(rule, population) for key, population in groups.items()}
    total, scored = sum(one.total for one in found.values()), sum(one.scored for one in found.values())
    if not partition:
        return {key: Part(one, None, None) for key, one in found.items()}
    return {key: Part(one, _ratio(one.total, total), _ratio(one.scored, scored)) for key, one in found.items()}


class Change(NamedTuple):
    """`relative`: of what it was before, None where that was nothing; `yearly`: None within a year."""

    absolute: Fraction
    relative: Fraction | None
    yearly: Fraction | None


def change(before: Fraction | None, after: Fraction | None, years: int) -> Change | None:
    """None where either is."""
    if before is None or after is None:
        return None
    moved = after - before
    return Change(moved, moved / before if before else None, moved / years if years > 0 else None)


class Split(NamedTuple):
    """The change of M0: by how many are poor, and by how much the poor lack."""

    incidence: Fraction
    intensity: Fraction


def split(before: Levels, after: Levels) -> Split | None:
    """ΔM0 = ΔH·(A₁+A₂)/2 + ΔA·(H₁+H₂)/2; None where A is of nobody on either side."""
    if before.h is None or after.h is None or before.a is None or after.a is None:
        return None
    return Split((after.h - before.h) * (before.a + after.a) / 2, (after.a - before.a) * (before.h + after.h) / 2)


@dataclass
class Passage:
    """Two rounds household by household: who is in both with complete answers (`before` and `after`), who left, who
    joined; `untold`: in both, but not measured in one of them."""

    rule: Rule
    unit: Unit
    untold: int = 0

    def __post_init__(self) -> None:
        self.before, self.after = Population(self.unit), Population(self.unit)
        self.left, self.joined = Population(self.unit), Population(self.unit)

    def add(self, then: Mapping[Key, Household], now: Mapping[Key, Household]) -> None:
        """By a key that a household has in both rounds."""
        for key in then.keys() | now.keys():
            earlier, later = then.get(key), now.get(key)
            if earlier is None and later is not None:
                self.joined.add(later)
            elif later is None and earlier is not None:
                self.left.add(earlier)
            elif earlier is not None and later is not None:
                if self._is_measured(earlier) and self._is_measured(later):
                    self.before.add(earlier)
                    self.after.add(later)
                else:
                    self.untold += 1

    def _is_measured(self, one: Household) -> bool:
        return not one.refused and one.size(self.unit) > 0 and self.rule.is_complete(one.pattern)
