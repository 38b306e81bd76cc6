"""What happens on the register after a closing is no part of it: its proof stays as true as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Assessment, ProofLeaf, RegisterEntry, RegisterEvent, Round, StartRow, Submission
from survey.evidence.signing import Signer
from survey.register.entries import import_household
from survey.review import register_acts as acts
from survey.review.register_acts import Wish
from survey.rounds import accounting, closing, proof, proof_file, start_list
from survey.rounds.proof import Differs
from survey.terms import HouseholdClass, RegisterKind
from tests.interviews import ROUND, accept_all
from tests.review.test_persons import MOTHER, codes
from tests.review.test_register_acts import done, last, wish
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

K = RegisterKind
DAY = date(2026, 12, 1)
LATER = NOW + timedelta(days=10)
pytestmark = pytest.mark.usefixtures("small_round")


def do(session: Session, one: Wish) -> None:
    session.rollback()
    acts.carry_out(session, COMMUNE, one, replace(done(session), at=LATER))
    session.commit()


def undo(session: Session, seq: int) -> None:
    session.rollback()
    acts.undo(session, COMMUNE, seq, replace(done(session), at=LATER))
    session.commit()


def differs(session: Session) -> list[Differs]:
    session.rollback()
    session.expire_all()
    made = proof.latest(session, ROUND, COMMUNE)
    assert made is not None
    assert proof.is_current(session, made)
    return proof.differences(session, made)


@pytest.mark.thorough
def test_no_act_on_the_register_after_a_closing_touches_its_proof(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    before = acts.carry_out(session, COMMUNE, wish(K.TEST, "ho-4"), done(session)).halves[0].events[0].seq
    session.commit()
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    closed_with = last(session).seq
    mother = codes(session, "ho-3")[MOTHER]
    child = {"name": "Lò Thị Mới"}
    for one in (
        wish(K.CORRECT, on=DAY, **{"class": "khong_ngheo"}),
        wish(K.CORRECT, on=DAY, village=VILLAGE_2),
        wish(K.MOVE, on=DAY, village=VILLAGE, address="Số 8"),
        wish(K.DIED_OUT, on=DAY), wish(K.RESTORE, on=DAY),
        wish(K.TEST, on=DAY), wish(K.RESTORE, on=DAY),
        wish(K.DISSOLVE, on=DAY), wish(K.RESTORE, on=DAY),
        wish(K.DUPLICATE, other="ho-2", on=DAY), wish(K.RESTORE, on=DAY),
        wish(K.MERGE, other="ho-2", on=DAY), wish(K.UNMERGE, on=DAY),
        wish(K.SPLIT, "ho-2", on=DAY, head=MOTHER, members=[MOTHER]),
        Wish(K.BORN, "ho-3", DAY, None, child), Wish(K.JOINED, "ho-3", DAY, None, child | {"name": "Lò Văn Vào"}),
        Wish(K.MARRIED_IN, "ho-3", DAY, None, child | {"name": "Lò Thị Dâu"}),
        Wish(K.PERSON, "ho-3", DAY, None, {"name": "Quàng Thị Ươi"}, mother),
        Wish(K.HEAD, "ho-3", DAY, None, {}, mother),
    ):  # fmt: skip
        do(session, one)
        assert differs(session) == [], one
    people = codes(session, "ho-3")
    for one in (
        Wish(K.LEFT, "ho-3", DAY, None, {}, people["Lò Văn Vào"]),
        Wish(K.MARRIED_OUT, "ho-3", DAY, None, {}, people["Lò Thị Dâu"]),
        Wish(K.TRANSFERRED, "ho-3", DAY, "ho-2", {}, people["Lò Thị Mới"]),
        Wish(K.DIED, "ho-3", DAY, None, {"head": people["Lò Văn Đông"]}, mother),
        Wish(K.IDENTIFIED, "ho-3", DAY, None, {"as": people["Lò Văn Đông"]}, people["Lò Văn Vào"]),
        wish(K.MOVE, "ho-3", on=DAY, commune=OTHER_COMMUNE, village=OTHER_VILLAGE),
    ):
        do(session, one)
        assert differs(session) == [], one
    undo(session, last(session).seq)
    undo(session, before)  # what was known at the closing is what was decided on
    assert differs(session) == []
    new = {"household_id": "ho-moi", "head_name": "Lò Văn Mới", "base_class": HouseholdClass.POOR}
    import_household(session, commune_id=COMMUNE, village_id=VILLAGE, now=LATER, **new)  # type: ignore[arg-type]
    session.commit()
    assert differs(session) == []
    since = select(RegisterEvent.kind).where(RegisterEvent.commune_id == COMMUNE, RegisterEvent.seq > closed_with)
    assert set(session.scalars(since)) == {kind.value for kind in K}
    first = session.scalars(select(Submission.id).where(Submission.household_id == "ho-1")).one()
    session.get_one(Assessment, (COMMUNE, first)).household_class = "ho_can_ngheo"
    session.commit()
    assert {one.table for one in differs(session)} == {"assessment", "end list"}


def test_an_earlier_round_that_is_mended_later_leaves_what_a_household_once_was(
    login_as: Any, session: Session
) -> None:
    """Poor again or poor for the first time is column 6 or 7: read from what was frozen with the list."""
    this = session.get_one(Round, ROUND)
    copied = {column.name: getattr(this, column.name) for column in Round.__table__.columns}
    before = {
        "id": "dot-truoc",
        "year": 2025,
        "opens_on": date(2025, 9, 1),
        "closes_on": date(2025, 12, 14),
        "state": "closed",
    }
    session.add(Round(**copied | before))
    session.flush()
    own = {"commune_id": COMMUNE, "round_id": "dot-truoc", "household_id": "ho-1", "village_id": VILLAGE}
    session.add(RegisterEntry(**own, state="accepted", opening_class="ho_can_ngheo", change=98))
    session.execute(delete(StartRow).where(StartRow.round_id == ROUND))
    start_list.freeze(session, ROUND, COMMUNE)
    session.commit()
    kept = select(StartRow.household_id, StartRow.once).filter_by(commune_id=COMMUNE, round_id=ROUND)
    assert dict(session.execute(kept).all()) == {"ho-1": ["ho_can_ngheo"], "ho-2": [], "ho-3": [], "ho-4": []}
    accept_all(session, login_as, COMMUNE)
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    leaf = select(ProofLeaf.leaf).filter_by(household_id="ho-1", part="end")
    assert json.loads(session.scalars(leaf).one())["once"] == ["ho_can_ngheo", "ho_ngheo"]
    session.get_one(RegisterEntry, (COMMUNE, "dot-truoc", "ho-1")).opening_class = "khong_ngheo"
    session.commit()
    assert differs(session) == []


def test_who_came_onto_the_list_under_way_was_of_a_class_once_too(session: Session) -> None:
    """Off the register by mistake when the round opened, and back since: no row of the start list says what it was."""
    this = session.get_one(Round, ROUND)
    copied = {column.name: getattr(this, column.name) for column in Round.__table__.columns}
    before = {"id": "dot-truoc", "year": 2025, "opens_on": date(2025, 9, 1), "closes_on": date(2025, 12, 14)}
    session.add(Round(**copied | before | {"state": "closed"}))
    session.execute(delete(StartRow).filter_by(commune_id=COMMUNE, round_id=ROUND, household_id="ho-2"))
    session.flush()
    own = {"commune_id": COMMUNE, "round_id": "dot-truoc", "household_id": "ho-2", "village_id": VILLAGE}
    session.add(RegisterEntry(**own, state="accepted", opening_class="ho_can_ngheo", change=98))
    session.flush()
    once = {one.household_id: one.once for one in accounting.transitions(session, this, COMMUNE)}
    assert HouseholdClass.NEAR_POOR in once["ho-2"]
    assert HouseholdClass.NEAR_POOR not in once["ho-1"]


def test_what_was_closed_without_a_proof_is_proved_by_the_log_of_its_closing_whenever_that_is(
    login_as: Any, session: Session
) -> None:
    accept_all(session, login_as, COMMUNE)
    this = session.get_one(Round, ROUND)
    closing.close_communes(session, this, [COMMUNE], NOW)
    session.commit()
    closed_with = last(session).seq
    do(session, wish(K.DIED_OUT, on=DAY))
    made = proof.make(session, session.get_one(Round, ROUND), COMMUNE, Signer(b"p" * 32), LATER + timedelta(days=1))
    session.commit()
    body = json.loads(made.body)
    assert body["register_log"]["events"] == closed_with < last(session).seq
    assert body["counts"]["states"]["start"] == {"done": 4}
    assert (body["made_at"] > body["closed_at"], differs(session)) == (True, [])
    found = proof_file.verify(proof.file_of(session, [made]))
    assert (found.holds, [one.code for one in found.notes if one.code == "made_later"]) == (True, ["made_later"])
