"""Questionnaires and points tables in a real Chromium: from the file to the phone's screen; two people at a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from survey.questionnaires.published import Given, publish
from survey.terms import Role, SourceKind
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.chromium import page_of, width_of
from tests.interviews import SOURCE
from tests.serving import serving

pytestmark = pytest.mark.phone
POINTS = """
| settings |
| | form_title | form_id | version |
| | Phiếu điểm | phieu_diem | 1 |
| survey |
| | type | name | label | calculation | outcome |
| | csv-external | diem | | | |
| | integer | so_nguoi | Số người | | |
| | calculate | diem_so | | instance('diem')/root/item[item = 'so_nguoi' and answer = string(${so_nguoi})]/points | |
| | calculate | minh_hoa | | if(count(instance('diem')/root/item[status != 'chinh_thuc']) > 0, 1, 0) | illustrative |
"""
KEYS = [(number, region) for number in (1, 2) for region in ("tay_nguyen", "thanh_thi")]
ROWS = [f"so_nguoi,{number},{region},{number * 5},minh_hoa" for number, region in KEYS]
TABLE = "\n".join(["item,answer,region,points,status", *ROWS, ""]).encode()


@pytest.fixture
def window(app: Any, session: Session, small_round: str, chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """`window("province")`: a window in which that account is signed in; none may complain about anything."""
    world.account(session, "province-2", Role.PROVINCE, "14")
    given = Given("phieu_diem.md", SourceKind.MARKDOWN, POINTS.encode(), {"diem.csv": TABLE})
    publish(session, compile_workbook(POINTS, given.files), "", world.NOW, given=given)
    session.commit()
    contexts, complaints = [], list[str]()

    def sign_in(port: int, username: str) -> Page:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=f"http://localhost:{port}")
        contexts.append(context)
        page = page_of(context, username, complaints)
        page.wait_for_load_state()
        return page

    with serving(app) as port:
        yield partial(sign_in, port)
        for context in contexts:
            context.close()
    assert complaints == []


def narrow(page: Page) -> None:
    """The page is not wider than a small phone."""
    page.set_viewport_size({"width": 360, "height": 640})
    assert width_of(page) <= 360, page.url
    page.set_viewport_size({"width": 1280, "height": 800})


def confirmed(page: Page, named: str) -> None:
    """The second person publishes what the page shows."""
    page.get_by_label("Tôi đã xem những gì thay đổi").check()
    page.get_by_role("button", name=f"Công bố {named}").click()
    expect(page.locator("[role=status]").first).to_contain_text(f"Đã công bố {named}")


def test_a_questionnaire_goes_from_its_file_to_the_phones_screen(window: Any, tmp_path: Path) -> None:
    page = window("province")
    workbook = tmp_path / "phieu.md"
    workbook.write_text(SOURCE.replace("select_one co_khong | mang", "select_one co_khon | mang"), encoding="utf-8")
    page.goto("/questionnaires/")
    page.get_by_role("link", name="Tải mẫu phiếu lên").click()
    narrow(page)
    page.set_input_files("[name=source]", str(workbook))
    page.get_by_role("button", name="Tải lên và kiểm tra").click()
    expect(page.locator(".faults")).to_contain_text("tờ survey, dòng 14, cột type")
    expect(page.get_by_role("button", name="Công bố")).to_have_count(0)
    narrow(page)
    workbook.write_text(SOURCE.replace("phieu_thu | 1 |", "phieu_thu | 2 |"), encoding="utf-8")
    page.set_input_files("[name=source]", str(workbook))
    page.get_by_role("button", name="Lưu và kiểm tra lại").click()
    expect(page.locator("[role=status]").first).to_contain_text("Kiểm tra không thấy lỗi")
    narrow(page)
    page.get_by_role("link", name="Xem thử").click()
    phone = page.frame_locator(".phone-preview-frame")
    expect(phone.get_by_text("Điểm B1").first).to_be_visible()
    narrow(page)
    page.get_by_role("link", name="Quay lại").click()
    page.get_by_role("button", name="Đề nghị công bố phieu_thu 2").click()
    expect(page.locator("main")).to_contain_text("Người thử province đề nghị công bố")
    expect(page.get_by_role("button", name="Công bố phieu_thu 2", exact=True)).to_have_count(0)
    narrow(page)
    second = window("province-2")
    second.goto("/questionnaires/")
    expect(second.locator("main")).to_contain_text("đã đề nghị, chờ người thứ hai")
    narrow(second)
    second.goto(page.url)
    narrow(second)
    confirmed(second, "phieu_thu 2")
    narrow(second)
    page.goto("/questionnaires/")
    expect(page.locator("main")).to_contain_text("Đã công bố")
    narrow(page)


def test_two_people_type_a_points_table_and_mend_what_differs(window: Any) -> None:
    first, second = window("province"), window("province-2")
    first.goto("/points/")
    first.fill("[name=decision]", "VBHN 1315")
    first.fill("[name=decided_on]", "2023-04-14")
    first.get_by_role("button", name="Bắt đầu").click()
    first.wait_for_url("**/points/*-*")
    address = first.url
    for page, figures in ((first, ["5", "10", "6", "11"]), (second, ["5", "10", "6", "99"])):
        page.goto(address)
        page.get_by_role("button", name="Tôi nhập điểm").click()
        expect(page.locator(".point").first).to_be_focused()
        for figure in figures:  # down the first column, then the second
            page.keyboard.type(figure)
            page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Lưu", exact=True)).to_be_focused()
        narrow(page)
        page.get_by_role("button", name="Lưu và dừng ở đây").click()
        page.get_by_role("button", name="Nộp bảng của tôi").click()
        expect(page.locator(".typists")).to_contain_text("đã nộp")
        narrow(page)
    expect(second.locator(".differences tbody tr")).to_have_count(1)
    expect(second.locator(".differences tbody tr")).to_contain_text("Thành thị")
    second.locator(".differences .point").fill("11")
    second.get_by_role("button", name="Lưu và so lại").click()
    expect(second.locator("main")).to_contain_text("Hai người đã nhập khớp nhau")
    narrow(second)
    second.get_by_role("button", name="Lập bản nháp").click()
    expect(second.locator("main")).to_contain_text("Kiểm tra không thấy lỗi")
    second.get_by_role("button", name="Đề nghị công bố phieu_diem 2").click()
    expect(second.locator("main")).to_contain_text("đề nghị công bố")
    first.goto(second.url)
    confirmed(first, "phieu_diem 2")


def test_a_block_copied_from_a_spreadsheet_is_pasted_into_the_grid(window: Any) -> None:
    page = window("province")
    page.goto("/points/")
    page.fill("[name=decision]", "VBHN 1315")
    page.fill("[name=decided_on]", "2023-04-14")
    page.get_by_role("button", name="Bắt đầu").click()
    page.get_by_role("button", name="Tôi nhập điểm").click()
    expect(page.locator(".point").first).to_be_focused()
    page.evaluate(
        """() => {
          const copied = new DataTransfer()
          copied.setData("text", "1\\t2\\n3\\t4,5\\n")
          const event = new ClipboardEvent("paste", { clipboardData: copied, bubbles: true, cancelable: true })
          document.activeElement.dispatchEvent(event)
        }"""
    )
    page.get_by_role("button", name="Lưu", exact=False).first.click()
    page.wait_for_load_state()
    assert [one.input_value() for one in page.locator(".point").all()] == ["1", "2", "3", "4,5"]


def test_no_page_of_the_office_is_wider_than_a_small_phone(window: Any) -> None:
    page = window("province")
    page.set_viewport_size({"width": 360, "height": 640})
    for path in ("/rounds", "/rounds/standards", "/readings", "/questionnaires/", "/points/"):
        answer = page.goto(path)
        assert answer is not None and answer.status == 200, path
        assert width_of(page) <= 360, path
