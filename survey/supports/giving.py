"""A support is written down, or taken back; before that it is looked at: which rule stands against it, and what was
given before.

At a desk a rule refuses it. What a phone told of was given already: it waits for a person (`from_phones.py`), who may
let it stand as an exception where the rule leaves room for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Fund, Household, Place, Project, Support, SupportKind, SupportReversal
from models.commune_counter import lock_commune
from survey.clocks import day_of
from survey.evidence import audit
from survey.members import NUMBER
from survey.problems import Problem
from survey.programmes import funds
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.register.event_log import Done, events_around
from survey.register.ledger import Folded, fold, households_in, standing_on
from survey.register.persons import Person
from survey.submissions.standing import interviews_of
from survey.support_terms import FundAct, SupportOrigin, SupportSubject, SupportWindow
from survey.supports import claims
from survey.supports.claims import Taken, Whom
from survey.supports.rules import Days, Rule, against_days, against_subject
from survey.terms import HouseholdState, PersonState

MAX_REASON = 500
Blind = Callable[[str], str]  # an identity number → its keyed hash
# A person may let it stand all the same, and says why; the others are no question of judgement.
EXCEPTABLE = frozenset({"support_given", "support_after_project", "register_ended", "person_not_member"})


class Worker(NamedTuple):
    """Somebody whom no register knows. `number`: the keyed hash of the identity number."""

    name: str
    birth: str | None = None
    number: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class Given:
    """What somebody says was given: to a household, to `person` of it (the code, or the name where only one has it), or
    to a worker outside the register. `fund_id`: that paid it."""

    commune_id: str
    kind: str
    programme: str
    project: str
    given_on: date
    household_id: str | None = None
    person: str | None = None
    worker: Worker | None = None
    amount: int | None = None
    quantity: int | None = None
    document: str = ""
    note: str = ""
    fund_id: str | None = None


@dataclass(frozen=True)
class Examined:
    """What is to be known of it before it is written down. `rule`: what stands against it, as a code of
    `survey.problems`; `number`: the keyed hash of the person's, as the register knows it; `earlier`: the supports that
    it would repeat."""

    given: Given
    province_id: str
    rule: str | None
    kind: SupportKind | None = None
    project: Project | None = None
    programme_name: str = ""
    household: Household | None = None
    person: Person | None = None
    number: str | None = None
    household_class: str | None = None
    fund: Fund | None = None
    taken: Sequence[Taken] = ()
    earlier: Sequence[Support] = field(default=())

    @property
    def may_be_excepted(self) -> bool:
        return self.rule in EXCEPTABLE


def province_of(session: Session, commune_id: str) -> str:
    """Raises not_found."""
    place = session.get(Place, commune_id)
    if place is None or place.parent_id is None:
        raise Problem("not_found")
    return place.parent_id


def rule_of(kind: SupportKind) -> Rule:
    return Rule(kind.benefit_group, SupportSubject(kind.subject), SupportWindow(kind.once_in))


def days_of(catalogue: Catalogue, project: Project) -> Days:
    """Between which days something may be given under a project: its own and its programme's."""
    programme = catalogue.programmes[project.programme]
    since = max(filter(None, (programme.since, project.opens)))
    ends = [day for day in (programme.until, project.ends) if day is not None]
    return Days(since, min(ends) if ends else None)


def examine(session: Session, given: Given, today: date, blind: Blind, catalogue: Catalogue | None = None) -> Examined:
    """Look at it; nothing is written. `blind`: by its hash of a member's number it is known what the same person was
    given as a worker outside the register, in any commune of the province. Raises not_found where the commune is
    none."""
    province_id = province_of(session, given.commune_id)
    known = catalogue or catalogue_of(session, province_id)
    kind, project = known.kinds.get(given.kind), known.projects.get((given.programme, given.project))
    found = Examined(given, province_id, None, kind, project)
    if kind is None or project is None:
        return replace(found, rule="support_kind_unknown" if kind is None else "support_project_unknown")
    found = replace(found, programme_name=known.programmes[project.programme].name)
    rule = _against_words(given, kind) or against_days(given.given_on, days_of(known, project), today)
    if rule is None and known.reaches(project, given.commune_id, given.given_on) is False:
        rule = "support_project_elsewhere"
    if given.household_id is not None:
        found, against = _of_household(session, found)
        found = replace(found, number=_number_of(found.person, blind))
        rule = rule or against
    fund, against = _fund_of(session, found)
    found = replace(found, fund=fund)
    rule = rule or against
    if given.household_id is not None and found.household is None:
        return replace(found, rule=rule)
    worker, home, person = given.worker, found.household, found.person
    whom = Whom(home.id if home else None, person.id if person else None, worker.number if worker else found.number)
    of_it = claims.takes(session, rule_of(kind), whom, given.given_on, given.programme)
    earlier = _earlier(session, province_id, of_it)
    if worker is not None:  # only by the number does a member's stand in the way: it may have been mended since
        earlier = [one for one in earlier if not _mended(session, one, blind)]
    return replace(found, rule=rule or ("support_given" if earlier else None), taken=of_it, earlier=earlier)


