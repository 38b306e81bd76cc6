"""The shortest way out of poverty on a record's page: after the decision, in the questionnaire's own words."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from survey.poverty.way_out import OUT_OF_POOR, Reached, Target, WayOut
from survey.review import dossier
from survey.review.way_out import shortest_way
from survey.terms import Action, B1Method
from tests.poverty.households import FILE, Case, household_form, read_cases
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE

EVERY_CASE = read_cases(household_form(), FILE.read_text(encoding="utf-8"))
POOR = next(case for case in CASES if case.household_class == "ho_ngheo")
NEAR_POOR = next(case for case in CASES if case.household_class == "ho_can_ngheo")
NOT_POOR = next(case for case in CASES if case.household_class == "khong_ngheo")
BY_POINTS = next(
    case
    for case in EVERY_CASE
    if case.illustrative and case.complete and case.household_class in ("ho_ngheo", "ho_can_ngheo")
)
HEADING = "Đường thoát nghèo ngắn nhất"


def section(browser: Any, work: Field) -> str:
    """The words of the section; "" where the page has none."""
    submission = work.submission(work.sent[0])
    answer = browser.get(f"/desk/{COMMUNE}/records/{submission.id}")
    assert answer.status_code == 200
    found = re.search(r'<section class="way-out".*?</section>', answer.get_data(as_text=True), re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split()) if found else ""


def told_of(login_as: Any, work: Field) -> str:
    return section(login_as("supervisor"), work)  # signed in once the place is as it is: a session is a row of it


def accepted(field: Any, case: Case, method: B1Method = B1Method.TOTAL) -> Field:
    work: Field = field(1, method)
    work.send(work.entry(0, case))
    work.decide(work.sent[0], Action.ACCEPT)
    return work


def test_it_is_shown_after_the_decision_and_while_it_stands(field: Any, login_as: Any) -> None:
    work: Field = field(1)
    work.send(work.entry(0, POOR))
    supervisor = login_as("supervisor")
    assert section(supervisor, work) == ""
    work.decide(work.sent[0], Action.ACCEPT)
    told = section(supervisor, work)
    assert HEADING in told
    assert "Để không còn là hộ nghèo" in told
    assert "Đây là gợi ý để bàn với gia đình" in told
    work.decide(work.sent[0], Action.REOPEN)
    assert section(supervisor, work) == ""


def test_an_improvement_is_told_by_the_question_the_answer_now_and_the_answer_then(field: Any, login_as: Any) -> None:
    told = told_of(login_as, accepted(field, POOR))
    asked = "Nguồn nước dùng nhiều nhất trong nhà lấy từ đâu?"
    assert f"{asked} Nước khe, mó không được bảo vệ → Nước khe, mó được bảo vệ làm được" in told
    assert "không xếp cách nào hơn cách nào" in told
    assert "là đọc của chúng tôi, không phải văn bản pháp luật" in told


def test_near_poor_by_typed_points_is_told_the_line_and_no_way(field: Any, login_as: Any) -> None:
    told = told_of(login_as, accepted(field, NEAR_POOR))
    assert "ngưỡng là 140 điểm" in told
    assert "Hộ cận nghèo không thoát được chỉ bằng cách bớt thiếu hụt" in told
    assert "→" not in told


def test_points_of_the_illustrative_table_say_so(field: Any, login_as: Any) -> None:
    told = told_of(login_as, accepted(field, BY_POINTS, B1Method.TABLE))
    assert "Để không còn là hộ nghèo, hộ cận nghèo" in told
    assert told.count("minh hoạ") >= 2  # beside the points, and beside the way that rests on them


def test_who_is_not_poor_is_told_of_no_way(field: Any, login_as: Any) -> None:
    assert told_of(login_as, accepted(field, NOT_POOR)) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"known": False, "targets": ()}, "Chưa thể nói được: phiếu còn thiếu câu trả lời"),
        ({"targets": (Target(OUT_OF_POOR, Reached.NO),)}, "không có cách nào đủ, kể cả khi làm cùng lúc"),
        (
            {"targets": (Target(OUT_OF_POOR, Reached.SEARCHED_TOO_LONG, tried=900),)},
            "Đã thử 900 lần mà chưa tìm xong",
        ),
    ],
)
def test_what_is_not_known_or_not_found_is_said(
    field: Any, login_as: Any, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str
) -> None:
    def told(*arguments: Any) -> WayOut | None:
        way = shortest_way(*arguments)
        return way and replace(way, **changes)

    monkeypatch.setattr(dossier, "shortest_way", told)
    said = told_of(login_as, accepted(field, POOR))
    assert words in said
    assert "→" not in said


@pytest.mark.parametrize("who", ["province", "supervisor"])
def test_it_is_read_in_english_too(field: Any, login_as: Any, who: str) -> None:
    work, browser = accepted(field, POOR), login_as(who)
    browser.post("/language", data={"lang": "en"})
    assert "Shortest way out of poverty" in section(browser, work)
