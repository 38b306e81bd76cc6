"""Several held entries at once: judged again, released, discarded, where that is safe for many together.

Each is a decision of its own in its own review log, as if taken on its own page. What is held beside another interview
is never decided in bulk: each of those is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Account, Submission, SubmissionStatus
from models.commune_counter import lock_commune
from survey.intake.admit import judge_again, work_out
from survey.problems import Problem
from survey.review import decide
from survey.submissions.evaluated_first import evaluated_first, foresee
from survey.submissions.lifecycle import CONTESTED, JUDGED_AGAIN, NEVER_RELEASED, UNDATED
from survey.submissions.log import Act, find, last_step
from survey.terms import Action, QuarantineReason, Role, SubmissionState

_Q = QuarantineReason
# Answers that fail a check are looked at one by one: a check is there to be read. So is a day that is in doubt.
RELEASED_TOGETHER = frozenset(_Q) - NEVER_RELEASED - UNDATED - CONTESTED - {_Q.BAD_ANSWERS, _Q.TOO_MUCH}
DISCARDED_TOGETHER = frozenset(_Q) - CONTESTED


@evaluated_first
def judge_all(
    session: Session, account: Account, commune_id: str, now: datetime, ids: Iterable[str] | None = None
) -> tuple[int, int]:
    """Judge held entries of a commune as if they arrived now; (how many are no longer held so, how many still are).
    `ids`: only those; others, and what can become no better, are passed by. Raises somebody_may for the province."""
    if account.role != Role.SUPERVISOR:
        raise Problem("somebody_may")
    waiting = (
        select(Submission)
        .join(SubmissionStatus, OF_SUBMISSION)
        .where(
            Submission.commune_id == commune_id,
            SubmissionStatus.state == SubmissionState.QUARANTINED.value,
            SubmissionStatus.reason.in_([reason.value for reason in JUDGED_AGAIN]),
        )
        .order_by(Submission.received_at, Submission.id)
    )
    chosen = None if ids is None else set(ids)
    for submission in session.scalars(waiting).all():
        if chosen is None or submission.id in chosen:
            foresee(session, partial(work_out, session, submission, now))
    lock_commune(session, commune_id)
    moved = same = 0
    for submission in session.scalars(waiting.execution_options(populate_existing=True)).all():
        if chosen is not None and submission.id not in chosen:
            continue
        if judge_again(session, submission, Act(account.id, now)):
            moved += 1
        else:
            same += 1
    return moved, same


@evaluated_first
def decide_all(
    session: Session, account: Account, commune_id: str, action: Action, ids: Iterable[str], words: str, now: datetime
) -> tuple[int, int]:
    """Release or discard each of the held entries; (how many it was done to, how many not: no longer held, held beside
    another, or the account's own). Raises comment_needed, bad_request."""
    together = {Action.RELEASE: RELEASED_TOGETHER, Action.DISCARD: DISCARDED_TOGETHER}
    if action not in together:
        raise Problem("bad_request")
    if action is Action.DISCARD and not words:
        raise Problem("comment_needed")
    comments = [{"path": None, "text": words}] if words else []
    done = left = 0
    for submission_id in dict.fromkeys(ids):
        submission, status = find(session, commune_id, submission_id)
        if status.state != SubmissionState.QUARANTINED or status.reason not in together[action]:
            left += 1
            continue
        try:
            decide.decide(
                session, account, commune_id, submission_id, action,
                seen=last_step(session, submission).seq, comments=comments, now=now,
            )  # fmt: skip
            done += 1
        except Problem as refusal:  # one that is not allowed holds up none of the others
            if refusal.status != 409:
                raise
            left += 1
    return done, left
