"""What the questionnaire asks of one member beside the others: one head, one number each, a day of its month."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from survey.form.record import Clock, evaluate
from tests.poverty.households import FILE, household_form, read_cases

FORM = household_form()
CLOCK = Clock(today=date(2026, 11, 23), now=datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
BORN = ("ngay_sinh", "thang_sinh", "nam_sinh")
REFERENCE = read_cases(FORM, FILE.read_text(encoding="utf-8"))[0].answers


def refused(changes: dict[int, dict[str, Any]]) -> set[str]:
    """The questions refused when these members of the reference household answer otherwise."""
    answers = copy.deepcopy(REFERENCE)
    for number, given in changes.items():
        answers["thanh_vien"][number - 1] |= given
    return {problem.path for problem in evaluate(FORM, answers, CLOCK).problems if problem.kind == "constraint"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, set()),
        ({3: {"quan_he": "chu_ho"}}, {"thanh_vien[1]/quan_he", "thanh_vien[3]/quan_he"}),
        ({1: {"quan_he": "con"}}, {"xac_nhan/doc_lai"}),
        ({1: {"cccd": "014080000001"}}, set()),
        ({1: {"cccd": "014080000001"}, 2: {"cccd": "014080000002"}, 3: {"cccd": "014080000003"}}, set()),
        (
            {1: {"cccd": "014080000001"}, 3: {"cccd": "014080000001"}},
            {"thanh_vien[1]/cccd", "thanh_vien[3]/cccd"},
        ),
        ({2: {"cccd": "01408000000"}, 3: {"cccd": "014080000001 "}}, {"thanh_vien[2]/cccd", "thanh_vien[3]/cccd"}),
        *(
            ({1: dict(zip(BORN, (day, month, year), strict=True))}, set() if fits else {"thanh_vien[1]/ngay_sinh"})
            for day, month, year, fits in [
                (30, 4, 1980, True), (31, 4, 1980, False), (31, 6, 1980, False), (31, 9, 1980, False),
                (31, 11, 1980, False), (31, 1, 1980, True), (31, 10, 1980, True), (31, None, 1980, True),
                (29, 2, 1980, True), (29, 2, 1981, False), (30, 2, 1980, False), (29, 2, 1900 + 60, True),
                (32, None, 1980, False), (0, 1, 1980, False),
            ]
        ),
    ],
)  # fmt: skip
def test_a_member_is_judged_beside_the_others(changes: dict[int, dict[str, Any]], wrong: set[str]) -> None:
    assert refused(changes) == wrong
