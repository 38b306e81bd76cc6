"""The villages of a commune in a real Chromium: a merger is seen, done and undone by hand, also on a narrow screen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from models import FormerCommune
from survey.terms import Action
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_desk_in_chromium import desk
from tests.web.desk.test_household_in_chromium import widths
from tests.world import COMMUNE

__all__ = ["desk", "widths"]
pytestmark = pytest.mark.phone


@pytest.fixture
def work(field: Any, session: Session) -> Field:
    made: Field = field(3)
    made.send(made.entry(0, CASES[0]))
    made.decide(made.sent[0], Action.ACCEPT)
    for code, name in (("90001", "Xã Cũ Một"), ("90002", "Xã Cũ Hai")):
        session.add(
            FormerCommune(
                province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=COMMUNE, valid_from=None, name=name,
                district_code="901", district="Huyện Cũ", status="nguồn thứ cấp, chưa đối chiếu", source="bài thử",
            )
        )  # fmt: skip
    session.commit()
    return made


@pytest.mark.usefixtures("work")
def test_a_village_is_merged_and_the_register_counts_it_in_the_borders_of_before(desk: Page, widths: Any) -> None:
    desk.goto(f"/desk/{COMMUNE}/villages")
    widths("villages")
    desk.get_by_role("link", name="Bản Nà Ca").click()
    for part in desk.locator(".acts details summary").all():
        part.click()
    widths("village")
    merging = desk.locator("details", has_text="Sáp nhập vào thôn, bản khác")
    merging.locator("select").select_option("03757-02")
    merging.get_by_role("button").click()
    expect(desk.locator("h1")).to_contain_text("Sẽ thay đổi: Sáp nhập")
    desk.locator("main details summary").click()
    widths("village-what-would-happen")
    desk.locator("#reason").fill("NQ 12/NQ-HĐND")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    expect(desk.locator("[role=status]")).to_contain_text("Đã ghi")
    widths("village-merged")
    desk.goto(f"/desk/{COMMUNE}/villages")
    widths("villages-after")
    desk.goto(f"/desk/{COMMUNE}/register")
    desk.get_by_label("Theo địa giới của ngày").fill("2025-06-30")
    desk.get_by_role("button", name="Xem").click()
    expect(desk.locator("main")).to_contain_text("chưa rõ xã, phường cũ")
    widths("register-on-a-day")
    desk.get_by_role("link", name="Sáu chiều và mười hai chỉ số").click()
    expect(desk.locator("#lacked")).to_contain_text("Tổng số")
    desk.locator("main details summary").first.click()
    widths("register-indicators")
    desk.get_by_role("link", name="Diễn biến", exact=True).click()
    widths("register-flow-asked")
    desk.get_by_label("Từ ngày").fill("2026-01-01")
    desk.get_by_role("button", name="Xem").click()
    expect(desk.locator("main")).to_contain_text("cuối kỳ (9) = 1−2−3−4+5+6+7+8")
    widths("register-flow")
    desk.goto(f"/desk/{COMMUNE}/villages/03757-01")
    desk.locator(".story li").first.get_by_role("button", name="Hoàn tác…").click()
    desk.locator("#reason").fill("ghi nhầm")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    expect(desk.locator(".story li.undone b")).to_have_text("Sáp nhập vào thôn, bản khác")
