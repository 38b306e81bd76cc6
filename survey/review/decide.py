"""The supervisor's decision on a submission.

A decision is an event in the review log, after `lifecycle.next_state` has allowed it; everything else follows from the
log (`rebuild.derive`), the register entry's change number included, so that the phone hears of it. Three rules stand
here because they need more than the state: what has no class cannot be accepted; who chooses one of several interviews
passes over the others, and none that was accepted; and nobody clears the way for their own interview.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Assessment, Round, Submission, SubmissionEvent, SubmissionStatus
from survey.intake.admit import admit, welcome
from survey.intake.envelope import read_entry
from survey.problems import Problem
from survey.register.event_log import events_around
from survey.register.ledger import fold
from survey.review.dossier import Record
from survey.review.take_up import stands_against, take_up
from survey.submissions import lifecycle, log
from survey.submissions.conflicts import rivals, settle_around, twins, vouching
from survey.submissions.content import clock_of
from survey.submissions.evaluated_first import evaluated_first
from survey.submissions.log import Act, last_step
from survey.terms import Action, HouseholdState, QuarantineReason, SubmissionState

MAX_COMMENT = 2000
Rivals = Sequence[tuple[Submission, SubmissionStatus]]


def open_actions(record: Record, stands: str | None) -> list[Action]:
    """What may be decided now, before what only the decision itself can find. `stands`: what `stands_against` says of
    whoever would."""
    if stands == "somebody_may":
        return []
    own = stands is not None
    passed_over = record.steps[-1].action is Action.PASS_OVER
    found = lifecycle.allowed(record.state, reason=record.reason, own_interview=own, passed_over=passed_over)
    closed = set() if _is_decided(record.assessment) else {Action.ACCEPT}
    closed |= {Action.RELEASE} if record.reason in lifecycle.UNDATED else set()
    return [action for action in found if action not in closed]


def _is_decided(assessment: Assessment | None) -> bool:
    """Whether there is something to accept: a class, or the household's refusal to answer."""
    return assessment is not None and (assessment.household_class is not None or assessment.refused)


@evaluated_first
def decide(
    session: Session,
    account: Account,
    commune_id: str,
    submission_id: str,
    action: Action,
    *,
    seen: int,
    comments: Sequence[dict[str, Any]],
    now: datetime,
) -> SubmissionState:
    """Take one step in the review. `comments`: {"path": None or a question's, "text"}; `seen`: see `Record.seen`.

    Raises Problem: not_found, conflict (the log went on), not_allowed_now, comment_needed, what
    `stands_against` says, register_ended (the household was off the register on the day of the interview).
    """
    submission, status = take_up(
        session, account, commune_id, submission_id, action, seen=seen, now=now, commented=bool(comments)
    )
    _check(session, submission, status, action, account, now)
    if action is Action.ACCEPT:
        _check_accepted(session, submission, status)
    act = Act(account.id, now)
    detail, found = None, None
    if status.state == SubmissionState.QUARANTINED and action in (Action.RELEASE, Action.RETURN):
        attached_to = status.household_id if status.household_id != submission.household_id else None
        found = admit(session, commune_id, read_entry(json.loads(submission.content)), now, attached_to=attached_to)
        if action is Action.RELEASE and status.reason in lifecycle.CONTESTED:
            detail = vouching(twins(session, submission))
        _pass_over(session, submission, status, action, act)
    before = _held_before(session, submission) if action is Action.RESTORE else None
    log.step(session, submission, action, act, reason=before, detail=detail, comments=list(comments) or None)
    settle_around(session, submission, act)
    if found is not None:
        welcome(session, found, act)
    return SubmissionState(status.state)


def _check(
    session: Session,
    submission: Submission,
    status: SubmissionStatus,
    action: Action,
    account: Account,
    now: datetime,
) -> None:
    reason = QuarantineReason(status.reason) if status.reason else None
    state = SubmissionState(status.state)
    if action not in lifecycle.DECISIONS:
        raise Problem("not_allowed_now")  # a step that follows by itself
    if action is Action.RELEASE and reason in lifecycle.UNDATED:
        raise Problem("day_needed")
    if state is SubmissionState.QUARANTINED and action in (Action.RELEASE, Action.RETURN, Action.DISCARD):
        found = rivals(session, submission)
        _check_rivals(reason, action, found)
        if action is Action.DISCARD and reason in lifecycle.CONTESTED:
            _check_clears(session, account, found, now)


def _check_accepted(session: Session, submission: Submission, status: SubmissionStatus) -> None:
    """There is something to accept, and it would count: what says nothing of the household is accounted for anyhow."""
    assessment = session.get(Assessment, (submission.commune_id, submission.id))
    if assessment is None or not _is_decided(assessment):
        raise Problem("not_allowed_now")
    survey_round = session.get(Round, submission.round_id)
    if assessment.refused or survey_round is None or survey_round.trial or status.household_id is None:
        return
    events = events_around(session, submission.commune_id, [status.household_id])
    then = fold(events, day=clock_of(session, submission).today).households.get(status.household_id)
    if then is not None and then.state is not HouseholdState.PRESENT:
        raise Problem("register_ended")


def _check_rivals(
    reason: QuarantineReason | None,
    action: Action,
    others: Rivals,
) -> None:
    """A household's accepted interview is reopened first, by somebody who looks at it."""
    accepted = any(status.state == SubmissionState.ACCEPTED for _, status in others)
    if accepted and action is Action.RETURN:
        raise Problem("not_allowed_now")
    if accepted and action is Action.RELEASE and reason in lifecycle.CONTESTED:
        raise Problem("not_allowed_now")


def _check_clears(session: Session, account: Account, others: Rivals, now: datetime) -> None:
    """Who interviewed, or could have, does not put another's interview out of the way of that one."""
    for other, _ in others:
        stands = stands_against(session, account, other, now)
        if stands is not None and stands != "somebody_may":
            raise Problem(stands)


def _pass_over(session: Session, chosen: Submission, status: SubmissionStatus, action: Action, act: Act) -> None:
    """Whoever says that one of several undecided interviews counts, says that the others do not. Who returns one has
    not decided about those; only the phone is not asked to mend two."""
    contested = status.reason is not None and QuarantineReason(status.reason) in lifecycle.CONTESTED
    for other, standing in rivals(session, chosen):
        undecided = lifecycle.is_contested(standing.state, standing.reason)
        if (
            standing.state == SubmissionState.RETURNED
            and (contested or action is Action.RETURN)
            or (undecided and contested and action is Action.RELEASE)
        ):
            log.step(session, other, Action.PASS_OVER, act, detail=f"entry {chosen.entry_id}")


def _held_before(session: Session, submission: Submission) -> QuarantineReason:
    """What a submission that is taken back was held for; one that had been returned waits beside the chosen one."""
    before = session.scalars(
        select(SubmissionEvent.reason).where(
            SubmissionEvent.commune_id == submission.commune_id,
            SubmissionEvent.submission_id == submission.id,
            SubmissionEvent.seq == last_step(session, submission).seq - 1,
        )
    ).first()
    return QuarantineReason(before) if before else QuarantineReason.TWO_INTERVIEWS
