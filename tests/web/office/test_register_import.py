"""A commune's lists are loaded on a page and by command: looked at first, loaded once confirmed."""

from __future__ import annotations

import json
import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import Account, AuditEvent, Household, Place
from survey.questionnaires.published import publish
from survey.register.places import province_of
from survey.work import FOLDER
from tests.commands.test_commands import run
from tests.poverty.households import household_form
from tests.register.sheets import TITLED, TITLED_MERGED, csv, workbook
from tests.register.test_importing import HOUSEHOLDS, VILLAGES
from tests.working import led
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

ADDRESS = "/register/import/"


def look(browser: Any, households: str = HOUSEHOLDS, commune: str = COMMUNE) -> Any:
    data = {
        "commune": commune,
        "villages": (BytesIO(VILLAGES.encode()), "danh sach.csv"),
        "households": (BytesIO(households.encode()), "ho.csv"),
    }
    return led(browser, browser.post(ADDRESS, data=data))


def confirm(browser: Any, upload: str) -> Any:
    answer = browser.post(f"{ADDRESS}confirm", data={"upload": upload})
    assert answer.status_code == 303
    return led(browser, answer)


def waiting(app: Flask) -> list[Path]:
    """The files that wait to be confirmed."""
    folder = Path(app.config["INSTANCE"]) / FOLDER
    return list(folder.iterdir()) if folder.is_dir() else []


def upload_of(answer: Any) -> str:
    found = re.search(r'name="upload" type="hidden" value="([\w-]+)"', answer.text)
    assert found, answer.text
    return found[1]


def heads(session: Any) -> list[str]:
    session.rollback()
    return sorted(session.scalars(select(Household.base_head_name)))


def test_a_supervisor_sees_what_would_happen_and_loads_it(app: Flask, login_as: Any, session: Any) -> None:
    supervisor = login_as("supervisor")
    seen = look(supervisor)
    assert seen.status_code == 200
    for words in ("Hộ: 3 mới, 0 đã có", "Bản Nà Mẫu", "Quàng Thị Thử", "03757-04-001"):
        assert words in seen.text
    assert heads(session) == []
    assert waiting(app) != []
    assert "Đã thêm 2 thôn, bản và 3 hộ." in confirm(supervisor, upload_of(seen)).text
    assert supervisor.post(f"{ADDRESS}confirm", data={"upload": upload_of(seen)}).status_code == 409  # not twice
    assert heads(session) == ["Cà Văn Nháp", "Lò Văn Mẫu", "Quàng Thị Thử"]
    event = session.scalars(select(AuditEvent).where(AuditEvent.verb == "register.imported")).one()
    assert event.account_id == session.scalar(select(Account.id).where(Account.username == "supervisor"))
    assert waiting(app) == []  # no copy stays behind
    assert "không còn gì để nạp" in look(supervisor).text


def test_what_is_loaded_is_what_was_seen(login_as: Any, session: Any) -> None:
    supervisor = login_as("supervisor")
    first = upload_of(look(supervisor))
    look(supervisor, HOUSEHOLDS + "3,Lò Văn Sau,,Hộ nghèo,\n")
    assert supervisor.post(f"{ADDRESS}confirm", data={"upload": first}).status_code == 409
    assert login_as("supervisor-2").post(f"{ADDRESS}confirm", data={"upload": first}).status_code == 409
    assert heads(session) == []


def test_mistakes_are_told_in_the_readers_language_and_nothing_can_be_confirmed(login_as: Any, session: Any) -> None:
    wrong = HOUSEHOLDS + "3,<b>=,,giàu,\n"
    supervisor = login_as("supervisor")
    seen = look(supervisor, wrong)
    assert seen.status_code == 422
    assert "households.csv, dòng 5, cột class last year: «giàu»" in seen.text
    assert 'name="upload"' not in seen.text
    supervisor.set_cookie("lang", "en")
    assert "households.csv, row 5, column class last year" in look(supervisor, wrong).text
    assert supervisor.post(ADDRESS, data={"commune": COMMUNE}).status_code == 422
    assert heads(session) == []


def test_another_commune_does_not_exist_for_a_supervisor_and_is_chosen_by_an_administrator(login_as: Any) -> None:
    assert look(login_as("supervisor"), commune=OTHER_COMMUNE).status_code == 404
    assert look(login_as("admin"), commune="99999").status_code == 404
    admin = login_as("admin")
    assert "Xã Mường Khiêng (03757)" in admin.get(ADDRESS).text
    assert look(admin).status_code == 200


