"""What people did, read: the log of acts and the review log as one, newest first.

The register's own log is in it by its acts (`register.…`); what happened to one household stands whole on its page.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, cast, func, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session
from sqlalchemy.types import String, Text

from models import AuditEvent, HouseholdOpening, SubmissionEvent, SubmissionStatus
from survey.clocks import HERE
from survey.evidence.openings import OPENED
from survey.terms import Action

REVIEW = "review."  # before an act of the review log
FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)  # the days that can be asked for


class Act(NamedTuple):
    """A line. `account_id` NULL: typed at the server; `subject`: an id or a code; `detail`: small JSON."""

    at: datetime
    account_id: str | None
    verb: str
    subject: str
    detail: Any


@dataclass(frozen=True)
class Wanted:
    """Which lines. `accounts`: only acts of these (None: of all, the server's too); `subjects`: the ids of a household
    or of whatever an act was about, or names in its details; `openings`: also who was shown a household; days as on the
    clock of Việt Nam, both included. Raises ValueError for a day that nobody can mean."""

    accounts: Collection[str] | None = None
    person: str | None = None
    subjects: Collection[str] | None = None
    verb: str | None = None
    openings: bool = True
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if not all(FIRST <= day <= LAST for day in (self.since, self.until) if day is not None):
            raise ValueError("a day outside of the log's time")


def listed(session: Session, wanted: Wanted, offset: int, limit: int) -> list[Act]:
    """A page of them."""
    return [Act(*row) for row in session.execute(_query(wanted).offset(offset).limit(limit))]


def count(session: Session, wanted: Wanted) -> int:
    rows = _query(wanted).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0


def every(session: Session, wanted: Wanted) -> Iterator[Act]:
    """All of them, as they are read."""
    for row in session.execute(_query(wanted).execution_options(yield_per=500)):
        yield Act(*row)


def verbs(session: Session) -> list[str]:
    """The acts that were ever done."""
    found = set(session.scalars(select(AuditEvent.verb).distinct()))
    if session.scalar(select(HouseholdOpening.id).limit(1)) is not None:
        found.add(OPENED)
    return sorted(found | {REVIEW + action.value for action in Action})


def _query(wanted: Wanted) -> Select[Any]:
    acts = select(
        AuditEvent.at.label("at"),
        AuditEvent.account_id.label("account_id"),
        cast(AuditEvent.verb, String(60)).label("verb"),
        AuditEvent.subject.label("subject"),
        AuditEvent.detail.label("detail"),
        AuditEvent.id.label("id"),
    )
    reviewed = select(
        SubmissionEvent.at,
        SubmissionEvent.account_id,
        (literal(REVIEW) + SubmissionEvent.action),
        func.coalesce(SubmissionStatus.household_id, SubmissionEvent.submission_id),
        cast(null(), Text),
        SubmissionEvent.id,
    ).join(
        SubmissionStatus,
        (SubmissionStatus.commune_id == SubmissionEvent.commune_id)
        & (SubmissionStatus.submission_id == SubmissionEvent.submission_id),
    )
    both = union_all(acts, reviewed, *([_opened(wanted)] if wanted.openings else [])).subquery()
    query = select(both.c.at, both.c.account_id, both.c.verb, both.c.subject, both.c.detail)
    query = query.order_by(both.c.at.desc(), both.c.id)
    if wanted.accounts is not None:
        query = query.where(both.c.account_id.in_(sorted(wanted.accounts)))
    if wanted.person is not None:
        query = query.where(both.c.account_id == wanted.person)
    if wanted.subjects is not None:
        said = type_coerce(both.c.detail, Text)
        named = [said.contains(json.dumps(one), autoescape=True) for one in sorted(wanted.subjects)]
        query = query.where(or_(both.c.subject.in_(sorted(wanted.subjects)), *named))
    if wanted.verb is not None:
        query = query.where(both.c.verb == wanted.verb)
    if wanted.since is not None:
        query = query.where(both.c.at >= _midnight(wanted.since))
    if wanted.until is not None:
        query = query.where(both.c.at < _midnight(wanted.until + timedelta(days=1)))
    return query


def _opened(wanted: Wanted) -> Select[Any]:
    """Narrowed here by what has an index: there are more of them than of all acts."""
    of = HouseholdOpening
    page = literal('{"page": "', Text) + of.page + literal('"}', Text)
    rows: Any = select(of.at, of.account_id, literal(OPENED), of.household_id, page, of.id)
    if wanted.subjects is not None:
        rows = rows.where(of.household_id.in_(sorted(wanted.subjects)))
    if wanted.person is not None:
        rows = rows.where(of.account_id == wanted.person)
    narrowed: Select[Any] = rows
    return narrowed


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HERE)
