"""Who is who over the years: codes stay, whatever is accepted, corrected, reopened or found to be another's."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, RosterRow, Submission, SubmissionEvent
from survey.accounts.accounts import find_account
from survey.members import members_in
from survey.problems import Problem
from survey.register.persons import Person
from survey.review import register_acts as acts
from survey.review.reassign import attach
from survey.submissions.derive import rebuild
from survey.terms import Action, PersonState, RegisterKind
from tests.interviews import ANSWERS, entry, push
from tests.review.test_register_acts import do, done, last, undo, wish
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

K = RegisterKind
FATHER, MOTHER = "Lò Văn Đông", "Quàng Thị Ước"
pytestmark = pytest.mark.usefixtures("small_round")


def members(session: Session, id: str = "ho-1") -> list[Person]:
    session.rollback()
    return acts.known_of(session, session.get_one(Household, (COMMUNE, id))).people.members(id)


def codes(session: Session, id: str = "ho-1") -> dict[str, str]:
    return {one.name: one.id for one in members(session, id)}


def next_year(session: Session, id: str = "ho-1") -> list[str]:
    session.rollback()
    return [one["ho_ten"] for one in members_in(session.get_one(Household, (COMMUNE, id)).current_answers)]


def asked(session: Session, login_as: Any, answers: Any = None, household: str = "ho-1", **more: Any) -> dict[str, Any]:
    sent = entry(household, **({"answers": answers} if answers else {}), **more)
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    return sent


def with_members(*names: str) -> dict[str, Any]:
    answers = copy.deepcopy(ANSWERS)
    answers["thanh_vien"] = [{"ho_ten": name, "tuoi": 40, "the_bhyt": "co"} for name in names]
    return answers


def test_who_was_listed_keeps_the_code_when_asked(session: Session, login_as: Any) -> None:
    before = codes(session)
    assert set(before) == {FATHER, MOTHER}
    asked(session, login_as, with_members(MOTHER, "Lò Văn Mới"))
    now = codes(session)
    assert now[MOTHER] == before[MOTHER]
    assert set(now) == {MOTHER, "Lò Văn Mới"}
    people = acts.known_of(session, session.get_one(Household, (COMMUNE, "ho-1"))).people
    assert people.known[before[FATHER]].state is PersonState.MISSING
    kept = session.scalars(select(RosterRow.person_id).order_by(RosterRow.position)).all()
    assert kept == [now[MOTHER], now["Lò Văn Mới"]]


def test_a_corrected_interview_finds_those_again_whom_the_first_one_met(session: Session, login_as: Any) -> None:
    first = asked(session, login_as, with_members(FATHER, "Lò Văn Mới"))
    met = codes(session)
    decide(session, first["id"], Action.REOPEN)
    decide(session, first["id"], Action.RETURN, "Xem lại")
    asked(session, login_as, with_members("Lò Văn Mới", FATHER), replaces=first["id"])
    assert codes(session) == met
    after = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == after


def test_an_interview_that_is_another_households_names_nobody_of_the_first(session: Session, login_as: Any) -> None:
    sent = asked(session, login_as)
    here = codes(session)
    decide(session, sent["id"], Action.REOPEN)
    session.rollback()
    _attach(session, sent["id"], "ho-2")
    there = codes(session, "ho-2")
    assert not set(here.values()) & set(there.values())
    decide(session, sent["id"], Action.ACCEPT)
    assert not set(here.values()) & set(codes(session, "ho-2").values())
    assert len(session.scalars(select(RosterRow)).all()) == 4  # of both households, and neither was changed


def _attach(session: Session, entry_id: str, household_id: str) -> None:
    submission = session.scalars(select(Submission).where(Submission.entry_id == entry_id)).one()
    numbers = select(SubmissionEvent.seq).where(SubmissionEvent.submission_id == submission.id)
    supervisor = find_account(session, "supervisor")
    assert supervisor is not None
    attach(session, supervisor, COMMUNE, submission.id, household_id, seen=max(session.scalars(numbers)), now=NOW)
    session.commit()


@pytest.mark.thorough
def test_what_is_undone_leaves_everything_as_it_was(session: Session, login_as: Any) -> None:
    asked(session, login_as)
    mother = codes(session)[MOTHER]
    for one in (
        acts.Wish(K.DIED, "ho-1", wish(K.DIED).effective_on, None, {}, mother),
        acts.Wish(K.TRANSFERRED, "ho-1", wish(K.DIED).effective_on, "ho-2", {}, mother),
        acts.Wish(K.PERSON, "ho-1", wish(K.DIED).effective_on, None, {"name": "Quàng Thị Ươi", "year": "1988"}, mother),
        acts.Wish(K.HEAD, "ho-1", wish(K.DIED).effective_on, None, {}, mother),
        acts.Wish(K.BORN, "ho-1", wish(K.DIED).effective_on, None, {"name": "Lò Thị Mới"}),
    ):
        before = snapshot(session), next_year(session), next_year(session, "ho-2"), members(session)
        do(session, one)
        assert next_year(session) != before[1] or one.kind is K.HEAD
        after = snapshot(session)
        rebuild(session)
        session.commit()
        assert snapshot(session) == after
        undo(session, last(session).seq)
        now = snapshot(session), next_year(session), next_year(session, "ho-2"), members(session)
        assert now[1:] == before[1:]
        assert now[0]["household"] == before[0]["household"]


def test_a_merge_brings_the_members_along_into_the_next_interview(session: Session, login_as: Any) -> None:
    asked(session, login_as)
    both = codes(session), codes(session, "ho-2")
    do(session, wish(K.MERGE, other="ho-2"))
    assert {one.id for one in members(session, "ho-2")} == {*both[0].values(), *both[1].values()}
    assert len(next_year(session, "ho-2")) == 4
    do(session, wish(K.UNMERGE))
    assert (codes(session), codes(session, "ho-2")) == both
    assert len(next_year(session, "ho-2")) == 2


def test_a_decision_on_what_changed_since_is_refused(session: Session) -> None:
    mother = codes(session)[MOTHER]
    one = acts.Wish(K.LEFT, "ho-1", wish(K.LEFT).effective_on, None, {}, mother)
    shown = acts.plan(session, COMMUNE, one, one.effective_on)
    do(session, wish(K.CORRECT, address="Số 7"))
    session.rollback()
    with pytest.raises(Problem) as refused:
        acts.carry_out(session, COMMUNE, one, done(session), seen=shown.basis)
    assert refused.value.code == "conflict"


def test_nobody_comes_back_who_lives_in_a_household_that_came_since(session: Session, login_as: Any) -> None:
    mother, on = codes(session)[MOTHER], wish(K.DIED).effective_on
    province = find_account(session, "province")
    assert province is not None
    by = acts.Done(province.id, NOW, "họp thôn")
    across = acts.Wish(K.TRANSFERRED, "ho-1", on, "ho-5", {"commune": OTHER_COMMUNE}, mother)
    acts.carry_out(session, COMMUNE, across, by)
    acts.carry_out(
        session, OTHER_COMMUNE, acts.Wish(K.MOVE, "ho-5", on, None, {"village": VILLAGE, "commune": COMMUNE}), by
    )
    session.commit()
    assert mother in codes(session, "ho-5").values()
    back = acts.Wish(K.JOINED, "ho-1", on, None, {}, mother)
    assert acts.plan(session, COMMUNE, back, on).rule == "person_lives_elsewhere"
    do(session, acts.Wish(K.LEFT, "ho-5", on, None, {}, mother))
    do(session, back)
    assert mother in codes(session).values()
    assert mother not in codes(session, "ho-5").values()


def test_somebody_of_another_household_does_not_come_under_their_code(session: Session) -> None:
    mother, on = codes(session)[MOTHER], wish(K.DIED).effective_on
    for kind in (K.JOINED, K.MARRIED_IN, K.BORN):
        assert acts.plan(session, COMMUNE, acts.Wish(kind, "ho-2", on, None, {}, mother), on).rule == "person_not_there"
    assert all(one.name for one in members(session, "ho-2"))


def test_both_households_tell_whom_an_interview_lists_against_what_is_known(session: Session, login_as: Any) -> None:
    mother = codes(session)[MOTHER]
    went = acts.Wish(K.TRANSFERRED, "ho-1", wish(K.DIED).effective_on, "ho-2", {}, mother)
    session.rollback()
    acts.carry_out(session, COMMUNE, went, replace(done(session), at=NOW - timedelta(minutes=1)))
    session.commit()
    asked(session, login_as, started_at="2026-11-23T01:10:00.000Z", finalised_at="2026-11-23T01:42:00.000Z")
    assert mother in codes(session, "ho-2").values()
    assert mother not in codes(session).values()
    for id in ("ho-1", "ho-2"):
        page = login_as("supervisor").get(f"/desk/{COMMUNE}/households/{id}").text
        assert page.count("Người này đang là thành viên của một hộ.") == 1, id
