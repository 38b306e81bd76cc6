"""Who opened which household is in the log of acts, once the page is out and without the page waiting for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import Account, HouseholdOpening, Submission
from survey.evidence import openings
from survey.evidence.openings import Opening, Openings
from tests.interviews import entry, push
from tests.pages import text_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
PAGE = f"/desk/{COMMUNE}/households/ho-1"


@pytest.fixture
def written(app: Flask, session: Session) -> Iterator[Any]:
    """What stands written after what waited was put down: (account's name, household, page)."""

    def read() -> list[tuple[str, str, str]]:
        assert app.extensions["openings"].write()
        session.rollback()
        of = HouseholdOpening
        rows = select(Account.username, of.household_id, of.page).join(Account, Account.id == of.account_id)
        return [tuple(row) for row in session.execute(rows.order_by(of.at, of.page))]

    return read


def test_a_household_that_was_opened_is_written_down_once_an_hour(login_as: Any, written: Any, clock: Any) -> None:
    browser = login_as("supervisor")
    for _again in range(3):
        assert browser.get(PAGE).status_code == 200
    assert written() == [("supervisor", "ho-1", "household.page")]
    clock.advance(minutes=59)
    browser.get(PAGE)
    assert len(written()) == 1
    clock.advance(minutes=1)
    browser.get(PAGE)
    assert login_as("province").get(PAGE).status_code == 200
    assert sorted(written()[1:]) == [("province", "ho-1", "household.page"), ("supervisor", "ho-1", "household.page")]


def test_a_record_shows_its_household(login_as: Any, written: Any, session: Session) -> None:
    push(login_as("enumerator"), entry("ho-1"))
    submission_id = session.scalars(select(Submission.id)).one()
    assert login_as("supervisor").get(f"/desk/{COMMUNE}/records/{submission_id}").status_code == 200
    assert written() == [("supervisor", "ho-1", "review.record")]


def test_what_nobody_was_shown_is_not_written_down(login_as: Any, written: Any) -> None:
    assert login_as("supervisor-other").get(PAGE).status_code == 404
    assert login_as("supervisor").get(f"/desk/{COMMUNE}/households/nobody").status_code == 404
    assert login_as("enumerator").get(PAGE).status_code == 403
    assert login_as("supervisor").get(f"/desk/{COMMUNE}/").status_code == 200
    assert written() == []


def test_the_log_tells_who_opened_a_household_to_who_answers_for_the_area(
    login_as: Any, written: Any, session: Session
) -> None:
    login_as("supervisor").get(PAGE)
    written()
    province, words = login_as("province"), "Đã mở xem một hộ"
    assert words not in rows_of(province.get("/audit/"))  # there are more of them than of all acts
    for asked in ("/audit/?household=03757-01-001", "/audit/?act=household.opened"):
        page = rows_of(province.get(asked))
        assert words in page
        assert "household.page" in page
    supervisor = session.scalars(select(Account.id).where(Account.username == "supervisor")).one()
    assert words in rows_of(province.get(f"/audit/?act=household.opened&person={supervisor}"))
    assert words not in rows_of(province.get("/audit/?household=03757-01-002"))
    assert "household.opened" in province.get("/audit/audit.csv?act=household.opened").get_data(as_text=True)
    assert login_as("supervisor").get("/audit/?act=household.opened").status_code == 403


def rows_of(answer: Any) -> str:
    assert answer.status_code == 200
    return text_of(answer).partition("dòng")[2]


def test_a_busy_database_is_asked_again_and_nothing_is_written_twice(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = app.extensions["engine"]
    account = session.scalars(select(Account.id).where(Account.username == "supervisor")).one()
    session.rollback()
    kept = Openings(engine, writes=False)
    for number in range(3):
        kept.note(Opening(account, COMMUNE, f"ho-{number}", "household.page"), NOW + timedelta(minutes=number))

    class Busy(Session):
        def flush(self, *_args: Any) -> None:
            raise OperationalError("", {}, Exception("database is locked"))

    with monkeypatch.context() as patched:
        patched.setattr(openings, "Session", Busy)
        assert not kept.write()
    kept.note(Opening(account, OTHER_COMMUNE, "ho-9", "household.page"), NOW + timedelta(minutes=9))
    assert kept.write()
    assert kept.write()
    found = session.scalars(select(HouseholdOpening.household_id).order_by(HouseholdOpening.at)).all()
    assert found == ["ho-0", "ho-1", "ho-2", "ho-9"]


def test_what_waits_is_bounded(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "MOST", 5)
    account = session.scalars(select(Account.id).where(Account.username == "supervisor")).one()
    session.rollback()
    kept = Openings(app.extensions["engine"], writes=False)
    monkeypatch.setattr(openings, "HouseholdOpening", lambda **_all: Account(id=account))  # refused by the database
    for number in range(20):
        kept.note(Opening(account, COMMUNE, f"ho-{number}", "household.page"), NOW + timedelta(minutes=number))
        assert not kept.write()
    monkeypatch.undo()
    assert kept.write()
    found = session.scalars(select(HouseholdOpening.household_id).order_by(HouseholdOpening.at)).all()
    assert found == [f"ho-{number}" for number in range(15, 20)]
    session.execute(delete(HouseholdOpening))


def test_a_server_writes_by_itself(app: Flask, session: Session) -> None:
    account = session.scalars(select(Account.id).where(Account.username == "supervisor")).one()
    session.rollback()
    kept = Openings(app.extensions["engine"])
    kept.grouped = 0.0
    kept.note(Opening(account, COMMUNE, "ho-1", "household.page"), NOW)
    assert kept.written.wait(30)
    assert session.scalars(select(HouseholdOpening.household_id)).all() == ["ho-1"]
