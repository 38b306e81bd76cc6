"""A household that was off the register is there again: by itself, as it is now, and with all that speaks of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models import Household, RegisterEntry, RegisterEvent, Submission
from survey.accounts.accounts import find_account
from survey.problems import Problem
from survey.register import importing, loading
from survey.register.event_log import Done
from survey.review import household_story
from survey.review import register_acts as acts
from survey.review.reassign import attach
from survey.review.register_acts import Wish
from survey.submissions.derive import rebuild
from survey.submissions.log import last_step
from survey.terms import Action, RegisterKind
from tests.interviews import ROUND, entry, push
from tests.review.test_register_acts import TODAY, do, household, last, undo, wish
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

K = RegisterKind
pytestmark = pytest.mark.usefixtures("small_round")


def imported(session: Session, number: int) -> list[Household]:
    """So many households that came with one list."""
    rows = "".join(f"1,Hộ mới {one},ho_can_ngheo\n" for one in range(number))
    plan = importing.plan(session, COMMUNE, {"households.csv": f"village,head,class\n{rows}".encode()}, NOW)
    assert plan.mistakes == []
    loading.carry_out(session, plan, NOW)
    session.commit()
    found = select(Household).where(Household.commune_id == COMMUNE, Household.head_name.startswith("Hộ mới"))
    return list(session.scalars(found.order_by(Household.code)))


def entering(session: Session, household_id: str) -> RegisterEvent:
    return session.scalars(select(RegisterEvent).filter_by(household_id=household_id, kind=K.ENTER.value)).one()


def test_one_household_of_a_list_is_undone_alone(session: Session) -> None:
    first, second, third = (one.id for one in imported(session, 3))
    made = undo(session, entering(session, second).seq)
    assert [one.household_id for half in made.halves for one in half.events] == [second]
    assert [household(session, id).state for id in (first, second, third)] == ["present", "withdrawn", "present"]
    assert session.get(RegisterEntry, (COMMUNE, ROUND, second)) is None
    assert session.get(RegisterEntry, (COMMUNE, ROUND, third)) is not None


def test_what_was_withdrawn_is_brought_back_as_it_was_and_can_be_withdrawn_again(session: Session) -> None:
    id = imported(session, 1)[0].id
    code = household(session, id).code
    for _ in range(2):
        undo(session, last(session).seq)
        assert household(session, id).state == "withdrawn"
        do(session, wish(K.RESTORE, id))
        back = household(session, id)
        said = back.state, back.code, back.head_name, back.current_class, back.village_id
        assert said == ("present", code, "Hộ mới 0", "ho_can_ngheo", VILLAGE)
        assert session.get_one(RegisterEntry, (COMMUNE, ROUND, id)).opening_class == "ho_can_ngheo"
        assert acts.plan(session, COMMUNE, wish(K.RESTORE, id), TODAY).rule == "register_not_ended"
    before = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == before


def test_a_split_that_was_undone_is_brought_back(session: Session) -> None:
    do(session, wish(K.SPLIT, head="Quàng Thị Ước", members=["Quàng Thị Ước"], household="ho-2"))
    id = str(last(session).other_id)
    undo(session, last(session).seq)
    do(session, wish(K.RESTORE, id))
    assert (household(session, id).state, household(session, id).head_name) == ("present", "Quàng Thị Ước")


def test_the_page_of_one_of_a_long_list_reads_that_one_alone(session: Session) -> None:
    id = imported(session, 40)[0].id
    session.rollback()
    session.expunge_all()
    read: list[str] = []
    event.listen(session, "loaded_as_persistent", lambda _, one: read.append(type(one).__name__))
    [line] = household_story.story(session, COMMUNE, id).lines
    rule = household_story.rule_against_undoing(session, line, TODAY)
    assert (rule, line.communes) == (None, (COMMUNE,))
    assert read.count("RegisterEvent") < 10


def test_a_household_that_comes_back_from_another_commune_is_what_it_was_there(login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    do(session, wish(K.MOVE, commune=OTHER_COMMUNE, village=OTHER_VILLAGE))
    there = {"head": "Lò Văn Hoà", "class": "khong_ngheo", "address": "Số 7"}
    do(session, wish(K.CORRECT, **there), OTHER_COMMUNE)
    do(session, wish(K.MOVE, commune=COMMUNE, village=VILLAGE_2, address="Số 8"), OTHER_COMMUNE)
    back = household(session)
    assert (back.state, back.code, back.village_id) == ("present", "03757-01-001", VILLAGE_2)
    assert (back.head_name, back.current_class) == ("Lò Văn Hoà", "khong_ngheo")
    assert back.current_answers["thong_tin_ho"]["dia_chi"] == "Số 8"
    assert [one["ho_ten"] for one in back.current_answers["thanh_vien"]] == ["Lò Văn Đông", "Quàng Thị Ước"]
    before = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == before
    undo(session, last(session).seq)
    assert household(session).state == "moved"
    assert household(session, commune_id=OTHER_COMMUNE).state == "present"


def test_a_household_that_left_with_its_entry_was_there_all_the_time(login_as: Any, session: Session) -> None:
    found = entry("ho-moi", new_household={"village_id": VILLAGE, "head_name": "Lò Văn Đông"})
    push(login_as("enumerator"), found)
    attached(session, found, "ho-1")
    assert household(session, "ho-moi").state == "duplicate"
    assert last(session).payload.keys() == {"left_by"}
    left_on = last(session).effective_on
    attached(session, found, None, NOW + timedelta(days=3))
    assert household(session, "ho-moi").state == "present"
    assert (last(session).kind, last(session).effective_on) == ("restore", left_on)


def test_an_interview_that_would_not_count_is_not_accepted(login_as: Any, session: Session) -> None:
    do(session, wish(K.DISSOLVE))
    sent = entry(finalised_at="2026-11-23T01:42:00.000Z")
    push(login_as("enumerator"), sent)
    later = Done(None, NOW + timedelta(days=2), "họp thôn")
    acts.carry_out(session, COMMUNE, wish(K.RESTORE, on=TODAY + timedelta(days=2)), later)
    session.commit()
    with pytest.raises(Problem) as refused:
        decide(session, sent["id"], Action.ACCEPT)
    assert refused.value.code == "register_ended"
    session.rollback()
    acts.undo(session, COMMUNE, last(session).seq, later)
    acts.carry_out(session, COMMUNE, wish(K.RESTORE), later)
    session.commit()
    decide(session, sent["id"], Action.ACCEPT)
    assert household(session).head_name == "Lò Văn Đông"


@pytest.mark.parametrize(
    "written",
    [
        wish(K.MERGE, "ho-2", "ho-moi"),
        wish(K.DUPLICATE, "ho-2", "ho-moi"),
        wish(K.CORRECT, "ho-moi", head="Lò Văn Hoà"),
    ],
    ids=lambda one: one.kind,
)
def test_a_household_of_which_more_is_written_does_not_leave_with_its_entry(
    login_as: Any, session: Session, written: Wish
) -> None:
    found = entry("ho-moi", new_household={"village_id": VILLAGE, "head_name": "Lò Văn Đông"})
    push(login_as("enumerator"), found)
    do(session, written)
    seq = last(session).seq
    attached(session, found, "ho-1")
    assert (household(session, "ho-moi").state, last(session).seq) == ("present", seq)
    attached(session, found, None)
    undo(session, seq)
    attached(session, found, "ho-1")
    assert household(session, "ho-moi").state == "duplicate"


def attached(session: Session, sent: dict[str, Any], household_id: str | None, now: datetime = NOW) -> None:
    session.rollback()
    submission = session.scalars(select(Submission).where(Submission.entry_id == sent["id"])).one()
    seen = last_step(session, submission).seq
    by = find_account(session, "supervisor")
    assert by is not None
    attach(session, by, COMMUNE, submission.id, household_id, seen=seen, now=now)
    session.commit()
