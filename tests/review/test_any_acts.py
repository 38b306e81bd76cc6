"""Whatever a commune writes down, one after another: rows follow from the log, each household is accounted for once."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, RegisterEntry, RegisterEvent
from survey.members import members_in
from survey.problems import Problem
from survey.register import event_log
from survey.register.event_log import Done
from survey.register.ledger import OF_PERSON, fold
from survey.review import register_acts as acts
from survey.review.register_acts import Wish
from survey.submissions.derive import rebuild
from survey.submissions.standing import interviews_of
from survey.terms import Action, RegisterKind
from tests.interviews import ROUND, entry, push
from tests.review.test_register_acts import without_changes
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

BY = Done(None, NOW, "thử")
TODAY = date(2026, 11, 23)
KINDS = [kind for kind in RegisterKind if kind not in (RegisterKind.ENTER, RegisterKind.VOID)]
pytestmark = pytest.mark.usefixtures("small_round")


def any_wish(chance: Random, session: Session) -> Wish:
    ids = sorted(session.scalars(select(Household.id).where(Household.commune_id == COMMUNE)))
    kind = chance.choice(KINDS)
    given: dict[str, Any] = {}
    if kind is RegisterKind.CORRECT:
        given = {"head": chance.choice(["Lò Văn Hoà", "Quàng Thị Ước"]), "village": chance.choice([VILLAGE, VILLAGE_2])}
        given |= {"class": chance.choice(["ho_ngheo", "khong_ngheo"])} if chance.random() < 0.5 else {}
    elif kind is RegisterKind.MOVE:
        given = {"village": chance.choice([VILLAGE, VILLAGE_2]), "address": "Số 9"}
    elif kind is RegisterKind.SPLIT:
        given = {"members": ["Quàng Thị Ước"], "head": "Quàng Thị Ước"}
    two = (RegisterKind.MERGE, RegisterKind.DUPLICATE, RegisterKind.TRANSFERRED)
    other, one = chance.choice(ids) if kind in two else None, chance.choice(ids)
    person_id = None
    if kind in OF_PERSON:
        people = fold(event_log.events_of(session, COMMUNE), interviews_of(session, COMMUNE, ids)).people
        here = [*people.members(one), *people.former(one)]
        person_id = chance.choice(here).id if here and kind not in (RegisterKind.BORN,) else None
        given = {"name": chance.choice(["Lò Thị Ban", "Cà Văn Sen"]), "year": 1990}
        given |= {"head": chance.choice(here).id} if here else {}
        given |= {"as": chance.choice(here).id} if kind is RegisterKind.IDENTIFIED and here else {}
    day = TODAY - timedelta(days=chance.choice([0, 0, 0, 1]))
    return Wish(kind, one, day, other, given, person_id)


def check(session: Session) -> None:
    """Rows are what the fold says, and the round lists exactly who is there."""
    rows = {one.id: one for one in session.scalars(select(Household).where(Household.commune_id == COMMUNE))}
    found = fold(event_log.events_of(session, COMMUNE), interviews_of(session, COMMUNE, rows))
    assert [one for one in found.failing if hasattr(one.item, "seq")] == []
    for id, row in rows.items():
        one = found.households.get(id)
        if one is None:
            assert row.state == "withdrawn"
            continue
        fields = ("same_as", "village_id", "head_name")
        assert [getattr(row, field) for field in fields] == [getattr(one, field) for field in fields]
        assert (row.state, row.current_class) == (one.state, one.household_class)
        assert row.current_submission_id == one.submission_id
    lives: dict[str, str] = {}
    for id, row in rows.items():
        members = found.people.members(id)
        assert not {one.id for one in members} & set(lives), "in two households at once"
        lives |= {one.id: id for one in members}
        if row.state == "present" and found.people.homes.get(id):
            told = [one["ho_ten"] for one in members_in(row.current_answers)]
            assert sorted(told) == sorted(one.name for one in members)
    for id, one in found.people.known.items():
        assert (one.state == "member") == (id in lives)
    listed = session.scalars(select(RegisterEntry).filter_by(commune_id=COMMUNE, round_id=ROUND)).all()
    there = {id: row.village_id for id, row in rows.items() if row.state == "present"}
    assert {one.household_id: one.village_id for one in listed} == there
    codes = [row.code for row in rows.values()]
    assert len(codes) == len(set(codes))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
def test_rows_follow_from_the_log_and_the_last_act_can_be_undone(session: Session, login_as: Any, seed: int) -> None:
    chance = Random(seed)
    sent = [entry(f"ho-{number}") for number in (1, 2, 3)]
    push(login_as("enumerator"), *sent)
    for one in sent[: chance.randrange(3)]:
        decide(session, one["id"], Action.ACCEPT)
    done = 0
    while done < 16:
        session.rollback()
        before = without_changes(session)
        last = session.scalars(select(RegisterEvent.seq).order_by(RegisterEvent.seq.desc()).limit(1)).one()
        try:
            if chance.random() < 0.2:
                acts.undo(session, COMMUNE, chance.randint(1, last), BY)
            else:
                acts.carry_out(session, COMMUNE, any_wish(chance, session), BY)
        except Problem as refused:
            assert refused.code.startswith(("register_", "person_")) or refused.code == "not_found", refused.code
            session.rollback()
            assert without_changes(session) == before
            continue
        session.commit()
        done += 1
        check(session)
    event = session.scalars(
        select(RegisterEvent).where(RegisterEvent.commune_id == COMMUNE).order_by(RegisterEvent.seq.desc()).limit(1)
    ).one()
    after = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == after
    assert event_log.broken(session, COMMUNE) is None
    if event.kind != RegisterKind.VOID:
        acts.undo(session, COMMUNE, event.seq, BY)
        session.commit()
        check(session)
