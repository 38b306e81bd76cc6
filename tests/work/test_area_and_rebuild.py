"""A village's area changed before, in or after a round that is open, closed or accepted: rebuilding finds the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, PlaceEvent, Round
from survey.clocks import day_of
from survey.evidence.signing import Signer
from survey.register.event_log import Done
from survey.rounds import closing, proof
from survey.submissions.derive import rebuild
from survey.terms import Action, Area, CommuneState, PlaceChange
from survey.villages import acts as village_acts
from survey.villages import area as village_area
from survey.villages.acts import Wish
from survey.work import change_area, change_villages, undo_change
from tests.interviews import ROUND, entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.review.test_three_faults import by_area
from tests.working import work
from tests.world import COMMUNE, NOW, VILLAGE

__all__ = ["by_area"]
S = CommuneState
BY = Done(None, datetime(2027, 1, 20, 2, tzinfo=UTC), "NQ 12/NQ-HĐND")
DAYS = {"before": date(2026, 7, 1), "in": date(2026, 11, 1), "after": date(2027, 1, 10)}  # of the round
pytestmark = pytest.mark.usefixtures("by_area")


def lay(session: Session, login_as: Any, state: CommuneState) -> None:
    """A household whose class hangs on the area: asked, sent back, asked again and accepted."""
    browser, first = login_as("enumerator"), entry(answers={"diem_b1": 150}, outcome=None)
    push(browser, first)
    decide(session, first["id"], Action.RETURN, "hỏi lại")
    mended = entry(answers={"diem_b1": 151}, outcome=None, replaces=first["id"])
    push(browser, mended)
    decide(session, mended["id"], Action.ACCEPT)
    this = session.get_one(Round, ROUND)
    if state is not S.OPEN:
        closing.close_communes(session, this, [COMMUNE], NOW, prover=Signer(b"p" * 32))
    if state is S.ACCEPTED:
        closing.accept_communes(session, this, [COMMUNE], NOW)
    session.commit()


def is_alike(session: Session) -> dict[str, Any]:
    """What is derived, held against what is when all of it is made again."""
    session.flush()
    found = snapshot(session)
    rebuild(session)
    session.flush()
    assert snapshot(session) == found
    session.rollback()
    return found


def of_first(session: Session) -> tuple[str | None, str]:
    household = session.get_one(Household, (COMMUNE, "ho-1"))
    return household.current_class, household.current_answers["khu_vuc"]


@pytest.mark.parametrize("when", DAYS)
@pytest.mark.parametrize("state", [S.OPEN, S.CLOSED, S.ACCEPTED])
def test_whichever_way_it_is_changed(
    app: Flask, session: Session, login_as: Any, state: CommuneState, when: str
) -> None:
    lay(session, login_as, state)
    since, today = DAYS[when], day_of(BY.at)
    wish = Wish(PlaceChange.AREA, VILLAGE, since, {"area": "thanh_thi"})
    counts = since < date(2026, 11, 22)  # the day of the interview
    urban, rural = ("ho_ngheo", "thanh_thi"), ("khong_ngheo", "nong_thon")
    wanted = urban if counts and state is S.OPEN else rural  # what was decided stays
    village_area.make(session, COMMUNE, VILLAGE, Area.URBAN, since, BY)
    assert of_first(session) == wanted
    is_alike(session)
    village_acts.carry_out(session, COMMUNE, wish, BY)
    assert of_first(session) == wanted
    is_alike(session)
    found = village_area.recount(session, COMMUNE, VILLAGE, Area.URBAN, since, today)
    change_area(session, COMMUNE, found, BY)
    session.commit()
    work(app)
    assert is_alike(session)
    assert of_first(session) == wanted
    seq = max(session.scalars(select(PlaceEvent.seq).filter_by(commune_id=COMMUNE)))
    undo_change(session, COMMUNE, seq, BY, village_acts.plan_undo(session, COMMUNE, seq, today).basis)
    session.commit()
    work(app)
    is_alike(session)
    assert of_first(session) == rural
    change_villages(session, COMMUNE, wish, BY, village_acts.plan(session, COMMUNE, wish, today).basis)
    session.commit()
    work(app)
    is_alike(session)
    assert of_first(session) == wanted
    if state is S.OPEN:
        return
    made = proof.latest(session, ROUND, COMMUNE)
    assert made is not None
    assert proof.differences(session, made) == []
    closing.reopen_commune(session, session.get_one(Round, ROUND), COMMUNE, "sót", BY.at)
    assert of_first(session) == (urban if counts else rural)
    is_alike(session)


def test_what_counts_no_more_is_judged_by_it_too(app: Flask, session: Session, login_as: Any) -> None:
    one = entry(answers={"diem_b1": 150}, outcome=None, finalised_at="2026-11-29T01:42:00.000Z")  # held: of the future
    push(login_as("enumerator"), one)
    decide(session, one["id"], Action.DISCARD, "nhầm")
    wish = Wish(PlaceChange.AREA, VILLAGE, DAYS["in"], {"area": "thanh_thi"})
    basis = village_acts.plan(session, COMMUNE, wish, day_of(BY.at)).basis
    change_villages(session, COMMUNE, wish, BY, basis)
    session.commit()
    work(app)
    is_alike(session)
