"""The workbook: what a person sees in Excel, read by openpyxl, another program."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from survey.exports import xlsx
from survey.exports.columns import Code, DataColumn, fixed
from survey.exports.files import DataFile
from tests.data_files import COLUMNS, file_of
from tests.examples import examples
from tests.exports.test_stata_spss import ROWS

Sheets = dict[str, list[list[Any]]]


def workbook(*files: DataFile, words: bool = True, language: str = "vi") -> bytes:
    return b"".join(xlsx.written(files, language, words))


def opened(data: bytes) -> Sheets:
    book = load_workbook(io.BytesIO(data))
    return {
        sheet.title: [[_plain(cell.value) for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets
    }


def _plain(cell: Any) -> Any:
    return cell.isoformat(" ", "minutes") if isinstance(cell, datetime) else cell


def test_words_stand_for_codes_and_columns_and_dates_are_dates() -> None:
    choices = (Code("xe_may", 1, {"vi": "Xe máy"}), Code("o_to", 2, {"vi": "Ô tô"}))
    columns = [*COLUMNS, fixed("tai_san", "select_multiple", "Tài sản", "Assets", choices)]
    rows = [[*row, cell] for row, cell in zip(ROWS[:2], ["xe_may la", "o_to"], strict=True)]
    [head, first, second] = opened(workbook(file_of(rows, columns)))["households"]
    assert head == [
        "Họ tên chủ hộ", "Phân loại hộ", "Chưa duyệt", "Số nhân khẩu", "Điểm B1", "Nhận lúc (UTC)", "Ngày rà soát",
        "phan_loai", "b1_tong", "Lý do", "Tài sản",
    ]  # fmt: skip
    assert first == [
        "Lò Thị Ấm", "Hộ nghèo", "Có", 5, 137.5, "2026-11-01 03:00", "2026-11-01 00:00", "ho_ngheo", 140,
        "x" * 1000, "Xe máy; la",
    ]  # fmt: skip
    assert second[:3] == ["Giàng A Dếnh", "Hộ cận nghèo", "Không"]
    assert second[6] == "1958-02-03 00:00"


def test_codes_stand_under_the_columns_names() -> None:
    [head, first, *_] = opened(workbook(file_of(ROWS), words=False))["households"]
    assert head == [column.name for column in COLUMNS]
    assert first[:3] == ["Lò Thị Ấm", "ho_ngheo", 1]


def back(cells: list[Any]) -> list[Any]:
    """What stands in the cells of one column; a second one keeps openpyxl from leaving out empty rows."""
    columns = [DataColumn("a", "calculate", {}), fixed("b", "integer", "B", "B")]
    rows = opened(workbook(file_of([[cell, number] for number, cell in enumerate(cells)], columns)))["households"][1:]
    assert [row[1] for row in rows] == list(range(len(cells)))
    return [row[0] for row in rows]


@pytest.mark.parametrize("text", ["=1+1", "+84 912", "@SUM(A1)", "-cmd|' /C'!A0", "\t=1", "＝1", '=HYPERLINK("x")'])
def test_no_cell_is_a_formula(text: str) -> None:
    data = workbook(file_of([[text]], [fixed("a", "text", "A", "A")]))
    cell = load_workbook(io.BytesIO(data))["households"]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("012345678901", "012345678901"),  # a personal number keeps its zero
        ("a\x00b\x0bc", "ab_x000B_c"), ("a_x0041_", "a_x005F_x0041_"), ("\ud83d", "?"), ("a\rb", "a_x000D_b"),
        ("dòng\nhai", "dòng\nhai"), (" <&> ", " <&> "), ("x" * 40_000, "x" * 32_767), (2**60, str(2**60)),
        (float("inf"), None), (-2.5, -2.5), (True, 1), ("", None),
    ],
)  # fmt: skip
def test_what_excel_cannot_hold_does_not_break_the_file(cell: Any, found: Any) -> None:
    assert back([cell]) == [found]


@pytest.mark.parametrize(
    ("day", "found"), [("1900-02-28", "1900-02-28"), ("1900-03-01", "1900-03-01 00:00"), ("x", "x")]
)
def test_a_day_that_excel_counts_wrongly_is_a_text(day: str, found: Any) -> None:
    assert opened(workbook(file_of([[day]], [DataColumn("a", "today", {})])))["households"][1] == [found]


def test_a_long_file_goes_on_on_a_further_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    column = [fixed("a", "integer", "A", "A")]
    found = opened(workbook(file_of([[number] for number in range(7)], column), file_of([], column)))
    assert {title: [row[0] for row in rows] for title, rows in found.items()} == {
        "households": ["A", 0, 1, 2], "households 2": ["A", 3, 4, 5], "households 3": ["A", 6], "households1": ["A"],
    }  # fmt: skip


def test_its_parts_are_those_that_it_names() -> None:
    """Excel asks to repair a workbook whose parts are not as its lists say."""
    data = workbook(file_of(ROWS), file_of(ROWS))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        parts = {name: ElementTree.fromstring(packed.read(name)) for name in names}
    targets = [one.get("Target") for one in parts["xl/_rels/workbook.xml.rels"]]
    assert {f"xl/{target}" for target in targets} == {
        name for name in names if re.match("xl/(work|sty).*[sl]", name)
    } - {"xl/workbook.xml"}
    assert names[0] == "[Content_Types].xml"
    for name, root in parts.items():
        if "worksheets" in name:
            rows = root.find("{*}sheetData")
            assert rows is not None
            assert [row.get("r") for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
            last = f"A1:J{len(rows)}"
            assert root.find("{*}autoFilter").get("ref") == last  # type: ignore[union-attr]


@pytest.mark.many
@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=30), st.integers(-(10**14), 10**14), st.floats(-1e9, 1e9)), max_size=20
    )
)
@example(["_x000D_", "\ufffe", "\x7f"])
def test_whatever_is_in_a_cell_the_file_opens(cells: list[Any]) -> None:
    for found, cell in zip(back(cells), cells, strict=True):
        if isinstance(cell, str) and ("_x" in cell or not cell.isprintable()):
            assert isinstance(found, str | None)
        else:
            assert found == (cell or None) or found == cell
