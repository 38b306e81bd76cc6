"""The demo commune: the same invented people at every loading, classes as in the highlands, work in every state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import Account, Assessment, Household, Place, RegisterEntry, Round
from models.database import open_engine
from survey.accounts.demo import DEMO, NAMES
from survey.demo import load_demo
from survey.demo.accounts import ACCOUNTS, COMMUNE, VILLAGES
from survey.demo.answers import context_of, interview
from survey.demo.commands import demo
from survey.demo.households import households
from survey.demo.load import LAST_YEAR
from survey.demo.year import a_year_later
from survey.evidence.signing import Signer
from survey.form.form import Form
from survey.layouts.tables import Scope, make
from survey.problems import Problem
from survey.register.event_log import Done
from survey.residents import entering, residents
from survey.residents.entering import Given
from survey.residents.residents import Numbers
from survey.submissions.register_table import Level
from survey.terms import HouseholdClass, RegisterState, ResidentStatus, Role
from tests.layouts.against_sql import against_sql, figures
from tests.poverty.households import household_form

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.generate().private_bytes_raw())


@pytest.fixture(scope="module")
def loaded(databases: Any) -> Iterator[Session]:
    url = databases.empty()
    engine = open_engine(url)
    upgrade(engine)
    with Session(engine) as session:
        load_demo(session, NOW, SIGNER)
        yield session
    engine.dispose()
    databases.drop(url)


def test_every_account_is_marked_and_known_by_name(loaded: Session) -> None:
    found = {one.username: one.demo for one in loaded.scalars(select(Account))}
    assert found == dict.fromkeys(NAMES, DEMO)


@pytest.fixture(scope="module")
def form() -> Form:
    return household_form()


def test_every_loading_makes_the_same_households() -> None:
    assert list(households(LAST_YEAR)) == list(households(LAST_YEAR))


def test_nobody_in_the_demo_can_be_a_real_person() -> None:
    people = [person for _, household in households(LAST_YEAR) for person in household.members]
    numbers = [person.cccd for person in people if person.cccd]
    assert all(number.startswith("999") for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert any(person.cccd is None for person in people if person.age(LAST_YEAR) < 14)


def test_a_household_has_two_to_nine_people_and_one_head() -> None:
    for _, household in households(LAST_YEAR):
        assert 2 <= len(household.members) <= 9
        assert [person.relation for person in household.members].count("chu_ho") == 1
        assert len({person.name for person in household.members}) == len(household.members)


DAYS = [date(2026, 9, 2), NOW.date(), date(2028, 2, 29)]


@pytest.mark.parametrize("days", [pytest.param(1, id="one"), pytest.param(3, id="each", marks=pytest.mark.journey)])
def test_the_answers_break_no_rule_of_the_questionnaire_whenever_the_demo_is_loaded(form: Form, days: int) -> None:
    """Every household of last year, and as it is on one of the days of loading, or on each of them."""
    for number, (village, household) in enumerate(households(LAST_YEAR)):
        context = context_of(village, household)
        assert interview(form, household, context, LAST_YEAR)[1].problems == []
        for day in [*DAYS, *DAYS][number % 3 :][:days]:
            later = a_year_later(Random(household.id), household, day)
            assert interview(form, later, context, day)[1].problems == []


def test_classes_spread_as_in_the_highlands_of_son_la(loaded: Session) -> None:
    classes = Counter(loaded.scalars(select(Household.base_class)))
    total = sum(classes.values())
    assert None not in classes  # every answer has its points in the table
    assert total == sum(village.households for village in VILLAGES) == 300
    assert 0.15 <= classes[HouseholdClass.POOR] / total <= 0.25
    assert 0.08 <= classes[HouseholdClass.NEAR_POOR] / total <= 0.18


def test_the_desk_finds_work_in_every_state(loaded: Session) -> None:
    states = Counter(loaded.scalars(select(RegisterEntry.state)))
    assert all(states[state] for state in RegisterState)
    assert states[RegisterState.TO_VISIT] > 200
    assert set(loaded.scalars(select(Assessment.phone_agrees).distinct())) <= {True, None}


def test_every_village_has_one_enumerator_and_the_whole_province_is_there(loaded: Session) -> None:
    assigned = [number for account in ACCOUNTS if account.role is Role.ENUMERATOR for number in account.villages]
    assert sorted(assigned) == list(range(1, len(VILLAGES) + 1))
    assert len(loaded.scalars(select(Place.id).where(Place.parent_id == "14")).all()) == 75


def test_a_second_loading_is_refused_and_leaves_the_first(loaded: Session) -> None:
    with pytest.raises(Problem, match="conflict"):
        load_demo(loaded, NOW, SIGNER)
    assert len(loaded.scalars(select(Household.id).where(Household.commune_id == COMMUNE)).all()) == 300


def test_a_database_in_use_is_left_alone_at_start(app: Flask, session: Session) -> None:
    result = app.test_cli_runner().invoke(demo, ["--if-empty"])
    assert (result.exit_code, result.output) == (0, "")
    assert session.scalars(select(Household.id)).all() == []


def test_the_command_refuses_a_place_that_has_accounts_and_says_so(app: Flask) -> None:
    result = app.test_cli_runner().invoke(demo, [])
    assert result.exit_code == 1
    assert "đã có tài khoản" in result.output


def test_each_cell_of_the_official_tables_is_what_sql_says(loaded: Session) -> None:
    villages = residents.parts_of(loaded, COMMUNE, date(2026, 10, 20))
    known = {one: Numbers(100 + 7 * at, 400 + 31 * at) for at, one in enumerate(villages)}
    first, second = loaded.scalars(select(Account.id).order_by(Account.username).limit(2))
    given = [
        Given(one, date(2025, 12, 31), numbers, ResidentStatus.ESTIMATED, "bài thử") for one, numbers in known.items()
    ]
    done = Done(first, NOW)
    entering.enter(loaded, given, done)
    loaded.flush()  # it is confirmed by what stands there
    entering.confirm_all(loaded, done.act, villages, Done(second, NOW))
    survey_round = loaded.scalars(select(Round)).one()
    book = make(loaded, Scope(survey_round, COMMUNE, (COMMUNE,), Level.VILLAGE), range(1, 8), NOW, str)
    assert len(villages) == 12
    assert against_sql(loaded, book, villages, known) == 13 * (10 + 2 * 27)
    poor = figures(book, 4)["total", "t"]
    assert isinstance(poor, int)
    assert poor > 0
    # The review is still open there, and its points are illustrative: each table says so, and none of rates goes out.
    assert [one.code for one in book.tables[1].faults] == ["not_closed"]
    assert {"provisional", "illustrative"} <= {one.code for one in book.marks}
