"""A list of corrections in a real Chromium: downloaded, changed, looked at, confirmed, undone, also on a narrow
screen."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from survey.corrections import register_list
from tests.web.desk.field import Field
from tests.web.desk.test_desk_in_chromium import desk
from tests.web.desk.test_household_in_chromium import _as_if_it_were_well, widths, work
from tests.working import work as do_all
from tests.world import COMMUNE

__all__ = ["desk", "widths", "work"]
pytestmark = pytest.mark.phone
COLUMNS = list(register_list.HEADINGS)


def done(desk: Page, app: Flask) -> None:
    expect(desk.locator("[data-job=queued]")).to_be_visible()
    do_all(app)


def test_a_downloaded_list_is_changed_confirmed_and_undone(
    desk: Page, work: Field, widths: Any, app: Flask, tmp_path: Path
) -> None:
    desk.goto(f"/desk/{COMMUNE}/corrections")
    widths("corrections")
    with desk.expect_download() as waiting:
        desk.get_by_role("link", name="Excel (.xlsx)").click()
    book = load_workbook(BytesIO(Path(waiting.value.path()).read_bytes()))
    sheet: Any = book.worksheets[0]
    sheet.cell(2, COLUMNS.index("address") + 1).value = "Số 7, đường 6"
    sheet.cell(3, COLUMNS.index("name") + 1).value = "Quàng Thị Ươi"
    sheet.cell(3, COLUMNS.index("number") + 1).value = "014184000002"
    file = tmp_path / "sửa.xlsx"
    book.save(file)
    desk.locator("input[type=file]").set_input_files(file)
    desk.get_by_role("button", name="Xem những gì sẽ thay đổi").click()
    done(desk, app)
    expect(desk.locator("h1")).to_have_text("Danh sách sẽ sửa những gì")  # the page of the job looks again by itself
    expect(desk.locator("main")).to_contain_text("Quàng Thị Ươi")
    widths("corrections-seen")
    desk.locator("#reason").fill("biên bản họp thôn ngày 20/11")
    desk.get_by_role("button", name="Sửa 1 hộ").click()
    done(desk, app)
    expect(desk.locator("main")).to_contain_text("Đã sửa 1 hộ.")
    widths("corrections-done")
    desk.get_by_role("button", name="Hoàn tác cả danh sách…").click()
    done(desk, app)
    expect(desk.locator("main")).to_contain_text("Sẽ hoàn tác việc sửa 1 hộ")
    widths("corrections-undoing")
    desk.locator("#reason").fill("nhầm danh sách")
    desk.get_by_role("button", name="Hoàn tác danh sách").click()
    done(desk, app)
    expect(desk.locator("main")).to_contain_text("Đã hoàn tác việc sửa 1 hộ.")
    desk.goto(f"/desk/{COMMUNE}/corrections")
    wrong = tmp_path / "sai.csv"
    wrong.write_text("Mã hộ;Địa chỉ\n03757-01-998;Số 1\n03757-01-999;Số 2\n;Số 3\n", "utf-8")
    desk.route("**/jobs/**", _as_if_it_were_well)  # a page with mistakes says so by its status too
    desk.locator("input[type=file]").set_input_files(wrong)
    desk.get_by_role("button", name="Xem những gì sẽ thay đổi").click()
    done(desk, app)
    expect(desk.locator(".error-summary")).to_contain_text("3 chỗ sai: chưa sửa gì.")
    widths("corrections-faults")
