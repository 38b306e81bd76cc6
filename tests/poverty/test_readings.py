"""What the texts leave open: each other value is what a questionnaire with that value would find."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form.form import Form
from survey.form.record import Clock, evaluate, supposing
from survey.poverty.assess import assess
from survey.poverty.readings import hanging, readings
from survey.terms import HouseholdClass
from tests.poverty.families import DAY, household
from tests.poverty.households import FILE, household_form, read_cases

FORM = household_form()
CLOCK = Clock(DAY, datetime(2026, 10, 15, 2, 0, tzinfo=UTC))
CASES = {case.name: case.answers for case in read_cases(FORM, FILE.read_text(encoding="utf-8"))}
OTHERS = [(one.name, value) for one in readings(FORM) for value in one.meanings if value != one.value]
_made: dict[tuple[str, str], Form] = {}


def with_value(name: str, value: str) -> Form:
    """The questionnaire with another value of a reading, as a province would publish it."""
    if (name, value) not in _made:
        bundle = FORM.as_json()
        row = next(row for row in bundle["children"] if row["name"] == name)
        position = bundle["children"].index(row)
        bundle["children"] = list(bundle["children"])
        bundle["children"][position] = row | {"calculate": int(value) if value.isdecimal() else value}
        _made[name, value] = Form.from_json(bundle)
    return _made[name, value]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "value"), OTHERS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_supposing_a_value_finds_what_a_questionnaire_with_it_finds(name: str, value: str, seed: int) -> None:
    answers = household(Random(seed), FORM)
    done = evaluate(FORM, answers, CLOCK)
    before = done.values, assess(FORM, done)
    other = with_value(name, value)
    fresh = evaluate(other, answers, CLOCK)
    with supposing(done, name, value):
        found = done.values | {name: fresh.values[name]}  # a number there, the same as text here
        assert (found, done.relevant) == (fresh.values, fresh.relevant)
        assert assess(FORM, done) == assess(other, fresh)
    assert (done.values, assess(FORM, done)) == before


DAD, MUM, ELDER, YOUNGER = range(4)  # of the reference household, which lacks two things here and is near-poor
ONE_MORE: dict[str, tuple[int | str, dict[str, Any]]] = {
    # What makes the class hang on the reading, and on no other: whose answers (or which section's) change to what.
    "tuoi_ld_tu": (ELDER, {"nam_sinh": 2011, "cap_hoc": "thpt", "tinh_trang_viec_lam": "khong_viec"}),
    "tuoi_ld_den": (DAD, {"nam_sinh": 1965, "thang_sinh": 4, "ngay_sinh": 15, "tinh_trang_viec_lam": "khong_viec"}),
    "hieu_hop_dong": (DAD, {"nam_sinh": 1950, "loai_viec_lam": "thue_ho", "hop_dong": "khong"}),
    "hieu_cong_chuc": (DAD, {"loai_viec_lam": "cong_chuc", "hop_dong": "quyet_dinh"}),
    "hieu_cao_tuoi": (MUM, {"tro_cap_xa_hoi": "cao_tuoi"}),
    "hieu_suy_dinh_duong": (YOUNGER, {"suy_dinh_duong": "khong_biet"}),
    "hieu_bhyt": (MUM, {"the_bhyt": "khong"}),
    "hieu_so_cap": (ELDER, {
        "nam_sinh": 2009, "dang_di_hoc": "khong", "trinh_do_van_hoa": "tieu_hoc", "trinh_do_dao_tao": "so_cap",
        "vua_hoc_vua_lam": "khong", "tinh_trang_viec_lam": "khong_muon",
    }),
    "hieu_hoc_muon": (ELDER, {"nam_sinh": 2015, "thang_sinh": 12, "ngay_sinh": 31, "cap_hoc": "tieu_hoc"}),
    "hieu_thpt_15": (ELDER, {"nam_sinh": 2011, "cap_hoc": "thcs", "tinh_trang_viec_lam": "di_hoc"}),
    "hieu_ngan_han_15": (ELDER, {"nam_sinh": 2011, "cap_hoc": "ngan_han", "tinh_trang_viec_lam": "di_hoc"}),
    "hieu_mai_tam_lop": ("nha_o", {"tuong": "dat_voi", "mai": "tam_lop"}),
    "hieu_dien_tich": ("nha_o", {"dien_tich": 32}),
    "hieu_ngay_sinh": (YOUNGER, {"nam_sinh": 2020, "thang_sinh": None, "ngay_sinh": None, "the_bhyt": "khong"}),
}  # fmt: skip


def lacking_two(changes: tuple[int | str, dict[str, Any]] | None = None) -> dict[str, Any]:
    answers: dict[str, Any] = copy.deepcopy(CASES["140 điểm, hai thiếu hụt"])
    if changes is not None:
        where = answers["thanh_vien"][changes[0]] if isinstance(changes[0], int) else answers[changes[0]]
        where |= changes[1]
    answers["thong_tin_ho"]["so_khau_khai"] = 5  # one more than the list has
    return answers


@pytest.mark.parametrize("name", [one.name for one in readings(FORM)])
def test_every_reading_can_change_a_class_and_then_that_is_told(name: str) -> None:
    done = evaluate(FORM, lacking_two(ONE_MORE[name]), CLOCK)
    now, [other] = assess(FORM, done).household_class, hanging(FORM, done)
    assert other.reading == name
    assert {now, other.household_class} == {HouseholdClass.POOR, HouseholdClass.NEAR_POOR}


def test_a_class_far_from_the_line_hangs_on_nothing() -> None:
    for name in ("141 điểm, không thiếu hụt", "140 điểm, không thiếu hụt", "Thiếu hụt cả mười hai, 140 điểm"):
        assert list(hanging(FORM, evaluate(FORM, CASES[name], CLOCK))) == []
    assert list(hanging(FORM, evaluate(FORM, lacking_two(), CLOCK))) == []
