"""What a household is: the register's events and its accepted interviews, folded.

An interview counts by its own day: accepted late, it does not put itself in the place of a later one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Assessment, RegisterEvent, Round, Submission, SubmissionStatus
from models.database import chunks
from survey.register.ledger import Interview
from survey.submissions.content import clock_of
from survey.terms import SubmissionState


def interviews_of(session: Session, commune_id: str, household_ids: Iterable[str]) -> list[Interview]:
    """The interviews of some households that say what they are: accepted, in a round that counts (no trial), and
    answered; one that refused is accounted for in its round and stays what it was."""
    found = []
    for chunk in chunks(household_ids):
        rows = session.execute(
            select(Submission, SubmissionStatus, Assessment)
            .join(SubmissionStatus, OF_SUBMISSION)
            .join(
                Assessment,
                (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
            )
            .join(Round, Round.id == Submission.round_id)
            .where(
                SubmissionStatus.commune_id == commune_id,
                SubmissionStatus.household_id.in_(chunk),
                SubmissionStatus.state == SubmissionState.ACCEPTED.value,
                ~Assessment.refused,
                ~Round.trial,
            )
            .order_by(SubmissionStatus.updated_at, Submission.id)
        )
        found += [_interview(session, *row) for row in rows.all()]
    return found


def _interview(session: Session, submission: Submission, status: SubmissionStatus, assessment: Any) -> Interview:
    before = select(RegisterEvent.seq).where(
        RegisterEvent.commune_id == submission.commune_id, RegisterEvent.at < status.updated_at
    )
    return Interview(
        submission.id,
        str(status.household_id),
        clock_of(session, submission).today,
        session.scalars(before.order_by(RegisterEvent.seq.desc()).limit(1)).first() or 0,
        status.updated_at,
        assessment.head_name,
        assessment.household_class,
        submission.round_id,
    )
