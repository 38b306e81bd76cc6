"""The pages of supports: looked at before it is written down, refused with what was given, taken back, decided on."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AuditEvent, Household, Support, SupportReversal
from survey.support_terms import SupportOrigin
from survey.supports import from_phones, giving
from survey.supports.giving import Given
from tests.given import by, enter_catalogue, open_fund, support
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
    made = giving.give(session, given, SupportOrigin.DESK, by(session, who))
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


LIST = f"/desk/{COMMUNE}/supports/list"


def sent(officer: Any, *rows: str) -> Any:
    head = officer.get(f"{LIST}.csv").data.decode("utf-8-sig").splitlines()[0]
    data = "\n".join([head, *rows]).encode()
    return officer.post(LIST, data={"file": (io.BytesIO(data), "ho-tro.csv")}, content_type="multipart/form-data")


def test_a_list_is_seen_row_by_row_and_the_sound_rows_are_written_down(
    officer: Any, session: Session, login_as: Any
) -> None:
    code = {one.id: one.code for one in session.scalars(select(Household).where(Household.commune_id == COMMUNE))}
    give(session, "ho-3")
    session.rollback()
    seen = sent(
        officer,
        f"{code['ho-1']},nha_o,ct2026,1,,20/11/2026,40.000.000,,QĐ 15,",
        f"{code['ho-1']},nha_o_tinh,tinh,a,,21/11/2026,,,,",  # the same benefit within the list
        f"{code['ho-2']},nha_o,ct2026,1,,2026-11-20,40,5,,",
        f"{code['ho-3']},nha_o,ct2026,1,,20/11/2026,,,,",
        "03757-09-999,nha_o,ct2026,1,,20/11/2026,,,,",
        f"{code['ho-4']},khong_co,ct2026,1,,20/11/2026,,,,",
        f"{code['ho-4']},nha_o,ct2026,1,,31/02/2026,,,,=1+1",
    )
    assert seen.status_code == 200 and count(session) == 1
    assert seen.text.count("<tr>") == 3 and [bool(re.search(f"dòng {row}[,:]", seen.text)) for row in range(2, 9)] == [
        False, True, False, True, True, True, True,
    ]  # fmt: skip
    rows = html.unescape(seen.text.split("hidden>", 1)[1].split("</textarea>")[0])
    answer = officer.post(f"{LIST}/enter", data={"rows": rows})
    assert answer.status_code == 303 and "made=2&left=0" in answer.location
    session.rollback()
    made = session.scalars(select(Support).where(Support.origin == "list")).all()
    assert sorted((one.household_id, one.amount, one.quantity) for one in made) == [
        ("ho-1", 40_000_000, None), ("ho-2", 40, 5),
    ]  # fmt: skip
    assert len({one.act for one in made}) == 1
    # Brought again, each row is refused, and nothing is written twice.
    assert officer.post(f"{LIST}/enter", data={"rows": rows}).status_code == 400
    assert count(session) == 3
    assert login_as("admin").get(LIST).status_code == 403


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"PK\x03\x04", b"a,b\n1,2\n", "Mã hộ\n".encode()])
def test_what_is_no_list_is_told(officer: Any, session: Session, data: bytes) -> None:
    answer = officer.post(LIST, data={"file": (io.BytesIO(data), "x.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 422 and 'class="error-summary"' in answer.text


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