def _against_words(given: Given, kind: SupportKind) -> str | None:
    if given.worker is not None:
        return None if kind.subject == SupportSubject.PERSON else "support_whole_household"
    return against_subject(rule_of(kind), given.person)


def _of_household(session: Session, found: Examined) -> tuple[Examined, str | None]:
    """Who the household and the person were on that day, and what stands against that. What a household is told to have
    got after it was merged is of what it was merged into."""
    given = found.given
    household = session.get(Household, (given.commune_id, str(given.household_id)))
    if household is None:
        return found, "not_found"
    events = events_around(session, given.commune_id, [household.id])
    interviews = interviews_of(session, given.commune_id, households_in(events) | {household.id})
    now = fold(events, interviews)
    then = fold(events, interviews, day=given.given_on)
    survivor = session.get(Household, (given.commune_id, then.survivor(household.id)))
    household = survivor or household
    standing = then.households.get(household.id) or standing_on(events, household.id, given.given_on)
    found = replace(found, household=household, household_class=standing.household_class if standing else None)
    if standing is not None and standing.state is not HouseholdState.PRESENT:
        return found, "register_ended"
    if not given.person:
        return found, None
    return _of_person(found, household.id, now, then)


def _of_person(found: Examined, household_id: str, now: Folded, then: Folded) -> tuple[Examined, str | None]:
    wanted = str(found.given.person)
    one = now.people.who(wanted)
    if one is None:
        named = [each for each in now.people.members(household_id) if each.name == wanted]
        one = named[0] if len(named) == 1 else None
    if one is None:
        return found, "person_unclear"
    found = replace(found, person=one)
    if one.state is PersonState.DEAD and one.since <= found.given.given_on:
        return found, "person_dead"
    on_the_day = then.people.who(one.id)
    here = on_the_day or one  # met later than that day: where they were met is where they are taken to have been
    is_member = here.household_id == household_id and (here.state is PersonState.MEMBER or on_the_day is None)
    return found, None if is_member else "person_not_member"


def _number_of(person: Person | None, blind: Blind) -> str | None:
    number = "".join(str(person.said.get(NUMBER) or "").split()) if person is not None else ""
    return blind(number) if number else None


def _mended(session: Session, one: Support, blind: Blind) -> str | None:
    """The keyed hash of the number that the register has of a member now, where that is another than when the support
    was written down. None where nothing is known of it now: that mends nothing."""
    if one.household_id is None or one.person_number is None:
        return None
    rows = session.scalars(select(Household).where(Household.id == one.household_id)).all()
    here = [row for row in rows if row.state == HouseholdState.PRESENT] or [
        row for row in rows if row.commune_id == one.commune_id
    ]
    for household in here:
        events = events_around(session, household.commune_id, [household.id])
        interviews = interviews_of(session, household.commune_id, households_in(events) | {household.id})
        number = _number_of(fold(events, interviews).people.who(one.person_id), blind)
        if number is not None:
            return number if number != one.person_number else None
    return None


def _mend(session: Session, province_id: str, number: str | None, blind: Blind) -> None:
    """Before somebody with a number is given something: who has it by a support of before, and was found to have
    another, has that one; the caller holds the province."""
    known = claims.numbered(session, province_id, {number} if number else set())
    mended = [(one, found) for one in known if (found := _mended(session, one, blind))]
    if mended:
        for one, found in mended:
            one.person_number = found
        session.flush()  # what is taken up is made again of it
        claims.settle_numbers(session, province_id, {str(number), *(found for _, found in mended)})


def _fund_of(session: Session, found: Examined) -> tuple[Fund | None, str | None]:
    """The fund that pays, and what stands against that: asked again by the statement that pays."""
    given = found.given
    if given.fund_id is None:
        return None, None
    fund = session.get(Fund, given.fund_id)
    if fund is None or fund.place_id not in (given.commune_id, found.province_id):
        return None, "support_fund_unknown"
    if fund.programme != given.programme or fund.project not in ("", given.project):
        return fund, "support_fund_unknown"
    if given.amount is None:
        return fund, "support_amount_needed"
    return fund, "fund_not_enough" if fund.balance < given.amount else None


def _earlier(session: Session, province_id: str, taken: Sequence[Taken]) -> list[Support]:
    keys = {(one.commune_id, one.support_id) for one in claims.owners(session, province_id, taken)}
    found = [session.get_one(Support, key) for key in sorted(keys)]
    return sorted(found, key=lambda one: (one.at, one.id))


