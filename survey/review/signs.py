"""What is worth a second look in an interview because of its household's story: it was split off lately, its children
are no longer in it, it takes turns being poor. Each happens in honest families too: a person is told, and nothing
follows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, func, select, true, type_coerce
from sqlalchemy.orm import Session, aliased

from models import OF_SUBMISSION, Assessment, Household, RegisterEntry, RegisterEvent, Submission, SubmissionStatus
from models.database import chunks
from survey.members import NAME, members_in
from survey.names import bare_key
from survey.register import event_log
from survey.register.last_year import MEMBER_COLUMNS
from survey.register.ledger import Event, Interview, classes_told, live
from survey.submissions.content import clocks_of
from survey.submissions.standing import classes_found
from survey.terms import HouseholdClass, RegisterKind, SubmissionState

LATELY = timedelta(days=366)  # between two yearly reviews
CHILD = 16  # younger than this is a child (NĐ 07/2021, item 2 of B2: shared/domain/b2_items.csv), by the year of birth
_BORN = MEMBER_COLUMNS["birth_year"][0]
_POOR = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)


class Sign(StrEnum):
    SPLIT = "split"
    CHILDREN = "children"
    TURNS = "turns"


@dataclass(frozen=True)
class Signs:
    """`split_on`: the day of its last split within a year before the interview; `children`: those of last year's list
    who are not in this year's; `turns`: how often it came onto the lists of the poor and near-poor or left them."""

    split_on: date | None = None
    children: tuple[str, ...] = ()
    turns: int = 0

    def __bool__(self) -> bool:
        return bool(self.found)

    @property
    def found(self) -> tuple[Sign, ...]:
        given = {Sign.SPLIT: self.split_on, Sign.CHILDREN: self.children, Sign.TURNS: self.turns >= 2}
        return tuple(sign for sign in Sign if given[sign])


def signs_of(
    session: Session, commune_id: str, submission_ids: Sequence[str], only: Sign | None = None
) -> dict[str, Signs]:
    """Of interviews of a commune, as their households' stories are known today, by their ids, those alone that bear any
    (`only` this one, and nothing is read for the others): read in a few statements."""
    rows: list[Any] = []
    for chunk in chunks(submission_ids):
        rows += session.execute(_with_households(commune_id, chunk)).all()
    days = {id: clock.today for id, clock in clocks_of(session, commune_id, rows).items()}
    ids: set[str] = {row.household_id for row in rows}
    events: dict[str, list[Event]] = defaultdict(list)
    for event in live(event_log.naming(session, commune_id, ids)) if only is not Sign.CHILDREN else ():
        for id in ids.intersection((event.household_id, event.other_id, event.enters)):
            events[id].append(event)
    counted: dict[str, list[Interview]] = defaultdict(list)
    for interview in classes_found(session, commune_id, ids) if only in (None, Sign.TURNS) else ():
        counted[interview.household_id].append(interview)
    found = {}
    for row in rows:
        id, day = row.household_id, days[row.id]
        is_wanted = only in (None, Sign.CHILDREN)
        found[row.id] = Signs(
            split_lately(events[id], id, day) if only in (None, Sign.SPLIT) else None,
            _children(row.content, row.opening_answers, day) if is_wanted else (),
            turns(classes(events[id], counted[id], id)) if only in (None, Sign.TURNS) else 0,
        )
    return {id: one for id, one in found.items() if one}


def may_bear(sign: Sign) -> ColumnElement[bool]:
    """Of `SubmissionStatus`: whether an interview's household may bear a sign, by what the tables know without reading
    any answers. Who bears it may; the others are few."""
    its = SubmissionStatus.commune_id, SubmissionStatus.household_id
    if sign is Sign.CHILDREN:
        return true()
    by_events = select(RegisterEvent.seq).where(RegisterEvent.commune_id == its[0])
    if sign is Sign.SPLIT:
        split = by_events.where(RegisterEvent.kind == RegisterKind.SPLIT.value)
        return split.where(RegisterEvent.household_id == its[1]).exists() | (
            split.where(RegisterEvent.other_id == its[1]).exists()
        )
    # Twice to and fro takes three words for what it is: of its entering, and two of interviews or of corrections.
    again = by_events.where(RegisterEvent.household_id == its[1])
    entered = again.where(RegisterEvent.kind == RegisterKind.ENTER.value).with_only_columns(func.count())
    is_corrected = again.where(RegisterEvent.kind == RegisterKind.CORRECT.value).exists()
    return is_corrected | (entered.scalar_subquery() > 1) | ((_accepted(its, _POOR) > 0) & (_accepted(its) > 1))


