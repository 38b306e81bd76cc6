"""What was given, for pages and files: of a household, of a commune, village or project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from models import Household, Support, SupportClaim, SupportReversal
from models.database import chunks
from survey.accounts.accounts import names_of
from survey.members import CODE, NAME, NUMBER, members_in
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.register.event_log import events_around
from survey.register.ledger import fold, households_in
from survey.register.persons import Person
from survey.submissions.standing import interviews_of
from survey.support_terms import SupportWindow
from survey.supports.claims import of_number
from survey.supports.rules import window_key
from survey.terms import HouseholdState


@dataclass(frozen=True)
class Line:
    """A support with what it is called. `is_double`: somebody else has the benefit that it is of: it stands as an
    exception, or two households were found to be one since; `inherited_by`: the household that is told it as heir."""

    support: Support
    reversal: SupportReversal | None
    household: Household | None
    person_name: str
    kind: str
    project: str
    programme: str
    by: str
    is_double: bool = False

    @property
    def stands(self) -> bool:
        return self.reversal is None


class Wanted(NamedTuple):
    """Which supports a list has; "" of a field: all. `project`: programme/code."""

    communes: tuple[str, ...]
    village: str = ""
    kind: str = ""
    project: str = ""
    year: int | None = None

    def where(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [Support.commune_id.in_(self.communes)]
        if self.village:
            found.append(Household.village_id == self.village)
        if self.kind:
            found.append(Support.kind == self.kind)
        if self.project:
            programme, _, code = self.project.partition("/")
            found += [Support.programme == programme, Support.project == code]
        if self.year is not None:
            found.append(Support.given_on.between(date(self.year, 1, 1), date(self.year, 12, 31)))
        return found


class Totals(NamedTuple):
    """Of those that stand. `amount`: đồng of those of which it is known; `unknown`: of how many it is not."""

    supports: int
    households: int
    amount: int
    unknown: int


_OF_HOUSEHOLD = and_(Household.commune_id == Support.commune_id, Household.id == Support.household_id)
_UNDONE = and_(SupportReversal.commune_id == Support.commune_id, SupportReversal.support_id == Support.id)
_NEWEST = (Support.given_on.desc(), Support.at.desc(), Support.id)


def _rows(*columns: Any) -> Select[Any]:
    return (
        select(*columns).select_from(Support).outerjoin(Household, _OF_HOUSEHOLD).outerjoin(SupportReversal, _UNDONE)
    )  # fmt: skip


def _narrow(wanted: Wanted, *columns: Any) -> Select[Any]:
    """Of those that are wanted; their households are looked up only where a village is asked for."""
    found = select(*columns).select_from(Support).where(*wanted.where())
    return found.join(Household, _OF_HOUSEHOLD) if wanted.village else found


def listed(session: Session, wanted: Wanted, start: int, most: int) -> list[Line]:
    """The latest first. A page of them is found before anything is looked up beside them."""
    page = _narrow(wanted, Support.commune_id, Support.id).order_by(*_NEWEST).offset(start).limit(most).subquery()
    query = _rows(Support, SupportReversal, Household).join(
        page, and_(page.c.commune_id == Support.commune_id, page.c.id == Support.id)
    )
    return lines(session, session.execute(query.order_by(*_NEWEST)).all())


def count(session: Session, wanted: Wanted) -> int:
    return session.scalar(_narrow(wanted, func.count())) or 0


def totals(session: Session, wanted: Wanted) -> Totals:
    columns = (
        func.count(), func.count(Support.household_id.distinct()), func.coalesce(func.sum(Support.amount), 0),
        func.count() - func.count(Support.amount),
    )  # fmt: skip
    undone = select(SupportReversal.support_id).where(_UNDONE)
    row = session.execute(_narrow(wanted, *columns).where(~undone.exists())).one()
    return Totals(*(int(one) for one in row))


def all_listed(session: Session, wanted: Wanted, at_once: int = 500) -> Iterator[Line]:
    """Those that stand, a few at a time, for a file."""
    start = 0
    while True:
        query = _rows(Support, SupportReversal, Household).where(
            *wanted.where(), SupportReversal.support_id.is_(None)
        )  # fmt: skip
        found = session.execute(query.order_by(*_NEWEST).offset(start).limit(at_once)).all()
        yield from lines(session, found)
        if len(found) < at_once:
            return
        start += at_once


def of_household(session: Session, household_id: str) -> list[Line]:
    """What was given to a household and its members, wherever it lived, and what it is heir to; the latest first."""
    heir = select(SupportClaim.support_id).where(
        SupportClaim.household_id == household_id, SupportClaim.commune_id == Support.commune_id
    )
    query = _rows(Support, SupportReversal, Household).where(
        or_(Support.household_id == household_id, Support.id.in_(heir))
    )
    return lines(session, session.execute(query.order_by(*_NEWEST)).all())


def one(session: Session, commune_id: str, support_id: str) -> Line | None:
    query = _rows(Support, SupportReversal, Household).where(
        Support.commune_id == commune_id, Support.id == support_id
    )  # fmt: skip
    found = lines(session, session.execute(query).all())
    return found[0] if found else None


def lines(session: Session, rows: Sequence[Any]) -> list[Line]:
    """Rows of (support, reversal, household) in words."""
    catalogues = {id: catalogue_of(session, id) for id in sorted({row[0].province_id for row in rows})}
    names = names_of(session, {row[0].account_id for row in rows})
    claimed = {  # of a member what is of the household; its number may be another's
        (claim.commune_id, claim.support_id, claim.household_id is not None)
        for claim in session.scalars(
            select(SupportClaim).where(SupportClaim.support_id.in_([row[0].id for row in rows]))
        )
    }
    of_workers = _given_to_workers(session, {row[0].person_number for row in rows if row[0].person_number})
    found = []
    for support, reversal, household in rows:
        known = catalogues[support.province_id]
        kind = known.kinds.get(support.kind)
        key = window_key(SupportWindow(kind.once_in), support.given_on, support.programme) if kind is not None else None
        is_first = (support.commune_id, support.id, support.household_id is not None) in claimed
        was_worker = kind and (support.province_id, kind.benefit_group, support.person_number, key) in of_workers
        is_double = key is not None and reversal is None and (not is_first or bool(was_worker))
        found.append(
            Line(
                support,
                reversal,
                household,
                support.worker_name or _name_in(session, household, support.person_id),
                kind.label if kind is not None else support.kind,
                *_called(known, support),
                names.get(support.account_id, ""),
                is_double and (support.household_id is not None or support.worker_number is not None),
            )
        )
    return found


def _given_to_workers(session: Session, numbers: set[str]) -> set[tuple[str, str, str, str]]:
    """What workers outside the register were given first: province, benefit group, number, window."""
    found = set()
    for chunk in chunks(numbers):
        query = (
            select(SupportClaim, Support.worker_number)
            .join(Support, and_(Support.commune_id == SupportClaim.commune_id, Support.id == SupportClaim.support_id))
            .where(SupportClaim.subject.in_([of_number(one) for one in chunk]), Support.worker_number.is_not(None))
        )
        for claim, number in session.execute(query):
            found.add((claim.province_id, claim.benefit_group, str(number), claim.window_key))
    return found


def _called(known: Catalogue, support: Support) -> tuple[str, str]:
    project = known.projects.get((support.programme, support.project))
    programme = known.programmes.get(support.programme)
    return project.name if project else support.project, programme.name if programme else support.programme


def _name_in(session: Session, household: Household | None, person_id: str | None) -> str:
    """Of a member, as the household's answers have them, else as the register's log does."""
    if person_id is None or household is None:
        return ""
    told = {one.get(CODE): one.get(NAME) for one in members_in(household.current_answers)}
    if told.get(person_id):
        return str(told[person_id])
    known = {one.id: one.name for one in members_of(session, household)}
    return known.get(person_id) or person_id


def members_of(session: Session, household: Household) -> list[Person]:
    """Whom something may have been given to: the members of today, and who lived there before."""
    events = events_around(session, household.commune_id, [household.id])
    interviews = interviews_of(session, household.commune_id, households_in(events) | {household.id})
    people = fold(events, interviews).people
    return [*people.members(household.id), *people.former(household.id)]


def household_with(session: Session, commune_id: str, number: str) -> Household | None:
    """The household of a commune's register of which a member has this identity number: who is in it is no worker
    outside the register. Found by the text of the answers, so only a household that has the number is read."""
    said = type_coerce(Household.current_answers, Text).contains(f'"{number}"', autoescape=True)
    of_commune = select(Household).where(
        Household.commune_id == commune_id, Household.state == HouseholdState.PRESENT.value, said
    )
    for home in session.scalars(of_commune.order_by(Household.code)):
        if any(str(one.get(NUMBER) or "") == number for one in members_in(home.current_answers)):
            return home
    return None
