"""Standard errors of a sample: against every sample that could have been drawn, and against a bootstrap."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Sequence
from fractions import Fraction

import pytest

from survey.poverty.indices import Household, Identification, Pattern, Population, Rule, Unit, levels
from survey.poverty.sampling import Estimate, Sampled, sampled

F = Fraction
RULE = Rule({f"i{at}": F(1, 4) for at in range(4)}, Identification.COUNTING, F(1, 2))
H = Unit.HOUSEHOLDS


def household(lacks: Sequence[int], persons: int = 1) -> Household:
    return Household(Pattern(tuple(map(bool, lacks)), None), persons)


def invented(chance: random.Random, number: int, likely: float) -> list[Household]:
    """The larger, the more is lacked."""
    found = []
    for _ in range(number):
        persons = chance.randint(1, 9)
        found.append(household([chance.random() < likely + persons / 20 for _ in range(4)], persons))
    return found


def the(found: Estimate | None) -> tuple[Fraction, Fraction]:
    assert found is not None and found.variance is not None
    return found.value, found.variance


def test_over_every_sample_the_variance_is_that_of_the_figures() -> None:
    """In households H and M0 are sums over a known number: there the estimate is without bias, exactly."""
    chance = random.Random(1)
    strata = {"a": invented(chance, 6, 0.1), "b": invented(chance, 5, 0.4)}
    sizes = {key: len(those) for key, those in strata.items()}
    every = [
        sampled(RULE, H, {"a": one, "b": other}, sizes)
        for one in itertools.combinations(strata["a"], 3)
        for other in itertools.combinations(strata["b"], 2)
    ]
    population = Population(H)
    for household in itertools.chain(*strata.values()):
        population.add(household)
    true = levels(RULE, population)
    for index in ("h", "m0"):
        figures = [the(getattr(one, index)) for one in every]
        values = [value for value, _ in figures]
        mean = sum(values, F(0)) / len(values)
        assert mean == getattr(true, index)
        assert sum((one - mean) ** 2 for one in values) / len(values) == sum(variance for _, variance in figures) / len(
            figures
        )


@pytest.mark.parametrize("unit", Unit)
def test_it_is_what_a_bootstrap_within_the_strata_finds(unit: Unit) -> None:
    chance = random.Random(2)
    strata = {"a": invented(chance, 60, 0.05), "b": invented(chance, 60, 0.3)}
    found = sampled(RULE, unit, strata, {"a": 240, "b": 240})
    again = [
        sampled_values(unit, {key: chance.choices(those, k=59) for key, those in strata.items()}) for _ in range(500)
    ]  # one less than drawn: so the spread of what is drawn again is without bias
    correction = math.sqrt(1 - 60 / 240)
    for index, values in zip(("h", "a", "m0"), zip(*again, strict=True), strict=True):
        estimate: Estimate = getattr(found, index)
        assert estimate.standard_error == pytest.approx(statistics.stdev(values) * correction, rel=0.12), index


def sampled_values(unit: Unit, strata: dict[str, list[Household]]) -> tuple[float, float, float]:
    """H, A and M0 of strata of one size, by the plain formulas."""
    those = [one for drawn in strata.values() for one in drawn]
    size = {id(one): one.size(unit) for one in those}
    poor = [one for one in those if sum(map(bool, one.pattern.lacks)) >= 2]
    total, of_poor = sum(size[id(one)] for one in those), sum(size[id(one)] for one in poor)
    scores = sum(size[id(one)] * sum(map(bool, one.pattern.lacks)) / 4 for one in poor)
    return of_poor / total, scores / of_poor, scores / total


def test_by_hand() -> None:
    """Two of four lack 2 of 4 each: H ½, M0 ¼, A ½; of eight households. s² of p is 1/3."""
    drawn = {"a": [household([1, 1, 0, 0])] * 2 + [household([0, 0, 0, 0])] * 2}
    found = sampled(RULE, H, drawn, {"a": 8})
    assert the(found.h) == (F(1, 2), (1 - F(4, 8)) * F(1, 3) / 4)
    assert the(found.m0) == (F(1, 4), (1 - F(4, 8)) * F(1, 12) / 4)
    assert the(found.a) == (F(1, 2), 0)  # all poor lack alike
    assert found.h is not None and found.h.standard_error == pytest.approx(math.sqrt(1 / 24))


def test_all_of_a_stratum_leave_no_doubt_and_one_of_several_says_nothing_of_it() -> None:
    chance = random.Random(3)
    whole = {"a": invented(chance, 5, 0.3)}
    assert the(sampled(RULE, H, whole, {"a": 5}).h)[1] == 0
    assert the(sampled(RULE, H, {"a": whole["a"], "b": whole["a"][:1]}, {"a": 5, "b": 1}).h)[1] == 0
    lone = sampled(RULE, H, {"a": whole["a"], "b": whole["a"][:1]}, {"a": 5, "b": 2})
    assert lone.h is not None and (lone.h.variance, lone.h.standard_error) == (None, None)


def test_who_did_not_answer_all_was_drawn_all_the_same() -> None:
    """So the doubt is of four drawn, not of two."""
    answered = [household([1, 1, 0, 0]), household([0, 0, 0, 0])]
    silent = [Household(Pattern((None,) * 4, None), 1), household([1, 1, 1, 1])._replace(refused=True)]
    found = sampled(RULE, H, {"a": answered + silent}, {"a": 8})
    value, variance = the(found.h)
    added = [F(1, 8), F(-1, 8), F(0), F(0)]  # (p − H) ÷ (2 · 8/4)
    assert value == F(1, 2)
    assert variance == 64 * (1 - F(4, 8)) * (sum(one**2 for one in added) / 3) / 4


def test_where_nobody_is_poor_or_nobody_answered_there_is_no_figure() -> None:
    rich = sampled(RULE, H, {"a": [household([0, 0, 0, 0])] * 2}, {"a": 9})
    assert rich == Sampled(Estimate(F(0), F(0)), None, Estimate(F(0), F(0)))
    silent = [household([0, 0, 0, 0])._replace(refused=True)] * 2
    assert sampled(RULE, H, {"a": silent}, {"a": 9}) == Sampled(None, None, None)
    assert sampled(RULE, H, {}, {}) == Sampled(None, None, None)


@pytest.mark.parametrize("sizes", [{"a": 1}, {"a": 5, "b": 3}, {}])
def test_a_stratum_that_nothing_stands_for_is_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="drawn"):
        sampled(RULE, H, {"a": [household([0, 0, 0, 0])] * 2}, sizes)
