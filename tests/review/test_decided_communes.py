"""What a commune decided stays while its round is closed there; opened again, it has its households as they are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models import Household, RegisterEntry, Round, RoundCommune
from survey.register.event_log import Done
from survey.review import register_acts as acts
from survey.review import register_preview as preview
from survey.review.register_acts import Wish
from survey.rounds import closing
from survey.submissions.derive import rebuild
from survey.terms import Action, Area, RegisterKind
from survey.villages import area as village_area
from tests.interviews import ROUND, entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.review.test_three_faults import by_area, class_of
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

__all__ = ["by_area"]
K = RegisterKind
TODAY = date(2026, 11, 23)
BY = Done(None, NOW, "họp thôn")


def closed(session: Session, state: str = "closed") -> None:
    session.rollback()
    standing = session.get_one(RoundCommune, (COMMUNE, ROUND))
    standing.state, standing.closed_at, standing.accepted_at = state, NOW, NOW if state == "accepted" else None
    session.commit()


def reopen(session: Session) -> None:
    session.rollback()
    closing.reopen_commune(session, session.get_one(Round, ROUND), COMMUNE, "xã xin sửa", NOW)
    session.commit()


def do(session: Session, kind: RegisterKind, household_id: str, **given: Any) -> None:
    session.rollback()
    acts.carry_out(session, COMMUNE, Wish(kind, household_id, TODAY, None, given), BY)
    session.commit()


def listed(session: Session) -> dict[str, str]:
    session.rollback()
    ids = [f"ho-{number}" for number in range(1, 5)]
    rows = [session.get(RegisterEntry, (COMMUNE, ROUND, id)) for id in ids]
    return {one.household_id: one.village_id for one in rows if one is not None}


@pytest.mark.usefixtures("small_round")
def test_a_round_that_is_opened_again_has_its_households_as_they_are_by_now(session: Session) -> None:
    do(session, K.TEST, "ho-3")
    assert listed(session) == {"ho-1": VILLAGE, "ho-2": VILLAGE, "ho-4": VILLAGE_2}
    closed(session)
    do(session, K.RESTORE, "ho-3")
    do(session, K.DIED_OUT, "ho-1")
    do(session, K.MOVE, "ho-2", village=VILLAGE_2)
    do(session, K.CORRECT, "ho-4", **{"class": "khong_ngheo"})
    assert listed(session) == {"ho-1": VILLAGE, "ho-2": VILLAGE, "ho-4": VILLAGE_2}
    reopen(session)
    assert listed(session) == {"ho-2": VILLAGE_2, "ho-3": VILLAGE, "ho-4": VILLAGE_2}
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-4")).opening_class == "khong_ngheo"


@pytest.mark.usefixtures("by_area")
@pytest.mark.parametrize("state", ["closed", "accepted"])
def test_a_class_that_was_decided_stays_until_the_commune_is_opened_again(
    login_as: Any, session: Session, state: str
) -> None:
    one = entry(answers={"diem_b1": 150}, outcome=None)
    push(login_as("enumerator"), one)
    decide(session, one["id"], Action.ACCEPT)
    closed(session, state)
    wish = Wish(K.CORRECT, "ho-1", TODAY, None, {"village": VILLAGE_2})
    [effect] = preview.effects(session, acts.plan(session, COMMUNE, wish, TODAY))
    assert [asked.is_judged_anew for asked in effect.interviews] == [False]
    do(session, K.CORRECT, "ho-1", village=VILLAGE_2)
    assert class_of(session, one["id"])[0] == "khong_ngheo"
    recounted = village_area.recount(session, COMMUNE, VILLAGE_2, Area.RURAL, date(2026, 11, 1), TODAY)
    assert (recounted.rule, recounted.judged) == (None, ())
    before = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == before
    reopen(session)
    assert class_of(session, one["id"])[0] == "ho_ngheo"
    assert session.get_one(Household, (COMMUNE, "ho-1")).current_class == "ho_ngheo"
    after = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == after
