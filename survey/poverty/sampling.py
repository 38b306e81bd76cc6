"""How far the indices of a sample may lie from those of everybody: re-interviews, drawn by strata.

A full review has no sampling doubt and gets no standard error. Households are drawn, persons come with them; each of
the drawn stands for its stratum's households ÷ those drawn. The indices are ratios of sums, so their variance is that
of what each household adds to them (linearised): H: p−H; M0: c(k)−M0; A: (c(k)−A·p)/H, over its persons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeVar

from survey.poverty.indices import Household, Rule, Unit

Stratum = TypeVar("Stratum", bound=Hashable)


class Estimate(NamedTuple):
    """`variance` None: a stratum of which a single household of several was drawn says nothing of how they differ."""

    value: Fraction
    variance: Fraction | None

    @property
    def standard_error(self) -> float | None:
        return None if self.variance is None else math.sqrt(self.variance)


@dataclass(frozen=True)
class Sampled:
    """None where there is nothing to divide by: nobody with complete answers, of A nobody poor."""

    h: Estimate | None
    a: Estimate | None
    m0: Estimate | None


class _Drawn(NamedTuple):
    """What a household adds to the three sums: its units, those poor, their scores (of 1)."""

    units: Fraction
    poor: Fraction
    scores: Fraction


class _Sample(NamedTuple):
    """What was drawn of a stratum, which has `size` households."""

    drawn: Sequence[_Drawn]
    size: int


def sampled(
    rule: Rule, unit: Unit, drawn: Mapping[Stratum, Sequence[Household]], households: Mapping[Stratum, int]
) -> Sampled:
    """`drawn`: the households of the sample by stratum; `households`: how many the stratum has. Who answered in part,
    or refused, was drawn all the same and adds nothing. Raises ValueError where a stratum has none drawn, or more than
    it has: then nothing stands for it."""
    for stratum in drawn.keys() | households.keys():
        if not 0 < len(drawn.get(stratum, ())) <= households.get(stratum, 0):
            raise ValueError(f"{stratum}: {len(drawn.get(stratum, ()))} of {households.get(stratum, 0)} drawn")
    samples = [_Sample([_of(rule, unit, one) for one in drawn[at]], size) for at, size in households.items()]
    return Sampled(
        h=_estimate(samples, top=lambda one: one.poor, bottom=lambda one: one.units),
        a=_estimate(samples, top=lambda one: one.scores, bottom=lambda one: one.poor),
        m0=_estimate(samples, top=lambda one: one.scores, bottom=lambda one: one.units),
    )


def _of(rule: Rule, unit: Unit, household: Household) -> _Drawn:
    if household.refused or not rule.is_complete(household.pattern):
        return _Drawn(Fraction(0), Fraction(0), Fraction(0))
    units = Fraction(household.size(unit))
    poor = units if rule.is_poor(household.pattern) else Fraction(0)
    return _Drawn(units, poor, poor * rule.score(household.pattern.lacks) / rule.scale)


Reading = Callable[[_Drawn], Fraction]


def _estimate(samples: Sequence[_Sample], top: Reading, bottom: Reading) -> Estimate | None:
    """The ratio of two sums over everybody, and the variance of what each of the drawn adds to it."""
    below = _summed(samples, bottom)
    if not below:
        return None
    value = _summed(samples, top) / below
    variance = Fraction(0)
    for sample in samples:
        number = len(sample.drawn)
        if number == sample.size:
            continue  # all of them: no doubt
        if number == 1:
            return Estimate(value, None)
        added = [(top(one) - value * bottom(one)) / below for one in sample.drawn]
        mean = sum(added, Fraction(0)) / number
        spread = sum(((one - mean) ** 2 for one in added), Fraction(0)) / (number - 1)
        variance += sample.size**2 * (1 - Fraction(number, sample.size)) * spread / number
    return Estimate(value, variance)


def _summed(samples: Sequence[_Sample], reading: Reading) -> Fraction:
    return sum(
        (sum(map(reading, one.drawn), Fraction(0)) * one.size / len(one.drawn) for one in samples), Fraction(0)
    )  # fmt: skip
