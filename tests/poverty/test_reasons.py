"""What is quoted as a reason is one: a good answer in its place takes the deprivation away; what is not is none."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form.record import Clock, evaluate
from survey.poverty.assess import Assessment, IndicatorResult, assess
from survey.terms import Indicator
from tests.examples import examples
from tests.poverty.families import BIRTH, DAY, changed, household, questions, value_of
from tests.poverty.families import birth as any_birth
from tests.poverty.households import household_form

pytestmark = pytest.mark.thorough

FORM = household_form()
CLOCK = Clock(DAY, datetime(2026, 10, 15, 2, 0, tzinfo=UTC))
MADE_OF = {"tuoi": BIRTH, "tuoi_hoc": BIRTH}  # what a quoted calculation of a member is made of
GOOD = {  # an answer that no rule holds against anybody
    "tinh_trang_viec_lam": "huu_noi_tro", "loai_viec_lam": "khac", "hop_dong": "co", "gioi_tinh": "nu",
    "tro_cap_xa_hoi": "khong", "suy_dinh_duong": "khong", "the_bhyt": "co", "dang_di_hoc": "co", "cap_hoc": "thpt",
    "trinh_do_van_hoa": "thpt", "trinh_do_dao_tao": "trung_cap", "vua_hoc_vua_lam": "co", "internet": "co",
    "tuong": "gach_da", "cot": "be_tong", "mai": "ngoi", "dien_tich": 2000, "nguon_nuoc": "may",
    "loai_nha_tieu": "dao_be_ngoi", "phuong_tien": "radio",
}  # fmt: skip
GOOD_AGE = {  # an age at which the indicator does not look at a person, or asks what may be answered well
    Indicator.JOB: 80, Indicator.DEPENDANTS: 40, Indicator.NUTRITION: 40, Indicator.INSURANCE: 2,
    Indicator.ADULT_EDUCATION: 40, Indicator.CHILD_SCHOOLING: 40, Indicator.TELECOM: 40,
}  # fmt: skip


def assessed(answers: dict[str, Any]) -> Assessment:
    return assess(FORM, evaluate(FORM, answers, CLOCK))


def result(answers: dict[str, Any], indicator: Indicator) -> IndicatorResult:
    return next(one for one in assessed(answers).indicators if one.indicator is indicator)


def quoted_answers(one: IndicatorResult) -> set[str]:
    """The paths of the answers behind what is quoted."""
    found = set()
    for because in one.because:
        place, _, name = because.path.rpartition("/")
        found |= {f"{place}/{part}" if place else part for part in MADE_OF.get(name, (name,))}
    return found


def improve(answers: dict[str, Any], paths: set[str], indicator: Indicator) -> None:
    """Good answers at these places; a date of birth is one answer."""
    for inside, path, item in questions(FORM, answers):
        if path in paths:
            born = {"nam_sinh": DAY.year - GOOD_AGE.get(indicator, 40), "thang_sinh": 1, "ngay_sinh": 1}
            inside[item.name] = born.get(item.name, GOOD.get(item.name))
            if item.name == "nam_sinh" and indicator is Indicator.TELECOM:
                inside["internet"] = "co"  # asked now
            if item.name == "dang_di_hoc":
                inside["cap_hoc"] = GOOD["cap_hoc"]  # asked now


@settings(max_examples=examples(30), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_what_is_quoted_changed_to_a_good_answer_takes_the_deprivation_away(seed: int) -> None:
    random = Random(seed)
    answers = household(random, FORM)
    for one in assessed(answers).indicators:
        if one.deprived:
            better = changed(answers)
            improve(better, quoted_answers(one), one.indicator)
            assert result(better, one.indicator).deprived is False, (one.indicator, one.because)


@settings(max_examples=examples(30), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_any_one_reason_of_a_person_is_enough_to_clear_that_person(seed: int) -> None:
    """Of all indicators that blame persons; who is a dependant twice over needs both changed."""
    random = Random(seed)
    answers = household(random, FORM)
    for one in assessed(answers).indicators:
        if not one.deprived or one.indicator is Indicator.DEPENDANTS:
            continue
        for because in one.because:
            if because.member is None:
                continue
            single = IndicatorResult(one.indicator, one.dimension, True, (because,))
            better = changed(answers)
            improve(better, quoted_answers(single), one.indicator)
            left = result(better, one.indicator)
            assert because.member not in {quote.member for quote in left.because}, (one.indicator, because)


@settings(max_examples=examples(30), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_what_is_not_quoted_changed_leaves_the_deprivation(seed: int) -> None:
    random = Random(seed)
    answers = household(random, FORM)
    for one in assessed(answers).indicators:
        if not one.deprived:
            continue
        kept = quoted_answers(one)
        other = changed(answers)
        for inside, path, item in questions(FORM, other):
            if path in kept or item.name in ("ho_ten", "quan_he", "dong_y", "so_khau_khai") or item.name in BIRTH:
                continue
            if random.random() < 0.5:
                inside[item.name] = value_of(random, FORM, item)
        for number, person in enumerate(other["thanh_vien"], 1):
            # Who is too young to be asked about the internet is no reason, and would be asked at another age.
            aside = one.indicator is Indicator.TELECOM or f"thanh_vien[{number}]/nam_sinh" in kept
            if not aside and random.random() < 0.5:
                person |= any_birth(random)
        assert result(other, one.indicator).deprived is True, (one.indicator, one.because)


def test_the_households_of_these_tests_are_deprived_in_everything_and_in_nothing() -> None:
    """The properties above would hold of nobody: each indicator must come up, with and without deprivation."""
    seen: Counter[tuple[str, bool | None]] = Counter()
    for seed in range(150):
        seen.update((one.indicator.value, one.deprived) for one in assessed(household(Random(seed), FORM)).indicators)
    assert all(seen[one.value, True] >= 5 and seen[one.value, False] >= 3 for one in Indicator), seen


def test_a_count_is_quoted_with_its_total() -> None:
    for seed in range(60):
        one = result(household(Random(seed), FORM), Indicator.DEPENDANTS)
        if one.deprived:
            assert {"so_phu_thuoc", "so_nhan_khau"} <= {because.path for because in one.because}
            return
    raise AssertionError("no household of mostly dependants")
