"""H, A and M0: a worked example of the paper, another program's figures, and what holds whatever is counted."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.poverty.indices import (
    Household,
    Identification,
    Lacks,
    Levels,
    Passage,
    Pattern,
    Population,
    Rule,
    Unit,
    WrongRule,
    bounds,
    by_group,
    change,
    exact,
    levels,
    split,
)
from survey.terms import DIMENSION_OF, Indicator

F = Fraction
HALF = F(1, 2)
COUNTING, LAW = Identification.COUNTING, Identification.LAW
RECORDED = json.loads((Path(__file__).parents[1] / "cases" / "mpitb.json").read_text("utf-8"))


def rule(*weights: Fraction, cutoff: Fraction | None = HALF, by: Identification = COUNTING) -> Rule:
    return Rule({f"i{at}": weight for at, weight in enumerate(weights)}, by, cutoff)


def household(lacks: Iterable[Any], persons: int = 1, poor: bool | None = False, refused: bool = False) -> Household:
    known = tuple(None if one is None else bool(one) for one in lacks)
    return Household(Pattern(known, poor), persons, refused)


def population(households: Iterable[Household], unit: Unit = Unit.HOUSEHOLDS) -> Population:
    found = Population(unit)
    for one in households:
        found.add(one)
    return found


def counted(rule: Rule, households: Iterable[Household], unit: Unit = Unit.HOUSEHOLDS) -> Levels:
    return levels(rule, population(households, unit))


# The example ----------------------------------------------------------------------------------------------------------

ACHIEVED = ((13.1, 14, 4, 1), (15.2, 7, 5, 0), (12.5, 10, 1, 0), (20, 11, 3, 1))
ENOUGH = (13, 12, 3, 1)
EXAMPLE = [
    household([have < need for have, need in zip(row, ENOUGH, strict=True)], persons)
    for row, persons in zip(ACHIEVED, (1, 2, 3, 4), strict=True)
]
FOUR = rule(*[F(1, 4)] * 4)


def test_the_four_by_four_example_of_alkire_and_foster() -> None:
    found = counted(FOUR, EXAMPLE)
    assert [FOUR.score(one.pattern.lacks) for one in EXAMPLE] == [0, 2, 4, 1]
    assert (found.h, found.a, found.m0) == (F(1, 2), F(3, 4), F(3, 8))
    assert list(found.censored.values()) == [F(1, 4), F(1, 2), F(1, 4), F(1, 2)]
    assert list(found.uncensored.values()) == [F(1, 4), F(3, 4), F(1, 4), F(1, 2)]
    assert list(found.contributions.values()) == [F(1, 6), F(1, 3), F(1, 6), F(1, 3)]
    of = {"i0": "income", "i1": "capability", "i2": "capability", "i3": "capability"}
    assert found.contributions_of(of) == {"income": F(1, 6), "capability": F(5, 6)}


def test_the_same_in_persons_and_by_law() -> None:
    in_persons = counted(FOUR, EXAMPLE, Unit.PERSONS)  # 1, 2, 3 and 4 of them: five of ten are poor
    assert (in_persons.h, in_persons.a, in_persons.m0) == (F(1, 2), F(2 * 2 + 3 * 4, 5 * 4), F(4, 10))
    by_law = rule(*[F(1, 4)] * 4, cutoff=None, by=LAW)
    classes = [True, None, True, False]
    judged = [household(one.pattern.lacks, poor=poor) for one, poor in zip(EXAMPLE, classes, strict=True)]
    found = counted(by_law, judged)  # the first lacks nothing and is poor; of the second the class is not known
    assert (found.total, found.h, found.a, found.m0) == (3, F(2, 3), F(1, 2), F(1, 3))
    assert bounds(by_law, population(judged)).missing == 1


def test_twelve_equal_weights_by_law_are_the_mean_number_of_lacks() -> None:
    twelve = rule(*[F(1, 12)] * 12, cutoff=None, by=LAW)
    judged = ((3, True), (5, True), (9, False))
    found = counted(twelve, [household([at < number for at in range(12)], poor=poor) for number, poor in judged])
    assert found.a is not None and 12 * found.a == F(3 + 5, 2)


# Another program ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: case["name"])
def test_the_figures_are_those_of_mpitb_on_complete_data(case: dict[str, Any]) -> None:
    """Recorded by `python -m bench.mpitb_figures`: point estimates, weighted by persons."""
    weights = {name: exact(weight) for name, weight in case["weights"].items()}
    asked = Rule(weights, COUNTING, F(case["k_percent"], 100))
    groups: dict[str, Population] = {}
    for lacks, persons, group in case["households"]:
        one = household(map(int, lacks), persons)
        groups.setdefault(group, Population(Unit.PERSONS)).add(one)
    whole = levels(asked, sum(groups.values(), Population(Unit.PERSONS)))
    assert len(case["households"]) == sum(sum(one.households.values()) for one in groups.values())
    for name, found in [("", whole), *((key, part.levels) for key, part in by_group(asked, groups).items())]:
        ours = {"H": found.h, "A": found.a, "M0": found.m0}
        for key in asked.indicators:
            ours |= {f"hd {key}": found.uncensored[key], f"hdk {key}": found.censored[key]}
            ours[f"pctb {key}"] = found.contributions[key]
        theirs = case["figures"][name]
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            assert value is not None and float(value) == pytest.approx(theirs[key], abs=5e-7), (name, key)


# Whatever is counted --------------------------------------------------------------------------------------------------


@st.composite
def rules(draw: st.DrawFn, indicators: int = 5) -> Rule:
    parts = draw(st.lists(st.integers(0, 6), min_size=indicators, max_size=indicators).filter(any))
    weights = [F(part, sum(parts)) for part in parts]
    if draw(st.booleans()):
        return rule(*weights, cutoff=None, by=LAW)
    reached = [F(number, sum(parts)) for number in range(1, sum(parts) + 1)]  # exactly on what can be scored
    return rule(*weights, cutoff=draw(st.sampled_from(reached) | st.fractions(F(1, 99), 1)))


def households(known: bool = True, indicators: int = 5, most: int = 8) -> st.SearchStrategy[list[Household]]:
    one = st.booleans() if known else st.sampled_from([True, False, None])
    lacks = st.lists(one, min_size=indicators, max_size=indicators)
    return st.lists(st.builds(household, lacks, persons=st.integers(1, 9), poor=one), max_size=most)


units = st.sampled_from(Unit)


@given(rules(), households(), units)
def test_what_holds_of_any_figures(rule: Rule, those: list[Household], unit: Unit) -> None:
    found = counted(rule, those, unit)
    if not those:
        assert (found.h, found.a, found.m0) == (None, None, None)
        return
    assert found.h is not None and found.m0 is not None
    assert 0 <= found.m0 <= found.h <= 1
    assert (found.a is None) == (found.h == 0)
    if found.a is not None:
        assert 0 <= found.a <= 1 and found.m0 == found.h * found.a
    shares = [one for one in found.contributions.values() if one is not None]
    assert (sum(shares) == 1 and len(shares) == len(rule.indicators)) if found.m0 else not shares
    weighed = dict(rule.weights)
    assert found.m0 == sum(weighed[name] * (share or 0) for name, share in found.censored.items())
    for name, share in found.censored.items():
        assert 0 <= (share or 0) <= (found.uncensored[name] or 0) <= 1


@given(rules(), households(), units, st.integers(2, 4), st.randoms())
def test_neither_order_nor_copies_of_all_change_a_figure(
    rule: Rule, those: list[Household], unit: Unit, times: int, chance: Any
) -> None:
    first, copies = counted(rule, those, unit), those * times
    chance.shuffle(copies)
    again = counted(rule, copies, unit)
    for one, other in ((first, again),):
        assert (one.h, one.a, one.m0, one.censored, one.uncensored, one.contributions) == (
            other.h, other.a, other.m0, other.censored, other.uncensored, other.contributions,
        )  # fmt: skip


@given(rules(), st.dictionaries(st.sampled_from("abcd"), households(most=6)), units)
def test_a_partition_adds_up_exactly_and_overlapping_groups_do_not_pretend_to(
    rule: Rule, groups: dict[str, list[Household]], unit: Unit
) -> None:
    of = {key: population(those, unit) for key, those in groups.items()}
    whole = levels(rule, sum(of.values(), Population(unit)))
    parts = by_group(rule, of)
    if whole.total:
        assert sum(part.share or 0 for part in parts.values()) == 1
        assert whole.m0 == sum((part.share or 0) * (part.levels.m0 or 0) for part in parts.values())
        assert whole.h == sum((part.share or 0) * (part.levels.h or 0) for part in parts.values())
    if whole.m0:
        assert sum(part.contribution or 0 for part in parts.values()) == 1
    for key, part in by_group(rule, of, partition=False).items():
        assert (part.levels, part.share, part.contribution) == (parts[key].levels, None, None)


@given(households(), st.lists(st.integers(0, 6), min_size=5, max_size=5).filter(any), units)
def test_a_higher_cut_off_never_finds_more(those: list[Household], parts: list[int], unit: Unit) -> None:
    weights = [F(part, sum(parts)) for part in parts]
    cutoffs = [F(number, 2 * sum(parts)) for number in range(1, 2 * sum(parts) + 1)]
    found = [counted(rule(*weights, cutoff=cutoff), those, unit) for cutoff in cutoffs]
    for lower, higher in itertools.pairwise(found):
        assert higher.poor <= lower.poor and higher.scored <= lower.scored
        assert higher.lacked == lower.lacked
    assert found[0].scored == sum(one.size(unit) * found[0].rule.score(one.pattern.lacks) for one in those)


def completions(those: Sequence[Household]) -> Iterable[list[Household]]:
    """Every way to fill in what is not known."""
    blanks = sum(one.pattern.lacks.count(None) + (one.pattern.poor is None) for one in those)
    for filled in itertools.product((False, True), repeat=blanks):
        left = iter(filled)
        full = []
        for one in those:
            lacks: Lacks = tuple(next(left) if lack is None else lack for lack in one.pattern.lacks)
            poor = next(left) if one.pattern.poor is None else one.pattern.poor
            full.append(one._replace(pattern=Pattern(lacks, poor)))
        yield full


@given(rules(3), households(known=False, indicators=3, most=3), units)
def test_the_bounds_are_the_least_and_the_greatest_of_all_that_may_be(
    rule: Rule, those: list[Household], unit: Unit
) -> None:
    every = [counted(rule, full, unit) for full in completions(those)]
    told = bounds(rule, population(those, unit))
    for index in ("h", "a", "m0"):
        may_be = [value for one in every if (value := getattr(one, index)) is not None]
        assert told.of(index) == ((min(may_be), max(may_be)) if may_be else None)
    for of in ("lacked", "lacked_by_poor"):
        for at in range(len(rule.indicators)):
            each = [getattr(one, of)[at] for one in every]
            assert (getattr(told.lowest, of)[at], getattr(told.highest, of)[at]) == (min(each), max(each))
    complete = [one for one in those if rule.is_complete(one.pattern)]
    assert told.missing == sum(one.size(unit) for one in those) - sum(one.size(unit) for one in complete)
    assert told.missing_households == len(those) - len(complete)
    assert counted(rule, those, unit) == counted(rule, complete, unit)


def test_more_than_a_twentieth_missing_makes_the_interval_the_headline() -> None:
    known, unknown = household([1, 1, 0, 0]), household([1, 1, None, 0])
    assert not bounds(FOUR, population([known] * 19 + [unknown])).is_headline  # exactly 5 %
    assert bounds(FOUR, population([known] * 18 + [unknown])).is_headline
    assert bounds(FOUR, population([unknown])).is_headline
    unasked = rule(F(1, 2), F(1, 2), F(0), F(0))
    assert bounds(unasked, population([unknown])).missing == 0  # what weighs nothing need not be known


# Exactly on the cut-off -----------------------------------------------------------------------------------------------

NESTED = [F(1, 18)] * 6 + [F(1, 12)] * 4 + [F(1, 6)] * 2


@pytest.mark.parametrize(
    ("weights", "cutoff", "on_it", "missed"),
    [
        ([F(1, 12)] * 12, F(1, 4), 220, 0),
        ([F(1, 12)] * 12, F(1, 3), 495, 0),
        ([F(1, 12)] * 12, F(1, 2), 924, 924),
        (NESTED, F(1, 4), 92, 0),
        (NESTED, F(1, 3), 175, 0),
        (NESTED, F(1, 2), 296, 20),
    ],
)
def test_who_stands_exactly_on_the_cut_off_is_poor_where_floats_miss_it(
    weights: list[Fraction], cutoff: Fraction, on_it: int, missed: int
) -> None:
    asked, above = rule(*weights, cutoff=cutoff), rule(*weights, cutoff=cutoff + F(1, 10**9))
    exactly_there = []
    for pattern in itertools.product((False, True), repeat=12):
        exactly = sum(itertools.compress(weights, pattern), F(0))
        assert asked.is_poor(Pattern(pattern, None)) == (exactly >= cutoff)
        if exactly == cutoff:
            exactly_there.append(pattern)
            assert not above.is_poor(Pattern(pattern, None))
    floats = [functools.reduce(float.__add__, map(float, itertools.compress(weights, one))) for one in exactly_there]
    assert (len(floats), sum(one < float(cutoff) for one in floats)) == (on_it, missed)


def test_a_third_is_what_is_written_and_not_what_is_meant() -> None:
    three = rule(F(1, 3), F(1, 3), F(1, 3), cutoff=exact("1/3"))
    assert counted(three, [household([1, 0, 0])]).h == 1
    assert counted(rule(F(1, 3), F(1, 3), F(1, 3), cutoff=exact("0.334")), [household([1, 0, 0])]).h == 0
    assert (exact("3/12"), exact("0.25"), exact(" 1 ")) == (F(1, 4), F(1, 4), F(1))


@pytest.mark.parametrize("text", ["", "x", "-1/4", "1/0", "1/00", "0,25", "1e-3", "1/4/4", "nan", ".5", "٣", "9" * 21])
def test_what_is_no_fraction_is_refused(text: str) -> None:
    with pytest.raises(WrongRule) as refused:
        exact(text)
    assert (refused.value.code, refused.value.of) == ("not_a_fraction", text)


@pytest.mark.parametrize(
    ("weights", "by", "cutoff", "code"),
    [
        ([], COUNTING, F(1, 4), "sum"),
        ([F(1, 3)] * 2, COUNTING, F(1, 4), "sum"),
        ([F(333, 1000)] * 3, COUNTING, F(1, 4), "sum"),
        ([F(3, 2), F(-1, 2)], COUNTING, F(1, 4), "negative"),
        ([F(1)], COUNTING, None, "cutoff"),
        ([F(1)], COUNTING, F(0), "cutoff"),
        ([F(1)], COUNTING, F(5, 4), "cutoff"),
        ([F(1)], LAW, F(1, 4), "cutoff_by_law"),
    ],
)
def test_a_rule_by_which_nothing_can_be_counted_is_refused(
    weights: list[Fraction], by: Identification, cutoff: Fraction | None, code: str
) -> None:
    with pytest.raises(WrongRule) as refused:
        rule(*weights, cutoff=cutoff, by=by)
    assert refused.value.code == code


# Nobody, and nobody known ---------------------------------------------------------------------------------------------


def test_where_there_is_nobody_no_figure_is_printed() -> None:
    nobody = counted(FOUR, [])
    assert (nobody.total, nobody.h, nobody.a, nobody.m0) == (0, None, None, None)
    assert set(nobody.censored.values()) == set(nobody.contributions.values()) == {None}
    assert [bounds(FOUR, Population(Unit.PERSONS)).of(index) for index in ("h", "a", "m0")] == [None] * 3
    rich = counted(FOUR, [household([0, 0, 0, 0])] * 3)
    assert (rich.h, rich.a, rich.m0) == (0, None, 0)
    assert rich.contributions_of(dict.fromkeys(rich.contributions, "all")) == {"all": None}


def test_where_all_is_missing_only_the_interval_stands() -> None:
    unknown = [household([None] * 4)] * 3
    assert counted(FOUR, unknown).h is None
    told = bounds(FOUR, population(unknown))
    assert (told.of("h"), told.of("m0"), told.of("a")) == ((0, 1), (0, 1), (F(1, 2), 1))
    assert (told.missing, told.is_headline) == (3, True)
    parts = by_group(FOUR, {"a": population(unknown), "b": population(EXAMPLE), "c": population([])})
    assert [part.share for part in parts.values()] == [0, 1, 0]
    assert parts["a"].levels.m0 is parts["c"].levels.m0 is None


def test_who_refused_or_is_not_listed_is_counted_apart() -> None:
    those = [*EXAMPLE, household([1, 1, 1, 1], refused=True), household([1, 1, 1, 1], persons=0)]
    in_households, in_persons = population(those), population(those, Unit.PERSONS)
    assert (in_households.refused, in_households.unlisted, levels(FOUR, in_households).total) == (1, 0, 5)
    assert (in_persons.refused, in_persons.unlisted, levels(FOUR, in_persons).total) == (1, 1, 10)
    assert bounds(FOUR, in_persons).missing == 0  # they are in neither
    assert (in_persons + in_persons).refused == 2


# Two years ------------------------------------------------------------------------------------------------------------


@given(rules(), households(), households(), units)
def test_the_change_of_m0_is_split_without_rest(
    rule: Rule, before: list[Household], after: list[Household], unit: Unit
) -> None:
    one, other = counted(rule, before, unit), counted(rule, after, unit)
    found = split(one, other)
    if not one.poor or not other.poor:
        assert found is None
        return
    assert found is not None and one.m0 is not None and other.m0 is not None
    assert found.incidence + found.intensity == other.m0 - one.m0


def test_a_change_is_absolute_relative_and_a_year() -> None:
    assert change(F(1, 2), F(1, 4), 2) == (F(-1, 4), F(-1, 2), F(-1, 8))
    assert change(F(0), F(1, 4), 1) == (F(1, 4), None, F(1, 4))  # of nothing there is no share
    assert change(F(1, 2), F(1, 4), 0) == (F(-1, 4), F(-1, 2), None)
    assert change(None, F(1, 4), 1) is change(F(1, 4), None, 1) is None


def test_stayers_joiners_and_leavers_are_told_apart() -> None:
    poor, rich, unknown = household([1, 1, 0, 0]), household([0, 0, 0, 0]), household([None] * 4)
    refused = household([0] * 4, refused=True)
    found = Passage(FOUR, Unit.HOUSEHOLDS)
    found.add({1: poor, 2: poor, 3: rich, 4: unknown, 5: poor}, {1: poor, 2: rich, 4: poor, 5: refused, 6: poor})
    found.add({1: rich}, {1: poor})  # of another commune
    assert [levels(FOUR, one).total for one in (found.before, found.after, found.left, found.joined)] == [3, 3, 1, 1]
    assert (levels(FOUR, found.before).h, levels(FOUR, found.after).h) == (F(2, 3), F(2, 3))
    assert (levels(FOUR, found.left).h, levels(FOUR, found.joined).h, found.untold) == (0, 1, 2)


@given(rules(), households(known=False), households(known=False), units)
def test_nobody_is_in_two_of_them(rule: Rule, then: list[Household], now: list[Household], unit: Unit) -> None:
    earlier, later = dict(enumerate(then)), {at + 2: one for at, one in enumerate(now)}
    found = Passage(rule, unit)
    found.add(earlier, later)
    stayed = sum(found.before.households.values())
    assert stayed == sum(found.after.households.values())
    assert stayed + found.untold == len(earlier.keys() & later.keys())
    assert sum(found.left.households.values()) == len(earlier.keys() - later.keys())
    assert sum(found.joined.households.values()) == len(later.keys() - earlier.keys())


def test_the_twelve_indicators_make_six_dimensions() -> None:
    weights = {one.value: F(1, 12) for one in Indicator}
    found = counted(Rule(weights, COUNTING, F(1, 4)), [household([1] * 12)])
    by_dimension = found.contributions_of({one.value: DIMENSION_OF[one] for one in Indicator})
    assert list(by_dimension.values()) == [F(1, 6)] * 6