def test_the_examples_load_as_they_are(login_as: Any) -> None:
    browser = login_as("supervisor-other")
    names = ("villages.csv", "households.csv")
    given = {name: browser.get(ADDRESS + name).data for name in (*names, "members.csv")}
    given["villages.csv"] = given["villages.csv"].replace(b"1,B", b"11,B")  # 1 is taken in this world
    given["households.csv"] = given["households.csv"].replace("Cạnh nhà văn hoá".encode(), b"")  # no form published
    given["households.csv"] = given["households.csv"].replace(b"\n1,", b"\n11,")
    fields = {name.partition(".")[0]: (BytesIO(given[name]), name) for name in names}
    assert led(browser, browser.post(ADDRESS, data=fields | {"commune": OTHER_COMMUNE})).status_code == 200
    assert browser.get(f"{ADDRESS}khac.csv").status_code == 404


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "danh-sach"
    made.mkdir()
    (made / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    (made / "households.csv").write_text(HOUSEHOLDS, encoding="utf-8")
    return made


def test_the_command_tries_loads_and_loads_nothing_twice(app: Flask, session: Any, folder: Path) -> None:
    words = ("register", "import", str(folder), "--commune", COMMUNE)
    code, said = run(app, *words, "--dry-run")
    assert (code, heads(session)) == (0, [])
    assert "hộ: 3 mới, 0 đã có" in said
    assert run(app, *words)[0] == 0
    assert len(heads(session)) == 3
    assert "hộ: 0 mới, 3 đã có" in run(app, *words)[1]
    assert len(heads(session)) == 3


def test_the_command_names_the_mistakes_and_loads_nothing(app: Flask, session: Any, folder: Path) -> None:
    (folder / "households.csv").write_text(HOUSEHOLDS + "77,A,,Hộ nghèo,\n", encoding="utf-8")
    code, said = run(app, "register", "import", str(folder), "--commune", COMMUNE)
    assert (code, heads(session)) == (1, [])
    assert "households.csv, dòng 5, cột village: Không có thôn, bản «77» trong xã, phường này." in said
    assert session.get(Place, "03757-03") is None


def test_a_commune_of_a_province_that_is_not_there_brings_it(app: Flask, session: Any, folder: Path) -> None:
    words = ("register", "import", str(folder), "--commune", "00004")  # Hà Nội
    assert "--region" in run(app, *words)[1]
    assert run(app, *words, "--region", "dong_bang_song_hong", "--dry-run")[0] == 1  # 03757-04 is not in it
    assert "mang mã 99999" in run(app, "register", "import", str(folder), "--commune", "99999")[1]
    (folder / "households.csv").unlink()
    assert run(app, *words, "--region", "dong_bang_song_hong")[0] == 0
    session.rollback()
    assert session.get(Place, "00004-03").parent_id == "00004"
    assert (province_of("03664"), province_of("03667")) == ("14", None)


# --- a list as an office has it -------------------------------------------------------------------------------------


def send(browser: Any, data: bytes, name: str = "C:\\Tai lieu\\danh sách.xlsx", commune: str = COMMUNE) -> Any:
    answer = browser.post(ADDRESS, data={"commune": commune, "households": (BytesIO(data), name)})
    return led(browser, answer)


def proposals(answer: Any) -> dict[str, str]:
    """What the page's form would send when nothing is changed."""
    fields = dict(re.findall(r'name="(q:[^"]+)" value="([^"]+)" checked', answer.text))
    for name, options in re.findall(r'<select name="(q:[^"]+)".*?>(.*?)</select>', answer.text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def test_a_list_is_asked_about_answered_and_loaded(app: Flask, login_as: Any, session: Any) -> None:
    publish(session, household_form(), "", NOW)
    session.commit()
    supervisor = login_as("supervisor")
    seen = send(supervisor, workbook({"DS hộ": TITLED}, TITLED_MERGED))
    assert seen.status_code == 200
    for words in (
        "3 câu cần trả lời trước khi nạp",
        "Bản Mẫu",
        "dòng 9: Lò Văn Thử",
        "27/12/1974",
        "không lấy dòng 1-2, 4, 15-16",
    ):
        assert words in seen.text, words
    assert "C:" not in seen.text
    assert f"{ADDRESS}confirm" not in seen.text
    given = proposals(seen)
    assert given == {"q:village:ban-mau": "new", "q:village:ban-nhap": "new", "q:area": "nong_thon"}
    assert supervisor.post(f"{ADDRESS}confirm", data={"upload": upload_of(seen)}).status_code == 409
    given |= {"upload": upload_of(seen), "q:village:ban-nhap": "03757-01"}
    second = led(supervisor, supervisor.post(f"{ADDRESS}answers", data=given))
    assert (second.status_code, proposals(second)) == (200, {})
    assert supervisor.post(f"{ADDRESS}confirm", data={"upload": upload_of(seen)}).status_code == 409  # seen otherwise
    assert "Đã thêm 1 thôn, bản và 2 hộ." in confirm(supervisor, upload_of(second)).text
    assert heads(session) == ["Lò Văn Thử", "Tòng Văn Cộng"]
    assert {one.village_id for one in session.scalars(select(Household))} == {"03757-01", "03757-03"}
    assert waiting(app) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"\xd0\xcf\x11\xe0" + b"\0" * 600,
            "Đây là tệp Excel đời cũ (.xls). Hãy mở bằng Excel rồi lưu thành tệp .xlsx.",
        ),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "Tệp đang đặt mật khẩu."),
        (b"%PDF-1.4", "Đây là tệp PDF."),
        (b"PK\x03\x04", "Tệp Excel bị hỏng."),
        (b"\x00\x01\x02\x03" * 50, "Đây không phải là tệp Excel (.xlsx) hay CSV."),
        ("Ghi chú\nkhông phải danh sách".encode(), "Không thấy danh sách"),
    ],
)
def test_what_is_no_list_is_refused_with_the_next_step(login_as: Any, session: Any, data: bytes, said: str) -> None:
    seen = send(login_as("supervisor"), data)
    assert (seen.status_code, said in seen.text, 'name="upload"' in seen.text) == (422, True, False)
    assert heads(session) == []