def give(
    session: Session, given: Given, origin: SupportOrigin, done: Done, blind: Blind, *, exception: str = ""
) -> Support:
    """Write a support down and pay it from its fund. `blind`: as of `examine`; `exception`: why it stands though a rule
    speaks against it, which that rule must leave room for. Raises the rule, with what it would repeat in `detail`."""
    if done.account_id is None:
        raise Problem("bad_request")
    lock_commune(session, given.commune_id)
    claims.hold(session, province_of(session, given.commune_id))
    found = examine(session, given, day_of(done.at), blind)
    _mend(session, found.province_id, given.worker.number if given.worker else found.number, blind)
    if found.rule is not None and not (exception and found.may_be_excepted):
        raise Problem(found.rule, detail={"supports": [one.id for one in found.earlier]})
    row = _row(found, origin, done)
    row.exception = exception[:MAX_REASON] if found.rule is not None else ""
    if found.fund is not None:
        row.fund_id = found.fund.id
        row.fund_seq = _pay(session, found, row, done)
    session.add(row)
    session.flush()  # what it takes up refers to it
    if not claims.claim(session, row, found.taken) and not row.exception:
        raise Problem("support_given")  # somebody came first, between the look and now
    detail = {"commune": row.commune_id, "support": row.id, "kind": row.kind, "origin": row.origin}
    audit.record(session, done.at, done.account_id, "support.given", row.household_id or row.id, detail)
    return row


def _pay(session: Session, found: Examined, row: Support, done: Done) -> int:
    assert found.fund is not None and found.given.amount is not None  # `_fund_of` asked
    document = found.given.document.strip() or f"support {row.id}"
    movement = funds.Movement(FundAct.PAY, found.given.amount, found.given.given_on, document)
    return funds.move(session, found.fund.id, movement, done).seq


def _row(found: Examined, origin: SupportOrigin, done: Done) -> Support:
    given, worker = found.given, found.given.worker
    return Support(
        commune_id=given.commune_id,
        id=str(uuid4()),
        province_id=found.province_id,
        act=done.act,
        kind=given.kind,
        programme=given.programme,
        project=given.project,
        household_id=found.household.id if found.household else None,
        person_id=found.person.id if found.person else None,
        person_number=found.number,
        worker_name=worker.name if worker else None,
        worker_birth=worker.birth if worker else None,
        worker_number=worker.number if worker else None,
        worker_place=worker.place if worker else None,
        given_on=given.given_on,
        amount=given.amount,
        quantity=given.quantity,
        document=given.document,
        note=given.note,
        household_class=found.household_class,
        origin=origin.value,
        exception="",
        account_id=done.account_id,
        at=done.at,
    )


def find(session: Session, commune_id: str, support_id: str) -> Support:
    """Raises not_found."""
    row = session.get(Support, (commune_id, support_id))
    if row is None:
        raise Problem("not_found")
    return row


def reverse(session: Session, commune_id: str, support_id: str, done: Done) -> SupportReversal:
    """Take a support back: it was not given, or not so. What its fund paid goes back to it, and what it took up is free
    again, or another's who was given it too. Raises not_found, register_reason_needed, support_reversed."""
    row = find(session, commune_id, support_id)
    reason = " ".join((done.reason or "").split())[:MAX_REASON]
    if not reason or done.account_id is None:
        raise Problem("register_reason_needed")
    lock_commune(session, commune_id)
    claims.hold(session, row.province_id)
    if session.get(SupportReversal, (commune_id, support_id), populate_existing=True) is not None:
        raise Problem("support_reversed")
    if row.fund_id is not None and row.fund_seq is not None:
        funds.reverse(session, row.fund_id, row.fund_seq, reason, done)
    undone = SupportReversal(
        commune_id=commune_id, support_id=support_id, reason=reason, account_id=done.account_id, at=done.at
    )
    session.add(undone)
    session.flush()  # what it took up is made again of what stands
    claims.release(session, row)
    detail = {"commune": commune_id, "support": support_id}
    audit.record(session, done.at, done.account_id, "support.reversed", row.household_id or row.id, detail)
    return undone


def fund_for(session: Session, given: Given) -> str | None:
    """The fund that pays what a phone or a list tells of, where only one can: of the commune, else of the province, for
    just this project or for all of its programme, in that year."""
    if given.amount is None:
        return None
    province_id = province_of(session, given.commune_id)
    query = select(Fund).where(
        Fund.place_id.in_([given.commune_id, province_id]), Fund.programme == given.programme,
        Fund.project.in_(["", given.project]), Fund.year == given.given_on.year,
    )  # fmt: skip
    ranked: dict[tuple[bool, bool], list[Fund]] = {}
    for fund in session.scalars(query):
        ranked.setdefault((fund.place_id != given.commune_id, fund.project == ""), []).append(fund)
    nearest = ranked[min(ranked)] if ranked else []
    return nearest[0].id if len(nearest) == 1 else None
