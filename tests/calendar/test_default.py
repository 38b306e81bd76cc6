"""Which round is meant where nobody names one: nothing that is opened beside it or later takes its place by itself."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import Round
from survey.calendar.default import Known, rank
from survey.terms import CommuneState, RoundKind
from tests.examples import examples

TODAY = date(2026, 11, 23)


def known(name: str, year: int = 2026, state: str = "open", kind: str = "dinh_ky", trial: bool = False) -> Known:
    made = Round(id=name, kind=kind, year=year, trial=trial, opens_on=date(year, 9, 1))
    return Known(made, frozenset({CommuneState(state)}))


THIS_YEAR = known("this")


@pytest.mark.parametrize(
    "other",
    [
        known("ad-hoc", kind="thuong_xuyen"),
        known("trial", trial=True),
        known("next", 2027),
        known("before", 2025),
        known("before-closed", 2025, "accepted"),
        known("cancelled", state="cancelled"),
    ],
    ids=lambda one: one.round.id,
)
@pytest.mark.parametrize("state", ["open", "closed", "accepted"])
def test_the_periodic_round_of_the_year_stays_the_one_that_is_meant(other: Known, state: str) -> None:
    this = known("this", state=state)
    if other.round.id == "before" and state != "open":
        return  # last year's that is still open goes before this year's that is closed: there is work in it
    assert min([other, this], key=lambda one: rank(one, TODAY)) is this


def test_an_ad_hoc_round_is_meant_only_where_there_is_no_periodic_one() -> None:
    beside = known("ad-hoc", kind="thuong_xuyen")
    assert min([beside, known("before", 2025, "accepted")], key=lambda one: rank(one, TODAY)).round.id == "before"
    assert min([beside, known("gone", state="cancelled")], key=lambda one: rank(one, TODAY)) is beside


ROUNDS = st.builds(
    known,
    st.uuids().map(str),
    st.integers(2024, 2028),
    st.sampled_from([state.value for state in CommuneState]),
    st.sampled_from([kind.value for kind in RoundKind]),
    st.booleans(),
)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(ROUNDS, max_size=6))
def test_no_round_beside_an_open_one_of_the_year_takes_its_place(others: list[Known]) -> None:
    """Unless it is another periodic one of the same year, that is open and no trial, too."""
    rivals = [
        one for one in others
        if one.round.kind == RoundKind.PERIODIC and one.round.year == 2026 and one.is_open and not one.round.trial
    ]  # fmt: skip
    found = min([*others, THIS_YEAR], key=lambda one: rank(one, TODAY))
    assert found is THIS_YEAR or found in rivals
