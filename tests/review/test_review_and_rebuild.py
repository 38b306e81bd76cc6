"""From the doorstep to acceptance: returned, mended, accepted; and that everything derived can be made again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Assessment,
    Base,
    Deprivation,
    FormVersion,
    Household,
    HouseholdFact,
    Member,
    PlaceTally,
    RegisterEntry,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from survey.accounts.accounts import find_account
from survey.problems import Problem
from survey.review import decide as review
from survey.rounds.closing import close_round, obstacles
from survey.rounds.rounds import open_round
from survey.submissions.derive import rebuild
from survey.terms import Action, B1Method, RoundState
from tests.interviews import ANSWERS, HOUSEHOLDS, ROUND, entry, open_small_round, push
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

DERIVED = (SubmissionStatus, Assessment, Deprivation, Household, Member, RegisterEntry, HouseholdFact, PlaceTally)


def snapshot(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every derived row by its columns."""
    session.expire_all()
    tables: list[type[Base]] = list(DERIVED)
    return {
        table.__tablename__: sorted(map(tuple, session.execute(select(*table.__table__.columns)).all()), key=repr)
        for table in tables
    }


def decide(session: Session, entry_id: str, action: Action, words: str | None = None) -> None:
    """A supervisor's decision."""
    session.rollback()
    submission = session.scalars(select(Submission).where(Submission.entry_id == entry_id)).one()
    own = SubmissionEvent.commune_id == submission.commune_id, SubmissionEvent.submission_id == submission.id
    seen = session.scalars(select(func.max(SubmissionEvent.seq)).where(*own)).one()
    supervisor = find_account(session, "supervisor")
    assert isinstance(supervisor, Account)
    said = [{"path": None, "text": words}] if words else []
    review.decide(session, supervisor, submission.commune_id, submission.id, action, seen=seen, comments=said, now=NOW)
    session.commit()


def state_of(session: Session, household_id: str) -> str:
    session.rollback()
    return session.get_one(RegisterEntry, (COMMUNE, ROUND, household_id)).state


@pytest.mark.usefixtures("small_round")
def test_a_returned_interview_reappears_is_mended_and_accepted(login_as: Any, session: Session) -> None:
    browser, first = login_as("enumerator"), entry()
    push(browser, first)
    cursor = browser.get("/api/v1/register?cursor=0").json["cursor"]
    decide(session, first["id"], Action.RETURN, "Xin hỏi lại thẻ BHYT")
    [told] = browser.get(f"/api/v1/register?cursor={cursor}").json["entries"]
    assert told["state"] == "returned"
    assert told["returned"]["entry_id"] == first["id"]
    assert told["returned"]["answers"] == first["answers"]
    assert told["returned"]["comments"] == [{"path": None, "text": "Xin hỏi lại thẻ BHYT"}]
    assert told["returned"]["by"] == "Người thử supervisor"

    mended = entry(answers={"mang": "co"}, replaces=first["id"])
    [result] = push(browser, mended)
    assert result["outcome"] == "stored"
    assert state_of(session, "ho-1") == "received"
    old = session.scalars(
        select(SubmissionStatus).join(Submission, Submission.id == SubmissionStatus.submission_id)
        .where(Submission.entry_id == first["id"])
    ).one()  # fmt: skip
    assert old.state == "superseded"
    decide(session, mended["id"], Action.ACCEPT)
    household = session.get_one(Household, (COMMUNE, "ho-1"))
    assert (household.head_name, household.current_class) == ("Lò Văn Đông", "ho_can_ngheo")
    assert household.current_answers["mang"] == "co"
    members = session.scalars(select(Member).where(Member.household_id == "ho-1").order_by(Member.position)).all()
    assert [member.full_name for member in members] == ["Lò Văn Đông", "Quàng Thị Ước"]
    # Last year's class and answers stay as they were when the round opened.
    opening = session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1"))
    assert (opening.opening_class, opening.opening_answers) == ("ho_ngheo", ANSWERS)


@pytest.mark.usefixtures("small_round")
def test_a_mended_interview_with_a_fault_is_held_and_the_returned_one_still_asks(
    login_as: Any, session: Session
) -> None:
    browser, first = login_as("enumerator"), entry()
    push(browser, first)
    decide(session, first["id"], Action.RETURN, "Sửa")
    [result] = push(browser, entry(answers={"mang": None}, replaces=first["id"]))
    assert result["reason"]["code"] == "bad_answers"
    assert state_of(session, "ho-1") == "returned"


@pytest.mark.usefixtures("small_round")
def test_an_interview_of_a_household_that_is_settled_is_held(login_as: Any, session: Session) -> None:
    browser, first = login_as("enumerator"), entry()
    push(browser, first)
    decide(session, first["id"], Action.ACCEPT)
    [result] = push(browser, entry())
    assert result["reason"]["code"] == "already_accepted"
    decide(session, first["id"], Action.REOPEN)
    assert state_of(session, "ho-1") == "received"
    assert session.get_one(Household, (COMMUNE, "ho-1")).head_name == "Chủ hộ cũ"


