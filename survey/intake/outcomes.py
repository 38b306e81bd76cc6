"""An entry that says why a household has no interview: kept as it came, and judged like an interview (`receive.py`)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models import HouseholdOutcome, OutcomeFile, RegisterEntry
from models.commune_counter import next_change
from survey.intake.envelope import Entry, NoInterview
from survey.intake.told import Sender, as_it_came, held_for
from survey.intake.triage import Judge
from survey.tallies import places as tallies


def keep(session: Session, judge: Judge, entry: Entry, sender: Sender) -> HouseholdOutcome:
    """Write an outcome down; phones hear of it with the next change of its household."""
    said = entry.no_interview or NoInterview(None)
    held = held_for(session, judge, entry, judge.judge_outcome(entry))
    row = HouseholdOutcome(
        **as_it_came(judge, entry, sender, held),
        round_id=entry.round_id,
        kind=said.kind.value if said.kind else None,
        reason=said.reason,
        attempts=list(said.attempts),
        place=said.place,
        clock_skew_seconds=sender.skew_seconds,
    )
    session.add(row)
    session.flush()  # its files, decisions and the phones' news refer to it
    for sha256, path in entry.files:
        session.add(OutcomeFile(commune_id=row.commune_id, outcome_id=row.id, sha256=sha256, path=path))
    follow(session, row)
    return row


def follow(session: Session, row: HouseholdOutcome) -> None:
    """What stands of an outcome is counted, and told with its household: both change now. The caller holds the
    commune."""
    if row.round_id is not None and row.household_id is not None:
        tallies.follow(session, row.commune_id, row.round_id, [row.household_id])
    entry = session.get(RegisterEntry, (row.commune_id, row.round_id, row.household_id)) if row.round_id else None
    if entry is not None:
        entry.change = next_change(session, row.commune_id)
