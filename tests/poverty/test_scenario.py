"""Another standard on what is kept of a household: small cases by hand, and what holds of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from survey.form.record import evaluate
from survey.poverty.assess import assess
from survey.poverty.scenario import (
    Case,
    Change,
    LineUnit,
    Scenario,
    Today,
    Why,
    WrongScenario,
    changes,
    from_json,
    judge,
)
from survey.terms import Area, HouseholdClass, Indicator
from tests.poverty.households import household_form
from tests.poverty.random_households import household, interview
from tests.poverty.test_second_reading import CLOCK

POOR, NEAR_POOR, NOT_POOR = HouseholdClass
RURAL, URBAN = Area.RURAL, Area.URBAN
# NĐ 07/2021/NĐ-CP Art. 3 and TT 07/2021, as in the table of standards.
TODAY = Today({RURAL: 140, URBAN: 175}, {RURAL: 1_500_000, URBAN: 2_000_000})
BY_INCOME = TODAY._replace(by_income=True)
ND351 = Scenario(
    LineUnit.DONG, 2_200_000, 2_800_000, left_out=frozenset({Indicator.MEDIA}),
    untold=frozenset({Indicator.TELECOM}), unasked=1,
)  # fmt: skip
ALL = frozenset(HouseholdClass)


def lacks(text: str) -> tuple[bool | None, ...]:
    return tuple({"1": True, "0": False, "-": None}[letter] for letter in text)


def case(
    now: HouseholdClass | None, points: float | None, text: str = "111000000000", area: Area | None = RURAL
) -> Case:
    return Case(now, area, points, lacks(text))


@pytest.mark.parametrize(
    ("points", "text", "area", "expected"),
    [
        (140, "111000000000", RURAL, POOR),
        (140, "110000000000", RURAL, NEAR_POOR),
        (141, "111111111111", RURAL, NOT_POOR),
        (175, "111000000000", URBAN, POOR),
        (176, "111000000000", URBAN, NOT_POOR),
    ],
)
def test_today_is_the_law_of_today(points: float, text: str, area: Area, expected: HouseholdClass) -> None:
    found = judge(Scenario(), TODAY, case(expected, points, text, area))
    assert (found.household_class, found.why) == (expected, ())


def test_a_line_of_points_moves_who_has_points() -> None:
    higher = Scenario(rural=150)
    assert judge(higher, TODAY, case(NOT_POOR, 150)) == judge(higher, TODAY, case(NOT_POOR, 141))
    assert judge(higher, TODAY, case(NOT_POOR, 150)).possible == {POOR}
    assert judge(higher, TODAY, case(NOT_POOR, 150)).why == (Why.LINE,)
    assert judge(higher, TODAY, case(NOT_POOR, 151)).possible == {NOT_POOR}
    assert judge(higher, TODAY, case(NOT_POOR, 176, area=URBAN)).possible == {NOT_POOR}  # the urban one is as now
    assert judge(Scenario(rural=139), TODAY, case(POOR, 140)).possible == {NOT_POOR}


def test_who_has_no_points_is_on_the_known_side_of_the_line() -> None:
    """A table with answers missing may tell the class and not the points."""
    assert judge(Scenario(rural=150), TODAY, case(POOR, None)).possible == {POOR}
    found = judge(Scenario(rural=150), TODAY, case(NOT_POOR, None))
    assert (set(found.possible), found.why) == ({POOR, NOT_POOR}, (Why.NO_POINTS,))
    assert judge(Scenario(rural=130), TODAY, case(NOT_POOR, None)).possible == {NOT_POOR}
    assert judge(Scenario(rural=130), TODAY, case(POOR, None)).possible == {POOR, NOT_POOR}
    assert judge(Scenario(rural=140), TODAY, case(POOR, None)).possible == {POOR}
    unclassified = judge(Scenario(), TODAY, case(None, None))
    assert (set(unclassified.possible), unclassified.why) == ({POOR, NOT_POOR}, (Why.NO_SIDE,))


def test_a_line_in_dong_is_never_read_off_the_points() -> None:
    lines = Scenario(LineUnit.DONG, 2_200_000, 2_800_000)
    assert judge(lines, TODAY, case(POOR, 140)).possible == {POOR}  # within the old line, so within the new one
    for points in (140.5, 141, 400):
        found = judge(lines, TODAY, case(NOT_POOR, points))
        assert (set(found.possible), found.why) == ({POOR, NOT_POOR}, (Why.NO_EQUIVALENT,))
    lower = Scenario(LineUnit.DONG, 1_400_000, 2_000_000)
    assert judge(lower, TODAY, case(NOT_POOR, 141)).possible == {NOT_POOR}
    assert judge(lower, TODAY, case(POOR, 20)).possible == {POOR, NOT_POOR}
    assert judge(lower, TODAY, case(POOR, 175, area=URBAN)).possible == {POOR}  # 2,000,000 is today's urban line
    assert judge(lines, Today({RURAL: 140, URBAN: 175}, {RURAL: None, URBAN: None}), case(POOR, 3)).possible == {
        POOR, NOT_POOR,
    }  # fmt: skip


def test_a_round_by_income_knows_the_side_of_the_line_alone() -> None:
    lines = Scenario(LineUnit.DONG, 2_200_000, 2_800_000)
    assert judge(lines, BY_INCOME, case(NEAR_POOR, None, "0" * 12)).possible == {NEAR_POOR}
    found = judge(lines, BY_INCOME, case(NOT_POOR, None, "0" * 12))
    assert (set(found.possible), found.why) == ({NEAR_POOR, NOT_POOR}, (Why.NO_POINTS,))
    assert judge(Scenario(rural=140), BY_INCOME, case(NOT_POOR, None)).possible == {POOR, NOT_POOR}


def test_where_the_area_is_not_known_both_lines_hold() -> None:
    assert judge(Scenario(), TODAY, case(None, 140, area=None)).possible == {POOR}
    assert judge(Scenario(), TODAY, case(None, 176, area=None)).possible == {NOT_POOR}
    found = judge(Scenario(), TODAY, case(None, 150, area=None))
    assert (set(found.possible), found.why) == ({POOR, NOT_POOR}, (Why.NO_AREA,))
    assert judge(Scenario(rural=160, urban=160), TODAY, case(None, 150, area=None)).possible == {POOR}


def test_unknown_lacks_open_the_answer_as_far_as_they_matter() -> None:
    found = judge(Scenario(), TODAY, case(None, 100, "11-000000000"))
    assert (set(found.possible), found.why) == ({POOR, NEAR_POOR}, (Why.MISSING,))
    assert judge(Scenario(), TODAY, case(POOR, 100, "111---------")).possible == {POOR}
    assert judge(Scenario(), TODAY, case(NEAR_POOR, 100, "1-0000000000")).possible == {NEAR_POOR}
    assert judge(Scenario(), TODAY, case(NOT_POOR, 200, "------------")).possible == {NOT_POOR}


def test_what_counts_and_from_how_many_on() -> None:
    assert judge(Scenario(least=4), TODAY, case(POOR, 100)).why == (Why.LEAST,)
    first = frozenset({Indicator.JOB})
    found = judge(Scenario(left_out=first), TODAY, case(POOR, 100))
    assert (found.household_class, found.why) == (NEAR_POOR, (Why.LEFT_OUT,))
    found = judge(Scenario(untold=first), TODAY, case(POOR, 100))
    assert (set(found.possible), found.why) == ({POOR, NEAR_POOR}, (Why.UNTOLD,))
    found = judge(Scenario(unasked=1), TODAY, case(NEAR_POOR, 100, "110000000000"))
    assert (set(found.possible), found.why) == ({POOR, NEAR_POOR}, (Why.UNASKED,))


@pytest.mark.parametrize(
    ("now", "points", "text", "expected"),
    [
        (POOR, 120, "111000000000", {POOR}),
        (POOR, 120, "110000000010", {POOR, NEAR_POOR}),  # what it lacks of telecommunication is asked otherwise
        (POOR, 120, "110000000001", {POOR, NEAR_POOR}),  # means of information go; two others are open
        (POOR, 120, "100000000011", {POOR, NEAR_POOR}),
        (NEAR_POOR, 120, "000000000011", {NEAR_POOR}),
        (NEAR_POOR, 120, "100000000000", {POOR, NEAR_POOR}),
        (NOT_POOR, 141, "000000000000", {NEAR_POOR, NOT_POOR}),
        (NOT_POOR, 300, "111000000000", {POOR, NOT_POOR}),
        (NOT_POOR, 300, "110000000000", ALL),
    ],
)
def test_the_standard_of_2027_as_far_as_it_is_known(
    now: HouseholdClass, points: float, text: str, expected: set[HouseholdClass]
) -> None:
    assert judge(ND351, TODAY, case(now, points, text)).possible == expected


def test_what_is_shipped_of_its_indicators_is_that_scenario() -> None:
    known = changes()["ND351-2025"]
    of = {change: {one.key for one in known if one.change is change} for change in Change}
    assert (of[Change.LEFT_OUT], of[Change.UNTOLD]) == ({"phuong_tien_tt"}, {"vien_thong"})
    assert of[Change.UNASKED] == {"xu_ly_rac"}
    assert of[Change.KEPT] | of[Change.LEFT_OUT] | of[Change.UNTOLD] == {one.value for one in Indicator}
    assert all(one.status and one.source for one in known)


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"rural": -1}, "line"), ({"urban": 1001}, "line"), ({"least": 0}, "least"), ({"least": 13}, "least"),
        ({"unasked": 7}, "unasked"), ({"unasked": -1}, "unasked"),
        ({"least": 12, "left_out": frozenset({Indicator.JOB})}, "least"),
        ({"left_out": frozenset({Indicator.JOB}), "untold": frozenset({Indicator.JOB})}, "twice"),
    ],
)  # fmt: skip
def test_what_is_no_scenario_is_refused(given_: dict[str, Any], code: str) -> None:
    with pytest.raises(WrongScenario) as refused:
        Scenario(**given_)
    assert refused.value.code == code


def test_a_scenario_goes_into_json_and_comes_back() -> None:
    assert from_json(ND351.as_json()) == ND351
    for broken in ({}, None, ND351.as_json() | {"unit": "x"}, ND351.as_json() | {"least": "x"}):
        with pytest.raises(WrongScenario):
            from_json(broken)


# --- what holds of every household and every scenario -----------------------------------------------------------------

known_lacks = st.tuples(*[st.booleans()] * 12)
areas = st.sampled_from(list(Area))
points_ = st.one_of(st.integers(130, 185), st.sampled_from([139.5, 140.5, 175.5])).map(float)
indicator_sets = st.frozensets(st.sampled_from(list(Indicator)), max_size=3)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    unit = draw(st.sampled_from(list(LineUnit)))
    line = st.integers(130, 190) if unit is LineUnit.POINTS else st.integers(1_400_000, 2_900_000)
    left_out = draw(indicator_sets)
    return Scenario(
        unit, draw(st.none() | line), draw(st.none() | line), draw(st.integers(1, 6)), left_out,
        draw(indicator_sets) - left_out, draw(st.integers(0, 2)),
    )  # fmt: skip


def law(area: Area, points: float, those: tuple[bool, ...]) -> HouseholdClass:
    """Today's, read once more."""
    if points > (140 if area is RURAL else 175):
        return NOT_POOR
    return POOR if sum(those) >= 3 else NEAR_POOR