def _accepted(its: tuple[Any, Any], classes: Sequence[HouseholdClass] = ()) -> ColumnElement[int]:
    """How many accepted interviews a household has (that found one of these classes)."""
    status = aliased(SubmissionStatus)
    number = (
        select(func.count())
        .select_from(status)
        .where(
            status.commune_id == its[0],
            status.household_id == its[1],
            status.state == SubmissionState.ACCEPTED.value,
        )
        .correlate(SubmissionStatus)
    )
    if classes:
        judged = (Assessment.commune_id == status.commune_id) & (Assessment.submission_id == status.submission_id)
        number = number.join(Assessment, judged).where(Assessment.household_class.in_([one.value for one in classes]))
    return number.scalar_subquery()


def _with_households(commune_id: str, submission_ids: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Interviews with the households that they are of, and what the start list knew of those, as texts."""
    return (
        select(
            Submission.id,
            Submission.finalised_at_said,
            Submission.received_at,
            Submission.content,
            Household.id.label("household_id"),
            type_coerce(RegisterEntry.opening_answers, Text).label("opening_answers"),
        )
        .join(SubmissionStatus, OF_SUBMISSION)
        .join(
            Household,
            (Household.commune_id == SubmissionStatus.commune_id) & (Household.id == SubmissionStatus.household_id),
        )
        .outerjoin(
            RegisterEntry,
            (RegisterEntry.commune_id == Submission.commune_id)
            & (RegisterEntry.round_id == Submission.round_id)
            & (RegisterEntry.household_id == Household.id),
        )
        .where(Submission.commune_id == commune_id, Submission.id.in_(submission_ids))
    )


def _children(content: str, opening_answers: str | None, day: date) -> tuple[str, ...]:
    if not opening_answers:
        return ()
    said = json.loads(content)
    now = members_in(said.get("answers")) if isinstance(said, dict) else []
    return children_gone(members_in(json.loads(opening_answers)), now, day.year)


def split_lately(events: Sequence[Event], household_id: str, day: date) -> date | None:
    """When `household_id` was last split, or split off, in the year before `day`."""
    days = [
        event.effective_on
        for event in live(events)
        if event.kind is RegisterKind.SPLIT and household_id in (event.household_id, event.other_id)
    ]
    return max((one for one in days if day - LATELY <= one <= day), default=None)


def children_gone(before: Iterable[dict[str, Any]], now: Sequence[dict[str, Any]], year: int) -> tuple[str, ...]:
    """The names of last year's children who are not among the members of now; one whose birth nobody knows is none."""
    if not now:  # refused, or not asked for its members
        return ()
    written = {str(one[NAME]) for one in now}  # most are there as they were written: the others are compared by key
    children = [
        str(one[NAME]) for one in before if isinstance(born := one.get(_BORN), int) and 0 <= year - born < CHILD
    ]
    wanted = [name for name in children if name not in written]
    here = {bare_key(name) for name in written} if wanted else set()
    return tuple(name for name in wanted if bare_key(name) not in here)


def classes(events: Sequence[Event], interviews: Iterable[Interview], household_id: str) -> list[str]:
    """Of which class the household was, one after the other."""
    return [household_class for _, household_class in classes_told(events, interviews, household_id)]


def turns(found: Sequence[str]) -> int:
    """How often a household came onto the lists or left them."""
    listed = [one in _POOR for one in found]
    return sum(one is not other for one, other in pairwise(listed))
