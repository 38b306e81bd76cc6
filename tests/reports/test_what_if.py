"""What a round would have come to under another standard: rows added up, each line followed by hand."""

from __future__ import annotations

from collections import defaultdict
from random import Random

from survey.poverty.scenario import Case, LineUnit, Scenario, Today, Why, judge
from survey.reports.what_if import POOR as THE_POOR
from survey.reports.what_if import WITHIN, Figures, WhatIf, Which, _add, _Judge, _Row, is_of
from survey.tallies.bases import Share
from survey.tallies.facts import lacks_in
from survey.tallies.places import Group
from survey.tallies.sums import Sum
from survey.terms import Area, HouseholdClass, Indicator, Unit

POOR, NEAR_POOR, NOT_POOR = HouseholdClass
TODAY = Today({Area.RURAL: 140, Area.URBAN: 175}, {Area.RURAL: 1_500_000, Area.URBAN: 2_000_000})


def row(
    found: HouseholdClass | None,
    points: float | None,
    lacks: str | None,
    area: str | None = "nong_thon",
    persons: int = 1,
) -> _Row:
    stands = found.value if found else None
    return _Row("ho", "bản", stands, False, False, persons, points, lacks, "thai", "nam", area)


def figures() -> Figures:
    """Poor and stays, poor and cannot be told, near-poor and poor then, above and open, without a class."""
    made = Figures()
    made.add(POOR, frozenset({POOR}), 1, 4)
    made.add(POOR, frozenset({POOR, NEAR_POOR}), 2, 10)
    made.add(NEAR_POOR, frozenset({POOR}), 1, 3)
    made.add(NOT_POOR, frozenset({NEAR_POOR, NOT_POOR}), 3, 9)
    made.add(NOT_POOR, frozenset(HouseholdClass), 1, 5)
    made.add(POOR, frozenset({NEAR_POOR}), 1, 2)
    made.add(None, frozenset({POOR, NOT_POOR}), 1, 1)
    return made


def test_a_figure_is_from_what_is_certain_to_what_is_possible() -> None:
    found = figures()
    assert found.whole == Sum(10, 34)
    assert found.then(THE_POOR) == (Sum(2, 7), Sum(6, 23))
    assert found.then(frozenset({NEAR_POOR})) == (Sum(1, 2), Sum(7, 26))
    assert found.then(WITHIN) == (Sum(5, 19), Sum(10, 34))  # poor or near-poor, whichever of the two
    assert (found.now(THE_POOR), found.share_now(THE_POOR, Unit.HOUSEHOLDS)) == (Sum(4, 16), Share(4, 10, 1))
    assert found.share_then(THE_POOR, Unit.PERSONS) == Share(7, 34, 16)


def test_who_falls_in_and_out() -> None:
    found = figures()
    assert found.falls_in() == (Sum(1, 3), Sum(2, 8))
    assert found.falls_out() == (Sum(1, 2), Sum(3, 12))
    assert found.of(Which.UNTOLD) == Sum(7, 25)
    assert found.came(POOR, POOR) == Sum(1, 4)
    assert found.came(NOT_POOR, None) == Sum(4, 14)
    rows = [found.came(now, then) for now in (*HouseholdClass, None) for then in (*HouseholdClass, None)]
    assert Sum(sum(one[0] for one in rows), sum(one[1] for one in rows)) == found.whole


def test_nobody_is_certain_and_open_at_once() -> None:
    for now in (*HouseholdClass, None):
        for possible in figures().cells:
            those = [which for which in Which if is_of(which, now, possible[1]) and which is not Which.UNTOLD]
            assert len(those) <= 1


def test_households_are_added_up_by_place_and_by_group_with_their_reasons() -> None:
    scenario = Scenario(rural=150)
    found, judges = WhatIf(scenario, TODAY), _Judge(scenario, TODAY)
    for one in (row(NOT_POOR, 145, "111000000000", persons=4), row(POOR, 100, "111000000000", persons=2)):
        _add(found, ("bản", one.people, one.sex, one.area, judges.of(one)), 1, one.persons or 0)
    assert found.places["bản"].falls_in() == (Sum(1, 4), Sum(1, 4))
    assert found.groups[Group.PEOPLE, "thai"].then(THE_POOR) == (Sum(2, 6), Sum(2, 6))
    assert found.minorities.whole == Sum(2, 6)
    assert found.why == {Which.IN: {Why.LINE: 1}}
    assert (found.compared, found.differing) == (2, 0)


def test_a_class_that_todays_rule_does_not_give_is_counted() -> None:
    judges = _Judge(Scenario(), TODAY)
    assert not judges.of(row(POOR, 200, "111000000000")).agrees
    assert not judges.of(row(POOR, 100, "1" + "0" * 11)).agrees
    assert judges.of(row(POOR, 100, "-" * 12)).agrees  # a questionnaire that does not ask them
    assert judges.of(row(None, None, None)).agrees


def test_rows_judged_in_parts_come_out_as_judged_whole() -> None:
    random, met = Random(3), defaultdict[int, int](int)
    for _ in range(300):
        left_out = frozenset(random.sample(list(Indicator), random.randint(0, 2)))
        untold = frozenset(random.sample(list(Indicator), random.randint(0, 2))) - left_out
        unit = random.choice(list(LineUnit))
        lines = (None, 120, 140, 160) if unit is LineUnit.POINTS else (None, 1_400_000, 1_500_000, 2_200_000)
        scenario = Scenario(
            unit, random.choice(lines), random.choice(lines), random.randint(1, 5), left_out, untold,
            random.randint(0, 2),
        )  # fmt: skip
        judges = _Judge(scenario, TODAY)
        for _ in range(10):
            lacks = "".join(random.choices("01-", (6, 4, 1), k=12))
            found, points = random.choice((*HouseholdClass, None)), random.choice((None, 110.0, 140.0, 150.0, 180.0))
            area = random.choice((None, "nong_thon", "thanh_thi", "khac"))
            case = Case(found, Area(area) if area in set(Area) else None, points, lacks_in(lacks))
            judged = judges.of(row(found, points, lacks, area)).judged
            assert judged == judge(scenario, TODAY, case)
            met[len(judged.possible)] += 1
    assert set(met) == {1, 2, 3}
