"""What is worth a second look in an interview because of its household's story: it was split off lately, its children
are no longer in it, it takes turns being poor. Each happens in honest families too: a person is told, and nothing
follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from models import Household, RegisterEntry, Submission
from survey.names import bare_key
from survey.register import event_log
from survey.register.last_year import MEMBER_COLUMNS, NAME, members_in
from survey.register.ledger import Event, Interview, live
from survey.submissions.content import clock_of, content_of
from survey.submissions.standing import interviews_of
from survey.terms import HouseholdClass, RegisterKind

LATELY = timedelta(days=366)  # between two yearly reviews
CHILD = 16  # younger than this is a child (NĐ 07/2021, item 2 of B2: shared/domain/b2_items.csv), by the year of birth
_BORN = MEMBER_COLUMNS["birth_year"][0]
_POOR = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)


@dataclass(frozen=True)
class Signs:
    """`split_on`: the day of its last split within a year before the interview; `children`: those of last year's list
    who are not in this year's; `turns`: how often it came onto the lists of the poor and near-poor or left them."""

    split_on: date | None = None
    children: tuple[str, ...] = ()
    turns: int = 0

    def __bool__(self) -> bool:
        return bool(self.split_on or self.children or self.turns >= 2)


def signs(session: Session, submission: Submission, household: Household, entry: RegisterEntry | None) -> Signs:
    """Of an interview, as its household's story is known today."""
    day = clock_of(session, submission).today
    around = event_log.events_around(session, household.commune_id, [household.id])
    counted = interviews_of(session, household.commune_id, [household.id])
    before = members_in(entry.opening_answers) if entry is not None else []
    return Signs(
        split_lately(around, household.id, day),
        children_gone(before, members_in(content_of(submission).get("answers")), day.year),
        turns(classes(around, counted, household.id)),
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
