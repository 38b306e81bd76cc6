"""`form check` says where ODK Collect's engine stops or refuses; what we ship gives it no reason to."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.xlsform.compile import check_workbook
from tests.phone import showcase
from tests.poverty.households import BESIDE

ROOT = Path(__file__).parents[2]
SHEETS = [path for place in ("survey/form/questionnaires/*.md", "tests/phone/*.md", "tests/cases/*_form.md")
          for path in ROOT.glob(place)]  # fmt: skip
CASES = ROOT / "tests" / "cases"
TABLES = {path.name: path.read_bytes() for path in CASES.glob("*.csv")} | BESIDE

FORM = """
| survey |
| | type | name | label | relevant | constraint | calculation |
| | integer | thang | Tháng | | THANG | |
| | date | ngay | Ngày | | | |
| | select_multiple mau | mau | Màu | | | |
| | text | chu | Chữ | | | |
| | calculate | gap_doi | | | | ${thang} * 2 |
| | calculate | gap_bon | | | | ${gap_doi} * 2 |
| | calculate | tinh | | | | TINH |
| | begin_repeat | tv | Thành viên | | | |
| | text | so | Số | | SO | |
| | integer | tuoi | Tuổi | SOAN | | |
| | end_repeat | | | | | |

| choices |
| | list_name | name | label |
| | mau | 4 | Bốn |
| | mau | do | Đỏ |
"""


def said(thang: str = "", so: str = "", soan: str = "", tinh: str = "1") -> list[str]:
    """What is said of Collect, by the question: rows of FORM with these cells."""
    cells = {"THANG": thang, "SOAN": soan, "SO": so, "TINH": tinh}
    book = FORM
    for name, cell in cells.items():
        book = book.replace(f" {name} |", f" {cell} |")
    names = [row.split("|")[3].strip() for row in FORM.strip().splitlines() if row.startswith("| |")]
    return [names[(fault.row or 0) - 1] for fault in check_workbook(book)[1] if "ODK Collect" in str(fault)]


@pytest.mark.parametrize(
    "expression",
    [
        "selected('4 6', ${thang})", "selected(${thang}, '4')", "selected('4', 4)", "selected(${ngay}, 'a')",
        "selected('4', ${thang} + 1)", "selected('4', if(${chu} = '', 4, 'x'))",
        "selected('4', coalesce(${thang}, ''))", "selected('4', indexed-repeat(${tuoi}, ${tv}, 1))",
        "selected('4', date(${ngay}))",
        "selected('4', once(${thang}))",
        "selected('4', today())", "selected('4', true())", "selected('4', number(${chu}))", "count-selected(${thang})",
        "count-selected(4)", "selected-at(${thang}, 0)", "selected('4', -${thang})", "selected('4', ${thang} = 4)",
        "count(${tv}[selected('4', tuoi)])", "count(${tv}[selected('4', ./tuoi)])",
        "if(selected('4', count(${tv})), 1, 2)",
        "selected('4', /data/thang)", "selected('4', ../thang)", "selected('4', current()/../thang)",
    ],
)  # fmt: skip
def test_a_list_or_choice_that_is_no_text_stops_collect(expression: str) -> None:
    assert said(tinh=expression) == ["tinh"]


@pytest.mark.parametrize(
    "expression",
    [
        "selected('4 6', string(${thang}))", "selected(${mau}, '4')", "selected('4 do', ${mau})",
        "selected(${chu}, ${chu})",
        "selected('4', ${gap_doi})", "selected('4', concat(${thang}, ''))", "selected-at(${mau}, ${thang})",
        "selected('4', if(${thang} = 4, '4', ''))", "selected(join(' ', ${tv}/tuoi), '4')", "count-selected(${mau})",
        "count(${tv}[selected('4', so)])", "selected('4', format-date(${ngay}, '%n'))",
    ],
)  # fmt: skip
def test_texts_do_not(expression: str) -> None:
    assert said(tinh=expression) == []


@pytest.mark.parametrize(
    "constraint",
    [
        "count(../../tv[so = current()/.]) = 1", "count(${tv}[so = 'a']) = 1", "count(../../tv/so[. = 'a']) <= 1",
        "count(../../tv[position() != position(current()/..) and so = current()/.]) = 0",
        "count(../../tv[so != '' and position() = 1]) = 1", "../../tv[so = 'a'][1]/tuoi > 3",
        "count(../../tv[./so = 'a'][position() != 1]) = 0",
        "count(../../tv[position() != position(current()/..) and so = ${so}]) = 0",
    ],
)  # fmt: skip
def test_a_rule_that_counts_its_own_member_refuses_what_is_right(constraint: str) -> None:
    assert said(so=constraint) == ["so"]


@pytest.mark.parametrize(
    "constraint",
    [
        ". != 'a' or count(../../tv[so = 'a' and position() != position(current()/..)]) = 0",
        ". != 'a' or count(../../tv[position(current()/..) != position()][so = 'a']) = 0",
        "not(selected(join(' ', ../../tv[position() != position(current()/..)]/so), .))",
        "string-length(.) > 2 and ${tuoi} > 3", "count(../../tv[tuoi > 3]) = 1", ". = 'a' or current()/. = 'b'",
    ],
)  # fmt: skip
def test_a_rule_that_looks_at_the_others_does_not(constraint: str) -> None:
    assert said(so=constraint) == []


def test_a_rule_that_reads_what_is_calculated_from_its_answer_sees_it_as_it_was() -> None:
    assert said(thang="${gap_doi} < 24") == ["thang"]
    assert said(thang="${gap_bon} < 24") == ["thang"]
    assert said(thang=". < 24 and ${tinh} = 1") == []
    assert said(thang=". < 24", tinh="${thang} + 1") == []


REQUIRED = """
| survey |
| | type | name | label | relevant | required |
| | text | cach | Cách | | CACH |
| | integer | so | Số | SO | yes |
"""


@pytest.mark.parametrize(
    ("cach", "so", "expected"),
    [
        ("${so} = ''", "${cach} != 'a'", ["cach → so → cach"]), ("${so} = ''", "", []), ("yes", "${cach} != 'a'", []),
        ("${cach} = ''", "", []),
    ],
)  # fmt: skip
def test_what_is_required_by_what_it_decides_is_a_circle_to_collect(cach: str, so: str, expected: list[str]) -> None:
    book = REQUIRED.replace(" CACH |", f" {cach} |").replace(" SO |", f" {so} |")
    advice = [str(fault) for fault in check_workbook(book)[1] if "opens no form" in str(fault)]
    assert [line.rpartition(": ")[2] for line in advice] == expected


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_collect_finishes_what_we_ship(sheet: Path) -> None:
    files = showcase.attachments() if sheet.name == showcase.SOURCE.name else TABLES
    assert [str(fault) for fault in check_workbook(sheet.read_text(), files)[1] if "ODK Collect" in str(fault)] == []
