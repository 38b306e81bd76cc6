"""A round closed commune by commune, accepted by the province, and opened again with a reason.

A commune is closed when every household of it is accounted for; what the others still have to do holds it up no longer.
The province accepts only what a commune has closed, and only the province opens again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import String, and_, cast, func, null, or_, select
from sqlalchemy.orm import Session

from models import (
    ChangeDecision,
    ChangeRequest,
    Household,
    Job,
    RegisterEntry,
    RegisterGone,
    Round,
    RoundCommune,
    StartRow,
    Submission,
    SubmissionStatus,
)
from models.commune_counter import lock_commune, turn_of
from survey.calendar.standing import standing_request
from survey.evidence import audit
from survey.evidence.signing import Signer
from survey.problems import Problem
from survey.register.entries import find_household, keep_to_household
from survey.rounds import accounting, log, outcomes, proof
from survey.rounds.outcomes import Rows, Unasked, is_of
from survey.rounds.rounds import check_free
from survey.submissions.derive import derive_household, derive_told_otherwise
from survey.submissions.log import Act
from survey.tallies import bases
from survey.terms import CommuneState, CountBase, HouseholdState, RegisterState, RoundAction, RoundKind, SubmissionState


class Obstacle(NamedTuple):
    """Why a round cannot be closed: `code` one of `CODES`; and how many households, records or (not_begun) communes."""

    code: str
    number: int


class Break(NamedTuple):
    """One household or record for which something is left to do; `household_id`, `submission_id` and the household's
    printed `number` as far as there is one."""

    code: str
    household_id: str | None
    number: str | None
    submission_id: str | None


# The kinds of jobs that bring a commune up to date: one that was opened again, or that has a village of another area.
REOPEN, RECOUNT = "reopen", "recount_area"

# In the order of the work; `not_begun` is of the round as a whole.
CODES = (
    "not_begun", "catching_up", "not_visited", "outcome_unconfirmed", "to_review", "returned", "held", "no_class",
    "request_undecided", "illustrative_b1", "not_asked", "not_accounted",
)  # fmt: skip
_NONE = cast(null(), String(36))  # in the place of an id
_OF_STATE = {
    "not_visited": RegisterState.TO_VISIT,
    "to_review": RegisterState.RECEIVED,
    "returned": RegisterState.RETURNED,
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
    for code, query in _breaking(survey_round, outcomes.unasked(session, survey_round, communes)).items():
        rows = query.subquery()
        there = select(rows.c.commune_id, func.count()).where(rows.c.commune_id.in_(counted))
        for commune_id, number in session.execute(there.group_by(rows.c.commune_id)):
            counted[commune_id][code] = number
    return {commune_id: _in_order(found) for commune_id, found in counted.items()}


def accepted_parts(session: Session, round_id: str, commune_id: str) -> dict[CountBase, int]:
    """What the accepted households of a commune add up from."""
    rows = (
        select(bases.PART, func.count())
        .select_from(RegisterEntry)
        .where(RegisterEntry.round_id == round_id, RegisterEntry.commune_id == commune_id)
        .where(bases.of(CountBase.ACCEPTED))
        .group_by(bases.PART)
    )
    found = {CountBase(key): number for key, number in session.execute(rows)}
    return {part: found.get(part, 0) for part in bases.PARTS}


def breaks(session: Session, survey_round: Round, commune_id: str, most: int | None = None) -> list[Break]:
    """What breaks the proof of a commune, household by household, in the order of the work; at most `most` of each."""
    found = []
    queries = _breaking(survey_round, outcomes.unasked(session, survey_round, [commune_id]))
    for code in CODES:
        if code not in queries:
            continue
        rows = queries[code].subquery()
        number = and_(Household.commune_id == rows.c.commune_id, Household.id == rows.c.household_id)
        listed = (
            select(rows.c.household_id, Household.code, rows.c.submission_id)
            .outerjoin(Household, number)
            .where(rows.c.commune_id == commune_id)
            .order_by(Household.code, rows.c.household_id, rows.c.submission_id)
        )
        found += [Break(code, *row) for row in session.execute(listed.limit(most))]
    return found or _nowhere(session, survey_round, commune_id)[:most]


def _nowhere(session: Session, survey_round: Round, commune_id: str) -> list[Break]:
    """The households that the proof alone finds to have no end: nothing may refuse a closing without a name."""
    return [
        Break("not_accounted", one.household_id, one.code, None)
        for one in accounting.transitions(session, survey_round, commune_id)
        if one.state is None
    ]


def read(session: Session, survey_round: Round, commune_id: str) -> proof.Reading:
    """A commune read and hashed before it is closed, which then takes a moment. Raises `round_not_ready`."""
    turn = turn_of(session, commune_id)  # first: all that follows is as it is while nobody has the next
    check_ready(session, survey_round, [commune_id])
    return replace(proof.read(session, survey_round, commune_id), turn=turn)


def close_communes(
    session: Session,
    survey_round: Round,
    communes: Collection[str],
    now: datetime,
    account_id: str | None = None,
    prover: Signer | None = None,
    reading: proof.Reading | None = None,
) -> None:
    """Close a round in communes, all of them or none, each with its proof signed by `prover` (None: the proof is made
    when somebody asks for it). `reading`: of the one commune, as `read` found it. Raises `round_not_ready` with
    the obstacles of each, `round_step` where it is not open, `not_found`, and `proof.Changed` when anybody had the
    commune's turn since that reading.

    While B1 rests on the illustrative table none can be closed as official: its classes would pass for the law's.
    """
    rows = log.rows_of(session, survey_round, communes)
    turns = log.hold(session, survey_round, rows)
    if reading is not None and list(turns.values()) != [reading.turn + 1]:
        raise proof.Changed
    if reading is None:  # else it was looked at before, and nothing is another since
        check_ready(session, survey_round, [row.commune_id for row in rows])
    _close(session, survey_round, rows, Act(account_id, now), prover, reading)


def check_ready(session: Session, survey_round: Round, communes: Collection[str]) -> None:
    """Raises `round_not_ready` with the obstacles of each commune in whose way something stands."""
    found = obstacles_by_commune(session, survey_round, communes)
    left = {commune_id: [list(one) for one in those] for commune_id, those in found.items() if those}
    if left:
        every: Counter[str] = Counter()
        for those in found.values():
            every.update(dict(those))
        detail = {"obstacles": [list(one) for one in _in_order(every)], "communes": left}
        raise Problem("round_not_ready", detail=detail)


def close_round(
    session: Session,
    survey_round: Round,
    now: datetime,
    account_id: str | None = None,
    prover: Signer | None = None,
) -> None:
    """Close a round in every commune where it is open, as official unless it is a trial. Raises `round_not_ready` with
    the obstacles, `not_allowed_now` when it is open nowhere."""
    rows = log.rows_of(session, survey_round)
    log.hold(session, survey_round, rows)
    open_there = [row for row in rows if row.state == CommuneState.OPEN]
    found = obstacles(session, survey_round)
    if not open_there and not found:
        raise Problem("not_allowed_now")
    if found:
        raise Problem("round_not_ready", detail={"obstacles": [list(obstacle) for obstacle in found]})
    _close(session, survey_round, open_there, Act(account_id, now), prover)


def _close(
    session: Session, survey_round: Round, rows: list[RoundCommune], act: Act, prover: Signer | None,
    reading: proof.Reading | None = None,
) -> None:  # fmt: skip
    """Close communes that are held, in whose way nothing stands."""
    _step(session, survey_round, rows, RoundAction.CLOSE, act)
    for row in rows:
        if prover is not None:
            proof.make(session, survey_round, row.commune_id, prover, act.at, reading)
        else:
            proof.check(session, survey_round, row.commune_id)
    audit.record(session, act.at, act.account_id, "round_closed", survey_round.id, _said(rows))


def prove(
    session: Session, survey_round: Round, commune_id: str, prover: Signer, now: datetime, reading: proof.Reading
) -> None:
    """The proof of a commune that was closed without one, as it was read for it. Raises as `close_communes`."""
    if lock_commune(session, commune_id) != reading.turn + 1:
        raise proof.Changed
    proof.make(session, survey_round, commune_id, prover, now, reading)


def ready_to_close(session: Session, survey_round: Round, communes: Collection[str]) -> list[str]:
    """Those of `communes` in which the round is open, has households, and nothing stands in the way. Where there are no
    households yet an import may still bring them: such a commune is closed by itself, or with the whole round."""
    rows = log.rows_of(session, survey_round)
    among = log.settled(session, survey_round.id, RegisterEntry) & set(communes)
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


def _breaking(survey_round: Round, unasked: Unasked) -> dict[str, Rows]:
    """What stands in the way of closing, by its code, as (commune, household, submission): the one rule, counted by
    commune or listed. `unasked`: of the communes that are asked about."""
    of_round = RegisterEntry.round_id == survey_round.id
    entry = select(RegisterEntry.commune_id, RegisterEntry.household_id, RegisterEntry.submission_id).where(of_round)
    found = {code: entry.where(RegisterEntry.state == state.value) for code, state in _OF_STATE.items()}
    place = RegisterEntry.commune_id, RegisterEntry.household_id
    for code in ("not_visited", "returned"):
        found[code] = found[code].where(~is_of(unasked.confirmed, *place), ~is_of(unasked.waiting, *place))
    found["outcome_unconfirmed"] = entry.where(is_of(unasked.waiting, *place))
    found["held"] = _held(survey_round)
    found["catching_up"] = _catching_up(survey_round)
    found["request_undecided"] = _asked_for(survey_round)
    if survey_round.standard:
        found["no_class"] = entry.where(bases.of(CountBase.NO_CLASS))
    else:  # nothing is classified: that it was asked is all
        found["no_class"] = entry.where(bases.of(CountBase.ACCEPTED), RegisterEntry.refused.is_(None))
    if not survey_round.trial:
        found["illustrative_b1"] = entry.where(bases.illustrative())
    if survey_round.kind == RoundKind.AD_HOC:
        asked = standing_request(RegisterEntry.commune_id, RegisterEntry.round_id, RegisterEntry.household_id).exists()
        found["not_asked"] = entry.where(~asked)  # met in the field, no paper (Mẫu số 01) was entered
    else:
        found["not_accounted"] = _lost(survey_round)
    return found


def _asked_for(survey_round: Round) -> Rows:
    """Changes of the register that were asked for, of households on the round's list, and not decided."""
    decided = select(ChangeDecision.request_id).where(
        ChangeDecision.commune_id == ChangeRequest.commune_id, ChangeDecision.request_id == ChangeRequest.id
    )
    of_entry = and_(
        RegisterEntry.commune_id == ChangeRequest.commune_id, RegisterEntry.household_id == ChangeRequest.household_id
    )
    return (
        select(ChangeRequest.commune_id, ChangeRequest.household_id, RegisterEntry.submission_id)
        .join(RegisterEntry, of_entry)
        .where(RegisterEntry.round_id == survey_round.id, ~decided.exists())
    )


