"""A list of residents as an office fills it in: read, or told what is wrong in it by kind and row."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from survey.numbers import whole_number
from survey.register.csv_rows import KINDS
from survey.reports.csvfile import written
from survey.residents.entering import Given
from survey.residents.resident_list import as_rows, headings, pattern, read_list, written_day
from survey.residents.residents import Numbers
from survey.terms import ResidentStatus

NAMES = {"14": "Tỉnh Sơn La", "03757": "Xã Mường Khiêng", "03664": "Phường Chiềng An", "03757-01": "Bản Nà Ca"}
TODAY = date(2026, 11, 23)
GOOD = [
    "03757", "Xã Mường Khiêng", "31/12/2025", "1.523", "7 211", "100", "1.400", "400", "6.800", "Ước tính",
    "Công văn 12",
]  # fmt: skip


def read(*rows: list[str], head: list[str] | None = None) -> Any:
    data = b"".join(written(head or headings(), rows))
    return read_list("ho-dan-cu.csv", data, NAMES, TODAY)


def changed(**by: str) -> list[str]:
    columns = ["code", "name", "as_of", *Numbers._fields, "status", "source"]
    return [by.get(name, said) for name, said in zip(columns, GOOD, strict=True)]


def test_a_row_is_read_as_the_office_writes_it() -> None:
    found = read(GOOD)
    assert not found.mistakes
    numbers = Numbers(1523, 7211, 100, 1400, 400, 6800)
    assert found.given == [Given("03757", date(2025, 12, 31), numbers, ResidentStatus.ESTIMATED, "Công văn 12")]
    assert (numbers.other_households, numbers.other_persons) == (23, 11)  # of neither: foreign, or not known


def test_an_excel_workbook_says_the_same() -> None:
    file = Workbook()
    file.active.append(headings())
    blank = [None] * 4
    file.active.append(["3757", None, date(2025, 12, 31), 1523, 7211, *blank, "estimated", "Công văn 12"])
    packed = io.BytesIO()
    file.save(packed)
    found = read_list("a.xlsx", packed.getvalue(), NAMES, TODAY)
    assert [(one.place_id, one.numbers) for one in found.given] == [("03757", Numbers(1523, 7211))]  # Excel dropped a 0


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"code": "99999"}, "place_not_here"),
        ({"name": "Xã Khác"}, "name_differs"),
        ({"as_of": "31/02/2026"}, "no_day"),
        ({"as_of": "24/11/2026"}, "day_ahead"),
        ({"households": "12,5"}, "not_a_number"),
        ({"households": "1.23"}, "not_a_number"),
        ({"households": "-3"}, "not_a_number"),
        ({"households": ""}, "blank"),
        ({"source": ""}, "blank"),
        ({"persons": "1.522"}, "persons_below_households"),  # the two columns the wrong way round
        ({"dtts_households": "1.500"}, "parts_above_whole"),
        ({"kinh_persons": ""}, "one_part_missing"),
        ({"persons": ""}, "whole_missing"),
        ({"status": "chắc chắn"}, "not_one_of"),
        ({"status": "Theo danh sách hộ, xã, phường xác nhận là đủ"}, "not_one_of"),  # counted, never typed
        ({"source": "=cmd|'/c calc'!A1"}, "formula"),
    ],
)
def test_each_mistake_is_told_by_its_kind_and_nothing_is_to_be_entered(wrong: dict[str, str], kind: str) -> None:
    rows = [changed(**wrong)]
    data = ";".join(headings()) + "\n" + ";".join(rows[0]) + "\n"
    found = read_list("a.csv", data.encode(), NAMES, TODAY)
    assert kind in found.kinds
    assert kind in KINDS
    assert all(one.row == 2 for one in found.mistakes)
    assert not found.given or found.mistakes


def test_one_place_and_day_stands_once() -> None:
    assert read(GOOD, GOOD).kinds == {"twice": 1}
    assert not read(GOOD, changed(as_of="30/11/2025")).mistakes


def test_what_was_left_blank_in_the_pattern_is_passed_over() -> None:
    rows = pattern(NAMES)
    assert [row[0] for row in rows] == list(NAMES)
    assert read(*rows).kinds == {"empty": 1}
    assert len(read(*rows[:1], GOOD).given) == 1


def test_what_is_no_list_is_told() -> None:
    assert set(read_list("a.csv", b"\xff\xfe\x00", NAMES, TODAY).kinds) == {"not_utf8"}
    assert "missing_column" in read(["1"], head=["Cột lạ"]).kinds


def test_what_was_read_is_read_again_alike() -> None:
    given = read(GOOD).given
    assert read(*as_rows(given, NAMES)).given == given


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1523", 1523), ("1.523", 1523), ("1 523 000", 1523000), ("12.34", None), ("1,5", None), ("", None),
     ("١٢", None), ("1.523.00", None), ("9" * 13, None)],
)  # fmt: skip
def test_numbers_as_an_office_writes_them(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_days_as_an_office_writes_them() -> None:
    assert written_day("1/9/2026") == written_day("2026-09-01") == written_day("01-09-2026") == date(2026, 9, 1)
    assert written_day("31/12/1999") is written_day("hôm qua") is None
