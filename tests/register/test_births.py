"""A birth in every form of a list is the day that was meant, or is asked about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.register.births import FUTURE, NO_SUCH_DAY, TWO_DIGITS, UNREADABLE, Birth, read_birth
from survey.register.csv_rows import folded
from tests.examples import examples

TODAY = date(2026, 11, 23)
SPELLINGS = ("{d}/{m}/{y}", "{d:02}-{m:02}-{y}", "{d}.{m}.{y}", "{y}-{m:02}-{d:02}", "{d:02}{m:02}{y}")
DAYS = st.dates(date(1907, 1, 1), TODAY)


def born(value: Any) -> Birth:
    return read_birth(value, folded(str(value)), TODAY)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("7.4.1965", "1965-04-07"),
        ("07 / 04 / 1965", "1965-04-07"),
        ("1965-04-07 00:00:00", "1965-04-07"),
        ("ngày 7 tháng 4 năm 1965", "1965-04-07"),
        ("07041965", "1965-04-07"),
        (7041965, "1965-04-07"),
        ("7-Apr-1965", "1965-04-07"),
        ("7-thg 4-1965", "1965-04-07"),
        ("năm 1965", "1965"),
        ("1965 (Ất Tỵ)", "1965"),
        ("?/?/1965", "1965"),
        ("../../1965", "1965"),
        ("00/04/1965", "1965-04"),
        ("4-1965", "1965-04"),
        ("1965/4", "1965-04"),
        ("29/02/2024", "2024-02-29"),
        ("-", ""),
        ("không rõ", ""),
        (None, ""),
    ],
)
def test_what_is_plain_is_taken(value: Any, said: str) -> None:
    assert (born(value).iso(), born(value).doubt) == (said, "")


@pytest.mark.parametrize(
    ("value", "doubt", "said"),
    [
        ("7/4/65", TWO_DIGITS, "1965-04-07"),
        ("7/4/20", TWO_DIGITS, "2020-04-07"),
        (65, TWO_DIGITS, "1965"),
        ("29/02/2023", NO_SUCH_DAY, "2023"),
        ("31/13/1990", NO_SUCH_DAY, "1990"),
        ("24/11/2026", FUTURE, "2026-11-24"),
        (2065, FUTURE, "2065"),
        ("hôm qua", UNREADABLE, ""),
        ("7/4/965", UNREADABLE, ""),
        ("1/2/3/4", UNREADABLE, ""),
        ("1880", UNREADABLE, ""),
        (3.5, UNREADABLE, ""),
        (999_999, UNREADABLE, ""),
        ("1" * 5000, UNREADABLE, ""),
        (float("inf"), UNREADABLE, ""),
        (float("nan"), UNREADABLE, ""),
    ],
)
def test_what_is_in_doubt_says_why(value: Any, doubt: str, said: str) -> None:
    assert (born(value).doubt, born(value).iso()) == (doubt, said)


def test_a_date_that_is_one_with_the_month_first_says_so() -> None:
    assert (born("12/27/1974").iso(), born("12/27/1974").month_first) == ("1974-12-27", True)
    assert born("27/12/1974").day_first
    assert born("04/07/1965").turned().iso() == "1965-04-07"


@settings(max_examples=examples(200), derandomize=True, deadline=None)
@given(DAYS, st.sampled_from(SPELLINGS))
def test_every_day_is_read_back_from_every_spelling(day: date, spelling: str) -> None:
    assert born(spelling.format(d=day.day, m=day.month, y=day.year)).iso() == day.isoformat()
    assert born(day).iso() == born((day - date(1899, 12, 30)).days).iso() == day.isoformat()


@settings(max_examples=examples(200), derandomize=True, deadline=None)
@given(st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_nothing_breaks_it_and_no_day_beyond_today_is_taken(value: Any) -> None:
    found = born(value)
    assert found.doubt or not found.year or (found.year >= 1900 and found.iso() <= TODAY.isoformat())
    assert born(TODAY + timedelta(days=1)).doubt == FUTURE
