"""What phones proposed, on the desk's pages: what waits for a decision, its witnesses, and what could be no request."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ChangeRequest, Household, Proposal
from survey.terms import Action
from survey.web.desk import requests as desk_requests
from tests.interviews import entry, push
from tests.pages import text_of
from tests.review.test_persons import FATHER, MOTHER, codes
from tests.review.test_review_and_rebuild import decide as decide_interview
from tests.web.phone.test_proposals import corrected, proposal
from tests.world import COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
LIST = f"/desk/{COMMUNE}/requests"


@pytest.fixture
def phone(session: Session, login_as: Any) -> Any:
    browser, sent = login_as("enumerator"), entry()
    push(browser, sent)
    decide_interview(session, sent["id"], Action.ACCEPT)
    return browser


def test_a_request_says_who_proposed_it_and_what_is_another_since(phone: Any, login_as: Any, session: Session) -> None:
    first = corrected(head="Lò Văn Hòa")
    first["proposal"]["base"]["head"] = "Chủ hộ cũ"
    push(phone, first)
    push(login_as("supervisor-2"), corrected(head="Lò Văn Hoà"))
    desk = login_as("supervisor")
    made = session.scalars(select(ChangeRequest)).one()
    assert made.id in desk.get(LIST).text
    page = desk.get(f"{LIST}/{made.id}").text
    for words in ("Lò Văn Hòa", "“Chủ hộ cũ”", "“Lò Văn Đông”", "2 người cùng báo như vậy"):
        assert words in page


def test_what_could_be_no_request_is_listed_with_why_and_set_aside(phone: Any, login_as: Any, session: Session) -> None:
    push(phone, proposal(said={"effective_on": "2027-01-01"}), proposal("ho-4", "correct", None, said={"given": {}}))
    desk = login_as("supervisor")
    listed = desk.get(LIST).text
    assert "Ngày này còn ở tương lai." in listed
    found = session.scalars(select(Proposal).order_by(Proposal.household_id)).all()
    assert [one.held_for or one.rule for one in found] == ["register_future", "outside_area"]
    pages = [f"{LIST}/proposals/{one.id}" for one in found]
    assert MOTHER in desk.get(pages[0]).text
    again = desk.post(pages[1], data={"answer": "again"})
    assert again.status_code == 409  # still outside of the villages of who sent it
    aside = {"answer": "aside", "reason": "Ngày ghi nhầm"}
    assert desk.post(pages[0], data=aside | {"reason": " "}).status_code == 409
    assert desk.post(pages[0], data=aside | {"answer": "xoá"}).status_code == 400
    done = desk.post(pages[0], data=aside)
    assert done.status_code == 303 and "done=aside" in done.location
    household = text_of(desk.get(f"/desk/{COMMUNE}/households/ho-1"))
    for words in (
        "Người thử enumerator – Đề nghị thay đổi từ điện thoại",
        "Người thử supervisor – Bỏ qua một đề nghị gửi từ điện thoại",
    ):
        assert words in household, words
    assert desk.get(pages[0]).status_code == 409
    assert desk.post(pages[0], data=aside).status_code == 409
    entries = phone.get("/api/v1/register").json["entries"]
    [told] = next(one["proposals"] for one in entries if one["household_id"] == "ho-1")
    assert (told["state"], told["words"]) == ("refused", "Ngày ghi nhầm")


def test_nobody_answers_what_they_proposed_themselves(login_as: Any, session: Session) -> None:
    desk = login_as("supervisor")
    push(desk, proposal("ho-1", "died", "Ai Đó"))
    row = session.scalars(select(Proposal)).one()
    page = f"{LIST}/proposals/{row.id}"
    told = desk.post(page, data={"answer": "aside", "reason": "x"})
    assert told.status_code == 409
    assert login_as("supervisor-other").get(page).status_code == 404
    assert desk.get(f"{LIST}/proposals/khong-co").status_code == 404


def test_long_lists_have_pages(phone: Any, login_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_requests, "SHOWN", 2)
    push(phone, *(proposal("ho-2", "died", f"Ai {number}") for number in range(3)), corrected(head="Lò Văn Hòa"))
    desk = login_as("supervisor")
    first, second = desk.get(LIST).text, desk.get(f"{LIST}?page=2").text
    assert (first.count("/requests/proposals/"), second.count("/requests/proposals/")) == (2, 1)
    assert "?page=2" in first and "?page=1" in second
    assert desk.get(f"{LIST}?page=99").text.count("/requests/proposals/") == 1


def test_where_somebody_went_is_looked_up_on_the_page(phone: Any, login_as: Any, session: Session) -> None:
    words = {"kind": "transferred", "given": {"where": "Tổ 1, nhà bà Năm"}}
    push(phone, proposal(said=words), proposal(said=words | {"given": {"where": "Hà Nội"}}))
    rows = session.scalars(select(Proposal).order_by(Proposal.received_at)).all()
    there, left = (f"{LIST}/proposals/{one.id}" for one in sorted(rows, key=lambda one: "H\\u00e0" in one.content))
    desk = login_as("supervisor")
    shown = text_of(desk.get(there))
    for said in ("Chuyển sang hộ khác", MOTHER, "Tổ 1, nhà bà Năm", "Mã hộ nơi người này đang ở"):
        assert said in shown, said
    assert desk.post(there, data={"answer": "there", "other": ""}).status_code == 409
    assert desk.post(there, data={"answer": "there", "other": "03757-01-099"}).status_code == 409
    assert desk.post(there, data={"answer": "there", "other": "\u0000"}).status_code == 409
    household = session.get_one(Household, (COMMUNE, "ho-2"))
    done = desk.post(there, data={"answer": "there", "other": f" {household.code} "})
    assert done.status_code == 303
    asked = text_of(desk.get(done.location))
    for said in (household.code, "“Tổ 1, nhà bà Năm”", MOTHER):
        assert said in asked, said
    assert desk.post(left, data={"answer": "left"}).status_code == 303
    session.rollback()
    kinds = {one.kind: one.other_id for one in session.scalars(select(ChangeRequest))}
    assert kinds == {"transferred": "ho-2", "left": None}


def test_a_transfer_that_could_not_stand_names_everybody_in_words(phone: Any, login_as: Any, session: Session) -> None:
    """By the phone's codes alone nobody at the desk knows who is meant."""
    father = codes(session)[FATHER]
    words = {"kind": "transferred", "given": {"household": "ho-2", "head": father}, "effective_on": "2027-01-01"}
    push(phone, proposal(person=codes(session)[MOTHER], said=words))
    session.rollback()
    row = session.scalars(select(Proposal)).one()
    shown = text_of(login_as("supervisor").get(f"{LIST}/proposals/{row.id}"))
    household = session.get_one(Household, (COMMUNE, "ho-2"))
    for said in (FATHER, MOTHER, f"{household.code} {household.head_name}"):
        assert said in shown, said
    assert father not in shown
