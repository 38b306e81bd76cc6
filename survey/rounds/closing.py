"""A round closed commune by commune, accepted by the province, and opened again with a reason.

A commune is closed when every household of it is accounted for; what the others still have to do holds it up no longer.
The province accepts only what a commune has closed, and only the province opens again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from models import (
    OF_SUBMISSION,
    Assessment,
    RegisterEntry,
    RegisterGone,
    Round,
    RoundCommune,
    Submission,
    SubmissionStatus,
)
from survey.calendar.standing import standing_request
from survey.evidence import audit
from survey.problems import Problem
from survey.register.entries import find_household, keep_to_household
from survey.rounds import log
from survey.rounds.rounds import check_free
from survey.submissions.derive import derive_household, derive_told_otherwise
from survey.submissions.log import Act
from survey.terms import CommuneState, RegisterState, RoundAction, RoundKind, SubmissionState


class Obstacle(NamedTuple):
    """Why a round cannot be closed: `code` not_begun (communes), not_visited, to_review, returned, held,
    illustrative_b1 or not_asked; and how many households or records."""

    code: str
    number: int


# In the order of the work; `not_begun` is of the round as a whole.
CODES = ("not_begun", "not_visited", "to_review", "returned", "held", "illustrative_b1", "not_asked")
_OF_STATE = {
    RegisterState.TO_VISIT.value: "not_visited",
    RegisterState.RECEIVED.value: "to_review",
    RegisterState.RETURNED.value: "returned",
}


def obstacles(session: Session, survey_round: Round) -> list[Obstacle]:
    """What stands in the way of closing the round in every commune where it is under way, in the order of the work."""
    every: Counter[str] = Counter()
    under_way = log.rows_of(session, survey_round)
    open_there = [row.commune_id for row in under_way if row.state == CommuneState.OPEN]
    every["not_begun"] = sum(row.state == CommuneState.PLANNED for row in under_way)
    for found in obstacles_by_commune(session, survey_round, open_there).values():
        every.update({obstacle.code: obstacle.number for obstacle in found})
    return _in_order(every)


def obstacles_by_commune(session: Session, survey_round: Round, communes: Collection[str]) -> dict[str, list[Obstacle]]:
    """What stands in the way in each of `communes`; [] for one that can be closed."""
    counted: dict[str, Counter[str]] = {commune_id: Counter() for commune_id in communes}
    states = (
        select(RegisterEntry.commune_id, RegisterEntry.state, func.count())
        .where(RegisterEntry.round_id == survey_round.id, RegisterEntry.state.in_(list(_OF_STATE)))
        .group_by(RegisterEntry.commune_id, RegisterEntry.state)
    )
    for commune_id, state, number in session.execute(states):
        if commune_id in counted:
            counted[commune_id][_OF_STATE[state]] = number
    counts = {"held": _held(survey_round)}
    if not survey_round.trial:
        counts["illustrative_b1"] = _illustrative(survey_round)
    if survey_round.kind == RoundKind.AD_HOC:
        counts["not_asked"] = _not_asked(survey_round)
    for code, query in counts.items():
        for commune_id, number in session.execute(query):
            if commune_id in counted:
                counted[commune_id][code] = number
    return {commune_id: _in_order(found) for commune_id, found in counted.items()}


def close_communes(
    session: Session, survey_round: Round, communes: Collection[str], now: datetime, account_id: str | None = None
) -> None:
    """Close a round in communes, all of them or none. Raises `round_not_ready` with the obstacles of each,
    `round_step` where it is not open, `not_found`.

    While B1 rests on the illustrative table none can be closed as official: its classes would pass for the law's.
    """
    rows = log.rows_of(session, survey_round, communes)
    log.hold(session, survey_round, rows)
    found = obstacles_by_commune(session, survey_round, [row.commune_id for row in rows])
    left = {commune_id: [list(one) for one in those] for commune_id, those in found.items() if those}
    if left:
        every: Counter[str] = Counter()
        for those in found.values():
            every.update(dict(those))
        detail = {"obstacles": [list(one) for one in _in_order(every)], "communes": left}
        raise Problem("round_not_ready", detail=detail)
    _step(session, survey_round, rows, RoundAction.CLOSE, Act(account_id, now))
    audit.record(session, now, account_id, "round_closed", survey_round.id, _said(rows))


def close_round(session: Session, survey_round: Round, now: datetime, account_id: str | None = None) -> None:
    """Close a round in every commune where it is open, as official unless it is a trial. Raises `round_not_ready` with
    the obstacles, `not_allowed_now` when it is open nowhere."""
    rows = log.rows_of(session, survey_round)
    log.hold(session, survey_round, rows)
    open_there = [row.commune_id for row in rows if row.state == CommuneState.OPEN]
    found = obstacles(session, survey_round)
    if not open_there and not found:
        raise Problem("not_allowed_now")
    if found:
        raise Problem("round_not_ready", detail={"obstacles": [list(obstacle) for obstacle in found]})
    close_communes(session, survey_round, open_there, now, account_id)


def ready_to_close(session: Session, survey_round: Round, communes: Collection[str]) -> list[str]:
    """Those of `communes` in which the round is open, has households, and nothing stands in the way. Where there are no
    households yet an import may still bring them: such a commune is closed by itself, or with the whole round."""
    rows = log.rows_of(session, survey_round)
    settled = set(
        session.scalars(select(RegisterEntry.commune_id).where(RegisterEntry.round_id == survey_round.id).distinct())
    )
    among = settled & set(communes)
    open_there = [row.commune_id for row in rows if row.state == CommuneState.OPEN and row.commune_id in among]
    return [key for key, found in obstacles_by_commune(session, survey_round, open_there).items() if not found]


def accept_communes(
    session: Session, survey_round: Round, communes: Collection[str], now: datetime, account_id: str | None = None
) -> None:
    """The province accepts what communes have closed: their figures are no longer provisional. Raises `round_step`
    when one is not closed, `not_found`."""
    rows = log.rows_of(session, survey_round, communes)
    log.hold(session, survey_round, rows)
    _step(session, survey_round, rows, RoundAction.ACCEPT, Act(account_id, now))
    audit.record(session, now, account_id, "round_accepted", survey_round.id, _said(rows))


def reopen_commune(
    session: Session, survey_round: Round, commune_id: str, reason: str, now: datetime, account_id: str | None = None
) -> None:
    """Open a closed or accepted commune again: its phones get its households back, as they are by now, what came late
    can be judged again.
    Raises `round_step`, `reason_needed`, `round_exists` when another round of its kind and year is under way there."""
    begin_again(session, survey_round, commune_id, reason, now, account_id)
    for household_id in behind(session, survey_round.id, commune_id):
        catch_up(session, survey_round.id, commune_id, household_id)
    derive_told_otherwise(session, commune_id, judged_in(session, survey_round.id, commune_id))


def begin_again(
    session: Session, survey_round: Round, commune_id: str, reason: str, now: datetime, account_id: str | None = None
) -> None:
    """The step alone: what became of the commune meanwhile reaches the round by `catch_up` and
    `derive_told_otherwise`. Raises as `reopen_commune`."""
    [row] = log.rows_of(session, survey_round, [commune_id])
    log.hold(session, survey_round, [row])
    check_free(session, RoundKind(survey_round.kind), survey_round.year, [commune_id], but=survey_round.id)
    _step(session, survey_round, [row], RoundAction.REOPEN, Act(account_id, now), reason)
    audit.record(session, now, account_id, "round_reopened", survey_round.id, _said([row]))


def behind(session: Session, round_id: str, commune_id: str) -> list[str]:
    """The households of a round in a commune, those that left its list as well, by their ids."""
    own = {"commune_id": commune_id, "round_id": round_id}
    asked = session.scalars(select(RegisterEntry.household_id).filter_by(**own)).all()
    gone = session.scalars(select(RegisterGone.household_id).filter_by(**own)).all()
    return sorted({*asked, *gone})


def judged_in(session: Session, round_id: str, commune_id: str) -> list[str]:
    """The interviews of a round in a commune, as they came."""
    mine = select(Submission.id).filter_by(commune_id=commune_id, round_id=round_id)
    return list(session.scalars(mine.order_by(Submission.received_at, Submission.id)))


def catch_up(session: Session, round_id: str, commune_id: str, household_id: str) -> None:
    """What became of a household while the round was closed to it reaches the round now."""
    household = find_household(session, commune_id, household_id)
    if household is not None:
        keep_to_household(session, household)
        derive_household(session, commune_id, household_id, round_id)


def _step(
    session: Session, survey_round: Round, rows: list[RoundCommune], action: RoundAction, act: Act, reason: str = ""
) -> None:
    for row in rows:
        log.take(session, row, action, act, reason)
        if action is not RoundAction.ACCEPT:  # to the phones closed and accepted are one
            log.tell_phones(session, row)
    log.derive_state(session, survey_round)


def _said(rows: list[RoundCommune]) -> dict[str, Any]:
    """Which communes an act was about: by their codes while a person reads them, else how many."""
    return {"communes": [row.commune_id for row in rows] if len(rows) <= 20 else len(rows)}


def _in_order(counted: Counter[str]) -> list[Obstacle]:
    return [Obstacle(code, counted[code]) for code in CODES if counted[code]]


Counts = Select[*tuple[Any, ...]]


def _held(survey_round: Round) -> Counts:
    return (
        select(SubmissionStatus.commune_id, func.count())
        .join(Submission, OF_SUBMISSION)
        .where(Submission.round_id == survey_round.id, SubmissionStatus.state == SubmissionState.QUARANTINED.value)
        .group_by(SubmissionStatus.commune_id)
    )


def _illustrative(survey_round: Round) -> Counts:
    return (
        select(RegisterEntry.commune_id, func.count())
        .join(
            Assessment,
            and_(
                Assessment.commune_id == RegisterEntry.commune_id,
                Assessment.submission_id == RegisterEntry.submission_id,
            ),
        )
        .where(RegisterEntry.round_id == survey_round.id, Assessment.illustrative)
        .group_by(RegisterEntry.commune_id)
    )


def _not_asked(survey_round: Round) -> Counts:
    """Households of an ad-hoc round for which no paper (Mẫu số 01) was entered: met in the field."""
    asked = standing_request(RegisterEntry.commune_id, RegisterEntry.round_id, RegisterEntry.household_id).exists()
    return (
        select(RegisterEntry.commune_id, func.count())
        .where(RegisterEntry.round_id == survey_round.id, ~asked)
        .group_by(RegisterEntry.commune_id)
    )
