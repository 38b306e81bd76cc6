"""Households given to enumerators: shared evenly or ticked, told to phones, counted by person and village."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AccountVillage, HouseholdAssignment, Round
from survey.accounts.accounts import find_account
from survey.accounts.assignments import assigned, share
from survey.calendar.standing import Days
from survey.review.workload import Due, Load, loads_of, workload
from survey.terms import OutcomeState, RegisterState
from tests.examples import examples
from tests.interviews import ROUND, entry, outcome, push
from tests.pages import text_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

PAGE = f"/desk/{COMMUNE}/workload"
HERE = f"{PAGE}/{VILLAGE}"


@pytest.fixture
def two(session: Session, small_round: str) -> list[str]:
    """The first village has two enumerators; their ids."""
    session.rollback()
    people = [find_account(session, name) for name in ("enumerator", "enumerator-2")]
    assert people[0] and people[1]
    session.add(AccountVillage(account_id=people[1].id, village_id=VILLAGE))
    session.commit()
    return [one.id for one in people if one]


def told(browser: Any) -> dict[str, Any]:
    return {one["household_id"]: one.get("assigned") for one in browser.get("/api/v1/register").json["entries"]}


@settings(max_examples=examples(200), deadline=None)
@given(st.integers(0, 60), st.integers(1, 9))
def test_a_share_is_even_whole_and_keeps_neighbours_together(households: int, people: int) -> None:
    ids, who = [f"h{number:03}" for number in range(households)], [f"p{number}" for number in range(people)]
    found = share(ids, who)
    assert list(found) == ids  # everybody is given to exactly one
    counts = [list(found.values()).count(one) for one in who]
    assert max(counts) - min(counts) <= 1
    order = list(found.values())
    assert order == sorted(order)  # each has neighbours, one block


def test_shared_evenly_and_told_to_phones(two: list[str], login_as: Any, session: Session) -> None:
    desk, phone, other = login_as("supervisor"), login_as("enumerator"), login_as("enumerator-2")
    cursor = phone.get("/api/v1/register").json["cursor"]
    assert set(told(phone).values()) == {None}
    assert desk.post(HERE, data={"action": "share", "among": two}).status_code == 303
    assert sorted(told(phone).values()) in (["other", "other", "you"], ["other", "you", "you"])
    mine, theirs = told(phone), told(other)
    for household in ("ho-1", "ho-2", "ho-3"):
        assert {mine[household], theirs[household]} == {"you", "other"}
    assert len(phone.get(f"/api/v1/register?cursor={cursor}").json["entries"]) == 3
    session.rollback()
    [supervisor] = session.scalars(select(Account).where(Account.username == "supervisor"))
    rows = session.scalars(select(HouseholdAssignment)).all()
    assert {(row.by, row.at) for row in rows} == {(supervisor.id, NOW)} and len(rows) == 3
    again = desk.post(HERE, data={"action": "share", "among": two})
    assert "given=0" in again.headers["Location"]  # nothing changes, nothing is written
    assert len(session.scalars(select(HouseholdAssignment)).all()) == 3


def test_ticked_households_are_given_and_taken_back_by_a_later_line(
    two: list[str], login_as: Any, session: Session
) -> None:
    desk = login_as("supervisor")
    assert desk.post(HERE, data={"action": "give", "household": ["ho-1", "ho-3"], "account": two[1]}).status_code == 303
    session.rollback()
    assert assigned(session, COMMUNE) == {"ho-1": two[1], "ho-3": two[1]}
    assert "Người thử enumerator-2" in text_of(desk.get(HERE))
    assert desk.post(HERE, data={"action": "give", "household": "ho-1", "account": ""}).status_code == 303
    session.rollback()
    assert assigned(session, COMMUNE) == {"ho-3": two[1]}
    assert assigned(session, COMMUNE, ["ho-1"]) == {}
    assert len(session.scalars(select(HouseholdAssignment)).all()) == 3  # only ever added to


def test_the_page_counts_by_person_and_village(two: list[str], login_as: Any, session: Session) -> None:
    desk, phone = login_as("supervisor"), login_as("enumerator")
    desk.post(HERE, data={"action": "give", "household": ["ho-1", "ho-2"], "account": two[0]})
    push(phone, entry("ho-1"), outcome("ho-2"))
    session.rollback()
    survey_round = session.get_one(Round, ROUND)
    found = workload(session, COMMUNE, survey_round, NOW.date())
    assert found.days_left == 21
    counted = {(one.account_id, one.village_id): (one.expected, one.done, one.sent) for one in found.loads}
    assert counted == {
        (two[0], VILLAGE): (2, 0, 2),
        (None, VILLAGE): (1, 0, 0),
        (two[1], VILLAGE_2): (1, 0, 0),  # alone in the village
    }  # fmt: skip
    assert [one.outstanding for one in found.loads].count(1) == 2
    page = text_of(desk.get(PAGE))
    for words in ("Người thử enumerator", "chưa giao ai", "09:00 23/11/2026", "Còn 21 ngày, đến 14/12/2026"):
        assert words in page, words
    assert "21 ngày" in page and "chậm" in page.lower()


def test_late_is_told_against_the_days_of_the_round() -> None:
    days = Days(date(2026, 9, 1), date(2026, 9, 10))
    assert [days.even_pace(20, days.opens_on + timedelta(days=day)) for day in (-3, 0, 1, 5, 10, 40)] == [
        0, 0, 2, 10, 20, 20,
    ]  # fmt: skip

    def due(state: RegisterState, said: OutcomeState | None = None) -> Due:
        return Due("h", "v", "p", True, state, said)

    households = [
        due(RegisterState.ACCEPTED),
        due(RegisterState.RECEIVED),
        due(RegisterState.RECEIVED, OutcomeState.CONFIRMED),  # somebody must look at the interview
        due(RegisterState.RETURNED),
        due(RegisterState.TO_VISIT),
        due(RegisterState.TO_VISIT, OutcomeState.WAITING),
        due(RegisterState.TO_VISIT, OutcomeState.CONFIRMED),
        due(RegisterState.TO_VISIT, OutcomeState.SENT_BACK),
    ]
    [load] = loads_of(households, days, date(2026, 9, 11))
    assert load == Load("p", "v", expected=8, done=2, sent=3, behind=3)
    assert load.outstanding == 3


def test_bad_input_and_who_may(two: list[str], login_as: Any, session: Session) -> None:
    desk = login_as("supervisor")
    [elsewhere] = session.scalars(select(Account.id).where(Account.username == "enumerator-other"))
    for data, status in [
        ({}, 400),
        ({"action": "fly"}, 400),
        ({"action": "share"}, 409),
        ({"action": "share", "among": elsewhere}, 409),
        ({"action": "share", "among": "nobody"}, 409),
        ({"action": "give", "account": two[0]}, 409),
        ({"action": "give", "household": "ho-1", "account": elsewhere}, 409),
        ({"action": "give", "household": "ho-4", "account": two[0]}, 404),  # of the other village
        ({"action": "give", "household": "\u202e", "account": two[0]}, 404),
        ({"action": "give", "household": "ho-1", "account": "\u202e"}, 400),
    ]:
        answer = desk.post(HERE, data=data)
        assert answer.status_code == status, (data, text_of(answer))
    assert desk.get(f"{PAGE}/khong-co").status_code == 404
    assert desk.get(f"{PAGE}/{OTHER_COMMUNE}-01").status_code == 404
    assert login_as("province").post(HERE, data={"action": "share", "among": two}).status_code == 403
    assert login_as("supervisor-other").get(HERE).status_code == 404
    session.rollback()
    assert assigned(session, COMMUNE) == {}
