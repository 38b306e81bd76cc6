"""The day of an interview was in doubt: a person who has asked says which it was, and nothing of the entry changes.

The day is a step of the review log. From then on the entry is judged and evaluated as one of that day, and what the
phone's clock gave as answers reads that day; what came, and its receipt, stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Account, Round, Submission
from survey.calendar.standing import days_of
from survey.clocks import Bounds, day_of, doubt, read_instant
from survey.intake.admit import judge_again
from survey.problems import Problem
from survey.review.take_up import take_up
from survey.submissions import lifecycle, log
from survey.submissions.evaluated_first import evaluated_first
from survey.submissions.log import Act
from survey.terms import Action, QuarantineReason, SubmissionState


@evaluated_first
def confirm(
    session: Session,
    account: Account,
    commune_id: str,
    submission_id: str,
    day: date,
    *,
    seen: int,
    comments: Sequence[dict[str, Any]] = (),
    now: datetime,
) -> SubmissionState:
    """Take a submission for one of `day` (in Việt Nam). Returns its state after it was judged so.

    Raises Problem: not_found, conflict (the log went on), not_allowed_now (its day is not in doubt), own_interview,
    impossible_day (not yet come, or before the round).
    """
    submission, status = take_up(session, account, commune_id, submission_id, Action.DATE, seen=seen, now=now)
    reason = QuarantineReason(status.reason) if status.reason else None
    if reason not in lifecycle.UNDATED:
        raise Problem("not_allowed_now")
    if not can_be(session, submission, day, now):
        raise Problem("impossible_day")
    act = Act(account.id, now)
    log.step(session, submission, Action.DATE, act, reason=reason, comments=list(comments) or None, visited_on=day)
    judge_again(session, submission, act)
    return SubmissionState(status.state)


def can_be(session: Session, submission: Submission, day: date, now: datetime) -> bool:
    """Whether an interview of the submission's round can have been on a day."""
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    first = days_of(session, survey_round, submission.commune_id).opens_on if survey_round else None
    return day <= day_of(now) and not (first and doubt(day, Bounds(first)))


def likely_day(session: Session, submission: Submission, now: datetime) -> date:
    """What to propose: the phone's own day without the difference of its clock when it sent, where that can be; else
    the day of the receipt."""
    said = read_instant(submission.finalised_at_said)
    if said is not None:
        day = day_of(said - timedelta(seconds=submission.clock_skew_seconds or 0))
        if day <= day_of(submission.received_at) and can_be(session, submission, day, now):
            return day
    return min(day_of(submission.received_at), day_of(now))
