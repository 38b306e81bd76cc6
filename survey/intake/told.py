"""What the entries share that tell of something and are no interview: why a household has none (`outcomes.py`), a
change that is proposed (`proposals.py`), a support that was given (`supports.py`). Each is kept as it came, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import uuid4

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from models import Account, HouseholdOutcome, Proposal, Submission, SupportEntry
from survey.intake.envelope import Asked, Entry
from survey.intake.triage import Judge
from survey.lacks import lack_of
from survey.problems import Problem
from survey.terms import QuarantineReason

Said = TypeVar("Said")
Row = TypeVar("Row", HouseholdOutcome, Proposal, SupportEntry)


class Sender(NamedTuple):
    """Who sends, and from which phone; `skew_seconds`: how far ahead its clock is, None when it is not known."""

    account: Account
    device_id: str
    skew_seconds: int | None


def held_for(session: Session, judge: Judge, entry: Entry, judged: QuarantineReason | None) -> QuarantineReason | None:
    """Why it cannot count: what was `judged` of its kind, else that something else came under its id."""
    if judged is None and is_reused(session, judge.commune_id, entry):
        return QuarantineReason.ID_REUSED
    return judged


def is_reused(session: Session, commune_id: str, entry: Entry) -> bool:
    """Whether something else came under its id."""
    tables = (HouseholdOutcome, Proposal, Submission, SupportEntry)
    same = (select(table.id).filter_by(commune_id=commune_id, entry_id=entry.id) for table in tables)
    return session.execute(union_all(*same).limit(1)).first() is not None


def as_it_came(judge: Judge, entry: Entry, sender: Sender, held: QuarantineReason | None) -> dict[str, Any]:
    """The columns that every such row has."""
    return {
        "commune_id": judge.commune_id,
        "id": str(uuid4()),
        "entry_id": entry.id,
        "content_hash": entry.content.hash,
        "content": entry.content.text,
        "household_id": entry.household_id,
        "account_id": sender.account.id,
        "device_id": sender.device_id,
        "said_at": entry.finalised_at,
        "received_at": judge.now,
        "held_for": held.value if held else None,
    }


def find(session: Session, model: type[Row], asked: Asked, account_id: str | None = None) -> Row | None:
    """One that came before with this very content, of this account where one is given."""
    query = select(model).filter_by(**asked._asdict())
    return session.scalars(query.filter_by(account_id=account_id) if account_id else query).first()


class Takers(Generic[Said]):
    """Who makes something of what is told: a room above this one, named once by the wiring of the whole (`app.py`)."""

    def __init__(self) -> None:
        self._one: Callable[[Session, str, str, Said, str, datetime], str] | None = None

    def are(self, take_up: Callable[[Session, str, str, Said, str, datetime], str]) -> None:
        """`take_up`: (commune, household, what is told, by which account, now) → what it became; raises Problem."""
        self._one = take_up

    def take_up(
        self, session: Session, judge: Judge, entry: Entry, said: Said, sender: Sender
    ) -> tuple[str | None, str | None]:
        """The rule against it, and what it became; (None, None): nobody takes such up here."""
        if self._one is None:
            return None, None
        try:
            with session.begin_nested():  # what a refusal had begun to write is not there
                household_id = entry.household_id or ""
                return None, self._one(session, judge.commune_id, household_id, said, sender.account.id, judge.now)
        except Problem as problem:
            if lack_of(problem):
                raise
            return problem.code, None
