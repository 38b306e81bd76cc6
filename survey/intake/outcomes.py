"""An entry that says why a household has no interview: kept as it came, and judged like an interview (`receive.py`)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from models import Account, HouseholdOutcome, OutcomeFile, Proposal, RegisterEntry, Submission, SupportEntry
from models.commune_counter import next_change
from survey.intake.envelope import Asked, Entry, NoInterview
from survey.intake.triage import Judge
from survey.terms import QuarantineReason


class Sender(NamedTuple):
    """Who sends, and from which phone; `skew_seconds`: how far ahead its clock is, None when it is not known."""

    account: Account
    device_id: str
    skew_seconds: int | None


def keep(session: Session, judge: Judge, entry: Entry, sender: Sender) -> HouseholdOutcome:
    """Write an outcome down; phones hear of it with the next change of its household."""
    commune_id = judge.commune_id
    said = entry.no_interview or NoInterview(None)
    held = judge.judge_outcome(entry) or (QuarantineReason.ID_REUSED if is_reused(session, commune_id, entry) else None)
    row = HouseholdOutcome(
        commune_id=commune_id,
        id=str(uuid4()),
        entry_id=entry.id,
        content_hash=entry.content.hash,
        content=entry.content.text,
        household_id=entry.household_id,
        round_id=entry.round_id,
        kind=said.kind.value if said.kind else None,
        reason=said.reason,
        attempts=list(said.attempts),
        place=said.place,
        account_id=sender.account.id,
        device_id=sender.device_id,
        said_at=entry.finalised_at,
        received_at=judge.now,
        clock_skew_seconds=sender.skew_seconds,
        held_for=held.value if held else None,
    )
    session.add(row)
    session.flush()  # its files, decisions and the phones' news refer to it
    for sha256, path in entry.files:
        session.add(OutcomeFile(commune_id=commune_id, outcome_id=row.id, sha256=sha256, path=path))
    tell_phones(session, row)
    return row


def tell_phones(session: Session, row: HouseholdOutcome) -> None:
    """What stands of an outcome is told with its household: that changes now."""
    entry = session.get(RegisterEntry, (row.commune_id, row.round_id, row.household_id)) if row.round_id else None
    if entry is not None:
        entry.change = next_change(session, row.commune_id)


def find(session: Session, asked: Asked, account: Account | None = None) -> HouseholdOutcome | None:
    """One that came before with this very content, of this account where one is given."""
    query = select(HouseholdOutcome).filter_by(**asked._asdict())
    return session.scalars(query.filter_by(account_id=account.id) if account else query).first()


def is_reused(session: Session, commune_id: str, entry: Entry) -> bool:
    """Whether something else came under its id."""
    tables = (HouseholdOutcome, Proposal, Submission, SupportEntry)
    same = (select(table.id).filter_by(commune_id=commune_id, entry_id=entry.id) for table in tables)
    return session.execute(union_all(*same).limit(1)).first() is not None
