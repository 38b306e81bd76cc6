"""An entry goes in: judged, it is logged, its household stands on the register, its neighbours come to rest.

The same way for one that arrives and for one that is judged again or attached later, so that it makes no difference
whether the office mended the cause before or after.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Account, Household, RegisterGone, Round, Submission, SubmissionStatus
from survey.accounts.accounts import holder_of, where_is
from survey.calendar.standing import is_open
from survey.clocks import day_of
from survey.intake.envelope import Entry, read_entry
from survey.intake.triage import Judge, Judgement
from survey.problems import Problem
from survey.register import event_log
from survey.register.entries import (
    find_household,
    found_in_the_field,
    keep_to_household,
    left_with_its_entry,
    on_register,
    survivor_of,
)
from survey.register.places import stands
from survey.submissions import log
from survey.submissions.conflicts import Group, held_beside, settle_around
from survey.submissions.derive import derive_current, evaluate_for
from survey.submissions.log import Act
from survey.tallies.places import follow_household
from survey.terms import Action, HouseholdState, QuarantineReason, RegisterKind, SubmissionState


def enter(
    session: Session,
    submission: Submission,
    entry: Entry,
    judgement: Judgement,
    act: Act,
    *,
    attached_to: str | None = None,
    left: Group | None = None,
) -> QuarantineReason | None:
    """Log what an entry is held for, or that it goes to review; returns the reason. `left`: where it stood until now.

    A sound entry brings its household onto the register even while it waits beside another, whichever came first.
    """
    arrives = session.get(SubmissionStatus, (submission.commune_id, submission.id)) is None
    reason = judgement.reason
    found: Household | None = None
    if reason is None:
        found = admit(session, submission.commune_id, entry, act.at, attached_to=attached_to)
        assert entry.round_id is not None  # a sound entry names its round and household
        reason = held_beside(session, submission, Group(str(attached_to or entry.household_id), entry.round_id))
    action = Action.QUARANTINE if reason else Action.RECEIVE if arrives else Action.RELEASE
    log.step(session, submission, action, act, reason=reason, detail=judgement.detail, known=judgement.record)
    settle_around(session, submission, act, left, arrives=True)
    if found is not None:
        welcome(session, found, act)
    if arrives and reason is QuarantineReason.UNKNOWN_HOUSEHOLD:
        _follow_merge(session, submission, act)
    return reason


def _follow_merge(session: Session, submission: Submission, act: Act) -> None:
    """A late interview of a household that was merged meanwhile is one of what it was merged into, and judged as that;
    it stays so when the merge ends, until a person attaches it."""
    household = find_household(session, submission.commune_id, submission.household_id)
    survivor = survivor_of(session, household) if household is not None else None
    if survivor is None:
        return
    by_itself = Act(None, act.at)
    reason = QuarantineReason.UNKNOWN_HOUSEHOLD
    log.step(session, submission, Action.ATTACH, by_itself, reason=reason, household_id=survivor.id)
    judge_again(session, submission, by_itself)


def admit(
    session: Session, commune_id: str, entry: Entry, now: datetime, *, attached_to: str | None = None
) -> Household | None:
    """Make sure that the household of an entry that counts is on the round's register: one found in the field is added
    with the next number of its village, one that left with its entry comes back, and either is returned. Also for a
    held entry that is released: `not_allowed_now` when it names no household that is there, or no round that is open in
    the commune."""
    survey_round = session.get(Round, entry.round_id) if entry.round_id else None
    household_id = attached_to or entry.household_id
    if survey_round is None or household_id is None or not is_open(session, survey_round.id, commune_id):
        raise Problem("not_allowed_now")
    made = None
    known = find_household(session, commune_id, household_id)
    if known is not None and known.state != HouseholdState.PRESENT:
        left = left_with_its_entry(session, known)
        if attached_to or entry.new_household is None or left is None:
            raise Problem("not_allowed_now")
        if not stands(session, known.village_id, day_of(now)):
            raise Problem("place_over")
        # Since the day on which it left: it was there all the time, and its interviews of meanwhile count.
        done = event_log.Done(None, now)
        event_log.append(session, commune_id, RegisterKind.RESTORE, known.id, left.effective_on, done)
        derive_current(session, known)
        keep_to_household(session, known)
        follow_household(session, commune_id, known.id)
        made = known
    if known is None:
        found = entry.new_household
        where = where_is(session, found["village_id"]) if found else None
        if attached_to or found is None or where is None or where.commune_id != commune_id or len(household_id) > 36:
            raise Problem("not_allowed_now")
        if not stands(session, found["village_id"], day_of(now)):
            raise Problem("place_over")
        made = found_in_the_field(session, commune_id, household_id, found, entry.id, now)
        # A database of before households were kept: what phones were told of it is over.
        session.execute(delete(RegisterGone).filter_by(commune_id=commune_id, household_id=household_id))
    on_register(session, commune_id, survey_round.id, household_id)
    return made


def judge_again(session: Session, submission: Submission, act: Act, *, left: Group | None = None) -> bool:
    """Judge a held submission as if it arrived now, by the account that sent it; returns whether its state or reason is
    another. The caller holds the commune's lock, and is `evaluated_first`."""
    entry, attached_to, judgement = _judged_now(session, submission, act.at)
    status = session.get_one(SubmissionStatus, (submission.commune_id, submission.id))
    if judgement.reason is not None and judgement.reason.value == status.reason:
        settle_around(session, submission, act, left, arrives=True)
        return False
    enter(session, submission, entry, judgement, act, attached_to=attached_to, left=left)
    return True


def work_out(session: Session, submission: Submission, now: datetime) -> None:
    """Evaluate what judging a held submission again is going to ask for. Nothing is written."""
    evaluate_for(session, submission, _judged_now(session, submission, now)[2].record)


def _judged_now(session: Session, submission: Submission, now: datetime) -> tuple[Entry, str | None, Judgement]:
    """What a submission says, the household that a person found it to be of, and what it is worth now."""
    commune_id = submission.commune_id
    status = session.get_one(SubmissionStatus, (commune_id, submission.id))
    account = session.get_one(Account, submission.account_id)
    entry = read_entry(json.loads(submission.content))
    attached_to = status.household_id if status.household_id != submission.household_id else None
    judge = Judge(session, account, holder_of(session, account), commune_id, now)
    return entry, attached_to, judge.judge(entry, submission, attached_to)


def welcome(session: Session, household: Household, act: Act) -> None:
    """What came for a household before it was known is judged again now that it is."""
    waiting = session.scalars(
        select(Submission)
        .join(SubmissionStatus, OF_SUBMISSION)
        .where(
            Submission.commune_id == household.commune_id,
            SubmissionStatus.household_id == household.id,
            SubmissionStatus.state == SubmissionState.QUARANTINED.value,
            SubmissionStatus.reason == QuarantineReason.UNKNOWN_HOUSEHOLD.value,
        )
        .order_by(Submission.received_at, Submission.id)
    )
    for submission in waiting.all():
        judge_again(session, submission, act)
