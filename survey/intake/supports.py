"""An entry that tells of a support: kept as it came, judged, and handed on to be written down.

What a support is and which rules stand against it is known by a room above this one (`supports/from_phones.py`):
`app.py` says who takes them up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import SupportAnswer, SupportEntry
from survey.intake.envelope import Asked, Entry
from survey.intake.outcomes import Sender, is_reused
from survey.intake.supported import Supported
from survey.intake.triage import Judge
from survey.lacks import lack_of
from survey.problems import Problem
from survey.terms import QuarantineReason

# (commune, household, what was given, by which account, now) → the support that it became; raises Problem.
TakeUp = Callable[[Session, str, str, Supported, str, datetime], str]
_takers: list[TakeUp] = []


def taken_up_by(take_up: TakeUp) -> None:
    """Who writes supports down: said once, by the wiring of the whole."""
    _takers[:] = [take_up]


def keep(session: Session, judge: Judge, entry: Entry, sender: Sender) -> SupportEntry:
    """Write down what a phone told, and what it becomes."""
    commune_id, said = judge.commune_id, entry.support or Supported()
    held = judge.judge_support(entry) or (QuarantineReason.ID_REUSED if is_reused(session, commune_id, entry) else None)
    rule, support_id = None, None
    if held is None:
        rule, support_id = take_up(session, commune_id, entry.household_id or "", said, sender.account.id, judge.now)
    row = SupportEntry(
        commune_id=commune_id,
        id=str(uuid4()),
        entry_id=entry.id,
        content_hash=entry.content.hash,
        content=entry.content.text,
        household_id=entry.household_id,
        kind=said.kind,
        account_id=sender.account.id,
        device_id=sender.device_id,
        said_at=entry.finalised_at,
        received_at=judge.now,
        held_for=held.value if held else None,
        rule=rule,
    )
    session.add(row)
    session.flush()  # what became of it refers to it
    if support_id is not None:
        answer(session, row, judge.now, support_id=support_id)
    return row


def take_up(
    session: Session, commune_id: str, household_id: str, said: Supported, account_id: str, now: datetime
) -> tuple[str | None, str | None]:
    """The rule against it, and the support that it became; (None, None): nobody takes them up here."""
    try:
        with session.begin_nested():  # a fund that was too small has moved nothing
            taken = [one(session, commune_id, household_id, said, account_id, now) for one in _takers]
    except Problem as problem:
        if lack_of(problem):
            raise
        return problem.code, None
    return None, taken[0] if taken else None


def answer(
    session: Session,
    row: SupportEntry,
    now: datetime,
    *,
    support_id: str | None = None,
    reason: str = "",
    account_id: str | None = None,
) -> None:
    """Say what became of it, once."""
    session.add(
        SupportAnswer(
            commune_id=row.commune_id, entry=row.id, support_id=support_id, reason=reason, account_id=account_id, at=now
        )
    )
    session.flush()  # a second answer is refused here, not at the end


def find(session: Session, asked: Asked, account_id: str | None = None) -> SupportEntry | None:
    """One that came before with this very content, of this account where one is given."""
    query = select(SupportEntry).filter_by(**asked._asdict())
    return session.scalars(query.filter_by(account_id=account_id) if account_id else query).first()
