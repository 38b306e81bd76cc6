"""Which households were newly escaped from poverty on a day: neither poor nor near-poor then, and poor at some time in
the months before it.

It is told by what the register was told of their class: lists, corrections, accepted interviews. Of a household that
nobody wrote down before those months (a first list, a split, from another commune) it is not known.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from survey.register.event_log import naming
from survey.register.ledger import Event, Interview, classes_told
from survey.submissions.standing import classes_found
from survey.support_terms import Provenance
from survey.terms import HouseholdClass

POOR = HouseholdClass.POOR.value


class Window(NamedTuple):
    """How many months long leaving poverty counts as new, and how well that is known."""

    months: int
    status: Provenance


NEWLY = Window(36, Provenance.MEMORY)  # no text that was read says it


def is_newly_escaped(told: Sequence[tuple[date, str]], day: date, months: int = NEWLY.months) -> bool | None:
    """Of a household that is neither poor nor near-poor on `day`, by the classes it was told to be of (`classes_told`).
    None: what it was at the beginning of those months is not known, and nobody found it poor since."""
    start = months_before(day, months)
    before = [one for since, one in told if since <= start]
    within = [one for since, one in told if start < since <= day]
    if POOR in (*before[-1:], *within):
        return True
    return False if before else None


def months_before(day: date, months: int) -> date:
    """The same day of that month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def newly_escaped(
    session: Session, commune_id: str, asked: Collection[tuple[str, date]]
) -> dict[tuple[str, date], bool | None]:
    """Of households of a commune that are neither poor nor near-poor on a day each."""
    ids = {household_id for household_id, _ in asked}
    events: dict[str, list[Event]] = defaultdict(list)
    for event in naming(session, commune_id, ids):
        for household_id in ids.intersection((event.household_id, event.other_id or "")):
            events[household_id].append(event)
    interviews: dict[str, list[Interview]] = defaultdict(list)
    for one in classes_found(session, commune_id, ids):
        interviews[one.household_id].append(one)
    told = {id: classes_told(events[id], interviews[id], id) for id in ids}
    return {(id, day): is_newly_escaped(told[id], day) for id, day in asked}