@given(areas, points_, known_lacks)
def test_without_unknowns_today_gives_the_class_that_stands(area: Area, points: float, those: tuple[bool, ...]) -> None:
    stands = law(area, points, those)
    assert judge(Scenario(), TODAY, Case(stands, area, points, those)).possible == {stands}


@given(scenarios(), areas, points_, known_lacks, st.tuples(*[st.booleans()] * 12), st.booleans(), st.booleans())
def test_what_is_known_less_holds_all_that_it_may_be(
    scenario: Scenario, area: Area, points: float, those: tuple[bool, ...], hidden: tuple[bool, ...],
    without_points: bool, without_area: bool,
) -> None:  # fmt: skip
    """Whatever is hidden, filled in either way, is among what was possible."""
    stands = law(area, points, those)
    whole = Case(stands, area, points, those)
    less = Case(
        stands, None if without_area else area, None if without_points else points,
        tuple(None if gone else lack for lack, gone in zip(those, hidden, strict=True)),
    )  # fmt: skip
    if less.area is None and less.points is None:
        less = less._replace(household_class=None)  # the questionnaire would not know it either
    assert judge(scenario, TODAY, whole).possible <= judge(scenario, TODAY, less).possible


@given(scenarios(), areas, points_, known_lacks, st.integers(0, 2**12), st.integers(0, 2))
def test_an_untold_indicator_holds_both_answers(
    scenario: Scenario, area: Area, points: float, those: tuple[bool, ...], bits: int, lacking: int
) -> None:
    """As if the indicator had been asked as it is then, and been answered in any way."""
    stands = law(area, points, those)
    found = judge(scenario, TODAY, Case(stands, area, points, those)).possible
    answered = tuple(
        bool(bits >> at & 1) if one in scenario.untold else lack
        for at, (one, lack) in enumerate(zip(Indicator, those, strict=True))
    )
    # A new indicator that is lacked is as if one lack fewer made a household poor.
    least = scenario.least - min(lacking, scenario.unasked, scenario.least - 1)
    assume(least <= len(Indicator) - len(scenario.left_out))
    asked = replace(scenario, untold=frozenset(), unasked=0, least=least)
    assert judge(asked, TODAY, Case(stands, area, points, answered)).possible <= found


