"""What follows from the register's events: rows of households, their places in open rounds, and their interviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Household, RegisterEntry, Submission, SubmissionStatus
from models.commune_counter import next_change
from survey.calendar.standing import open_ids, open_in
from survey.intake.admit import welcome
from survey.register.entries import add_household, keep_to_household, on_register
from survey.register.event_log import Done
from survey.register.ledger import Event, Standing
from survey.submissions import log
from survey.submissions.derive import derive_current, derive_entry, judge_undecided
from survey.submissions.lifecycle import is_contested
from survey.submissions.log import Act
from survey.tallies.places import follow_household
from survey.terms import Action, HouseholdState, QuarantineReason, RoundKind, SubmissionState

Changed = Mapping[str, tuple[Standing | None, Standing | None]]


def add(session: Session, commune_id: str, event: Event, done: Done) -> None:
    """The row of a household that an event brings onto the register, unless it was there once."""
    if session.get(Household, (commune_id, event.enters)) is not None:
        return
    add_household(session, commune_id, event.enters, event.payload, done.at, base_answers=event.payload.get("answers"))


def follow(session: Session, commune_id: str, changed: Changed, done: Done) -> None:
    """Bring everything to the log, once its events stand there; the caller holds the commune's lock."""
    act = Act(done.account_id, done.at)
    for household_id, (before, after) in sorted(changed.items()):
        household = session.get_one(Household, (commune_id, household_id))
        folded = derive_current(session, household)
        session.flush()  # its entries are held against it
        keep_to_household(session, household)
        _come_onto_lists(session, household, before, after)
        _tell(session, household, before, after)
        if judge_undecided(session, _submissions(session, household)):  # its village decides the line
            folded = derive_current(session, household)
        for survey_round in open_in(session, commune_id):
            derive_entry(session, household, survey_round.id, *folded)
        _hold_or_welcome(session, household, act)
        follow_household(session, commune_id, household_id)


def _come_onto_lists(session: Session, household: Household, before: Standing | None, after: Standing | None) -> None:
    """One that is new on the register, or there again, is asked in the open rounds like one that is imported; onto an
    ad-hoc one it comes with its request."""
    if after is None or after.state is not HouseholdState.PRESENT or (before and before.state == after.state):
        return
    for survey_round in open_in(session, household.commune_id, RoundKind.PERIODIC):
        on_register(session, household.commune_id, survey_round.id, household.id)


def _tell(session: Session, household: Household, before: Standing | None, after: Standing | None) -> None:
    """Phones show the head's name and the number: they hear when those are others."""
    if before is None or after is None or (before.head_name, before.code) == (after.head_name, after.code):
        return
    own = {"commune_id": household.commune_id, "household_id": household.id}
    in_open_ones = RegisterEntry.round_id.in_(open_ids(household.commune_id))
    for entry in session.scalars(select(RegisterEntry).filter_by(**own).where(in_open_ones)):
        entry.change = next_change(session, household.commune_id)


def _submissions(session: Session, household: Household) -> list[Submission]:
    query = _with_status(household).order_by(Submission.received_at, Submission.id)
    return [submission for submission, _ in session.execute(query).all()]


def _with_status(household: Household) -> Any:
    return (
        select(Submission, SubmissionStatus)
        .join(SubmissionStatus, OF_SUBMISSION)
        .where(SubmissionStatus.commune_id == household.commune_id, SubmissionStatus.household_id == household.id)
    )


def _hold_or_welcome(session: Session, household: Household, act: Act) -> None:
    """What waits for review of a household that is off the register is held, for a person who finds the right one; what
    was held so is judged again when the household is there again."""
    if household.state == HouseholdState.PRESENT:
        welcome(session, household, act)
        return
    for submission, status in session.execute(_with_status(household)).all():
        if status.state == SubmissionState.SUBMITTED or is_contested(status.state, status.reason):
            log.step(session, submission, Action.QUARANTINE, act, reason=QuarantineReason.UNKNOWN_HOUSEHOLD)
