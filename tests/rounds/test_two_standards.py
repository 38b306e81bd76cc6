"""Two poverty standards on the same answers: who would be of another class, who of none that can be told. Nothing is
stored by it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, FormVersion, Round, Standard
from survey.problems import Problem
from survey.questionnaires.published import publish
from survey.questionnaires.standards import add_standard
from survey.rounds.reclassify import TwoStandards, under_standard
from survey.terms import HouseholdClass
from survey.xlsform.compile import compile_workbook
from tests.commands.test_rounds import said
from tests.interviews import HOUSEHOLDS, ROUND, entry, push
from tests.rounds.test_standards import own, source
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

POOR, NEAR_POOR, NOT_POOR = HouseholdClass
pytestmark = pytest.mark.usefixtures("small_round")
QUESTION = "| | text | ghi_chu | Ghi chú | Notes | | | | | | | | |\n"
ASKED_TOO = QUESTION.replace("text", "integer").replace("ghi_chu | Ghi chú | Notes", "den | Số bóng đèn | Lamps")
# The line is lower, and of whoever is far below it the lamps are counted, which nobody has asked yet.
CLASS, OTHER_CLASS = (
    "if(${diem_b1} = '', '', if(${diem_b1} > 140,",
    "if(${diem_b1} = '' or (${diem_b1} < 60 and ${den} = ''), '', if(${diem_b1} > 131,",
)


def by(standard: str, version: str) -> str:
    """The small questionnaire with another line, by a standard of its own."""
    text = source(standard, version)
    assert QUESTION in text and CLASS in text
    return text.replace(QUESTION, QUESTION + ASKED_TOO).replace(CLASS, OTHER_CLASS)


def published(session: Session, text: str) -> FormVersion:
    return publish(session, compile_workbook(text), text, NOW)


@pytest.fixture
def answers(login_as: Any, session: Session) -> None:
    """One household above the lower line, one below it, one far below; two were not asked."""
    phone = login_as("enumerator")
    push(phone, *(entry(HOUSEHOLDS[number], {"diem_b1": points}) for number, points in enumerate((132, 100, 50))))
    session.rollback()  # to see what came since
    add_standard(session, own(), NOW)
    published(session, by("BN-2026", "2"))
    session.commit()


def compared(session: Session, code: str = "BN-2026", *communes: str, **more: Any) -> TwoStandards:
    return under_standard(session, session.get_one(Round, ROUND), code, communes or (COMMUNE,), **more)


@pytest.mark.usefixtures("answers")
def test_it_counts_who_is_of_another_class_and_names_each(session: Session) -> None:
    def kept() -> list[Any]:
        session.expire_all()
        rows = session.scalars(select(Assessment).order_by(Assessment.submission_id))
        return [(one.submission_id, one.household_class, one.standard, one.b1_points) for one in rows]

    before, found = kept(), compared(session)
    assert dict(found.table) == {(POOR, NOT_POOR): 1, (POOR, POOR): 1, (POOR, None): 1}
    assert [(one.household_code, one.now, one.other) for one in found.households] == [
        ("03757-01-001", POOR, NOT_POOR), ("03757-01-002", POOR, POOR), ("03757-01-003", POOR, None),
    ]  # fmt: skip
    assert (found.without_interview, found.illustrative, found.objection) == (1, 0, None)
    assert (found.standard.code, found.form.version) == ("BN-2026", "2")
    assert not session.dirty and not session.new
    assert kept() == before
    elsewhere = compared(session, "BN-2026", OTHER_COMMUNE)
    assert (elsewhere.households, elsewhere.without_interview) == ((), 1)


@pytest.mark.usefixtures("answers")
def test_what_cannot_judge_is_refused_and_what_may_not_is_said(session: Session) -> None:
    add_standard(session, own(code="BN-2027", valid_from=date(2027, 1, 1)), NOW)
    for code, rule in (("khong-co", "standard_unknown"), ("BN-2027", "standard_without_form")):
        with pytest.raises(Problem) as refusal:
            compared(session, code)
        assert refusal.value.code == rule
    with pytest.raises(Problem) as refusal:
        compared(session, most=2)
    assert refusal.value.code == "too_large"
    retired = published(session, by("BN-2027", "3"))
    assert compared(session, "BN-2027").objection == "standard_period"  # tried out before it holds
    session.get_one(Standard, "BN-2026").place_id = "03757"  # of no commune
    assert compared(session).objection == "standard_scope"
    retired.retired_at = NOW
    with pytest.raises(Problem) as refusal:
        compared(session, "BN-2027")
    assert refusal.value.code == "standard_without_form"


@pytest.mark.usefixtures("answers")
def test_the_newest_version_of_the_rounds_own_questionnaire_judges(session: Session) -> None:
    other = by("BN-2026", "9").replace("| phieu_thu | 9 |", "| phieu_khac | 9 |")
    assert published(session, other).form_id == "phieu_khac"
    assert compared(session).form.form_id == "phieu_thu"
    session.get_one(FormVersion, ("phieu_thu", "2")).retired_at = NOW
    assert compared(session).form.form_id == "phieu_khac"


@pytest.mark.usefixtures("answers")
def test_it_is_asked_for_at_the_terminal(app: Flask, session: Session) -> None:
    code, told = said(app, "compare", ROUND, "--standard", "BN-2026", "--commune", COMMUNE)
    assert code == 0
    assert told["table"] == [
        {"now": "ho_ngheo", "other": "ho_ngheo", "households": 1},
        {"now": "ho_ngheo", "other": "khong_ngheo", "households": 1},
        {"now": "ho_ngheo", "other": None, "households": 1},
    ]
    assert told["households"][2] == {
        "commune": COMMUNE, "household": "03757-01-003", "now": "ho_ngheo", "other": None,
    }  # fmt: skip
    assert (told["standard"], told["without_interview"]) == ("BN-2026", 1)
    assert "Lò Văn Đông" not in json.dumps(told, ensure_ascii=False)  # codes alone
    everywhere = said(app, "compare", ROUND, "--standard", "BN-2026")[1]
    assert (len(everywhere["households"]), everywhere["without_interview"]) == (3, 2)
    run = app.test_cli_runner().invoke
    words = run(args=["round", "compare", ROUND, "--standard", "BN-2026", "--commune", COMMUNE]).output
    assert "03757-01-001\tHộ nghèo → Không thuộc hộ nghèo, hộ cận nghèo" in words
    assert "03757-01-003\tHộ nghèo → chưa xác định được: thiếu câu trả lời" in words
    assert "03757-01-002" not in words  # of the same class
    assert "Hộ chưa có phiếu: 1." in words


@pytest.mark.usefixtures("answers")
def test_what_is_not_there_is_refused_at_the_terminal(app: Flask) -> None:
    code, told = said(app, "compare", ROUND, "--standard", "khong-co")
    assert (code, told["problem"]) == (1, "standard_unknown")
    code, told = said(app, "compare", ROUND, "--standard", "BN-2026", "--commune", "99999")
    assert (code, told["problem"], told["communes"]) == (1, "round_not_there", ["99999"])
    run = app.test_cli_runner().invoke
    assert run(args=["round", "compare", "khong-co", "--standard", "BN-2026"]).exit_code == 1
    assert run(args=["round", "compare", ROUND]).exit_code == 2


@pytest.mark.usefixtures("answers")
def test_an_officer_sees_it_on_a_page_of_the_round(login_as: Any, session: Session) -> None:
    desk, where = login_as("supervisor"), f"/rounds/{ROUND}/standard"
    assert where in desk.get("/rounds/").text
    assert "Chuẩn riêng của tỉnh (BN-2026)" in desk.get(where).text
    page = desk.get(f"{where}?standard=BN-2026").text
    assert "Hộ chưa có phiếu: 1." in page
    for one in compared(session).households:
        assert (one.household_code in page) == (one.now != one.other)
        assert (f"/records/{one.submission_id}" in page) == (one.now != one.other)
    assert desk.get(f"{where}?standard=khong-co").status_code == 409
    assert desk.get("/rounds/khong-co/standard").status_code == 404
