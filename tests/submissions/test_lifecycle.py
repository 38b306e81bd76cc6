"""The tables that move a submission, walked in every order."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.submissions.lifecycle import (
    CONTESTED,
    LIVE,
    NEVER_RELEASED,
    OUT,
    REASONS,
    TRANSITIONS,
    Candidate,
    Incoming,
    Known,
    NotAllowed,
    Step,
    allowed,
    next_state,
    register_state,
    settle,
    verdict,
)
from survey.terms import Action, QuarantineReason, RegisterState, SubmissionState

KNOWN = st.builds(
    Known,
    permitted=st.booleans(),
    inside_area=st.booleans(),
    round_open=st.booleans(),
    form_known=st.booleans(),
    household_known=st.booleans(),
    standard_holds=st.booleans(),
)
INCOMING = st.builds(
    Incoming,
    well_shaped=st.booleans(),
    too_large=st.booleans(),
    in_future=st.booleans(),
    answers_valid=st.booleans(),
)


@st.composite
def households(draw: st.DrawFn) -> list[Candidate]:
    """Submissions of a household in a round, in any states that people and this program can bring about."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        state = draw(st.sampled_from(list(SubmissionState)))
        if state in (SubmissionState.ACCEPTED, SubmissionState.RETURNED) and any(
            one.state in (SubmissionState.ACCEPTED, SubmissionState.RETURNED) for one in found
        ):
            state = SubmissionState.SUBMITTED
        reason = draw(st.sampled_from(list(QuarantineReason))) if state is SubmissionState.QUARANTINED else None
        replaces = draw(st.none() | st.sampled_from("01234"))
        found.append(Candidate(f"s{number}", f"{number}", state, reason, replaces, draw(st.booleans())))
    return found


def taken(household: list[Candidate], steps: list[Step]) -> list[Candidate]:
    by_id = {step.id: step for step in steps}
    return [
        replace(
            one, state=next_state(one.state, by_id[one.id].action), reason=by_id[one.id].reason
        ) if one.id in by_id else one
        for one in household
    ]  # fmt: skip


@given(st.lists(st.sampled_from(list(Action)), max_size=12), st.sampled_from([None, *QuarantineReason]))
def test_no_order_of_steps_leaves_the_tables(steps: list[Action], reason: QuarantineReason | None) -> None:
    state: SubmissionState | None = None
    for step in steps:
        try:
            state = next_state(state, step, reason=reason, commented=True)
        except NotAllowed:
            refused = reason in NEVER_RELEASED or reason is QuarantineReason.ALREADY_ACCEPTED
            assert (state, step) not in TRANSITIONS or refused or state is SubmissionState.SUPERSEDED
    assert state is None or state in SubmissionState


@given(st.lists(st.sampled_from(list(Action)), max_size=12))
def test_nothing_is_ever_accepted_by_who_surveyed_it(steps: list[Action]) -> None:
    state: SubmissionState | None = None
    for step in steps:
        try:
            state = next_state(state, step, own_interview=True, commented=True)
        except NotAllowed:
            continue
        assert state is not SubmissionState.ACCEPTED


@given(st.lists(st.sampled_from(list(Action)), max_size=12))
def test_what_was_mended_stays_superseded(steps: list[Action]) -> None:
    for step in steps:
        with pytest.raises(NotAllowed):
            next_state(SubmissionState.SUPERSEDED, step, commented=True)


def test_every_state_can_be_left_by_somebody() -> None:
    for state in SubmissionState:
        assert any(start is state for start, _ in TRANSITIONS)
    assert {*TRANSITIONS.values()} == {*SubmissionState}


@pytest.mark.parametrize("state, action", [("submitted", "return"), ("quarantined", "discard")])
def test_who_returns_or_discards_says_why(state: str, action: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        next_state(SubmissionState(state), Action(action))
    assert refusal.value.code == "comment_needed"


def test_what_a_person_discarded_or_passed_over_can_be_taken_back() -> None:
    assert allowed(SubmissionState.DISCARDED) == [Action.RESTORE]
    assert allowed(SubmissionState.SUPERSEDED) == []
    assert allowed(SubmissionState.SUPERSEDED, passed_over=True) == [Action.RESTORE]


@pytest.mark.parametrize("reason", sorted(NEVER_RELEASED))
def test_what_no_household_can_be_counted_by_is_only_discarded(reason: QuarantineReason) -> None:
    assert allowed(SubmissionState.QUARANTINED, reason=QuarantineReason(reason)) == [Action.DISCARD]


def test_who_surveyed_is_not_offered_the_acceptance() -> None:
    assert allowed(SubmissionState.SUBMITTED) == [Action.ACCEPT, Action.RETURN]
    assert allowed(SubmissionState.SUBMITTED, own_interview=True) == [Action.RETURN]


def test_every_reason_is_of_the_entry_or_of_its_neighbours() -> None:
    assert {reason for reason, _ in REASONS} | CONTESTED == set(QuarantineReason)
    assert not {reason for reason, _ in REASONS} & CONTESTED


@given(KNOWN, INCOMING)
def test_only_an_entry_without_a_fault_is_not_held_for_itself(known: Known, incoming: Incoming) -> None:
    faultless = known.permitted and known.inside_area and known.round_open and known.form_known
    sound = incoming.well_shaped and incoming.answers_valid and not incoming.too_large and not incoming.in_future
    listed = known.household_known and known.standard_holds
    assert (verdict(known, incoming) is None) == (faultless and listed and sound)


@pytest.mark.thorough
@given(households(), st.randoms(use_true_random=False))
def test_the_order_of_a_household_decides_nothing(household: list[Candidate], random: Random) -> None:
    shuffled = random.sample(household, len(household))
    assert sorted(map(str, settle(household))) == sorted(map(str, settle(shuffled)))


@given(households())
def test_a_household_comes_to_rest_with_at_most_one_that_counts(household: list[Candidate]) -> None:
    rested = taken(household, settle(household))
    assert settle(rested) == []
    assert len([one for one in rested if one.state in LIVE]) <= 1
    undecided = [one for one in rested if one.undecided]
    if len(undecided) > 1:  # neither silently wins
        assert all(one.state is SubmissionState.QUARANTINED for one in undecided)
    states = register_state([(one.state, one.reason) for one in rested])
    assert (states is RegisterState.TO_VISIT) == (not undecided and not any(one.state in LIVE for one in rested))


@given(households())
def test_nothing_follows_by_itself_on_what_a_person_decided_but_that_a_mend_replaces(
    household: list[Candidate],
) -> None:
    for step in settle(household):
        [moved] = [one for one in household if one.id == step.id]
        assert moved.state not in OUT and moved.state is not SubmissionState.ACCEPTED
        if moved.state is SubmissionState.RETURNED:
            assert step.action is Action.SUPERSEDE
            assert moved.entry_id in {one.replaces for one in household if one.undecided}
        else:
            assert moved.undecided
