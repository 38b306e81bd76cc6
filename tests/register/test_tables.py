"""What is sent as a list is read as it is kept, or refused in one sentence with the next step."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.register import tables
from survey.register.layout import find_list
from survey.register.tables import Unreadable, read
from survey.web.language import read_catalogs
from tests.examples import examples
from tests.register.sheets import csv, workbook

VIETNAMESE = read_catalogs(Path(__file__).parents[2] / "translations")["vi"].gettext
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)

MERGED = SHEET.format("").replace(
    "</worksheet>",
    "<mergeCells>"
    + "".join(f'<mergeCell ref="B{at * 7}:B{at * 7 + 3}"/>' for at in range(1, tables.MOST_MERGES + 2))
    + "</mergeCells></worksheet>",
)
LONG = "<x>" + "<y/>" * (tables.PART_BYTES // 4) + "</x>"


def with_sheet(xml: str | bytes) -> bytes:
    """A workbook whose first sheet is `xml`."""
    return with_part("xl/worksheets/sheet1.xml", xml)


def with_part(part_name: str, xml: str | bytes, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    source = zipfile.ZipFile(io.BytesIO(workbook({"Sheet": [["a", 1]]})))
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", packing) as made:
        for part in source.infolist():
            name = part.filename
            made.writestr(name, xml if name == part_name else source.read(name))
    return data.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(Unreadable) as refusal:
        read(data)
    assert refusal.value.sentence(VIETNAMESE).endswith(".")
    return refusal.value.code


def test_cells_are_read_as_they_are_kept_with_the_numbers_of_their_rows() -> None:
    data = workbook({"DS": [["  Lò\u00a0 Văn A ", 1970, date(1965, 4, 7), 1.5, True], [], [None, "x"]]}, ["A1:A2"], [3])
    (table,) = read(data).tables
    assert table.rows == {1: ["Lò Văn A", 1970, date(1965, 4, 7), 1.5, "1"], 3: [None, "x"]}
    assert (table.name, table.hidden, table.merged) == ("DS", {3}, [(1, 0, 2, 0)])


def test_a_formula_is_never_worked_out_and_a_kept_value_is_taken() -> None:
    kept, none, blank = "<f>1+1</f><v>7</v>", "<f>1+1</f>", '<f>""</f><v></v>'
    cells = f'<row r="1"><c r="A1">{kept}</c><c r="B1">{none}</c><c r="C1" t="str">{blank}</c></row>'
    (table,) = read(with_sheet(SHEET.format(cells))).tables
    assert (table.rows, table.without_value) == ({1: [7]}, {(1, 1)})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_file_is_read_whatever_parts_and_encodes_it(delimiter: str, encoding: str) -> None:
    rows = [["Thôn", "Chủ hộ"], ["Nà Ca", '"Lò, Văn; A"'], ["Nà Ca", "Lò Văn B"]]
    reading = read(csv(rows, delimiter, encoding))
    assert reading.is_certain
    assert list(reading.tables[0].rows.values())[1] == ["Nà Ca", "Lò, Văn; A"]
    assert read(csv(rows, delimiter, before=f"sep={delimiter}\r\n")).tables[0].rows[1] == ["Thôn", "Chủ hộ"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_table"),
        (b" \r\n", "no_table"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old_excel"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"%PDF-1.7", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "not_a_list"),
        (b"<html><table>", "not_a_list"),
        (bytes(range(256)) * 4, "not_a_list"),
        (b"PK\x03\x04 cut", "unreadable_workbook"),
        (workbook({"Sheet": []}), "no_table"),
        (workbook({"Sheet": [["a"]]})[:-30], "unreadable_workbook"),
        (b'a,"b\n', "broken_csv"),
        (b"a" * (tables.FILE_BYTES + 1), "too_large"),
        (with_sheet('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SHEET.format("&a;")), "hostile"),
        (with_sheet(SHEET.format('<row r="1"><c r="ZZZ1"><v>1</v></c></row>')), "too_many_columns"),
        (with_sheet(SHEET.format("<row><c><v>1</v></c></row>" * (tables.MOST_ROWS + 1))), "too_many_list_rows"),
        (with_sheet(SHEET.format("<row>" + " " * 40_000_000 + "</row>")), "unpacks_too_large"),
        (with_sheet("<not-a-sheet"), "unreadable_workbook"),
        (with_sheet(MERGED), "too_many_merges"),
        (with_sheet(MERGED.encode("utf-16")), "too_many_merges"),
        (with_part("xl/styles.xml", LONG, zipfile.ZIP_STORED), "unpacks_too_large"),
        (with_part("xl/workbook.xml", LONG, zipfile.ZIP_STORED), "unpacks_too_large"),
        (with_sheet(SHEET.format('<row r="2"><c><v>1</v></c></row>' * 2)), "unreadable_workbook"),
        (csv([["a"]] * (tables.MOST_ROWS + 1)), "too_many_list_rows"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_cells_merged_down_to_the_last_row_of_excel_are_filled_where_there_are_rows() -> None:
    rows: list[list[tables.Cell]] = [["Chủ hộ", "Bản"], ["Lò Văn A", "Nà Ca"], ["Lò Văn B", None]]
    table = tables.Table("", dict(enumerate(rows, 1)), merged=[(2, 1, 1_048_576, 1)] * 1000)
    began = time.monotonic()
    found = find_list(table)
    assert found is not None
    assert [found.cell(row, "village") for row in (2, 3)] == ["Nà Ca", "Nà Ca"]
    assert time.monotonic() - began < 5


def test_more_shared_texts_than_a_list_has_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    source = zipfile.ZipFile(io.BytesIO(workbook({"Sheet": [["a"]]})))
    types = source.read("[Content_Types].xml").decode()
    told = types.replace("</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>')
    made = io.BytesIO(with_part("[Content_Types].xml", told))
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", "<sst>" + "<si><t>Lò Văn A</t></si>" * 10 + "</sst>")
    data = made.getvalue()
    assert read(data).tables[0].rows == {1: ["a", 1]}
    monkeypatch.setattr(tables, "STRINGS_BYTES", 100)
    assert refused(data) == "unpacks_too_large"


def test_a_word_document_and_a_workbook_of_nothing_but_a_far_cell() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr("[Content_Types].xml", "<x/>")
        made.writestr("word/document.xml", "<x/>")
    assert refused(data.getvalue()) == "not_a_list"
    far = with_sheet(SHEET.format('<row r="1048576"><c r="A1048576"><v>5</v></c></row>'))
    assert read(far).tables[0].rows == {1048576: [5]}  # nothing is made for the rows before


@settings(max_examples=examples(60), derandomize=True, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for one in (data, b"PK\x03\x04" + data, b"sep=;\n" + data):
        try:
            assert read(one).tables
        except Unreadable as refusal:
            assert refusal.sentence(VIETNAMESE)


@settings(max_examples=examples(20), derandomize=True, deadline=None)
@given(st.integers(0, 6000), st.integers(0, 255))
def test_a_workbook_with_any_byte_changed_is_read_or_refused(at: int, byte: int) -> None:
    data = bytearray(workbook({"Sheet": [["Họ tên", "Bản"], ["Lò Văn A", "Nà Ca"]]}))
    data[at % len(data)] = byte
    try:
        assert read(bytes(data)).tables
    except Unreadable as refusal:
        assert refusal.code in tables.SENTENCES
