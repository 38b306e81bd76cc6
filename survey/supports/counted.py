"""What the plan's figures of jobs, training, work abroad and models come to, by what is written down: persons whom a
support of such a kind was given to, and models that were opened and have members.

A person counts once a year, by the first support of it; so does a worker outside the register. A worker whose number
one member of a household has, and no other, is that member: counted once, in the month of the first support, with the
household of the member. What was taken back, or
waits for a person, counts for nothing. A year before the first of such supports has no figure: that nobody wrote
anything down does not mean that nothing was given. Where more was entered than is written down, the records are not
complete, and that is said instead of a lower number.

The share of poor, near-poor and newly escaped households is of their class on the day of the support, as it was written
down with it. Its whole is everybody who was connected: the total that was entered for that month, else those written
down if any of them is from outside the register (without them the share would always be 100 %). Of whom nobody knows
whether the household was newly escaped, the share has bounds instead of a value.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, extract, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from models import Place, ProjectMember, ProjectMemberStep, RegisterEvent, Support, SupportKind, SupportReversal
from models.database import chunks
from survey.plan.counting import Counted, rate
from survey.plan.judging import Figure, When, best
from survey.plan.measures import Definition, definition
from survey.plan.overview import Asked
from survey.programmes.catalogue import catalogue_of
from survey.support_terms import MemberAct, ProjectKind, SupportCount
from survey.supports.escaped import newly_escaped
from survey.supports.giving import days_of
from survey.terms import FigureStatus, HouseholdClass, PlanMeasure, RegisterKind

NOT_POOR = HouseholdClass.NOT_POOR.value
_POOR_OR_NEAR = (HouseholdClass.POOR.value, HouseholdClass.NEAR_POOR.value)
_UNDONE = (
    select(SupportReversal.support_id)
    .where(SupportReversal.commune_id == Support.commune_id, SupportReversal.support_id == Support.id)
    .exists()
)


class Part(NamedTuple):
    """Persons whose first support of a year was given in a month and commune, of households of one class (None: not
    known, or of no household); `is_newly_escaped`: of those that were neither poor nor near-poor, where that is
    asked."""

    commune_id: str
    month: int
    is_outside: bool
    household_class: str | None
    persons: int
    is_newly_escaped: bool | None = None

    @property
    def is_of_poor(self) -> bool | None:
        """Whether they are of a household that was poor, near-poor or newly escaped on that day; None: not known."""
        if self.household_class in _POOR_OR_NEAR:
            return True
        return self.is_newly_escaped if self.household_class else None


class Recorded:
    """Counts up to `today`; what a province comes to is summed by the database, per commune,
    month and class: its rows are not read."""

    def __init__(self, session: Session, today: date) -> None:
        self.session, self.today = session, today
        self._kinds: dict[tuple[str, SupportCount], tuple[str, ...]] = {}
        self._first: dict[tuple[tuple[str, ...], tuple[str, ...]], date | None] = {}
        self._parts: dict[tuple[tuple[str, ...], tuple[str, ...], int, bool], list[Part]] = {}

    def of(self, asked: Asked) -> list[Counted]:
        """Of each month of this year up to now, and of past years at their end; one that says why where there is
        none."""
        what = definition(asked.measure)
        if what.is_of_round or asked.years.start > self.today.year:
            return []
        if what.support is None:
            return self._of_models(asked, what.models)
        return self._of_persons(asked, what, what.support)

    # --- persons ---------------------------------------------------------------------------------------------------

    def _of_persons(self, asked: Asked, what: Definition, count: SupportCount) -> list[Counted]:
        kinds = self._kinds_of(asked.place_id, count)
        is_share = what.denominator is not None
        whole = asked.every if is_share else asked.communes
        first = self._first_day(whole, kinds)
        months = set(_months(asked.years, first, self.today))
        if is_share and first is not None:  # a total may be of any month of a past year
            totals = (when for year in asked.years for when in _entered(asked, PlanMeasure.JOBS, "", year))
            months |= {when for when in totals if _of(first) <= when <= _of(self.today)}
        found = []
        for when in sorted(months):
            parts = [one for one in self._parts_of(whole, kinds, when.year, is_share) if one.month <= when.month]
            persons = sum(one.persons for one in parts)
            one = self._share(asked, when, parts, persons) if is_share else _number(asked, when, persons)
            if one is not None:
                found.append(replace(one, kinds=kinds))
        return found or [_told(_last(asked.years, self.today), "no_support", kinds=kinds)]

    def _kinds_of(self, place_id: str, count: SupportCount) -> tuple[str, ...]:
        """The kinds that count so, also those under which nothing is given any more."""
        key = place_id, count
        if key not in self._kinds:
            province_id = self._province(place_id)
            rows = select(SupportKind).where(SupportKind.province_id == province_id).order_by(SupportKind.version)
            latest = {row.code: row for row in self.session.scalars(rows)}
            self._kinds[key] = tuple(sorted(code for code, row in latest.items() if row.counts_as == count))
        return self._kinds[key]

    def _province(self, place_id: str) -> str:
        return self.session.get_one(Place, place_id).parent_id or place_id

    def _first_day(self, communes: tuple[str, ...], kinds: tuple[str, ...]) -> date | None:
        key = communes, kinds
        if key not in self._first:
            self._first[key] = self.session.scalar(
                select(func.min(Support.given_on)).where(
                    Support.commune_id.in_(communes), Support.kind.in_(kinds), ~_UNDONE, _IS_PERSON
                )
            )
        return self._first[key]

    def _parts_of(self, communes: tuple[str, ...], kinds: tuple[str, ...], year: int, with_escaped: bool) -> list[Part]:
        """All persons of a year, each once. `with_escaped`: of those who were neither poor nor near-poor it is said
        whether they were newly escaped."""
        key = communes, kinds, year, with_escaped
        if key not in self._parts:
            firsts = _Firsts(self.session, communes, kinds, year)
            parts = firsts.summed(NOT_POOR if with_escaped else None) + firsts.named(with_escaped)
            self._parts[key] = parts + (firsts.not_poor() if with_escaped else [])
        return self._parts[key]

    def _share(self, asked: Asked, when: When, parts: Sequence[Part], written: int) -> Counted | None:
        """None: a total was entered for another month of the year, beside which those written down are no whole."""
        totals = _entered(asked, PlanMeasure.JOBS, "", when.year)
        if totals and when not in totals:
            return None
        whole = int(totals[when]) if totals else written
        if not totals and not any(one.is_outside for one in parts):
            return _told(when, "no_outside", 0, written)
        if whole < written:
            return _told(when, "total_too_small", written, whole)
        if not whole:
            return _told(when, "empty")
        here = [one for one in parts if one.commune_id in set(asked.communes) and not one.is_outside]
        yes, unknown = (sum(one.persons for one in here if one.is_of_poor is said) for said in (True, None))
        if unknown:
            found = _told(when, "not_known_poor", unknown, whole)
            return replace(found, bounds=(rate(yes, whole), rate(yes + unknown, whole)))
        return Counted(_figure(when, rate(yes, whole)), None, yes, whole)

    # --- models ----------------------------------------------------------------------------------------------------

    def _of_models(self, asked: Asked, kinds: Iterable[ProjectKind]) -> list[Counted]:
        """A model counts in the year in which it was opened, once it has a member in one of the communes."""
        opened = self._opened(asked, {kind.value for kind in kinds})
        first = min((opens for opens, _ in opened), default=None)
        found = []
        for when in _months(asked.years, first, self.today):
            by = _end(when) if when.year == self.today.year else self.today
            number = sum(opens.year == when.year and opens <= _end(when) and joined <= by for opens, joined in opened)
            found.append(_number(asked, when, number))
        return found or [_told(_last(asked.years, self.today), "no_model")]

    def _opened(self, asked: Asked, kinds: set[str]) -> list[tuple[date, date]]:
        """Of each model with members: when it was opened, and when the first of them joined."""
        catalogue = catalogue_of(self.session, self._province(asked.place_id))
        of = ProjectMember
        void = (
            select(ProjectMemberStep.member_id)
            .where(ProjectMemberStep.commune_id == of.commune_id, ProjectMemberStep.member_id == of.id)
            .where(ProjectMemberStep.act == MemberAct.VOID.value)
            .exists()
        )
        rows = self.session.execute(
            select(of.programme, of.project, func.min(of.since))
            .where(of.commune_id.in_(asked.communes), ~void)
            .group_by(of.programme, of.project)
        )
        found = []
        for programme, code, joined in rows:
            project = catalogue.projects.get((programme, code))
            if project is not None and project.kind in kinds:
                found.append((days_of(catalogue, project).since, joined))
        return found


_IS_PERSON = Support.person_id.is_not(None) | Support.worker_name.is_not(None)


class _Firsts:
    """The first support of each person in a year. Whom the database cannot tell apart by itself is read by name: who
    was found to be another, workers whose number a member has, and those whose number nobody knows."""

    def __init__(self, session: Session, communes: tuple[str, ...], kinds: tuple[str, ...], year: int) -> None:
        self.session = session
        of = Support
        self._here = (
            of.commune_id.in_(communes), of.kind.in_(kinds), ~_UNDONE, _IS_PERSON,
            of.given_on.between(date(year, 1, 1), date(year, 12, 31)),
        )  # fmt: skip
        codes = select(of.person_id).where(*self._here, of.person_id.is_not(None))
        self._same = same_persons(session, communes, renamed(session, communes, codes))
        workers = select(of.worker_number).where(*self._here, of.worker_number.is_not(None)).correlate(None)
        has_both = (*self._here, of.person_number.in_(workers))  # a member's number that a worker outside has too
        self._members = self._members_of(has_both)
        special = {*self._same, *self._same.values()}
        is_member: ColumnElement[bool] = false()
        is_other: ColumnElement[bool] = false()
        if special:
            is_other = of.person_id.in_(special)
        if self._members:
            is_member = of.worker_number.in_(select(of.person_number).where(*has_both).correlate(None))
            is_other |= of.person_id.in_(select(of.person_id).where(*has_both).correlate(None))
        is_outside, is_of_home = of.worker_number.is_not(None), of.person_id.is_not(None)
        self._is_named = or_(
            of.person_id.is_(None) & of.worker_number.is_(None), is_outside & is_member, is_of_home & is_other
        )
        nth = func.row_number().over(
            partition_by=(of.person_id, of.worker_number), order_by=(of.given_on, of.at, of.id)
        )  # fmt: skip
        columns = (of.commune_id, of.given_on, of.household_id, of.household_class, nth.label("nth"))
        is_known = (is_outside & ~is_member) | (is_of_home & ~is_other)
        self._first = select(*columns).where(*self._here, is_known).subquery()

    def _members_of(self, has_both: Sequence[ColumnElement[bool]]) -> dict[str, str]:
        """By the number of workers: the code of the one person who has it, "" where several have."""
        found: dict[str, set[str]] = defaultdict(set)
        rows = self.session.execute(select(Support.person_number, Support.person_id).where(*has_both).distinct())
        for number, code in rows:
            found[str(number)].add(self._same.get(str(code), str(code)))
        return {number: codes.pop() if len(codes) == 1 else "" for number, codes in found.items()}

    def summed(self, without: str | None) -> list[Part]:
        """By commune, month and class; `without`: a class that is left out."""
        first = self._first.c
        keys = (first.commune_id, extract("month", first.given_on), first.household_id.is_(None), first.household_class)
        query = select(*keys, func.count()).where(first.nth == 1)
        if without is not None:
            query = query.where(or_(first.household_class.is_(None), first.household_class != without))
        rows = self.session.execute(query.group_by(*keys)).all()
        return [
            Part(commune, int(month), bool(outside), found, count) for commune, month, outside, found, count in rows
        ]

    def not_poor(self) -> list[Part]:
        """Those who were neither poor nor near-poor, by household and day: what it was before is asked of the log."""
        first = self._first.c
        keys = (first.commune_id, first.household_id, first.given_on)
        where = (first.nth == 1, first.household_class == NOT_POOR)
        return self._with_escaped(
            (commune, home, day, day.month, count)
            for commune, home, day, count in self.session.execute(
                select(*keys, func.count()).where(*where).group_by(*keys)
            )
        )

    def named(self, with_escaped: bool) -> list[Part]:
        """Those who are told apart by code or name here."""
        of = Support
        rows = self.session.execute(
            select(
                of.commune_id, of.given_on, of.household_id, of.household_class, of.person_id, of.worker_name,
                of.worker_birth, of.worker_place, of.worker_number,
            )
            .where(*self._here, self._is_named)
            .order_by(of.given_on, of.at, of.id)
        ).all()  # fmt: skip
        found: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            found[self._whose(row)].append(row)
        parts, asked = [], []
        for those in found.values():
            month = those[0].given_on.month
            one = next((row for row in those if row.household_id is not None), those[0])
            if with_escaped and one.household_class == NOT_POOR:
                asked.append((one.commune_id, one.household_id, one.given_on, month, 1))
            else:
                parts.append(Part(one.commune_id, month, one.household_id is None, one.household_class, 1))
        return parts + self._with_escaped(asked)

    def _whose(self, row: Any) -> str:
        code = row.person_id or self._members.get(row.worker_number or "")
        if code:
            return f"p:{self._same.get(code, code)}"
        return f"n:{row.worker_number}" if row.worker_number else _name(row)

    def _with_escaped(self, rows: Iterable[tuple[str, str, date, int, int]]) -> list[Part]:
        """Of (commune, household, day, the month in which they count, how many)."""
        by_commune: dict[str, list[tuple[str, date, int, int]]] = defaultdict(list)
        for commune_id, household_id, day, month, count in rows:
            by_commune[commune_id].append((household_id, day, month, count))
        found = []
        for commune_id, those in by_commune.items():
            told = newly_escaped(self.session, commune_id, {(home, day) for home, day, *_ in those})
            found += [
                Part(commune_id, month, False, NOT_POOR, count, told[home, day]) for home, day, month, count in those
            ]
        return found


def _name(row: Any) -> str:
    """A worker outside the register without a number: by name, birth and place as they were written down."""
    name = " ".join(row.worker_name.casefold().split())
    return "\n".join(["w", row.commune_id, name, row.worker_birth or "", row.worker_place or ""])


def renamed(session: Session, communes: Collection[str], codes: Select[Any]) -> set[str]:
    """Those of some codes whom some communes found to be another person."""
    of, undone = RegisterEvent, aliased(RegisterEvent)
    voided = select(undone.seq).where(undone.commune_id == of.commune_id, undone.voids == of.seq).exists()
    found = select(of.person_id).where(
        of.commune_id.in_(communes), of.person_id.in_(codes), of.kind == RegisterKind.IDENTIFIED.value, ~voided
    )
    return {str(code) for code in session.scalars(found)}


def same_persons(session: Session, communes: Collection[str], codes: set[str]) -> dict[str, str]:
    """Whose code names each now, as some communes found persons to be one."""
    found: dict[str, str] = {}
    undone = aliased(RegisterEvent)
    of = RegisterEvent
    voided = select(undone.seq).where(undone.commune_id == of.commune_id, undone.voids == of.seq).exists()
    wanted = set(codes)
    while wanted:
        told: dict[str, str] = {}
        for chunk in chunks(wanted):
            rows = session.execute(
                select(of.person_id, of.payload)
                .where(of.commune_id.in_(communes), of.person_id.in_(chunk))
                .where(of.kind == RegisterKind.IDENTIFIED.value, ~voided)
                .order_by(of.commune_id, of.seq)
            )
            told |= {str(code): payload["as"] for code, payload in rows if isinstance(payload.get("as"), str)}
        found |= told
        wanted = set(told.values()) - set(found)
    return {code: _end_of(found, code) for code in codes}


def _end_of(same: Mapping[str, str], code: str) -> str:
    seen = {code}
    while (then := same.get(code)) is not None and then not in seen:
        seen.add(then)
        code = then
    return code


def _number(asked: Asked, when: When, number: int) -> Counted:
    """Beside a higher one that was entered for the year by then, what is written down is known not to be all."""
    entered = _entered(asked, asked.measure, asked.place_set, when.year)
    before = [value for then, value in entered.items() if then <= when]
    if before and number < max(before):
        return _told(when, "below_entered", number, int(max(before)))
    return Counted(_figure(when, Decimal(number)), None, number)


def _entered(asked: Asked, measure: PlanMeasure, place_set: str, year: int) -> dict[When, Decimal]:
    """What was entered of a measure for a year, by month: of each the best known."""
    rows = (one for one in asked.stands if (one.row.measure, one.row.place_set) == (measure, place_set))
    those = [Figure(one.when, one.row.value, FigureStatus(one.row.status)) for one in rows if one.when.year == year]
    return {when: one.value for when, one in best(those).items() if one.value is not None}


def _figure(when: When, value: Decimal | None) -> Figure:
    return Figure(when, value, FigureStatus.PROVISIONAL)


def _told(when: When, why: str, missing: int = 0, of: int = 0, kinds: tuple[str, ...] = ()) -> Counted:
    return Counted(_figure(when, None), None, None, None, why, missing, of, kinds=kinds)


def _months(years: range, first: date | None, today: date) -> Iterator[When]:
    """The ends of past years and of each month of this year, from the one on in which something was first written
    down."""
    if first is None:
        return
    for year in years:
        months = range(1, today.month + 1) if year == today.year else [12] if year < today.year else []
        yield from (When(year, month) for month in months if When(year, month) >= _of(first))


def _last(years: range, today: date) -> When:
    return min(When(years[-1]), _of(today))


def _of(day: date) -> When:
    return When(day.year, day.month)


def _end(when: When) -> date:
    return date(when.year, when.month, monthrange(when.year, when.month)[1])
