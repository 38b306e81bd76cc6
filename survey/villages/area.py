"""A village becomes urban or rural: whose class would be another, counted before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Assessment, Household, Place, Round, Submission, SubmissionStatus
from models.commune_counter import lock_commune
from survey.calendar.standing import is_open, open_ids
from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem
from survey.register.entries import context_of_village, village_on
from survey.register.event_log import Done
from survey.register.places import change_area, periods_at
from survey.submissions.content import clock_of
from survey.submissions.derive import class_under, derive_told_otherwise, told_otherwise
from survey.submissions.lifecycle import OUT
from survey.terms import Area, HouseholdClass, PlaceKind, SubmissionState


class Judged(NamedTuple):
    """An interview that would be judged by the other line, and the class then."""

    submission_id: str
    code: str
    state: SubmissionState
    day: date
    before: HouseholdClass | None
    after: HouseholdClass | None


@dataclass(frozen=True)
class Recount:
    """What making a village `area` since a day would do. `rule`: why it is refused."""

    village_id: str
    name: str
    was: Area | None
    area: Area
    since: date
    judged: tuple[Judged, ...]
    rule: str | None

    @property
    def others(self) -> list[Judged]:
        """Those of another class than now."""
        return [one for one in self.judged if one.before != one.after]

    @property
    def households(self) -> int:
        return len({one.code for one in self.others})


def recount(
    session: Session, commune_id: str, village_id: str, area: Area, since: date, today: date, *, judging: bool = True
) -> Recount:
    """Reads and changes nothing. Raises not_found when the commune has no such village, or had none on that day. Not
    `judging`: only whether it may be."""
    village = session.get(Place, village_id)
    if village is None or village.kind != PlaceKind.VILLAGE or village.parent_id != commune_id:
        raise Problem("not_found")
    period = periods_at(session, [village_id], since).get(village_id)
    if period is None:
        raise Problem("not_found")
    was = Area(period.area) if period.area else None
    rule = "register_future" if since > today else "register_changes_nothing" if was is area else None
    looks = rule is None and judging
    judged = tuple(_judged(session, commune_id, village_id, area, since, period.valid_to)) if looks else ()
    return Recount(village_id, period.name, was, area, since, judged, rule)


def make(session: Session, commune_id: str, village_id: str, area: Area, since: date, done: Done) -> Recount:
    """Make the village `area` since that day and judge what rests on it again, where nobody waits. Raises the recount's
    `rule`."""
    lock_commune(session, commune_id)
    found = recount(session, commune_id, village_id, area, since, day_of(done.at))
    change(session, found, done)
    derive_told_otherwise(session, commune_id, interviews_there(session, commune_id))
    return found


def check(found: Recount, done: Done) -> None:
    """Raises the recount's `rule`, and `register_reason_needed`."""
    if found.rule is not None or not (done.reason or "").strip():
        raise Problem(found.rule or "register_reason_needed")


def change(session: Session, found: Recount, done: Done) -> None:
    """The village alone; who judges again what rests on it looks for it afterwards (`interviews_there`). Raises the
    recount's `rule`."""
    check(found, done)
    change_area(session, found.village_id, found.area, found.since, done)
    session.flush()  # judged by it next
    detail = {"area": found.area.value, "since": found.since.isoformat(), "households": found.households}
    audit.record(session, done.at, done.account_id, "village.area", found.village_id, detail)


def interviews_there(session: Session, commune_id: str) -> list[str]:
    """The interviews of a commune in rounds that are open there: what was decided stays as it is."""
    mine = select(Submission.id).where(
        Submission.commune_id == commune_id, Submission.round_id.in_(open_ids(commune_id))
    )
    return list(session.scalars(mine.order_by(Submission.id)))


def any_unseen(session: Session, commune_id: str) -> bool:
    """Whether some of them are to be judged again that no preview shows: they count no more, or are of households that
    nobody has entered yet."""
    mine = (
        select(Submission.id)
        .join(SubmissionStatus, OF_SUBMISSION)
        .outerjoin(
            Household,
            (Household.commune_id == SubmissionStatus.commune_id) & (Household.id == SubmissionStatus.household_id),
        )
        .where(
            Submission.commune_id == commune_id,
            Submission.round_id.in_(open_ids(commune_id)),
            SubmissionStatus.state.in_([one.value for one in OUT]) | Household.id.is_(None),
        )
    )
    return any(told_otherwise(session, commune_id, session.scalars(mine).all()))


def _judged(
    session: Session, commune_id: str, village_id: str, area: Area, since: date, until: date | None
) -> list[Judged]:
    rows = session.execute(
        select(Submission, SubmissionStatus.state, Assessment.household_class, Household)
        .join(SubmissionStatus, OF_SUBMISSION)
        .join(
            Assessment,
            (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
        )
        .join(
            Household,
            (Household.commune_id == SubmissionStatus.commune_id) & (Household.id == SubmissionStatus.household_id),
        )
        .where(Submission.commune_id == commune_id, SubmissionStatus.state.not_in([one.value for one in OUT]))
        .order_by(Household.code, Submission.id)
    )
    found = []
    for submission, state, named, household in rows.all():
        day = clock_of(session, submission).today
        survey_round = session.get(Round, submission.round_id) if submission.round_id else None
        within = since <= day and (until is None or day < until)
        if survey_round is None or not is_open(session, survey_round.id, commune_id):
            continue  # what was decided stays
        if not within or village_on(session, household, day) != village_id:
            continue
        told = context_of_village(session, commune_id, village_id, survey_round, day) | {"khu_vuc": area.value}
        before, after = HouseholdClass(named) if named else None, class_under(session, submission, told)
        found.append(Judged(submission.id, household.code, SubmissionState(state), day, before, after))
    return found
