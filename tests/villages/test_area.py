"""A village becomes urban: who would be of another class is counted before, and is so after."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models import Household
from survey.problems import Problem
from survey.register.event_log import Done
from survey.register.places import periods_at
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.submissions.derive import rebuild
from survey.terms import Action, Area, PlaceChange, RegisterKind
from survey.villages import area as village_area
from tests.interviews import entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.review.test_three_faults import by_area, class_of
from tests.villages.test_acts import do, last, undo
from tests.world import COMMUNE, NOW, OTHER_VILLAGE, VILLAGE, VILLAGE_2

__all__ = ["by_area"]
TODAY = date(2026, 11, 23)
BY = Done(None, NOW, "Nghị quyết 12/NQ-HĐND")
pytestmark = pytest.mark.usefixtures("by_area")


def sent(login_as: Any, session: Session, points: int) -> dict[str, Any]:
    one = entry(answers={"diem_b1": points}, outcome=None)
    push(login_as("enumerator"), one)
    decide(session, one["id"], Action.ACCEPT)
    session.rollback()
    return one


@pytest.mark.parametrize(
    ("points", "since", "judged", "others"),
    [
        (150, date(2026, 11, 1), 1, 1),
        (150, date(2026, 11, 22), 1, 1),  # the day of the interview
        (150, date(2026, 11, 23), 0, 0),
        (132, date(2026, 11, 1), 1, 0),  # poor by either line
        (180, date(2026, 11, 1), 1, 0),
    ],
)
def test_what_is_counted_before_is_what_is_so_after(
    login_as: Any, session: Session, points: int, since: date, judged: int, others: int
) -> None:
    one = sent(login_as, session, points)
    before = snapshot(session)
    found = village_area.recount(session, COMMUNE, VILLAGE, Area.URBAN, since, TODAY)
    assert (found.rule, len(found.judged), len(found.others), found.households) == (None, judged, others, others)
    assert snapshot(session) == before
    session.rollback()
    assert village_area.make(session, COMMUNE, VILLAGE, Area.URBAN, since, BY) == found
    session.commit()
    for each in found.judged:
        assert (class_of(session, one["id"])[0], each.code) == (each.after, "03757-01-001")
    after = snapshot(session)
    assert (after != before) == bool(judged)
    rebuild(session)
    assert snapshot(session) == after


def test_a_household_that_moved_away_before_is_judged_where_it_was(login_as: Any, session: Session) -> None:
    sent(login_as, session, 150)
    move = Wish(RegisterKind.MOVE, "ho-1", TODAY, None, {"village": VILLAGE_2})
    register_acts.carry_out(session, COMMUNE, move, BY)
    session.commit()
    assert session.get_one(Household, (COMMUNE, "ho-1")).current_class == "khong_ngheo"  # asked in the rural village
    found = village_area.recount(session, COMMUNE, VILLAGE, Area.URBAN, date(2026, 11, 1), TODAY)
    assert [(one.before, one.after) for one in found.judged] == [("khong_ngheo", "ho_ngheo")]
    found = village_area.recount(session, COMMUNE, VILLAGE_2, Area.RURAL, date(2026, 11, 1), TODAY)
    assert found.judged == ()


def test_what_cannot_be_is_refused(session: Session) -> None:
    for area, since, rule in (
        (Area.URBAN, date(2026, 11, 24), "register_future"),
        (Area.RURAL, date(2026, 11, 1), "register_changes_nothing"),
    ):
        assert village_area.recount(session, COMMUNE, VILLAGE, area, since, TODAY).rule == rule
        with pytest.raises(Problem, match=rule):
            village_area.make(session, COMMUNE, VILLAGE, area, since, BY)
    for village, since in ((OTHER_VILLAGE, TODAY), (COMMUNE, TODAY), ("x", TODAY), (VILLAGE, date(2020, 1, 1))):
        with pytest.raises(Problem, match="not_found"):
            village_area.recount(session, COMMUNE, village, Area.URBAN, since, TODAY)
    with pytest.raises(Problem, match="register_reason_needed"):
        village_area.make(session, COMMUNE, VILLAGE, Area.URBAN, TODAY, Done(None, NOW, " "))
    session.rollback()
    assert periods_at(session, [VILLAGE], TODAY)[VILLAGE].area == "nong_thon"


def test_the_page_s_way_counts_and_does_the_same_and_can_be_undone(login_as: Any, session: Session) -> None:
    one = sent(login_as, session, 150)
    found = village_area.recount(session, COMMUNE, VILLAGE, Area.URBAN, date(2026, 11, 1), TODAY)
    made = do(session, PlaceChange.AREA, on=date(2026, 11, 1), area="thanh_thi")
    assert (made.judged, made.moved) == (found.judged, ())
    assert class_of(session, one["id"])[0] == "ho_ngheo"
    undo(session, last(session))
    assert class_of(session, one["id"])[0] == "khong_ngheo"


def test_whose_line_a_merger_changes_is_shown_before_and_so_after(login_as: Any, session: Session) -> None:
    one = sent(login_as, session, 150)
    assert class_of(session, one["id"])[0] == "khong_ngheo"
    made = do(session, PlaceChange.MERGED, on=date(2026, 11, 22), other=VILLAGE_2)  # into an urban one
    others = [(each.code, each.before, each.after) for each in made.others]
    assert others == [("03757-01-001", "khong_ngheo", "ho_ngheo")]
    assert class_of(session, one["id"])[0] == "ho_ngheo"
    undo(session, last(session))
    assert class_of(session, one["id"])[0] == "khong_ngheo"
    assert do(session, PlaceChange.MERGED, on=TODAY, other=VILLAGE_2).judged == ()  # asked the day before
