"""An entry that proposes a change of a household: kept as it came, judged, and handed on to become a request.

What a request is and what stands against it is known by a room above this one (`review/proposals.py`): `app.py` says
who takes proposals up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Proposal, ProposalAnswer, RegisterEntry
from models.commune_counter import next_change
from survey.calendar.standing import open_ids
from survey.intake.envelope import Asked, Entry
from survey.intake.outcomes import Sender, is_reused
from survey.intake.proposed import Proposed
from survey.intake.triage import Judge
from survey.lacks import lack_of
from survey.problems import Problem
from survey.terms import QuarantineReason

# (commune, household, what is proposed, by which account, now) → the request that it speaks for; raises Problem.
TakeUp = Callable[[Session, str, str, Proposed, str, datetime], str]
_takers: list[TakeUp] = []


def taken_up_by(take_up: TakeUp) -> None:
    """Who makes requests of proposals: said once, by the wiring of the whole."""
    _takers[:] = [take_up]


def keep(session: Session, judge: Judge, entry: Entry, sender: Sender) -> Proposal:
    """Write a proposal down, and what it becomes; phones hear of it with the next change of its household."""
    commune_id, said = judge.commune_id, entry.proposal or Proposed()
    held = judge.judge_proposal(entry) or (
        QuarantineReason.ID_REUSED if is_reused(session, commune_id, entry) else None
    )
    rule, request_id = None, None
    if held is None:
        rule, request_id = take_up(session, commune_id, entry.household_id or "", said, sender.account.id, judge.now)
    row = Proposal(
        commune_id=commune_id,
        id=str(uuid4()),
        entry_id=entry.id,
        content_hash=entry.content.hash,
        content=entry.content.text,
        household_id=entry.household_id,
        kind=said.kind.value if said.kind else None,
        account_id=sender.account.id,
        device_id=sender.device_id,
        said_at=entry.finalised_at,
        received_at=judge.now,
        held_for=held.value if held else None,
        rule=rule,
    )
    session.add(row)
    session.flush()  # what became of it refers to it
    if request_id is not None:
        answer(session, row, judge.now, request_id=request_id)
    tell_phones(session, commune_id, row.household_id)
    return row


def take_up(
    session: Session, commune_id: str, household_id: str, said: Proposed, account_id: str, now: datetime
) -> tuple[str | None, str | None]:
    """The rule against it, and the request that it speaks for; (None, None): nobody takes proposals up here."""
    try:
        taken = [one(session, commune_id, household_id, said, account_id, now) for one in _takers]
    except Problem as problem:
        if lack_of(problem):
            raise
        return problem.code, None
    return None, taken[0] if taken else None


def answer(
    session: Session,
    row: Proposal,
    now: datetime,
    *,
    request_id: str | None = None,
    reason: str = "",
    account_id: str | None = None,
) -> None:
    """Say what became of a proposal, once."""
    session.add(
        ProposalAnswer(
            commune_id=row.commune_id,
            proposal_id=row.id,
            request_id=request_id,
            reason=reason,
            account_id=account_id,
            at=now,
        )
    )
    session.flush()  # a second answer is refused here, not at the end


def tell_phones(session: Session, commune_id: str, household_id: str | None) -> None:
    """What became of a proposal is told with its household, in each round that it is visited in now."""
    own = select(RegisterEntry).filter_by(commune_id=commune_id, household_id=household_id)
    for entry in session.scalars(own.where(RegisterEntry.round_id.in_(open_ids(commune_id)))):
        entry.change = next_change(session, commune_id)


def find(session: Session, asked: Asked, account_id: str | None = None) -> Proposal | None:
    """One that came before with this very content, of this account where one is given."""
    query = select(Proposal).filter_by(**asked._asdict())
    return session.scalars(query.filter_by(account_id=account_id) if account_id else query).first()
