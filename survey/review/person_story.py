"""The whole story of a person: the households, the interviews that list them, what happened, who looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Account, AuditEvent, Household
from survey.problems import Problem
from survey.register import event_log
from survey.register.ledger import Folded, Interview, fold
from survey.register.persons import Person
from survey.review import household_story, register_acts, register_preview
from survey.review.household_story import Line
from survey.review.register_preview import Asked
from survey.submissions.standing import interviews_of

MOST_ACTS = 200


class Listed(NamedTuple):
    """An interview that lists the person, and what it says of them."""

    asked: Asked
    household: Household
    said: Person


class Act(NamedTuple):
    """Something that was done about the person, by the log of acts."""

    at: object
    by: str | None
    verb: str


@dataclass(frozen=True)
class Story:
    person: Person
    household: Household  # where they live or lived last
    homes: Sequence[Household]  # every household that they were met in
    is_head: bool
    others_there: Sequence[Person]  # who lives with them
    doubts: Sequence[Person]
    same_as: Person | None
    others: Sequence[Person]  # whose code names this person now
    lines: Sequence[Line]
    interviews: Sequence[Listed]
    acts: Sequence[Act]


def story(session: Session, commune_id: str, household_id: str, person_id: str, as_of: date | None = None) -> Story:
    """Of somebody who was met in a household. `as_of`: as the person was on that day, by what is known now. Raises
    not_found."""
    household = session.get(Household, (commune_id, household_id))
    if household is None:
        raise Problem("not_found")
    now = register_acts.known_of(session, household)
    then = now if as_of is None else register_acts.known_of(session, household, as_of)
    one = then.people.known.get(person_id)
    if one is None or person_id not in now.people.homes.get(household_id, {}):
        raise Problem("not_found")
    codes = {id for id, each in now.people.known.items() if id == person_id or each.same_as == person_id}
    homes = [id for id, people in now.people.homes.items() if codes & set(people)]
    head = then.head_of(one.household_id)
    return Story(
        one,
        session.get_one(Household, (commune_id, one.household_id)),
        [session.get_one(Household, (commune_id, id)) for id in homes],
        head is not None and head.id == one.id,
        [each for each in then.people.members(one.household_id) if each.id != one.id],
        [found for id in one.doubts if (found := then.people.who(id)) is not None],
        then.people.who(person_id) if one.same_as else None,
        [each for each in now.people.known.values() if each.same_as == person_id],
        _lines(session, household, codes, now),
        _interviews(session, commune_id, homes, codes),
        _acts(session, commune_id, codes),
    )


def _lines(session: Session, household: Household, codes: set[str], now: Folded) -> list[Line]:
    around = event_log.rows_around(session, household.commune_id, [household.id])
    rows = [row for row in around if row.person_id in codes or codes & set(event_log.named_in(row.payload))]
    return household_story.lines_of(session, rows, now)


def _interviews(session: Session, commune_id: str, homes: Sequence[str], codes: set[str]) -> list[Listed]:
    by_id: dict[str, Interview] = {one.submission_id: one for one in interviews_of(session, commune_id, homes)}
    found = []
    for home in homes:
        household = session.get_one(Household, (commune_id, home))
        for submission, asked in register_preview.interviews(session, commune_id, home):
            interview = by_id.get(submission.id)
            rows = [row for row in (interview.rows if interview else ()) if row.person_id in codes]
            if interview is not None and rows:
                alone = fold((), ()).people
                alone.list_all(home, rows[:1], interview.day, submission.id)
                found.append(Listed(asked, household, alone.known[rows[0].person_id]))
    return sorted(found, key=lambda one: one.asked.day)


def _acts(session: Session, commune_id: str, codes: set[str]) -> list[Act]:
    """What was done about the person in the commune: a code says nothing of whatever else bears the same id."""
    query = (
        select(AuditEvent, Account.display_name)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(
            AuditEvent.subject.in_(codes),
            or_(AuditEvent.verb.startswith("register."), AuditEvent.verb.startswith("request.")),
        )
        .order_by(AuditEvent.at.desc())
        .limit(MOST_ACTS)
    )
    found = session.execute(query).all()
    return [Act(event.at, name, event.verb) for event, name in found if event.detail.get("commune") == commune_id]
