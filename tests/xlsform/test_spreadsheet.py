"""A workbook goes out as .xlsx and comes back the same; what changed is told by name."""

from __future__ import annotations

from survey.xlsform.changes import ChangedCell, compare
from survey.xlsform.compile import compile_workbook
from survey.xlsform.sheets import read_sheets, write_xlsx
from tests.interviews import SOURCE
from tests.poverty.households import BESIDE, QUESTIONNAIRES, household_form


def test_a_workbook_in_markdown_goes_out_as_xlsx_and_compiles_to_the_same_bundle() -> None:
    written = write_xlsx(read_sheets((QUESTIONNAIRES / "ra_soat_ho.md").read_bytes()))
    assert compile_workbook(written, BESIDE).hash == household_form().hash


def test_a_cell_that_looks_like_a_formula_stays_text() -> None:
    given = "| survey |\n| | type | name | label |\n| | note | n | =1+1 |\n"
    assert read_sheets(write_xlsx(read_sheets(given.encode())))["survey"].rows[0]["label"] == "=1+1"


def test_what_changed_is_told_by_name_and_cell_by_cell() -> None:
    after = (
        SOURCE.replace("phieu_thu | 1 |", "phieu_thu | 2 |")
        .replace(". <= 500", ". <= 600")
        .replace("| text | ghi_chu | Ghi chú |", "| text | ghi_them | Ghi chú |")
        .replace("| | image | anh_nha | Ảnh nhà | Photo | | | | | | | | |\n", "")
    ) + "| | co_khong | kb | Không biết | ? |\n"
    found = compare(read_sheets(SOURCE.encode()), read_sheets(after.encode()), {"a.csv": "1"}, {"a.csv": "2"})
    assert [(one.sheet, one.name) for one in found.added] == [("choices", "co_khong kb")]
    assert [(one.name, one.words) for one in found.removed] == [("anh_nha", "Ảnh nhà")]
    assert [(old.name, new.name) for old, new in found.renamed] == [("ghi_chu", "ghi_them")]
    changed = {one.name: one for one in found.changed}
    assert changed["diem_b1"].cells == (ChangedCell("constraint", ". >= 0 and . <= 500", ". >= 0 and . <= 600"),)
    assert changed["settings"].cells == (ChangedCell("version", "1", "2"),)
    assert [row.name for row in found.lost] == ["ghi_chu", "anh_nha"]
    assert found.files == [("a.csv", "changed")]
    assert not compare(read_sheets(SOURCE.encode()), read_sheets(SOURCE.encode()))


def test_a_question_that_moves_into_a_group_is_a_renamed_one() -> None:
    before = "| survey |\n| | type | name | label |\n| | text | a | A? |\n| | text | b | B? |\n"
    group = "| | begin_group | g | |\n| | text | a | A? |\n| | end_group | | |\n"
    after = f"| survey |\n| | type | name | label |\n{group}| | text | b | B? |\n"
    found = compare(read_sheets(before.encode()), read_sheets(after.encode()))
    assert [(old.name, new.name) for old, new in found.renamed] == [("a", "g/a")]
