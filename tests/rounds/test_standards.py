"""A standard has a period and a scope: a round outside them is refused, or is a trial (NĐ 351/2025/NĐ-CP)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion, Round, Standard, Submission, SubmissionStatus
from survey.intake.admit import judge_again
from survey.problems import Problem
from survey.questionnaires.published import publish
from survey.questionnaires.standards import add_standard
from survey.rounds.cancelling import cancel
from survey.rounds.rounds import move_round, open_round
from survey.submissions.log import Act
from survey.xlsform.compile import compile_workbook
from tests.interviews import SOURCE, entry, push, small_form
from tests.world import COMMUNE, NOW

LAST = date(2026, 12, 31)  # of the 2022-2025 standard, as prolonged
SETTINGS = "| | form_title | form_id | version | default_language |\n| | Phiếu thử | phieu_thu | 1 | Tiếng Việt (vi) |"


def source(standard: str, version: str = "1") -> str:
    """The small questionnaire with a standard named in its settings."""
    named = SETTINGS.replace(" |\n", " | standard |\n").replace("| 1 |", f"| {version} |") + f" {standard} |"
    assert SETTINGS in SOURCE
    return SOURCE.replace(SETTINGS, named)


def opened(session: Session, form: FormVersion, first: date, last: date, **more: Any) -> Round:
    return open_round(session, title="Đợt", year=2026, form=form, opens_on=first, closes_on=last, now=NOW, **more)


def none_open(session: Session) -> None:
    for one in session.scalars(select(Round).where(Round.state == "open")).all():
        cancel(session, one, "thử", NOW)


@pytest.fixture
def form(session: Session) -> FormVersion:
    text = source("ND07-2021")
    return publish(session, compile_workbook(text), text, NOW)


def own(**changes: Any) -> Standard:
    """A province's own standard."""
    fixed: dict[str, Any] = {
        "code": "BN-2026", "title": "Chuẩn riêng của tỉnh", "valid_from": date(2026, 1, 1), "valid_to": None,
        "place_id": "14", "is_complete": True, "status": "thử", "source": "Nghị quyết thử",
    }  # fmt: skip
    return Standard(**(fixed | changes))


def refused(session: Session, *given: Any, **more: Any) -> str:
    with pytest.raises(Problem) as refusal:
        opened(session, *given, **more)
    assert session.scalars(select(Round)).all() == []
    return refusal.value.code


@pytest.mark.parametrize(
    ("first", "last", "fits"),
    [
        (date(2026, 9, 1), date(2026, 12, 14), True),
        (date(2022, 1, 1), LAST, True),
        (date(2021, 12, 31), date(2022, 1, 31), False),
        (date(2026, 12, 1), date(2027, 1, 1), False),
        (date(2027, 1, 2), date(2027, 1, 2), False),
    ],
)
def test_a_round_lies_within_the_period_of_its_standard_or_is_a_trial(
    session: Session, form: FormVersion, first: date, last: date, fits: bool
) -> None:
    if not fits:
        assert refused(session, form, first, last) == "standard_period"
    made = opened(session, form, first, last, trial=not fits)
    assert (made.standard, made.trial) == ("ND07-2021", not fits)


def test_a_questionnaire_that_names_no_standard_gets_the_one_in_force(session: Session) -> None:
    form = publish(session, small_form(), SOURCE, NOW)
    assert refused(session, form, date(2027, 1, 2), date(2027, 1, 3)) == "standard_missing"
    assert opened(session, form, date(2026, 9, 1), date(2026, 12, 14)).standard == "ND07-2021"


def test_an_incomplete_standard_classifies_nobody_officially(session: Session) -> None:
    text = source("ND351-2025")
    form = publish(session, compile_workbook(text), text, NOW)
    days = date(2027, 9, 1), date(2027, 12, 14)
    assert refused(session, form, *days) == "standard_incomplete"
    assert opened(session, form, *days, trial=True).trial
    known = session.get_one(Standard, "ND351-2025")
    assert (known.rural_income, known.urban_income, known.rural_points) == (2_200_000, 2_800_000, None)


