"""A questionnaire is published by two people: one proposes, another sees what changed and confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Account, AuditEvent, FormDraft, FormVersion
from survey.accounts import four_eyes
from survey.questionnaires.published import publish
from survey.terms import Role
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.interviews import SOURCE
from tests.web.office.test_questionnaires import NEXT, drafted, publish_by_two, seen, upload

CONFIRM = "Công bố phieu_thu 2"


@pytest.fixture
def three(session: Session, login_as: Callable[[str], Any], small_round: str) -> tuple[Any, Any, Any]:
    """Two officers of the province and an administrator; version 1 is published."""
    assert small_round
    world.account(session, "province-2", Role.PROVINCE, "14")
    session.commit()
    return login_as("province"), login_as("province-2"), login_as("admin")


def stored(session: Session) -> FormVersion | None:
    session.rollback()
    return session.get(FormVersion, ("phieu_thu", "2"))


def id_of(session: Session, username: str) -> str:
    return session.scalars(select(Account.id).where(Account.username == username)).one()


def test_who_proposes_is_not_who_confirms_and_both_stand_beside_the_version(
    three: tuple[Any, Any, Any], session: Session
) -> None:
    first, second, _admin = three
    draft = drafted(first)
    shown = {"seen": "x", "looked": "y"}
    for browser in (first, second):  # nobody proposed it
        answer = browser.post(draft + "/publish", data=shown)
        assert (answer.status_code, "không ai đề nghị công bố" in answer.text) == (409, True)
    assert first.post(draft + "/propose").status_code == 303
    assert second.post(draft + "/propose").status_code == 409
    page = first.get(draft).text
    assert "Người thử province đề nghị công bố" in page
    assert CONFIRM not in page.replace("Đề nghị công bố", "")
    answer = first.post(draft + "/publish", data=shown)
    assert (answer.status_code, "Chính bạn đã đề nghị" in answer.text) == (409, True)
    assert stored(session) is None
    assert second.post(draft + "/publish", data=seen(second, draft)).status_code == 303
    made = stored(session)
    assert made is not None
    assert (made.proposed_by, made.published_by) == (id_of(session, "province"), id_of(session, "province-2"))
    done = session.scalars(select(AuditEvent).where(AuditEvent.verb == "form_published")).one()
    assert (done.account_id, done.detail["proposed"], done.detail["hash"]) == (
        made.published_by, made.proposed_by, compile_workbook(NEXT).hash,
    )  # fmt: skip
    page = second.get("/questionnaires/forms/phieu_thu/2").text
    assert "Người thử province đề nghị, Người thử province-2 xác nhận" in " ".join(page.split())
    assert made.hash in page


def test_the_second_sees_what_changed_and_the_hash_and_says_so(three: tuple[Any, Any, Any], session: Session) -> None:
    first, second, _admin = three
    draft = drafted(first)
    first.post(draft + "/propose")
    page = second.get(draft).text
    assert page.index(". &lt;= 600") < page.index('name="looked"')
    assert compile_workbook(NEXT).hash in page
    answer = second.post(draft + "/publish", data={"seen": seen(second, draft)["seen"]})
    assert (answer.status_code, "Xin xem trước" in answer.text) == (422, True)
    assert stored(session) is None


def test_what_changed_since_it_was_proposed_or_looked_at_is_not_published(
    three: tuple[Any, Any, Any], session: Session
) -> None:
    first, second, _admin = three
    draft = drafted(first)
    first.post(draft + "/propose")
    looked = seen(second, draft)
    other = NEXT.replace(". <= 600", ". <= 700")
    assert upload(first, ("phieu.md", other), to=draft.removeprefix("/questionnaires/")).status_code == 303
    assert second.post(draft + "/publish", data=looked).status_code == 409  # another draft: proposed by nobody
    first.post(draft + "/propose")
    answer = second.post(draft + "/publish", data=looked)
    assert (answer.status_code, "không phải bản bạn đã xem" in answer.text) == (409, True)
    looked = seen(second, draft)
    session.rollback()
    between = SOURCE.replace("phieu_thu | 1 |", "phieu_thu | 1.5 |")
    publish(session, compile_workbook(between), between, world.NOW + timedelta(minutes=1))
    session.commit()
    assert second.post(draft + "/publish", data=looked).status_code == 409  # it is compared with another version now
    assert second.post(draft + "/publish", data=seen(second, draft)).status_code == 303
    made = stored(session)
    assert made is not None
    assert made.hash == compile_workbook(other).hash


def test_a_draft_of_which_the_program_makes_another_questionnaire_is_checked_again_first(
    three: tuple[Any, Any, Any], session: Session
) -> None:
    first, second, _admin = three
    draft = drafted(first)
    session.rollback()
    row = session.scalars(select(FormDraft)).one()
    row.hash = "0" * 64  # as an earlier release wrote it
    session.commit()
    answer = publish_by_two(first, second, draft)
    assert (answer.status_code, "Lưu và kiểm tra lại" in answer.text) == (409, True)
    assert first.post(draft, data={"again": "1"}).status_code == 303
    assert publish_by_two(first, second, draft).status_code == 303


def test_a_proposal_is_taken_back_by_either(three: tuple[Any, Any, Any], session: Session) -> None:
    first, second, _admin = three
    draft = drafted(first)
    for browser in (first, second):
        first.post(draft + "/propose")
        assert browser.post(draft + "/withdraw").status_code == 303
        assert browser.post(draft + "/withdraw").status_code == 409
        assert "Đề nghị công bố phieu_thu 2" in first.get(draft).text
    session.rollback()
    ended = session.scalars(select(AuditEvent).where(AuditEvent.verb == "form_proposal_ended")).all()
    assert {one.account_id for one in ended} == {id_of(session, "province"), id_of(session, "province-2")}


def test_who_knows_the_others_password_is_no_second_person(three: tuple[Any, Any, Any], session: Session) -> None:
    """The administrator made the account of the officer: until it is handed over they are one person."""
    first, second, admin = three
    session.rollback()
    officer, maker = (session.get_one(Account, id_of(session, one)) for one in ("province", "admin"))
    four_eyes.made(session, officer, maker, world.NOW - timedelta(days=1))
    session.commit()
    for one, other in ((first, admin), (admin, first)):
        draft = drafted(one)
        one.post(draft + "/propose")
        assert CONFIRM not in other.get(draft).text.replace("Đề nghị công bố", "")
        answer = other.post(draft + "/publish", data={"seen": "x", "looked": "y"})
        assert (answer.status_code, "là một người, không phải hai" in answer.text) == (409, True)
        one.post(draft + "/delete")
    assert publish_by_two(first, second, drafted(first)).status_code == 303


def test_the_database_takes_no_version_of_one_person(session: Session, small_round: str) -> None:
    assert small_round
    made = session.scalars(select(FormVersion)).one()
    made.proposed_by = made.published_by = id_of(session, "province")
    with pytest.raises(IntegrityError, match="two_people"):
        session.flush()
    session.rollback()
