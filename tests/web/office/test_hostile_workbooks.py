"""Workbooks of a few kilobytes that would take gigabytes: refused in a sentence, whichever door they come by, and the
process that serves holds and does next to nothing for them. Files of the size of a commune are read as before."""

from __future__ import annotations

import io
import os
import resource
import time
import zipfile
from bisect import bisect_left
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from survey.apart import child as apart
from survey.collect.apart import collect_edition
from survey.collect.xform import EditionError
from survey.questionnaires.form_files import GivenFile, Refused, check_source
from survey.questionnaires.points_file import rows_of
from survey.questionnaires.workbooks import check_workbook
from survey.register import tables
from survey.register.tables import Unreadable
from survey.workbook_bounds import LIST, POINTS, QUESTIONNAIRE, Bounds, TooMuch, refuse_text, refuse_too_much
from survey.xlsform.compile import compile_workbook
from survey.xlsform.faults import WorkbookError
from survey.xlsform.tables import beside
from survey.xlsform.tables import shipped as shipped_tables
from tests import thrift

XML = "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'"
SHEET = "xl/worksheets/sheet1.xml"


def book(*rows: Any) -> bytes:
    made = Workbook(write_only=True)
    sheet = made.create_sheet("survey")
    for row in rows:
        sheet.append(row)
    done = io.BytesIO()
    made.save(done)
    return done.getvalue()


def with_parts(parts: dict[str, str]) -> bytes:
    """A workbook with these parts in the place of its own."""
    done = io.BytesIO()
    own = zipfile.ZipFile(io.BytesIO(book(["type", "name"])))
    with own as before, zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as after:
        for one in before.infolist():
            if one.filename not in parts:
                after.writestr(one.filename, before.read(one))
        for name, text in parts.items():
            after.writestr(name, text)
    return done.getvalue()


def sheet(inside: str, before: str = "") -> str:
    return f"{before}<worksheet {XML}><sheetData>{inside}</sheetData></worksheet>"


