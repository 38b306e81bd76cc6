"""The shortest way out, held against every set of improvements that a household could make, one after another.

What a set comes to is asked of the second reading of the law (second_reading.py), which shares nothing with the search.
`make test` tries 60 households, `make journeys` 1,000 (WAY_OUT).
"""

from __future__ import annotations

import copy
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import combinations, islice, product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form.form import Form
from survey.form.record import Clock, answering, evaluate
from survey.poverty.assess import assess
from survey.poverty.way_out import (
    OUT_OF_BOTH,
    OUT_OF_POOR,
    Improvement,
    Reached,
    Row,
    Target,
    WayOut,
    free_of_conflict,
    options,
    read_rows,
    together,
    way_out,
)
from survey.terms import B1Method, HouseholdClass
from tests.examples import examples
from tests.poverty.families import DAY
from tests.poverty.households import FILE, household_form, read_cases
from tests.poverty.random_households import Household, household, interview
from tests.poverty.second_reading import judge
from tests.poverty.test_second_reading import POINTS

HOUSEHOLDS = int(os.environ.get("WAY_OUT", "60"))
PARTS = 4  # so that several processes share them
INSTANCES = 14  # questions of a household that could be answered better, at most
PRODUCT = 2**INSTANCES  # sets of improvements of a household, at most
FORM = household_form()
CLOCK = Clock(DAY, datetime(2026, 10, 15, 2, 0, tzinfo=UTC))
ROWS = read_rows(
    (Path(__file__).resolve().parents[2] / "survey/poverty/improvements/ra_soat_ho.csv").read_text(encoding="utf-8")
)
CASES = {case.name: case.answers for case in read_cases(FORM, FILE.read_text(encoding="utf-8"))}
Answered = frozenset[tuple[Any, ...]]


def found(answers: Household, rows: Sequence[Row] = ROWS, **more: int) -> WayOut | None:
    return way_out(FORM, evaluate(FORM, answers, CLOCK), rows, **more)


def open_to(answers: Household, rows: Sequence[Row] = ROWS) -> list[Improvement]:
    return options(FORM, evaluate(FORM, answers, CLOCK), rows)


def improved(answers: Household, several: Sequence[Improvement]) -> Household:
    """The answers with those of the improvements, written down by the shape of an interview."""
    after: dict[str, Any] = {
        name: dict(value)
        if isinstance(value, dict)
        else [dict(one) for one in value]
        if name == "thanh_vien"
        else value
        for name, value in answers.items()
    }
    for one in several:
        for (path, number), value in one.answers:
            group, _, name = path.rpartition("/")
            inside = after[group][number - 1] if number else after[group] if group else after
            if isinstance(value, str) and value.startswith("+"):
                picked = [*str(inside[name]).split(), value[1:]]
                value = " ".join(choice for choice in picked if choice != "khong")
            inside[name] = value
    return after


def named(several: Sequence[Improvement]) -> Answered:
    return frozenset(answer for one in several for answer in one.answers)


# --- every set, one after another ---------------------------------------------------------------------------------


def by_question(several: Sequence[Improvement]) -> list[list[Improvement]]:
    """Those that begin with the same question of the same person; of a question of several, with the same choice."""
    found: dict[Any, list[Improvement]] = {}
    for one in several:
        place, value = one.answers[0]
        found.setdefault((place, value if str(value).startswith("+") else ""), []).append(one)
    return list(found.values())


def sets_of_size(several: Sequence[Improvement], size: int) -> Iterator[tuple[Improvement, ...]]:
    """Every set of so many without two that answer the same."""
    for groups in combinations(by_question(several), size):
        for some in product(*groups):
            given = [
                (place, value if str(value).startswith("+") else "") for one in some for place, value in one.answers
            ]
            if len(given) == len(set(given)):
                yield some


@cache
def judged_household(number: int) -> Household:
    rng = Random(f"way out {number}")
    return interview(household(rng), rng, missing=False, stale=number % 2 == 0)


def comparable(part: int) -> Iterator[tuple[int, Household, WayOut, list[Improvement]]]:
    """Poor and near-poor households that could do something about it, and not more than can be tried one by one."""
    number = part
    while True:
        answers = judged_household(number)
        wanted = found(answers, most_shown=10**6)
        several = open_to(answers) if wanted is not None and wanted.targets else []
        sets = math.prod(len(group) + 1 for group in by_question(several))
        if wanted is not None and several and len(by_question(several)) <= INSTANCES and sets <= PRODUCT:
            yield number, answers, wanted, several
        number += PARTS


def by_hand(answers: Household, several: list[Improvement], left: frozenset[HouseholdClass]) -> set[Answered]:
    """All smallest sets: every set is judged, size by size, until one works; where none does, each there is."""
    for size in range(1, len(by_question(several)) + 1):
        works = {
            named(some)
            for some in sets_of_size(several, size)
            if judge(improved(answers, some), POINTS).household_class not in {*left, None}
        }
        if works:
            return works
    return set()


