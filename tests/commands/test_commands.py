"""The commands that keep a server, as its keeper types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from models import Account, AuditEvent, FormVersion, ServerState
from survey.accounts.accounts import find_account, password_matches
from survey.operations.keys import secret
from survey.xlsform.compile import compile_workbook
from tests.interviews import SOURCE, entry, push

SECOND = "--second", "province"
QUESTIONNAIRE = Path(__file__).parents[2] / "survey" / "form" / "questionnaires" / "ra_soat_ho.md"


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


def test_migrating_twice_is_harmless(app: Flask) -> None:
    assert run(app, "migrate")[0] == 0
    assert run(app, "migrate")[0] == 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://ai:matkhau@127.0.0.1:1/x", "Không mở được cơ sở dữ liệu: postgresql://ai:***@127.0.0.1:1/x"),
        ("sqlite:////khong-co/so-ho.sqlite3", "Không mở được cơ sở dữ liệu"),
        ("khong-phai-dia-chi", "DATABASE_URL"),
        ("khong-co://ai:matkhau@x/y", "DATABASE_URL"),
    ],
)
@pytest.mark.parametrize("command", ["migrate", "rebuild"])
def test_a_database_that_cannot_be_opened_is_said_without_its_password(
    tmp_path: Path, url: str, said: str, command: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        app = create_app({"INSTANCE": tmp_path, "DATABASE_URL": url})
        raise SystemExit(run(app, command)[1])
    assert said in str(ended.value)
    assert "matkhau" not in str(ended.value)


def test_a_crash_while_a_secret_is_made_leaves_no_half_of_it(tmp_path: Path) -> None:
    def crash() -> bytes:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        secret(tmp_path / "a.key", crash)
    assert secret(tmp_path / "a.key", lambda: b"whole") == b"whole"
    assert secret(tmp_path / "a.key", lambda: b"another") == b"whole"
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("a.key", 0o600)]


def test_an_account_is_added_and_its_password_changed(app: Flask, session: Any) -> None:
    words = ["account", "add", "Can-Bo", "--role", "supervisor", "--name", "Cán bộ", "--place", "03664"]
    code, said = run(app, *words, "--password", "chiều nay nắng to")
    assert (code, said) == (0, "can-bo: Cán bộ phụ trách xã, phường\n")
    assert run(app, *words, "--password", "chiều nay nắng to")[0] != 0
    assert run(app, "account", "password", "can-bo", "--password", "một câu khác hẳn")[0] == 0
    session.rollback()
    account = find_account(session, "can-bo")
    assert isinstance(account, Account)
    assert password_matches(account.password_hash, "một câu khác hẳn")
    assert account.session_epoch == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--role", "supervisor", "--password", "ngắn", "--place", "03664"], "ít nhất 12 ký tự"),
        (["--role", "supervisor", "--password", "chiều nay nắng to"], "commune"),
        (["--role", "province", "--password", "chiều nay nắng to", "--place", "03664"], "province"),
        (["--role", "vua", "--password", "chiều nay nắng to"], "vua"),
        (["--role", "admin", "--password", "chiều nay \udcff nắng"], "ký tự không giữ được"),
        (["--role", "admin", "--password", "chiều nay nắng to", "--name", " "], "a person's name"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_the_reason(app: Flask, words: list[str], said: str) -> None:
    code, output = run(app, "account", "add", "ai-do", "--name", "Ai đó", *words)
    assert code != 0
    assert said in output


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 61, "a\x00b", "a\udcffb"])
def test_a_name_that_nobody_could_sign_in_with_makes_no_account(app: Flask, name: str) -> None:
    code, said = run(
        app, "account", "add", name, "--role", "admin", "--name", "Ai đó", "--password", "chiều nay nắng to"
    )
    assert (code, said.startswith("Error: an account needs a name")) == (1, True), said


@pytest.mark.parametrize(
    ("title", "year", "opens", "closes", "said"),
    [
        ("Đợt", "2027", "2027-12-14", "2027-09-01", "ngày kết thúc"),
        (" ", "2027", "2027-09-01", "2027-12-14", "cần có tên"),
        ("Đợt", "99999999999999999999", "2027-09-01", "2027-12-14", "2020<=x<=2100"),
    ],
)
def test_a_round_that_cannot_be_is_refused_with_the_reason(
    app: Flask, small_round: str, title: str, year: str, opens: str, closes: str, said: str
) -> None:
    assert small_round
    days = ["--opens", opens, "--closes", closes]
    words = ["round", "open", title, "--form", "phieu_thu", "--version", "1", "--year", year, *days]
    code, output = run(app, *words)
    assert code != 0
    assert said in output


def test_data_files_cannot_be_written_into_a_folder_that_cannot_be_made(app: Flask, small_round: str) -> None:
    assert small_round
    code, said = run(app, "export", "csv", "/proc/so-ho")
    assert (code, said) == (1, "Error: /proc/so-ho: No such file or directory\n")


def test_an_unknown_account_is_named(app: Flask) -> None:
    code, said = run(app, "account", "password", "khong-co", "--password", "chiều nay nắng to")
    assert (code, said) == (1, "Error: Không có tài khoản khong-co.\n")


def test_a_questionnaire_is_published_once_and_never_changes(app: Flask, session: Any, tmp_path: Path) -> None:
    assert run(app, "form", "publish", str(QUESTIONNAIRE), *SECOND)[0] == 0
    assert run(app, "form", "publish", str(QUESTIONNAIRE))[0] == 0  # there already: nobody is needed
    session.rollback()
    stored = session.scalars(select(FormVersion)).one()
    assert (stored.form_id, stored.source) == ("ra_soat_ho", QUESTIONNAIRE.read_text(encoding="utf-8"))
    small = tmp_path / "phieu.md"
    small.write_text(SOURCE, encoding="utf-8")
    assert run(app, "form", "publish", str(small), *SECOND)[0] == 0
    small.write_text(SOURCE.replace("Điểm B1", "Điểm khác"), encoding="utf-8")
    code, said = run(app, "form", "publish", str(small))
    assert code == 1
    assert "hãy đổi số phiên bản" in said


def test_a_round_is_opened_and_says_what_stands_in_the_way_of_closing(
    app: Flask, small_round: str, login_as: Any
) -> None:
    push(login_as("enumerator"), entry())
    code, said = run(app, "round", "close")
    assert code == 1
    assert "  4 hộ chưa đến\n  1 hộ đã nhận, chờ duyệt" in said
    days = ["--opens", "2026-09-01", "--closes", "2026-12-14", "--form", "phieu_thu"]
    again = run(app, "round", "open", "Lại", "--year", "2026", "--version", "1", *days)
    assert (again[0], "đang mở" in again[1]) == (1, True)
    assert run(app, "round", "open", "Năm sau", "--year", "2027", "--version", "1", *days)[0] == 0
    assert "Chưa công bố" in run(app, "round", "open", "Sai", "--year", "2028", "--version", "9", *days)[1]
    assert "hãy nêu mã đợt" in run(app, "round", "close")[1]


def test_rebuilding_says_how_many_were_read(app: Flask, small_round: str, login_as: Any) -> None:
    push(login_as("enumerator"), entry(), entry("ho-2"))
    assert run(app, "rebuild") == (0, "2 phiếu đã tính lại.\n")


def test_after_a_restore_phones_see_another_generation_and_keep_their_receipts(
    app: Flask, small_round: str, session: Any, login_as: Any
) -> None:
    browser, sent = login_as("enumerator"), entry()
    [before] = push(browser, sent)
    generation = browser.get("/api/v1/hello").json["generation"]
    assert run(app, "restored")[0] == 0
    assert browser.get("/api/v1/hello").json["generation"] != generation
    assert push(browser, sent) == [before]
    assert session.get_one(ServerState, "generation").value != generation


def test_a_questionnaire_is_added_listed_published_retired_and_given_back(
    app: Flask, small_round: str, session: Any, tmp_path: Path
) -> None:
    workbook = tmp_path / "phieu.md"
    workbook.write_text(SOURCE.replace("phieu_thu | 1 |", "phieu_thu | 2 |"), encoding="utf-8")
    picture = tmp_path / "anh.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n0000")
    code, said = run(app, "form", "add", str(workbook), "--attach", str(picture))
    assert (code, "không có lỗi" in said, "anh.png" in said) == (0, True, True), said
    draft_id = said.split("\n")[-2].split()[0]
    assert f"phieu_thu 2\tBản nháp\t0 lỗi\t{draft_id}\n" in run(app, "form", "list")[1]
    code, said = run(app, "form", "publish", draft_id)
    shown = compile_workbook(workbook.read_text(encoding="utf-8")).hash
    assert (code, "Hai người cùng công bố" in said, shown in said) == (1, True, True)
    for nobody in ("khong-co", "supervisor"):
        code, said = run(app, "form", "publish", draft_id, "--second", nobody)
        assert (code, "không phải tài khoản được công bố" in said) == (1, True)
    assert run(app, "form", "publish", draft_id, *SECOND)[0] == 0
    session.rollback()
    done = session.scalars(select(AuditEvent).where(AuditEvent.verb == "form_published")).one()
    officer = session.scalar(select(Account.id).where(Account.username == "province"))
    assert (done.account_id, done.detail["second"]) == (None, officer)
    assert session.get_one(FormVersion, ("phieu_thu", "2")).published_by == officer
    session.rollback()
    assert "phieu_thu 2\tĐã công bố\t0 phiếu\t–\n" in run(app, "form", "list")[1]
    assert "Không có tệp hay bản nháp" in run(app, "form", "publish", draft_id)[1]
    code, said = run(app, "form", "retire", "phieu_thu", "1")
    assert (code, "--instead" in said) == (1, True)
    code, said = run(app, "form", "retire", "phieu_thu", "1", "--instead", "2")
    assert (code, "Rà soát định kỳ 2026: dùng phieu_thu 2" in said) == (0, True)
    assert "phieu_thu 1\tThôi dùng" in run(app, "form", "list")[1]
    days = ["--opens", "2027-09-01", "--closes", "2027-12-14", "--form", "phieu_thu"]
    assert "đã thôi dùng" in run(app, "round", "open", "X", "--year", "2027", "--version", "1", *days)[1]
    assert "đã thôi dùng" in run(app, "round", "move", "1")[1]
    assert run(app, "form", "source", "phieu_thu", "2")[1] == workbook.read_text(encoding="utf-8")
    folder = tmp_path / "ra"
    assert run(app, "form", "source", "phieu_thu", "2", "--xlsx", "--to", str(folder))[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["anh.png", "phieu_thu-2.xlsx"]
    again = run(app, "form", "source", "phieu_thu", "2", "--xlsx", "--to", str(folder))
    assert (again[0], "Hãy chọn thư mục khác" in again[1]) == (1, True)
    assert "Chưa công bố phieu_thu 9" in run(app, "form", "source", "phieu_thu", "9")[1]


def test_a_workbook_with_faults_is_kept_as_a_draft_and_said_whole(app: Flask, tmp_path: Path) -> None:
    workbook = tmp_path / "phieu.md"
    workbook.write_text(SOURCE.replace("select_one co_khong", "select_one khong_co"), encoding="utf-8")
    code, said = run(app, "form", "add", str(workbook))
    assert (code, said.count("tờ survey, dòng"), "chưa công bố được" in said) == (0, 2, True), said
    code, said = run(app, "form", "publish", str(workbook))
    assert (code, "2 lỗi, chưa công bố được" in said) == (1, True)
    (tmp_path / "phieu.xlsx").write_bytes(b"khong phai")
    assert "không mở được" in run(app, "form", "add", str(tmp_path / "phieu.xlsx"))[1]


def test_a_round_is_moved_to_another_version_of_its_questionnaire(app: Flask, small_round: str, tmp_path: Path) -> None:
    workbook = tmp_path / "phieu.md"
    workbook.write_text(SOURCE.replace("phieu_thu | 1 |", "phieu_thu | 2 |"), encoding="utf-8")
    assert run(app, "form", "publish", str(workbook), *SECOND)[0] == 0
    assert run(app, "round", "move", "2") == (0, "Rà soát định kỳ 2026: dùng phieu_thu 2.\n")
    assert "Chưa công bố" in run(app, "round", "move", "9")[1]
    assert "Không có đợt" in run(app, "round", "move", "2", "khong-co")[1]


SMALL = """| survey |
| | type | name | label | calculation |
| | integer | a | A | |
| | calculate | b | | ${a} * 2 |
"""


@pytest.mark.parametrize(
    ("answers", "found", "code"),
    [
        ('{"a": 1}', ["2"], 0),
        ('[{"a": 1}, {"a": 4}]', ["2", "8"], 0),
        ('{"a": 1}\n\n{"a": 4}\n', ["2", "8"], 0),
        ('{"a": "\u2028"}\r\n{"a": 4}', ["", "8"], 0),
        ('{"a": 1}\n{"a": \n{"a": 4}', ["2", 2, "8"], 1),
        ("[]", [], 0),
    ],
)
def test_many_households_are_evaluated_with_one_start(
    app: Flask, tmp_path: Path, answers: str, found: list[Any], code: int
) -> None:
    (tmp_path / "f.md").write_text(SMALL)
    (tmp_path / "a.json").write_text(answers, newline="")
    ended, said = run(app, "form", "evaluate", str(tmp_path / "f.md"), str(tmp_path / "a.json"))
    rows = [json.loads(line) for line in said.splitlines()]
    assert ended == code
    assert [row["line"] if "error" in row else str(row["values"].get("b", "")) for row in rows] == found


def test_answers_that_are_no_json_are_refused_in_one_sentence(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "f.md").write_text(SMALL)
    for text in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        (tmp_path / "a.json").write_bytes(text)
        code, said = run(app, "form", "evaluate", str(tmp_path / "f.md"), str(tmp_path / "a.json"))
        assert code == 1 and "this is not JSON" in said and "Traceback" not in said
