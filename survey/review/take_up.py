"""How every decision on a submission begins: nobody else writes meanwhile, nobody came first, the table allows it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Account, Submission, SubmissionStatus
from models.commune_counter import lock_commune
from survey.accounts.four_eyes import Came, objection
from survey.calendar.standing import state_of
from survey.problems import Problem
from survey.submissions.lifecycle import NotAllowed, next_state
from survey.submissions.log import find, last_step, was_passed_over
from survey.terms import Action, CommuneState, QuarantineReason, SubmissionState

# In a commune where the round is closed nobody changes what counts: the province reopens it first.
LOCKED = (Action.ACCEPT, Action.RELEASE, Action.RETURN, Action.REOPEN)


def take_up(
    session: Session,
    account: Account,
    commune_id: str,
    submission_id: str,
    action: Action,
    *,
    seen: int,
    now: datetime,
    commented: bool = False,
) -> tuple[Submission, SubmissionStatus]:
    """The submission and where it stands, with the commune's lock held. `seen`: see `Record.seen`.

    Raises Problem: not_found, conflict (the log went on), round_locked, what `next_state` refuses with, and instead
    of its `own_interview` what `four_eyes.objection` says.
    """
    lock_commune(session, commune_id)
    submission, status = find(session, commune_id, submission_id)
    if last_step(session, submission).seq != seen:
        raise Problem("conflict")
    stands = stands_against(session, account, submission, now)
    if stands == "somebody_may":
        raise Problem(stands)
    try:
        next_state(
            SubmissionState(status.state),
            action,
            reason=QuarantineReason(status.reason) if status.reason else None,
            own_interview=stands is not None,
            commented=commented,
            passed_over=was_passed_over(session, submission),
        )
    except NotAllowed as refusal:
        raise Problem(stands if stands and refusal.code == "own_interview" else refusal.code) from refusal
    state = state_of(session, submission.round_id, commune_id)
    if action in LOCKED and state is not None and state is not CommuneState.OPEN:
        raise Problem("round_locked")
    return submission, status


def stands_against(session: Session, account: Account, submission: Submission, now: datetime) -> str | None:
    """What stands against a decision by `account`; see `four_eyes.objection`."""
    return objection(session, account, submission.commune_id, came(submission), now)


def came(submission: Submission) -> Came:
    return Came(submission.account_id, submission.received_at, submission.device_id)
