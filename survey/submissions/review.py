"""The supervisor's decision on a submission.

A decision is an event in the review log, after `lifecycle.next_state` has allowed it; everything else follows from the
log (`rebuild.derive`), the register entry's change number included, so that the phone hears of it. Two rules stand here
because they need more than the state: what has no class cannot be accepted, and a household has one live submission a
round.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Account, Assessment, Submission, SubmissionEvent, SubmissionStatus
from survey.problems import Problem
from survey.submissions import events, lifecycle, rebuild
from survey.submissions.dossier import Record, find
from survey.submissions.envelope import read_entry
from survey.submissions.receive import admit
from survey.submissions.register import lock_commune
from survey.terms import Action, QuarantineReason, SubmissionState

MAX_COMMENT = 2000


def open_actions(record: Record, account_id: str) -> list[Action]:
    """What may be decided now by `account_id`, before what only the decision itself can find."""
    own = record.submission.account_id == account_id
    found = lifecycle.allowed(record.state, reason=record.reason, own_interview=own)
    return [action for action in found if action is not Action.ACCEPT or _is_decided(record.assessment)]


def _is_decided(assessment: Assessment | None) -> bool:
    """Whether there is something to accept: a class, or the household's refusal to answer."""
    return assessment is not None and (assessment.household_class is not None or assessment.refused)


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

    Raises Problem: not_found, conflict (the log went on), not_allowed_now, own_interview, comment_needed.
    """
    lock_commune(session, commune_id)
    submission, status = find(session, commune_id, submission_id)
    last = select(func.max(SubmissionEvent.seq)).where(
        SubmissionEvent.commune_id == commune_id, SubmissionEvent.submission_id == submission_id
    )
    if session.scalar(last) != seen:
        raise Problem("conflict")
    following = _following(submission, status, action, account, bool(comments))
    if action is Action.ACCEPT and not _is_decided(session.get(Assessment, (commune_id, submission_id))):
        raise Problem("not_allowed_now")
    if status.state == SubmissionState.QUARANTINED and following in lifecycle.LIVE:
        _make_room(session, submission, account, now)
        admit(session, commune_id, read_entry(json.loads(submission.content)), now)
    events.append(
        session,
        commune_id,
        submission_id,
        action,
        following,
        at=now,
        account_id=account.id,
        comments=list(comments) or None,
    )
    rebuild.derive(session, commune_id, submission_id)
    return following


def _following(
    submission: Submission, status: SubmissionStatus, action: Action, account: Account, commented: bool
) -> SubmissionState:
    own = submission.account_id == account.id
    reason = QuarantineReason(status.reason) if status.reason else None
    state = SubmissionState(status.state)
    try:
        following = lifecycle.next_state(state, action, reason=reason, own_interview=own, commented=commented)
    except lifecycle.NotAllowed as refusal:
        raise Problem(refusal.code) from refusal
    if action not in lifecycle.allowed(state, reason=reason, own_interview=own):
        raise Problem("not_allowed_now")  # a step that only a newer entry takes
    return following


def _make_room(session: Session, released: Submission, account: Account, now: datetime) -> None:
    """What was live for the household gives way to a released entry. Raises not_allowed_now when that was accepted: it
    has to be reopened first, by somebody who looks at it."""
    if released.household_id is None or released.round_id is None:
        return
    live = rebuild.live_submission(session, released.commune_id, released.household_id, released.round_id)
    if live is None:
        return
    submission, state = live
    try:
        following = lifecycle.next_state(state, Action.SUPERSEDE)
    except lifecycle.NotAllowed as refusal:
        raise Problem(refusal.code) from refusal
    detail = f"entry {released.entry_id}"
    events.append(
        session,
        submission.commune_id,
        submission.id,
        Action.SUPERSEDE,
        following,
        at=now,
        account_id=account.id,
        detail=detail,
    )
    rebuild.derive(session, submission.commune_id, submission.id)
