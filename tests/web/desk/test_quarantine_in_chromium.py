"""Held interviews in a real Chromium: two compared and decided between, one attached, one discarded and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import width_of
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_desk_in_chromium import desk  # noqa: F401 - a fixture
from tests.world import COMMUNE

pytestmark = pytest.mark.phone


@pytest.fixture
def work(field: Any) -> Field:
    """Two interviews of one household, one of no household of the list, one that nobody can read."""
    made: Field = field(4)
    made.send_two()
    made.send(made.entry(1, CASES[1], household_id="khong-co"))
    made.send(made.entry(2, CASES[2], confirmed="x"))
    return made


def pages(work: Field) -> list[str]:
    one, two, lost, odd = (work.submission(entry_id).id for entry_id in work.sent)
    work.session.rollback()
    return [
        "held", "held?reason=unknown_household", f"records/{one}/beside/{two}", f"records/{one}/beside/{two}?show=all",
        f"records/{lost}", f"records/{lost}/attach", f"records/{odd}",
    ]  # fmt: skip


def test_two_are_compared_and_a_person_decides(desk: Page, work: Field) -> None:  # noqa: F811
    desk.goto(f"/desk/{COMMUNE}/held")
    desk.locator("tbody tr", has_text="03757-01-001").first.get_by_role("link", name="So sánh").click()
    expect(desk.locator(".beside-table tr.change-changed")).to_have_count(1)
    button = desk.get_by_role("button", name="Lấy phiếu này (Phiếu thứ hai)")
    button.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("h1 .tag")).to_have_text("Chờ duyệt")
    desk.goto(f"/desk/{COMMUNE}/held?reason=two_interviews")
    expect(desk.locator(".nothing")).to_be_visible()


def test_answers_are_chosen_one_by_one_and_put_together(desk: Page, work: Field) -> None:  # noqa: F811
    desk.goto(f"/desk/{COMMUNE}/{pages(work)[2]}")
    desk.locator("input[type=radio][value=b]").check()
    desk.get_by_role("button", name="Ghép các câu đã chọn").click()
    expect(desk.locator("main")).to_contain_text("Phiếu này do cán bộ ghép từ hai phiếu")
    expect(desk.locator("h1 .tag")).to_have_text("Chờ duyệt")


def test_one_is_attached_and_one_discarded_and_taken_back(desk: Page, work: Field) -> None:  # noqa: F811
    desk.goto(f"/desk/{COMMUNE}/held?reason=unknown_household")
    desk.locator("tbody th a").click()
    desk.get_by_role("link", name="Gắn vào hộ").click()
    desk.locator("main input[type=search]").fill("03757-01-002")
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Gắn vào hộ 03757-01-002").click()
    expect(desk.locator("h1")).to_contain_text("03757-01-002")
    expect(desk.locator("h1 .tag")).to_have_text("Chờ duyệt")
    desk.goto(f"/desk/{COMMUNE}/held?reason=bad_shape")
    desk.locator("input[type=checkbox]").check()
    desk.locator("textarea").fill("Hỏi lại hộ này")
    desk.get_by_role("button", name="Loại, ghi lý do").click()
    expect(desk.locator("[role=status]")).to_contain_text("Đã loại 1 phiếu")
    desk.goto(f"/desk/{COMMUNE}/queue?state=discarded")
    desk.locator("tbody th a").click()
    expect(desk.locator(".log")).to_contain_text("Hỏi lại hộ này")
    desk.get_by_role("button", name="Lấy lại").click()
    expect(desk.locator(".nothing")).to_be_visible()
    desk.goto(f"/desk/{COMMUNE}/held?reason=bad_shape")
    expect(desk.locator("tbody tr")).to_have_count(1)


def test_no_page_of_them_is_wider_than_a_small_phone(desk: Page, work: Field) -> None:  # noqa: F811
    desk.set_viewport_size({"width": 360, "height": 640})
    for path in pages(work):
        desk.goto(f"/desk/{COMMUNE}/{path}")
        expect(desk.locator("h1")).to_be_visible()
        assert width_of(desk) <= 360, path
