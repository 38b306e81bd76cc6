"""What awaits the supervisor of a commune: its submissions by state and village, found again by name or code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from models import (
    OF_SUBMISSION,
    Account,
    Assessment,
    AssessmentReading,
    Household,
    RegisterEntry,
    Submission,
    SubmissionStatus,
)
from survey.review.signs import Sign, may_bear, signs_of
from survey.terms import HouseholdClass, HouseholdState, QuarantineReason, RegisterState, SubmissionState
from survey.text import without_tones

# In the order in which they ask for a person; what was replaced or set aside asks for nobody and stays to be seen.
STATES = (
    SubmissionState.SUBMITTED,
    SubmissionState.QUARANTINED,
    SubmissionState.RETURNED,
    SubmissionState.ACCEPTED,
    SubmissionState.SUPERSEDED,
    SubmissionState.DISCARDED,
)
MOST_ASKED = 300  # of a shelf for a sign: their answers are read
NO_VILLAGE = "-"  # a held entry whose household is not on the register

_OF_HOUSEHOLD = and_(Household.commune_id == SubmissionStatus.commune_id, Household.id == SubmissionStatus.household_id)
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Shelf:
    """Which submissions of a commune: of a round (a held one of any round), a state, a village, a reason to hold."""

    commune_id: str
    round_id: str
    state: SubmissionState | None = None
    village_id: str | None = None
    reason: QuarantineReason | None = None
    readings: tuple[str, ...] = ()  # of the texts, those that no paper confirms
    doubtful: bool = False  # only those whose class hangs on one of `readings`
    sign: Sign | None = None  # only those that bear it


@dataclass(frozen=True)
class Waiting:
    """A row of the queue."""

    submission_id: str
    household_code: str | None
    head_name: str | None
    village_id: str | None
    state: SubmissionState
    reason: QuarantineReason | None
    household_class: HouseholdClass | None
    opening_class: HouseholdClass | None
    illustrative: bool
    phone_agrees: bool | None
    doubtful: bool  # the class hangs on an unconfirmed reading of the texts
    warnings: int
    surveyed_by: str
    received_at: datetime


def counts(session: Session, shelf: Shelf) -> dict[str | None, dict[SubmissionState, int]]:
    """How many there are by village (None: all together) and state; the shelf's own state and village do not narrow."""
    village = func.coalesce(Household.village_id, NO_VILLAGE)
    found: dict[str | None, dict[SubmissionState, int]] = {None: dict.fromkeys(SubmissionState, 0)}
    for village_id, state, number in _numbers(session, shelf, village):
        for key in (None, village_id):
            found.setdefault(key, dict.fromkeys(SubmissionState, 0))[SubmissionState(state)] += number
    return found


def totals(session: Session, shelf: Shelf) -> dict[SubmissionState, int]:
    """The same of all villages together, and no household is read for it."""
    found = dict.fromkeys(SubmissionState, 0)
    for state, number in _numbers(session, shelf):
        found[SubmissionState(state)] += number
    return found


def _numbers(session: Session, shelf: Shelf, *keys: ColumnElement[Any]) -> Iterator[Any]:
    """How many there are by `keys` and state. Two questions: for one with "or" in it a database looks through all years
    of the commune."""
    every = replace(shelf, state=None, village_id=None, reason=None)
    state = SubmissionStatus.state
    numbers = _everywhere(every, select(*keys, state, func.count())).group_by(*keys, state)
    is_held = state == SubmissionState.QUARANTINED.value
    for half in (numbers.where(SubmissionStatus.round_id == shelf.round_id, ~is_held), numbers.where(is_held)):
        yield from session.execute(half)


def reasons(session: Session, shelf: Shelf) -> dict[QuarantineReason, int]:
    """How many are held by reason, in the order of the terms; the shelf's own reason does not narrow."""
    held = replace(shelf, state=SubmissionState.QUARANTINED, reason=None)
    rows = session.execute(_on(held, select(SubmissionStatus.reason, func.count())).group_by(SubmissionStatus.reason))
    found = {QuarantineReason(reason): number for reason, number in rows}
    return {reason: found[reason] for reason in QuarantineReason if reason in found}


