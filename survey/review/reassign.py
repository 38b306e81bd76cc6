"""An interview turns out to be of another household than it says: a person attaches it, and nothing of it changes.

The attachment is a step of the review log, from which `submission_status.household_id` is derived; the entry is then
judged like any that arrives for that household. A household that came onto the register by this very entry, and of
which nothing else speaks, leaves it as a duplicate, and the phones hear that it is gone; its number is not given again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, RoundRequest, Submission, SubmissionStatus
from survey.clocks import day_of
from survey.intake.admit import judge_again
from survey.problems import Problem
from survey.register import event_log, ledger
from survey.register.entries import find_household, keep_to_household
from survey.review.take_up import take_up
from survey.submissions import derive, log
from survey.submissions.conflicts import group_of
from survey.submissions.evaluated_first import evaluated_first
from survey.submissions.log import Act
from survey.terms import Action, HouseholdState, QuarantineReason, RegisterKind, SubmissionState


@evaluated_first
def attach(
    session: Session,
    account: Account,
    commune_id: str,
    submission_id: str,
    household_id: str | None,
    *,
    seen: int,
    comments: Sequence[dict[str, Any]] = (),
    now: datetime,
) -> SubmissionState:
    """Take a submission for one of `household_id`; None: of the household that it says itself. Returns its state after
    it was judged there.

    Raises Problem: not_found (no such submission or household in the commune), conflict (the log went on),
    not_allowed_now (it cannot be read, was decided on, or is of that household already), own_interview.
    """
    submission, status = take_up(session, account, commune_id, submission_id, Action.ATTACH, seen=seen, now=now)
    if household_id is not None and find_household(session, commune_id, household_id) is None:
        raise Problem("not_found")
    if (household_id or submission.household_id) == status.household_id:
        raise Problem("not_allowed_now")
    left, act = group_of(session, submission), Act(account.id, now)
    reason = QuarantineReason(status.reason or QuarantineReason.UNKNOWN_HOUSEHOLD)
    said = list(comments) or None
    log.step(session, submission, Action.ATTACH, act, reason=reason, comments=said, household_id=household_id)
    if left is not None:
        derive.derive_household(session, commune_id, left.household_id, left.round_id)
    judge_again(session, submission, act, left=left)
    if left is not None:
        _leave(session, submission, left.household_id, household_id or submission.household_id, act)
    return SubmissionState(status.state)


def _leave(session: Session, submission: Submission, household_id: str, attached_to: str | None, act: Act) -> None:
    """Take a household off the register that was found in the field, when no entry is left that speaks of it: it is the
    one that its entry was attached to."""
    commune_id = submission.commune_id
    household = find_household(session, commune_id, household_id)
    if household is None or household.created_by_entry is None or household.state != HouseholdState.PRESENT:
        return
    own = {"commune_id": commune_id, "household_id": household_id}
    if session.scalars(select(SubmissionStatus.submission_id).filter_by(**own).limit(1)).first() is not None:
        return
    if session.scalars(select(RoundRequest.id).filter_by(**own).limit(1)).first() is not None:
        return  # it asked to be reviewed, and is known by that
    if _is_written_of(session, household):
        return
    other = find_household(session, commune_id, attached_to)
    event_log.append(
        session,
        commune_id,
        RegisterKind.DUPLICATE,
        household_id,
        day_of(act.at),
        event_log.Done(act.account_id, act.at),
        other_id=other.id if other is not None and other.state == HouseholdState.PRESENT else None,
        payload={"left_by": submission.id},
    )
    derive.derive_current(session, household)
    keep_to_household(session, household)


def _is_written_of(session: Session, household: Household) -> bool:
    """Whether somebody wrote more into the register of a household than that it came, left with its entry and was there
    again: it was corrected, or others were merged into it."""
    events = ledger.live(event_log.events_around(session, household.commune_id, [household.id]))
    by_itself = (RegisterKind.ENTER, RegisterKind.RESTORE)
    return any(
        one.kind not in by_itself and "left_by" not in one.payload
        for one in events
        if household.id in (one.household_id, one.other_id)
    )
