"""The register as of any day, in the borders of any day, as was known at any time: one fold, the same totals."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models import FormerCommune, Household, PlaceEvent
from survey.problems import Problem
from survey.register import places
from survey.register.event_log import Done
from survey.register.places import add_village
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.submissions import register_table
from survey.submissions.register_table import Land, Level, Table, state
from survey.submissions.standing import interviews_of
from survey.terms import Action, Area, PlaceChange, RegisterKind
from survey.villages import acts as village_acts
from tests.interviews import accept_all, entry, push
from tests.review.test_review_and_rebuild import decide
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

C = PlaceChange
TODAY, BEFORE = date(2026, 11, 23), date(2025, 6, 30)
BY = Done(None, NOW, "thử")
pytestmark = pytest.mark.usefixtures("small_round")


@pytest.fixture
def former(session: Session) -> None:
    """COMMUNE is of two former communes of two districts, OTHER_COMMUNE of one alone. Invented rows."""
    for code, name, district, commune in (
        ("90001", "Xã Cũ Một", "901", COMMUNE),
        ("90002", "Xã Cũ Hai", "902", COMMUNE),
        ("90003", "Xã Cũ Ba", "901", OTHER_COMMUNE),
    ):
        session.add(
            FormerCommune(
                province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=commune, valid_from=None, name=name,
                district_code=district, district=f"Huyện {district}", status="thử", source="bài thử",
            )
        )  # fmt: skip
    session.commit()


def table(session: Session, *communes: str, **more: Any) -> Table:
    session.rollback()
    return state(session, communes or (COMMUNE, OTHER_COMMUNE), TODAY, **more)


def do(session: Session, kind: PlaceChange, village: str = VILLAGE, on: date = TODAY, **given: Any) -> None:
    session.rollback()
    commune_id = village.rsplit("-", 1)[0]
    village_acts.carry_out(session, commune_id, village_acts.Wish(kind, village, on, given), BY)
    session.commit()


def by(found: Table, level: Level) -> dict[Any, int]:
    return {key[-1]: tally.total for key, tally in found.counts(level).items()}


def test_a_row_says_who_where_of_which_class_how_many_and_in_which_area(session: Session) -> None:
    found = table(session, COMMUNE)
    one = next(row for row in found.rows if row.household_id == "ho-1")
    assert (one.code, one.head_name, one.household_class) == ("03757-01-001", "Chủ hộ cũ", "ho_ngheo")
    assert (one.area, one.village_id, one.land) == (Area.RURAL, VILLAGE, Land(None, COMMUNE, VILLAGE))
    assert by(found, Level.VILLAGE) == {VILLAGE: 3, VILLAGE_2: 1}
    assert found.levels == [Level.COMMUNE, Level.VILLAGE]


def test_today_by_its_rows_is_today_by_its_log(login_as: Any, session: Session) -> None:
    one = entry()
    push(login_as("enumerator"), one)
    decide(session, one["id"], Action.ACCEPT)
    do(session, C.SPLIT, name="Bản Mới", households=["ho-2"])
    heads = {of: register_table.written(session, of) for of in (COMMUNE, OTHER_COMMUNE)}
    assert table(session).rows == table(session, day=TODAY).rows == table(session, known=heads).rows


def test_before_a_day_nobody_was_there_and_who_left_is_not_any_more(session: Session) -> None:
    assert table(session, day=date(2026, 11, 22)).rows == []
    gone = Wish(RegisterKind.DIED_OUT, "ho-1", TODAY)
    register_acts.carry_out(session, COMMUNE, gone, BY)
    session.commit()
    assert "ho-1" not in {row.household_id for row in table(session, day=TODAY).rows}
    seq = register_table.written(session, COMMUNE).events
    known = {COMMUNE: register_table.Written(seq - 1, 99)}
    assert "ho-1" in {row.household_id for row in table(session, COMMUNE, known=known).rows}


def test_in_the_borders_of_a_day_a_village_is_what_it_was(session: Session) -> None:
    do(session, C.MERGED, on=TODAY, other=VILLAGE_2)
    assert by(table(session, COMMUNE), Level.VILLAGE) == {VILLAGE_2: 4}
    assert by(table(session, COMMUNE, borders=date(2026, 11, 22)), Level.VILLAGE) == {VILLAGE: 3, VILLAGE_2: 1}


def test_what_went_to_another_commune_is_in_its_old_one_in_the_borders_of_then(session: Session) -> None:
    do(session, C.REZONED, on=TODAY, commune=OTHER_COMMUNE)
    assert by(table(session), Level.COMMUNE) == {COMMUNE: 1, OTHER_COMMUNE: 4}
    then = table(session, borders=date(2026, 11, 22))
    assert by(then, Level.COMMUNE) == {COMMUNE: 4, OTHER_COMMUNE: 1}
    assert by(then, Level.VILLAGE) == {VILLAGE: 3, VILLAGE_2: 1, OTHER_VILLAGE: 1}


@pytest.mark.usefixtures("former")
def test_a_former_commune_that_nobody_entered_is_a_row_of_its_own(session: Session) -> None:
    found = table(session, borders=BEFORE)
    assert by(found, Level.COMMUNE) == {"90003": 1, None: 4}
    assert {row.land.district for row in found.rows if row.commune_id == COMMUNE} == {None}
    do(session, C.FORMER, former="90001")
    found = table(session, borders=BEFORE)
    assert by(found, Level.COMMUNE) == {"90001": 3, "90003": 1, None: 1}
    assert by(found, Level.DISTRICT) == {"901": 4, None: 1}
    assert found.statuses == [("thử", "bài thử")]
    assert found.named(Level.DISTRICT)["901"] == "Huyện 901"
    do(session, C.FORMER, VILLAGE_2, former="90002")
    assert by(table(session, borders=BEFORE), Level.COMMUNE) == {"90001": 3, "90002": 1, "90003": 1}
    # Each stays on the land that it is on; who came to the other village on that day may lie on the land of either.
    do(session, C.MERGED, on=TODAY, other=VILLAGE_2)
    assert by(table(session, borders=BEFORE), Level.COMMUNE) == {"90001": 3, "90003": 1, None: 1}


@pytest.mark.usefixtures("former")
def test_what_went_to_another_commune_keeps_its_former_one(session: Session) -> None:
    do(session, C.FORMER, former="90001")
    do(session, C.REZONED, on=TODAY, commune=OTHER_COMMUNE)
    assert by(table(session, borders=BEFORE), Level.COMMUNE) == {"90001": 3, "90003": 1, None: 1}


@pytest.mark.usefixtures("former")
def test_the_district_follows_where_all_former_communes_lie_in_one(session: Session) -> None:
    session.get_one(FormerCommune, ("14", "90002", date(2025, 7, 1), COMMUNE)).district_code = "901"
    session.commit()
    assert by(table(session, borders=BEFORE), Level.DISTRICT) == {"901": 5}


def test_borders_that_nobody_loaded_are_refused(session: Session) -> None:
    with pytest.raises(Problem, match="borders_not_loaded"):
        table(session, borders=BEFORE)
    assert by(table(session, borders=date(2025, 7, 1)), Level.COMMUNE) == {COMMUNE: 4, OTHER_COMMUNE: 1}


def anything(chance: Random, session: Session) -> None:
    """Something is written down, or refused."""
    ids = sorted(session.scalars(select(Household.id).where(Household.commune_id == COMMUNE)))
    there = places.villages_in(session, COMMUNE)
    village, on = chance.choice(there), TODAY - timedelta(days=chance.choice([0, 0, 3]))
    if chance.random() < 0.5:
        kind = chance.choice([RegisterKind.MOVE, RegisterKind.DIED_OUT, RegisterKind.RESTORE, RegisterKind.MERGE])
        other = chance.choice(ids) if kind is RegisterKind.MERGE else None
        given = {"village": chance.choice(there)} if kind is RegisterKind.MOVE else {}
        register_acts.carry_out(session, COMMUNE, Wish(kind, chance.choice(ids), TODAY, other, given), BY)
    elif chance.random() < 0.3:
        seqs = list(session.scalars(select(PlaceEvent.seq).where(PlaceEvent.commune_id == COMMUNE)))
        village_acts.undo(session, COMMUNE, chance.choice(seqs), BY)
    else:
        kind_of = chance.choice([C.RENAMED, C.MERGED, C.SPLIT, C.FORMER])
        given = {
            "name": f"Bản {chance.random()}",
            "other": chance.choice(there),
            "former": chance.choice(["90001", ""]),
        }
        given |= {"households": chance.sample(ids, 1)} if kind_of is C.SPLIT else {}
        village_acts.carry_out(session, COMMUNE, village_acts.Wish(kind_of, village, on, given), BY)


@pytest.mark.thorough
@pytest.mark.usefixtures("former")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_as_of_a_day_and_what_was_known_is_what_was_seen_then(session: Session, seed: int) -> None:
    chance = Random(seed)
    add_village(session, COMMUNE, 3, "Bản Ba", "Bản", Area.RURAL)
    session.commit()
    seen, done = [], 0
    for _step in range(40):
        try:
            anything(chance, session)
            session.commit()
            done += 1
        except Problem:
            session.rollback()
            continue
        heads = {of: register_table.written(session, of) for of in (COMMUNE, OTHER_COMMUNE)}
        days = [{}, {"day": TODAY - timedelta(days=2)}, {"borders": TODAY - timedelta(days=2)}, {"borders": BEFORE}]
        seen.append((heads, [(day, table(session, **day).rows) for day in days]))
        rows = table(session).rows
        for day in days[2:]:
            found = table(session, **day)
            assert [row.household_id for row in found.rows] == [row.household_id for row in rows]
            for level in found.levels:
                assert sum(tally.total for tally in found.counts(level).values()) == len(rows)
                assert sum(tally.persons for tally in found.counts(level).values()) == found.total().persons
    assert done > 8
    for heads, then in seen:
        for day, rows in then:
            assert table(session, known=heads, **day).rows == rows


def test_interviews_are_read_in_a_few_statements_however_many_there_are(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    session.rollback()
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    counts = []
    for ids in (["ho-1"], ["ho-1", "ho-2", "ho-3", "ho-4"]):
        session.expire_all()
        said.clear()
        event.listen(session.get_bind(), "before_cursor_execute", note)
        try:
            found = interviews_of(session, COMMUNE, ids)
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", note)
        assert len(found) == len(ids)
        assert {one.after for one in found} == {0}
        counts.append(len(said))
    assert counts[1] <= counts[0] <= 5  # the first reads the questionnaire