def test_the_standard_chosen_is_the_questionnaires_own(session: Session, form: FormVersion) -> None:
    days = date(2026, 9, 1), date(2026, 12, 14)
    assert refused(session, form, *days, standard="ND351-2025") == "other_standard"
    text = source("ND99-2099", "2")
    assert refused(session, publish(session, compile_workbook(text), text, NOW), *days) == "standard_unknown"


def test_a_round_is_not_moved_to_a_questionnaire_of_another_standard(session: Session, form: FormVersion) -> None:
    made = opened(session, form, date(2026, 9, 1), date(2026, 12, 14))
    text = source("ND351-2025", "2")
    other = publish(session, compile_workbook(text), text, NOW)
    with pytest.raises(Problem) as refusal:
        move_round(session, made, other, NOW)
    assert refusal.value.code == "other_standard"
    assert made.form_version == "1"


@pytest.mark.usefixtures("small_round")
def test_a_provinces_own_standard_holds_in_that_province_only(session: Session) -> None:
    none_open(session)
    small = session.get_one(FormVersion, ("phieu_thu", "1"))
    days = date(2026, 9, 1), date(2026, 12, 14)
    add_standard(session, own(), NOW)
    assert opened(session, small, *days, standard="BN-2026").standard == "BN-2026"
    none_open(session)
    session.get_one(Standard, "BN-2026").place_id = "03757"  # of no commune
    with pytest.raises(Problem) as refusal:
        opened(session, small, *days, standard="BN-2026")
    assert refusal.value.code == "standard_scope"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "ND07-2021"}, "standard_exists"),
        ({"place_id": "03757"}, "not_found"),  # a commune
        ({"place_id": "99"}, "not_found"),
        ({"source": " "}, None),
        ({"valid_to": date(2025, 12, 31)}, None),
    ],
)
def test_a_standard_that_cannot_be_is_refused(session: Session, changes: dict[str, Any], error: str | None) -> None:
    with pytest.raises(Problem if error else ValueError) as refusal:
        add_standard(session, own(**changes), NOW)
    assert error is None or refusal.value.code == error


def test_an_interview_outside_the_period_is_held_and_judged_again_when_the_period_is_prolonged(
    login_as: Any, session: Session, small_round: str
) -> None:
    standard = session.get_one(Standard, "ND07-2021")
    standard.valid_to = date(2026, 11, 21)  # the day before the interview
    session.commit()
    browser, sent = login_as("enumerator"), entry()
    [result] = push(browser, sent)
    assert result["reason"]["code"] == "outside_standard"
    supervisor = login_as("supervisor")
    assert "ngoài thời hạn" in supervisor.get(f"/desk/{COMMUNE}/held").text
    standard.valid_to = LAST
    session.commit()
    submission = session.scalars(select(Submission)).one()
    assert judge_again(session, submission, Act(None, NOW))
    session.commit()
    assert session.scalars(select(SubmissionStatus.state)).one() == "submitted"


def test_in_a_trial_the_period_does_not_matter(login_as: Any, session: Session, small_round: str) -> None:
    session.get_one(Standard, "ND07-2021").valid_to = date(2026, 11, 21)
    session.get_one(Round, small_round).trial = True
    session.commit()
    [result] = push(login_as("enumerator"), entry())
    assert result["reason"] is None


def test_an_administrator_enters_a_standard_and_everybody_at_the_desk_reads_it(login_as: Any, session: Session) -> None:
    admin = login_as("admin")
    fields = {
        "code": "BN-2026", "title": "Chuẩn riêng của tỉnh", "place": "14", "valid_from": "2026-01-01", "valid_to": "",
        "rural_income": "1750000", "urban_income": "2250000", "source": "Nghị quyết thử", "status": "thử",
    }  # fmt: skip
    assert admin.post("/rounds/standards/new", data=fields | {"source": ""}).status_code == 422
    assert admin.post("/rounds/standards/new", data=fields).status_code == 303
    assert admin.post("/rounds/standards/new", data=fields).status_code == 409
    page = login_as("supervisor").get("/rounds/standards").text
    for words in ("1.750.000", "Sơn La", "Nghị định 351/2025/NĐ-CP", "Chưa đủ căn cứ", "từ 01/01/2022 đến 31/12/2026"):
        assert words in page
