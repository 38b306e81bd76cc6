"""What is worth a second look in an interview because of its household's story: it was split off lately, its children
are no longer in it, it takes turns being poor. Each happens in honest families too: a person is told, and nothing
follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Household, RegisterEntry, Submission, SubmissionStatus
from models.database import chunks
from survey.names import bare_key
from survey.register import event_log
from survey.register.last_year import MEMBER_COLUMNS, NAME, members_in
from survey.register.ledger import Event, Interview, live
from survey.submissions.content import clock_of, clocks_of, content_of
from survey.submissions.standing import interviews_of
from survey.terms import HouseholdClass, RegisterKind

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


def signs(session: Session, submission: Submission, household: Household, entry: RegisterEntry | None) -> Signs:
    """Of an interview, as its household's story is known today."""
    day = clock_of(session, submission).today
    around = event_log.events_around(session, household.commune_id, [household.id])
    counted = interviews_of(session, household.commune_id, [household.id])
    return _signs(submission, household.id, day, entry.opening_answers if entry is not None else None, around, counted)


def signs_of(session: Session, commune_id: str, submission_ids: Sequence[str]) -> dict[str, Signs]:
    """Of many interviews of a commune, by their ids, those alone that bear any: read in a few statements."""
    rows: list[Any] = []
    for chunk in chunks(submission_ids):
        rows += session.execute(_with_households(commune_id, chunk)).all()
    days = {id: clock.today for id, clock in clocks_of(session, commune_id, [row[0] for row in rows]).items()}
    ids: set[str] = {household_id for _, household_id, _ in rows}
    events: dict[str, list[Event]] = defaultdict(list)
    for event in live(event_log.events_around(session, commune_id, ids)):
        for id in ids.intersection((event.household_id, event.other_id, event.enters)):
            events[id].append(event)
    counted: dict[str, list[Interview]] = defaultdict(list)
    for interview in interviews_of(session, commune_id, ids):
        counted[interview.household_id].append(interview)
    found = {
        submission.id: _signs(submission, id, days[submission.id], before, events[id], counted[id])
        for submission, id, before in rows
    }
    return {id: one for id, one in found.items() if one}


def _with_households(commune_id: str, submission_ids: Sequence[str]) -> Select[Any]:
    """Interviews with the households that they are of, and what the start list knew of those."""
    return (
        select(Submission, Household.id, RegisterEntry.opening_answers)
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


def _signs(
    submission: Submission,
    household_id: str,
    day: date,
    opening_answers: Any,
    events: Sequence[Event],
    counted: Iterable[Interview],
) -> Signs:
    now = members_in(content_of(submission).get("answers"))
    return Signs(
        split_lately(events, household_id, day),
        children_gone(members_in(opening_answers), now, day.year),
        turns(classes(events, counted, household_id)),
    )


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
    here = {bare_key(str(one[NAME])) for one in now}
    gone = []
    for member in before:
        born = member.get(_BORN)
        if isinstance(born, int) and 0 <= year - born < CHILD and bare_key(str(member[NAME])) not in here:
            gone.append(str(member[NAME]))
    return tuple(gone)


def classes(events: Sequence[Event], interviews: Iterable[Interview], household_id: str) -> list[str]:
    """Of which class the household was, one after the other: by the lists it came with, corrections and interviews."""
    said: list[tuple[tuple[Any, ...], str]] = []
    for event in live(events):
        given = event.payload.get("class")
        named = event.enters or event.household_id
        if given and named == household_id:
            said.append((event.place, str(given)))
    said += [(one.place, one.household_class) for one in interviews if one.household_class]
    return [household_class for _, household_class in sorted(said)]


def turns(found: Sequence[str]) -> int:
    """How often a household came onto the lists or left them."""
    listed = [one in _POOR for one in found]
    return sum(one is not other for one, other in pairwise(listed))
