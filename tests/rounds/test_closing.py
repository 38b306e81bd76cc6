"""What stands in the way of closing is what nobody can say the end of: household by household, with the way to it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Household, RegisterEntry, RegisterGone, Round, StartRow
from survey.problems import Problem
from survey.register.entries import import_household
from survey.rounds import accounting, closing, outcomes, proof
from survey.terms import EndState, HouseholdClass, HouseholdState, Origin, RegisterKind
from tests.interviews import HOUSEHOLDS, ROUND, accept_all, entry, push
from tests.review.test_register_acts import do, wish
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")


def the_round(session: Session) -> Round:
    session.rollback()
    return session.get_one(Round, ROUND)


def broken(session: Session) -> dict[str, list[str]]:
    """The codes of what is left, with the households' ids; each is also counted alike."""
    survey_round = the_round(session)
    rows = closing.breaks(session, survey_round, COMMUNE)
    found: dict[str, list[str]] = {}
    for one in rows:
        found.setdefault(one.code, []).append(one.household_id or "")
    counted = dict(closing.obstacles_by_commune(session, survey_round, [COMMUNE])[COMMUNE])
    assert counted == {code: len(those) for code, those in found.items()}
    # One rule: nothing is left exactly when each household has its one end.
    nowhere = {one.household_id for one in accounting.transitions(session, survey_round, COMMUNE) if one.state is None}
    assert nowhere <= {id for those in found.values() for id in those}
    return found


def test_the_start_list_is_frozen_with_villages_classes_and_persons(session: Session) -> None:
    rows = session.scalars(select(StartRow).filter_by(commune_id=COMMUNE).order_by(StartRow.household_id)).all()
    assert [(row.household_id, row.village_id, row.household_class, row.persons) for row in rows] == [
        ("ho-1", VILLAGE, "ho_ngheo", 2),
        ("ho-2", VILLAGE, "ho_ngheo", 2),
        ("ho-3", VILLAGE, "ho_ngheo", 2),
        ("ho-4", VILLAGE_2, "ho_ngheo", 2),
    ]


def test_what_is_left_is_named_and_goes_away_as_it_is_done(login_as: Any, session: Session) -> None:
    assert broken(session) == {"not_visited": HOUSEHOLDS[:4]}
    push(login_as("enumerator"), entry("ho-1"), entry("ho-2"), entry("ho-2"))
    found = broken(session)
    assert (found["not_visited"], found["to_review"], found["held"]) == (
        ["ho-3", "ho-4"], ["ho-1", "ho-2"], ["ho-2", "ho-2"],
    )  # fmt: skip
    links = closing.breaks(session, the_round(session), COMMUNE, most=1)
    assert [(one.code, one.number) for one in links] == [
        ("not_visited", "03757-01-003"), ("to_review", "03757-01-001"), ("held", "03757-01-002"),
    ]  # fmt: skip


def test_when_all_are_accepted_nothing_breaks_and_each_ends_once(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    assert broken(session) == {}
    found = proof.check(session, the_round(session), COMMUNE)
    assert [(one.code, one.origin, one.state) for one in found] == [
        (f"03757-0{village}-00{number}", Origin.START, EndState.DONE)
        for village, number in ((1, 1), (1, 2), (1, 3), (2, 1))
    ]
    assert {one.end.household_class for one in found if one.end} == {HouseholdClass.POOR}


@pytest.mark.miscounts
def test_a_household_that_the_round_lost_keeps_the_commune_open(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    session.execute(delete(RegisterEntry).where(RegisterEntry.household_id == "ho-3"))
    session.commit()
    assert broken(session) == {"not_accounted": ["ho-3"]}
    with pytest.raises(Problem) as refused:
        closing.close_communes(session, the_round(session), [COMMUNE], NOW)
    assert refused.value.detail["communes"] == {COMMUNE: [["not_accounted", 1]]}


def test_a_household_that_left_the_list_and_is_there_keeps_the_commune_open(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    own = {"commune_id": COMMUNE, "household_id": "ho-moi"}
    import_household(session, **own, village_id=VILLAGE, head_name="Lò Văn Mới", now=NOW)
    session.flush()
    session.execute(delete(RegisterEntry).filter_by(**own))
    session.add(RegisterGone(**own, round_id=ROUND, village_id=VILLAGE, change=99))
    session.commit()
    assert broken(session) == {"not_accounted": ["ho-moi"]}
    with pytest.raises(Problem):
        closing.close_communes(session, the_round(session), [COMMUNE], NOW)
    session.rollback()
    [lost] = [one for one in accounting.transitions(session, the_round(session), COMMUNE) if one.state is None]
    assert lost.household_id == "ho-moi"


def test_one_that_was_accepted_without_a_class_keeps_the_commune_open(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1")).household_class = None
    session.commit()
    assert broken(session) == {"no_class": ["ho-1"]}


def test_a_household_off_the_register_is_accounted_for(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    do(session, wish(RegisterKind.DIED_OUT, "ho-2"))
    assert session.get_one(Household, (COMMUNE, "ho-2")).state == HouseholdState.DIED_OUT
    [gone] = [one for one in accounting.transitions(session, the_round(session), COMMUNE) if one.end is None]
    assert (gone.household_id, gone.state) == ("ho-2", EndState.DIED_OUT)


def test_confirmed_outcomes_are_ends_too(session: Session) -> None:
    survey_round = the_round(session)
    said = {"ho-1": EndState.ABSENT, "ho-2": EndState.NOT_FOUND}
    found = {one.household_id: one for one in accounting.facts(session, survey_round, COMMUNE, said)}
    assert (found["ho-1"].outcome, found["ho-3"].outcome) == (EndState.ABSENT, None)
    assert outcomes.confirmed(session, ROUND, COMMUNE) == {}
