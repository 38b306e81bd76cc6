"""An outcome confirmed by hand in a real Chromium, with the act that goes with it, also on a narrow screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.interviews import outcome, push
from tests.web.desk.field import Field
from tests.web.desk.test_desk_in_chromium import desk
from tests.web.desk.test_household_in_chromium import widths
from tests.world import COMMUNE

__all__ = ["desk", "widths"]
pytestmark = pytest.mark.phone


@pytest.fixture
def work(field: Any) -> Field:
    made: Field = field(3)
    return made


def test_who_died_out_is_confirmed_and_leaves_the_register(desk: Page, work: Field, widths: Any, login_as: Any) -> None:
    said = [outcome(work.households[0], "died_out"), outcome(work.households[1]), outcome("khong-co", "not_found")]
    push(login_as("enumerator"), *({**one, "round_id": work.round_id} for one in said))
    desk.goto(f"/desk/{COMMUNE}/")
    widths("commune")
    desk.locator(".desk-truth a", has_text="Không có phiếu, chờ xác nhận").click()
    expect(desk.locator("tbody tr")).to_have_count(3)
    widths("outcomes")
    desk.get_by_role("link", name="03757-01-002").click()
    widths("outcome-absent")
    desk.go_back()
    desk.get_by_role("link", name="03757-01-001").click()
    widths("outcome-died-out")
    desk.get_by_role("button", name="Xem trước thay đổi rồi xác nhận").click()
    expect(desk.locator("h1")).to_contain_text("Sẽ thay đổi: Không còn ai sống")
    expect(desk.locator("#reason")).to_have_value("Hàng xóm nói cả nhà đi làm nương")  # as it was said
    widths("outcome-act")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    expect(desk.locator("h1 .tag")).to_have_text("Đã xác nhận")
    widths("outcome-done")
    desk.goto(f"/desk/{COMMUNE}/outcomes")
    expect(desk.locator("tbody tr")).to_have_count(2)


def test_households_are_shared_and_the_load_is_seen(desk: Page, work: Field, widths: Any) -> None:
    desk.goto(f"/desk/{COMMUNE}/workload")
    widths("workload")
    desk.get_by_role("link", name="Bản Nà Ca").first.click()
    widths("workload-village")
    desk.locator("input[name=household]").first.check()
    desk.get_by_role("button", name="Giao", exact=True).click()
    expect(desk.locator("[role=status]")).to_contain_text("Đã xong")
    expect(desk.locator("tbody tr").first).not_to_contain_text("một mình")