@given(scenarios(), areas, points_, known_lacks)
def test_a_higher_line_and_fewer_lacks_put_nobody_out(
    scenario: Scenario, area: Area, points: float, those: tuple[bool, ...]
) -> None:
    one = Case(law(area, points, those), area, points, those)
    found = judge(scenario, TODAY, one).possible
    wider = [replace(scenario, least=scenario.least - 1)] if scenario.least > 1 else []
    for name in ("rural", "urban"):
        if (line := getattr(scenario, name)) is not None:
            wider.append(replace(scenario, **{name: line + 1}))
    for other in wider:
        then = judge(other, TODAY, one).possible
        if found == {POOR}:
            assert then == {POOR}
        if POOR not in then:
            assert POOR not in found


def test_the_questionnaire_and_the_rule_agree() -> None:
    """Households of every kind, whole and with answers missing, as the compiled questionnaire judges them."""
    form, random, classes = household_form(), Random(7), Counter[HouseholdClass | None]()
    for number in range(300):
        answers = interview(household(random), random, missing=number % 3 == 0, stale=False)
        evaluation = evaluate(form, answers, CLOCK)
        found = assess(form, evaluation)
        said, by = evaluation.values.get("khu_vuc"), {one.indicator: one.deprived for one in found.indicators}
        area = Area(said) if said in set(Area) else None
        one = Case(found.household_class, area, found.b1, tuple(by[indicator] for indicator in Indicator))
        today = TODAY._replace(by_income=answers.get("cach_b1") == "thu_nhap")
        possible = judge(Scenario(), today, one).possible
        if found.household_class is None:
            assert len(possible) > 1, (answers, found)
        else:
            assert possible == {found.household_class}, (answers, found)
        classes[found.household_class] += 1
    assert all(classes[one] > 10 for one in (*HouseholdClass, None)), classes
