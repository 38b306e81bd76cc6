"""An entry that tells of a support: kept as it came, judged, and handed on to be written down.

What a support is and which rules stand against it is known by a room above this one (`supports/from_phones.py`):
`app.py` says who takes them up.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import SupportAnswer, SupportEntry
from survey.intake.envelope import Entry
from survey.intake.supported import Supported
from survey.intake.told import Sender, Takers, as_it_came, held_for
from survey.intake.triage import Judge

takers: Takers[Supported] = Takers()


def keep(session: Session, judge: Judge, entry: Entry, sender: Sender) -> SupportEntry:
    """Write down what a phone told, and what it becomes."""
    said = entry.support or Supported()
    held = held_for(session, judge, entry, judge.judge_support(entry))
    rule, support_id = takers.take_up(session, judge, entry, said, sender) if held is None else (None, None)
    row = SupportEntry(**as_it_came(judge, entry, sender, held), kind=said.kind, rule=rule)
    session.add(row)
    session.flush()  # what became of it refers to it
    if support_id is not None:
        answer(session, row, judge.now, support_id=support_id)
    return row


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
