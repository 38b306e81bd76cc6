"""The forms as data: what they hold is what was found of the official tables, and nothing in them hangs in the air."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from survey.layouts.forms import FORMULAS, Kind, Known, layouts
from survey.terms import Indicator

FOUND = Path("/work/shared/domain/report_templates.csv")
TITLES = {  # as they stand in the table of the ministry's forms that was found
    1: "Tổng hợp kết quả chính thức rà soát hộ nghèo; hộ cận nghèo; "
    "hộ làm nông, lâm, ngư nghiệp có mức sống trung bình",
    2: "Tổng hợp diễn biến hộ nghèo",
    3: "Tổng hợp diễn biến hộ cận nghèo",
    4: "Phân tích các chỉ số thiếu hụt dịch vụ xã hội cơ bản của hộ nghèo",
    5: "Phân tích tỷ lệ các chỉ số thiếu hụt của hộ nghèo",
    6: "Phân tích các chỉ số thiếu hụt của hộ cận nghèo",
    7: "Phân tích tỷ lệ các chỉ số thiếu hụt của hộ cận nghèo",
    8: "Phân tích hộ nghèo, hộ cận nghèo theo các nhóm đối tượng",
    9: "Phân tích hộ nghèo, hộ cận nghèo theo dân tộc",
    10: "Phân tích theo nguyên nhân nghèo",
    11: "Tổng hợp chỉ tiêu thiếu hụt của trẻ em thuộc hộ nghèo, hộ cận nghèo",
    12: "Tổng hợp kết quả rà soát hộ nghèo theo chuẩn nghèo đa chiều",
    13: "Tổng hợp kết quả rà soát hộ cận nghèo theo chuẩn nghèo đa chiều",
    14: "Danh sách chi tiết hộ cận nghèo",
    15: "Danh sách chi tiết hộ nghèo",
}


def test_titles_are_exact() -> None:
    assert {number: one.title for number, one in layouts().items()} == TITLES
    if FOUND.exists():
        with FOUND.open(encoding="utf-8") as file:
            rows = {int(row["no"]): row["title"].partition(" (Phụ lục")[0] for row in csv.DictReader(file)}
        assert {number: rows[number] for number in TITLES} == TITLES


def test_who_is_known_by_its_columns_alone_says_so() -> None:
    known = {known: {number for number, one in layouts().items() if one.known is known} for known in Known}
    assert (known[Known.SCHEMA], known[Known.CODES]) == ({6, 7}, {*range(8, 16)})


@pytest.mark.parametrize("number", TITLES)
def test_each_column_is_of_one_kind_and_names_columns_that_are_there(number: int) -> None:
    layout = layouts()[number]
    codes = [one.code for one in layout.columns]
    assert len(set(codes)) == len(codes)
    for one in layout.columns:
        assert bool(one.formula) == (one.kind in FORMULAS), one
        assert bool(one.base) == (one.kind is not Kind.UNASKED), one
    for other in layout.stands_on:
        assert other in layouts()


def test_peoples_of_a_province_are_columns_and_others_leave_none() -> None:
    of = {one.code: one for one in layouts()[9].with_peoples("14").columns}
    assert (of["p1"].below, of["p11"].below, of["c2"].figure) == ("Thái", "Hoa", "ho_can_ngheo.people.mong")
    assert of["pd"].formula == "+".join(f"[p{at}]" for at in range(1, 12)) + "+[po]"
    elsewhere = {one.code: one for one in layouts()[9].with_peoples("99").columns}
    assert elsewhere["pd"].formula == "[po]"
    assert "p1" not in elsewhere


def test_a_sum_loses_the_term_of_a_column_beside_that_is_not_shown() -> None:
    table = layouts()[12]
    assert next(one for one in table.with_beside({"resident.other_households"}).columns if one.code == "9").formula == (
        "[10]+[11]+[u9]"
    )
    assert next(one for one in table.with_beside(()).columns if one.code == "9").formula == "[10]+[11]"


def test_the_formulas_of_the_official_tables() -> None:
    first = {one.code: one.formula for one in layouts()[1].columns if one.formula}
    assert first == {
        rate: f'IF([{whole}]=0,"",[{part}]/[{whole}]*100)'
        for rate, part, whole in (("4", "3", "1"), ("6", "5", "1"), ("10", "9", "2"), ("12", "11", "2"))
    }
    assert [one.code for one in layouts()[1].columns if one.kind is Kind.UNASKED] == ["7", "8", "13", "14"]
    for number in (2, 3):
        assert layouts()[number].columns[-1].formula == "[1]-[2]-[3]-[4]+[5]+[6]+[7]+[8]"
    for number in (4, 6):
        of = {one.code: one for one in layouts()[number].columns}
        assert of["s"].formula == "SUM([c1]:[c12])"
        lacks = [of[f"c{place}"].figure.rsplit(".", 1)[1] for place in range(1, 13)]
        assert lacks == [one.value for one in Indicator]