def test_mistakes_are_counted_by_kind_on_the_page(login_as: Any) -> None:
    rows = [
        ["Bản", "Chủ hộ", "Phân loại", "Ngày sinh"],
        ["Nà Ca", "", "HN", "hôm qua"],
        ["Nà Ca", "Lò Văn A", "HN", "mai"],
    ]
    seen = send(login_as("supervisor"), csv(rows), "a.csv")
    assert seen.status_code == 422
    assert "2 ngày sinh không đúng; 1 ô bắt buộc bị trống." in seen.text
    assert "a.csv, dòng 3, cột Ngày sinh: «mai» không phải là ngày sinh" in seen.text


def test_answers_to_nothing_and_of_others_change_nothing(login_as: Any, session: Any) -> None:
    supervisor = login_as("supervisor")
    seen = send(supervisor, csv([["Bản", "Chủ hộ", "Phân loại"], ["Xa", "Lò Văn A", "HN"]]))
    answers = {"upload": upload_of(seen), "q:village:xa": "03664-01", "q:nothing": "x" * 500, "q:area": "<b>"}
    again = led(supervisor, supervisor.post(f"{ADDRESS}answers", data=answers))
    answers["upload"] = upload_of(again)
    assert (again.status_code, "2 câu cần trả lời" in again.text, "<b>" in again.text) == (200, True, False)
    assert login_as("supervisor-2").post(f"{ADDRESS}answers", data=answers).status_code == 409
    assert supervisor.post(f"{ADDRESS}answers", data={}).status_code == 409
    assert heads(session) == []


@pytest.fixture
def office_list(tmp_path: Path) -> Path:
    path = tmp_path / "danh sách hộ.xlsx"
    path.write_bytes(workbook({"DS hộ": TITLED}, TITLED_MERGED))
    return path


