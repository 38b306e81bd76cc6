"""The table that moves a round in a commune, walked in every order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.round_steps import REASONED, STEPS, Standing, Step, StepRefused, after, next_state, stands_after
from survey.terms import CommuneState, RoundAction
from tests.examples import examples

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 9, 1), date(2026, 12, 14)


def step(action: RoundAction, number: int = 0, reason: str = "vì sao") -> Step:
    return Step(action, NOW + timedelta(hours=number), "a", reason, FIRST, LAST)


def fits(standing: Standing) -> bool:
    """What the CHECKs of `round_commune` say."""
    begun = standing.state is CommuneState.CANCELLED or (standing.opened_at is None) == (
        standing.state is CommuneState.PLANNED
    )
    is_closed = standing.state in (CommuneState.CLOSED, CommuneState.ACCEPTED)
    return (
        begun
        and (standing.closed_at is not None) == is_closed
        and (standing.accepted_at is not None) == (standing.state is CommuneState.ACCEPTED)
        and standing.closes_on >= standing.opens_on
    )


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(list(RoundAction)), max_size=15))
def test_any_sequence_keeps_one_possible_state_and_what_is_refused_changes_nothing(actions: list[RoundAction]) -> None:
    standing: Standing | None = None
    taken: list[Step] = []
    for number, action in enumerate(actions):
        before = standing
        try:
            standing = after(standing, step(action, number))
        except StepRefused:
            assert (standing.state if standing else None, action) not in STEPS
            assert standing is before
            continue
        taken.append(step(action, number))
        assert standing is not None and fits(standing)
    assert stands_after(taken) == standing


def test_only_what_a_commune_closed_is_accepted_and_only_a_reopening_leads_back() -> None:
    to_accepted = {state for (state, _), following in STEPS.items() if following is CommuneState.ACCEPTED}
    assert to_accepted == {CommuneState.CLOSED}
    back = {action for (state, action) in STEPS if state in (CommuneState.CLOSED, CommuneState.ACCEPTED)}
    assert back - {RoundAction.ACCEPT, RoundAction.CANCEL} == {RoundAction.REOPEN}
    assert (CommuneState.ACCEPTED, RoundAction.CANCEL) not in STEPS
    assert not [state for state, _ in STEPS if state is CommuneState.CANCELLED]


@pytest.mark.parametrize("action", sorted(REASONED))
def test_a_step_back_says_why(action: RoundAction) -> None:
    for said in ("", "  "):
        with pytest.raises(StepRefused) as refusal:
            next_state(CommuneState.CLOSED, action, said)
        assert refusal.value.code == "reason_needed"


def test_a_first_step_names_its_days_in_their_order() -> None:
    for days in ((None, None), (LAST, FIRST)):
        with pytest.raises(ValueError, match="first day"):
            after(None, Step(RoundAction.OPEN, NOW, None, "", *days))
