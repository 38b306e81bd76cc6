"""A worker outside the register who is a member of another commune's household, at a desk: refused as a double, and
nothing told of who it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models import Household, Support
from survey.support_terms import SupportOrigin
from survey.supports import giving
from survey.supports.giving import Given, Worker
from tests.given import by, enter_catalogue
from tests.review.test_persons import MOTHER
from tests.supports.test_numbers import HERE, ONE, THERE, code, number
from tests.web.programme.test_supports import NEW, count, filled, save
from tests.working import blind_of
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
WORKERS = f"/desk/{COMMUNE}/supports/workers/new"


@pytest.fixture
def officer(session: Session, login_as: Any) -> Any:
    enter_catalogue(session)
    return login_as("supervisor")


def worker_form(**changes: str) -> dict[str, str]:
    said = filled(kind="the_bhyt", amount="", name="Ai Đó", birth="1990", number="014 190 000 001", place="")
    return said | changes


def test_a_member_of_another_commune_is_refused_and_not_named(app: Flask, officer: Any, session: Session) -> None:
    number(session, THERE, ONE)
    one = Given(OTHER_COMMUNE, "the_bhyt", "ct2026", "1", date(2026, 11, 1), "ho-5", code(session, THERE))
    made = giving.give(session, one, SupportOrigin.DESK, by(session, "supervisor-other"), blind_of(app))
    session.commit()
    home = session.get_one(Household, THERE)
    secret = (home.code, home.head_name, MOTHER, ONE, made.id, str(made.person_number), "hộ nghèo", "/households/ho-5")
    refused = save(officer, WORKERS, worker_form())
    assert refused.status_code == 409 and 'name="seen"' not in refused.text and count(session) == 1
    told = refused.text.split('class="error-summary"', 1)[1].split("</div>", 1)[0]
    assert "01/11/2026" in told and OTHER_COMMUNE in told
    assert [one for one in secret if one.lower() in told.lower()] == []
    giving.reverse(session, OTHER_COMMUNE, made.id, by(session, "supervisor-other"))
    session.commit()
    assert save(officer, WORKERS, worker_form()).status_code == 303


def test_a_worker_of_another_commune_is_refused_as_a_member_and_not_named(
    app: Flask, officer: Any, session: Session
) -> None:
    number(session, HERE, ONE)
    worker = Worker("Giàng A Dếnh", "1990", blind_of(app)(ONE), "Xã Mường La")
    one = Given(OTHER_COMMUNE, "the_bhyt", "ct2026", "1", date(2026, 11, 1), worker=worker)
    giving.give(session, one, SupportOrigin.DESK, by(session, "supervisor-other"), blind_of(app))
    session.commit()
    said = filled(kind="the_bhyt", amount="", person=code(session, HERE))
    session.rollback()
    refused = save(officer, NEW, said)
    assert refused.status_code == 409 and count(session) == 1
    told = refused.text.split('class="error-summary"', 1)[1].split("</div>", 1)[0]
    assert OTHER_COMMUNE in told and "Giàng" not in told and "Mường La" not in told
    other = save(officer, NEW, said | {"kind": "dao_tao"})
    assert other.status_code == 303
    session.rollback()
    made = session.query(Support).filter_by(kind="dao_tao").one()
    assert made.person_number == blind_of(app)(ONE) and ONE not in repr(vars(made))
