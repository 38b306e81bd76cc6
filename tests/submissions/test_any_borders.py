"""Whatever is written down, the tables of any day add up in any borders: villages, communes, districts, the whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.submissions.register_table import Land, Level, Table
from survey.tallies.deprivations import MEASURES, UNKNOWN, Measure
from survey.terms import Dimension, HouseholdClass, Indicator
from tests.any_register import (
    DAYS,
    HERE,
    LAST,
    THERE,
    A,
    AnyRegister,
    B,
    C,
    Z,
    begun,
    day,
    former_borders,
    registers,
)
from tests.examples import examples

BORDERS = st.one_of(st.none(), st.builds(lambda _: former_borders(), st.none()), DAYS.map(day))
HEALTH, INSURANCE = Measure("dimension", Dimension.HEALTH), Measure("indicator", Indicator.INSURANCE)


def small() -> AnyRegister:
    """a and b in A, c in B, d in Z; a was asked on day 10 and lacks insurance, b on day 20 and lacks nothing."""
    made = begun()
    for id, village_id, named, persons in (
        ("a", A, "ho_ngheo", 2), ("b", A, "ho_can_ngheo", 3), ("c", B, "ho_ngheo", 0), ("d", Z, None, 1),
    ):  # fmt: skip
        assert made.enter(id, village_id, named, persons)
    only_insurance = tuple(True if one is Indicator.INSURANCE else None for one in Indicator)
    made.ask(HERE, "a", 10, "ho_ngheo", 2, only_insurance)
    made.ask(HERE, "b", 20, "khong_ngheo", 4, (False,) * 12)
    return made


def said(found: Table, measure: Measure, level: Level | None = None) -> dict[Any, tuple[list[int], list[int]]]:
    """By place: who lacks it, who does not, of whom it is not known; in households and persons."""
    return {
        key[-1] if key else "": (
            [line.spreads[measure].households[lack] for lack in (True, False, None)],
            [line.spreads[measure].persons[lack] for lack in (True, False, None)],
        )
        for key, line in found.lacking(level).items()
    }


def test_who_lacks_what_by_the_interview_that_counted_on_the_day() -> None:
    made = small()
    assert said(made.table(9), INSURANCE) == {"": ([0, 0, 4], [0, 0, 6])}
    assert said(made.table(10), INSURANCE) == {"": ([1, 0, 3], [2, 0, 4])}
    assert said(made.table(20), INSURANCE, Level.VILLAGE) == {
        Z: ([0, 0, 1], [0, 0, 1]),
        A: ([1, 1, 0], [2, 4, 0]),
        B: ([0, 0, 1], [0, 0, 0]),
    }
    assert made.table(20).lacking()[()].unlisted == 1  # c: a household, and nobody has listed its persons


def test_a_dimension_is_lacked_by_one_indicator_and_not_lacked_only_where_all_are_known() -> None:
    nothing_but = (None,) * 3
    lacks = {True: (*nothing_but, True, *(None,) * 8), None: (*nothing_but, False, *(None,) * 8), False: (False,) * 12}
    for expected, pattern in lacks.items():
        assert HEALTH.of(pattern) is expected
    assert [one.of(UNKNOWN) for one in MEASURES] == [None] * 18
    # The dimension and the indicator of work are spelt alike, and are two.
    work = (False, True, *(None,) * 10)
    assert Measure("indicator", Indicator.JOB).of(work) is False
    assert Measure("dimension", Dimension.EMPLOYMENT).of(work) is True


def test_a_village_that_went_to_another_commune_is_there_also_of_an_earlier_day_in_borders_of_later() -> None:
    made = small()
    assert made.rezone(A, 30)
    new = next(one.village_id for one in made.changes if one.village_id[:5] == THERE and one.village_id != Z)
    for on in (20, 40):
        before, after = made.table(on, day(29)), made.table(on, day(30))
        assert {row.household_id: row.land for row in before.rows}["a"] == Land(None, HERE, A)
        assert {row.household_id: row.land for row in after.rows}["a"] == Land(None, THERE, new)
        assert {row.commune_today for row in after.rows if row.household_id in "ab"} == {THERE}
    assert {row.household_id: row.land for row in made.table(20).rows}["a"] == Land(None, HERE, A)


def test_a_commune_of_two_former_ones_is_named_with_the_households_that_nobody_placed() -> None:
    made = small()
    assert made.table(20, former_borders()).unplaced() == {HERE: 3}
    assert made.change(C.FORMER, A, 1, former="F1")
    found = made.table(20, former_borders())
    assert found.unplaced() == {HERE: 1}
    assert {key: tally.total for key, tally in found.counts(Level.COMMUNE).items()} == {
        ("D1", "F1"): 2, ("D1", "F3"): 1, (None, None): 1,
    }  # fmt: skip
    assert made.table(20, day(20)).unplaced() == {}


@pytest.mark.thorough
@settings(max_examples=examples(150), deadline=None)
@given(registers(), DAYS, BORDERS)
def test_villages_make_up_communes_and_these_districts_and_all_the_whole(
    made: AnyRegister, on: int, borders: Any
) -> None:
    found = made.table(on, borders)
    total, lacking = found.total(), found.lacking()[()]
    assert total.total == len(found.rows) == lacking.households
    assert [(row.commune_id, row.household_id) for row in found.rows] == [
        (row.commune_id, row.household_id) for row in made.table(on).rows
    ]
    finer = None
    for level in found.levels:
        counts, lacked = found.counts(level), found.lacking(level)
        assert list(counts) == list(lacked)
        for one in (*HouseholdClass, None):
            assert sum(tally.households.get(one, 0) for tally in counts.values()) == total.households.get(one, 0)
        assert sum(tally.persons for tally in counts.values()) == total.persons
        assert sum(tally.unlisted for tally in counts.values()) == total.unlisted
        for measure in MEASURES:
            for lack in (True, False, None):
                parts = [line.spreads[measure] for line in lacked.values()]
                whole = lacking.spreads[measure]
                assert sum(each.households[lack] for each in parts) == whole.households[lack]
                assert sum(each.persons[lack] for each in parts) == whole.persons[lack]
            for key, line in lacked.items():
                assert sum(line.spreads[measure].households.values()) == line.households == counts[key].total
                assert sum(line.spreads[measure].persons.values()) == line.persons == counts[key].persons
        for key in finer or ():  # each place is the sum of those within it
            within = [tally for each, tally in counts.items() if each[: len(key)] == key]
            assert sum(tally.total for tally in within) == (finer or {})[key].total
        finer = counts


@pytest.mark.thorough
@settings(max_examples=examples(100), deadline=None)
@given(registers(), BORDERS)
def test_as_of_the_last_day_is_as_of_any_day_after_it(made: AnyRegister, borders: Any) -> None:
    at = borders if borders is not None else day(LAST)
    assert made.table(LAST, at).rows == made.table(LAST + 30, at).rows


def test_borders_of_a_day_and_of_the_day_itself_are_one() -> None:
    made = small()
    assert made.change(C.MERGED, A, 25, B)
    for on in (20, 30):
        assert made.table(on).rows == made.table(on, day(on)).rows
    assert [row.land.village for row in made.table(20, day(30)).rows if row.household_id == "a"] == [B]
