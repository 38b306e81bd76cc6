"""What is worth a second look: splits before the review, children who left, turns of being poor. Nothing follows."""

from __future__ import annotations

from datetime import date

import pytest

from survey.register.ledger import Event
from survey.review.signs import Signs, children_gone, classes, split_lately, turns
from survey.terms import RegisterKind

DAY = date(2026, 10, 5)


def split(seq: int, day: date, household: str = "a", other: str = "b") -> Event:
    return Event(seq, RegisterKind.SPLIT, household, day, {"class": "ho_ngheo"}, other_id=other)


@pytest.mark.parametrize("household", ["a", "b"])
def test_a_split_within_a_year_before_the_interview_is_told_of_both_households(household: str) -> None:
    events = [split(1, date(2024, 1, 1), "b", "c"), split(2, date(2026, 9, 1))]
    assert split_lately(events, household, DAY) == date(2026, 9, 1)


def test_a_split_long_ago_after_the_interview_or_undone_is_no_sign() -> None:
    old, later = split(1, date(2025, 10, 3)), split(2, date(2026, 10, 6))
    undone = [split(3, date(2026, 9, 1)), Event(4, RegisterKind.VOID, "a", date(2026, 9, 1), voids=3)]
    assert split_lately([old, later, *undone], "a", DAY) is None
    assert split_lately([split(1, date(2025, 10, 4))], "a", DAY) == date(2025, 10, 4)


BEFORE = [
    {"ho_ten": "Lò Văn Hoà", "nam_sinh": 1979},
    {"ho_ten": "Lò Thị Hoa", "nam_sinh": 2011},
    {"ho_ten": "Lò Văn An", "nam_sinh": 2016},
    {"ho_ten": "Lò Văn Xôm", "nam_sinh": 2010},  # sixteen
    {"ho_ten": "Lò Thị Lả"},
]


def test_children_of_last_year_who_are_not_here_are_named() -> None:
    now = [{"ho_ten": "LÒ VĂN HÒA", "nam_sinh": 1979}, {"ho_ten": "Lo Van An", "nam_sinh": 2016}]
    assert children_gone(BEFORE, now, 2026) == ("Lò Thị Hoa",)


def test_an_interview_without_members_says_nothing_of_children() -> None:
    assert children_gone(BEFORE, [], 2026) == ()


def test_whoever_comes_onto_the_lists_and_leaves_them_again_takes_turns() -> None:
    given = ["ho_ngheo", "ho_can_ngheo", "khong_ngheo", "ho_ngheo"]
    events = [
        Event(1, RegisterKind.ENTER, "a", date(2022, 1, 1), {"class": given[0]}),
        Event(4, RegisterKind.CORRECT, "a", date(2025, 1, 1), {"class": given[3]}),
        Event(2, RegisterKind.CORRECT, "a", date(2023, 1, 1), {"class": given[1]}),
        Event(3, RegisterKind.CORRECT, "a", date(2024, 1, 1), {"class": given[2]}),
        Event(5, RegisterKind.SPLIT, "a", date(2025, 2, 1), {"class": "khong_ngheo"}, other_id="b"),
    ]
    assert classes(events, [], "a") == given
    assert turns(given) == 2
    assert turns(["ho_ngheo", "ho_can_ngheo"]) == turns([]) == 0


def test_one_turn_is_no_sign_and_two_are() -> None:
    assert not Signs(turns=1)
    assert Signs(turns=2)
    assert Signs(children=("Lò Thị Hoa",))
    assert not Signs()
