"""What one account enters and another confirms: residents, and figures of the plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from survey.problems import Problem
from survey.terms import ResidentAction, ResidentState

_AFTER = {
    ResidentAction.CONFIRM: ResidentState.CONFIRMED,
    ResidentAction.REFUSE: ResidentState.REFUSED,
    ResidentAction.WITHDRAW: ResidentState.WITHDRAWN,
    ResidentAction.REVOKE: ResidentState.REVOKED,
}
_FIRST = (ResidentAction.CONFIRM, ResidentAction.REFUSE, ResidentAction.WITHDRAW)


def state_after(actions: Iterable[str], entered: ResidentState = ResidentState.WAITING) -> ResidentState:
    """Where something stands after what was done with it; `entered`: while nothing was."""
    state = entered
    for action in actions:
        state = _AFTER[ResidentAction(action)]
    return state


def may_follow(state: ResidentState, action: ResidentAction, is_own: bool, reason: str | None) -> None:
    """Whether an account may do that next. Raises `not_allowed_now`, `own_residents` where who entered it would decide
    on it, `register_reason_needed`."""
    wanted = ResidentState.WAITING if action in _FIRST else ResidentState.CONFIRMED
    if state is not wanted:
        raise Problem("not_allowed_now")
    if action in _FIRST and is_own != (action is ResidentAction.WITHDRAW):
        raise Problem("own_residents" if is_own else "not_allowed_now")
    if action is not ResidentAction.CONFIRM and not (reason or "").strip():
        raise Problem("register_reason_needed")
