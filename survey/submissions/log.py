"""The review log: the one way in which a submission gets from a state to the next."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import SubmissionEvent
from survey.terms import Action, QuarantineReason, SubmissionState


def append(
    session: Session,
    commune_id: str,
    submission_id: str,
    action: Action,
    to_state: SubmissionState,
    *,
    at: datetime,
    account_id: str | None,
    reason: QuarantineReason | None = None,
    detail: str | None = None,
    comments: list[dict[str, Any]] | None = None,
    household_id: str | None = None,
    visited_on: date | None = None,
) -> SubmissionEvent:
    """Log one step. The caller has asked `lifecycle.next_state`, holds the commune's lock, and derives afterwards."""
    last = select(func.max(SubmissionEvent.seq)).where(
        SubmissionEvent.commune_id == commune_id, SubmissionEvent.submission_id == submission_id
    )
    event = SubmissionEvent(
        commune_id=commune_id,
        id=str(uuid4()),
        submission_id=submission_id,
        seq=(session.scalar(last) or 0) + 1,
        action=action.value,
        to_state=to_state.value,
        reason=reason.value if reason else None,
        detail=detail,
        comments=comments,
        household_id=household_id,
        visited_on=visited_on,
        account_id=account_id,
        at=at,
    )
    session.add(event)
    session.flush()  # what is derived next reads it
    return event
