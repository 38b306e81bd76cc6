"""What a household is, when the office learns things late: three faults that stood until the register was a ledger."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, FormVersion, Household, Member, RegisterEntry, Submission
from survey.accounts.accounts import find_account
from survey.intake.admit import judge_again
from survey.questionnaires.published import publish
from survey.register.entries import context_of, import_household
from survey.register.places import change_area
from survey.review.reassign import attach
from survey.rounds.rounds import open_round
from survey.submissions.derive import derive_again, rebuild
from survey.submissions.log import Act, last_step
from survey.terms import Action, Area, B1Method, HouseholdClass, HouseholdState, RoundKind
from survey.xlsform.compile import compile_workbook
from tests.interviews import ANSWERS, ROUND, SOURCE, entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

AD_HOC = "thuong-xuyen-2026"


def sent(session: Session, entry_id: str) -> Submission:
    session.rollback()
    return session.scalars(select(Submission).where(Submission.entry_id == entry_id)).one()


@pytest.mark.usefixtures("small_round")
def test_an_older_interview_that_is_accepted_later_does_not_set_the_class_back(login_as: Any, session: Session) -> None:
    form = session.scalars(select(FormVersion)).one()
    open_round(
        session, title="Rà soát thường xuyên", year=2026, form=form, opens_on=date(2026, 9, 1),
        closes_on=date(2026, 12, 14), kind=RoundKind.AD_HOC, b1_method=B1Method.TOTAL, now=NOW, round_id=AD_HOC,
    )  # fmt: skip
    session.commit()
    older = entry(
        finalised_at="2026-10-05T03:00:00.000Z", started_at="2026-10-05T02:00:00.000Z",
        answers={"ngay_ra_soat": "2026-10-05", "mang": "khong"},
    )  # fmt: skip
    newer = entry(round_id=AD_HOC, answers={"mang": "co", "thanh_vien": ANSWERS["thanh_vien"][:1]})
    push(login_as("enumerator"), older, newer)
    decide(session, newer["id"], Action.ACCEPT)
    decide(session, older["id"], Action.ACCEPT)
    session.rollback()
    household = session.get_one(Household, (COMMUNE, "ho-1"))
    assert household.current_submission_id == sent(session, newer["id"]).id
    assert (household.current_class, household.current_answers["mang"]) == ("ho_can_ngheo", "co")
    assert len(session.scalars(select(Member).where(Member.household_id == "ho-1")).all()) == 1
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1")).state == "accepted"  # it counts in its round
    before = snapshot(session)
    rebuild(session)
    assert snapshot(session) == before
    decide(session, newer["id"], Action.REOPEN)  # not the last word any more
    session.rollback()
    assert session.get_one(Household, (COMMUNE, "ho-1")).current_class == "ho_ngheo"


LINE = "${diem_b1} > 140"
BY_AREA = SOURCE.replace(LINE, "${diem_b1} > if(${khu_vuc} = 'thanh_thi', 175, 140)")


@pytest.fixture
def by_area(session: Session) -> str:
    """A round whose class hangs on the area of the village, over one household in a rural village."""
    assert SOURCE != BY_AREA
    form = publish(session, compile_workbook(BY_AREA), BY_AREA, NOW)
    import_household(
        session, commune_id=COMMUNE, household_id="ho-1", village_id=VILLAGE, head_name="Chủ hộ cũ", now=NOW,
        base_class=HouseholdClass.POOR, base_answers=ANSWERS,
    )  # fmt: skip
    round_id = open_round(
        session, round_id=ROUND, title="Rà soát định kỳ 2026", year=2026, form=form, opens_on=date(2026, 9, 1),
        closes_on=date(2026, 12, 14), b1_method=B1Method.TOTAL, now=NOW,
    ).id  # fmt: skip
    session.commit()
    return round_id


def class_of(session: Session, entry_id: str) -> tuple[str | None, Any]:
    found = session.get_one(Assessment, (COMMUNE, sent(session, entry_id).id))
    return found.household_class, found.values["khu_vuc"]


@pytest.mark.usefixtures("by_area")
def test_a_village_made_urban_is_judged_by_the_urban_line_from_its_day_on(login_as: Any, session: Session) -> None:
    one = entry(answers={"diem_b1": 150}, outcome=None)
    push(login_as("enumerator"), one)
    decide(session, one["id"], Action.ACCEPT)
    assert class_of(session, one["id"]) == ("khong_ngheo", "nong_thon")
    for since, expected in (
        (date(2026, 11, 23), ("khong_ngheo", "nong_thon")),  # the day after the interview
        (date(2026, 11, 22), ("ho_ngheo", "thanh_thi")),
    ):
        change_area(session, VILLAGE, Area.URBAN, since)
        submission_id = session.scalars(select(Submission.id).where(Submission.entry_id == one["id"])).one()
        derive_again(session, COMMUNE, submission_id)
        session.commit()
        assert class_of(session, one["id"]) == expected
    household = session.get_one(Household, (COMMUNE, "ho-1"))
    assert (household.current_class, household.current_answers["khu_vuc"]) == ("ho_ngheo", "thanh_thi")
    assert '"khu_vuc":"nong_thon"' in sent(session, one["id"]).content  # what came stays as it came
    before = snapshot(session)
    rebuild(session)
    assert snapshot(session) == before


@pytest.mark.usefixtures("by_area")
def test_an_interview_with_the_area_of_before_is_held_and_judged_by_the_register(
    login_as: Any, session: Session
) -> None:
    change_area(session, VILLAGE, Area.URBAN, date(2026, 11, 1))
    session.commit()
    one = entry(answers={"diem_b1": 150}, outcome=None)
    [result] = push(login_as("enumerator"), one)
    assert result["reason"]["code"] == "bad_answers"
    assert class_of(session, one["id"]) == ("ho_ngheo", "thanh_thi")
    assert context_of(session, COMMUNE, "ho-1", ROUND, date(2026, 10, 31))["khu_vuc"] == "nong_thon"


@pytest.mark.usefixtures("by_area")
def test_a_household_met_in_the_field_is_judged_by_its_village_from_the_first(login_as: Any, session: Session) -> None:
    new = {"village_id": VILLAGE_2, "head_name": "Hộ mới"}
    one = entry("ho-moi", answers={"diem_b1": 150, "khu_vuc": "nong_thon"}, outcome=None, new_household=new)
    push(login_as("enumerator-2"), one)
    assert class_of(session, one["id"]) == ("ho_ngheo", "thanh_thi")
    before = snapshot(session)
    rebuild(session)
    assert snapshot(session) == before


@pytest.mark.usefixtures("by_area")
def test_an_interview_that_came_before_its_household_was_listed_is_judged_anew_with_it(
    login_as: Any, session: Session
) -> None:
    one = entry("ho-sau", answers={"diem_b1": 150}, outcome=None)
    push(login_as("enumerator-2"), one)
    assert class_of(session, one["id"]) == ("khong_ngheo", "nong_thon")  # as the phone said: nobody knows it
    import_household(
        session, commune_id=COMMUNE, household_id="ho-sau", village_id=VILLAGE_2, head_name="Hộ sau", now=NOW
    )
    submission = session.scalars(select(Submission).where(Submission.entry_id == one["id"])).one()
    judge_again(session, submission, Act(None, NOW))
    session.commit()
    assert class_of(session, one["id"]) == ("ho_ngheo", "thanh_thi")
    before = snapshot(session)
    rebuild(session)
    assert snapshot(session) == before


@pytest.mark.usefixtures("small_round")
def test_a_number_is_never_given_twice(login_as: Any, session: Session) -> None:
    new = {"village_id": VILLAGE, "head_name": "Hộ mới"}
    first = entry("moi-1", new_household=new)
    push(login_as("enumerator"), first)
    submission, supervisor = sent(session, first["id"]), find_account(session, "supervisor")
    assert supervisor is not None
    seen = last_step(session, submission).seq
    attach(session, supervisor, COMMUNE, submission.id, "ho-2", seen=seen, now=NOW)
    session.commit()
    push(login_as("enumerator"), entry("moi-2", new_household=new))
    session.rollback()
    left, came = (session.get_one(Household, (COMMUNE, id)) for id in ("moi-1", "moi-2"))
    assert (left.state, left.same_as, came.state) == (HouseholdState.DUPLICATE, "ho-2", HouseholdState.PRESENT)
    assert (left.code, came.code) == ("03757-01-004", "03757-01-005")
    before = snapshot(session)
    rebuild(session)
    assert snapshot(session) == before
