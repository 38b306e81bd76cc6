"""Where a task of the plan stands with one who received it: what was done last says it. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from survey.problems import Problem
from survey.terms import TaskAction, TaskState

SOON = 7  # days before the last day in which it is reminded of

_BY_RECEIVER = frozenset({TaskAction.PROGRESS, TaskAction.DONE})
_AFTER = {
    TaskAction.PROGRESS: TaskState.UNDER_WAY,
    TaskAction.DONE: TaskState.REPORTED,
    TaskAction.ACCEPT: TaskState.ACCEPTED,
    TaskAction.RETURN: TaskState.RETURNED,
}
# What may come next. Who accepted by mistake sends it back; what was reported can be corrected until it is accepted.
_NEXT = {
    TaskState.OPEN: _BY_RECEIVER,
    TaskState.UNDER_WAY: _BY_RECEIVER,
    TaskState.RETURNED: _BY_RECEIVER,
    TaskState.REPORTED: _BY_RECEIVER | {TaskAction.ACCEPT, TaskAction.RETURN},
    TaskState.ACCEPTED: frozenset({TaskAction.RETURN}),
}


class Timing(StrEnum):
    """How a task stands against its last day."""

    LATE = "late"
    SOON = "soon"
    AHEAD = "ahead"
    OVER = "over"  # reported as done, or done


def state_after(action: str | None) -> TaskState:
    """Where it stands after what was done last; None: nothing was."""
    return TaskState.OPEN if action is None else _AFTER[TaskAction(action)]


def may_follow(state: TaskState, action: TaskAction, is_reporter: bool) -> None:
    """Whether that may be done next. Raises `not_allowed_now`, and `own_residents` where who reported it as done would
    decide on that."""
    if action not in _NEXT[state]:
        raise Problem("not_allowed_now")
    if action not in _BY_RECEIVER and is_reporter:
        raise Problem("own_residents")


def next_of(state: TaskState) -> frozenset[TaskAction]:
    return _NEXT[state]


def timing(state: TaskState, due: date, today: date) -> Timing:
    """The last day itself is not late."""
    if state in (TaskState.REPORTED, TaskState.ACCEPTED):
        return Timing.OVER
    if today > due:
        return Timing.LATE
    return Timing.SOON if (due - today).days <= SOON else Timing.AHEAD
