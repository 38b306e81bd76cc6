"""What a spreadsheet author is told: every mistake by sheet, row and column; and what a good workbook gives."""

# ruff: noqa: E501 - tables

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from survey.commands.form import form_group
from survey.form.form import Form
from survey.xlsform.compile import WorkbookError, check_workbook, compile_workbook

GOOD = """
| survey |  |  |  |  |  |  |  |  |
|  | type | name | label::Tiếng Việt (vi) | label::English (en) | relevant | constraint | calculation | law |
|  | begin_repeat | tv | Thành viên | Member |  |  |  |  |
|  | text | ten | Họ tên | Name |  |  |  |  |
|  | integer | tuoi | Tuổi của ${ten} | Age of ${ten} | ${ten} != '' | . >= 0 and . < 130 |  |  |
|  | calculate | tre_em |  |  |  |  | if(${tuoi} < 16, 1, 0) | NĐ 07/2021 |
|  | end_repeat |  |  |  |  |  |  |  |
|  | select_one co_khong | nha | Có nhà? | A house? |  |  |  |  |
|  | calculate | so_tre |  |  |  |  | count(${tv}[tre_em = 1]) |  |
| choices |  |  |  |  |  |  |  |  |
|  | list_name | name | label::Tiếng Việt (vi) | label::English (en) |  |  |  |  |
|  | co_khong | co | Có | Yes |  |  |  |  |
|  | co_khong | khong | Không | No |  |  |  |  |
| settings |  |  |  |  |  |  |  |  |
|  | form_id | version | default_language |  |  |  |  |  |
|  | thu | 7 | Tiếng Việt (vi) |  |  |  |  |  |
"""


def faults(source: str | bytes, **attachments: bytes) -> list[str]:
    with pytest.raises(WorkbookError) as caught:
        compile_workbook(source, attachments)
    return [str(fault) for fault in caught.value.faults]


def test_a_good_workbook_keeps_its_labels_rules_and_clauses() -> None:
    form = compile_workbook(GOOD)
    assert (form.id, form.version, form.languages) == ("thu", "7", ["vi", "en"])
    assert form.node("tv/tuoi").label == {"vi": "Tuổi của …", "en": "Age of …"}
    assert form.node("tv/tre_em").law == "NĐ 07/2021"
    assert [choice["label"]["en"] for choice in form.choices["co_khong"]] == ["Yes", "No"]
    assert [path for path, _, _ in form.order] == ["tv/tuoi", "tv/tre_em", "so_tre"]


def test_a_bundle_read_back_is_the_same_form() -> None:
    form = compile_workbook(GOOD)
    bundle = json.loads(json.dumps(form.as_json()))
    again = Form.from_json(bundle)
    assert again.as_json() == bundle
    assert again.hash == form.hash


def test_any_change_of_a_rule_changes_the_hash() -> None:
    assert compile_workbook(GOOD).hash != compile_workbook(GOOD.replace("< 16", "< 15")).hash


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("tre_em = 1", "tre = 1", ["sheet survey, row 8, column calculation: there is no “tre” in “tv”"]),
        ("${tuoi} < 16", "${tuoii} < 16", ["sheet survey, row 5, column calculation: there is no question “tuoii”"]),
        (". >= 0 and", ". >= 0 and and", ["sheet survey, row 4, column constraint: expected the end, found “.” (at character 16)"]),
        (". < 130", ". < (130", ["sheet survey, row 4, column constraint: expected “)”"]),
        ("count(", "coutn(", ["sheet survey, row 8, column calculation: there is no function “coutn()”"]),
        ("count(${tv}[tre_em = 1])", "count()", ["row 8, column calculation: count() takes 1 arguments, not 0"]),
        ("${ten} != ''", "${ten} != '", ["sheet survey, row 4, column relevant: “'” is not expected here"]),
        ("Tuổi của ${ten}", "Tuổi của ${tenn}", ["sheet survey, row 4, column label::Tiếng Việt (vi): there is no question “tenn”"]),
        ("select_one co_khong", "select_one khong_co", ["sheet survey, row 7, column type: there is no list “khong_co”"]),
        ("| integer |", "| intger |", ["sheet survey, row 4, column type: the type “intger” is not known"]),
        ("| end_repeat |", "| end_group |", ["sheet survey, row 6, column type: “end_group” closes nothing", "row 2, column type: the repeat “tv” is never closed"]),
        ("| so_tre |", "| số trẻ |", ["sheet survey, row 8, column name: “số trẻ” is no name"]),
        ("| nha |", "| so_tre |", ["sheet survey, row 8, column name: “so_tre” stands twice"]),
        ("| co_khong | khong |", "| co_khong | co |", ["sheet choices, row 3, column name: “co” stands twice"]),
        ("count(${tv}[tre_em = 1])", "${so_tre} + 1", ["row 8, column calculation: these wait for one another: so_tre → so_tre"]),
        ("if(${tuoi} < 16, 1, 0)", "${so_tre}", ["these wait for one another: tv/tre_em → so_tre → tv/tre_em"]),
        ("count(${tv}[tre_em = 1])", "instance('x')/root/item", ["row 8, column calculation: there is no list or file “x”"]),
        ("count(${tv}[tre_em = 1])", "instance('co_khong')/root/item[ten = 1]", ["“co_khong” has no column “ten”"]),
        ("count(${tv}[tre_em = 1])", "../../x", ["“..” leads out of the form"]),
        ("| calculate | so_tre |", "| csv-external | bang |", ["sheet survey, row 8, column name: the file “bang.csv” is not attached"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_sheet_row_and_column(old: str, new: str, told: list[str]) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new, 1))
    assert all(any(part in line for line in found) for part in told), found


