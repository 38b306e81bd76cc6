"""A list that corrects the register, at the server's terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from models import Job
from survey.corrections import police_list
from tests.commands.test_households import ONE, TWO, WHERE, WHY, events, register, told
from tests.corrections.test_corrections import COLUMNS, PEOPLE, VI
from tests.corrections.test_corrections import register as people
from tests.register.sheets import workbook
from tests.review.test_review_and_rebuild import snapshot
from tests.world import COMMUNE, OTHER_COMMUNE

__all__ = ["people"]
pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sua.xlsx"


def put(file: Path, *rows: list[Any]) -> str:
    file.write_bytes(workbook({"DS": rows}))
    return str(file)


def test_the_register_is_exported_changed_tried_written_and_undone(app: Flask, session: Session, file: Path) -> None:
    assert register(app, "export", str(file), *WHERE)[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    book = load_workbook(file)
    sheet: Any = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(VI.values())
    assert sheet.max_row == 1 + sum(len(people) or 1 for people in PEOPLE.values())
    code, said = told(app, "correct-list", str(file), *WHERE, *WHY, "--dry-run")
    assert (code, said["rule"], said["counts"]["households"], said["corrections"]) == (0, None, 0, [])
    sheet.cell(2, COLUMNS.index("address") + 1).value = "Số 7"
    sheet.cell(3, COLUMNS.index("number") + 1).value = "014184000002"
    book.save(file)
    before, known = snapshot(session), len(events(session))
    code, said = told(app, "correct-list", str(file), *WHERE, *WHY, "--dry-run")
    assert (code, said["done"], said["counts"]["asked"], said["counts"]["of_address"]) == (0, False, 1, 1)
    [one] = said["corrections"]
    assert (one["code"], one["household"]) == (ONE, {"address": ["Cạnh suối", "Số 7"]})
    assert one["written"][0]["changed"][0]["changes"] == {"address": [None, "Số 7"]}
    assert (snapshot(session), len(events(session))) == (before, known)
    code, said = told(app, "correct-list", str(file), *WHERE, "--reason", "họp thôn")
    assert (code, said["rule"], len(events(session))) == (1, "list_asks", known)  # nobody asks
    code, said = told(app, "correct-list", str(file), *WHERE, *WHY)
    assert (code, said["result"]["corrected"], said["result"]["left_out"]) == (0, 1, [])
    assert (events(session)[-1].payload["list"]["job"], len(events(session))) == (said["job"], known + 1)
    assert len(told(app, "request", "list", *WHERE)[1]) == 1
    job = session.get_one(Job, said["job"])
    assert (job.kind, job.state, job.commune_id) == ("correct_by_list", "done", COMMUNE)
    assert register(app, "verify", *WHERE)[0] == 0
    code, tried = told(app, "undo-list", said["job"], "--dry-run", "--by", "supervisor")
    assert (code, tried["done"], tried["can"], tried["asked"], tried["blocked"]) == (0, False, 1, 1, [])
    code, undone = told(app, "undo-list", said["job"], *WHY)
    assert (code, undone["result"]["undone"]) == (0, 1)
    assert told(app, "request", "list", *WHERE)[1] == []
    session.rollback()
    assert snapshot(session)["household"] == before["household"]
    assert told(app, "undo-list", said["job"], *WHY)[1]["undone"] == 1


def test_faults_are_counted_by_kind_and_nothing_is_written(app: Flask, session: Session, file: Path) -> None:
    known = len(events(session))
    rows = [[ONE, "Số 1"], [TWO, "Số 2"], [ONE, "Số 3"], ["03757-01-998", "Số 4"], ["03757-01-999", "Số 5"]]
    path = put(file, ["Mã hộ", "Địa chỉ"], *rows)
    code, said = told(app, "correct-list", path, *WHERE, *WHY)
    assert (code, said["rule"], said["faults"]) == (1, "list_mistakes", {"no_such_code": 2, "corrected_otherwise": 1})
    assert len(events(session)) == known
    code, words = register(app, "correct-list", path, *WHERE, *WHY)
    assert code == 1
    assert "2 × dòng có mã mà không hộ nào có" in words


def test_what_is_in_doubt_is_answered(app: Flask, file: Path) -> None:
    path = put(file, ["Mã hộ", "Phân loại"], [ONE, "khá giả"])
    code, said = told(app, "correct-list", path, *WHERE, *WHY)
    assert (code, said["rule"], said["questions"][0]["id"]) == (1, "list_questions", "word_class:kha-gia")
    answers = ("--answer", "word_class:kha-gia=khong_ngheo")
    assert told(app, "correct-list", path, *WHERE, *WHY, *answers)[1]["result"]["corrected"] == 1
    assert told(app, "correct-list", path, *WHERE, *WHY)[1]["counts"]["unchanged"] == 1  # the word is remembered


@pytest.mark.parametrize("who", ["province", "admin", "supervisor-other", "niemand"])
def test_who_may_not_is_refused(app: Flask, session: Session, file: Path, who: str) -> None:
    known, path = len(events(session)), put(file, ["Mã hộ", "Địa chỉ"], [ONE, "Số 1"])
    assert register(app, "correct-list", path, *WHERE, "--reason", "x", "--by", who)[0] == 1
    assert len(events(session)) == known


def test_bad_words_are_told(app: Flask, file: Path) -> None:
    path = put(file, ["Mã hộ", "Địa chỉ"], [ONE, "Số 1"])
    assert told(app, "correct-list", path, *WHERE)[1]["rule"] == "register_reason_needed"
    assert register(app, "correct-list", path, "--commune", "99999")[0] == 1
    assert register(app, "correct-list", path, "--commune", OTHER_COMMUNE, "--dry-run")[0] == 1  # no household there
    assert register(app, "export", str(file.with_suffix(".pdf")), *WHERE)[0] == 1
    assert register(app, "undo-list", "khong-co", *WHY)[0] == 1


def test_the_list_for_the_police_goes_out_and_its_differences_become_requests(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "cong-an.xlsx"
    assert register(app, "police-list", *WHERE, "--out", str(path))[0] == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert register(app, "police-list", *WHERE, "--out", str(tmp_path / "a.pdf"))[0] == 1
    book = load_workbook(path)
    sheet: Any = book.worksheets[0]
    names = list(police_list.HEADINGS)
    sheet.cell(5, names.index("right_number") + 1).value = "014184000002"
    sheet.cell(6, names.index("right_birth") + 1).value = "31/02/2011"
    book.save(path)
    by = ("--by", "supervisor")
    code, said = told(app, "police-check", str(path), *WHERE, *by, "--dry-run")
    assert (code, said["done"], said["counts"]["differs"], len(said["mistakes"])) == (1, False, 1, 1)
    assert said["differs"][0]["fields"] == {"number": ["", "", "014184000002"]}
    assert told(app, "request", "list", *WHERE)[1] == []
    code, said = told(app, "police-check", str(path), *WHERE, *by)
    assert (code, said["result"]) == (0, {"asked": 1, "left_out": []})
    code, said = told(app, "police-check", str(path), *WHERE, *by)
    assert (said["result"], said["counts"]["waiting"]) == (None, 1)
    assert len(told(app, "request", "list", *WHERE)[1]) == 1
    code, words = register(app, "police-check", str(path), *WHERE, "--by", "province")
    assert (code, "forbidden" in words) == (1, True)
    code, said = told(app, "police-check", str(path), "--commune", OTHER_COMMUNE, "--by", "supervisor-other")
    assert (code, said["result"], len(said["mistakes"])) == (1, None, 1)
