"""Who visits a village goes on where its households lie then; one that goes to another commune is nobody's of here."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccountVillage, Submission, SubmissionStatus
from survey.accounts.accounts import assign_villages, find_account, villages_of
from survey.devices.pull import pull
from survey.terms import QuarantineReason, Role
from survey.villages import acts as village_acts
from survey.villages import visiting
from survey.villages.acts import Plan, Wish
from tests.interviews import entry, push
from tests.villages.test_acts import NEW, TODAY, C, do, last, undo
from tests.web.phone.test_proposals import corrected
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE, VILLAGE_2, account

THERE = "03664-02"  # the village, once it is the other commune's
pytestmark = pytest.mark.usefixtures("small_round")


def visited(session: Session) -> dict[str, list[str]]:
    """By the name of the account, which villages it visits."""
    session.rollback()
    names = ("enumerator", "enumerator-2", "enumerator-other")
    return {name: villages_of(session, one) for name in names if (one := find_account(session, name)) is not None}


def visits(session: Session, name: str, *villages: str) -> None:
    one = find_account(session, name)
    assert one is not None
    assign_villages(session, one, villages)
    session.commit()


def leaving(session: Session, plan: Plan) -> list[str]:
    return [one.username for one in visiting.leaving(session, plan.visits)]


def told(session: Session, name: str) -> dict[str, bool]:
    """Which households a phone that knows nothing is told of, and whether each is gone."""
    session.rollback()
    one = find_account(session, name)
    assert one is not None
    return {said["household_id"]: bool(said.get("gone")) for said in pull(session, one, 0, 200, TODAY).entries}


def test_nobody_visits_a_village_of_another_commune_and_the_plan_names_who_leaves_it(session: Session) -> None:
    visits(session, "enumerator-2", VILLAGE, VILLAGE_2)
    before = visited(session)
    wish = Wish(C.REZONED, VILLAGE, TODAY, {"commune": OTHER_COMMUNE})
    assert leaving(session, village_acts.plan(session, COMMUNE, wish, TODAY)) == ["enumerator", "enumerator-2"]
    assert visited(session) == before  # only looked at
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    assert visited(session) == {**before, "enumerator": [], "enumerator-2": [VILLAGE_2]}
    assert not session.scalars(select(AccountVillage).where(AccountVillage.village_id.in_([VILLAGE, THERE]))).all()
    assert told(session, "enumerator") == dict.fromkeys(["ho-1", "ho-2", "ho-3"], True)
    visits(session, "enumerator-other", "03664-01", THERE)
    undone = village_acts.plan_undo(session, COMMUNE, last(session), TODAY)
    assert leaving(session, undone) == ["enumerator-other"]
    undo(session, last(session))
    assert visited(session) == before
    assert told(session, "enumerator") == dict.fromkeys(["ho-1", "ho-2", "ho-3"], False)


def test_who_came_to_the_old_commune_s_village_after_or_left_it_is_not_given_it_by_the_undoing(
    session: Session,
) -> None:
    account(session, "enumerator-3", Role.ENUMERATOR, COMMUNE)
    visits(session, "enumerator-2", VILLAGE_2)  # had it never
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    moved = find_account(session, "enumerator")
    assert moved is not None
    moved.place_id = OTHER_COMMUNE
    session.commit()
    undo(session, last(session))
    assert visited(session)["enumerator"] == []  # an account belongs to a commune
    assert visited(session)["enumerator-2"] == [VILLAGE_2]


def test_what_a_phone_still_sends_of_it_is_held_and_taken_once_it_is_undone(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    known, met = entry("ho-1"), entry("ho-moi", new_household={"village_id": VILLAGE, "head_name": "Lò Thị Mới"})
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    assert browser.get("/api/v1/hello").get_json()["villages"] == []
    answers = push(browser, known, met)
    assert [(one["outcome"], one["reason"]["code"]) for one in answers] == [
        ("held", QuarantineReason.OUTSIDE_AREA),
        ("held", QuarantineReason.UNKNOWN_HOUSEHOLD),
    ]
    session.rollback()
    kept = session.scalars(select(Submission).filter_by(commune_id=COMMUNE, entry_id=known["id"])).one()
    assert kept.household_id == "ho-1"
    undo(session, last(session))
    assert login_as("supervisor").post(f"/desk/{COMMUNE}/held/judge").status_code == 303
    session.rollback()
    states = session.execute(
        select(SubmissionStatus.household_id, SubmissionStatus.state).filter_by(commune_id=COMMUNE)
    )
    assert {row.household_id: row.state for row in states} == {"ho-1": "submitted", "ho-moi": "submitted"}
    assert [one["id"] for one in login_as("enumerator").get("/api/v1/hello").get_json()["villages"]] == [VILLAGE]


def test_a_proposal_that_names_a_village_of_before_means_what_it_is_a_part_of(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    do(session, C.SPLIT, name="Bản Nà Ca 2", households=["ho-1"])
    do(session, C.MERGED, village=NEW, other=VILLAGE_2)
    assert visited(session)["enumerator"] == [VILLAGE, VILLAGE_2]
    [answer] = push(browser, corrected("ho-2", village=NEW))
    assert (answer["outcome"], answer["reason"]) == ("stored", None)


def test_a_proposal_that_names_a_village_of_another_commune_is_held_with_the_rule(
    login_as: Any, session: Session
) -> None:
    """The commune's own people may propose it: nobody else reaches it any more."""
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    answers = [push(login_as(name), corrected("ho-4", village=VILLAGE))[0] for name in ("supervisor", "enumerator-2")]
    assert [(one["outcome"], one["reason"]["code"]) for one in answers] == [
        ("held", "place_over"), ("held", QuarantineReason.OUTSIDE_AREA)
    ]  # fmt: skip
    assert all(one["reason"]["title"] and one["reason"]["next"] and one["receipt"] for one in answers)


