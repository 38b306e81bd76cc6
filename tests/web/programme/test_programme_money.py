"""Funds and models on their pages: what is typed, refused with its sentence, and read by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Fund, FundEntry, Household, ProjectMember, ProjectMemberStep
from survey.programmes import shipped
from tests.pages import text_of
from tests.programmes.test_shipped import done
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import reviewed
from tests.web.programme.test_programmes import row
from tests.world import COMMUNE, OTHER_COMMUNE

FUNDS = f"/desk/{COMMUNE}/funds"
NEW = {"project": "qd90:2", "name": "Vốn sự nghiệp", "year": "2026", "source": "QĐ 12/QĐ-UBND"}


def entry(**said: str) -> dict[str, str]:
    return {"act": "allocate", "amount": "100.000.000", "day": "2026-10-01", "document": "QĐ 12/QĐ-UBND", **said}


@pytest.fixture
def loaded(session: Session) -> Session:
    shipped.load(session, "14", done(session))
    session.commit()
    return session


@pytest.fixture
def fund(loaded: Session, login_as: Any) -> str:
    answer = login_as("supervisor").post(FUNDS, data=NEW)
    assert answer.status_code == 303
    return str(answer.location.rsplit("/", 1)[1])


def test_money_is_given_committed_and_paid_and_the_page_adds_it_up(login_as: Any, fund: str) -> None:
    supervisor, address = login_as("supervisor"), f"{FUNDS}/{fund}"
    for one in (entry(), entry(act="commit", amount="60.000.000"), entry(act="pay", amount="25000000", of_seq="2")):
        assert supervisor.post(address, data=one).status_code == 303
    page = text_of(supervisor.get(address))
    assert "Còn lại 40.000.000 đồng" in page.replace("\xa0", " ")
    assert "Đã cam kết, chưa chi 35.000.000 đồng" in page.replace("\xa0", " ")
    assert supervisor.post(f"{address}/reverse", data={"seq": "3", "document": "nhập nhầm"}).status_code == 303
    assert "đã đảo" in text_of(supervisor.get(address))
    listed = text_of(login_as("province").get("/desk/funds")).replace("\xa0", " ")
    assert "60.000.000 đồng 0 đồng 40.000.000 đồng" in listed


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"act": "pay"}, 409, "không còn đủ tiền"),
        ({"act": "hand_back", "amount": "1"}, 409, "không còn đủ tiền"),
        ({"act": "return"}, 422, "khoản cam kết hoặc giải ngân"),
        ({"act": "return", "of_seq": "7"}, 409, "Không ghi được bút toán"),
        ({"act": "reverse"}, 422, "chọn một mục"),
        ({"amount": "1,5"}, 422, "đồng chẵn"),
        ({"amount": "-5"}, 422, "đồng chẵn"),
        ({"amount": "9" * 20}, 422, "đồng chẵn"),
        ({"day": "2027-01-01"}, 422, "chưa đến"),
        ({"day": "hôm nay"}, 422, "Ngày"),
        ({"document": " "}, 422, "phải ghi"),
        ({"of_seq": "9999999999"}, 422, "Số bút toán"),
    ],
)
def test_what_cannot_be_moved_is_said_and_nothing_is_moved(
    login_as: Any, session: Session, fund: str, wrong: dict[str, str], status: int, words: str
) -> None:
    answer = login_as("supervisor").post(f"{FUNDS}/{fund}", data=entry(**wrong))
    assert (answer.status_code, words in text_of(answer)) == (status, True)
    session.rollback()
    assert session.get_one(Fund, fund).balance == 0
    assert session.scalars(select(FundEntry)).all() == []


def test_a_fund_is_of_its_commune(login_as: Any, loaded: Session, fund: str) -> None:
    other = login_as("supervisor-other")
    assert other.get(f"/desk/{OTHER_COMMUNE}/funds/{fund}").status_code == 404
    assert other.post(f"/desk/{OTHER_COMMUNE}/funds/{fund}", data=entry()).status_code == 404
    assert login_as("admin").post(f"{FUNDS}/{fund}", data=entry()).status_code == 403
    assert login_as("province-other").get(f"/desk/funds/{fund}").status_code == 404
    assert "Vốn sự nghiệp" not in text_of(other.get(f"/desk/{OTHER_COMMUNE}/funds"))
    wrong = login_as("supervisor").post(FUNDS, data=NEW | {"project": "qd90:99"})
    assert wrong.status_code == 422


# --- models ----------------------------------------------------------------------------------------------------------

MODEL = f"/desk/{COMMUNE}/models/kh287/de"


@pytest.fixture
def work(field: Callable[..., Field], login_as: Any) -> Field:
    found = field(4, done=reviewed)
    shipped.load(found.session, "14", done(found.session))
    found.session.commit()
    model = row(
        "project", programme="kh287", code="de", name="Nuôi dê sinh sản", kind="livestock", commune_id=COMMUNE,
        source="Kế hoạch của xã",
    )  # fmt: skip
    assert login_as("province").post("/desk/programmes/project", data=model).status_code == 303
    return found


def member(work: Field, number: int = 0, **said: str) -> dict[str, str]:
    household = work.session.get_one(Household, (COMMUNE, work.households[number]))
    return {
        "household": household.code, "person": "", "since": "2022-05-01", "given": "15.000.000", "own": "",
        "what": "05 con dê", "document": "QĐ 3/QĐ-UBND", **said,
    }  # fmt: skip


def test_a_household_joins_a_model_and_a_year_later_its_outcome_is_told(login_as: Any, work: Field) -> None:
    supervisor = login_as("supervisor")
    assert "Chưa ghi ai" in text_of(supervisor.get(MODEL))
    assert supervisor.post(MODEL, data=member(work)).status_code == 303
    assert supervisor.post(MODEL, data=member(work, 1, person="quang thi uoc", own="2.000.000")).status_code == 303
    page = text_of(supervisor.get(MODEL)).replace("\xa0", " ")
    for words in ("30.000.000 đồng", "Quàng Thị Ước", "2.000.000 đồng đối ứng", "đã được một năm", "05 con dê"):
        assert words in page
    work.session.rollback()
    first, second = work.session.scalars(select(ProjectMember).order_by(ProjectMember.own)).all()
    told = {"member": first.id, "act": "outcome", "outcome": "kept", "day": "2023-05-02", "note": "còn 9 con"}
    assert supervisor.post(f"{MODEL}/members", data=told).status_code == 303
    left = {"member": second.id, "act": "left", "outcome": "", "day": "2023-01-02", "note": "chuyển nghề"}
    assert supervisor.post(f"{MODEL}/members", data=left).status_code == 303
    assert supervisor.post(f"{MODEL}/members", data=left).status_code == 409  # it left once
    page = text_of(supervisor.get(MODEL))
    assert "còn duy trì" in page
    assert "đã được một năm" not in page
    assert "Đang tham gia 1" in page
    assert "1" in text_of(login_as("province").get("/desk/models"))
    # Who left may join again.
    assert supervisor.post(MODEL, data=member(work, 1, person="Quàng Thị Ước")).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"household": "03757-99-999"}, "không có hộ mang mã này"),
        ({"person": "Người Lạ"}, "không có thành viên tên như vậy"),
        ({"since": "2021-12-31"}, "không thực hiện"),
        ({"since": "2026-12-31"}, "chưa đến"),
        ({"given": "nhiều"}, "đồng chẵn"),
        ({"own": "-1"}, "đồng chẵn"),
        ({"what": ""}, "phải ghi"),
    ],
)
def test_what_a_member_cannot_be(login_as: Any, work: Field, wrong: dict[str, str], words: str) -> None:
    answer = login_as("supervisor").post(MODEL, data=member(work, **wrong))
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    work.session.rollback()
    assert work.session.scalar(select(func.count()).select_from(ProjectMember)) == 0


def test_a_double_membership_a_mistake_and_another_commune(login_as: Any, work: Field) -> None:
    supervisor = login_as("supervisor")
    assert supervisor.post(MODEL, data=member(work)).status_code == 303
    again = supervisor.post(MODEL, data=member(work))
    assert (again.status_code, "đã tham gia rồi" in text_of(again)) == (422, True)
    work.session.rollback()
    one = work.session.scalars(select(ProjectMember)).one()
    void = {"member": one.id, "act": "void", "outcome": "", "day": "2026-10-01", "note": ""}
    assert supervisor.post(f"{MODEL}/members", data=void).status_code == 422  # why?
    early = void | {"note": "nhầm hộ", "day": "2022-04-30"}
    assert "trước ngày tham gia" in text_of(supervisor.post(f"{MODEL}/members", data=early))
    assert supervisor.post(f"{MODEL}/members", data=void | {"note": "nhầm hộ"}).status_code == 303
    assert "Ghi nhầm" in text_of(supervisor.get(MODEL))
    assert supervisor.post(MODEL, data=member(work)).status_code == 303
    other = login_as("supervisor-other")
    assert other.get(MODEL).status_code == 404
    assert "Nuôi dê" not in text_of(other.get(f"/desk/{OTHER_COMMUNE}/models"))
    elsewhere = f"/desk/{OTHER_COMMUNE}/models/kh287/de"
    assert other.post(f"{elsewhere}/members", data=void).status_code == 404
    assert login_as("province").post(MODEL, data=member(work)).status_code == 403
    work.session.rollback()
    assert work.session.scalar(select(func.count()).select_from(ProjectMemberStep)) == 1