def _catching_up(survey_round: Round) -> Rows:
    """Communes opened again of which not everything has been taken over that changed meanwhile, and those of which a
    village has become urban or rural and is being judged by the other line."""
    left = select(Job.commune_id, _NONE.label("household_id"), _NONE.label("submission_id"))
    reopened = and_(Job.kind == REOPEN, Job.parameters == {"round": survey_round.id})
    return left.where(or_(reopened, Job.kind == RECOUNT), Job.ended_at.is_(None))


def _held(survey_round: Round) -> Rows:
    return select(SubmissionStatus.commune_id, SubmissionStatus.household_id, SubmissionStatus.submission_id).where(
        SubmissionStatus.round_id == survey_round.id, SubmissionStatus.state == SubmissionState.QUARANTINED.value
    )


def _lost(survey_round: Round) -> Rows:
    """Households that a periodic round began with, or that once stood on its list, that are on the register, and of
    which it has no line: none may be. Of most the line answers, so that it is asked for first."""
    began, left, listed = (
        select(table.household_id)
        .where(
            table.commune_id == Household.commune_id,
            table.round_id == survey_round.id,
            table.household_id == Household.id,
        )
        .exists()
        for table in (StartRow, RegisterGone, RegisterEntry)
    )
    return select(Household.commune_id, Household.id.label("household_id"), _NONE.label("submission_id")).where(
        Household.state == HouseholdState.PRESENT.value, ~listed, or_(began, left)
    )
