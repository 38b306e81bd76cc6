"""The review log: the one way in which a submission gets from a state to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Submission, SubmissionEvent, SubmissionStatus
from survey.problems import Problem
from survey.submissions.content import Evaluated
from survey.submissions.derive import derive
from survey.submissions.lifecycle import TRANSITIONS
from survey.terms import Action, QuarantineReason, SubmissionState


@dataclass(frozen=True)
class Act:
    """Who moves something when: what follows from it is logged under the same name."""

    account_id: str | None
    at: datetime


def step(
    session: Session,
    submission: Submission,
    action: Action,
    act: Act,
    *,
    reason: QuarantineReason | None = None,
    detail: str | None = None,
    comments: list[dict[str, Any]] | None = None,
    household_id: str | None = None,
    visited_on: date | None = None,
    known: Evaluated | None = None,
) -> None:
    """Take a step of the table of states, log it and derive what follows. Whether somebody may take it, the caller has
    asked (`lifecycle.next_state`); it holds the commune's lock. `known`: see `derive`."""
    of = (submission.commune_id, submission.id)
    status = session.get(SubmissionStatus, of)
    state = SubmissionState(status.state) if status is not None else None
    last = select(func.max(SubmissionEvent.seq)).where(
        SubmissionEvent.commune_id == submission.commune_id, SubmissionEvent.submission_id == submission.id
    )
    session.add(
        SubmissionEvent(
            commune_id=submission.commune_id,
            id=str(uuid4()),
            submission_id=submission.id,
            seq=(session.scalar(last) or 0) + 1,
            action=action.value,
            to_state=TRANSITIONS[state, action].value,
            reason=reason.value if reason else None,
            detail=detail,
            comments=comments,
            household_id=household_id,
            visited_on=visited_on,
            account_id=act.account_id,
            at=act.at,
        )
    )
    session.flush()  # what is derived next reads it
    # Ages and terms run to the day of the interview, the line and the points are its household's.
    derive(session, *of, known, anew=visited_on is not None or action is Action.ATTACH)


def find(session: Session, commune_id: str, submission_id: str) -> tuple[Submission, SubmissionStatus]:
    """The submission and where it stands; raises not_found."""
    submission = session.get(Submission, (commune_id, submission_id))
    status = session.get(SubmissionStatus, (commune_id, submission_id))
    if submission is None or status is None:
        raise Problem("not_found")
    return submission, status


def last_step(session: Session, submission: Submission) -> SubmissionEvent:
    """The last line of a submission's review log."""
    return session.scalars(
        select(SubmissionEvent)
        .where(SubmissionEvent.commune_id == submission.commune_id, SubmissionEvent.submission_id == submission.id)
        .order_by(SubmissionEvent.seq.desc())
        .limit(1)
    ).one()


def was_passed_over(session: Session, submission: Submission) -> bool:
    """Whether the last thing done to it was that a person chose another."""
    return last_step(session, submission).action == Action.PASS_OVER