def test_a_merger_undone_leaves_everybody_the_villages_that_they_had(session: Session) -> None:
    before = visited(session)
    do(session, C.MERGED, other=VILLAGE_2)
    assert visited(session) == {**before, "enumerator": [VILLAGE_2]}
    undo(session, last(session))
    assert visited(session) == before


def test_who_visited_both_merged_villages_visits_both_again(session: Session) -> None:
    visits(session, "enumerator", VILLAGE, VILLAGE_2)
    before = visited(session)
    do(session, C.MERGED, other=VILLAGE_2)
    assert visited(session)["enumerator"] == [VILLAGE_2]
    assert leaving(session, village_acts.plan_undo(session, COMMUNE, last(session), TODAY)) == []
    undo(session, last(session))
    assert visited(session) == before


def test_a_split_leaves_nobody_out_and_its_undoing_leaves_nothing_of_it(session: Session) -> None:
    before = visited(session)
    do(session, C.SPLIT, name="Bản Nà Ca 2", households=["ho-1"])
    assert visited(session) == {**before, "enumerator": [VILLAGE, NEW]}
    assert told(session, "enumerator")["ho-1"] is False
    visits(session, "enumerator", VILLAGE)
    visits(session, "enumerator-2", VILLAGE_2, NEW)  # given since
    undo(session, last(session))
    assert visited(session) == {**before, "enumerator-2": [VILLAGE, VILLAGE_2]}  # goes on where ho-1 lies


@pytest.mark.parametrize(
    ("kind", "given"),
    [(C.MERGED, {"other": VILLAGE_2}), (C.SPLIT, {"name": "Bản Nà Ca 2", "households": ["ho-1"]})],
)
def test_nobody_leaves_where_a_village_stays_in_its_commune(session: Session, kind: Any, given: dict[str, Any]) -> None:
    plan = village_acts.plan(session, COMMUNE, Wish(kind, VILLAGE, date(2026, 11, 23), given), TODAY)
    assert (plan.rule, leaving(session, plan)) == (None, [])


def test_a_plan_that_was_seen_before_somebody_was_assigned_is_seen_again(session: Session) -> None:
    wish = Wish(C.REZONED, VILLAGE, TODAY, {"commune": OTHER_COMMUNE})
    seen = village_acts.plan(session, COMMUNE, wish, TODAY).basis
    visits(session, "enumerator-2", VILLAGE, VILLAGE_2)
    assert village_acts.plan(session, COMMUNE, wish, TODAY).basis != seen