def shared(letters: int, cells: int) -> bytes:
    """One text that many cells share. It is of many words, so that its part does not grow beyond the ratio."""
    text = "".join(f"{number:x}" for number in range(letters))[:letters]
    rows = "".join("<row>" + "<c t='s'><v>0</v></c>" * 90 + "</row>" for _ in range(cells // 90))
    return with_parts({SHEET: sheet(rows), "xl/sharedStrings.xml": f"<sst {XML}><si><t>{text}</t></si></sst>"})


@pytest.fixture(autouse=True)
def _read_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_answered", thrift.in_a_child)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a text that 18,000 cells share": lambda: shared(320_000, 18_000),
    "a row of 1.25 million cells": lambda: with_parts({SHEET: sheet(f"<row>{'<c><v>1</v></c>' * 1_250_000}</row>")}),
    "a cell in the last column": lambda: with_parts({SHEET: sheet("<row r='1'><c r='XFD1'><v>1</v></c></row>")}),
    "a part of blanks": lambda: with_parts({SHEET: sheet("<row/>") + " " * 60_000_000}),
    "entities": lambda: with_parts(
        {SHEET: sheet("<row><c><v>&b;</v></c></row>", f"<!DOCTYPE x [<!ENTITY a 'aa'><!ENTITY b '{'&a;' * 999}'>]>")}
    ),
    "a million rows": lambda: with_parts({SHEET: sheet("<row><c><v>1</v></c></row>" * 1_000_000)}),
    "many parts": lambda: with_parts({f"xl/media/{number}.png": "x" for number in range(600)}),
}
DOORS: dict[str, tuple[Callable[[bytes], Any], type[Exception]]] = {
    "questionnaire": (check_workbook, WorkbookError),
    "points": (lambda data: rows_of(data, is_workbook=True), ValueError),
    "list": (tables.read_apart, Unreadable),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_small_file_that_grows_is_refused_and_costs_this_process_nothing(kind: str) -> None:
    data = HOSTILE[kind]()
    assert len(data) < 1_000_000
    for read, refusal in DOORS.values():
        before, held = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(refusal):
            read(data)
        assert time.process_time() - before < 0.2
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 64 * 1024


@pytest.mark.parametrize(
    ("data", "bounds", "what"),
    [
        (shared(1000, 90), Bounds(10, 90, 90, 90_000), None),  # 1,000 letters in each of 90 cells
        (shared(1000, 90), Bounds(10, 90, 90, 89_999), "letters"),
        (shared(1000, 90), Bounds(10, 89, 90, 90_000), "cells"),
        (shared(1000, 90), Bounds(10, 90, 89, 90_000), "columns"),
        (shared(1000, 270), Bounds(2, 999, 99, 999_999), "rows"),
        (with_parts({SHEET: sheet("<row><c r='B1'/></row>")}), Bounds(9, 9, 1, 9), "columns"),
        (
            with_parts({SHEET: sheet("<row><c t='inlineStr'><is><t>abcd</t></is></c></row>")}),
            Bounds(9, 9, 9, 3),
            "letters",
        ),
        (b"a,b,c\nd,e,f\n", Bounds(3, 99, 3, 99), None),
        (b"a,b,c\nd,e,f\n", Bounds(3, 99, 2, 99), "columns"),
        (b"a,b,c\nd,e,f\n", Bounds(1, 99, 3, 99), "rows"),
        (b"| a | b |\n| c |", Bounds(9, 9, 2, 99), "columns"),
        (b"\xff\xfe", Bounds(0, 0, 0, 0), None),  # no text: its reader says what it is
    ],
)
def test_what_a_file_holds_is_counted_as_it_stands(data: bytes, bounds: Bounds, what: str | None) -> None:
    # What openpyxl writes beside the sheet (its theme, its properties) has letters, and is part of the count.
    own = 0
    if data.startswith(b"PK"):
        empty = with_parts({SHEET: sheet("")})
        own = bisect_left(range(20_000), True, key=lambda most: fits(empty, Bounds(9, 9, 9, most)))
    bounds = bounds._replace(letters=bounds.letters + own)
    if what is None:
        refuse_too_much(data, bounds)
    else:
        with pytest.raises(TooMuch) as refused:
            refuse_too_much(data, bounds)
        assert refused.value.args == (what, getattr(bounds, what))


def fits(data: bytes, bounds: Bounds) -> bool:
    try:
        refuse_too_much(data, bounds)
    except TooMuch:
        return False
    return True


@pytest.mark.parametrize("columns", [100_000, 257])
def test_markdown_and_csv_of_many_columns_are_refused(columns: int) -> None:
    for text in ("| survey |\n|" + "a|" * columns, "survey" + "," * columns):
        with pytest.raises(WorkbookError, match="256 columns"):
            check_workbook(text.encode())
        with pytest.raises(TooMuch):
            refuse_text(text, LIST)


def test_the_rows_of_a_workbook_are_counted_without_holding_it() -> None:
    data = with_parts({SHEET: sheet("<row/>" * 3_000_000)})
    before = time.process_time()
    with pytest.raises(Refused):
        check_source(GivenFile("a.xlsx", data))
    assert time.process_time() - before < 0.2


def test_our_own_questionnaire_is_the_same_from_the_child() -> None:
    path = Path("survey/form/questionnaires/ra_soat_ho.md")
    form, advice = check_workbook(path.read_bytes(), beside(path))
    assert form.as_json() == compile_workbook(path.read_bytes(), beside(path)).as_json()
    assert advice == []
    assert refuse_too_much(path.read_bytes(), QUESTIONNAIRE) is None
    assert shipped_tables()


def test_a_list_is_the_same_from_the_child() -> None:
    data = book(["Họ tên", "Ngày sinh", "Số"], ["Lò Văn Đông", date(1980, 1, 31), 7], [None, None, 2.5])
    assert tables.read_apart(data).tables == tables.read(data).tables
    assert tables.read_apart(b"a;b\n1;2").tables == tables.read(b"a;b\n1;2").tables
    long = "Tên;Số\n" + "Lò Văn Đông;7\n" * 20_000
    assert tables.read_apart(long.encode("cp1258", "replace")) == tables.read(long.encode("cp1258", "replace"))
    rows = rows_of(book(["item", 1.0], [None, "x"]), is_workbook=True)
    assert [row[:3] for row in rows] == [["item", "1", ""], ["", "x", ""]]


@pytest.mark.thorough
def test_a_list_of_a_commune_is_read() -> None:
    """5,000 households with their people: 22,500 rows."""
    people = ([number, f"Lò Văn Đông {number}", "Bản Nà Nghịu", 1980, "ông", "nam"] for number in range(22_500))
    found = tables.read_apart(book(["STT", "Họ tên", "Thôn", "Năm sinh", "Quan hệ", "Giới"], *people)).tables
    assert len(found[0].rows) == 22_501
    assert refuse_too_much(book(*([1] * 4 for _ in range(10_000))), POINTS) is None


def work(order: Any, parts: list[bytes]) -> Any:
    """What the tests have done in a child: this module is one that it may be told to import."""
    if order == "memory":
        return len(bytearray(2 << 30))
    if order == "time":
        while True:
            pass
    if order == "file":
        Path("/dev/shm/bounded-child").write_bytes(bytes(apart.FILE_BYTES + 1))
    if order == "environment":
        return [dict(os.environ), os.getpgid(0) == os.getpid(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]]
    return [len(part) for part in parts]


def test_a_child_that_takes_too_much_is_stopped() -> None:
    assert apart.read(__name__, "sizes", [b"abc", b""]) == [3, 0]
    for order in ("memory", "file"):
        with pytest.raises(apart.Stopped):
            apart.read(__name__, order, [])
    before = time.monotonic()
    with pytest.raises(apart.Stopped):
        apart.read(__name__, "time", [], processor=1)
    assert time.monotonic() - before < 15
    with pytest.raises(apart.Stopped):
        apart.read(__name__, "time", [], wall=1)
    Path("/dev/shm/bounded-child").unlink(missing_ok=True)


def test_a_child_knows_nothing_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    environment, leads, files = apart.read(__name__, "environment", [])
    assert not {"DATABASE_URL", "INSTANCE", "HOME"} & set(environment)
    assert (leads, files) == (True, apart.FILES)


def test_a_workbook_that_stops_its_reader_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> Any:
        raise apart.Stopped

    monkeypatch.setattr(apart, "read", stopped)
    with pytest.raises(WorkbookError, match="more time or memory"):
        check_workbook(b"| survey |")
    with pytest.raises(Unreadable):
        tables.read_apart(book(["a"]))
    with pytest.raises(EditionError):
        collect_edition(b"| survey |")
    with pytest.raises(ValueError, match="more than one may"):
        rows_of(b"a", is_workbook=False)