def test_the_command_asks_and_loads_once_everything_is_answered(app: Flask, session: Any, office_list: Path) -> None:
    publish(session, household_form(), "", NOW)
    session.commit()
    words = ("register", "import", str(office_list), "--commune", COMMUNE)
    code, said = run(app, *words)
    assert (code, heads(session)) == (1, [])
    assert "[village:ban-mau] Xã, phường này chưa có thôn, bản «Bản Mẫu» (1 hộ). Đó là thôn, bản nào?" in said
    assert "> new: Thôn, bản mới tên này" in said
    assert "Chưa nạp gì: còn 3 câu chưa trả lời." in said
    code, said = run(app, *words, "--dry-run", "--accept-proposals", "--json")
    assert code == 0
    read = json.loads(said)
    assert [(one["head"], one["class"], one["born"]) for one in read["households"]] == [
        ("Lò Văn Thử", "ho_ngheo", "1974-12-27"),
        ("Tòng Văn Cộng", "ho_can_ngheo", "1964-01-24"),
    ]
    assert heads(session) == []
    answer = ("--answer", "village:ban-mau=03757-01", "--accept-proposals")
    code, said = run(app, *words, *answer)
    assert (code, "hộ: 2 mới, 0 đã có" in said) == (0, True)
    assert len(heads(session)) == 2
    assert "hộ: 0 mới, 2 đã có" in run(app, *words, *answer)[1]


def test_the_three_files_may_be_workbooks(app: Flask, session: Any, tmp_path: Path) -> None:
    publish(session, household_form(), "", NOW)
    session.commit()
    folder = tmp_path / "ba tệp"
    folder.mkdir()
    sheets: dict[str, list[list[Any]]] = {
        "villages": [["Số", "Tên thôn, bản", "Loại", "Khu vực"], [3, "Bản Nà Mẫu", "Bản", "Nông thôn"]],
        "households": [["Thôn", "Chủ hộ", "Mã hộ", "Phân loại"], [3, "Lò Văn Mẫu", "M-1", "Hộ nghèo"]],
        "members": [["Mã hộ", "Họ và tên", "Ngày sinh"], ["M-1", "Lò Văn Mẫu", date(1980, 3, 5)]],
    }
    for name, rows in sheets.items():
        (folder / f"{name}.xlsx").write_bytes(workbook({"Sheet1": rows}))
    code, said = run(app, "register", "import", str(folder), "--commune", COMMUNE)
    assert (code, "nhân khẩu của hộ mới: 1" in said, heads(session)) == (0, True, ["Lò Văn Mẫu"])
    answers = session.scalars(select(Household.base_answers)).one()
    assert answers["thanh_vien"][0]["ngay_sinh"] == 5
    (folder / "members.xlsx").write_bytes(b"PK\x03\x04")
    assert "members.csv: Tệp Excel bị hỏng." in run(app, "register", "import", str(folder), "--commune", COMMUNE)[1]


def test_the_command_refuses_an_answer_to_nothing_and_a_folder_of_several_lists(app: Flask, office_list: Path) -> None:
    words = ("register", "import", str(office_list), "--commune", COMMUNE)
    assert "Danh sách không có câu hỏi khac." in run(app, *words, "--answer", "khac=1")[1]
    assert "x không phải là câu trả lời cho area." in run(app, *words, "--answer", "area=x")[1]
    assert "ID=VALUE: area" in run(app, *words, "--answer", "area")[1]
    folder = ("register", "import", str(office_list.parent), "--commune", COMMUNE, "--dry-run")
    assert run(app, *folder)[0] == 0
    (office_list.parent / "b.csv").write_text("a")
    assert "Thư mục có nhiều danh sách" in run(app, *folder)[1]


def test_the_office_adds_words_and_has_them_asked_again(app: Flask, session: Any) -> None:
    publish(session, household_form(), "", NOW)
    session.commit()
    words = ("register", "words", "--commune", COMMUNE)
    assert run(app, *words) == (0, "")
    code, said = run(app, *words, "--set", "relation:Con cầu tự=con", "--set", "class:Thoát nghèo=khong_ngheo")
    assert (code, "relation:con cầu tự=con" in said, said.count("\n")) == (0, True, 2)
    assert run(app, *words, "--forget", "class:THOÁT NGHÈO")[1].count("\n") == 1
    assert "hãy ghi một trong: chu_ho, vo_chong" in run(app, *words, "--set", "relation:a=x")[1]
    assert "class, relation, ethnic, sex" in run(app, *words, "--set", "kin:a=x")[1]
    assert "mang mã 99999" in run(app, "register", "words", "--commune", "99999")[1]


def test_the_command_counts_mistakes_by_kind(app: Flask, session: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [["Bản", "Chủ hộ", "Phân loại", "CCCD"], *(["Nà Ca", f"Lò {at}", "HN", "1"] for at in range(3))]
    path.write_bytes(csv(rows))
    code, said = run(app, "register", "import", str(path), "--commune", COMMUNE, "--accept-proposals")
    assert (code, "3 × số định danh không đúng" in said, heads(session)) == (1, True, [])
