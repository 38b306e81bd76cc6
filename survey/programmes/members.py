"""Who takes part in a model or group: households, or one person of them, with money, days, and what became of it about
a year later. Rows are only ever added: who leaves, or was written by mistake, has a row that says so.

What is told later is what followed: whether the model goes on, and of which class the household is then. Nobody can say
from that what the model did. The caller has asked whether the account may do this there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, Project, ProjectMember, ProjectMemberStep
from models.commune_counter import lock_commune
from survey.clocks import day_of
from survey.problems import Problem
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.programmes.funds import MOST
from survey.programmes.versions import EARLIEST, MAX_TEXT
from survey.register.event_log import Done, events_around
from survey.register.ledger import fold, households_in
from survey.register.persons import People
from survey.submissions.standing import interviews_of
from survey.support_terms import MemberAct, MemberOutcome, ProjectKind
from survey.terms import HouseholdState


@dataclass(frozen=True)
class Joining:
    """`person_id`: the code of a member of the household; None: the household as a whole. Money in whole đồng."""

    programme: str
    project: str
    household_id: str
    person_id: str | None
    since: date
    given: int
    own: int
    what: str
    document: str

    def faults(self, today: date) -> Iterator[tuple[str, str]]:
        """What cannot be of itself."""
        if not EARLIEST <= self.since <= today:
            yield "since", "day_ahead" if self.since > today else "no_day"
        for name in ("given", "own"):
            if not 0 <= getattr(self, name) <= MOST:
                yield name, "no_amount"
        for name in ("what", "document"):
            if not getattr(self, name).strip():
                yield name, "blank"


@dataclass(frozen=True)
class Taking:
    """A member with what became of it, the last first; `household` as it is now, `name`: of the person."""

    row: ProjectMember
    steps: Sequence[ProjectMemberStep]
    household: Household
    name: str = ""

    @property
    def is_void(self) -> bool:
        return any(step.act == MemberAct.VOID for step in self.steps)

    @property
    def left(self) -> ProjectMemberStep | None:
        return next((step for step in self.steps if step.act == MemberAct.LEFT), None)

    @property
    def outcome(self) -> ProjectMemberStep | None:
        """What was seen last."""
        return next((step for step in self.steps if step.act == MemberAct.OUTCOME), None)

    @property
    def stands(self) -> bool:
        return not self.is_void and self.left is None

    def is_due(self, today: date) -> bool:
        """Whether a year has gone by and nobody looked since."""
        seen = self.outcome
        return self.stands and (today - self.row.since).days >= 365 and (
            seen is None or (seen.day - self.row.since).days < 330
        )  # fmt: skip


def faults_here(session: Session, catalogue: Catalogue, commune_id: str, wanted: Joining) -> Iterator[tuple[str, str]]:
    """What of it does not stand: the model, the household, the person, or that they are members already."""
    project = catalogue.projects.get((wanted.programme, wanted.project))
    if project is None or not ProjectKind(project.kind).is_model:
        yield "project", "no_model"
        return
    if catalogue.reaches(project, commune_id, wanted.since) is False:
        yield "project", "not_here"
    if not catalogue.runs(project, wanted.since):
        yield "since", "not_running"
    household = session.get(Household, (commune_id, wanted.household_id))
    if household is None:
        yield "household", "no_household"
        return
    if household.state != HouseholdState.PRESENT:
        yield "household", "household_gone"
    if wanted.person_id is not None and wanted.person_id not in people_of(session, household):
        yield "person", "no_person"
    of = (wanted.household_id, wanted.person_id)
    standing = taking_part(session, commune_id, project, [wanted.household_id])
    if any((one.row.household_id, one.row.person_id) == of for one in standing if one.stands):
        yield "household", "member_already"


def people_of(session: Session, household: Household) -> dict[str, str]:
    """The names of a household's members by their code, as the register knows them now."""
    known = _people(session, household.commune_id, {household.id})
    return {one.id: one.name for one in known.members(household.id)}


