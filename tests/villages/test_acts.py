"""A village is renamed, merged, split, moved to another commune: what rests on it follows, and is as before when it is
undone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccountVillage, Household, PlaceEvent, PlacePeriod, RegisterEntry, RegisterEvent
from survey.accounts.accounts import find_account, villages_of
from survey.problems import Problem
from survey.register import importing
from survey.register.entries import village_on
from survey.register.event_log import Done
from survey.register.places import names_in, over_in, periods_at
from survey.review import register_acts
from survey.submissions.derive import rebuild
from survey.terms import Action, PlaceChange, RegisterKind
from survey.villages import acts as village_acts
from survey.villages.acts import Plan, Wish
from tests.interviews import entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

C = PlaceChange
TODAY, MAY, JULY = date(2026, 11, 23), date(2026, 5, 4), date(2025, 7, 1)
NEW = "03757-03"
pytestmark = pytest.mark.usefixtures("small_round")


def done(session: Session, reason: str = "NQ 12/NQ-HĐND") -> Done:
    account = find_account(session, "supervisor")
    assert account is not None
    return Done(account.id, NOW, reason)


def do(session: Session, kind: PlaceChange, village: str = VILLAGE, on: date = TODAY, **given: Any) -> Plan:
    session.rollback()
    wish = Wish(kind, village, on, given)
    shown = village_acts.plan(session, COMMUNE, wish, TODAY)
    session.rollback()
    made = village_acts.carry_out(session, COMMUNE, wish, done(session), seen=shown.basis)
    session.commit()
    return made


def undo(session: Session, seq: int, commune_id: str = COMMUNE) -> Plan:
    session.rollback()
    shown = village_acts.plan_undo(session, commune_id, seq, TODAY)
    session.rollback()
    made = village_acts.undo(session, commune_id, seq, done(session), seen=shown.basis)
    session.commit()
    return made


def last(session: Session, commune_id: str = COMMUNE) -> int:
    session.rollback()
    query = select(PlaceEvent.seq).where(PlaceEvent.commune_id == commune_id).order_by(PlaceEvent.seq.desc())
    return session.scalars(query.limit(1)).one()


def lying(session: Session, commune_id: str = COMMUNE) -> dict[str, str]:
    session.rollback()
    rows = session.execute(select(Household.id, Household.village_id, Household.state).filter_by(commune_id=commune_id))
    return {row.id: row.village_id for row in rows if row.state == "present"}


def asked_in(session: Session) -> dict[str, str]:
    rows = session.execute(select(RegisterEntry.household_id, RegisterEntry.village_id).filter_by(commune_id=COMMUNE))
    return {row.household_id: row.village_id for row in rows}


def periods(session: Session) -> list[tuple[Any, ...]]:
    query = select(*PlacePeriod.__table__.columns).order_by(PlacePeriod.place_id, PlacePeriod.valid_from)
    return [tuple(row) for row in session.execute(query)]


def test_a_village_gets_another_name_since_a_day(session: Session) -> None:
    made = do(session, C.RENAMED, on=MAY, name="  Bản   Nà Ca Mới ")
    assert made.moved == made.judged == ()
    assert periods_at(session, [VILLAGE], date(2026, 5, 3))[VILLAGE].name == "Bản Nà Ca"
    assert periods_at(session, [VILLAGE], MAY)[VILLAGE].name == "Bản Nà Ca Mới"
    before = periods(session)
    rebuild(session)
    assert periods(session) == before


def test_households_of_a_merged_village_lie_in_the_other_and_its_code_goes_on(login_as: Any, session: Session) -> None:
    before, where, asked, named = snapshot(session), lying(session), asked_in(session), periods(session)
    assert set(where.values()) == {VILLAGE, VILLAGE_2}
    made = do(session, C.MERGED, other=VILLAGE_2)
    assert {one.household_id for one in made.moved} == {id for id, village in where.items() if village == VILLAGE}
    assert set(lying(session).values()) == set(asked_in(session).values()) == {VILLAGE_2}
    assert over_in(session, [COMMUNE], TODAY) == {VILLAGE}
    assert names_in(session, [COMMUNE], TODAY)[VILLAGE] == "Bản Nà Ca"
    one = session.get_one(Household, (COMMUNE, "ho-1"))
    assert one.code == "03757-01-001"
    assert [village_on(session, one, day) for day in (date(2026, 11, 22), TODAY)] == [VILLAGE, VILLAGE_2]
    after = snapshot(session)
    rebuild(session)
    assert snapshot(session) == after
    undo(session, last(session))
    assert (lying(session), asked_in(session), periods(session)) == (where, asked, named)
    assert {key: rows for key, rows in snapshot(session).items() if key in ("assessment", "household")} == {
        key: rows for key, rows in before.items() if key in ("assessment", "household")
    }


def test_who_visited_the_village_visits_what_it_is_a_part_of(session: Session) -> None:
    do(session, C.MERGED, other=VILLAGE_2)
    account = find_account(session, "enumerator")
    assert account is not None
    assert villages_of(session, account) == [VILLAGE_2]


def test_an_entry_sent_later_for_the_old_code_is_of_the_village_that_it_is_a_part_of(
    login_as: Any, session: Session
) -> None:
    browser = login_as("enumerator")
    do(session, C.MERGED, other=VILLAGE_2)
    met = entry("ho-moi", new_household={"village_id": VILLAGE, "head_name": "Lò Thị Mới"})
    known = entry("ho-1")
    assert [one.get("reason") for one in push(browser, met, known)] == [None, None]
    session.rollback()
    new = session.get_one(Household, (COMMUNE, "ho-moi"))
    assert (new.village_id, new.code[:8]) == (VILLAGE_2, VILLAGE_2)
    decide(session, known["id"], Action.ACCEPT)
    decide(session, met["id"], Action.ACCEPT)
    assert lying(session)["ho-1"] == VILLAGE_2


def test_a_village_is_split_and_who_was_named_lies_in_the_new_one(session: Session) -> None:
    where = lying(session)
    mine = sorted(id for id, village in where.items() if village == VILLAGE)
    made = do(session, C.SPLIT, name="Bản Nà Ca 2", households=mine[:1])
    assert [(one.household_id, one.before, one.after) for one in made.moved] == [(mine[0], VILLAGE, NEW)]
    assert lying(session) == where | {mine[0]: NEW}
    assert periods_at(session, [NEW], TODAY)[NEW].area == "nong_thon"
    account = find_account(session, "enumerator")
    assert account is not None
    assert villages_of(session, account) == [VILLAGE, NEW]
    undo(session, last(session))
    assert lying(session) == where
    assert periods_at(session, [NEW], TODAY) == {}
    do(session, C.SPLIT, name="Bản Nà Ca 2", households=mine[:1])
    assert lying(session)[mine[0]] == "03757-04"  # no code is given twice


def test_a_split_is_not_undone_under_who_came_there_since(session: Session) -> None:
    mine = sorted(id for id, village in lying(session).items() if village == VILLAGE)
    do(session, C.SPLIT, name="Bản Nà Ca 2", households=mine[:1])
    seq = last(session)
    move = register_acts.Wish(RegisterKind.MOVE, mine[1], TODAY, None, {"village": NEW})
    register_acts.carry_out(session, COMMUNE, move, done(session))
    session.commit()
    plan = village_acts.plan_undo(session, COMMUNE, seq, TODAY)
    assert (plan.rule, [one.household_id for one in plan.resting]) == ("place_rests_on_it", [mine[1]])
    with pytest.raises(Problem, match="place_rests_on_it"):
        undo(session, seq)


@pytest.mark.parametrize(
    ("kind", "given", "rule"),
    [
        (C.MERGED, {"other": VILLAGE}, "place_itself"),
        (C.MERGED, {"other": OTHER_VILLAGE}, "place_not_there"),
        (C.MERGED, {}, "register_nothing_given"),
        (C.RENAMED, {"name": " "}, "register_nothing_given"),
        (C.RENAMED, {"name": "TIỂU KHU 2"}, "place_name_taken"),
        (C.RENAMED, {"name": "Bản Nà Ca"}, "register_changes_nothing"),
        (C.SPLIT, {"name": "Mới", "households": []}, "place_nobody_goes"),
        (C.SPLIT, {"name": "Mới", "households": ["ho-khong-co"]}, "place_household_elsewhere"),
        (C.REZONED, {"commune": COMMUNE}, "register_changes_nothing"),
        (C.REZONED, {"commune": "03127"}, "place_other_commune"),
        (C.FORMER, {"former": "03646"}, "place_former_unknown"),
        (C.AREA, {"area": "x"}, "register_nothing_given"),
        (C.AREA, {"area": "nong_thon"}, "register_changes_nothing"),
        (C.FOUND, {}, "not_allowed_now"),
    ],
)
def test_what_cannot_be_is_refused_with_its_rule(
    session: Session, kind: PlaceChange, given: dict[str, Any], rule: str
) -> None:
    before = snapshot(session)
    assert village_acts.plan(session, COMMUNE, Wish(kind, VILLAGE, TODAY, given), TODAY).rule == rule
    with pytest.raises(Problem, match=rule):
        do(session, kind, **given)
    session.rollback()
    assert snapshot(session) == before


def test_other_refusals(session: Session) -> None:
    mine = [id for id, village in lying(session).items() if village == VILLAGE]
    with pytest.raises(Problem, match="place_nobody_stays"):
        do(session, C.SPLIT, name="Mới", households=mine)
    for on, rule in ((date(2026, 11, 24), "register_future"), (date(2025, 6, 30), "place_not_there")):
        with pytest.raises(Problem, match=rule):
            do(session, C.RENAMED, on=on, name="Mới")
    with pytest.raises(Problem, match="not_found"):
        do(session, C.RENAMED, village=OTHER_VILLAGE, name="Mới")
    session.rollback()
    wish = Wish(C.RENAMED, VILLAGE, TODAY, {"name": "Mới"})
    with pytest.raises(Problem, match="register_reason_needed"):
        village_acts.carry_out(session, COMMUNE, wish, done(session, " "))
    session.rollback()
    with pytest.raises(Problem, match="conflict"):
        village_acts.carry_out(session, COMMUNE, wish, done(session), seen="0" * 16)


def test_a_village_goes_to_another_commune_with_its_households(session: Session) -> None:
    where, elsewhere = lying(session), lying(session, OTHER_COMMUNE)
    mine = sorted(id for id, village in where.items() if village == VILLAGE)
    before = snapshot(session)["household"]
    do(session, C.REZONED, commune=OTHER_COMMUNE)
    assert lying(session) == {id: village for id, village in where.items() if village != VILLAGE}
    assert lying(session, OTHER_COMMUNE) == elsewhere | dict.fromkeys(mine, "03664-02")
    assert {session.get_one(Household, (COMMUNE, id)).state for id in mine} == {"moved"}
    codes = [session.get_one(Household, (OTHER_COMMUNE, id)).code for id in mine]
    assert codes == [f"03664-02-{number:03d}" for number in range(1, len(mine) + 1)]
    after = snapshot(session)
    rebuild(session)
    assert snapshot(session) == after
    moved = session.scalars(
        select(RegisterEvent).filter_by(commune_id=COMMUNE, household_id=mine[0], kind="move")
    ).one()
    assert register_acts.plan_undo(session, COMMUNE, moved.seq, TODAY).rule == "place_undo_there"
    undo(session, last(session))
    assert (lying(session), lying(session, OTHER_COMMUNE)) == (where, elsewhere)
    kept = [row for row in snapshot(session)["household"] if COMMUNE in row]
    assert kept == [row for row in before if COMMUNE in row]
    assert session.scalars(select(AccountVillage).filter_by(village_id=VILLAGE)).all()


def test_undoing_is_refused_where_there_is_nothing_to_undo(session: Session) -> None:
    do(session, C.RENAMED, name="Bản Mới")
    seq = last(session)
    undo(session, seq)
    for number, rule in ((seq, "register_undone"), (last(session), "register_undoing")):
        with pytest.raises(Problem, match=rule):
            undo(session, number)
    with pytest.raises(Problem, match="not_found"):
        undo(session, 999)
    with pytest.raises(Problem, match="place_rests_on_it"):
        undo(session, 1)  # the households are entered there


def test_a_list_that_names_a_merged_village_means_what_it_is_a_part_of(session: Session) -> None:
    do(session, C.MERGED, other=VILLAGE_2)
    rows = "Thôn, bản;Chủ hộ;Mã hộ;Phân loại năm trước\n1;Lò Thị Mới;;Hộ nghèo\nBản Khác;Lò Văn Xa;;Hộ nghèo\n"
    villages = "Số;Tên thôn, bản;Khu vực\n4;Bản Khác;Nông thôn\n"
    files = {"households.csv": rows.encode(), "villages.csv": villages.encode()}
    made = importing.plan(session, COMMUNE, files, NOW)
    assert made.mistakes == []
    assert [one.village_id for one in made.households] == [VILLAGE_2, "03757-04"]
