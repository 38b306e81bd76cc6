"""Which supports are told before they are saved: the table that phone and server share, and windows of any day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.support_terms import SupportSubject, SupportWindow
from survey.supports.rules import (
    Claim,
    Days,
    Rule,
    against_days,
    against_subject,
    claim_of,
    given_before,
    window_key,
)
from tests.examples import examples
from tests.given import CASES

TODAY = date.fromisoformat(CASES["today"])
KINDS = {
    one["code"]: Rule(one["benefit_group"], SupportSubject(one["subject"]), SupportWindow(one["window"]))
    for one in CASES["kinds"]
}
PROJECTS = {
    (one["programme"], one["project"]): Days(
        date.fromisoformat(one["since"]), date.fromisoformat(one["until"]) if one["until"] else None
    )
    for one in CASES["projects"]
}
GIVEN = [
    Claim(one["benefit_group"], one["household_id"], one["person"], one["window_key"]) for one in CASES["given"]
]  # fmt: skip
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def fault(household_id: str, said: dict[str, Any]) -> str | None:
    rule, day = KINDS[said["kind"]], date.fromisoformat(said["day"])
    found = against_subject(rule, said["person"])
    found = found or against_days(day, PROJECTS[said["programme"], said["project"]], TODAY)
    claim = claim_of(rule, household_id, said["person"], day, said["programme"])
    return found or ("support_given" if claim is not None and given_before(claim, GIVEN) else None)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["why"])
def test_the_shared_table(case: dict[str, Any]) -> None:
    said = case["said"]
    key = window_key(KINDS[said["kind"]].window, date.fromisoformat(said["day"]), said["programme"])
    assert (key, fault(case["household"], said)) == (case["window_key"], case["fault"])


@settings(max_examples=examples(200))
@given(DAYS, DAYS)
def test_two_days_share_a_window_exactly_when_they_lie_in_it(one: date, other: date) -> None:
    def same(window: SupportWindow, programme: str = "a", another: str = "a") -> bool:
        key = window_key(window, one, programme)
        return key is not None and key == window_key(window, other, another)

    assert same(SupportWindow.MONTH) == ((one.year, one.month) == (other.year, other.month))
    assert same(SupportWindow.YEAR) == (one.year == other.year)
    assert same(SupportWindow.LIFE, "a", "b") and not same(SupportWindow.NONE)
    assert same(SupportWindow.PROGRAMME) and not same(SupportWindow.PROGRAMME, "a", "b")


@settings(max_examples=examples(200))
@given(DAYS, DAYS, st.none() | st.integers(0, 5000), st.integers(0, 5000))
def test_a_day_is_good_from_the_first_to_the_last_of_the_project_and_not_to_come(
    day: date, since: date, lasts: int | None, ago: int
) -> None:
    until = since + timedelta(lasts) if lasts is not None else None
    today = day + timedelta(ago)
    assert against_days(day, Days(since, until), day - timedelta(1)) == "register_future"
    found = against_days(day, Days(since, until), today)
    if since <= day and (until is None or day <= until):
        assert found is None
    else:
        assert found == ("support_before_project" if day < since else "support_after_project")
