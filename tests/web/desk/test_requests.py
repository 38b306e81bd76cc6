"""Requests at the desk: asked for from the page that shows what would happen, decided by another."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models import ChangeRequest
from tests.pages import hidden, text_of
from tests.web.desk.field import Field
from tests.web.desk.test_household import SINCE, act, address, confirm, done_by, last, work
from tests.web.desk.test_person import members
from tests.world import COMMUNE, OTHER_COMMUNE, OTHER_VILLAGE

__all__ = ["work"]
QUEUE = f"/desk/{COMMUNE}/requests"


def ask(browser: Any, work: Field, kind: str, **given: str) -> str:
    """Look at what would happen, then ask for it; the page of the request."""
    shown = browser.post(address(work), data={"kind": kind} | SINCE | given)
    assert shown.status_code == 200, text_of(shown)
    asked = browser.post(address(work), data=hidden(shown) | {"reason": "gia đình báo", "ask": "1"})
    assert asked.status_code == 303, text_of(asked)
    work.session.rollback()
    return str(asked.location).partition("?")[0]


def decide(browser: Any, where: str, verdict: str, reason: str = "đúng") -> Any:
    return browser.post(where, data=hidden(browser.get(where)) | {"verdict": verdict, "reason": reason})


def test_one_asks_and_another_decides(work: Field, login_as: Any) -> None:
    asker, other, one = login_as("supervisor"), login_as("supervisor-2"), members(work)[-1]
    known = last(work).seq
    where = ask(asker, work, "died", person=one.id)
    assert last(work).seq == known
    assert where in asker.get(address(work)).text
    assert "chờ anh, chị quyết định" not in text_of(asker.get(QUEUE))
    assert "Rút đề nghị" in text_of(asker.get(where))
    assert "Đồng ý và ghi vào sổ" not in text_of(asker.get(where))
    assert "chờ anh, chị quyết định" in text_of(other.get(QUEUE))
    page = text_of(other.get(where))
    for words in (one.name, "Đã mất", "gia đình báo", "Người thử supervisor", "Đồng ý và ghi vào sổ"):
        assert words in page, words
    own = asker.post(where, data={"verdict": "accepted", "reason": "tự duyệt"})
    assert own.status_code == 409
    assert "Không ai tự quyết định đề nghị của mình." in text_of(own)
    assert decide(other, where, "accepted").status_code == 303
    event = last(work)
    assert (event.kind, event.person_id, event.account_id) == ("died", one.id, work.account("supervisor-2").id)
    assert "Đã đồng ý, đã ghi vào sổ" in text_of(other.get(where))
    assert {
        "Người thử supervisor – Gửi đề nghị thay đổi danh sách hộ", "Người thử supervisor-2 – Danh sách hộ: Qua đời",
        "Người thử supervisor-2 – Đề nghị thay đổi danh sách hộ: Đã đồng ý, đã ghi vào sổ",
    } < set(done_by(other, address(work)))  # fmt: skip
    assert "Không có đề nghị nào đang chờ." in text_of(other.get(QUEUE))
    again = other.post(where, data={"verdict": "refused", "reason": "x", "basis": ""})
    assert again.status_code == 409


def test_what_changed_since_and_what_contradicts_it_is_shown(work: Field, login_as: Any) -> None:
    asker, other, one = login_as("supervisor"), login_as("supervisor-2"), members(work)[-1]
    first = ask(asker, work, "person", person=one.id, year="2015")
    second = ask(asker, work, "person", person=one.id, year="2016")
    assert "trái với đề nghị khác" in text_of(other.get(QUEUE))
    assert second in other.get(first).text
    stale = hidden(other.get(first)) | {"verdict": "accepted", "reason": ""}
    act(asker, work, "person", person=one.id, year="2014")
    assert "Thông tin làm căn cứ đã thay đổi" in text_of(other.get(first))
    assert other.post(first, data=stale).status_code == 409
    assert decide(other, first, "refused", "không rõ").status_code == 303
    assert "trái với đề nghị khác" not in text_of(other.get(QUEUE))
    assert decide(other, second, "refused", " ").status_code == 409  # without a reason
    assert decide(asker, second, "withdrawn", "").status_code == 303


def test_an_identity_number_and_another_commune_are_the_provinces(work: Field, login_as: Any) -> None:
    asker, other, province = login_as("supervisor"), login_as("supervisor-2"), login_as("province")
    one = members(work)[-1]
    number = hidden(asker.post(address(work), data={"kind": "person", "person": one.id, "year": "2015"} | SINCE))
    data = number | {"reason": "xem thẻ", "ask": "1", "name": "Lò Thị Hoà"}
    assert asker.post(address(work), data=data).status_code == 303
    shown = asker.post(address(work), data={"kind": "person", "person": one.id} | SINCE | {"number": "014 318 000 001"})
    asked = asker.post(address(work), data=hidden(shown) | {"reason": "xem thẻ", "ask": "1"})
    where = str(asked.location).partition("?")[0]
    assert "Việc này do tỉnh quyết định." in text_of(other.get(where))
    assert other.post(where, data={"verdict": "accepted", "reason": "x"}).status_code == 403
    assert decide(province, where, "accepted").status_code == 303
    assert last(work).payload["said"] == {"cccd": "014318000001"}
    act(province, work, "move", 1, village=OTHER_VILLAGE)
    far = ask(asker, work, "transferred", person=one.id, other="03664-01-001", commune=OTHER_COMMUNE)
    assert "Lò Văn Đông 2" not in text_of(asker.get(far))  # of another commune nobody is named
    assert other.post(far, data={"verdict": "accepted", "reason": "x"}).status_code == 403
    assert decide(province, far, "accepted").status_code == 303
    assert last(work, OTHER_COMMUNE).person_id == one.id


def test_a_number_that_the_province_accepted_is_taken_back_by_the_province_alone(work: Field, login_as: Any) -> None:
    asker, province, one = login_as("supervisor"), login_as("province"), members(work)[-1]
    where = ask(asker, work, "person", person=one.id, number="014318000001")
    assert decide(province, where, "accepted").status_code == 303
    known, undoing = last(work), f"{address(work)}/undo/{last(work).seq}"
    persons_page = f"{address(work)}/persons/{one.id}"
    assert (undoing in asker.get(persons_page).text, undoing in province.get(persons_page).text) == (False, True)
    for browser in (asker, login_as("supervisor-2")):
        refused = browser.post(undoing)
        assert refused.status_code == 409
        assert "Hãy đề nghị cán bộ tỉnh" in text_of(refused)
        assert browser.post(undoing, data={"basis": "x", "reason": "ghi nhầm"}).status_code == 409
    assert (last(work).seq, members(work)[-1].said["cccd"]) == (known.seq, "014318000001")
    assert login_as("province-other").post(undoing).status_code == 404
    assert confirm(province, undoing, province.post(undoing), "xem lại thẻ").status_code == 303
    assert (last(work).voids, members(work)[-1].said.get("cccd")) == (known.seq, one.said.get("cccd"))


@pytest.mark.parametrize("data", [{}, {"verdict": "ja"}, {"verdict": "accepted", "basis": "x" * 500}], ids=str)
def test_bad_input_is_refused(work: Field, login_as: Any, data: dict[str, str]) -> None:
    asker, one = login_as("supervisor"), members(work)[-1]
    where = ask(asker, work, "left", person=one.id)
    assert login_as("supervisor-2").post(where, data=data).status_code in (400, 409)
    assert login_as("supervisor-2").post(f"{QUEUE}/khong-co", data={"verdict": "accepted"}).status_code == 404
    again = asker.post(address(work), data={"kind": "left", "person": one.id} | SINCE)
    same = asker.post(address(work), data=hidden(again) | {"reason": "như trên", "ask": "1"})
    assert same.status_code == 409
    assert "Đã có đề nghị như vậy" in text_of(same)
    assert len(work.session.scalars(select(ChangeRequest)).all()) == 1


def test_others_see_nothing_of_it(work: Field, login_as: Any) -> None:
    where = ask(login_as("supervisor"), work, "left", person=members(work)[-1].id)
    for name, status in (("enumerator", 403), ("supervisor-other", 404), ("province-other", 404), ("admin", 200)):
        assert login_as(name).get(QUEUE).status_code == status, name
        assert login_as(name).get(where).status_code == status, name
    for name, status in (("enumerator", 403), ("supervisor-other", 404), ("province-other", 404), ("admin", 403)):
        assert login_as(name).post(where, data={"verdict": "accepted"}).status_code == status, name
