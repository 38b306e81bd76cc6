"""Who the members of an interview are, of those who were met before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from survey.register.persons import Person, Row
from survey.submissions.identities import match
from survey.terms import PersonState

DAY = date(2026, 1, 1)
ON = {"ho_ten": "Lò Thị Hoà", "gioi_tinh": "nu", "nam_sinh": 1990, "quan_he": "con"}


def person(id: str, **said: Any) -> Person:
    return Person(id, ON | said, "a", DAY, DAY)


def row(position: int = 0, **said: Any) -> Row:
    return Row(position, {key: value for key, value in (ON | said).items() if value is not None})


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"ho_ten": "LÒ THỊ  HÒA"},
        {"quan_he": "dau_re"},
        {"nam_sinh": None},
        {"ma_nk": "p", "ho_ten": "Quàng Văn Khác", "nam_sinh": 1950},
        {"cccd": "014190000001", "ho_ten": "Lò Thị Hồng", "nam_sinh": 1991},
        {"thang_sinh": 5, "ngay_sinh": 7},
    ],
)
def test_one_is_known_again(said: dict[str, Any]) -> None:
    assert match([person("p", cccd="014190000001")], [row(**said)]) == ({0: "p"}, {})


@pytest.mark.parametrize(
    "said",
    [{"ho_ten": "Lò Thị Hoa"}, {"nam_sinh": 1991}, {"gioi_tinh": "nam"}, {"cccd": "014190000002"}],
)
def test_one_with_something_against_it_is_shown_and_not_guessed(said: dict[str, Any]) -> None:
    assert match([person("p", cccd="014190000001")], [row(**said)]) == ({}, {0: ("p",)})


def test_somebody_else_is_somebody_new() -> None:
    assert match([person("p")], [row(ho_ten="Quàng Văn Tâm", nam_sinh=2001)]) == ({}, {})


def test_of_two_alike_the_relation_decides_else_a_person() -> None:
    known = [person("p"), person("q", quan_he="dau_re")]
    assert match(known, [row(0), row(1, quan_he="dau_re")]) == ({0: "p", 1: "q"}, {})
    found, doubts = match([person("p"), person("q")], [row(0)])
    assert (found, doubts) == ({}, {0: ("p", "q")})


def test_a_code_goes_before_all_else_and_nobody_is_two() -> None:
    known = [person("p", ma_nk="phone-1"), person("q", ho_ten="Lò Văn Đông")]
    rows = [row(0, ma_nk="q"), row(1, ma_nk="phone-1", ho_ten="Lò Văn Đông")]
    assert match(known, rows) == ({0: "q", 1: "p"}, {})
    assert match([person("p")], [row(0, ma_nk="p"), row(1, ma_nk="p")])[0] == {}


@pytest.mark.parametrize("odd", [None, 5, ["x"], {"a": 1}, ""])
def test_answers_of_any_kind_are_read(odd: Any) -> None:
    assert match([Person("p", {"ho_ten": odd}, "a", DAY, DAY)], [Row(0, {"ho_ten": "Lò"})]) == ({}, {})
    match([person("p")], [Row(0, {"ho_ten": odd, "nam_sinh": odd, "cccd": odd, "ma_nk": odd})])


def test_the_living_are_not_taken_for_a_dead_namesake() -> None:
    dead = replace(person("p", nam_sinh="", cccd="014190000001"), state=PersonState.DEAD)
    assert match([dead], [row(ma_nk="new", nam_sinh=2026)]) == ({}, {0: ("p",)})
    assert match([dead], [row(ma_nk="p")]) == match([dead], [row(cccd="014190000001")]) == ({0: "p"}, {})
    assert match([dead, person("q")], [row()])[0] == {0: "q"}