def test_all_mistakes_are_named_at_once() -> None:
    found = faults(
        GOOD.replace("${tuoi} < 16", "${a} < 16")
        .replace("tre_em = 1", "b = 1")
        .replace("select_one co_khong", "select_one c")
    )
    assert len(found) == 3


@pytest.mark.parametrize(
    "junk", [b"", b"\x00\xff\xfe", b"PK\x03\x04 no zip", b"hello, world", "| survey |", b"%PDF-1.4"]
)
def test_what_is_no_workbook_is_refused_with_a_sentence(junk: bytes | str) -> None:
    assert faults(junk)


def test_a_broken_csv_attachment_is_named_by_its_row() -> None:
    with_table = GOOD.replace("| calculate | so_tre |", "| csv-external | bang |")
    assert faults(with_table, **{"bang.csv": b"a,b\n1,2\n1,2,3\n"})[0].startswith("sheet bang.csv, row 3")
    assert "UTF-8" in faults(with_table, **{"bang.csv": "ă".encode("utf-16")})[0]


def test_a_rule_that_cannot_mean_what_it_says_is_advised_with_the_fix() -> None:
    _, advice = check_workbook(GOOD.replace("[tre_em = 1]", "[${tuoi} < 16]"))
    assert "write “tuoi” instead" in str(advice[0])
    assert (advice[0].row, advice[0].column) == (8, "calculation")


def test_a_sum_that_one_blank_would_empty_is_advised() -> None:
    _, advice = check_workbook(GOOD.replace("count(${tv}[tre_em = 1])", "sum(${tuoi})"))
    assert "is blank as soon as one tuoi is" in str(advice[0])
    assert check_workbook(GOOD.replace("count(${tv}[tre_em = 1])", "sum(${tv}[tuoi != '']/tuoi)"))[1] == []
    assert check_workbook(GOOD.replace("count(${tv}[tre_em = 1])", "sum(${tre_em})"))[1] == []


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    deep = "(" * 5000 + "1" + ")" * 5000
    assert "deep" in faults(GOOD.replace("count(${tv}[tre_em = 1])", deep))[0]


def test_xlsx_rows_are_counted_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "survey"
    for row in [
        ["type", "name", "label", "calculation"],
        ["integer", "n", "N?", None],
        [None] * 4,
        ["calculate", "c", None, "${m} + 1"],
    ]:
        sheet.append(row)
    path = tmp_path / "thu.xlsx"
    book.save(path)
    result = CliRunner().invoke(form_group, ["check", str(path)])
    assert result.exit_code == 1
    assert "sheet survey, row 4, column calculation: there is no question “m”" in result.output


def xlsx(*rows: list[object]) -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.title = "survey"
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_date_that_excel_made_of_a_default_is_a_date_on_the_phone() -> None:
    head = ["type", "name", "label", "default"]
    form = compile_workbook(
        xlsx(head, ["date", "a", "A", date(2026, 11, 23)], ["dateTime", "b", "B", datetime(2026, 11, 23, 7, 30)])  # noqa: DTZ001
    )
    assert [form.node(name).rules["default"] for name in ("a", "b")] == ["2026-11-23", "2026-11-23T07:30:00"]


