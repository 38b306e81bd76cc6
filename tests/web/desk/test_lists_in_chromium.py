"""Lists that go out and come back, in a real Chromium, also on a narrow screen: the one for the commune police, and
supports as an office has them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from survey.corrections.police_list import HEADINGS, REMARK, RIGHT
from tests.axe import violations
from tests.given import enter_catalogue
from tests.web.desk.field import Field
from tests.web.desk.test_corrections_in_chromium import done
from tests.web.desk.test_desk_in_chromium import desk
from tests.web.desk.test_household_in_chromium import _as_if_it_were_well, widths, work
from tests.world import COMMUNE

__all__ = ["desk", "widths", "work"]
pytestmark = pytest.mark.phone
NAMES = list(HEADINGS)


def looked_at(desk: Page, widths: Any, name: str) -> None:
    widths(name)
    assert violations(desk) == [], name


def test_the_list_of_the_police_goes_out_and_comes_back(
    desk: Page, work: Field, widths: Any, app: Flask, tmp_path: Path
) -> None:
    desk.goto(f"/desk/{COMMUNE}/police")
    looked_at(desk, widths, "police")
    with desk.expect_download() as waiting:
        desk.get_by_role("link", name="Excel (.xlsx)").click()
    book = load_workbook(BytesIO(Path(waiting.value.path()).read_bytes()))
    sheet: Any = book.worksheets[0]
    sheet.cell(4, NAMES.index(RIGHT["name"]) + 1).value = "Lò Văn Khác Tên Rất Dài Ở Bản Xa"
    sheet.cell(5, NAMES.index(REMARK) + 1).value = "đã chuyển đi từ năm ngoái"
    sheet.cell(6, NAMES.index("name") + 1).value = "Ô này không được sửa"
    file = tmp_path / "công an.xlsx"
    book.save(file)
    desk.route("**/jobs/**", _as_if_it_were_well)  # a page with mistakes says so by its status too
    desk.locator("input[type=file]").set_input_files(file)
    desk.get_by_role("button", name="Xem kết quả đối chiếu").click()
    done(desk, app)
    expect(desk.locator("main")).to_contain_text("Lò Văn Khác Tên")
    expect(desk.locator(".error-summary")).to_be_visible()
    looked_at(desk, widths, "police-seen")
    desk.locator(".decision-form button").click()
    done(desk, app)
    expect(desk.locator("[data-job=done]")).to_be_visible()
    looked_at(desk, widths, "police-asked")


def test_a_list_of_supports_is_looked_at_and_written_down(
    desk: Page, work: Field, widths: Any, app: Flask, session: Session, tmp_path: Path
) -> None:
    enter_catalogue(session)
    code = work.household(0).code
    session.rollback()
    desk.goto(f"/desk/{COMMUNE}/supports/list")
    looked_at(desk, widths, "supports-list")
    file = tmp_path / "hỗ trợ.csv"
    rows = [f"{code};20/11/2026;40.000.000", f"{code};20/11/2026;1", ";hôm qua;"]
    file.write_text("\n".join(["Mã hộ;Ngày nhận;Số tiền (đồng)", *rows]), "utf-8")
    desk.locator("input[type=file]").set_input_files(file)
    desk.locator("[name=kind]").select_option("nha_o")
    desk.locator("[name=project]").select_option("ct2026/1")
    desk.get_by_role("button", name="Xem phần đã đọc").click()
    done(desk, app)
    expect(desk.locator(".error-summary")).to_contain_text("Bỏ qua 2 hàng")
    looked_at(desk, widths, "supports-seen")
    with desk.expect_download() as waiting:
        desk.locator(".error-summary a").click()
    assert len(Path(waiting.value.path()).read_text("utf-8-sig").splitlines()) == 3
    desk.locator("main form button").click()
    done(desk, app)
    desk.get_by_role("link", name="Xem kết quả").click()
    expect(desk.locator("main")).to_contain_text("Đã ghi 1 lần hỗ trợ theo danh sách.")
    looked_at(desk, widths, "supports-written")
