"""Nobody stands alone in a research file: k households share each combination, which says not one thing of all."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.exports.anonymity import (
    HIDDEN,
    Bounds,
    Classes,
    Key,
    age_band,
    areas_of,
    at_most,
    cell_of,
)
from survey.positions import Position, kilometres

TWO = Bounds(k=2, l=2)


def classes(rows: list[tuple[Key, int, str]], bounds: Bounds = TWO, costs: tuple[int, ...] = (3, 1)) -> Classes:
    made = Classes([f"q{place}" for place in range(len(costs))], costs, ["said"], bounds)
    for key, household, answer in rows:
        made.take(key, household, [answer])
    return made


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (None, ""), (0, "0-5"), (5, "0-5"), (6, "6-15"), (15, "6-15"), (16, "16-24"), (64, "55-64"), (65, "65+"),
        (108, "65+"),
    ],
)  # fmt: skip
def test_ages_are_bands(age: int | None, band: str) -> None:
    assert age_band(age) == band


def test_numbers_end_with_so_many_and_more() -> None:
    assert [at_most(number, 7) for number in (1, 6, 7, 12)] == ["1", "6", "7+", "7+"]


def test_communes_are_joined_until_an_area_is_large_enough() -> None:
    #                3000 alone; 900 + 1200; 1999 is left over and joins the area before
    counted = {"003": 900, "001": 3000, "004": 1200, "009": 1999}
    assert areas_of(counted, 2000) == {"001": 1, "003": 2, "004": 2, "009": 2}
    assert areas_of({"001": 2000}, 2000) == {"001": 1}
    assert areas_of({"001": 1000, "002": 999}, 2000) is None
    assert areas_of({}, 2000) is None


@given(st.dictionaries(st.text("0123456789", min_size=5, max_size=5), st.integers(1, 6000), min_size=1))
def test_every_area_is_large_enough(counted: dict[str, int]) -> None:
    found = areas_of(counted, 2000)
    if sum(counted.values()) < 2000:
        assert found is None
        return
    assert found is not None
    assert set(found) == set(counted)
    sums: dict[int, int] = defaultdict(int)
    for commune_id, area in found.items():
        sums[area] += counted[commune_id]
    assert min(sums.values()) >= 2000


@given(st.floats(8, 24), st.floats(102, 110))
def test_a_cell_is_five_kilometres_and_its_middle_lies_in_it(latitude: float, longitude: float) -> None:
    position = Position(latitude, longitude)
    middle = Position(*map(float, cell_of(position).split()))
    assert kilometres(position, middle) <= 2.5 * 2**0.5 + 1.6  # half a diagonal, and what two decimals cut off
    assert cell_of(position) == cell_of(Position(latitude, longitude))


def test_what_enough_households_share_stays_as_it_is() -> None:
    made = classes([(("a", "x"), 1, "co"), (("a", "x"), 2, "khong")])
    assert made.published() == {("a", "x"): ("a", "x")}


def test_the_cheapest_cell_is_hidden_with_which_others_share_it() -> None:
    # a x and a y: one household each. Hiding the second cell (cost 1) joins them; b z joins nobody by that.
    made = classes([(("a", "x"), 1, ""), (("a", "y"), 2, ""), (("b", "z"), 3, ""), (("c", "z"), 4, "")])
    assert made.published() == {
        ("a", "x"): ("a", HIDDEN), ("a", "y"): ("a", HIDDEN), ("b", "z"): (HIDDEN, "z"), ("c", "z"): (HIDDEN, "z"),
    }  # fmt: skip


def test_who_is_alone_even_without_any_cell_is_left_out() -> None:
    rows = [(("a", "x"), 1, ""), (("a", "x"), 2, ""), (("b", "y"), 3, "")]
    assert classes(rows).published()[("b", "y")] is None


def test_many_persons_of_one_household_are_one_household() -> None:
    rows: list[tuple[Key, int, str]] = [(("a", "x"), 1, "")] * 6
    assert classes(rows).published() == {("a", "x"): None}
    both = classes([*rows, (("a", "y"), 1, ""), (("a", "z"), 2, "")])
    # x and y are one household, with z two: all three read a *
    assert set(both.published().values()) == {("a", HIDDEN)}


def test_where_all_would_say_the_same_nothing_is_said() -> None:
    rows = [(("a", "x"), 1, "khong"), (("a", "x"), 2, "khong"), (("b", "x"), 3, "co"), (("b", "x"), 4, "khong")]
    made = classes(rows)
    assert made.silent(made.published()) == {("a", "x"): frozenset({0}), ("b", "x"): frozenset()}


def test_a_missing_answer_is_none() -> None:
    made = classes([(("a", "x"), 1, "co"), (("a", "x"), 2, "")])
    assert made.silent(made.published()) == {("a", "x"): frozenset({0})}


def test_a_joined_combination_says_what_its_parts_say_together() -> None:
    made = classes([(("a", "x"), 1, "co"), (("a", "y"), 2, "khong")])
    assert made.silent(made.published()) == {("a", HIDDEN): frozenset()}


ROWS = st.lists(
    st.tuples(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("12")),
        st.integers(0, 12),
        st.sampled_from(["", "co", "khong"]),
    ),
    max_size=60,
)


@given(ROWS, st.integers(1, 5))
def test_whatever_is_published_is_shared_by_k_and_says_two_things(rows: list[tuple[Key, int, str]], k: int) -> None:
    made = classes(rows, Bounds(k=k, l=2), (5, 3, 1))
    published = made.published()
    silent = made.silent(published)
    assert set(published) == {key for key, _, _ in rows}
    households: dict[Key, set[int]] = defaultdict(set)
    answers: dict[Key, set[str]] = defaultdict(set)
    left_out: set[int] = set()
    for key, household, answer in rows:
        shown = published[key]
        if shown is None:
            left_out.add(household)
            continue
        assert all(cell in (own, HIDDEN) for own, cell in zip(key, shown, strict=True))
        households[shown].add(household)
        if answer and 0 not in silent[shown]:
            answers[shown].add(answer)
    assert all(len(of) >= k for of in households.values())
    assert all(len(of) >= 2 for of in answers.values())
    assert len(left_out) < k  # with every cell hidden, k of them would share that
    whole: dict[Key, set[int]] = defaultdict(set)
    for key, household, _ in rows:
        whole[key].add(household)
    assert all(published[key] == key for key, of in whole.items() if len(of) >= k)
