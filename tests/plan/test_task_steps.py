"""How a task moves with one who received it, and how it stands against its last day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.plan.task_steps import SOON, Timing, may_follow, next_of, state_after, timing
from survey.problems import Problem
from survey.terms import TaskAction, TaskState

DUE = date(2026, 12, 15)


@pytest.mark.parametrize(
    ("last", "state"),
    [(None, "open"), ("progress", "under_way"), ("done", "reported"), ("accept", "accepted"), ("return", "returned")],
)
def test_what_was_done_last_says_where_it_stands(last: str | None, state: str) -> None:
    assert state_after(last) == state


@given(st.lists(st.sampled_from(TaskAction)), st.booleans())
def test_only_what_was_reported_as_done_is_accepted_and_never_by_who_reported(
    acts: list[TaskAction], is_reporter: bool
) -> None:
    state, done = TaskState.OPEN, False
    for action in acts:
        try:
            may_follow(state, action, is_reporter)
        except Problem:
            assert action not in next_of(state) or (is_reporter and action in (TaskAction.ACCEPT, TaskAction.RETURN))
            continue
        if action is TaskAction.ACCEPT:
            assert done
            assert not is_reporter
        state, done = state_after(action), action is TaskAction.DONE
    assert state != TaskState.ACCEPTED or not is_reporter


@pytest.mark.parametrize(
    ("day", "state", "expected"),
    [
        (date(2026, 12, 7), TaskState.OPEN, Timing.AHEAD),
        (date(2026, 12, 8), TaskState.OPEN, Timing.SOON),
        (date(2026, 12, 15), TaskState.UNDER_WAY, Timing.SOON),
        (date(2026, 12, 16), TaskState.UNDER_WAY, Timing.LATE),
        (date(2026, 12, 16), TaskState.RETURNED, Timing.LATE),
        (date(2026, 12, 16), TaskState.REPORTED, Timing.OVER),
        (date(2026, 12, 16), TaskState.ACCEPTED, Timing.OVER),
    ],
)
def test_the_last_day_itself_is_not_late(day: date, state: TaskState, expected: Timing) -> None:
    assert SOON == 7
    assert timing(state, DUE, day) is expected
