"""How much each enumerator has to do in each village, how far it is, and whether the days of the round suffice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from models import Account, Device, Household, RegisterEntry, Round
from survey.accounts.assignments import assigned, enumerators_of
from survey.calendar.standing import Days, days_of
from survey.outcomes.cases import of_round
from survey.terms import OutcomeState, RegisterState


class Due(NamedTuple):
    """A household of the round. `account_id`: whom it was given to, else the only enumerator of its village, else None;
    `is_given`: it was given by name."""

    household_id: str
    village_id: str
    account_id: str | None
    is_given: bool
    state: RegisterState
    outcome: OutcomeState | None

    @property
    def is_done(self) -> bool:
        """Whether nobody has anything to do for it any more."""
        return self.state is RegisterState.ACCEPTED or (
            self.outcome is OutcomeState.CONFIRMED and self.state is not RegisterState.RECEIVED
        )

    @property
    def is_sent(self) -> bool:
        """Whether it waits for the desk."""
        return not self.is_done and (
            self.state is RegisterState.RECEIVED
            or (self.outcome is OutcomeState.WAITING and self.state is not RegisterState.ACCEPTED)
        )


class Listed(NamedTuple):
    """One with what a list calls it by."""

    due: Due
    code: str
    head_name: str


@dataclass(frozen=True)
class Load:
    """What somebody has to do in a village. `behind`: how many households fewer are done or sent than at an even pace
    over the days of the round."""

    account_id: str | None
    village_id: str
    expected: int
    done: int
    sent: int
    behind: int

    @property
    def outstanding(self) -> int:
        return self.expected - self.done - self.sent


class Person(NamedTuple):
    """`last_contact`: when a phone of theirs called last; None: never."""

    account: Account
    last_contact: datetime | None


@dataclass(frozen=True)
class Workload:
    """`people` by account id; `days_left` is negative after the last day."""

    loads: Sequence[Load]
    people: dict[str, Person]
    days: Days
    days_left: int


def listed(session: Session, commune_id: str, round_id: str, village_id: str) -> list[Listed]:
    """The households of the round's list in a village, by number."""
    named = (
        select(Household.id, Household.code, Household.head_name)
        .join(RegisterEntry, and_(RegisterEntry.commune_id == Household.commune_id,
                                  RegisterEntry.household_id == Household.id))
        .where(RegisterEntry.commune_id == commune_id, RegisterEntry.round_id == round_id,
               RegisterEntry.village_id == village_id)
        .order_by(Household.code, Household.id)
    )  # fmt: skip
    found = {one.household_id: one for one in due(session, commune_id, round_id, village_id)}
    return [Listed(found[id], code, head_name) for id, code, head_name in session.execute(named)]


def due(session: Session, commune_id: str, round_id: str, village_id: str | None = None) -> list[Due]:
    """The households of the round's list (of one village): a commune has thousands."""
    entries = select(RegisterEntry.household_id, RegisterEntry.village_id, RegisterEntry.state).where(
        RegisterEntry.commune_id == commune_id, RegisterEntry.round_id == round_id
    )
    if village_id is not None:
        entries = entries.where(RegisterEntry.village_id == village_id)
    given = assigned(session, commune_id)
    alone = {village: one[0].id for village, one in enumerators_of(session, commune_id).items() if len(one) == 1}
    cases = {case.of.household_id: case.standing.state for case in of_round(session, commune_id, round_id)}
    states = {state.value: state for state in RegisterState}
    return [
        Due(id, village, given.get(id) or alone.get(village), id in given, states[state], cases.get(id))
        for id, village, state in session.execute(entries)
    ]


def workload(session: Session, commune_id: str, survey_round: Round, today: date) -> Workload:
    days = days_of(session, survey_round, commune_id)
    loads = loads_of(due(session, commune_id, survey_round.id), days, today)
    wanted = {one.account_id for one in loads if one.account_id}
    wanted |= {one.id for found in enumerators_of(session, commune_id).values() for one in found}
    last = select(Device.account_id, func.max(Device.last_contact_at)).group_by(Device.account_id)
    contacts = {row[0]: row[1] for row in session.execute(last.where(Device.account_id.in_(wanted)))}
    people = {id: Person(session.get_one(Account, id), contacts.get(id)) for id in sorted(wanted)}
    return Workload(loads, people, days, (days.closes_on - today).days)


def loads_of(households: Iterable[Due], days: Days, today: date) -> list[Load]:
    """By person and village; what is nobody's comes last."""
    counted: dict[tuple[str | None, str], list[Due]] = {}
    for one in households:
        counted.setdefault((one.account_id, one.village_id), []).append(one)
    loads = []
    for (account_id, village_id), found in counted.items():
        done, sent = sum(one.is_done for one in found), sum(one.is_sent for one in found)
        behind = max(0, days.even_pace(len(found), today) - done - sent)
        loads.append(Load(account_id, village_id, len(found), done, sent, behind))
    return sorted(loads, key=lambda one: (one.account_id is None, one.account_id or "", one.village_id))
