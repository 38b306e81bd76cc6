"""A signed workbook: whatever is changed in it by hand is named, what a spreadsheet does by itself is none of that."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook.defined_name import DefinedName

from survey.evidence.proof_keys import fingerprint
from survey.evidence.signing import Signer
from survey.layouts import signing
from survey.layouts.checking import SENTENCES, Trust, Verdict, verify
from survey.layouts.signing import pieces
from survey.layouts.workbook import written
from tests.examples import examples
from tests.layouts.books import KEY, small_book
from tests.layouts.office import OFFICE, assert_alike, without_values, worked_out_again

OURS = Trust(frozenset({KEY.public_key}))
# Where the small book has what: heading 7 lines, villages in 8 and 9, the whole in 10.
POOR, RATE, TOTAL_POOR = "E8", "F8", "E10"


@cache
def signed(signer: Signer = KEY) -> bytes:
    content, _ = written(small_book(), {"03757": [12, "ab", 3]}, signer, str)
    return content


def changed(change: Callable[[Any], object], content: bytes | None = None) -> Verdict:
    """The verdict on the workbook after somebody changed it in a program."""
    file = load_workbook(io.BytesIO(content or signed()))
    change(file)
    saved = io.BytesIO()
    file.save(saved)
    return verify(saved.getvalue(), OURS)


def told(found: Verdict) -> list[tuple[str, str, str]]:
    return [(one.code, one.sheet, one.cell) for one in found.faults]


def put(cell: str, value: Any, sheet: str = "Table 1") -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[sheet][cell].value = value

    return change


def test_what_nobody_touched_holds() -> None:
    found = verify(signed(), OURS)
    assert (found.faults, [one.code for one in found.notes]) == ([], ["outside"])
    assert found.body is not None
    assert [one["layout"] for one in found.body["tables"]] == [1, 4, 5]
    assert found.body["refused"] == [{"layout": 2, "why": ["No interview of this round is accepted here."]}]
    sheet = load_workbook(io.BytesIO(signed()))["Table 1"]
    assert (sheet[POOR].value, sheet[RATE].value) == (2, '=IF(C8=0,"",E8/C8*100)')
    assert sheet["B9"].value == "=1+2 Bản Pá Sàng"
    assert sheet["B9"].data_type == "s"  # text and no formula


def test_saved_by_another_program_it_still_holds() -> None:
    found = changed(lambda _file: None)
    assert (found.faults, [one.code for one in found.notes]) == ([], ["outside", "not_calculated"])


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (put(POOR, 3), [("changed", "Table 1", POOR)]),
        (put(POOR, "2"), [("changed", "Table 1", POOR)]),  # a text is no number
        (put(POOR, 2.0), []),  # the same number
        (put(POOR, None), [("cleared", "Table 1", POOR)]),
        (put(POOR, "=1+1"), [("changed", "Table 1", POOR)]),
        (put(RATE, 10.0), [("overwritten", "Table 1", RATE)]),  # a formula overwritten by its number
        (put(RATE, "=E8/C8*1000"), [("formula", "Table 1", RATE)]),
        (put(RATE, '= if( $C$8 = 0 ,"", E8/C8 * 100.0 )'), []),  # the same formula
        (put(RATE, "=HYPERLINK(E8)"), [("formula", "Table 1", RATE)]),
        (put("I8", 5), [("stray", "Table 1", "I8")]),  # a column that is asked nowhere
        (put("R8", 5), [("stray", "Table 1", "R8")]),  # beside the table
        (put("A4", "CHÍNH THỨC"), [("changed", "Table 1", "A4")]),  # the mark above the figures
        (put("E5", "Hộ không nghèo"), [("changed", "Table 1", "E5")]),  # a heading
        (put("B8", "Bản Khác"), [("changed", "Table 1", "B8")]),
        (put("A20", "Nguyễn Văn A, 20/12/2026"), []),  # below the table people sign
        (put("D9", "=IF(C9=0,\"\",'Table 4'!F9/C9*100)", "Table 5"), [("formula", "Table 5", "D9")]),
    ],
)
def test_each_cell_that_is_changed_is_named(change: Callable[[Any], None], faults: list[tuple[str, str, str]]) -> None:
    assert told(changed(change)) == faults


def test_rows_above_a_table_and_a_sheets_name_make_no_difference() -> None:
    """As Excel does it: what names the table and what names its cells goes along."""
    with zipfile.ZipFile(io.BytesIO(signed())) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    name = "xl/worksheets/sheet1.xml"
    moved = re.sub(rb'( r="[A-Z]*)(\d+)"', lambda one: one[1] + str(int(one[2]) + 3).encode() + b'"', parts[name])
    moved = re.sub(rb"<f>([^<]*)</f>", _three_lower, moved)
    parts[name] = re.sub(rb"<mergeCells.*?</mergeCells>", b"", moved)
    book = parts["xl/workbook.xml"]
    book = book.replace(b"'Table 1'!$A$1:$P$13", b"'Bi\xe1\xbb\x83u c\xe1\xbb\xa7a x\xc3\xa3'!$A$4:$P$16")
    parts["xl/workbook.xml"] = book.replace(b'name="Table 1"', 'name="Biểu của xã"'.encode())
    done = io.BytesIO()
    with zipfile.ZipFile(done, "w") as packed:
        for part, content in parts.items():
            packed.writestr(part, content)
    found = verify(done.getvalue(), OURS)
    assert (told(found), [one.code for one in found.notes]) == ([], ["renamed", "outside"])


def _three_lower(found: re.Match[bytes]) -> bytes:
    return b"<f>" + re.sub(rb"([A-Z])(\d+)", lambda one: one[1] + str(int(one[2]) + 3).encode(), found[1]) + b"</f>"


def test_a_row_inserted_within_a_table_is_told() -> None:
    def change(file: Any) -> None:
        file.defined_names["Bieu_1"].attr_text = "'Table 1'!$A$1:$P$14"

    assert told(changed(change)) == [("resized", "Table 1", "")]


def test_a_lost_a_hidden_and_a_strange_sheet_are_named() -> None:
    def lose(file: Any) -> None:
        del file["Table 5"], file.defined_names["Bieu_5"]

    assert ("sheet_lost", "", "") in told(changed(lose))

    def hide(file: Any) -> None:
        file["Table 4"].sheet_state = "hidden"

    assert told(changed(hide)) == [("sheet_hidden", "Table 4", "")]
    assert told(changed(lambda file: file.create_sheet("Khác"))) == [("sheet_added", "Khác", "")]


def test_a_copy_in_the_place_of_a_table_is_seen() -> None:
    """The name leads to a hidden copy that is right, and a reader sees the sheet that was changed."""

    def change(file: Any) -> None:
        copy = file.copy_worksheet(file["Table 1"])
        copy.title, copy.sheet_state = "Ẩn", "hidden"
        file["Table 1"][POOR].value = 0
        file.defined_names["Bieu_1"] = DefinedName("Bieu_1", attr_text="'Ẩn'!$A$1:$P$13")

    assert {one.code for one in changed(change).faults} >= {"sheet_hidden", "sheet_added"}

    def below(file: Any) -> None:
        sheet = file["Table 1"]
        for row in sheet.iter_rows(min_row=1, max_row=13):
            for cell in row:
                if cell.value is not None and type(cell).__name__ == "Cell":
                    sheet.cell(cell.row + 100, cell.column).value = cell.value
        sheet[POOR].value = 0
        file.defined_names["Bieu_1"] = DefinedName("Bieu_1", attr_text="'Table 1'!$A$101:$P$113")

    assert ("stray", "Table 1", POOR) in told(changed(below))


def test_what_a_formula_is_said_to_come_to_is_worked_out_again() -> None:
    content = _with(signed(), "xl/worksheets/sheet1.xml", b"</f><v>10.0</v>", b"</f><v>1.0</v>")
    assert told(verify(content, OURS)) == [("comes_to", "Table 1", RATE)]
    content = _with(signed(), "xl/worksheets/sheet1.xml", b"</f><v>10.0</v>", b"</f><v>10.0000000000001</v>")
    assert told(verify(content, OURS)) == []


def _with(content: bytes, part: str, before: bytes, after: bytes) -> bytes:
    done, number = io.BytesIO(), 0
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as again:
        for name in packed.namelist():
            read = packed.read(name)
            number += read.count(before) if name == part else 0
            again.writestr(name, read.replace(before, after, 1) if name == part else read)
    assert number
    return done.getvalue()


def test_the_sheet_of_definitions_is_held_against_what_was_signed() -> None:
    def change(file: Any) -> None:
        sheet = file["Definitions"]
        [row] = [row for row in sheet.iter_rows() if [cell.value for cell in row][1:3] == ["total", "3"]]
        row[6].value = "999"

    [fault] = changed(change).faults
    assert (fault.code, fault.sheet, fault.values["found"]) == ("listed", "Definitions", "999")


def test_what_is_signed_cannot_be_changed_along() -> None:
    def change(file: Any) -> None:
        for row in file["Definitions"].iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith('{"base"'):
                    cell.value = cell.value.replace('"trial":false', '"trial":true ')

    assert [one.code for one in changed(change).faults] == ["signature"]
    assert told(changed(put("B2", "0" * 64, "Definitions"))) == [("root", "", "")]


def test_only_a_key_that_is_known_counts() -> None:
    other = Signer(b"z" * 32)
    content = signed(other)
    assert [one.code for one in verify(content, OURS).faults] == ["key_unknown"]
    assert verify(content, Trust(fingerprint=fingerprint(other.public_key))).holds
    assert [one.code for one in verify(signed(), Trust(OURS.keys, OURS.keys)).faults] == ["key_stolen"]


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", signed()[:5000], b"<html>", b"\xd0\xcf\x11\xe0" * 100])
def test_what_is_no_workbook_is_told(content: bytes) -> None:
    assert [one.code for one in verify(content, OURS).faults] == ["no_workbook"]


def test_a_name_that_leads_nowhere_is_a_lost_sheet() -> None:
    """What openpyxl stumbles over when it reads where a name points."""
    part = "xl/workbook.xml"
    for before, after in ((b"'Table 1'!$A$1", b"'Table 1y!$A$1"), (b"$P$13", b"#REF!"), (b"'Table 1'!", b"'Mat'!")):
        found = verify(_with(signed(), part, before, after), OURS)
        assert ("sheet_lost", "", "") in told(found)


def test_a_workbook_of_somebody_else_has_no_signature() -> None:
    def change(file: Any) -> None:
        del file["Definitions"]

    assert [one.code for one in changed(change).faults] == ["no_signature"]


@settings(max_examples=examples(4), deadline=None)
@given(st.data())
def test_any_change_of_any_figure_is_named(data: st.DataObject) -> None:
    body = verify(signed(), OURS).body
    assert body is not None
    table = data.draw(st.sampled_from(body["tables"]))
    places = [
        (row, column) for row, cells in enumerate(table["cells"], 1) for column, cell in enumerate(cells, 1)
        if cell is not None and len(cell) > 2
    ]  # fmt: skip
    row, column = data.draw(st.sampled_from(places))
    value = data.draw(st.one_of(st.integers(10_001, 10**9), st.just("x"), st.just("=1/3")))

    def change(file: Any) -> None:
        file[table["sheet"]].cell(row, column).value = value

    assert [one.cell for one in changed(change).faults] == [load_cell(row, column)]


def load_cell(row: int, column: int) -> str:
    return str(load_workbook(io.BytesIO(signed()))["Table 4"].cell(row, column).coordinate)


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=40), st.sampled_from([1, 399, 1_601, 4_000]))
def test_pieces_are_what_was_cut_and_fit_into_a_cell(text: str, times: int) -> None:
    found = pieces(text * times)
    assert "".join(found) == text * times
    assert all(len(one.encode("utf-16-le", "surrogatepass")) // 2 < 32_767 for one in found)


def test_each_fault_has_its_words() -> None:
    source = Path(signing.__file__).with_name("checking.py").read_text("utf-8")
    used = set(re.findall(r'(?:Fault|_wrong|wrong)\(\s*"(\w+)"', source))
    assert used <= set(SENTENCES)
    assert len(used) > 12


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.thorough
def test_libreoffice_works_out_the_same_after_the_stored_values_were_deleted(tmp_path: Path) -> None:
    stripped = without_values(signed())
    first = "xl/worksheets/sheet1.xml"
    assert _part(stripped, first).count(b"<v>") < _part(signed(), first).count(b"<v>")
    assert "not_calculated" in [one.code for one in verify(stripped, OURS).notes]
    again = worked_out_again(signed(), tmp_path)
    found = verify(again, OURS)
    assert (told(found), [one.code for one in found.notes]) == ([], ["outside"])
    assert_alike(signed(), again, ("Table 1", "Table 4", "Table 5"))


def _part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return packed.read(name)
