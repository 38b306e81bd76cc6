"""Whatever stands in a sheet: it is understood, asked about or named as a mistake; nothing breaks, nobody vanishes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.register.csv_rows import folded
from survey.register.layout import KNOWN, find_list
from survey.register.list_households import understand
from survey.register.plan import VillageRow
from survey.register.questions import Asked
from survey.register.tables import Table
from survey.terms import Area
from tests.examples import examples
from tests.poverty.households import household_form
from tests.register.sheets import workbook

TODAY = date(2026, 11, 23)
THERE = {"03757-01": VillageRow("03757-01", "Bản Nà Ca", "Bản", Area.RURAL, known=True)}
HEADINGS = st.sampled_from(
    "STT,Họ và tên,Chủ hộ,Tên,Họ,Bản,Mã thôn,Xã cũ,Mã hộ,Phân loại,Hộ nghèo,Hộ cận nghèo,Số khẩu,Giới tính,Nam,Nữ,"
    "Quan hệ,Ngày sinh,Năm sinh,Ngày,Tháng,Dân tộc,CCCD,Ghi chú,Địa chỉ".split(",")
)
CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        "x;-;Lò Văn A;Lo Van A;Bản Nà Ca;Bản Xa;3757-01;03664-01;Hộ nghèo;thoát nghèo;Nam;Chủ hộ;Con;cố;Thái;Zzz;"
        "7/4/65;31/02/1990;12/27/1974;không nhớ;1.4E+10;14083128300;12;Cộng;2 hộ;NGƯỜI LẬP;001;1;(1)".split(";")
    ),
    st.text(max_size=12),
    st.integers(-5, 10**13),
    st.dates(date(1900, 1, 1), date(2099, 1, 1)),
)
SHEETS = st.tuples(
    st.lists(HEADINGS, min_size=2, max_size=8, unique=True),
    st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=10),
)


def asked_and_understood(data: bytes, answers: dict[str, str], name: str = "a.xlsx") -> tuple[Asked, Any]:
    asked = Asked(answers, accepts=True)
    return asked, understand({name: data}, "03757", THERE, False, household_form(), {}, asked, TODAY)


@settings(max_examples=examples(60), derandomize=True, deadline=None)
@given(SHEETS, st.data())
def test_any_sheet_is_understood_asked_about_or_named(sheet: Any, data: Any) -> None:
    header, rows = sheet
    printable = [[cell if not isinstance(cell, str) or cell.isprintable() else "?" for cell in row] for row in rows]
    written = workbook({"Sheet": [header, *printable]})
    asked, found = asked_and_understood(written, {})
    answers = {
        question.id: data.draw(st.sampled_from([option.value for option in question.options]))
        for question in asked.questions.values()
        if question.options
    }
    asked_again, answered = asked_and_understood(written, answers)
    for one in (found, answered):
        assert all(mistake.sentence() for mistake in one.all_mistakes())
        assert all(note.sentence() for note in one.notes)
    for question in (*asked.questions.values(), *asked_again.questions.values()):
        assert question.sentence()
        assert all(example.words() for example in question.examples)


@settings(max_examples=examples(100), derandomize=True, deadline=None)
@given(st.lists(HEADINGS, min_size=2, max_size=6, unique=True), st.lists(st.lists(CELLS, max_size=6), max_size=12))
def test_each_row_of_a_sheet_is_a_record_or_was_told(header: list[str], rows: list[list[Any]]) -> None:
    header = ["Họ và tên", "Bản", *(one for one in header if one not in ("Họ và tên", "Bản"))]
    table = Table("Sheet", {at: row for at, row in enumerate([header, *rows], 1) if any(row)})
    found = find_list(table)
    assert found is not None
    told = {row for row, _village in found.records} | set(found.totals) | set(found.left_out)
    for row in set(table.rows) - told - {1}:
        name = str(table.cell(row, found.columns["name"]) or "-")
        # A header that goes on or comes again, a row of column numbers, a village over its households: nobody's name.
        assert name == "-" or folded(name) in KNOWN or name.strip("()").isdigit() or name.startswith("Bản ")


@pytest.mark.parametrize("zero", ["0", ""], ids=["whole", "without its zero"])
@pytest.mark.parametrize(
    "list_of",
    [
        "Họ và tên;Bản\nLò Văn A;{zero}3646-01\n",
        "Mã hộ;Họ và tên;Bản\n{zero}3646-01-001;Lò Văn A;Bản Nà Ca\n",
    ],
    ids=["village", "household"],
)
def test_a_code_of_another_commune_is_refused_with_its_zero_or_without(zero: str, list_of: str) -> None:
    asked, found = asked_and_understood(list_of.format(zero=zero).encode(), {}, "a.csv")
    [told] = [one for one in found.all_mistakes() if one.code == "foreign_commune"]
    assert told.values["other"] == "03646"
    assert not [one for one in asked.questions.values() if one.code.startswith("village")]
