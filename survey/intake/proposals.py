"""An entry that proposes a change of a household: kept as it came, judged, and handed on to become a request.

What a request is and what stands against it is known by a room above this one (`review/proposals.py`): `app.py` says
who takes proposals up.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Proposal, ProposalAnswer, RegisterEntry
from models.commune_counter import next_change
from survey.calendar.standing import open_ids
from survey.intake.envelope import Entry
from survey.intake.proposed import Proposed
from survey.intake.told import Sender, Takers, as_it_came, held_for
from survey.intake.triage import Judge

takers: Takers[Proposed] = Takers()


def keep(session: Session, judge: Judge, entry: Entry, sender: Sender) -> Proposal:
    """Write a proposal down, and what it becomes; phones hear of it with the next change of its household."""
    said = entry.proposal or Proposed()
    held = held_for(session, judge, entry, judge.judge_proposal(entry))
    rule, request_id = takers.take_up(session, judge, entry, said, sender) if held is None else (None, None)
    row = Proposal(**as_it_came(judge, entry, sender, held), kind=said.kind.value if said.kind else None, rule=rule)
    session.add(row)
    session.flush()  # what became of it refers to it
    if request_id is not None:
        answer(session, row, judge.now, request_id=request_id)
    tell_phones(session, row.commune_id, row.household_id)
    return row


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