def page(session: Session, shelf: Shelf, offset: int, limit: int) -> list[Waiting]:
    """A page of the shelf, the longest waiting first."""
    return rows_of(session, shelf, session.scalars(_ids(shelf).offset(offset).limit(limit)).all())


class Bearing(NamedTuple):
    """`ids`: those of a shelf that bear its sign, the longest waiting first; `more`: whether it has others that may,
    which were not asked."""

    ids: list[str]
    more: bool


def bearing(session: Session, shelf: Shelf) -> Bearing:
    """A sign stands in the answers and the story of each, so that the first `MOST_ASKED` of those that may bear it are
    asked, and no more."""
    if shelf.sign is None:
        return Bearing([], more=False)
    asked = session.scalars(_asked(shelf, shelf.sign).limit(MOST_ASKED + 1)).all()
    ids = asked[:MOST_ASKED]
    found = signs_of(session, shelf.commune_id, ids, shelf.sign)
    return Bearing([id for id in ids if id in found and shelf.sign in found[id].found], len(asked) > MOST_ASKED)


def _asked(shelf: Shelf, sign: Sign) -> Select[str]:
    return _ids(shelf).where(may_bear(sign))


def rows_of(session: Session, shelf: Shelf, submission_ids: Sequence[str]) -> list[Waiting]:
    """The rows of some of its submissions, the longest waiting first; at most a page of them."""
    return [_row(row) for row in session.execute(_listing(shelf, submission_ids))]


