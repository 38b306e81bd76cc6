"""A person's page in a real Chromium: a birth, a death and its undoing by hand, also on a narrow screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.desk.field import Field
from tests.web.desk.test_desk_in_chromium import desk
from tests.web.desk.test_household_in_chromium import widths, work
from tests.web.desk.test_person import members, page_of
from tests.world import COMMUNE

__all__ = ["desk", "widths", "work"]
pytestmark = pytest.mark.phone


def test_a_member_dies_it_is_undone_and_something_else_is_asked_for(desk: Page, work: Field, widths: Any) -> None:
    one = members(work)[-1]
    desk.goto(f"/desk/{COMMUNE}/households/{work.households[0]}")
    widths("members")
    desk.locator(".people").get_by_role("link", name=one.name).first.click()
    for part in desk.locator("details summary").all():
        part.click()
    widths("person")
    died = desk.locator("details", has_text="Đã mất, hoặc không còn ở trong hộ").first
    died.get_by_label("Qua đời", exact=True).check()
    died.get_by_role("button").click()
    expect(desk.locator("h1")).to_contain_text("Sẽ thay đổi: Qua đời")
    widths("person-what-would-happen")
    desk.locator("#reason").fill("có giấy báo tử")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    expect(desk.locator("[role=status]").first).to_contain_text("Đã ghi")
    desk.goto(page_of(work, one))
    expect(desk.locator("h1 .tag")).to_have_text("Đã mất")
    widths("person-dead")
    desk.locator(".story li").first.get_by_role("button", name="Hoàn tác…").click()
    desk.locator("#reason").fill("ghi nhầm người")
    desk.get_by_role("button", name="Ghi vào sổ").click()
    desk.goto(page_of(work, one))
    expect(desk.locator("h1 .tag")).to_have_text("Đang ở trong hộ")
    desk.locator("details summary", has_text="Đã mất, hoặc không còn").click()
    died.get_by_label("Rời hộ", exact=True).check()
    died.get_by_role("button").click()
    desk.locator("#reason").fill("đi làm xa, gia đình báo")
    desk.get_by_role("button", name="Đề nghị để người khác quyết định").click()
    expect(desk.locator("[role=status]").first).to_contain_text("Một người khác sẽ quyết định")
    widths("request")
    desk.get_by_role("link", name="Đề nghị thay đổi").click()
    widths("requests")
