"""The pages of supports: looked at before it is written down, refused with what was given, taken back, decided on."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AuditEvent, Household, Support, SupportReversal
from survey.members import members_in
from survey.support_terms import SupportOrigin
from survey.supports import from_phones, giving
from survey.supports.giving import Given
from tests.given import blind, by, enter_catalogue, open_fund, support
from tests.interviews import push
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
NEW = f"/desk/{COMMUNE}/households/ho-1/supports/new"


@pytest.fixture
def officer(session: Session, login_as: Any) -> Any:
    enter_catalogue(session)
    return login_as("supervisor")


def filled(**changes: str) -> dict[str, str]:
    said = {
        "kind": "nha_o", "project": "ct2026/1", "person": "", "given_on": "2026-11-20", "amount": "40.000.000",
        "quantity": "", "fund": "", "document": "QĐ 15/QĐ-UBND", "note": "",
    }  # fmt: skip
    return said | changes


def save(officer: Any, address: str, said: dict[str, str]) -> Any:
    """Look at it, and write down what was seen."""
    looked = officer.post(address, data=said)
    seen = re.search(r'name="seen" value="([0-9a-f]{16})"', looked.text)
    return officer.post(address, data=said | {"seen": seen[1]}) if seen else looked


def count(session: Session, table: Any = Support) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)) or 0)


def give(session: Session, household_id: str = "ho-1", commune: str = COMMUNE, **said: Any) -> Support:
    given = Given(commune, "nha_o", "ct2026", "1", date(2026, 11, 1), household_id, **said)
    who = "supervisor" if commune == COMMUNE else "supervisor-other"
    made = giving.give(session, given, SupportOrigin.DESK, by(session, who), blind)
    session.commit()
    return made


def test_it_is_looked_at_first_and_written_down_when_that_was_seen(officer: Any, session: Session) -> None:
    fund = open_fund(session, 60)
    assert officer.get(NEW).status_code == 200
    looked = officer.post(NEW, data=filled(fund=fund))
    assert looked.status_code == 200 and count(session) == 0
    assert "60.000.000" in looked.text and 'name="seen"' in looked.text and "hộ nghèo" in looked.text.lower()
    other = re.search(r'name="seen" value="([0-9a-f]{16})"', looked.text)
    changed = officer.post(NEW, data=filled(fund=fund, amount="50.000.000", seen=other[1] if other else ""))
    assert changed.status_code == 200 and count(session) == 0  # what was seen is another
    answer = save(officer, NEW, filled(fund=fund))
    assert answer.status_code == 303 and count(session) == 1
    made = session.scalars(select(Support)).one()
    assert (made.amount, made.origin, made.fund_id) == (40_000_000, "desk", fund)
    assert "QĐ 15/QĐ-UBND" in officer.get(answer.location).text
    story = officer.get(f"/desk/{COMMUNE}/households/ho-1").text
    assert "Hỗ trợ xây, sửa nhà ở" in story and "40.000.000" in story


def test_the_same_benefit_is_refused_and_the_earlier_support_named(officer: Any, session: Session) -> None:
    first = give(session)
    answer = save(officer, NEW, filled(kind="nha_o_tinh", project="tinh/a"))
    assert answer.status_code == 409 and count(session) == 1
    assert f"/supports/{first.id}" in answer.text and "01/11/2026" in answer.text
    assert 'name="seen"' not in answer.text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"given_on": "2026-11-24"}, 409),
        ({"project": "tinh/a", "given_on": "2026-05-31"}, 409),
        ({"kind": "the_bhyt"}, 409),
        ({"kind": "khong-co"}, 409),
        ({"project": "khong-co"}, 409),
        ({"person": "khong-co"}, 409),
        ({"fund": "khong-co"}, 409),
        ({"amount": "40,5"}, 422),
        ({"amount": "0"}, 422),
        ({"amount": "=cmd|' /C calc'!A0"}, 422),
        ({"given_on": "hôm qua"}, 422),
        ({"kind": ""}, 422),
        ({"document": "x" * 201}, 422),
        ({"note": "hai\ndòng"}, 422),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_written(
    officer: Any, session: Session, changes: dict[str, str], status: int
) -> None:
    answer = save(officer, NEW, filled(**changes))
    assert answer.status_code == status and count(session) == 0
    assert 'class="error-summary"' in answer.text and "<form" in answer.text


def test_it_is_taken_back_once_and_for_a_reason(officer: Any, session: Session) -> None:
    made = give(session)
    address = f"/desk/{COMMUNE}/supports/{made.id}"
    assert officer.post(address, data={"reason": "  "}).status_code == 409
    assert officer.post(address, data={"reason": "Ghi nhầm hộ"}).status_code == 303
    assert officer.post(address, data={"reason": "lần nữa"}).status_code == 409
    assert count(session, SupportReversal) == 1
    page = officer.get(address).text
    assert "Ghi nhầm hộ" in page and 'name="reason"' not in page
    assert save(officer, NEW, filled()).status_code == 303


def test_another_commune_is_as_if_it_were_not_there(officer: Any, session: Session, login_as: Any) -> None:
    made = give(session, "ho-5", OTHER_COMMUNE)
    assert officer.get(f"/desk/{OTHER_COMMUNE}/supports/{made.id}").status_code == 404
    assert officer.get(f"/desk/{COMMUNE}/supports/{made.id}").status_code == 404
    assert officer.get(f"/desk/{OTHER_COMMUNE}/supports.csv").status_code == 404
    assert login_as("province").get(f"/desk/{OTHER_COMMUNE}/supports/{made.id}").status_code == 200
    assert login_as("province-other").get(f"/desk/{OTHER_COMMUNE}/supports/{made.id}").status_code == 404


def test_a_list_is_narrowed_added_up_and_taken_with_names(officer: Any, session: Session, login_as: Any) -> None:
    give(session, amount=40_000_000, note="=1+1")
    give(session, "ho-4")
    giving.reverse(session, COMMUNE, give(session, "ho-2", amount=5).id, by(session))
    session.commit()
    page = officer.get(f"/desk/{COMMUNE}/supports").text
    assert "2 lần hỗ trợ" in page and "40.000.000" in page
    of_village = officer.get(f"/desk/{COMMUNE}/supports?village=03757-02").text
    assert "1 lần hỗ trợ" in of_village and "40.000.000" not in of_village
    for query in ("kind=the_bhyt", "project=qd90/5", "year=2025"):
        assert "0 lần hỗ trợ" in officer.get(f"/desk/{COMMUNE}/supports?{query}").text
    assert officer.get(f"/desk/{COMMUNE}/supports?year=hai").status_code == 400
    file = officer.get(f"/desk/{COMMUNE}/supports.csv")
    rows = file.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 3 and "'=1+1" in rows[1] + rows[2] and "Chủ hộ cũ" in rows[1]
    session.rollback()
    [logged] = session.scalars(select(AuditEvent).where(AuditEvent.verb == "support.exported"))
    assert logged.detail == {"supports": 2}
    assert login_as("admin").get(f"/desk/{COMMUNE}/supports.csv").status_code == 403


def test_what_a_phone_told_is_decided_by_another(officer: Any, session: Session, login_as: Any) -> None:
    first = give(session)
    push(login_as("enumerator"), support())
    page = officer.get(f"/desk/{COMMUNE}/supports").text
    session.rollback()
    [held] = from_phones.held(session, COMMUNE)
    address = f"/desk/{COMMUNE}/supports/held/{held.row.id}"
    assert address in page and COMMUNE in login_as("province").get("/desk/supports").text
    assert f"/supports/{first.id}" in officer.get(address).text
    assert officer.post(address, data={"answer": "accept", "reason": ""}).status_code == 409
    assert officer.post(address, data={"answer": "sai"}).status_code == 400
    assert officer.post(address, data={"answer": "refuse", "reason": "Đã nhận rồi"}).status_code == 303
    assert officer.get(address).status_code == 409 and count(session) == 1


def test_a_supervisor_who_told_it_from_a_phone_does_not_decide_on_it(
    officer: Any, session: Session, login_as: Any
) -> None:
    give(session)
    push(officer, support())
    session.rollback()
    [held] = from_phones.held(session, COMMUNE)
    address = f"/desk/{COMMUNE}/supports/held/{held.row.id}"
    assert "<form" not in officer.get(address).text.split("<main", 1)[1]
    assert officer.post(address, data={"answer": "refuse", "reason": "x"}).status_code == 409
    answer = login_as("supervisor-2").post(address, data={"answer": "accept", "reason": "Nhà cháy, làm lại"})
    assert answer.status_code == 303
    session.rollback()
    assert sorted(one.exception for one in session.scalars(select(Support))) == ["", "Nhà cháy, làm lại"]


def test_a_member_of_the_register_is_no_worker_outside_it(officer: Any, session: Session) -> None:
    """The number of the mother of the first household; of a household of another commune nothing is told."""
    for commune, id, number in ((COMMUNE, "ho-1", "014190000001"), (OTHER_COMMUNE, "ho-5", "014190000002")):
        home = session.get_one(Household, (commune, id))
        father, mother = members_in(home.current_answers)
        home.current_answers = {"thanh_vien": [father, mother | {"cccd": number}]}
    session.commit()
    address = f"/desk/{COMMUNE}/supports/workers/new"
    said = filled(kind="the_bhyt", amount="", name="Ai Đó", birth="1990", number="014 190 000 001", place="")
    refused = officer.post(address, data=said)
    assert refused.status_code == 409
    assert f"/desk/{COMMUNE}/households/ho-1/supports/new" in refused.text
    assert save(officer, address, said | {"number": "014190000002"}).status_code == 303
    home = session.get_one(Household, (COMMUNE, "ho-1"))
    home.current_answers = {"thanh_vien": [], "ghi_chu": "014190000001"}  # somebody's number in words is no member's
    session.commit()
    assert save(officer, address, said).status_code == 303


def test_a_worker_outside_the_register_is_known_again_by_a_fingerprint(officer: Any, session: Session) -> None:
    address = f"/desk/{COMMUNE}/supports/workers/new"
    said = filled(
        kind="the_bhyt", amount="", name="Giàng A Dếnh", birth="1990", number="014 190 000 001", place="Xã Mường La"
    )
    assert officer.get(address).status_code == 200
    assert officer.post(address, data=said).status_code == 200 and count(session) == 0
    assert save(officer, address, said).status_code == 303
    session.rollback()
    made = session.scalars(select(Support)).one()
    assert (made.worker_name, made.household_id, made.household_class) == ("Giàng A Dếnh", None, None)
    assert made.worker_number and "014190000001" not in repr(vars(made))
    again = save(officer, address, said | {"name": "Giang A Denh"})
    assert again.status_code == 409 and f"/supports/{made.id}" in again.text and count(session) == 1
    assert save(officer, address, said | {"number": "12"}).status_code == 422
    assert save(officer, address, said | {"birth": "hôm qua"}).status_code == 422
    assert officer.post(f"/desk/{COMMUNE}/supports/{made.id}", data={"reason": "Ghi nhầm"}).status_code == 303
    assert save(officer, address, said).status_code == 303
    assert "Giàng A Dếnh" in officer.get(f"/desk/{COMMUNE}/supports").text