def test_a_heading_that_stands_twice_in_excel_is_named() -> None:
    told = faults(xlsx(["type", "name", "label", "label"], ["text", "a", "A", "B"]))
    assert told == ["sheet workbook, row 1: two columns are called “label”"]


def test_a_comma_that_cut_a_label_of_a_csv_in_two_is_named_and_not_lost() -> None:
    told = faults("survey,,,\n,type,name,label\n,text,ten,Họ, tên\n".encode())
    assert told == ["sheet survey, row 2: “tên” stands under no heading"]


def test_the_commands_check_bundle_and_evaluate(tmp_path: Path) -> None:
    path = tmp_path / "thu.md"
    path.write_text(GOOD)
    answers = tmp_path / "answers.json"
    answers.write_text(
        json.dumps({"tv": [{"ten": "An", "tuoi": 5}, {"tuoi": 30}, {"ten": "Ba", "tuoi": 200}], "nha": "co"})
    )
    run = CliRunner().invoke
    assert "OK" in run(form_group, ["check", str(path)]).output
    assert json.loads(run(form_group, ["bundle", str(path)]).output)["id"] == "thu"
    found = json.loads(run(form_group, ["evaluate", str(path), str(answers)]).output)
    assert found["values"] == {
        "tv": [{"ten": "An", "tuoi": 5, "tre_em": 1}, {"tre_em": 0}, {"ten": "Ba", "tuoi": 200, "tre_em": 0}],
        "nha": "co",
        "so_tre": 1,
    }
    assert found["relevant"]["tv"][1] == {"ten": True, "tuoi": False, "tre_em": True}
    assert [(p["path"], p["kind"]) for p in found["problems"]] == [("tv[3]/tuoi", "constraint")]


def test_a_workbook_that_unpacks_to_something_huge_is_refused_before_it_is_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(70 * 1024 * 1024))
    assert faults(packed.getvalue()) == [
        "sheet workbook: the file unpacks to more than a workbook holds: copy the sheets into a new one"
    ]


def test_choices_of_files_other_answers_counts_triggers_and_pictures_reach_the_phone() -> None:
    book = """
| survey | | | | | | | |
| | type | name | label | calculation | trigger | repeat_count | default |
| | select_one l or_other | s | S | | | | |
| | select_one_from_file m.csv | f | F | | | | |
| | begin_repeat | r | R | | | ${f} | |
| | text | x | X | | | | ${last-saved#x} |
| | end_repeat | | | | | | |
| | calculate | c | | now() | ${f}, ${s} | | |
| choices | | | | | | | |
| | list_name | name | label | image | | | |
| | l | a | A | a.png | | | |
"""
    form = compile_workbook(book, {"m.csv": b"name,label\n1,Mot\n", "a.png": b"png"})
    assert [choice["name"] for choice in form.choices[form.node("s").list or ""]] == ["a", "other"]
    assert form.node("s_other").rules["relevant"][:2] == ["call", "selected"]
    assert (form.node("f").list, form.node("f").from_file) == ("m", {"value": "name", "label": "label"})
    assert form.node("r").rules["count"] == ["one", "/", ["child", "f"]]
    assert list(form.node("c").trigger) == ["f", "s"]
    assert form.node("r/x").rules["default"][1] == ["call", "instance", "__last-saved"]
    assert form.files["a.png"]["type"] == "image/png"
    assert len(faults(book)) > 1


def test_tables_go_to_phones_by_column_with_every_cell_in_its_row() -> None:
    rows = [{"ma": "1", "ten": "Một"}, {"ma": "2"}, {"ma": "3", "ten": "", "ghi": "x"}]
    sent = Form.for_phones({"children": [], "tables": {"xa": rows, "rong": []}})["tables"]
    assert sent == {
        "xa": {"ma": ["1", "2", "3"], "ten": ["Một", None, ""], "ghi": [None, None, "x"]},
        "rong": {},
    }


def test_the_words_of_a_points_table_stay_at_the_desk() -> None:
    rows = [{"item": "tuong", "answer": "co", "points": "5", "item_label::vi": "Tường", "answer_label::en": "yes"}]
    sent = Form.for_phones({"children": [], "tables": {"diem": rows}})["tables"]
    assert sent == {"diem": {"item": ["tuong"], "answer": ["co"], "points": ["5"]}}
