"""What happens on the register after a closing is no part of it: its proof stays as true as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Assessment, ProofLeaf, RegisterEntry, RegisterEvent, Round, StartRow, Submission
from survey.evidence.signing import Signer
from survey.register.entries import import_household
from survey.register.event_log import Done
from survey.review import register_acts as acts
from survey.review.register_acts import Wish
from survey.rounds import accounting, closing, freezing, proof, proof_file, requests
from survey.rounds.proof import Differs
from survey.submissions.derive import rebuild
from survey.terms import HouseholdClass, RegisterKind, RoundKind
from tests.interviews import ROUND, accept_all, entry, over_nobody, push
from tests.review.test_persons import MOTHER, codes
from tests.review.test_register_acts import done, last, wish
from tests.rounds.test_closing import the_round
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

K = RegisterKind
DAY = date(2026, 12, 1)
LATER = NOW + timedelta(days=10)
pytestmark = [pytest.mark.usefixtures("small_round"), pytest.mark.miscounts]


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


def lay_earlier(session: Session, *households: str) -> Round:
    """A round of the year before, closed, in which these were near-poor."""
    this = session.get_one(Round, ROUND)
    copied = {column.name: getattr(this, column.name) for column in Round.__table__.columns}
    days = {"opens_on": date(2025, 9, 1), "closes_on": date(2025, 12, 14)}
    session.add(Round(**copied | {"id": "dot-truoc", "year": 2025, "state": "closed"} | days))
    session.flush()
    for number, id in enumerate(households, 90):
        own = {"commune_id": COMMUNE, "round_id": "dot-truoc", "household_id": id, "village_id": VILLAGE}
        session.add(RegisterEntry(**own, state="accepted", opening_class="ho_can_ngheo", change=number))
    session.flush()
    return this


def begin_anew(session: Session, this: Round) -> None:
    """The round as if it opened now."""
    over_nobody(session)
    freezing.freeze(session, this, COMMUNE, {})
    session.commit()


def mend_earlier(session: Session, household_id: str) -> None:
    session.get_one(RegisterEntry, (COMMUNE, "dot-truoc", household_id)).opening_class = "khong_ngheo"
    session.commit()


def test_an_earlier_round_that_is_mended_later_leaves_what_a_household_once_was(
    login_as: Any, session: Session
) -> None:
    """Poor again or poor for the first time is column 6 or 7: read from what was frozen with the list."""
    begin_anew(session, lay_earlier(session, "ho-1"))
    kept = select(RegisterEntry.household_id, RegisterEntry.once).filter_by(commune_id=COMMUNE, round_id=ROUND)
    assert dict(session.execute(kept).all()) == {"ho-1": ["ho_can_ngheo"], "ho-2": [], "ho-3": [], "ho-4": []}
    accept_all(session, login_as, COMMUNE)
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    leaf = select(ProofLeaf.leaf).filter_by(household_id="ho-1", part="end")
    assert json.loads(session.scalars(leaf).one())["once"] == ["ho_can_ngheo", "ho_ngheo"]
    mend_earlier(session, "ho-1")
    assert differs(session) == []


def _is_back(session: Session) -> None:
    """Off the register by mistake when the round opened."""
    acts.carry_out(session, COMMUNE, wish(K.TEST, "ho-2"), done(session))
    session.commit()
    begin_anew(session, session.get_one(Round, ROUND))
    acts.carry_out(session, COMMUNE, wish(K.RESTORE, "ho-2"), done(session))


def _moves_back(session: Session) -> None:
    """Elsewhere when the round opened."""
    by = Done(session.scalars(select(Account.id).where(Account.username == "province")).one(), NOW, "chuyển đi")
    away = Wish(K.MOVE, "ho-2", NOW.date(), None, {"commune": OTHER_COMMUNE, "village": OTHER_VILLAGE})
    acts.carry_out(session, COMMUNE, away, by)
    session.commit()
    begin_anew(session, session.get_one(Round, ROUND))
    back = Wish(K.MOVE, "ho-2", NOW.date(), None, {"commune": COMMUNE, "village": VILLAGE})
    acts.carry_out(session, OTHER_COMMUNE, back, by)


def _leaves_and_is_back(session: Session) -> None:
    """Three times on the list: what it was is what it was the first time."""
    _is_back(session)
    session.commit()
    acts.carry_out(session, COMMUNE, wish(K.TEST, "ho-2"), done(session))
    mend_earlier(session, "ho-2")
    acts.carry_out(session, COMMUNE, wish(K.RESTORE, "ho-2"), done(session))


@pytest.mark.parametrize("comes", [_is_back, _moves_back, _leaves_and_is_back])
def test_who_came_onto_the_list_under_way_keeps_what_it_once_was(
    login_as: Any, session: Session, comes: Callable[[Session], None]
) -> None:
    """Frozen when it came: an earlier round that is mended later turns no proof red, and no rebuilding changes it."""
    lay_earlier(session, "ho-2")
    session.commit()
    comes(session)
    session.commit()
    own = {"commune_id": COMMUNE, "round_id": ROUND, "household_id": "ho-2"}
    assert session.get(StartRow, tuple(own.values())) is None
    found = {one.household_id: one for one in accounting.transitions(session, the_round(session), COMMUNE)}
    assert (found["ho-2"].origin, HouseholdClass.NEAR_POOR in found["ho-2"].once) == ("met", True)
    assert HouseholdClass.NEAR_POOR not in found["ho-1"].once
    accept_all(session, login_as, COMMUNE)
    closing.close_communes(session, the_round(session), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    mend_earlier(session, "ho-2")
    assert differs(session) == []
    rebuild(session)
    session.commit()
    assert differs(session) == []
    session.get_one(RegisterEntry, tuple(own.values())).once = []
    session.commit()
    assert {one.table for one in differs(session)} == {"register_entry", "end list"}


def test_whose_paper_comes_late_keeps_what_it_once_was(login_as: Any, session: Session) -> None:
    """Met in an ad-hoc round before anybody entered the paper that asks for it."""
    this = lay_earlier(session, "ho-2")
    over_nobody(session)
    this.kind = RoundKind.AD_HOC.value
    session.commit()
    push(login_as("enumerator"), entry("ho-2"))
    session.rollback()
    mend_earlier(session, "ho-2")
    asked = {"asked_by": "Lò Thị Bua", "asked_on": NOW.date(), "reason": "Hoàn cảnh khó khăn"}
    requests.ask(session, the_round(session), COMMUNE, "ho-2", now=NOW, **asked)  # type: ignore[arg-type]
    session.commit()
    [one] = accounting.transitions(session, the_round(session), COMMUNE)
    assert HouseholdClass.NEAR_POOR in one.once


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
