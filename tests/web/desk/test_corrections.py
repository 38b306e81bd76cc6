"""A commune's list of corrections at the desk: downloaded, changed, looked at, confirmed once, undone as a whole."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import select

from models import AuditEvent, ChangeRequest, RegisterEvent
from survey.corrections import register_list
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.terms import RegisterKind
from tests.pages import hidden, text_of
from tests.register.sheets import workbook
from tests.web.desk.field import Field
from tests.web.desk.test_household import work
from tests.web.desk.test_person import members
from tests.working import led
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

__all__ = ["work"]
ADDRESS = f"/desk/{COMMUNE}/corrections"
COLUMNS = list(register_list.HEADINGS)
WHY = {"reason": "biên bản họp thôn ngày 20"}


def downloaded(browser: Any) -> list[list[str]]:
    """The register as a workbook, the header first."""
    answer = browser.get(f"{ADDRESS}/register.xlsx")
    assert answer.status_code == 200
    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


def bring(browser: Any, rows: list[list[Any]], name: str = "sửa.xlsx") -> Any:
    data = {"file": (BytesIO(workbook({"DS": rows})), name), "since": "2026-11-23"}
    return led(browser, browser.post(ADDRESS, data=data))


def changed(rows: list[list[str]], at: int, **cells: str) -> list[list[str]]:
    return [[cells.get(name, cell) if row == at else cell for name, cell in zip(COLUMNS, one, strict=True)]
            for row, one in enumerate(rows)]  # fmt: skip


def events(work: Field) -> list[RegisterEvent]:
    work.session.rollback()
    query = select(RegisterEvent).where(RegisterEvent.reason == WHY["reason"]).order_by(RegisterEvent.seq)
    return list(work.session.scalars(query))


def seen_at(answer: Any) -> str:
    return str(answer.request.path)


def confirm(browser: Any, shown: Any, **given: str) -> Any:
    assert shown.status_code == 200, text_of(shown)
    return led(browser, browser.post(seen_at(shown), data=hidden(shown) | WHY | given))


def test_a_downloaded_list_is_changed_looked_at_confirmed_and_undone(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    rows = downloaded(browser)
    at = next(at for at, row in enumerate(rows) if row[COLUMNS.index("person")] == one.id)
    rows = changed(changed(rows, 1, address="Số 7, đường 6"), at, name="Lò Thị Hường", number="014318000001")
    shown = bring(browser, rows)
    told = text_of(shown)
    for words in (
        "Sẽ sửa 1 hộ", "1 số định danh được gửi thành đề nghị", "Số 7, đường 6", "Lò Thị Hường", one.name, "sửa.xlsx",
        f"{len(rows) - 3} trên {len(rows) - 1} dòng không thay đổi gì", "Gửi thành đề nghị: tỉnh quyết định",
    ):  # fmt: skip
        assert words in told, (words, told)
    assert events(work) == []
    done = confirm(browser, shown)
    assert "Đã sửa 1 hộ." in text_of(done)
    assert browser.post(seen_at(shown), data=hidden(shown) | WHY).status_code == 409  # not twice
    person, household = events(work)
    assert (person.kind, household.kind, person.act == household.act) == ("person", "correct", True)
    assert household.account_id == work.account("supervisor").id
    paper = household.payload["list"]
    assert paper["file"] == "sửa.xlsx"
    assert len(paper["sha256"]) == len(hashlib.sha256().hexdigest())
    [request] = work.session.scalars(select(ChangeRequest))
    assert (request.given, request.person_id) == ({"number": "014318000001"}, one.id)
    assert "Số 7, đường 6" in text_of(browser.get(f"/desk/{COMMUNE}/households/{household.household_id}"))
    verbs = set(work.session.scalars(select(AuditEvent.verb)))
    assert {"register.corrected_by_list", "register.exported", "register.correct", "request.asked"} <= verbs

    undoing = led(browser, browser.post(f"{ADDRESS}/undo/{done.request.path.rpartition('/')[2]}"))
    told = text_of(undoing)
    assert "Sẽ hoàn tác việc sửa 1 hộ" in told
    assert "Sẽ rút 1 đề nghị của danh sách" in told
    over = led(browser, browser.post(seen_at(undoing), data=hidden(undoing) | {"reason": "nhầm danh sách"}))
    assert "Đã hoàn tác việc sửa 1 hộ." in text_of(over)
    assert members(work)[-1].said == one.said
    assert downloaded(browser)[1] != rows[1]
    again = led(browser, browser.post(f"{ADDRESS}/undo/{done.request.path.rpartition('/')[2]}"))
    assert "không còn gì để hoàn tác" in text_of(again)


def test_what_was_undone_on_its_page_is_not_undone_again(work: Field, login_as: Any) -> None:
    browser, session = login_as("supervisor"), work.session
    rows = downloaded(browser)
    first, second = [row[0] for row in rows[1:] if row[1]][:2]
    head = ["Mã hộ", "Địa chỉ"]
    done = confirm(browser, bring(browser, [head, [first, "Số 1"], [second, "Số 2"]]))
    session.rollback()
    account = work.account("supervisor")
    undone = events(work)[0]
    register_acts.undo(session, COMMUNE, undone.seq, Done(account.id, NOW, "trên trang của hộ"))
    session.commit()
    undoing = text_of(led(browser, browser.post(f"{ADDRESS}/undo/{done.request.path.rpartition('/')[2]}")))
    assert "Sẽ hoàn tác việc sửa 1 hộ" in undoing
    assert "1 hộ đã được hoàn tác trước đó" in undoing


def test_somebody_who_came_before_is_told_and_not_overwritten(work: Field, login_as: Any) -> None:
    browser, session = login_as("supervisor"), work.session
    code = downloaded(browser)[1][0]
    shown = bring(browser, [["Mã hộ", "Địa chỉ"], [code, "Số 1"]])
    session.rollback()
    wish = Wish(RegisterKind.CORRECT, work.households[0], NOW.date(), given={"address": "Số 9"})
    register_acts.carry_out(session, COMMUNE, wish, Done(None, NOW, "trang của hộ"))
    session.commit()
    told = text_of(confirm(browser, shown))
    assert "Đã sửa 0 hộ." in told
    assert "trong lúc đó đã có người sửa" in told
    assert events(work) == []


def test_faults_are_counted_and_nothing_can_be_confirmed(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    code = downloaded(browser)[1][0]
    good = [[code, f"Số {number}" if number == 0 else ""] for number in range(8)]
    shown = bring(
        browser, [["Mã hộ", "Địa chỉ"], *good, ["03757-01-999", "Số 1"], ["03757-01-998", "Số 2"], [code, "Số 5"]]
    )
    assert shown.status_code == 422
    told = text_of(shown)
    for words in ("3 chỗ sai: chưa sửa gì.", "2 dòng có mã mà không hộ nào có", "1 dòng sửa cùng một hộ khác nhau",
                  "dòng 10, cột Mã hộ"):  # fmt: skip
        assert words in told, words
    assert 'name="reason"' not in shown.text
    assert browser.post(seen_at(shown), data=WHY).status_code == 409
    assert events(work) == []


def test_what_is_in_doubt_is_asked_first(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    code = downloaded(browser)[1][0]
    shown = bring(browser, [["Mã hộ", "Phân loại"], [code, "khá giả"]])
    assert "“khá giả”" in text_of(shown) or "khá giả" in text_of(shown)
    assert 'name="reason"' not in shown.text
    answered = browser.post(f"{seen_at(shown)}/answers", data=hidden(shown) | {"q:word_class:kha-gia": "khong_ngheo"})
    after = led(browser, answered)
    assert "Sẽ sửa 1 hộ" in text_of(after)
    assert browser.get(seen_at(shown)).status_code == 409  # another reading took its place


def test_a_reason_is_needed(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    shown = bring(browser, [["Mã hộ", "Địa chỉ"], [downloaded(browser)[1][0], "Số 1"]])
    refused = browser.post(seen_at(shown), data=hidden(shown) | {"reason": " "}, follow_redirects=True)
    assert refused.status_code == 200
    assert "lý do" in text_of(refused).lower()
    assert events(work) == []


def test_the_csv_and_bad_input(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    assert browser.get(f"{ADDRESS}/register.csv").data.startswith("\ufeffMã hộ;".encode())
    assert browser.get(f"{ADDRESS}/register.pdf").status_code == 404
    assert browser.post(ADDRESS, data={"since": "2026-11-23"}).status_code == 422
    assert browser.post(ADDRESS, data={"file": (BytesIO(b"x"), "a.csv"), "since": "gestern"}).status_code == 422
    for rubbish in (b"", b"%PDF-1.7", b"PK\x03\x04", b"\x00" * 50, "Mã hộ;Địa chỉ".encode()):
        answer = browser.post(ADDRESS, data={"file": (BytesIO(rubbish), "a.xlsx"), "since": "2026-11-23"})
        assert led(browser, answer).status_code in (200, 422), rubbish
    for where in ("seen/khong-co", "undoing/khong-co"):
        assert browser.get(f"{ADDRESS}/{where}").status_code == 404
        assert browser.post(f"{ADDRESS}/{where}", data=WHY).status_code == 404


def test_only_the_commune_corrects_by_a_list(work: Field, login_as: Any) -> None:
    shown = bring(login_as("supervisor"), [["Mã hộ", "Địa chỉ"], [f"{VILLAGE}-001", "Số 1"]])
    assert login_as("supervisor-2").get(seen_at(shown)).status_code == 404
    for name, status in (("province", 403), ("admin", 403), ("enumerator", 403), ("supervisor-other", 404)):
        assert login_as(name).get(ADDRESS).status_code == status, name
        assert login_as(name).get(f"{ADDRESS}/register.xlsx").status_code == status, name
    assert login_as("supervisor").get(f"/desk/{OTHER_COMMUNE}/corrections").status_code == 404
