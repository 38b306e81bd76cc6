"""Who asks to be reviewed between the periodic rounds (Mẫu số 01, QĐ 24/2021/QĐ-TTg): the register of an ad-hoc round.

A paper is entered as it came and never deleted; one that was entered by mistake is taken back with a reason, and its
household leaves the round while nobody has interviewed it. The first step after it is the quick identification (Phiếu
A, Phụ lục II of TT 07/2021): its items were found nowhere, so it is done on paper and its result is written down here,
with who found it and why; whoever does not pass is reviewed no further.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from models import Household, RegisterEntry, RegisterGone, Round, RoundCommune, RoundRequest
from models.commune_counter import lock_commune
from survey.calendar.standing import is_open, standing_request
from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem
from survey.questionnaires.published import load_form
from survey.register.entries import find_household, leave_register
from survey.rounds.rounds import on_register_as_it_stands
from survey.submissions.conflicts import Group, in_group
from survey.terms import CommuneState, HouseholdState, RegisterState, RoundKind

MOST_WORDS = 500


class Asked(NamedTuple):
    """A request, its household, and where that stands in the round (None when it is not, or no more, on its list)."""

    request: RoundRequest
    household: Household
    state: RegisterState | None


def ask(
    session: Session,
    survey_round: Round,
    commune_id: str,
    household_id: str,
    *,
    asked_by: str,
    asked_on: date,
    reason: str,
    now: datetime,
    account_id: str | None = None,
) -> RoundRequest:
    """Enter a paper, and put its household on the round's register. Raises `not_ad_hoc` where no such round is open,
    `not_found` for a household that is not of the commune, `register_ended` for one that is off the register,
    `already_asked`, `asked_before_review` for a paper that the last periodic review has answered, and ValueError
    without a name or reason or for a day that has not come."""
    if not all(_is_written(words) for words in (asked_by, reason)) or len(asked_by) > 120 or asked_on > day_of(now):
        raise ValueError("a request names who asks, why, and a day that has come")
    lock_commune(session, commune_id)
    if survey_round.kind != RoundKind.AD_HOC or not is_open(session, survey_round.id, commune_id):
        raise Problem("not_ad_hoc")
    household = find_household(session, commune_id, household_id)
    if household is None:
        raise Problem("not_found")
    if household.state != HouseholdState.PRESENT:
        raise Problem("register_ended")
    if session.scalars(standing_request(commune_id, survey_round.id, household_id)).first() is not None:
        raise Problem("already_asked")
    if asked_on < _answered_until(session, commune_id):
        raise Problem("asked_before_review")
    made = RoundRequest(
        commune_id=commune_id,
        id=str(uuid4()),
        round_id=survey_round.id,
        household_id=household_id,
        asked_by=asked_by.strip(),
        asked_on=asked_on,
        reason=reason.strip(),
        account_id=account_id,
        at=now,
    )
    session.add(made)
    _onto_the_list(session, survey_round, household)
    audit.record(session, now, account_id, "round_asked", survey_round.id, _said(made))
    return made


def _answered_until(session: Session, commune_id: str) -> date:
    """The day until which the commune's last official periodic review has answered who asks: it goes over every
    household. Its last day, or its closing where that came first; of one under way its first day, since it takes those
    in who had asked before. How old a paper may be the law was not found to say, so no figure is taken here: where no
    periodic review was ever begun, the paper is believed."""
    standing = (
        select(RoundCommune)
        .join(Round, Round.id == RoundCommune.round_id)
        .where(
            RoundCommune.commune_id == commune_id,
            Round.kind == RoundKind.PERIODIC.value,
            ~Round.trial,
            RoundCommune.state.in_([CommuneState.OPEN.value, CommuneState.CLOSED.value, CommuneState.ACCEPTED.value]),
        )
    )
    ends = [
        min(row.closes_on, day_of(row.closed_at)) if row.closed_at is not None else row.opens_on
        for row in session.scalars(standing)
    ]
    return max(ends, default=date.min)


def _onto_the_list(session: Session, survey_round: Round, household: Household) -> None:
    own = {"commune_id": household.commune_id, "round_id": survey_round.id, "household_id": household.id}
    session.execute(delete(RegisterGone).filter_by(**own))
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    on_register_as_it_stands(session, survey_round, household, form)


def _asks_still(session: Session, of: RoundRequest) -> bool:
    """Whether a paper of the same household asks for it in the round."""
    session.flush()  # what was just answered or taken back asks no more
    return session.scalars(standing_request(of.commune_id, of.round_id, of.household_id)).first() is not None


def _off_the_list(session: Session, answered: RoundRequest) -> None:
    """Unless another paper asks for the household."""
    entry = session.get(RegisterEntry, (answered.commune_id, answered.round_id, answered.household_id))
    if entry is not None and not _asks_still(session, answered):
        leave_register(session, entry)


def identify(
    session: Session,
    commune_id: str,
    request_id: str,
    *,
    passed: bool,
    found_by: str,
    found_on: date,
    reason: str,
    now: datetime,
    account_id: str | None = None,
) -> RoundRequest:
    """Write down what the quick identification found; said again, it is put right. Raises `not_found`, `not_ad_hoc`
    where the round is not open, `request_answered` for a no when an interview of the household is there,
    `already_asked` for a yes when a later paper asks for it, and ValueError without a name or reason, or for a day
    before the paper or that has not come."""
    is_meant = all(_is_written(words) for words in (found_by, reason)) and len(found_by) <= 120
    lock_commune(session, commune_id)
    found = session.get(RoundRequest, (commune_id, request_id))
    if found is None or found.taken_back_at is not None:
        raise Problem("not_found")
    if not is_meant or not found.asked_on <= found_on <= day_of(now):
        raise ValueError("a quick identification names who found it, why, and a day since the paper")
    if not is_open(session, found.round_id, commune_id):
        raise Problem("not_ad_hoc")
    if not passed and in_group(session, commune_id, Group(found.household_id, found.round_id)):
        raise Problem("request_answered")
    household = session.get_one(Household, (commune_id, found.household_id))
    if passed and household.state != HouseholdState.PRESENT:
        raise Problem("register_ended")
    if passed and found.quick_passed is False and _asks_still(session, found):
        raise Problem("already_asked")  # by another paper, which came since
    found.quick_passed, found.quick_on = passed, found_on
    found.quick_by, found.quick_reason = found_by.strip(), reason.strip()
    if not passed:
        _off_the_list(session, found)
    elif session.get(RegisterEntry, (commune_id, found.round_id, found.household_id)) is None:
        _onto_the_list(session, session.get_one(Round, found.round_id), household)
    said = _said(found) | {"passed": passed}
    audit.record(session, now, account_id, "round_identified", found.round_id, said)
    return found


def take_back(
    session: Session, commune_id: str, request_id: str, reason: str, now: datetime, account_id: str | None = None
) -> None:
    """Take a request back that was entered by mistake. Raises `not_found`, `reason_needed`, `request_answered` when an
    interview of the household is there."""
    lock_commune(session, commune_id)
    found = session.get(RoundRequest, (commune_id, request_id))
    if found is None or found.taken_back_at is not None:
        raise Problem("not_found")
    if not _is_written(reason):
        raise Problem("reason_needed")
    if in_group(session, commune_id, Group(found.household_id, found.round_id)):
        raise Problem("request_answered")
    found.taken_back_at, found.taken_back_by, found.taken_back_reason = now, account_id, reason.strip()
    _off_the_list(session, found)
    audit.record(session, now, account_id, "round_request_taken_back", found.round_id, _said(found))


def waiting_since(session: Session, survey_round: Round, communes: Collection[str]) -> date | None:
    """The first day on which a household that still waits for its interview to be accepted came onto the list: from
    there the days of the law are counted. None while nobody waits."""
    on_list = and_(
        RegisterEntry.commune_id == RoundRequest.commune_id,
        RegisterEntry.round_id == RoundRequest.round_id,
        RegisterEntry.household_id == RoundRequest.household_id,
    )
    first = (
        select(func.min(RoundRequest.at))
        .join(RegisterEntry, on_list)
        .where(
            RoundRequest.round_id == survey_round.id,
            RoundRequest.commune_id.in_(sorted(communes)),
            RoundRequest.taken_back_at.is_(None),
            RoundRequest.quick_passed.is_not(False),
            RegisterEntry.state != RegisterState.ACCEPTED.value,
        )
    )
    at = session.scalar(first)
    return day_of(at) if at is not None else None


def listing(session: Session, survey_round: Round, commune_id: str) -> list[Asked]:
    """The requests of a commune in a round, the last first."""
    query = (
        select(RoundRequest, Household, RegisterEntry.state)
        .join(
            Household,
            (Household.commune_id == RoundRequest.commune_id) & (Household.id == RoundRequest.household_id),
        )
        .outerjoin(
            RegisterEntry,
            (RegisterEntry.commune_id == RoundRequest.commune_id)
            & (RegisterEntry.round_id == RoundRequest.round_id)
            & (RegisterEntry.household_id == RoundRequest.household_id)
            & RoundRequest.taken_back_at.is_(None),
        )
        .where(RoundRequest.commune_id == commune_id, RoundRequest.round_id == survey_round.id)
        .order_by(RoundRequest.at.desc(), RoundRequest.id)
    )
    return [
        Asked(request, household, RegisterState(state) if state else None)
        for request, household, state in session.execute(query)
    ]


def find_by_code(session: Session, commune_id: str, code: str) -> Household | None:
    """A household by its printed number."""
    query = select(Household).where(Household.commune_id == commune_id, Household.code == code.strip()[:20])
    return session.scalars(query).first()


def without_paper(session: Session, survey_round: Round, commune_id: str) -> Sequence[Household]:
    """Households of an ad-hoc round for which no paper was entered: met in the field."""
    query = (
        select(Household)
        .join(
            RegisterEntry,
            (RegisterEntry.commune_id == Household.commune_id) & (RegisterEntry.household_id == Household.id),
        )
        .where(
            RegisterEntry.commune_id == commune_id,
            RegisterEntry.round_id == survey_round.id,
            ~standing_request(commune_id, survey_round.id, Household.id).exists(),
        )
        .order_by(Household.code)
    )
    return session.scalars(query).all()


def _said(made: RoundRequest) -> dict[str, Any]:
    """What the log of acts holds of a paper."""
    return {"request": made.id, "commune": made.commune_id, "household": made.household_id}


def _is_written(words: str) -> bool:
    return bool(words.strip()) and words.isprintable() and len(words) <= MOST_WORDS