@pytest.mark.usefixtures("small_round")
def test_rebuilding_changes_nothing_and_makes_lost_rows_again(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    sent = [entry("ho-1"), entry("ho-2"), entry("ho-3"), entry("ho-4"), entry("ho-1"), entry("ho-2", answers={})]
    push(browser, *sent, entry("ho-moi", new_household={"village_id": "03757-01", "head_name": "Hộ mới"}), 7)
    decide(session, sent[0]["id"], Action.RELEASE)  # one of the two of ho-1
    decide(session, sent[0]["id"], Action.ACCEPT)
    decide(session, sent[1]["id"], Action.RETURN, "Sửa")
    push(browser, entry("ho-2", replaces=sent[1]["id"]))
    before = snapshot(session)
    assert all(before.values())
    assert rebuild(session) == 9
    session.commit()
    assert snapshot(session) == before

    for table in (Deprivation, Assessment, Member, SubmissionStatus):
        session.execute(delete(table))
    rebuild(session)
    session.commit()
    assert snapshot(session) == before


@pytest.mark.usefixtures("small_round")
def test_the_phones_result_is_compared_with_the_servers(login_as: Any, session: Session) -> None:
    outcome = {"class": "ho_can_ngheo", "b1": 132, "b2": 20, "indicators": {"bhyt": 1, "vien_thong": 1}}
    push(login_as("enumerator"), entry("ho-1", outcome=outcome), entry("ho-2", outcome=None), entry("ho-3"))
    agrees = {
        submission.household_id: session.get_one(Assessment, (COMMUNE, submission.id)).phone_agrees
        for submission in session.scalars(select(Submission))
    }
    assert agrees == {"ho-1": False, "ho-2": None, "ho-3": True}


@pytest.mark.thorough
@pytest.mark.usefixtures("small_round")
def test_a_round_is_closed_only_when_every_household_is_accounted_for(login_as: Any, session: Session) -> None:
    opened = session.get_one(Round, ROUND)
    assert [tuple(obstacle) for obstacle in obstacles(session, opened)] == [("not_visited", 5)]
    browser, other = login_as("enumerator"), login_as("enumerator-other")
    sent = [entry(household_id) for household_id in HOUSEHOLDS[:3]]
    push(browser, *sent)
    push(login_as("enumerator-2"), four := entry("ho-4", answers={"khu_vuc": "thanh_thi"}))
    push(other, five := entry("ho-5", commune_id=OTHER_COMMUNE, answers={"khu_vuc": "thanh_thi"}))
    push(browser, held := entry("ho-1"))
    session.rollback()
    assert [tuple(obstacle) for obstacle in obstacles(session, opened)] == [("to_review", 5), ("held", 2)]
    with pytest.raises(Problem) as refusal:
        close_round(session, opened, NOW)
    assert refusal.value.detail == {"obstacles": [["to_review", 5], ["held", 2]]}
    decide(session, held["id"], Action.DISCARD, "Hỏi nhầm hai lần")
    for one in (*sent, four, five):
        decide(session, one["id"], Action.ACCEPT)
    close_round(session, opened, NOW)
    session.commit()
    assert opened.state == RoundState.CLOSED
    assert all("gone" in told for told in browser.get("/api/v1/register?cursor=0").json["entries"])
    assert browser.get("/api/v1/hello").json["rounds"][0]["state"] == "closed"
    [late] = push(browser, entry("ho-2"))
    assert late["reason"]["code"] == "round_closed"


def test_a_round_on_the_illustrative_table_cannot_be_closed(login_as: Any, session: Session) -> None:
    open_small_round(session, B1Method.TABLE)
    session.commit()
    sent = [entry(household_id, answers={"cach_b1": "bang_diem"}) for household_id in HOUSEHOLDS[:3]]
    push(login_as("enumerator"), *sent)
    for one in sent:
        decide(session, one["id"], Action.ACCEPT)
    assert ("illustrative_b1", 3) in obstacles(session, session.get_one(Round, ROUND))


@pytest.mark.usefixtures("small_round")
def test_what_is_accepted_in_a_trial_stays_in_the_trial(login_as: Any, session: Session) -> None:
    survey_round = session.get_one(Round, ROUND)
    survey_round.trial = True
    session.commit()
    browser = login_as("enumerator")
    sent = [entry(one, answers={"cach_b1": "nhap_tong", "diem_b1": 400}) for one in HOUSEHOLDS[:3]]
    push(browser, *sent)
    for one in sent:
        decide(session, one["id"], Action.ACCEPT)
    household = session.get_one(Household, (COMMUNE, "ho-1"))
    assert (household.current_class, household.current_submission_id) == ("ho_ngheo", None)  # as last year
    assert state_of(session, "ho-1") == "accepted"
    assert "Chạy thử" in browser.get("/api/v1/hello").json["rounds"][0]["title"]
    assert "Chạy thử" in login_as("supervisor").get(f"/desk/{COMMUNE}/report").text
    rebuild(session)
    session.commit()
    session.refresh(household)
    assert household.current_class == "ho_ngheo"


def test_last_years_indicators_are_frozen_when_the_round_opens(session: Session) -> None:
    open_small_round(session)
    opening = session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1"))
    assert opening.opening_indicators == {"bhyt": 1, "vien_thong": 1}


def test_a_second_round_of_the_same_kind_and_year_is_refused(session: Session) -> None:
    open_small_round(session)
    form = session.get_one(FormVersion, ("phieu_thu", "1"))
    with pytest.raises(Problem) as refusal:
        open_round(
            session, title="Lại", year=2026, form=form, opens_on=date(2026, 9, 1), closes_on=date(2026, 12, 14), now=NOW
        )
    assert refusal.value.code == "round_exists"
