"""Each household ends somewhere, once, and the official flow adds up, whatever happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.rounds.end_states import (
    COUNTED,
    OF_REGISTER,
    STAYS,
    Facts,
    Flows,
    Interviewed,
    Side,
    Transition,
    end_state,
    flows,
    joined,
    netted,
    transition,
)
from survey.terms import EndState, HouseholdClass, HouseholdState, Origin, RegisterState
from tests.examples import examples

POOR, NEAR, NOT = HouseholdClass.POOR, HouseholdClass.NEAR_POOR, HouseholdClass.NOT_POOR
VILLAGES = ("03757-01", "03757-02", "03664-01")
CLASSES = st.sampled_from([None, *HouseholdClass])
SIDES = st.builds(Side, st.sampled_from(VILLAGES), CLASSES, st.none() | st.integers(0, 12))
FACTS = st.builds(
    Facts,
    st.uuids().map(str),
    st.text("0123456789", min_size=3, max_size=6),
    st.sampled_from(VILLAGES),
    st.sampled_from(HouseholdState),
    st.none() | SIDES,
    st.none() | st.sampled_from(RegisterState),
    st.none() | st.builds(Interviewed, CLASSES, st.integers(0, 12), st.booleans()),
    st.none() | st.sampled_from(EndState),
    CLASSES,
    st.booleans(),
    st.frozensets(st.sampled_from(HouseholdClass)),
    st.booleans(),
)


def commune(village_id: str) -> str:
    return village_id[:5]


def whole(_village: str) -> str:
    return "14"


@settings(max_examples=examples(300))
@given(facts=st.lists(FACTS, max_size=25))
def test_whatever_happened_the_identity_holds_in_households_and_in_persons_everywhere(facts: list[Facts]) -> None:
    found = [transition(one) for one in facts]
    for place_of in (lambda village: village, commune, whole):
        for place, line in flows(found, place_of).items():
            for measure, both in line.items():
                assert both.households.holds
                assert both.persons.holds
                # The two ends are what they say, counted again by themselves.
                for column, side in ((1, "start"), (9, "end")):
                    there = [
                        here for one in found
                        if (here := getattr(one, side)) is not None and here.household_class is measure
                        and place_of(here.village_id) == place
                    ]  # fmt: skip
                    assert both.households.columns[column] == len(there)
                    assert both.persons.columns[column] == sum(here.persons or 0 for here in there)
    assert len(found) == len(facts)


@given(facts=FACTS)
def test_a_household_off_the_register_is_where_the_register_says_and_one_that_stays_has_an_end(facts: Facts) -> None:
    state, moved = end_state(facts), transition(facts)
    if facts.register is not HouseholdState.PRESENT:
        assert state is OF_REGISTER[facts.register]
    assert (moved.end is not None) == (state in STAYS)
    assert moved.origin is (Origin.START if facts.start else Origin.MET)


def test_every_way_off_the_register_is_an_end_state() -> None:
    assert set(OF_REGISTER) == set(HouseholdState) - {HouseholdState.PRESENT}
    assert {*OF_REGISTER.values(), *STAYS} == set(EndState)


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {
        "household_id": "ho", "code": "03757-01-001", "village_id": VILLAGES[0], "register": HouseholdState.PRESENT,
        "start": Side(VILLAGES[0], POOR, 4), "listed": RegisterState.TO_VISIT,
    }  # fmt: skip
    return Facts(**(given | changes))


def interviewed(household_class: HouseholdClass | None, persons: int = 4, *, refused: bool = False) -> dict[str, Any]:
    return {"listed": RegisterState.ACCEPTED, "interview": Interviewed(household_class, persons, refused)}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, None),
        ({"listed": RegisterState.RECEIVED}, None),
        ({"listed": RegisterState.RECEIVED, "outcome": EndState.ABSENT}, None),  # an interview waits to be decided on
        ({"outcome": EndState.ABSENT}, EndState.ABSENT),
        ({"listed": RegisterState.RETURNED}, None),
        ({"listed": RegisterState.RETURNED, "outcome": EndState.ABSENT}, EndState.ABSENT),  # decided after it
        (interviewed(NOT), EndState.DONE),
        (interviewed(None), None),
        ({**interviewed(None), "classifies": False}, EndState.DONE),
        (interviewed(None, refused=True), EndState.REFUSED),
        ({**interviewed(POOR), "outcome": EndState.ABSENT}, EndState.DONE),  # absent at first, met later
        ({**interviewed(POOR), "outcome": EndState.DIED_OUT}, None),  # two ends that cannot both be
        ({**interviewed(POOR), "register": HouseholdState.MERGED}, EndState.MERGED),
        ({"listed": None, "register": HouseholdState.WITHDRAWN}, EndState.NOT_FOUND),
        ({"listed": None}, None),  # the round has lost it
    ],
)
def test_where_a_household_ends(changes: dict[str, Any], state: EndState | None) -> None:
    assert end_state(facts(**changes)) is state


def columns(one: Transition, measure: HouseholdClass) -> Counter[int]:
    return +flows([one], commune)["03757"][measure].households.columns


# shared/domain/codes_transition.csv, row by row, with what report_templates.csv says of column 4 of table 3.
@pytest.mark.parametrize(
    ("start", "end", "given", "measure", "column"),
    [
        (POOR, NEAR, {}, POOR, 2),
        (POOR, NEAR, {}, NEAR, 5),
        (POOR, NOT, {}, POOR, 3),
        (POOR, None, {}, POOR, 4),
        (NEAR, POOR, {}, POOR, 5),
        (NEAR, POOR, {}, NEAR, 3),
        (NEAR, NOT, {}, NEAR, 2),
        (NEAR, None, {}, NEAR, 4),
        (NOT, POOR, {"once": frozenset({POOR})}, POOR, 6),
        (NOT, POOR, {"once": frozenset({NEAR})}, POOR, 7),
        (NOT, POOR, {}, POOR, 7),
        (NOT, NEAR, {"once": frozenset({NEAR})}, NEAR, 6),
        (NOT, NEAR, {}, NEAR, 7),
        (None, POOR, {"arrived": True}, POOR, 8),
        (None, NEAR, {"arrived": True}, NEAR, 8),
        (None, POOR, {}, POOR, 7),  # met in the field: new
        (None, POOR, {"came_as": POOR}, POOR, 8),  # listed late, as what it was
    ],
)
def test_each_transition_stands_in_its_official_column(
    start: HouseholdClass | None,
    end: HouseholdClass | None,
    given: dict[str, Any],
    measure: HouseholdClass,
    column: int,
) -> None:
    was = Side(VILLAGES[0], start, 3) if start else None
    will = Side(VILLAGES[0], end, 3) if end else None
    state = EndState.DONE if end else EndState.MOVED_AWAY
    one = Transition("ho", "1", Origin.START if was else Origin.MET, state, was, will, **given)
    side = {1} if start is measure else {9}
    assert columns(one, measure) == dict.fromkeys({column, *side}, 1)


def test_births_and_deaths_in_a_household_that_stays_poor_are_persons_of_columns_8_and_4() -> None:
    for before, after, row in ((4, 6, [4, 0, 0, 0, 0, 0, 0, 2, 6]), (4, 1, [4, 0, 0, 3, 0, 0, 0, 0, 1])):
        one = transition(facts(start=Side(VILLAGES[0], POOR, before), **interviewed(POOR, after)))
        line = flows([one], commune)["03757"][POOR]
        assert line.persons.row() == row
        assert line.households.row() == [1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_persons_that_nobody_had_listed_count_as_none_and_are_told() -> None:
    one = transition(facts(start=Side(VILLAGES[0], POOR, None), **interviewed(POOR, 5)))
    line = flows([one], commune)["03757"][POOR]
    assert (line.persons.row(), line.persons.unknown) == ([0, 0, 0, 0, 0, 0, 0, 5, 5], 1)


def test_a_move_within_the_commune_counts_at_the_villages_and_not_at_the_commune() -> None:
    one = transition(facts(village_id=VILLAGES[1], **interviewed(POOR)))
    assert columns(one, POOR) == {1: 1, 9: 1}
    villages = flows([one], lambda village: village)
    assert +villages[VILLAGES[0]][POOR].households.columns == {1: 1, 4: 1}
    assert +villages[VILLAGES[1]][POOR].households.columns == {8: 1, 9: 1}


def test_a_move_within_the_province_counts_at_the_communes_and_not_at_the_province() -> None:
    left = transition(facts(register=HouseholdState.MOVED, listed=None))
    came = transition(facts(village_id=VILLAGES[2], start=None, arrived=True, came_as=POOR, **interviewed(NEAR)))
    for both in ([left, came], [came, left]):
        assert +flows(both, commune)["03757"][POOR].households.columns == {1: 1, 4: 1}
        assert +flows(both, commune)["03664"][NEAR].households.columns == {8: 1, 9: 1}
        province = flows(joined(both), whole)["14"]
        assert +province[POOR].households.columns == {1: 1, 2: 1}
        assert +province[NEAR].households.columns == {5: 1, 9: 1}


WHOLE = st.builds(
    Transition,
    st.uuids().map(str),
    st.text("0123456789", min_size=3, max_size=6),
    st.just(Origin.START),
    st.none() | st.sampled_from(EndState),
    st.none() | SIDES,
    st.none() | SIDES,
    CLASSES,
    st.booleans(),
    st.frozensets(st.sampled_from(HouseholdClass)),
)


def split(one: Transition, commune_of: dict[str, str]) -> list[tuple[str, Transition]]:
    """What communes say of a household that one place would say this of: by commune."""
    left, came = (commune_of[side.village_id] if side is not None else None for side in (one.start, one.end))
    if left is None or came is None or left == came:
        return [(left or came or commune_of[VILLAGES[0]], one)]
    gone = replace(one, state=EndState.MOVED_AWAY, end=None)
    return [(left, gone), (came, replace(one, origin=Origin.MET, start=None, came_as=None, arrived=True))]


@settings(max_examples=examples(300))
@given(
    every=st.lists(WHOLE, max_size=25, unique_by=lambda one: one.household_id),
    communes=st.lists(st.sampled_from("abc"), min_size=3, max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_however_a_place_is_split_into_communes_their_flow_joined_is_its_own(
    every: list[Transition], communes: list[str], order: Random
) -> None:
    commune_of = dict(zip(VILLAGES, communes, strict=True))
    told = [each for one in every for each in split(one, commune_of)]
    order.shuffle(told)
    expected = flows(every, whole).get("14", {})
    assert flows(joined(one for _, one in told), whole).get("14", {}) == expected
    total = {measure: Flows() for measure in COUNTED}
    for commune_id in sorted({commune_id for commune_id, _ in told}):
        lines = flows((one for where, one in told if where == commune_id), lambda village: commune_of[village])
        for measure, both in lines.get(commune_id, {}).items():
            total[measure].add(both)
    by_household: dict[str, list[Transition]] = {}
    for _, one in told:
        by_household.setdefault(one.household_id, []).append(one)
    for measure, both in netted(by_household, "14").items():
        total[measure].add(both)
        want = expected.get(measure, Flows())
        for unit in ("households", "persons"):
            assert getattr(total[measure], unit).row() == getattr(want, unit).row()
            assert getattr(total[measure], unit).unknown == getattr(want, unit).unknown
            assert getattr(total[measure], unit).holds


def test_who_moved_on_twice_and_who_was_counted_before_the_move_is_one_household() -> None:
    start, end = Side(VILLAGES[0], POOR, 4), Side(VILLAGES[2], NEAR, 3)
    first = Transition("h", "1", Origin.START, EndState.MOVED_AWAY, start, None)
    between = Transition("h", "2", Origin.MET, EndState.MOVED_AWAY, None, None, arrived=True)
    last = Transition("h", "3", Origin.MET, EndState.DONE, None, end, arrived=True)
    for those in permutations((first, between, last)):
        [one] = joined(those)
        assert (one.start, one.end) == (start, end)
    done = replace(first, state=EndState.DONE, end=Side(VILLAGES[0], POOR, 4))  # its commune closed, then it moved
    for those in permutations((done, last)):
        [one] = joined(those)
        assert (one.start, one.end, one.state) == (start, end, EndState.DONE)
    both = {measure: Flows() for measure in COUNTED}
    for measure, line in netted({"h": [done, last]}, "14").items():
        both[measure].add(line)
    assert both[POOR].households.row() == [0, 1, 0, 0, 0, 0, 0, 0, -1]  # poor no more: the later word counts
    assert both[NEAR].households.row() == [0, 0, 0, 0, 1, 0, 0, -1, 0]


def test_who_refused_or_was_absent_stays_what_it_was() -> None:
    for changes in (interviewed(None, 0, refused=True), {"outcome": EndState.ABSENT}):
        one = transition(facts(**changes))
        assert one.end == Side(VILLAGES[0], POOR, 4)
    assert [measure.value for measure in COUNTED] == ["ho_ngheo", "ho_can_ngheo"]


def test_who_was_on_both_lists_at_the_start_ends_where_it_is_now() -> None:
    """Its commune had closed when it moved, and the other one opened only then."""
    here = Transition("ho", "1", Origin.START, EndState.DONE, Side(VILLAGES[0], POOR, 4), Side(VILLAGES[0], NEAR, 4))
    there = Transition("ho", "2", Origin.START, EndState.DONE, Side(VILLAGES[2], NEAR, 4), Side(VILLAGES[2], NOT, 5))
    [one] = joined([here, there])
    assert (one.start, one.end) == (here.start, there.end)
