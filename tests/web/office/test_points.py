"""Two different people type a points table; only when they agree does a questionnaire become official."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Assessment, AuditEvent, FormVersion, PointsEntry, PointsTable, Round
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires import points_entry
from survey.questionnaires.points_tables import hash_of, label_of, unfit_tables
from survey.questionnaires.published import Given, publish
from survey.rounds.closing import obstacles
from survey.submissions.derive import rebuild
from survey.terms import Action, B1Method, SourceKind
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.commands.test_commands import run
from tests.poverty.households import BESIDE, QUESTIONNAIRES
from tests.web.desk.field import CASES, FORM, open_field
from tests.web.office.test_questionnaires import publish_by_two, send_files, upload
from tests.working import led

SOURCE = (QUESTIONNAIRES / "ra_soat_ho.md").read_bytes()
TABLE = (QUESTIONNAIRES / "diem_b1.csv").read_bytes()
ROWS = list(csv.DictReader(io.StringIO(TABLE.decode())))
FIGURES = {index: row["points"] for index, row in enumerate(ROWS)}
HEAD = b"item,answer,region,points\n"
START = {"table": "ra_soat_ho 2026.3 diem_b1", "decision": "VBHN 1315/VBHN-BLĐTBXH", "decided_on": "2023-04-14"}


@pytest.fixture
def people(session: Session, login_as: Callable[[str], Any]) -> tuple[Any, Any, Any]:
    """Two officers of the province and an administrator; the questionnaire of the year is published."""
    world.account(session, "province-2", world.Role.PROVINCE, "14")
    given = Given("ra_soat_ho.md", SourceKind.MARKDOWN, SOURCE, BESIDE)
    publish(session, FORM, "", world.NOW, given=given)
    session.commit()
    return login_as("province"), login_as("province-2"), login_as("admin")


def cells(figures: dict[int, str]) -> dict[str, str]:
    return {f"cell-{index}": figure for index, figure in figures.items()}


def started(browser: Any) -> str:
    answer = browser.post("/points/", data=START)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def handed_in(browser: Any, address: str, figures: dict[int, str]) -> None:
    assert browser.post(address + "/begin").status_code == 303
    assert browser.post(address + "/type?item=1", data=cells(figures)).status_code == 303
    assert browser.post(address + "/hand-in").status_code == 303


def agreed(first: Any, second: Any) -> str:
    """The address of a table on which two agree."""
    address = started(first)
    handed_in(first, address, FIGURES)
    handed_in(second, address, FIGURES)
    return address


def test_neither_sees_the_others_figures_before_both_have_handed_in(people: Any) -> None:
    first, second, admin = people
    address = started(first)
    handed_in(first, address, FIGURES | {0: "777"})
    for browser in (second, admin):
        assert "777" not in browser.get(address).text
        assert browser.get(address + "/type").status_code == 404  # no table of one's own yet
    second.post(address + "/begin")
    assert "777" not in second.get(address + "/type").text
    book = load_workbook(io.BytesIO(second.get(address + "/blank.xlsx").data))
    assert all(row[3] is None for row in book.worksheets[0].iter_rows(min_row=2, values_only=True))
    second.post(address + "/type", data=cells(FIGURES))
    assert "777" not in second.get(address).text
    second.post(address + "/hand-in")
    page = second.get(address).text
    assert "1 ô khác nhau" in page
    assert "777" in page


def test_what_differs_is_shown_with_both_names_and_each_mends_only_their_own(people: Any, session: Session) -> None:
    first, second, _admin = people
    address = started(first)
    handed_in(first, address, FIGURES)
    handed_in(second, address, FIGURES | {3: "99", 100: "12,50"})
    page = first.get(address).text
    assert "2 ô khác nhau" in page
    assert "Người thử province-2" in page
    assert "12,5<" in page
    assert first.post(address + "/draft", data={"base": "2026.3", "version": "2026.4"}).status_code == 409
    first.post(address + "/correct", data=cells({3: "99"}))  # the first gives way in one …
    second.post(address + "/correct", data=cells({100: ROWS[100]["points"]}))  # … the second in the other
    page = first.get(address).text
    assert "Hai người đã nhập khớp nhau" in page
    session.rollback()
    table = session.scalars(select(PointsTable)).one()
    assert (table.rows[3]["points"], table.rows[0]["status"]) == ("99", "chinh_thuc")
    assert table.rows[0]["decision"] == START["decision"]
    assert first.post(address + "/correct", data=cells({3: "1"})).status_code == 409  # agreed: it never changes again
    verbs = set(session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.like("points_%"))))
    done = ("started", "begun", "typed", "handed_in", "differ", "agreed")
    assert verbs == {f"points_{one}" for one in done}


def test_one_person_cannot_be_both(people: Any, session: Session) -> None:
    first, second, admin = people
    address = started(first)
    handed_in(first, address, FIGURES)
    assert first.post(address + "/begin").status_code == 303  # leads to the one there is
    assert first.post(address + "/hand-in").status_code == 303
    session.rollback()
    assert [one.place for one in session.scalars(select(PointsEntry))] == [1]
    handed_in(second, address, FIGURES)
    session.rollback()
    assert session.scalars(select(PointsTable)).one().state == "agreed"
    other = started(first)
    for browser in (first, second):
        browser.post(other + "/begin")
    refused = admin.post(other + "/begin")
    assert (refused.status_code, "hai người khác nhau" in refused.text) == (409, True)
    session.rollback()


def test_the_database_refuses_one_person_in_both_places(people: Any, app: Flask, session: Session) -> None:
    first, _second, _admin = people
    address = started(first)
    first.post(address + "/begin")
    with Session(app.extensions["engine"]) as writing:
        known = writing.scalars(select(PointsEntry)).one()
        twin = {"figures": known.figures, "begun_at": world.NOW, "changed_at": world.NOW}
        writing.add(PointsEntry(table_id=known.table_id, account_id=known.account_id, place=2, **twin))
        with pytest.raises(IntegrityError):
            writing.flush()
        writing.rollback()


def test_a_table_with_a_blank_or_wrong_cell_is_not_handed_in(people: Any, session: Session) -> None:
    first, _second, _admin = people
    address = started(first)
    first.post(address + "/begin")
    answer = first.post(address + "/type?item=1", data=cells({0: "35", 1: "ba mươi", 2: "12,5", 3: "-", 4: "1e5"}))
    assert (answer.status_code, "3 ô chưa phải là số điểm" in answer.text) == (422, True)
    session.rollback()
    assert session.scalars(select(PointsEntry)).one().figures[:4] == ["35", "", "12.5", ""]
    assert first.post(address + "/hand-in").status_code == 409
    assert first.post(address + "/type", data={"cell-999999": "1", "cell-x": "1", "cell-²": "1"}).status_code == 422


@pytest.mark.parametrize(
    ("text", "kept"),
    [("35", "35"), (" 012 ", "12"), ("12,50", "12.5"), ("12.0", "12"), ("-5", "-5"), ("-0,5", "-0.5"), ("", ""),
     ("1e5", None), ("٣", None), ("99999", None), ("1.234", None), ("=1", None)],
)  # fmt: skip
def test_a_figure_is_kept_as_it_is_meant(text: str, kept: str | None) -> None:
    assert points_entry.normal(text) == kept


def test_figures_come_from_a_file_too(people: Any) -> None:
    first, second, _admin = people
    address = started(first)
    for browser, name, content in (
        (first, "bang.csv", TABLE),
        (second, "bang.csv", TABLE.replace(b",", b";")),
    ):
        browser.post(address + "/begin")
        answer = send_files(browser, address + "/upload", ("file", name, content))
        assert answer.status_code == 303, answer.text
        assert str(len(TABLE.splitlines()) - 1) in browser.get(address).text
        browser.post(address + "/hand-in")
    assert "Hai người đã nhập khớp nhau" in first.get(address).text


@pytest.mark.thorough
def test_the_table_filled_in_a_spreadsheet_comes_back(people: Any, session: Session) -> None:
    first, _second, _admin = people
    address = started(first)
    first.post(address + "/begin")
    first.post(address + "/type", data=cells({0: "40", 1: "12,5"}))
    book = load_workbook(io.BytesIO(first.get(address + "/blank.xlsx").data))
    book.worksheets[0]["D4"] = 33
    filled = io.BytesIO()
    book.save(filled)
    assert send_files(first, address + "/upload", ("file", "bang.xlsx", filled.getvalue())).status_code == 303
    session.rollback()
    assert session.scalars(select(PointsEntry)).one().figures[:4] == ["40", "12.5", "33", ""]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bang.csv", b"item,answer,region\n", "dòng đầu phải có các cột"),
        ("bang.csv", b"", "dòng đầu phải có các cột"),
        ("bang.csv", b"\xff\xfe", "không phải văn bản UTF-8"),
        ("bang.xlsx", b"PK\x03\x04", "không mở được như sổ tính"),
        ("bang.pdf", b"%PDF", "phải là tệp .xlsx hoặc .csv"),
        ("bang.csv", b"x" * 1_100_000, "lớn hơn 1 MB"),
        ("bang.csv", HEAD + b"x,1,y,3\n", "dòng 2: bảng này không có ô"),
        ("bang.csv", HEAD + b"so_nguoi,1,thanh_thi,3\n" * 2, "dòng 3: “so_nguoi"),
        ("bang.csv", HEAD + b"so_nguoi,1,thanh_thi,ba\n", "“ba” không phải số điểm"),
    ],
)
def test_a_file_that_is_no_points_table_is_refused_whole(
    people: Any, session: Session, name: str, content: bytes, said: str
) -> None:
    first, _second, _admin = people
    address = started(first)
    first.post(address + "/begin")
    answer = send_files(first, address + "/upload", ("file", name, content))
    assert (answer.status_code, said in answer.text) == (422, True), answer.text[-1500:]
    session.rollback()
    assert set(session.scalars(select(PointsEntry)).one().figures) == {""}


def test_an_entry_is_taken_away_by_its_author_or_when_the_account_is_closed(people: Any, session: Session) -> None:
    first, second, admin = people
    address = started(first)
    handed_in(first, address, FIGURES)
    assert second.post(address + "/withdraw/1").status_code == 409
    assert second.post(address + "/withdraw/2").status_code == 404
    author = session.scalars(select(PointsEntry.account_id)).one()
    session.rollback()
    admin.post(f"/accounts/{author}/active", data={"active": "0"})
    assert second.post(address + "/withdraw/1").status_code == 303
    handed_in(second, address, FIGURES)
    assert second.post(address + "/withdraw/1").status_code == 303


def test_a_table_may_be_dropped_while_it_is_not_agreed(people: Any) -> None:
    first, second, _admin = people
    address = started(first)
    assert second.post(address + "/drop").status_code == 303
    assert first.post(address + "/begin").status_code == 409
    assert first.post(agreed(first, second) + "/drop").status_code == 409


@pytest.mark.thorough
def test_an_official_table_that_nobody_agreed_on_is_published_nowhere(
    people: Any, session: Session, app: Flask, tmp_path: Any
) -> None:
    first, _second, _admin = people
    source = SOURCE.replace(b"| 2026.3 |", b"| 2026.9 |")
    for forged in (TABLE.replace(b"minh_hoa", b"chinh_thuc"), TABLE.replace(b"minh_hoa", b"chinh_thuc", 1),
                   TABLE.replace(b",minh_hoa", b"").replace(b",status", b"")):  # fmt: skip
        page = first.get(upload(first, ("phieu.md", source), ("diem_b1.csv", forged)).location).text
        assert "chưa công bố được" in page
        (tmp_path / "phieu.md").write_bytes(source)
        (tmp_path / "diem_b1.csv").write_bytes(forged)
        code, said = run(app, "form", "publish", str(tmp_path / "phieu.md"), "--second", "province")
        assert code == 1, said
    form = compile_workbook(source, BESIDE | {"diem_b1.csv": TABLE.replace(b"minh_hoa", b"chinh_thuc")})
    with pytest.raises(Problem, match="points_not_agreed"):
        publish(session, form, "", world.NOW)
    session.rollback()
    assert session.scalars(select(FormVersion.version)).all() == ["2026.3"]


def test_an_illustrative_table_that_the_result_does_not_mention_is_a_fault(session: Session) -> None:
    hidden = compile_workbook(SOURCE.replace(b"| illustrative |", b"| |"), BESIDE)
    assert unfit_tables(session, hidden) == [("diem_b1", "unmarked")]


def test_agreed_figures_under_another_document_are_not_the_agreed_table(people: Any, session: Session) -> None:
    first, second, _admin = people
    agreed(first, second)
    rows = session.scalars(select(PointsTable.rows)).one()
    assert hash_of(list(reversed(rows))) == hash_of(rows)
    assert hash_of([row | {"decision": "khác"} for row in rows]) != hash_of(rows)
    assert hash_of([rows[0] | {"points": "1"}, *rows[1:]]) != hash_of(rows)
    assert hash_of([rows[0] | {"item_label::vi": "Số người"}, *rows[1:]]) == hash_of(rows)  # words are no figures


def test_items_and_answers_are_named_by_the_table_in_the_readers_language(people: Any) -> None:
    first, _second, _admin = people
    address = started(first)
    first.post(address + "/begin")
    items = list(dict.fromkeys(row["item"] for row in ROWS))
    walls, schooling = (f"{address}/type?item={items.index(name) + 1}" for name in ("tuong", "bang_cap"))
    page = first.get(schooling).text
    assert "Tường nhà" in page and "Trâu, bò, ngựa" in page and "Bằng cấp cao nhất" in page
    assert "chưa hết tiểu học" in page and "Tường nhà làm bằng gì" not in first.get(walls).text
    first.set_cookie("lang", "en")
    page = first.get(schooling).text
    assert "Walls of the house" in page and "Buffaloes, cows, horses" in page and "less than primary school" in page


@pytest.mark.parametrize(
    ("language", "kind", "keys", "words"),
    [
        ("vi", "item", {"item": "a"}, "A vi"),
        ("en", "item", {"item": "a"}, "A en"),  # of the second row: the first that has it counts
        ("en", "item", {"item": "b"}, "B vi"),  # none in this language
        ("vi", "answer", {"item": "a", "answer": "2"}, "hai"),
        ("vi", "answer", {"item": "a", "answer": "1"}, ""),
        ("vi", "item", {"item": "c"}, ""),
    ],
)
def test_a_word_of_a_table(language: str, kind: str, keys: dict[str, str], words: str) -> None:
    rows = [
        {"item": "a", "answer": "1", "item_label::vi": "A vi", "item_label::en": ""},
        {"item": "a", "answer": "2", "item_label::vi": "A khác", "item_label::en": "A en", "answer_label::vi": "hai"},
        {"item": "b", "answer": "1", "item_label::vi": "B vi", "item_label::en": ""},
    ]
    assert label_of(rows, kind, language, **keys) == words


@pytest.mark.thorough
def test_the_agreed_table_makes_an_official_version(people: Any, session: Session) -> None:
    first, second, _admin = people
    address = agreed(first, second)
    assert "VBHN 1315" in first.get(address + "/table.csv").text
    draft = first.post(address + "/draft", data={"base": "2026.3", "version": "2026.4"}).location
    page = first.get(draft).text
    assert "Kiểm tra không thấy lỗi" in page
    assert "Tệp diem_b1.csv: nội dung khác" in page
    assert "bảng điểm chính thức: VBHN 1315/VBHN-BLĐTBXH, ngày 14/04/2023" in page
    version = publish_by_two(first, second, draft).location
    assert version == "/questionnaires/forms/ra_soat_ho/2026.4"
    rows = first.get(version + "/preview.json").json["tables"]["diem_b1"]
    assert {row["status"] for row in rows} == {"chinh_thuc"}
    assert rows[0]["item_label::vi"] == ROWS[0]["item_label::vi"] == "Số người trong hộ"  # words go on
    assert {"item", "answer", "region", "points", "status", "decision", "decided_on"} == set(
        Form.for_phones(session.get_one(FormVersion, ("ra_soat_ho", "2026.4")).bundle)["tables"]["diem_b1"]
    )


@pytest.mark.thorough
def test_a_round_moved_to_the_official_table_can_be_closed(
    app: Flask, session: Session, login_as: Callable[[str], Any]
) -> None:
    field = open_field(app, session, 1, B1Method.TABLE)
    session.rollback()
    with Session(app.extensions["engine"]) as writing, writing.begin():
        world.account(writing, "province-2", world.Role.PROVINCE, "14")
    field.send(field.entry(0, CASES[0]))
    field.decide(field.sent[0], Action.ACCEPT)
    session.rollback()
    survey_round = session.scalars(select(Round)).one()
    assert [one.code for one in obstacles(session, survey_round)] == ["illustrative_b1"]
    before = session.scalars(select(Assessment)).one().values
    first, second, admin = login_as("province"), login_as("province-2"), login_as("admin")
    base = f"ra_soat_ho {survey_round.form_version} diem_b1"
    session.rollback()
    address = first.post("/points/", data=START | {"table": base}).location
    for browser in (first, second):
        handed_in(browser, address, FIGURES)
    draft = first.post(address + "/draft", data={"base": base.split()[1], "version": "2026.4"}).location
    assert publish_by_two(first, second, draft).status_code == 303
    assert admin.post(f"/rounds/{survey_round.id}/form", data={"version": "2026.4"}).status_code == 303
    assert "Đã tính lại 1 phiếu theo điểm chính thức" in admin.get("/rounds/").text
    session.rollback()
    assessment = session.scalars(select(Assessment)).one()
    assert not assessment.illustrative
    assert assessment.values["b1_tong"] == before["b1_tong"]  # the same figures were agreed
    session.rollback()
    with Session(app.extensions["engine"]) as writing, writing.begin():
        rebuild(writing)
    assert not session.scalars(select(Assessment)).one().illustrative
    session.rollback()
    back = admin.post(f"/rounds/{survey_round.id}/form", data={"version": base.split()[1]})
    assert (back.status_code, "chưa được hai người" in back.text) == (409, True)
    assert led(admin, admin.post(f"/rounds/{survey_round.id}/close")).status_code == 200
