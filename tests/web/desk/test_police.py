"""The list for the commune police at the desk: downloaded and logged, brought back, looked at, asked for at once."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import select

from models import AuditEvent, ChangeRequest
from survey.corrections.police_list import HEADINGS
from survey.terms import RegisterKind
from tests.pages import hidden, text_of
from tests.web.desk.field import Field
from tests.web.desk.test_household import work
from tests.web.desk.test_person import members
from tests.working import led
from tests.world import COMMUNE, OTHER_COMMUNE

__all__ = ["work"]
ADDRESS = f"/desk/{COMMUNE}/police"
NAMES = list(HEADINGS)


def downloaded(browser: Any) -> tuple[Any, Any]:
    """The workbook and its list."""
    answer = browser.get(f"{ADDRESS}/list.xlsx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="doi-chieu-cong-an-{COMMUNE}-')
    book = load_workbook(BytesIO(answer.data))
    return book, book.worksheets[0]


def write(sheet: Any, person_id: str, **cells: str) -> None:
    [row] = [one for one in sheet.iter_rows() if one[NAMES.index("person")].value == person_id]
    for name, text in cells.items():
        row[NAMES.index(name)].value = text


def bring(browser: Any, book: Any, commune_id: str = COMMUNE) -> Any:
    data = BytesIO()
    book.save(data)
    given = {"file": (BytesIO(data.getvalue()), "đối chiếu.xlsx")}
    return led(browser, browser.post(f"/desk/{commune_id}/police", data=given))


def requests_of(work: Field) -> list[ChangeRequest]:
    work.session.rollback()
    return list(work.session.scalars(select(ChangeRequest)))


def test_a_list_goes_out_comes_back_and_becomes_requests_once(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    assert "dữ liệu cá nhân" in text_of(browser.get(ADDRESS))
    book, sheet = downloaded(browser)
    assert "CÓ DỮ LIỆU CÁ NHÂN" in sheet.cell(2, 1).value
    assert "Hướng dẫn" in book.sheetnames
    write(sheet, one.id, verdict="Sai", right_name="LÒ THỊ HƯỜNG", remark="theo căn cước")
    shown = bring(browser, book)
    told = text_of(shown)
    for words in ("1 người có khác biệt", one.name, "Lò Thị Hường", "Ghi chú: theo căn cước", "Lập 1 đề nghị"):
        assert words in told, words
    assert requests_of(work) == []
    over = led(browser, browser.post(shown.request.path, data=hidden(shown)))
    assert "Đã lập 1 đề nghị; người khác sẽ quyết định." in text_of(over)
    [made] = requests_of(work)
    assert (made.kind, made.person_id, made.given) == (RegisterKind.PERSON, one.id, {"name": "Lò Thị Hường"})
    assert made.reason == "Công an xã, phường đối chiếu: theo căn cước"
    assert members(work)[-1].said == one.said
    again = bring(browser, book)
    assert "Đã đề nghị trước đó, chưa quyết định: 1 ô" in text_of(again)
    assert browser.post(again.request.path, data={"csrf_token": ""}).status_code == 409
    assert len(requests_of(work)) == 1
    log = {row.verb: row.detail for row in work.session.scalars(select(AuditEvent)) if "police" in row.verb}
    persons = sheet.max_row - 3
    assert log["register.police_list"]["persons"] == persons > 1
    assert log["register.police_asked"]["persons"] == 1
    assert one.name not in str(log)


def test_the_seen_page_is_of_its_account_and_commune_and_faults_are_named(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    book, sheet = downloaded(browser)
    write(sheet, one.id, right_number="123")
    shown = bring(browser, book)
    told = text_of(shown)
    assert (shown.status_code, "1 chỗ sai: không lập đề nghị" in told, "Lập 1" in told) == (200, True, False)
    assert login_as("supervisor-2").get(shown.request.path).status_code == 404
    other = login_as("supervisor-other")
    assert other.get(ADDRESS).status_code == 404
    refused = bring(other, book, OTHER_COMMUNE)
    assert (refused.status_code, f"xã, phường {COMMUNE}" in text_of(refused)) == (422, True)
    for name in ("province", "admin"):
        assert login_as(name).get(f"{ADDRESS}/list.xlsx").status_code == 403
    assert browser.post(ADDRESS, data={}).status_code == 422
    assert browser.get(f"{ADDRESS}/list.pdf").status_code == 404
