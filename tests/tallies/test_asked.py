"""Whom an indicator asks about, of members as a questionnaire evaluates them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.tallies.deprivations import INDICATORS, OF_PERSONS, UNKNOWN, asked_of
from survey.tallies.facts import Fact, letters
from survey.tallies.places import ALL, counted, not_asked
from survey.terms import HouseholdClass, Indicator, RegisterState

J, N, I, A, C, T = OF_PERSONS  # noqa: E741 - job, nutrition, insurance, adults, children's schooling, telecom


def member(age: object, of_working_age: object = 0) -> dict[str, Any]:
    return {"ho_ten": "A", "tuoi": age, "tuoi_ld": of_working_age}


@pytest.mark.parametrize(
    ("members", "asked", "nobody"),
    [
        ([member(70)], {I, T}, {J, N, A, C}),
        ([member(2)], {N}, {J, I, A, C, T}),
        ([member(3), member(5)], {N, C}, {J, I, A, T}),
        ([member(15.0), member(16, 1)], {*OF_PERSONS}, set()),
        ([member(30, 1)], {J, I, A, T}, {N, C}),
        ([member(31, 1)], {J, I, T}, {N, A, C}),
        ([member("", "")], set(), set()),  # whose age is not known may be of any
        ([member("", 0), member(31, 1)], {J, I, T}, set()),
        ([member(True, True), member(float("inf"), float("nan"))], set(), set()),  # no ages
        ([], set(), set()),
    ],
)
def test_whom_an_indicator_asks_about(
    members: list[dict[str, Any]], asked: set[Indicator], nobody: set[Indicator]
) -> None:
    found = dict(zip(INDICATORS, asked_of(members, UNKNOWN), strict=True))
    assert {one for one in OF_PERSONS if found[one] is True} == asked
    assert {one for one in OF_PERSONS if found[one] is False} == nobody
    assert all(found[one] is True for one in INDICATORS if one not in OF_PERSONS)  # of the house, of all together


LACKS = st.tuples(*(st.sampled_from([True, False, None]) for _ in INDICATORS))
AGES = st.lists(st.tuples(st.one_of(st.integers(0, 100), st.just("")), st.sampled_from([0, 1, ""])), max_size=5)


@given(LACKS, AGES)
def test_whoever_lacks_it_was_asked(lacks: tuple[bool | None, ...], ages: list[tuple[Any, Any]]) -> None:
    found = asked_of([member(*one) for one in ages], lacks)
    assert all(one is True for one, lack in zip(found, lacks, strict=True) if lack)


def test_it_is_counted_of_the_accepted_with_a_class() -> None:
    fact = Fact(
        "h", "v", RegisterState.ACCEPTED.value, household_class=HouseholdClass.POOR.value, persons=3,
        lacks="0" * 12, asked=letters(asked_of([member(70), member("", "")], (False,) * 12)),
    )  # fmt: skip
    told = {key for part, key, persons in counted(fact) if part == ALL and ".asked." in key and persons == 3}
    poor = HouseholdClass.POOR.value
    assert told == {not_asked(poor, one, "-") for one in (J, N, A, C)}
    for other in (fact._replace(state=RegisterState.RECEIVED.value), fact._replace(household_class=None)):
        assert not [key for _part, key, _persons in counted(other) if ".asked." in key]
