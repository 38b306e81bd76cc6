"""A round opened by mistake is taken back, while nothing was accepted in it.

What was received stays as it came: each interview is held with that reason, none is lost. Phones drop the round at
their next contact.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Round, RoundCommune, Submission, SubmissionStatus
from survey.evidence import audit
from survey.problems import Problem
from survey.rounds import log
from survey.submissions import log as review_log
from survey.submissions.lifecycle import is_contested
from survey.submissions.log import Act
from survey.terms import Action, CommuneState, QuarantineReason, RoundAction, SubmissionState

_UNDECIDED = (SubmissionState.SUBMITTED.value, SubmissionState.RETURNED.value, SubmissionState.QUARANTINED.value)


class Preview(NamedTuple):
    """What a cancelling rests on and does. `accepted`: interviews accepted, by commune; `closed`: communes that the
    province accepted: either refuses. `held`: interviews that would be held; `households`: that phones would drop."""

    accepted: dict[str, int]
    closed: list[str]
    held: int
    communes: list[str]

    @property
    def is_possible(self) -> bool:
        return bool(self.communes) and not self.accepted and not self.closed


def preview(session: Session, survey_round: Round, communes: Collection[str] | None = None) -> Preview:
    """Say what cancelling would do in communes (None: in all of the round); nothing is stored."""
    rows = log.rows_of(session, survey_round, communes)
    within = [row.commune_id for row in rows]
    counted = _received(survey_round, within).with_only_columns(
        Submission.commune_id, SubmissionStatus.state, func.count()
    )
    accepted: dict[str, int] = {}
    held = 0
    for commune_id, state, number in session.execute(counted.group_by(Submission.commune_id, SubmissionStatus.state)):
        if state == SubmissionState.ACCEPTED:
            accepted[commune_id] = number
        elif state in _UNDECIDED:
            held += number
    to_cancel = [row.commune_id for row in rows if row.state != CommuneState.CANCELLED]
    closed = [row.commune_id for row in rows if row.state == CommuneState.ACCEPTED]
    return Preview(accepted, closed, held, to_cancel)


def check(found: Preview) -> None:
    """Raise what stands against it."""
    if found.accepted:
        raise Problem("round_has_accepted", detail={"accepted": found.accepted})
    if not found.is_possible:
        raise Problem("round_step")


def cancel(
    session: Session,
    survey_round: Round,
    reason: str,
    now: datetime,
    account_id: str | None = None,
    communes: Collection[str] | None = None,
) -> Preview:
    """Cancel a round in communes (None: in all of it); returns what was done. Raises `round_has_accepted` with how many
    interviews were accepted where, `round_step` when there is nothing left to cancel or the province accepted one,
    `reason_needed`, `not_found`."""
    if not reason.strip():
        raise Problem("reason_needed")
    rows = log.rows_of(session, survey_round, communes)
    log.hold(session, survey_round, rows)
    found = preview(session, survey_round, communes)
    check(found)
    act = Act(account_id, now)
    for row in rows:
        if row.commune_id in found.communes:
            log.take(session, row, RoundAction.CANCEL, act, reason)
            _hold_interviews(session, survey_round, row, act)
            log.tell_phones(session, row)
    log.derive_state(session, survey_round)
    detail = {"communes": len(found.communes), "held": found.held}
    audit.record(session, now, account_id, "round_cancelled", survey_round.id, detail)
    return found


def _hold_interviews(session: Session, survey_round: Round, row: RoundCommune, act: Act) -> None:
    """Hold what waits for a decision, or beside another; what is held for a fault of its own stays so."""
    undecided = _received(survey_round, [row.commune_id]).where(SubmissionStatus.state.in_(_UNDECIDED))
    query = undecided.with_only_columns(Submission, SubmissionStatus).order_by(Submission.received_at, Submission.id)
    for submission, status in session.execute(query).all():
        if status.state != SubmissionState.QUARANTINED or is_contested(status.state, status.reason):
            reason = QuarantineReason.ROUND_CANCELLED
            review_log.step(session, submission, Action.QUARANTINE, act, reason=reason)


def _received(survey_round: Round, communes: Collection[str]) -> Select[Submission]:
    return (
        select(Submission)
        .join(SubmissionStatus, OF_SUBMISSION)
        .where(Submission.round_id == survey_round.id, Submission.commune_id.in_(communes))
    )
