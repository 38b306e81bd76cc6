"""Which outcome of a household stands: any sequence of what is said and decided, in any order of arrival."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.outcome_steps import REASONED, STEPS, Decision, Said, objection, standing
from survey.terms import OutcomeAction, OutcomeKind, OutcomeState, QuarantineReason
from tests.examples import examples

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CONFIRM, SEND_BACK, TAKE_BACK = OutcomeAction.CONFIRM, OutcomeAction.SEND_BACK, OutcomeAction.TAKE_BACK


def said(name: str, kind: OutcomeKind | None = OutcomeKind.ABSENT, by: str = "x", **more: object) -> Said:
    return replace(Said(name, kind, by, NOW), **more)  # type: ignore[arg-type]


def decided(one: Said, *actions: OutcomeAction, by: str = "desk", hour: int = 1) -> Said:
    steps = tuple(
        Decision(action, by, NOW + timedelta(hours=hour + place), "vì sao") for place, action in enumerate(actions)
    )
    return replace(one, decisions=one.decisions + steps)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Said], bool]:
    """Outcomes of one household, and decisions on them taken as the rules allow."""
    found = [
        said(
            f"o{number}",
            draw(st.sampled_from(list(OutcomeKind))),
            draw(st.sampled_from(["x", "y"])),
            at=NOW + timedelta(minutes=draw(st.integers(0, 3))),
            held_for=draw(st.sampled_from([None, None, QuarantineReason.ROUND_CLOSED])),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    interviewed = draw(st.booleans())
    for hour in range(draw(st.integers(0, 8)) if found else 0):
        place = draw(st.integers(0, len(found) - 1))
        action = draw(st.sampled_from(list(OutcomeAction)))
        by = draw(st.sampled_from(["x", "y", "desk"]))
        if objection(found, found[place], action, by, "vì sao", interviewed=interviewed) is None:
            found[place] = decided(found[place], action, by=by, hour=hour)
    return found, interviewed


@settings(max_examples=examples(300), deadline=None)
@given(stories(), st.randoms(use_true_random=False))
def test_one_outcome_stands_at_most_whatever_the_order(story: tuple[list[Said], bool], chance: random.Random) -> None:
    found, interviewed = story
    stands = standing(found, interviewed=interviewed)
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert standing(shuffled, interviewed=interviewed) == stands
    assert standing(found, interviewed=True).which is None  # an accepted interview wins over everything
    assert sum(one.state is OutcomeState.CONFIRMED for one in found) <= 1
    if stands.confirmed:
        assert stands.which is not None and stands.which.last is not None
        assert stands.which.last.by != stands.which.by  # said by one, confirmed by another
    if not interviewed:
        counting = {one.id for one in found if one.counts}
        shown = {one.id for one in (stands.which, *stands.beside) if one is not None}
        assert shown == counting  # nothing that counts is hidden from who decides


@settings(max_examples=examples(200), deadline=None)
@given(stories())
def test_taking_a_decision_back_restores_what_stood_before(story: tuple[list[Said], bool]) -> None:
    found, interviewed = story
    for place, one in enumerate(found):
        for action in (CONFIRM, SEND_BACK):
            if objection(found, one, action, "desk", "vì sao", interviewed=interviewed) is None:
                after = list(found)
                after[place] = decided(one, action, TAKE_BACK, hour=99)
                before = standing(found, interviewed=interviewed)
                again = standing(after, interviewed=interviewed)
                assert (before.state, before.confirmed) == (again.state, again.confirmed)


def test_nobody_decides_on_what_they_said_themselves() -> None:
    one = said("a", by="x")
    for action in OutcomeAction:
        assert objection([one], one, action, "x", "vì sao", interviewed=False) == "own_outcome"
    assert objection([one], one, CONFIRM, "desk", "", interviewed=False) is None


def test_the_table_is_the_only_way() -> None:
    for state, one in {
        OutcomeState.WAITING: said("a"),
        OutcomeState.CONFIRMED: decided(said("a"), CONFIRM),
        OutcomeState.SENT_BACK: decided(said("a"), SEND_BACK),
    }.items():
        assert one.state is state
        for action in OutcomeAction:
            refusal = objection([one], one, action, "desk", "vì sao", interviewed=False)
            assert (refusal is None) == ((state, action) in STEPS), (state, action)


@pytest.mark.parametrize("action", sorted(REASONED))
def test_a_step_back_says_why(action: OutcomeAction) -> None:
    one = said("a") if action is SEND_BACK else decided(said("a"), CONFIRM)
    for words in ("", " \n"):
        assert objection([one], one, action, "desk", words, interviewed=False) == "reason_needed"


def test_an_interview_accepted_stands_against_confirming_and_ends_what_was_confirmed() -> None:
    one = said("a")
    assert objection([one], one, CONFIRM, "desk", "", interviewed=True) == "outcome_interviewed"
    away = decided(one, CONFIRM)
    assert standing([away], interviewed=False).confirmed is OutcomeKind.ABSENT
    assert standing([away], interviewed=True).confirmed is None


def test_a_second_outcome_is_confirmed_only_once_the_first_is_taken_back() -> None:
    first, second = decided(said("a"), CONFIRM), said("b", OutcomeKind.MOVED_AWAY, "y")
    assert objection([first, second], second, CONFIRM, "desk", "", interviewed=False) == "outcome_other"
    assert standing([first, second], interviewed=False).is_disputed
    free = decided(first, TAKE_BACK, hour=5)
    assert objection([free, second], second, CONFIRM, "desk", "", interviewed=False) is None


def test_what_is_held_says_nothing_until_it_is_confirmed_and_what_is_undone_waits_again() -> None:
    held = said("a", held_for=QuarantineReason.OUTSIDE_AREA)
    assert standing([held], interviewed=False).which is None
    assert standing([decided(held, CONFIRM)], interviewed=False).confirmed is OutcomeKind.ABSENT
    undone = replace(said("b"), decisions=(Decision(CONFIRM, "desk", NOW, "", undone=True),))
    assert standing([undone], interviewed=False).state is OutcomeState.WAITING
    unread = said("c", None, held_for=QuarantineReason.BAD_SHAPE)
    assert objection([unread], unread, CONFIRM, "desk", "", interviewed=False) == "not_allowed_now"


def test_beside_an_interview_that_was_sent_back_the_later_word_counts() -> None:
    one = decided(said("a"), CONFIRM)  # an hour after it was said
    for hours, counts in ((0, True), (1, False), (2, False)):
        since = NOW + timedelta(hours=hours)
        assert (standing([one], interviewed=False, since=since).confirmed is not None) is counts
    assert standing([said("b")], interviewed=False, since=NOW).which is None
    later = said("b", at=NOW + timedelta(hours=3))
    assert standing([one, later], interviewed=False, since=NOW + timedelta(hours=2)).which == later
