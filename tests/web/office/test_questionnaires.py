"""Questionnaires on pages: whatever is uploaded is answered in a sentence, and only what is whole is published."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from models import AuditEvent, FormDraft, FormDraftFile, FormVersion, Round, StoredFile, SubmissionStatus
from survey.questionnaires.form_files import MOST_FILES, GivenFile, Refused, check_files
from survey.questionnaires.published import publish
from survey.rounds import rounds
from survey.terms import B1Method
from survey.xlsform.compile import compile_workbook
from survey.xlsform.sheets import read_sheets, write_xlsx
from tests.interviews import ANSWERS, SOURCE, entry, push, small_form
from tests.poverty.households import BESIDE, QUESTIONNAIRES
from tests.world import COMMUNE, NOW

NEXT = SOURCE.replace("phieu_thu | 1 |", "phieu_thu | 2 |").replace(". <= 500", ". <= 600")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 60
PLAIN = """
| settings |
| | form_title | form_id | version |
| | Phiếu riêng của tỉnh | phieu_rieng | 1 |
| survey |
| | type | name | label |
| | text | ten | Họ tên |
| | integer | so | Số con trâu |
"""


def upload(browser: Any, source: tuple[str, bytes | str] | None, *files: tuple[str, bytes], to: str = "new") -> Any:
    """Send a workbook and files as the page does."""
    parts = [("files", name, content) for name, content in files]
    if source is not None:
        parts.append(("source", source[0], source[1].encode() if isinstance(source[1], str) else source[1]))
    return send_files(browser, f"/questionnaires/{to}", *parts)


def send_files(browser: Any, address: str, *parts: tuple[str, str, bytes]) -> Any:
    """Post files, each as (field, name, content)."""
    data = MultiDict([(field, FileStorage(io.BytesIO(content), name)) for field, name, content in parts])
    boundary, body = encode_multipart(data)
    return browser.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def drafted(browser: Any, source: str = NEXT, *files: tuple[str, bytes]) -> str:
    """The address of a draft."""
    answer = upload(browser, ("phieu.md", source), *files)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def published(browser: Any, source: str = NEXT, *files: tuple[str, bytes]) -> str:
    """The address of a version that two people published; `browser`: as of `office`."""
    answer = publish_by_two(browser, browser.second, drafted(browser, source, *files))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def publish_by_two(first: Any, second: Any, draft: str) -> Any:
    """One proposes a draft, another confirms what the page shows; the answer to the second."""
    proposed = first.post(draft + "/propose")
    return second.post(draft + "/publish", data=seen(second, draft)) if proposed.status_code == 303 else proposed


def seen(browser: Any, draft: str) -> dict[str, str]:
    """What the page of a draft lets its second person send."""
    found = re.search(r'name="seen" type="hidden" value="([^"]+)"', browser.get(draft).text)
    assert found is not None
    return {"seen": found[1], "looked": "y"}


@pytest.fixture
def office(login_as: Callable[[str], Any], small_round: str) -> Any:
    """An officer of the province; `second`: who confirms what she proposes."""
    browser = login_as("province")
    browser.second = login_as("admin")
    return browser


def test_a_workbook_is_uploaded_checked_published_and_reaches_phones(office: Any, session: Any, login_as: Any) -> None:
    address = drafted(office)
    page = office.get(address).text
    assert "Kiểm tra không thấy lỗi" in page
    assert "Khác gì so với phiên bản 1" in page
    assert ". &lt;= 600" in page
    version = publish_by_two(office, office.second, address).location
    assert version == "/questionnaires/forms/phieu_thu/2"
    assert "Đã công bố phieu_thu 2" in office.second.get(version).text
    assert office.get(address).status_code == 404
    bundle = login_as("enumerator").get("/api/v1/forms/phieu_thu/2").json
    assert (bundle["version"], bundle["hash"]) == ("2", compile_workbook(NEXT).hash)
    session.rollback()
    verbs = list(session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.like("form_%")).order_by(AuditEvent.at)))
    assert sorted(verbs) == ["form_proposed", "form_published", "form_uploaded"]


def test_all_faults_are_listed_at_once_and_such_a_draft_is_kept_but_never_published(office: Any, session: Any) -> None:
    broken = NEXT.replace("select_one co_khong", "select_one khong_co").replace("| 2 | Tiếng", "| 2/3 | Tiếng")
    address = drafted(office, broken)
    page = office.get(address).text
    assert page.count("khong_co") >= 2
    assert "chưa công bố được" in page
    answer = office.post(address + "/propose")
    assert (answer.status_code, "Phiếu này chưa công bố được" in answer.text) == (409, True)
    assert office.get(address + "/preview.json").status_code == 409
    mended = upload(office, ("phieu.md", NEXT), to=address.removeprefix("/questionnaires/"))
    assert mended.status_code == 303
    assert publish_by_two(office, office.second, address).status_code == 303


def test_a_version_that_cannot_stand_in_an_address_is_a_fault(office: Any) -> None:
    for wrong in ("| 2/3 | Tiếng", "|  | Tiếng", "| hai ba | Tiếng", f"| {'9' * 70} | Tiếng"):
        page = office.get(drafted(office, NEXT.replace("| 2 | Tiếng", wrong))).text
        assert "Phiếu cần số phiên bản" in page


def test_other_content_under_a_published_version_is_refused_with_the_next_step(office: Any) -> None:
    other = SOURCE.replace("Điểm B1", "Điểm khác")
    page = office.get(drafted(office, other)).text
    assert "Phiên bản 1 đã công bố với nội dung khác. Hãy nâng số phiên bản, ví dụ 2." in page


def test_the_same_content_published_again_is_the_same(office: Any, session: Any) -> None:
    assert published(office) == published(office)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FormVersion)) == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("phieu.xlsx", b"khong phai zip", "không mở được như sổ tính Excel"),
        ("phieu.xlsx", b"PK\x03\x04" + b"0" * 50, "không mở được như sổ tính Excel"),
        ("phieu.md", b"\xff\xfe\x00\x01", "không phải văn bản UTF-8"),
        ("phieu.docx", b"abc", "phiếu phải là tệp .xlsx, .csv hoặc .md"),
        ("phieu", b"abc", "phiếu phải là tệp .xlsx, .csv hoặc .md"),
        ("phieu.md", b"", "tệp trống"),
        ("phieu.md", b"| survey |" + b" " * (4 * 1024 * 1024), "tệp lớn hơn 4 MB"),
    ],
)
def test_what_is_no_workbook_is_refused_and_nothing_is_kept(
    office: Any, session: Any, name: str, content: bytes, said: str
) -> None:
    answer = upload(office, (name, content))
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FormDraft)) == 0
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


@pytest.mark.thorough
def test_a_zip_bomb_is_refused_before_it_is_unpacked(office: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000_000)
    answer = upload(office, ("phieu.xlsx", bomb.getvalue()))
    assert (answer.status_code, "không mở được" in answer.text) == (422, True)


def test_a_workbook_damaged_inside_is_refused_with_a_sentence(office: Any) -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<sheetData/>")
    damaged = stored.getvalue().replace(b"<sheetData", b"!sheetData")
    answer = upload(office, ("phieu.xlsx", damaged))
    assert (answer.status_code, "không mở được" in answer.text) == (422, True)


def test_a_table_is_counted_whichever_character_ends_its_lines() -> None:
    for end in (b"\n", b"\r", b"\r\n"):
        with pytest.raises(Refused, match="long_table"):
            check_files([GivenFile("dai.csv", b"a" + end + (b"1" + end) * 60_000)])


@pytest.mark.thorough
def test_a_hundred_thousand_rows_are_refused_at_once(office: Any) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("survey")
    sheet.append(["type", "name", "label"])
    for number in range(20_000):
        sheet.append(["text", f"q{number}", "=1+1"])
    written = io.BytesIO()
    book.save(written)
    markdown = "| survey |\n| | type | name | label |\n" + "| | text | a | A |\n" * 100_000
    for name, content in (("phieu.xlsx", written.getvalue()), ("phieu.md", markdown.encode())):
        answer = upload(office, (name, content))
        assert (answer.status_code, "nhiều hơn 10000 dòng" in answer.text) == (422, True), answer.text


NOTHING_ASKED = [b"", b"| settings |\n", b"a,b,c\n1,2,3\n", b"| survey |\n| | type |\n", b"|" * 3000]


@pytest.mark.parametrize("content", NOTHING_ASKED)
def test_a_workbook_that_asks_nothing_becomes_a_draft_with_faults(office: Any, content: bytes) -> None:
    book = io.BytesIO()
    Workbook().save(book)
    for name, data in (("a.md", content or b"\n"), ("a.csv", content or b"\n"), ("a.xlsx", book.getvalue())):
        answer = upload(office, (name, data))
        assert answer.status_code == 303, (name, answer.text)
        assert "chưa công bố được" in office.get(answer.location).text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("anh.png", b"<script>")], "anh.png: nội dung không phải tệp .png"),
        ([("anh.jpg", PNG)], "anh.jpg: nội dung không phải tệp .jpg"),
        ([("a.csv", b"a,b\n"), ("A.csv", b"c,d\n")], "có hai tệp cùng tên"),
        ([("../a.csv", b"a,b\n")], "tên tệp này không dùng được"),
        ([("..", b"a,b\n")], "tên tệp này không dùng được"),
        ([("a/../../b.csv", b"a,b\n")], "tên tệp này không dùng được"),
        ([("a" * 200 + ".csv", b"a,b\n")], "tên tệp này không dùng được"),
        ([("trang.html", b"<p>")], "loại tệp này không đính kèm được"),
        ([("a.csv", b"a,b\n" * 50_002)], "quá dài cho điện thoại"),
        ([("a.csv", b"\xff\xfe")], "nội dung không phải tệp .csv"),
        ([("to.mp3", b"ID3" + b"0" * (8 * 1024 * 1024))], "tệp lớn hơn 8 MB"),
        ([(f"a{number}.csv", b"a\n") for number in range(200)], f"Nhiều hơn {MOST_FILES} tệp"),
    ],
    ids=[
        "no-image", "png-as-jpg", "same-name", "up", "dots", "up-twice", "long", "html", "long-table", "csv", "large",
        "200",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_kept_is_named_and_nothing_is_kept(
    office: Any, session: Any, files: list[tuple[str, bytes]], said: str
) -> None:
    answer = upload(office, ("phieu.md", NEXT), *files)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text[-2000:]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FormDraft)) == 0


def test_more_than_can_be_sent_at_once_is_said_so(office: Any) -> None:
    many = [(f"a{number}.mp3", b"ID3" + b"0" * (7 * 1024 * 1024)) for number in range(6)]
    answer = upload(office, ("phieu.md", NEXT), *many)
    assert answer.status_code in (413, 422)
    assert "quá lớn" in answer.text or "lớn hơn" in answer.text


def test_files_of_a_draft_are_added_replaced_and_taken_away(office: Any, session: Any) -> None:
    address = drafted(office, NEXT, ("anh.png", PNG))
    assert "Tệp anh.png có đính kèm nhưng phiếu không dùng đến" in office.get(address).text
    assert office.get(address + "/files/anh.png").data == PNG
    inside = address.removeprefix("/questionnaires/")
    assert upload(office, None, ("anh.png", PNG + b"1"), ("b.csv", b"a\n1\n"), to=inside).status_code == 303
    assert office.get(address + "/files/anh.png").data == PNG + b"1"
    assert office.post(address, data={"without": ["anh.png"]}).status_code == 303
    session.rollback()
    assert list(session.scalars(select(FormDraftFile.name))) == ["b.csv"]
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 2  # the workbook and b.csv, nothing more
    refused = upload(office, None, ("c.exe", b"MZ"), to=inside)
    assert (refused.status_code, "c.exe" in refused.text) == (422, True)
    assert office.post(address + "/delete").status_code == 303
    session.rollback()
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_a_published_file_is_served_to_phones_for_good(office: Any, login_as: Any) -> None:
    published(office, NEXT, ("ảnh nhà.png", PNG))
    phone = login_as("enumerator")
    address = "/api/v1/forms/phieu_thu/2/files/ảnh nhà.png"
    answer = phone.get(address)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-So-Ho"] == "1"
    tag = answer.headers["ETag"]
    assert phone.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert phone.get("/api/v1/forms/phieu_thu/2/files/khac.png").status_code == 404
    assert phone.get("/api/v1/forms/phieu_thu/1/files/ảnh nhà.png").status_code == 404


def test_the_source_comes_back_as_given_and_as_xlsx(office: Any, login_as: Any) -> None:
    address = published(office, NEXT, ("a.csv", b"a,b\n1,2\n"))
    reader = login_as("supervisor")
    given = reader.get(address + "/source")
    assert (given.data, "phieu.md" in given.headers["Content-Disposition"]) == (NEXT.encode(), True)
    assert compile_workbook(reader.get(address + "/source.xlsx").data).hash == compile_workbook(NEXT).hash
    assert reader.get(address + "/files/a.csv").data == b"a,b\n1,2\n"
    old = "/questionnaires/forms/phieu_thu/1"  # published before files were kept
    assert reader.get(old + "/source").data == SOURCE.encode()
    assert compile_workbook(reader.get(old + "/source.xlsx").data).hash == small_form().hash
    book = write_xlsx(read_sheets(NEXT.replace("| 2 | Tiếng", "| 3 | Tiếng").encode()))
    draft = upload(office, ("phiếu năm sau.xlsx", book)).location
    version = publish_by_two(office, office.second, draft).location
    assert reader.get(version + "/source").data == reader.get(version + "/source.xlsx").data == book


def test_a_supervisor_looks_and_downloads_but_changes_nothing(office: Any, login_as: Any) -> None:
    address, supervisor = drafted(office), login_as("supervisor")
    for path in ("", "/preview", "/preview.json", "/source"):
        assert supervisor.get(address + path).status_code == 200, path
    page = supervisor.get(address).text
    assert "Đề nghị công bố phieu_thu" not in page
    assert "Xoá bản nháp" not in page
    for path in ("", "/propose", "/withdraw", "/publish", "/delete"):
        assert supervisor.post(address + path).status_code == 403
    assert login_as("enumerator").get(address).status_code == 403


def test_the_preview_is_framed_by_our_own_page_only(office: Any, client: Any) -> None:
    address = drafted(office)
    page = office.get(address + "/preview")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "%2Fquestionnaires%2Fdrafts%2F" in page.text
    assert "frame-ancestors 'self'" in client.get("/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/login").headers["Content-Security-Policy"]
    bundle = office.get(address + "/preview.json")
    assert (bundle.json["id"], bundle.headers["Cache-Control"]) == ("phieu_thu", "no-store")
    assert bundle.json["preview"]["files"] == address + "/files/"


def test_a_version_that_an_open_round_uses_is_retired_only_after_another_took_its_place(
    office: Any, login_as: Any, session: Any
) -> None:
    old, new = "/questionnaires/forms/phieu_thu/1", published(office)
    answer = office.post(old + "/retire")
    assert (answer.status_code, "Một đợt đang mở còn dùng phiên bản này" in answer.text) == (409, True)
    admin = login_as("admin")
    round_id = session.scalar(select(Round.id))
    session.rollback()
    assert admin.post(f"/rounds/{round_id}/form", data={"version": "9"}).status_code == 404
    assert office.post(f"/rounds/{round_id}/form", data={"version": "2"}).status_code == 403
    assert admin.post(f"/rounds/{round_id}/form", data={"version": "2"}).status_code == 303
    assert "nay dùng phiên bản 2" in admin.get("/rounds/").text
    phone = login_as("enumerator")
    assert phone.get("/api/v1/hello").json["rounds"][0]["form"]["version"] == "2"
    assert office.post(old + "/retire").status_code == 303
    assert "Thôi dùng" in office.get(old).text
    assert phone.get("/api/v1/forms/phieu_thu/1").status_code == 200  # open interviews go on with it
    assert "phieu_thu 1" not in admin.get("/rounds/new").text
    assert "phieu_thu 2" in admin.get("/rounds/new").text
    back = admin.post(f"/rounds/{round_id}/form", data={"version": "1"})
    assert (back.status_code, "đã thôi dùng" in back.text) == (409, True)
    assert office.post(old + "/restore").status_code == 303
    assert office.get(new).status_code == 200


def test_an_interview_of_the_older_version_is_taken_after_the_round_moved(
    office: Any, login_as: Any, session: Any
) -> None:
    published(office)
    phone = login_as("enumerator")
    login_as("admin").post("/rounds/dot-2026/form", data={"version": "2"})
    office.post("/questionnaires/forms/phieu_thu/1/retire")
    [old] = push(phone, entry("ho-1"))
    [new] = push(phone, entry("ho-2", form={"id": "phieu_thu", "version": "2"}))
    assert (old["outcome"], new["outcome"]) == ("stored", "stored")
    [unknown] = push(phone, entry("ho-3", form={"id": "phieu_thu", "version": "3"}))
    assert (unknown["outcome"], unknown["reason"]["code"]) == ("held", "unknown_form")


def test_an_interview_with_another_questionnaire_than_the_rounds_is_held(office: Any, login_as: Any) -> None:
    published(office, PLAIN)
    sent = entry("ho-1", form={"id": "phieu_rieng", "version": "1"}) | {"answers": {"ten": "A", "so": 1}}
    [held] = push(login_as("enumerator"), sent)
    assert (held["outcome"], held["reason"]["code"]) == ("held", "unknown_form")


def test_a_round_with_a_questionnaire_without_our_outcomes_breaks_no_page(
    office: Any, login_as: Any, session: Any, small_round: str
) -> None:
    form = publish(session, compile_workbook(PLAIN), PLAIN, NOW)
    made = rounds.open_round(
        session, title="Đợt riêng", year=2027, form=form, opens_on=date(2026, 9, 1), closes_on=date(2026, 12, 14),
        b1_method=B1Method.TOTAL, now=NOW,
    )  # fmt: skip
    session.commit()
    sent = entry("ho-1", form={"id": "phieu_rieng", "version": "1"}, round_id=made.id, outcome=None)
    [stored] = push(login_as("enumerator"), sent | {"answers": {"ten": "Lò Văn A", "so": 3}})
    assert stored["outcome"] == "stored", stored
    session.rollback()
    submission_id = session.scalar(select(SubmissionStatus.submission_id))
    supervisor = login_as("supervisor")
    for page in ("", "queue", "households", "report", "exports", "phones", f"records/{submission_id}"):
        answer = supervisor.get(f"/desk/{COMMUNE}/{page}?round={made.id}")
        assert answer.status_code == 200, (page, answer.text[-500:])
    assert "–" in supervisor.get(f"/desk/{COMMUNE}/records/{submission_id}?round={made.id}").text
    for page in ("/desk/", "/desk/report", "/desk/exports", "/rounds/"):
        assert login_as("province").get(f"{page}?round={made.id}").status_code == 200, page
    assert ANSWERS  # the other round is untouched


@pytest.mark.thorough
def test_the_next_version_begins_as_a_copy_under_a_raised_number(office: Any) -> None:
    source = (QUESTIONNAIRES / "ra_soat_ho.md").read_text(encoding="utf-8")
    version = published(office, source, *BESIDE.items())
    draft = office.post(version + "/next").location
    page = office.get(draft).text
    assert "ra_soat_ho 2026.4" in page
    assert "Kiểm tra không thấy lỗi" in page
    assert "Dòng có sửa: 1" in page
    assert office.get(draft + "/files/diem_b1.csv").data == BESIDE["diem_b1.csv"]


def test_a_list_names_versions_rounds_and_records(office: Any, login_as: Any, app: Flask) -> None:
    push(login_as("enumerator"), entry("ho-1"))
    drafted(office)
    page = office.get("/questionnaires/").text
    assert "Rà soát định kỳ 2026" in page
    assert 'data-head="Số phiếu">1<' in page
    assert "Bản nháp" in page
