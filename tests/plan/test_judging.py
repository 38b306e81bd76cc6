"""Path, pace, trend and light by hand: each colour, each bound, strictness, and what is refused to be judged."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from survey.plan.judging import Aim, Figure, Path, When, Why, best, judge, trend
from survey.terms import Comparison, FigureStatus, Light, TargetKind

PUBLISHED, DERIVED, REPORTED = FigureStatus.PUBLISHED, FigureStatus.DERIVED, FigureStatus.REPORTED
# From 20 % (2020) to 10 % (2025): two points a year, a planned change of ten, so one point is a little.
LEVEL = Aim(TargetKind.LEVEL, Comparison.AT_MOST, Decimal(10), When(2020), When(2025), Decimal(20), PUBLISHED)
# Fewer by more than 3 points from 2021 to 2022.
FALL = Aim(TargetKind.FALL, Comparison.MORE, Decimal(3), When(2021), When(2022), Decimal("21.35"), DERIVED)
SUM = Aim(TargetKind.SUM, Comparison.AT_LEAST, Decimal(1200), When(2021), When(2022))
SHARE = Aim(TargetKind.SHARE, Comparison.MORE, Decimal(50), When(2021), When(2022))


def at(year: int, value: str | None, status: FigureStatus = PUBLISHED, month: int = 12) -> Figure:
    return Figure(When(year, month), Decimal(value) if value is not None else None, status)


def test_the_path_is_straight_and_level_outside_its_years() -> None:
    path = Path(When(2020), When(2025), Fraction(20), Fraction(10))
    assert [path.at(When(year)) for year in (2019, 2020, 2022, 2025, 2030)] == [20, 20, 16, 10, 10]
    assert path.at(When(2021, 6)) == 19  # half a year, one point


@pytest.mark.parametrize(
    ("value", "comparison", "light"),
    [  # at the end of 2022 the path is at 16
        ("15.9999", Comparison.AT_MOST, Light.GREEN),
        ("16", Comparison.AT_MOST, Light.GREEN),
        ("16", Comparison.LESS, Light.AMBER),
        ("15.9999", Comparison.LESS, Light.GREEN),
        ("16.0001", Comparison.AT_MOST, Light.AMBER),
        ("17", Comparison.AT_MOST, Light.AMBER),  # short by exactly a tenth
        ("17.0001", Comparison.AT_MOST, Light.RED),
        ("24", Comparison.AT_MOST, Light.RED),
    ],
)
def test_a_level_against_its_path(value: str, comparison: Comparison, light: Light) -> None:
    found = judge(replace(LEVEL, comparison=comparison), [at(2022, value)])
    assert (found.light, found.is_soft) == (light, False)


def test_a_level_that_is_to_rise_is_better_above() -> None:
    rising = replace(LEVEL, comparison=Comparison.AT_LEAST, value=Decimal(30))  # the path is at 24
    values = ("24", "23", "22.9999")
    assert [judge(rising, [at(2022, one)]).light for one in values] == [Light.GREEN, Light.AMBER, Light.RED]


def test_gap_and_pace_by_hand() -> None:
    found = judge(LEVEL, [at(2022, "17")])
    assert (found.behind, found.missing) == (1, 7)
    assert found.pace == Fraction(-7, 3)  # seven points in the three years that are left
    assert judge(LEVEL, [at(2025, "9")]).pace is None  # none is left
    assert judge(LEVEL, [at(2025, "9")]).missing == -1


def test_the_latest_figure_up_to_the_year_counts_and_of_one_month_the_best_known() -> None:
    figures = [at(2020, "20"), at(2022, "30"), at(2023, "14", DERIVED), at(2023, "14.5"), at(2026, "1")]
    found = judge(LEVEL, figures)
    assert found.figure == at(2023, "14.5")
    assert found.light is Light.AMBER  # the path is at 14
    assert not found.is_soft
    assert judge(LEVEL, [at(2022, "30"), at(2023, "14", DERIVED)]).is_soft
    assert judge(replace(LEVEL, is_soft=True), [at(2023, "14")]).is_soft
    assert judge(replace(LEVEL, base_status=DERIVED), [at(2023, "14")]).is_soft


def test_a_forecast_is_no_figure_and_the_base_year_says_nothing() -> None:
    figures = [at(2020, "20"), at(2023, "5", FigureStatus.FORECAST), at(2024, None)]
    found = judge(LEVEL, figures)
    assert (found.light, found.why) == (Light.GREY, Why.NO_FIGURE)
    assert best(figures) == {When(2020): at(2020, "20")}


def test_what_is_not_known_is_grey_and_says_why() -> None:
    assert judge(replace(LEVEL, value=None), [at(2022, "1")]).why is Why.NO_TARGET
    assert judge(replace(LEVEL, base=None, base_status=None), [at(2022, "1")]).why is Why.NO_BASE
    assert judge(replace(FALL, base=None, base_status=None), [at(2022, "1")]).why is Why.NO_BASE
    assert judge(FALL, []).why is Why.NO_FIGURE
    assert judge(SUM, [at(2021, "5000")]).why is Why.NO_FIGURE  # of the year before


@pytest.mark.parametrize(
    ("value", "comparison", "light"),
    [
        ("17.57", Comparison.MORE, Light.GREEN),  # 3,78
        ("18.35", Comparison.MORE, Light.AMBER),  # 3 exactly is not more than 3
        ("18.35", Comparison.AT_LEAST, Light.GREEN),
        ("18.65", Comparison.MORE, Light.AMBER),  # 2,7: short by exactly a tenth of 3
        ("18.6501", Comparison.MORE, Light.RED),
    ],
)
def test_a_fall_since_the_base_year(value: str, comparison: Comparison, light: Light) -> None:
    found = judge(replace(FALL, comparison=comparison), [at(2022, value, DERIVED)])
    assert (found.light, found.is_soft) == (light, True)
    assert found.fell == Fraction("21.35") - Fraction(value)


def test_a_fall_is_told_between_figures_of_one_status() -> None:
    unlike = judge(FALL, [at(2022, "17")])
    assert (unlike.light, unlike.why, unlike.figure) == (Light.GREY, Why.UNLIKE, at(2022, "17"))
    both = judge(FALL, [at(2021, "22"), at(2022, "17"), at(2022, "18", DERIVED)])
    assert (both.figure, both.fell, both.is_soft) == (at(2022, "17"), 5, False)  # published to published
    found = judge(FALL, [at(2022, "17"), at(2022, "18", DERIVED)])
    assert (found.figure, found.fell) == (at(2022, "18", DERIVED), Fraction("3.35"))


def test_of_a_range_the_lower_bound_decides() -> None:
    wanted = replace(FALL, comparison=Comparison.RANGE, value=Decimal(4), base=Decimal(40), base_status=PUBLISHED)
    lights = [judge(wanted, [at(2022, one)]).light for one in ("36", "34", "36.4", "36.41")]
    assert lights == [Light.GREEN, Light.GREEN, Light.AMBER, Light.RED]


def test_a_sum_grows_month_by_month() -> None:
    # By the end of August the path is at 800; a little is 120.
    lights = [judge(SUM, [at(2022, one, REPORTED, 8)]).light for one in ("800", "799", "680", "679")]
    assert lights == [Light.GREEN, Light.AMBER, Light.AMBER, Light.RED]
    found = judge(SUM, [at(2022, "700", REPORTED, 8), at(2022, "100", REPORTED, 2)])
    assert (found.missing, found.pace) == (500, 1500)  # 500 in the third of a year that is left


def test_a_share_is_held_against_the_target_itself() -> None:
    lights = [judge(SHARE, [at(2022, one, REPORTED, 3)]).light for one in ("50.1", "50", "45", "44.9")]
    assert lights == [Light.GREEN, Light.AMBER, Light.AMBER, Light.RED]
    assert judge(SHARE, [at(2022, "50", REPORTED, 3)]).pace is None


def test_the_tolerance_is_a_parameter() -> None:
    assert judge(LEVEL, [at(2022, "17")], Fraction(1, 20)).light is Light.RED


def test_the_trend_is_a_difference_of_two_and_a_median_of_more() -> None:
    assert trend([at(2021, "20")]) is None
    two = trend([at(2021, "20"), at(2023, "14")])
    assert two is not None and two.a_year == -3
    # Slopes between two of them: -6, -4, -2 (20 → 14 → 12), their median.
    three = trend([at(2023, "12"), at(2021, "20"), at(2022, "14"), at(2022, "1", REPORTED, 6)])
    assert three is not None
    assert (three.a_year, len(three.of)) == (-4, 3)


def test_a_trend_is_of_one_status_the_best_that_has_two() -> None:
    figures = [at(2021, "20"), at(2021, "20", DERIVED), at(2022, "15", DERIVED), at(2023, "1", FigureStatus.FORECAST)]
    found = trend(figures)
    assert found is not None
    assert (found.status, found.a_year) == (DERIVED, -5)
