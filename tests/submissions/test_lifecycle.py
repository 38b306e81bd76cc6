"""The tables that move a submission, walked in every order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.submissions.lifecycle import (
    LIVE,
    NEVER_RELEASED,
    REASONS,
    TRANSITIONS,
    Incoming,
    Known,
    Live,
    NotAllowed,
    allowed,
    next_state,
    verdict,
)
from survey.terms import Action, QuarantineReason, SubmissionState

KNOWN = st.builds(
    Known,
    permitted=st.booleans(),
    inside_area=st.booleans(),
    id_reused=st.booleans(),
    round_open=st.booleans(),
    form_known=st.booleans(),
    household_known=st.booleans(),
    live=st.none() | st.builds(Live, entry_id=st.sampled_from("ab"), state=st.sampled_from(sorted(LIVE))),
)
INCOMING = st.builds(
    Incoming,
    well_shaped=st.booleans(),
    too_large=st.booleans(),
    in_future=st.booleans(),
    answers_valid=st.booleans(),
    replaces=st.none() | st.sampled_from("ab"),
)


@given(st.lists(st.sampled_from(list(Action)), max_size=12), st.sampled_from([None, *QuarantineReason]))
def test_no_order_of_steps_leaves_the_tables(steps: list[Action], reason: QuarantineReason | None) -> None:
    state: SubmissionState | None = None
    for step in steps:
        try:
            state = next_state(state, step, reason=reason, commented=True)
        except NotAllowed:
            assert (state, step) not in TRANSITIONS or reason in NEVER_RELEASED
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
def test_what_was_superseded_stays_so(steps: list[Action]) -> None:
    for step in steps:
        with pytest.raises(NotAllowed):
            next_state(SubmissionState.SUPERSEDED, step, commented=True)


def test_every_state_but_the_last_can_be_left() -> None:
    for state in set(SubmissionState) - {SubmissionState.SUPERSEDED}:
        assert any(start is state for start, _ in TRANSITIONS)
    assert {*TRANSITIONS.values()} == {*SubmissionState}


def test_a_return_needs_words() -> None:
    with pytest.raises(NotAllowed) as refusal:
        next_state(SubmissionState.SUBMITTED, Action.RETURN)
    assert refusal.value.code == "comment_needed"


@pytest.mark.parametrize("reason", sorted(NEVER_RELEASED))
def test_what_no_household_can_be_counted_by_is_only_set_aside(reason: QuarantineReason) -> None:
    assert allowed(SubmissionState.QUARANTINED, reason=QuarantineReason(reason)) == [Action.SUPERSEDE]


def test_who_surveyed_is_not_offered_the_acceptance() -> None:
    assert allowed(SubmissionState.SUBMITTED) == [Action.ACCEPT, Action.RETURN]
    assert allowed(SubmissionState.SUBMITTED, own_interview=True) == [Action.RETURN]


def test_every_reason_has_its_row() -> None:
    assert {reason for reason, _ in REASONS} == set(QuarantineReason)


@given(KNOWN, INCOMING)
def test_an_entry_is_stored_or_held_for_one_reason_and_a_held_one_supersedes_nothing(
    known: Known, incoming: Incoming
) -> None:
    judged = verdict(known, incoming)
    assert judged.reason is None or not judged.supersedes
    if judged.reason is None:
        faultless = known.permitted and known.inside_area and known.round_open and known.form_known
        assert faultless and known.household_known and incoming.well_shaped and incoming.answers_valid
        # At most one submission of a household lives: the new one is alone, or takes the place of the returned one.
        assert judged.supersedes == (known.live is not None)


@given(KNOWN, INCOMING)
def test_only_a_returned_interview_named_by_the_new_one_gives_way(known: Known, incoming: Incoming) -> None:
    if verdict(known, incoming).supersedes:
        assert known.live is not None
        assert known.live.state is SubmissionState.RETURNED
        assert known.live.entry_id == incoming.replaces
