"""One decision on whether an interview's day can be right: the table that the phone reads too, and what holds of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.clocks import (
    LATE,
    NOTICED,
    RELEASED,
    TOLERANCE,
    Bounds,
    Doubt,
    ServerFacts,
    day_of,
    doubt,
    doubt_of_server,
    is_noticed,
)
from tests.cases.clocks import cases, decided

OPENS, CLOSES = date(2026, 9, 1), date(2026, 12, 14)
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2026, 9, 1), datetime(2027, 1, 5), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
FAR = st.integers(25 * 3600, 20 * 365 * 86400).map(lambda seconds: timedelta(seconds=seconds))
NEAR = st.integers(-86400, 86400).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize("case", cases(), ids=[case["why"] for case in cases()])
def test_the_server_decides_as_the_table_says(case: dict[str, str]) -> None:
    assert decided(case) == case["doubt"]


@given(MOMENTS, FAR, st.sampled_from([1, -1]))
def test_a_clock_that_is_off_by_more_than_a_day_when_it_sends_is_always_doubted(
    true: datetime, off: timedelta, way: int
) -> None:
    """Days, months or years, forward and back: sent at once, by a phone that says what its clock shows."""
    bounds = Bounds(OPENS, CLOSES, until=true, skew=way * off)
    assert doubt(true + way * off, bounds) is not None


@given(MOMENTS, NEAR, st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_clock_within_a_day_is_never_doubted_however_late_it_sends(
    true: datetime, off: timedelta, later: timedelta
) -> None:
    said = true + off
    assert doubt(said, Bounds(OPENS, CLOSES, until=true + later, skew=off)) is None or day_of(said) < OPENS - DAY
    assert doubt(said, Bounds(OPENS, CLOSES, since=true)) is None or day_of(said) < OPENS - DAY


@given(MOMENTS, FAR, st.timedeltas(timedelta(0), timedelta(days=90)))
def test_what_the_phone_knows_of_the_last_contact_finds_each_clock_that_fell_behind_it(
    met: datetime, off: timedelta, since: timedelta
) -> None:
    said = met + since - off
    assert (doubt(said, Bounds(None, None, since=met)) is Doubt.BEHIND) == (said < met - TOLERANCE)


@given(MOMENTS, FAR, st.integers(-12 * 60, 14 * 60))
def test_the_zone_in_which_a_phone_writes_changes_nothing(moment: datetime, off: timedelta, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    for said in (moment, moment - off, moment + off):
        for bounds in (Bounds(OPENS, CLOSES, until=moment), Bounds(OPENS, CLOSES, since=moment)):
            assert doubt(said, bounds) == doubt(said.astimezone(zone), bounds)


@given(MOMENTS, FAR)
def test_later_receipt_never_makes_a_good_day_doubtful(true: datetime, later: timedelta) -> None:
    assert doubt(true, Bounds(OPENS, CLOSES, until=true + later)) is None


def test_on_the_phone_a_round_may_end_late_and_not_for_ever() -> None:
    after = datetime(2026, 12, 14, 12, tzinfo=UTC) + LATE
    assert doubt(after, Bounds(OPENS, CLOSES)) is None
    assert doubt(after + DAY, Bounds(OPENS, CLOSES)) is Doubt.AHEAD


NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (ServerFacts(), None),
        (ServerFacts([YEAR, YEAR + timedelta(seconds=9), YEAR]), Doubt.BEHIND),  # all phones "ahead" at once
        (ServerFacts([-YEAR, -YEAR, -YEAR, timedelta(0)]), Doubt.AHEAD),
        (ServerFacts([YEAR, YEAR]), None),  # two wrong phones are two wrong phones
        (ServerFacts([YEAR, -YEAR, 2 * YEAR]), None),  # phones that disagree accuse nobody
        (ServerFacts([YEAR, timedelta(0), timedelta(0)]), None),
        (ServerFacts(newest=NOW + 2 * DAY), Doubt.BEHIND),
        (ServerFacts(newest=NOW + timedelta(hours=20)), None),
        (ServerFacts([timedelta(0)] * 3, newest=NOW + YEAR), None),  # it was wrong, and is set right
        (ServerFacts(database=NOW + 2 * DAY), Doubt.BEHIND),
        (ServerFacts(database=NOW - 2 * DAY), Doubt.AHEAD),
        (ServerFacts(database=NOW), None),
    ],
)
def test_the_servers_own_clock_is_doubted_by_phones_by_what_is_stored_and_by_the_database(
    facts: ServerFacts, found: Doubt | None
) -> None:
    assert doubt_of_server(NOW, facts) is found


def test_before_its_release_no_server_has_the_right_time() -> None:
    before = datetime.combine(RELEASED - 3 * DAY, datetime.min.time(), UTC)
    assert doubt_of_server(before, ServerFacts()) is Doubt.BEHIND


def test_a_clock_that_is_off_by_minutes_is_noticed_and_one_that_nobody_knows_is_not() -> None:
    edge = int(NOTICED.total_seconds())
    assert [is_noticed(skew) for skew in (None, 0, edge, -edge)] == [False] * 4
    assert is_noticed(edge + 1) and is_noticed(-edge - 1)
