"""What a province is steered by, invented beside its interviews for `bench.pages`: who lives there, programmes and
plan as they are shipped, and supports that were given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Account, HouseholdFact, Place, ResidentCount, RosterRow, Round, Support
from models.many_rows import insert_many
from survey.clocks import day_of
from survey.plan import sample
from survey.programmes import shipped
from survey.register.event_log import Done
from survey.residents import entering
from survey.residents.entering import Given
from survey.residents.residents import Numbers
from survey.support_terms import SupportOrigin
from survey.terms import HouseholdClass, RegisterState, ResidentStatus

OF_EACH, OF_ONE = 400, 4000  # supports of each commune, and of the one that is looked at
PROGRAMME = "qd90"
GIVEN = (("san_xuat", "3.1", False), ("y_te", "3.2", True), ("tin_dung", "2", False))  # kind, project, to a person


def steer(session: Session, survey_round: Round, communes: list[str], commune: str, reader: str) -> None:
    """Once: what is there stays. `reader`: who enters; a supervisor confirms what another entered."""
    now = datetime.now(UTC)
    account = session.scalars(select(Account).where(Account.username == reader)).one()
    other = session.scalars(select(Account.id).where(Account.username == f"can-bo-{commune}")).one()
    by, another = Done(account.id, now), Done(other, now)
    if session.scalar(select(func.count()).select_from(Support)):
        return
    province = session.get_one(Place, communes[0]).parent_id or ""
    shipped.load(session, province, by)
    sample.load(session, by)
    session.flush()  # so that what was loaded is known
    for kind, project, _to_person in GIVEN:
        assert project in {one.code for one in shipped.shipped_projects(province)}, project
        assert kind in {one.code for one in shipped.shipped_kinds(province)}, kind
    if not session.scalar(select(func.count()).select_from(ResidentCount)):
        _settle(session, survey_round, province, by, another)
    for one in communes:
        _give(session, survey_round, province, one, OF_ONE if one == commune else OF_EACH, by)


def _settle(session: Session, survey_round: Round, province: str, by: Done, another: Done) -> None:
    """A fifth more households than were reviewed."""
    of = HouseholdFact.round_id == survey_round.id
    counted = select(HouseholdFact.commune_id, func.count()).where(of).group_by(HouseholdFact.commune_id)
    reviewed = {commune_id: number * 6 // 5 for commune_id, number in session.execute(counted)}
    every = select(Place.id).where(Place.parent_id == province).order_by(Place.id)
    wanted = {one: reviewed.get(one, 100) for one in session.scalars(every)}
    wanted[province] = sum(wanted.values())
    given = [
        Given(
            place_id, survey_round.closes_on,
            Numbers(number, number * 4, number // 6, number * 4 // 5, number // 2, number * 3), ResidentStatus.RECORDED,
            "bench",
        )
        for place_id, number in wanted.items()
    ]  # fmt: skip
    entering.enter(session, given, by)
    session.flush()  # so that another can confirm it
    entering.confirm_all(session, by.act, list(wanted), another)


def _give(session: Session, survey_round: Round, province: str, commune: str, number: int, by: Done) -> None:
    of = HouseholdFact
    poor = select(of.household_id, of.household_class).where(
        of.commune_id == commune, of.round_id == survey_round.id, of.state == RegisterState.ACCEPTED.value,
        of.household_class.in_([HouseholdClass.POOR.value, HouseholdClass.NEAR_POOR.value]),
    )  # fmt: skip
    households = session.execute(poor.order_by(of.household_id).limit(number)).all()
    first = select(RosterRow.household_id, RosterRow.person_id).where(RosterRow.commune_id == commune)
    persons = {id: person for id, person in session.execute(first.order_by(RosterRow.position.desc()))}  # noqa: C416
    day = min(survey_round.closes_on, day_of(by.at)) - timedelta(days=30)
    rows = []
    for at, ((household_id, household_class), (kind, project, to_person)) in enumerate(
        zip(households, cycle(GIVEN), strict=False)
    ):
        rows.append(
            {
                "commune_id": commune, "id": str(uuid4()), "province_id": province, "act": by.act, "kind": kind,
                "programme": PROGRAMME, "project": project, "household_id": household_id,
                "person_id": persons.get(household_id) if to_person else None,
                "given_on": day - timedelta(days=at % 90),
                "amount": 1_000_000 * (1 + at % 20), "quantity": None, "document": f"QĐ {at}", "note": "",
                "household_class": household_class, "origin": SupportOrigin.LIST.value, "exception": "",
                "account_id": by.account_id, "at": by.at,
            }
        )  # fmt: skip
    insert_many(session, Support, rows)
