"""Names, words and numbers of columns: fixed, so that files of two rounds can be put below each other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.exports.columns import DataColumn, Holds, numbers_of, question_columns, short_name
from survey.exports.fixed_columns import IDENTITY, OF_DEPRIVATION, OF_HOUSEHOLD, OF_MEMBER, OF_NO_INTERVIEW
from survey.form.form import Form
from tests.web.desk.field import FORM

FIXED = {column.name: column for column in (*IDENTITY, *OF_HOUSEHOLD, *OF_MEMBER, *OF_DEPRIVATION, *OF_NO_INTERVIEW)}


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("nha_o__tuong", "nha_o__tuong"),
        ("thanh_vien__tinh_trang_viec_lamx", "thanh_vien__tinh_trang_viec_lamx"),  # 32 letters
        ("tai_san_ho__tai_san__binh_nong_lanh", "tai_san_ho__tai_san__binh_c188a7"),
        ("tai_san_ho__tai_san__may_nong_nghiep", "tai_san_ho__tai_san__may_6a6c34"),
        ("Tuoi", "tuoi_4f731e"),  # SPSS takes it for "tuoi"
        ("with", "with_0695b5"),  # a word of SPSS
        ("str20", "str20_8d4b09"),  # a type of Stata
        ("1.a-b", "v_1_a_b_a3db91"),
        ("_", "v__d2e2ad"),
    ],
)
def test_a_name_that_stata_or_spss_cannot_bear_has_a_fixed_short_one(name: str, short: str) -> None:
    assert short_name(name) == short


@given(st.text(min_size=1, max_size=60))
def test_any_name_becomes_one_that_both_bear(name: str) -> None:
    short = short_name(name)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,31}", short)
    assert short == short_name(short)


def test_no_two_columns_of_a_questionnaire_share_a_short_name() -> None:
    for members in (False, True):
        short = [column.short_name for column in (*FIXED.values(), *question_columns([FORM], members))]
        assert len(short) == len(set(short))


def test_a_label_of_more_than_80_letters_is_cut_where_one_sees_it() -> None:
    column = DataColumn("a", "text", {"vi": "Hộ  nghèo\n" * 20, "en": "Short"})
    assert column.short_label("vi") == ("Hộ nghèo " * 9)[:79].rstrip() + "…"
    assert column.short_label("en") == "Short"


def with_choices(names: list[str]) -> Form:
    form = Form.from_json(FORM.as_json())
    form.choices = form.choices | {
        form.node("nha_o/tuong").list or "": [{"name": name, "label": {"vi": f"Tường {name}"}} for name in names]
    }
    return form


def test_a_code_keeps_its_number_whatever_a_later_version_adds_drops_or_moves() -> None:
    first, second, third = (with_choices(names) for names in (["a", "b"], ["c", "b"], ["b", "a", "c", "d"]))
    numbers = numbers_of([first, second, third])
    assert numbers["nha_o/tuong"] == {"a": 1, "b": 2, "c": 3, "d": 4}
    walls = next(one for one in question_columns([second, first], False, numbers) if one.name == "nha_o__tuong")
    assert [(code.name, code.number, code.words("vi")) for code in walls.choices] == [
        ("c", 3, "Tường c"), ("b", 2, "Tường b"), ("a", 1, "Tường a"),
    ]  # fmt: skip


def test_a_code_of_an_older_version_is_explained_and_has_its_own_column() -> None:
    form = Form.from_json(FORM.as_json())
    livestock = form.node("tai_san_ho/vat_nuoi").list or ""
    form.choices = form.choices | {livestock: [*form.choices[livestock], {"name": "ong", "label": {"vi": "Ong"}}]}
    names = [column.name for column in question_columns([FORM, form], members=False)]
    assert "tai_san_ho__vat_nuoi__ong" in names
    column = next(one for one in question_columns([FORM, form], False) if one.name == "tai_san_ho__vat_nuoi")
    assert column.choices[-1].words("vi") == "Ong"


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("state", ["to_visit", "received", "returned", "accepted"]),
        ("household_class", ["ho_ngheo", "ho_can_ngheo", "khong_ngheo"]),
        ("round_state", ["planned", "open", "closed", "accepted", "cancelled"]),
        ("dimension", ["viec_lam", "y_te", "giao_duc", "nha_o", "nuoc_ve_sinh", "thong_tin"]),
        (
            "indicator",
            ["viec_lam", "nguoi_phu_thuoc", "dinh_duong", "bhyt", "gd_nguoi_lon", "gd_tre_em", "nha_o_chat_luong",
             "nha_o_dien_tich", "nuoc", "nha_tieu", "vien_thong", "phuong_tien_tt"],
        ),
        (
            "outcome",
            ["absent", "refused", "moved_away", "died_out", "split", "merged", "duplicate", "not_found", "test"],
        ),
        ("outcome_state", ["waiting", "confirmed", "sent_back"]),
    ],
)  # fmt: skip
def test_the_numbers_of_our_own_codes_are_those_of_the_files_that_are_out(name: str, codes: list[str]) -> None:
    assert FIXED[name].holds is Holds.CODE
    assert [(code.number, code.name) for code in FIXED[name].choices] == list(enumerate(codes, start=1))
