"""A village that went to another commune: nobody comes to lie in it here, and what was decided before stays proved."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, RegisterEvent, Round
from survey.evidence.signing import Signer
from survey.intake.admit import admit
from survey.intake.envelope import read_entry
from survey.problems import Problem
from survey.register import importing
from survey.register.event_log import last_seq
from survey.review import register_acts
from survey.rounds import closing, proof
from survey.submissions.derive import rebuild
from survey.terms import PlaceChange, QuarantineReason, RegisterKind
from survey.villages import acts as village_acts
from survey.villages.acts import Wish
from tests.interviews import ROUND, accept_all, entry, push
from tests.review.test_review_and_rebuild import snapshot
from tests.villages.test_acts import MAY, NEW, TODAY, C, do, done, last, lying, undo
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

K = RegisterKind
pytestmark = pytest.mark.usefixtures("small_round")


def act(session: Session, kind: RegisterKind, household_id: str, **given: Any) -> None:
    session.rollback()
    wish = register_acts.Wish(kind, household_id, TODAY, None, given)
    register_acts.carry_out(session, COMMUNE, wish, done(session))
    session.commit()


@pytest.mark.parametrize("word", ["1", VILLAGE, "Bản Nà Ca", "Nà Ca"])
def test_a_list_that_names_it_is_told_where_it_lies_now(session: Session, word: str) -> None:
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    rows = f"Thôn, bản;Chủ hộ;Mã hộ;Phân loại năm trước\n{word};Lò Thị Mới;;Hộ nghèo\n2;Lò Văn Ở;;Hộ nghèo\n"
    files = {"households.csv": rows.encode()}
    for made in (importing.plan(session, COMMUNE, files, NOW), importing.plan_list(session, COMMUNE, files, NOW, {})):
        [mistake] = made.mistakes
        assert (mistake.code, mistake.row) == ("village_elsewhere", 2)
        assert "03664-02" in mistake.sentence()


def test_who_is_met_in_it_later_is_held_for_a_person(login_as: Any, session: Session) -> None:
    browser = login_as("enumerator")
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    met = entry("ho-moi", new_household={"village_id": VILLAGE, "head_name": "Lò Thị Mới"})
    [answer] = push(browser, met)
    assert answer["outcome"] == "held"
    assert answer["reason"]["code"] == QuarantineReason.UNKNOWN_HOUSEHOLD
    with pytest.raises(Problem, match="place_over"):
        admit(session, COMMUNE, read_entry(met), NOW)
    session.rollback()
    assert session.get(Household, (COMMUNE, "ho-moi")) is None


@pytest.mark.parametrize("kind", [K.MOVE, K.CORRECT])
def test_nobody_moves_to_it_or_is_corrected_to_it(session: Session, kind: RegisterKind) -> None:
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    with pytest.raises(Problem, match="place_over"):
        act(session, kind, "ho-4", village=VILLAGE)


def test_nobody_comes_back_to_it_by_an_undoing_or_from_off_the_register(session: Session) -> None:
    act(session, K.MOVE, "ho-1", village=VILLAGE_2)
    moved = last_seq(session, COMMUNE)
    act(session, K.DIED_OUT, "ho-2")
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    assert set(lying(session).values()) == {VILLAGE_2}
    assert register_acts.plan_undo(session, COMMUNE, moved, TODAY).rule == "place_over"
    with pytest.raises(Problem, match="place_over"):
        act(session, K.RESTORE, "ho-2")
    undo(session, last(session))
    act(session, K.RESTORE, "ho-2")
    assert lying(session)["ho-2"] == VILLAGE


def test_who_was_split_off_before_comes_back_to_where_it_lay(session: Session) -> None:
    do(session, C.SPLIT, name="Bản Nà Ca 2", households=["ho-1"])
    act(session, K.DIED_OUT, "ho-1")
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    act(session, K.RESTORE, "ho-1")
    assert lying(session)["ho-1"] == NEW


def test_a_merged_village_s_code_goes_on_for_who_moves_there(session: Session) -> None:
    do(session, C.MERGED, other=VILLAGE_2)
    act(session, K.DIED_OUT, "ho-1")
    act(session, K.RESTORE, "ho-1")
    assert lying(session)["ho-1"] == VILLAGE_2


def test_the_households_of_a_past_day_are_those_of_then(session: Session) -> None:
    mine = {id for id, village in lying(session).items() if village == VILLAGE}
    do(session, C.MERGED, other=VILLAGE_2)
    session.rollback()
    for event in session.scalars(select(RegisterEvent).filter_by(commune_id=COMMUNE)):
        event.effective_on = MAY
    on = village_acts.households_on(session, COMMUNE, VILLAGE, date(2026, 11, 22))
    assert {one.id for one in on} == mine


def test_a_village_does_not_go_on_a_day_before_its_households_came(session: Session) -> None:
    plan = village_acts.plan(session, COMMUNE, Wish(C.REZONED, VILLAGE, MAY, {"commune": OTHER_COMMUNE}), TODAY)
    assert (plan.rule, len(plan.resting)) == ("place_rests_on_it", 3)


@pytest.mark.thorough
@pytest.mark.parametrize("day", [TODAY, date(2026, 11, 22), MAY])
@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (C.MERGED, {"other": VILLAGE_2}),
        (C.RENAMED, {"name": "Bản Mới"}),
        (C.AREA, {"area": "thanh_thi"}),
        (C.SPLIT, {"name": "Bản Mới", "area": "thanh_thi", "households": ["ho-1"]}),
        (C.REZONED, {"commune": OTHER_COMMUNE}),
    ],
)
def test_what_happens_to_a_village_leaves_the_proof_of_a_closed_round_as_true_as_it_was(
    login_as: Any, session: Session, kind: PlaceChange, given: dict[str, Any], day: date
) -> None:
    accept_all(session, login_as, COMMUNE)
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    made = proof.latest(session, ROUND, COMMUNE)
    assert made is not None
    if day < TODAY and kind in (C.SPLIT, C.REZONED):  # the households came onto the register today
        with pytest.raises(Problem, match="place_"):
            do(session, kind, on=day, **given)
        return
    before = snapshot(session)
    do(session, kind, on=day, **given)
    assert proof.differences(session, made) == []
    after = snapshot(session)
    rebuild(session)
    assert snapshot(session) == after
    assert after["assessment"] == before["assessment"]
    undo(session, last(session))
    assert proof.differences(session, made) == []
    assert proof.is_current(session, made)