def _people(session: Session, commune_id: str, households: set[str]) -> People:
    """What is known of the persons of some households."""
    events = events_around(session, commune_id, sorted(households))
    return fold(events, interviews_of(session, commune_id, households_in(events) | households)).people


def join(session: Session, province_id: str, commune_id: str, wanted: Joining, done: Done) -> ProjectMember:
    """Write a member down. Raises `project_member_wrong`."""
    if done.account_id is None:
        raise Problem("bad_request")
    lock_commune(session, commune_id)
    catalogue = catalogue_of(session, province_id)
    if [*wanted.faults(day_of(done.at)), *faults_here(session, catalogue, commune_id, wanted)]:
        raise Problem("project_member_wrong")
    values = {**vars(wanted), "what": wanted.what.strip()[:MAX_TEXT], "document": wanted.document.strip()[:MAX_TEXT]}
    row = ProjectMember(commune_id=commune_id, id=str(uuid4()), account_id=done.account_id, at=done.at, **values)
    session.add(row)
    return row


@dataclass(frozen=True)
class Step:
    act: MemberAct
    outcome: MemberOutcome | None
    day: date
    note: str

    def faults(self, since: date, today: date) -> Iterator[tuple[str, str]]:
        if self.day > today:
            yield "day", "day_ahead"
        elif self.day < since:
            yield "day", "before_joining"
        if (self.act is MemberAct.OUTCOME) != (self.outcome is not None):
            yield "outcome", "blank"
        if self.act is not MemberAct.OUTCOME and not self.note.strip():
            yield "note", "blank"


def tell(session: Session, commune_id: str, member_id: str, step: Step, done: Done) -> None:
    """Write down what became of a member. Raises `not_found`, `project_member_wrong`, `not_allowed_now` where it left
    or was a mistake already."""
    if done.account_id is None:
        raise Problem("bad_request")
    lock_commune(session, commune_id)
    row = session.get(ProjectMember, (commune_id, member_id))
    if row is None:
        raise Problem("not_found")
    if list(step.faults(row.since, day_of(done.at))):
        raise Problem("project_member_wrong")
    of = ProjectMemberStep
    before = session.scalars(select(of).where(of.commune_id == commune_id, of.member_id == member_id)).all()
    ended = {one.act for one in before}
    if MemberAct.VOID in ended or (MemberAct.LEFT in ended and step.act is MemberAct.LEFT):
        raise Problem("not_allowed_now")
    session.add(ProjectMemberStep(
        commune_id=commune_id, member_id=member_id, number=len(before) + 1, act=step.act.value,
        outcome=step.outcome.value if step.outcome else None, day=step.day, note=step.note.strip()[:MAX_TEXT],
        account_id=done.account_id, at=done.at,
    ))  # fmt: skip


def taking_part(
    session: Session, commune_id: str, project: Project | None, households: Collection[str] | None = None
) -> list[Taking]:
    """The members of a model in a commune (None: of all), of some households where they are named; by day."""
    one = ProjectMember
    own = [one.commune_id == commune_id]
    if project is not None:
        own += [one.programme == project.programme, one.project == project.code]
    if households is not None:
        own.append(one.household_id.in_(sorted(households)))
    rows = session.execute(
        select(one, Household)
        .join(Household, (Household.commune_id == one.commune_id) & (Household.id == one.household_id))
        .where(*own)
        .order_by(one.since, one.id)
    ).all()
    steps: dict[str, list[ProjectMemberStep]] = defaultdict(list)
    of = ProjectMemberStep
    told = (
        select(of)
        .join(one, (one.commune_id == of.commune_id) & (one.id == of.member_id))
        .where(*own)
        .order_by(of.number.desc())
    )
    for step in session.scalars(told):
        steps[step.member_id].append(step)
    homes = {row.household_id for row, _ in rows if row.person_id}
    people = _people(session, commune_id, homes) if homes else People()
    found = []
    for row, household in rows:
        person = people.who(row.person_id) if row.person_id else None
        found.append(Taking(row, steps.get(row.id, ()), household, person.name if person else ""))
    return found