@pytest.mark.many
@pytest.mark.thorough
@pytest.mark.parametrize("part", range(PARTS))
def test_it_is_what_trying_every_set_of_improvements_finds(part: int) -> None:
    for number, answers, wanted, several in islice(comparable(part), HOUSEHOLDS // PARTS):
        for target in wanted.targets:
            smallest = by_hand(answers, several, target.left)
            assert target.reached is not Reached.SEARCHED_TOO_LONG, number
            assert {named(one) for one in target.sets} == smallest, number
            assert target.count == len(target.sets) == len(smallest), number
            assert {len(one) for one in target.sets} == ({target.size} if smallest else set()), number


@pytest.mark.thorough
def test_the_households_that_are_tried_are_of_every_kind() -> None:
    seen: Counter[Any] = Counter()
    for _, _, way, several in islice(comparable(0), 60):
        seen[way.method] += 1
        seen["seven questions or more", len(by_question(several)) >= 7] += 1
        seen["ten or more", len(by_question(several)) >= 10] += 1
        seen.update((target.left, target.reached, target.size) for target in way.targets)
    assert all(seen[method] >= 5 for method in B1Method), seen
    assert seen["seven questions or more", True] >= 5 and seen["ten or more", True], seen
    assert all(seen[OUT_OF_POOR, Reached.YES, size] >= 3 for size in (1, 2, 3)), seen
    assert all(seen[OUT_OF_BOTH, Reached.YES, size] >= 3 for size in (1, 2)), seen
    assert seen[OUT_OF_POOR, Reached.NO, 0], seen


@pytest.mark.many
@settings(max_examples=examples(15), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_to_suppose_answers_is_to_evaluate_them(seed: int) -> None:
    rng = Random(seed)
    answers = household(rng)
    done = evaluate(FORM, answers, CLOCK)
    before = done.values, done.relevant
    several = open_to(answers)
    rng.shuffle(several)
    some: list[Improvement] = []
    for one in several[:8]:
        some += [one] if free_of_conflict([*some, one]) else []
    fresh = evaluate(FORM, improved(answers, some), CLOCK)
    with answering(done, together(FORM, done, some)):
        assert done.relevant == fresh.relevant
        assert assess(FORM, done) == assess(FORM, fresh)
    assert (done.values, done.relevant) == before


# --- cases that a reader can follow ---------------------------------------------------------------------------------


def three_lacks() -> Household:
    """Typed points on the line; no clean water, no latrine, and one of four without insurance: poor by one lack."""
    answers: Household = copy.deepcopy(CASES["140 điểm, không thiếu hụt"])
    answers["dien_nuoc"] |= {"nguon_nuoc": "khe_mo_kbv", "loai_nha_tieu": "khong_co"}
    answers["thanh_vien"][1]["the_bhyt"] = "khong"
    return answers


def only_target(way: WayOut | None) -> Target:
    assert way is not None
    [target] = way.targets
    return target


def steps(target: Target) -> set[frozenset[tuple[str, str | None, str]]]:
    """Each set as question, whose, and the answer then."""
    return {
        frozenset((one.changes[0].path, one.member, str(one.answers[0][1])) for one in several)
        for several in target.sets
    }


def test_one_lack_too_many_is_left_by_any_one_improvement() -> None:
    answers = three_lacks()
    who = answers["thanh_vien"][1]["ho_ten"]
    target = only_target(found(answers))
    assert (target.left, target.reached, target.size, target.count) == (OUT_OF_POOR, Reached.YES, 1, 7)
    water = {("dien_nuoc/nguon_nuoc", None, source) for source in ("may", "gieng_khoan", "khe_mo_bv")}
    latrine = {("dien_nuoc/loai_nha_tieu", None, kind) for kind in ("tu_hoai", "tham_doi", "hai_ngan")}
    assert steps(target) == {frozenset({one}) for one in {*water, *latrine, ("thanh_vien/the_bhyt", who, "co")}}


def test_who_lacks_something_twice_has_to_be_helped_twice() -> None:
    """Two without insurance are one lack still after one of them has it: either both, or something else."""
    answers = three_lacks()
    answers["thanh_vien"][0]["the_bhyt"] = "khong"
    answers["thong_tin"]["phuong_tien"] = "khong"
    target = only_target(found(answers, most_shown=1000))
    assert target.size == 2  # four lacks, two of which must go; insurance alone would take both
    assert all("thanh_vien/the_bhyt" not in {path for path, _, _ in one} for one in steps(target))
    assert target.count == 3 * 3 + 3 * 3 + 3 * 3  # water, latrine, means: two of the three, each in three ways


def test_a_change_now_to_then_is_told_in_the_questions_own_words() -> None:
    target = only_target(found(three_lacks()))
    change = next(one.changes[0] for [one] in target.sets if one.changes[0].then["vi"] == "Tự hoại")
    assert change.label["vi"] == "Gia đình thường dùng nhà tiêu loại nào nhất?"
    assert change.was["vi"] == "Không có nhà tiêu"


def test_answers_to_one_question_exclude_each_other_and_choices_of_several_do_not() -> None:
    answers = three_lacks()
    answers["thong_tin"]["phuong_tien"] = "khong"
    several = open_to(answers)
    latrine = [one for one in several if one.row.question.endswith("loai_nha_tieu")]
    means = [one for one in several if one.row.question.endswith("phuong_tien")]
    assert not free_of_conflict(latrine[:2])
    assert free_of_conflict(means) and len(means) == 3
    assert together(FORM, evaluate(FORM, answers, CLOCK), means) == {
        ("thong_tin/phuong_tien", 0): "tivi radio dien_thoai"
    }


def row(text: str) -> Row:
    [one] = read_rows(f"scope,question,from,to,per,with,needs,plausible,indicator,source\n{text}")
    return one


def test_a_change_that_adds_a_lack_is_no_way_and_no_better_answer_is_taken_for_granted() -> None:
    """Work for wages without a contract takes one lack away and brings another: nothing is won, and that is tried."""
    answers = three_lacks()
    answers["dien_nuoc"]["loai_nha_tieu"] = "tu_hoai"
    answers["thanh_vien"][0] |= {"tinh_trang_viec_lam": "khong_viec"}
    work = "member,thanh_vien/tinh_trang_viec_lam,khong_viec,dang_lam,,loai_viec_lam=thue_ho hop_dong={},,yes,viec_lam,"
    assert only_target(found(answers, [row(work.format("khong"))])).reached is Reached.NO
    assert only_target(found(answers, [row(work.format("co"))])).size == 1


def test_near_poor_with_typed_points_has_no_way_and_is_told_the_distance_to_the_line() -> None:
    way = found(CASES["140 điểm, hai thiếu hụt"])
    assert way is not None and way.known
    assert (way.targets, way.line, way.amount, way.above) == ((), 140, 140, 0)


def test_typed_income_is_told_beside_its_line() -> None:
    answers = three_lacks()
    answers["cach_b1"] = "thu_nhap"
    answers["thu_nhap"] = {"cach_thu_nhap": "giay", "thu_nhap_nguoi": 1_200_000}
    way = found(answers)
    assert only_target(way).left == OUT_OF_POOR
    assert way is not None and (way.line, way.amount, way.above) == (1_500_000, 1_200_000, 300_000)


def test_who_is_not_poor_has_nothing_to_leave() -> None:
    assert found(CASES["141 điểm, không thiếu hụt"]) is None


def test_who_did_not_agree_to_answer_is_told_nothing() -> None:
    answers = three_lacks()
    answers["thong_tin_ho"]["dong_y"] = "khong"
    assert found(answers) is None


def test_where_an_answer_is_missing_it_cannot_be_told() -> None:
    """Three lacks make it poor already; what the missing answer would say is not known."""
    answers = three_lacks()
    del answers["thong_tin"]["phuong_tien"]
    way = found(answers)
    assert way is not None and way.assessment.household_class is HouseholdClass.POOR
    assert (way.known, way.targets) == (False, ())


def test_a_household_of_twelve_who_all_lack_something_is_answered_too() -> None:
    """Thousands of sets would take away one lack or another; those larger than the answer are not tried."""
    answers = three_lacks()
    answers["thanh_vien"] = [
        answers["thanh_vien"][at % 2] | {"ho_ten": f"Người {chr(65 + at)}", "the_bhyt": "khong", "internet": "khong"}
        for at in range(12)
    ]
    for person in answers["thanh_vien"][1:]:
        person["quan_he"] = "khac"
    answers["nha_o"]["dien_tich"] = 200
    target = only_target(found(answers, most_shown=1000))
    assert (target.reached, target.size) == (Reached.YES, 2)  # lacks: water, latrine, insurance, telecom; two must go
    assert target.count == 3 * 3 + 3 * 12 + 3 * 12  # telecom by any of the twelve; insurance by all of them alone
    assert target.tried < 250


def test_what_would_take_too_long_is_said_and_not_guessed() -> None:
    target = only_target(found(three_lacks(), most_tried=5))
    assert (target.reached, target.sets, target.count) == (Reached.SEARCHED_TOO_LONG, (), 0)


def test_a_questionnaire_without_these_questions_has_no_improvements() -> None:
    bundle = FORM.as_json()
    bundle["children"] = [child for child in bundle["children"] if child["name"] != "thong_tin"]
    bundle["order"] = [entry for entry in bundle["order"] if not entry[0].startswith("thong_tin")]
    other = Form.from_json(bundle)
    answers = {name: value for name, value in three_lacks().items() if name != "thong_tin"}
    paths = {one.row.question for one in options(other, evaluate(other, answers, CLOCK), ROWS)}
    assert paths and not {path for path in paths if path.startswith("thong_tin/")}


# --- the rows themselves --------------------------------------------------------------------------------------------

BARRED = {  # whom it is about, how many they are, what the State pays them, and what was typed as a sum
    "nam_sinh", "thang_sinh", "ngay_sinh", "gioi_tinh", "dan_toc", "quan_he", "so_khau_khai", "thanh_vien", "dong_y",
    "tro_cap_xa_hoi", "luong_huu", "b1_nhap", "cach_b1", "cach_thu_nhap", "thu_nhap_nguoi", "tn_nong_san",
    "tn_tien_cong", "tn_luong", "tn_tro_cap", "tn_khac", "khu_vuc", "vung",
}  # fmt: skip


def mistakes(form: Form, one: Row) -> Iterator[str]:
    """What is wrong with a row, for this questionnaire."""
    beside = one.question.rpartition("/")[0]
    told = [(one.question, one.to.removeprefix("+"))]
    told += [(f"{beside}/{name}" if one.of_member else name, value) for name, value in one.along]
    for path, value in told:
        item = form.by_path.get(path)
        if item is None:
            yield f"{path} is no question"
            continue
        if item.name in BARRED:
            yield f"{path} is barred"
        if (item.repeat is not None) != one.of_member:
            yield f"{path} is not of who it says"
        if item.list is None:
            if not value.replace(".", "").isdecimal():
                yield f"{path}: {value} is no number"
            continue
        offered = {choice["name"] for choice in form.choices[item.list]}
        if value not in offered or (path == one.question and not offered.issuperset(one.before)):
            yield f"{path}: not among its choices"
        if path == one.question and (item.type == "select_multiple") != one.to.startswith("+"):
            yield f"{path}: one choice more is «+» of a question of several"
    for name, _ in one.needs:
        if name not in form.by_path and f"{beside}/{name}" not in form.by_path:
            yield f"{name} is not known"
    if one.per and one.per not in form.by_path:
        yield f"{one.per} is not known"
    if one.serves not in {"b1", *(item.name for item in form.indicators)} or not one.source:
        yield f"{one.question} serves nothing that is known, or does not say by what"


def test_each_row_fits_the_questionnaire_and_none_is_barred() -> None:
    assert [f"{one.question} {one.to}: {said}" for one in ROWS for said in mistakes(FORM, one)] == []
    assert len({(one.question, one.to, one.along, one.before, one.needs) for one in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    "text",
    [
        "member,thanh_vien/nam_sinh,<,1950,,,,yes,viec_lam,x",
        "member,thanh_vien/dan_toc,thai,kinh,,,,yes,viec_lam,x",
        "member,thanh_vien/tro_cap_xa_hoi,khong,cao_tuoi,,,,yes,nguoi_phu_thuoc,x",
        "household,thu_nhap/b1_nhap,<,141,,,,yes,b1,x",
        "household,nha_o/tuong,dat_voi,vang,,,,yes,nha_o_chat_luong,x",
        "household,nha_o/tuong,dat_voi,+gach_da,,,,yes,nha_o_chat_luong,x",
        "household,thanh_vien/the_bhyt,khong,co,,,,yes,bhyt,x",
        "household,nha_o/san,dat,gach,,,,yes,nha_o_chat_luong,x",
        "member,thanh_vien/the_bhyt,khong,co,,,m_khac=1,yes,bhyt,x",
        "member,thanh_vien/the_bhyt,khong,co,,,,yes,bhyt,",
    ],
)
def test_a_row_that_does_not_fit_is_found(text: str) -> None:
    assert list(mistakes(FORM, row(text)))


@pytest.mark.thorough
def test_each_row_helps_somebody_and_leaves_answers_that_the_questionnaire_takes() -> None:
    waiting = {(one.question, one.to, one.along, one.needs) for one in ROWS}
    for number in range(600):
        answers = judged_household(number)
        before = {(one.path, one.kind) for one in evaluate(FORM, answers, CLOCK).problems if one.severity == "error"}
        for one in open_to(answers):
            key = (one.row.question, one.row.to, one.row.along, one.row.needs)
            if key in waiting:
                after = evaluate(FORM, improved(answers, [one]), CLOCK)
                wrong = {(it.path, it.kind) for it in after.problems if it.severity == "error"} - before
                assert {path for path, _ in wrong} <= {"thu_nhap/nguyen_nhan"}, (key, wrong)
                waiting.discard(key)
        if not waiting:
            return
    assert not waiting
