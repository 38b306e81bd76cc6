"""Residents are entered by one account and confirmed by another; the page tells what stands, is missing or differs."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import ResidentCount, ResidentStep, Round
from survey.accounts.accounts import find_account
from survey.register.event_log import Done
from survey.reports.csvfile import written
from survey.residents import entering, residents
from survey.residents.entering import Given
from survey.residents.resident_list import headings
from survey.residents.residents import Numbers
from survey.terms import ResidentAction, ResidentState, ResidentStatus
from tests.interviews import ROUND
from tests.pages import text_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

HERE = f"/desk/{COMMUNE}/residents"
pytestmark = pytest.mark.usefixtures("small_round")


def form(**said: Any) -> dict[str, Any]:
    return {
        "place": VILLAGE, "as_of": "2026-11-20", "households": "120", "persons": "500", "status": "recorded",
        "source": "Sổ quản lý cư trú Công an xã", **said,
    }  # fmt: skip


def given(place_id: str, households: int, persons: int | None = None, day: date = date(2026, 11, 20)) -> Given:
    return Given(place_id, day, Numbers(households, persons), ResidentStatus.PUBLISHED, "Niên giám")


def enter(session: Session, *those: Given, by: str = "supervisor", confirmed_by: str | None = "province") -> None:
    """Enter numbers and, unless nobody does, confirm them."""
    ids = {name: find_account(session, name) for name in (by, confirmed_by or by)}
    one, other = (ids[name].id for name in (by, confirmed_by or by))  # type: ignore[union-attr]
    done = Done(one, NOW)
    entering.enter(session, those, done)
    session.flush()
    if confirmed_by is not None:
        entering.confirm_all(session, done.act, [each.place_id for each in those], Done(other, NOW))
    session.commit()


def standing(session: Session, place_id: str) -> Numbers | None:
    session.rollback()
    window = residents.window_of(session.get_one(Round, ROUND))
    found = residents.standing_in(session, [place_id], window).get(place_id)
    return found.numbers if found else None


def test_what_one_enters_stands_when_another_confirmed_it(login_as: Any, session: Session) -> None:
    supervisor, other = login_as("supervisor"), login_as("supervisor-2")
    assert supervisor.post(HERE, data=form(kinh_households="20", dtts_households="95")).status_code == 303
    assert standing(session, VILLAGE) is None
    page = text_of(supervisor.get(HERE))
    assert "Hộ dân cư 120; Nhân khẩu 500; Hộ Kinh 20; Hộ dân tộc thiểu số 95." in page  # of the rest nothing is said
    decide = {"place": VILLAGE, "seq": 1, "action": "confirm"}
    refused = supervisor.post(f"{HERE}/decide", data=decide)
    assert (refused.status_code, "tự xác nhận" in text_of(refused)) == (409, True)
    assert other.post(f"{HERE}/decide", data=decide).status_code == 303
    numbers = standing(session, VILLAGE)
    assert numbers == Numbers(120, 500, 20, 95)
    assert numbers.other_households == 5
    assert other.post(f"{HERE}/decide", data=decide).status_code == 409  # decided already
    assert "Sổ quản lý cư trú Công an xã" in text_of(supervisor.get(HERE))


def test_a_number_is_refused_taken_back_or_taken_out_with_a_reason(login_as: Any, session: Session) -> None:
    supervisor, other = login_as("supervisor"), login_as("supervisor-2")

    def decide(browser: Any, seq: int, action: str, reason: str = "") -> int:
        said = {"place": VILLAGE, "seq": seq, "action": action, "reason": reason}
        return int(browser.post(f"{HERE}/decide", data=said).status_code)

    for _ in range(3):
        assert supervisor.post(HERE, data=form()).status_code == 303
    assert decide(other, 1, "refuse") == 409  # why?
    assert decide(other, 1, "refuse", "nhầm") == 303
    assert decide(other, 2, "withdraw", "không phải của tôi") == 409
    assert decide(supervisor, 2, "withdraw", "nhầm") == 303
    assert decide(other, 3, "revoke", "sớm quá") == 409  # nobody confirmed it
    assert decide(other, 3, "confirm") == 303
    assert standing(session, VILLAGE) == Numbers(120, 500)
    assert decide(other, 3, "revoke", "sổ cũ") == 303
    assert standing(session, VILLAGE) is None
    assert decide(other, 3, "revoke", "lần nữa") == 409
    states = [one.state for one in residents.entered_of(session, [VILLAGE])[VILLAGE]]
    assert states == [ResidentState.REVOKED, ResidentState.WITHDRAWN, ResidentState.REFUSED]  # the latest first


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"persons": "90"}, "nhầm hai cột"),
        ({"kinh_households": "100", "dtts_households": "21"}, "nhiều hơn tổng số"),
        ({"kinh_persons": "4"}, "Ghi cả hai"),
        ({"as_of": "2026-11-24"}, "chưa đến"),
        ({"as_of": "không"}, ""),
        ({"as_of": "1999-12-31"}, ""),
        ({"households": "nhiều"}, "Phải là số"),
        ({"households": ""}, ""),
        ({"households": "9" * 20}, ""),
        ({"source": ""}, ""),
        ({"status": "register"}, ""),
        ({"place": OTHER_COMMUNE}, ""),
        ({"place": "14"}, ""),  # the province's own
        ({"place": "x\x00"}, ""),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_entered(
    login_as: Any, session: Session, wrong: dict[str, str], words: str
) -> None:
    answer = login_as("supervisor").post(HERE, data=form(**wrong))
    assert answer.status_code in (400, 422)
    assert words in text_of(answer)
    assert session.scalars(select(ResidentCount)).all() == []


def test_another_communes_numbers_are_not_there_and_a_reader_enters_none(login_as: Any) -> None:
    assert login_as("supervisor-other").post(HERE, data=form()).status_code == 404
    assert login_as("admin").post(HERE, data=form()).status_code == 403
    assert login_as("admin").get(HERE).status_code == 200
    assert login_as("province-other").get(HERE).status_code == 404


def test_a_whole_and_its_parts_that_differ_are_told_and_both_stay(login_as: Any, session: Session) -> None:
    enter(session, given(COMMUNE, 150, 600), given(VILLAGE, 100, 400))
    assert "1 đơn vị chưa có số đã xác nhận" in text_of(login_as("supervisor").get(HERE))
    enter(session, given(VILLAGE_2, 40, 200))
    page = text_of(login_as("supervisor").get(HERE))
    assert "đã nhập 150 cho toàn đơn vị, cộng các đơn vị dưới là 140" in page
    assert "Nhân khẩu: đã nhập" not in page  # 600 = 400 + 200
    window = residents.window_of(session.get_one(Round, ROUND))
    whole = residents.whole(session, COMMUNE, [VILLAGE, VILLAGE_2], window)
    assert (whole.numbers, whole.sums) == (Numbers(150, 600), Numbers(140, 600))


def test_the_sum_stands_for_a_whole_that_nobody_entered_if_no_part_is_missing(session: Session) -> None:
    window = residents.window_of(session.get_one(Round, ROUND))
    enter(session, given(VILLAGE, 100, 400))
    assert residents.whole(session, COMMUNE, [VILLAGE, VILLAGE_2], window).numbers is None
    enter(session, given(VILLAGE_2, 40))
    whole = residents.whole(session, COMMUNE, [VILLAGE, VILLAGE_2], window)
    assert whole.numbers == Numbers(140, None)  # of one part the persons are not known


def test_the_latest_day_stands_and_what_is_too_old_or_too_late_does_not(session: Session) -> None:
    window = residents.window_of(session.get_one(Round, ROUND))  # opens 1 September 2026
    assert (window.since, window.until) == (date(2025, 8, 31), date(2026, 12, 31))
    enter(session, given(VILLAGE, 90, day=date(2025, 8, 30)))
    assert standing(session, VILLAGE) is None
    enter(session, given(VILLAGE, 110, day=date(2026, 6, 30)))
    enter(session, given(VILLAGE, 100, day=date(2025, 12, 31)))
    assert standing(session, VILLAGE) == Numbers(110)
    enter(session, given(VILLAGE, 111, day=date(2026, 6, 30)))
    assert standing(session, VILLAGE) == Numbers(111)  # of one day what was entered last
    enter(session, given(VILLAGE, 112, day=date(2026, 6, 30)), confirmed_by=None)
    assert standing(session, VILLAGE) == Numbers(111)


def test_the_register_stands_in_only_where_a_commune_says_that_it_is_complete(login_as: Any, session: Session) -> None:
    supervisor = login_as("supervisor")
    assert supervisor.post(f"{HERE}/declare", data={}).status_code == 409  # by which paper?
    assert supervisor.post(f"{HERE}/declare", data={"reason": "CV 5/UBND"}).status_code == 303
    counts = session.scalars(select(ResidentCount).order_by(ResidentCount.place_id)).all()
    assert [(one.place_id, one.households, one.status) for one in counts] == [
        (COMMUNE, 4, "register"), (VILLAGE, 3, "register"), (VILLAGE_2, 1, "register"),
    ]  # fmt: skip
    assert standing(session, COMMUNE) is None
    page = login_as("supervisor-2").get(HERE).text
    [act] = re.findall(r'/residents/confirm/([0-9a-f-]{36})"', page)
    assert supervisor.post(f"{HERE}/confirm/{act}").status_code == 409  # of one's own
    assert login_as("supervisor-other").post(f"{HERE}/confirm/{act}").status_code == 404
    assert login_as("supervisor-2").post(f"{HERE}/confirm/{act}").status_code == 303
    assert standing(session, COMMUNE) == Numbers(4, 8)
    assert "Theo danh sách hộ, xã, phường xác nhận là đủ" in text_of(supervisor.get(HERE))


def row(place_id: str, households: str) -> list[str]:
    return [place_id, "", "31/12/2025", households, "", "", "", "", "", "Số liệu đã công bố", "Niên giám 2025"]


def brought(browser: Any, address: str, *rows: list[str]) -> Any:
    data = b"".join(written(headings(), rows))
    return browser.post(f"{address}/list", data={"file": (io.BytesIO(data), "ho-dan-cu.csv")})


def test_a_list_is_seen_before_it_is_entered(login_as: Any, session: Session) -> None:
    province = login_as("province")
    pattern = province.get("/desk/residents/list.csv").data.decode("utf-8-sig")
    assert pattern.startswith("Mã đơn vị,Tên đơn vị,Ngày,Số hộ dân cư")
    assert len(pattern.splitlines()) == 1 + 1 + 75 + 3  # head, province, communes, villages
    assert province.get("/desk/residents/list.xlsx").data.startswith(b"PK")
    assert province.get("/desk/residents/list.pdf").status_code == 404
    wrong = brought(province, "/desk/residents", row("14", "300.000"), row("99999", "1"), row(COMMUNE, "một"))
    assert wrong.status_code == 422
    assert "1 đơn vị không có trong danh mục" in text_of(wrong)
    assert "dòng 4" in text_of(wrong)
    assert session.scalars(select(ResidentCount)).all() == []
    seen = brought(province, "/desk/residents", row("14", "300.000"), row(COMMUNE, "1.500"))
    assert seen.status_code == 200
    rows = re.search(r"<textarea[^>]*>(.*?)</textarea>", seen.text, re.DOTALL)
    assert rows is not None
    assert session.scalars(select(ResidentCount)).all() == []
    text = rows[1].replace("&#34;", '"')
    assert 'enctype="multipart/form-data"' in seen.text
    assert (
        province.post("/desk/residents/list/enter", data={"rows": text}, content_type="multipart/form-data").status_code
        == 303
    )
    session.rollback()
    found = session.execute(select(ResidentCount.place_id, ResidentCount.households).order_by(ResidentCount.place_id))
    assert [tuple(one) for one in found] == [(COMMUNE, 1500), ("14", 300000)]
    assert province.post("/desk/residents/list/enter", data={"rows": "x"}).status_code == 400
    assert brought(login_as("supervisor"), HERE, row(OTHER_COMMUNE, "1")).status_code == 422  # another's


def test_no_row_is_changed_by_hand_into_what_cannot_be(session: Session) -> None:
    enter(session, given(VILLAGE, 100, 400))
    count = session.scalars(select(ResidentCount)).one()
    step = session.scalars(select(ResidentStep)).one()
    for table, wrong in (
        (ResidentCount, {"persons": 99}), (ResidentCount, {"households": -1}), (ResidentCount, {"source": " "}),
        (ResidentCount, {"kinh_households": 1}), (ResidentStep, {"account_id": count.account_id}),
        (ResidentStep, {"action": ResidentAction.REVOKE.value}), (ResidentStep, {"entered_by": step.account_id}),
    ):  # fmt: skip
        with pytest.raises(IntegrityError):
            session.execute(update(table).values(**wrong))
        session.rollback()
