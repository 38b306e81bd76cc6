"""The title and the days of a round that is under way, changed; what was interviewed stays inside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Household, Round, RoundCommune, Standard, Submission, SubmissionStatus
from survey.evidence import audit
from survey.problems import Problem
from survey.round_steps import UNDER_WAY
from survey.rounds import log
from survey.rounds.rounds import check_standard, check_words
from survey.submissions.content import clock_of
from survey.submissions.lifecycle import LIVE
from survey.submissions.log import Act
from survey.terms import RoundAction


def edit(
    session: Session,
    survey_round: Round,
    *,
    title: str,
    opens_on: date,
    closes_on: date,
    now: datetime,
    account_id: str | None = None,
    communes: Collection[str] | None = None,
) -> int:
    """Change a round's title, and its days in communes (None: wherever it is planned or open); returns in how many the
    days changed. Raises what `standards.objection` says unless it is a trial, `round_days_taken` when something was
    interviewed outside of the days, `round_step` when it is under way in none (of those named), ValueError as at
    opening."""
    check_words(title, opens_on, closes_on)
    rows = log.rows_of(session, survey_round, communes)
    log.hold(session, survey_round, rows)
    under_way = [row for row in rows if row.state in UNDER_WAY]
    if not under_way or (communes is not None and len(under_way) < len(rows)):
        raise Problem("round_step")
    if not survey_round.trial:
        communes_there = Household.commune_id.in_([row.commune_id for row in under_way])
        settled = session.scalars(select(Household.commune_id).where(communes_there).distinct()).all()
        check_standard(session.get(Standard, survey_round.standard), opens_on, closes_on, settled)
    changed = [row for row in under_way if (row.opens_on, row.closes_on) != (opens_on, closes_on)]
    for row in changed:
        _check_interviewed(session, row, opens_on, closes_on)
        log.take(session, row, RoundAction.DATES, Act(account_id, now), days=(opens_on, closes_on))
    survey_round.title = title
    if communes is None:
        survey_round.opens_on, survey_round.closes_on = opens_on, closes_on
    detail = {"opens_on": opens_on.isoformat(), "closes_on": closes_on.isoformat(), "communes": len(changed)}
    audit.record(session, now, account_id, "round_edited", survey_round.id, detail)
    return len(changed)


def _check_interviewed(session: Session, row: RoundCommune, opens_on: date, closes_on: date) -> None:
    """Days that only grow hold whatever was inside before; where they shrink, every interview that counts is looked
    at. One that was late already does not stand in the way of the day on which the round ends."""
    if opens_on <= row.opens_on and closes_on >= row.closes_on:
        return
    query = (
        select(Submission)
        .join(SubmissionStatus, OF_SUBMISSION)
        .where(
            Submission.commune_id == row.commune_id,
            Submission.round_id == row.round_id,
            SubmissionStatus.state.in_([state.value for state in LIVE]),
        )
    )
    for submission in session.scalars(query.execution_options(yield_per=200)):
        day = clock_of(session, submission).today
        if day < opens_on or closes_on < day <= row.closes_on:
            raise Problem("round_days_taken")