def beside(session: Session, shelf: Shelf, submission_id: str) -> tuple[str | None, str | None]:
    """The submissions before and after this one on its shelf; when it has left the shelf, the first there is next."""
    ids = bearing(session, shelf).ids if shelf.sign is not None else list(session.scalars(_ids(shelf)))
    if submission_id not in ids:
        return None, ids[0] if ids else None
    at = ids.index(submission_id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def _on(shelf: Shelf, statement: Rows) -> Rows:
    """`statement` over the shelf's statuses with their households: what a submission says is not read for it."""
    status, statement = SubmissionStatus, _everywhere(shelf, statement)
    is_held, is_here = status.state == SubmissionState.QUARANTINED.value, status.round_id == shelf.round_id
    if shelf.state is None:
        return statement.where(or_(is_here, is_held))
    if shelf.state is SubmissionState.QUARANTINED:
        return statement.where(is_held)
    return statement.where(is_here, status.state == shelf.state.value)


def _everywhere(shelf: Shelf, statement: Rows) -> Rows:
    """The same whatever round and state they are of."""
    status = SubmissionStatus
    statement = (
        statement.select_from(status).outerjoin(Household, _OF_HOUSEHOLD).where(status.commune_id == shelf.commune_id)
    )
    if shelf.reason is not None:
        statement = statement.where(status.reason == shelf.reason.value)
    if shelf.village_id == NO_VILLAGE:
        statement = statement.where(Household.village_id.is_(None))
    elif shelf.village_id is not None:
        statement = statement.where(Household.village_id == shelf.village_id)
    return statement.where(_doubtful(shelf)) if shelf.doubtful else statement


def _doubtful(shelf: Shelf) -> ColumnElement[bool]:
    return exists().where(
        AssessmentReading.commune_id == SubmissionStatus.commune_id,
        AssessmentReading.submission_id == SubmissionStatus.submission_id,
        AssessmentReading.reading.in_(shelf.readings),
    )


def _ids(shelf: Shelf) -> Select[str]:
    """Of the shelf's submissions, the longest waiting first."""
    ids = _on(shelf, select(SubmissionStatus.submission_id))
    return ids.order_by(SubmissionStatus.received_at, SubmissionStatus.submission_id)


def _listing(shelf: Shelf, submission_ids: Sequence[str]) -> Rows:
    columns = select(
        Submission.id,
        Household.code,
        func.coalesce(Assessment.head_name, Household.head_name).label("head_name"),
        Household.village_id,
        SubmissionStatus.state,
        SubmissionStatus.reason,
        Assessment.household_class,
        RegisterEntry.opening_class,
        Assessment.illustrative,
        Assessment.phone_agrees,
        _doubtful(shelf).label("doubtful"),
        Assessment.problems,
        Account.display_name,
        Submission.received_at,
    )
    return (
        columns.select_from(SubmissionStatus)
        .join(Submission, OF_SUBMISSION)
        .outerjoin(Household, _OF_HOUSEHOLD)
        .outerjoin(
            Assessment,
            and_(Assessment.commune_id == Submission.commune_id, Assessment.submission_id == Submission.id),
        )
        .outerjoin(
            RegisterEntry,
            and_(
                RegisterEntry.commune_id == Submission.commune_id,
                RegisterEntry.round_id == Submission.round_id,
                RegisterEntry.household_id == SubmissionStatus.household_id,
            ),
        )
        .join(Account, Account.id == Submission.account_id)
        .where(SubmissionStatus.commune_id == shelf.commune_id, SubmissionStatus.submission_id.in_(submission_ids))
        .order_by(Submission.received_at, Submission.id)
    )


def _row(row: Row[Any]) -> Waiting:
    return Waiting(
        row.id,
        row.code,
        row.head_name,
        row.village_id,
        SubmissionState(row.state),
        QuarantineReason(row.reason) if row.reason else None,
        HouseholdClass(row.household_class) if row.household_class else None,
        HouseholdClass(row.opening_class) if row.opening_class else None,
        bool(row.illustrative),
        row.phone_agrees,
        bool(row.doubtful),
        len(row.problems or ()),
        row.display_name,
        row.received_at,
    )


@dataclass(frozen=True)
class Found:
    """A household that a search found, and the submission that counts for it this round."""

    household_id: str
    code: str
    head_name: str
    village_id: str
    state: RegisterState
    submission_id: str | None


def gone(session: Session, commune_id: str, wanted: str, limit: int = 50) -> list[Household]:
    """Households that are off the register, by code or head's name as in `search`."""
    key = without_tones(wanted)
    off = select(Household.id, Household.code, Household.head_name).where(
        Household.commune_id == commune_id, Household.state != HouseholdState.PRESENT.value
    )
    rows = session.execute(off.order_by(Household.code)).all() if key else []
    found = [one.id for one in rows if _is_meant(key, one.code, one.head_name)][:limit]
    return [session.get_one(Household, (commune_id, id)) for id in found]


def _is_meant(key: str, code: str, head_name: str) -> bool:
    return key in code.lower() or f" {key}" in f" {without_tones(head_name)}"


def search(session: Session, commune_id: str, round_id: str, wanted: str, limit: int = 50) -> list[Found]:
    """Households of the commune whose code or head's name holds `wanted`; tones and case do not matter.

    A commune has a few thousand households, so their names are compared here: neither database knows that đ is d.
    """
    key = without_tones(wanted)
    if not key:
        return []
    rows = session.execute(
        select(
            Household.id,
            Household.code,
            Household.head_name,
            RegisterEntry.village_id,
            RegisterEntry.state,
            RegisterEntry.submission_id,
        )
        .join(
            RegisterEntry,
            and_(RegisterEntry.commune_id == Household.commune_id, RegisterEntry.household_id == Household.id),
        )
        .where(Household.commune_id == commune_id, RegisterEntry.round_id == round_id)
        .order_by(Household.code)
    )
    found = (
        Found(household_id, code, head, village, RegisterState(state), submission)
        for household_id, code, head, village, state, submission in rows
        if _is_meant(key, code, head)
    )
    return [household for household, _ in zip(found, range(limit), strict=False)]
