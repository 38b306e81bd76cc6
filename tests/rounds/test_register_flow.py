"""The flow between two days and of a round, by place in any borders: small ones to be followed by hand, and any."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormerCommune, Round, RoundProof
from survey.problems import Problem
from survey.register.event_log import Done
from survey.rounds.end_states import COUNTED
from survey.rounds.flow_lines import HEADER, flowed
from survey.rounds.joined_flow import joined_flow
from survey.rounds.proof_file import written
from survey.rounds.register_flow import Flowing, Line, between, between_days, of_round
from survey.submissions.register_table import Level, Table, state
from survey.terms import HouseholdClass, PlaceChange, RegisterKind
from survey.villages import acts as village_acts
from tests.any_register import DAYS, HERE, THERE, A, AnyRegister, B, C, K, Z, begun, day, former_borders, registers
from tests.examples import examples
from tests.interviews import ROUND, accept_all
from tests.rounds.test_joined_flow import BOTH, close, move
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

POOR, NEAR = HouseholdClass.POOR, HouseholdClass.NEAR_POOR
BORDERS = st.one_of(st.builds(lambda _: former_borders(), st.none()), DAYS.map(day))
SCOPES = st.sampled_from([(HERE, THERE), (HERE,), (THERE,)])


def line(found: Line, measure: HouseholdClass = POOR, unit: str = "households") -> list[int]:
    return getattr(found.flows[measure], unit).row()  # type: ignore[no-any-return]


def by(found: Flowing, level: Level = Level.VILLAGE) -> dict[Any, Line]:
    return {key[-1]: one for key, one in found.lines(level).items()}


def flow(made: AnyRegister, since: int, on: int, borders: Any = None, communes: Any = (HERE, THERE)) -> Flowing:
    at = borders if borders is not None else day(on)
    return between(made.table(since, at), made.table(on, at), communes)


def small() -> AnyRegister:
    """In A the poor a (2 persons) and the near-poor b (3), in B the poor c (4). a is near-poor since day 10 with 3
    persons, and moves to B on day 20; A becomes a part of B on day 30."""
    made = begun()
    for id, village_id, named, persons in (("a", A, POOR, 2), ("b", A, NEAR, 3), ("c", B, POOR, 4)):
        assert made.enter(id, village_id, named.value, persons)
    made.ask(HERE, "a", 10, "ho_can_ngheo", 3, (None,) * 12)
    assert made.act(HERE, K.MOVE, "a", 20, village=B)
    assert made.change(C.MERGED, A, 30, B)
    return made


def test_who_moved_and_changed_stands_in_both_villages_and_once_in_the_whole() -> None:
    found = flow(small(), 5, 25)
    villages, whole, moved = by(found), found.whole(), found.between(Level.VILLAGE)
    #                          1  2  3  4  5  6  7  8  9
    assert line(villages[A]) == [1, 0, 0, 1, 0, 0, 0, 0, 0]  # a left
    assert line(villages[B]) == [1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert line(whole) == [2, 1, 0, 0, 0, 0, 0, 0, 1]  # a became near-poor
    assert line(moved) == [0, 1, 0, -1, 0, 0, 0, 0, 0]
    assert line(villages[A], NEAR) == [1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert line(villages[B], NEAR) == [0, 0, 0, 0, 0, 0, 0, 1, 1]  # a came
    assert line(whole, NEAR) == [1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert line(whole, POOR, "persons") == [6, 2, 0, 0, 0, 0, 0, 0, 4]
    assert line(whole, NEAR, "persons") == [3, 0, 0, 0, 3, 0, 0, 0, 6]


def test_in_the_borders_of_later_a_move_within_what_is_one_village_then_is_none() -> None:
    found = flow(small(), 5, 25, day(30))
    assert set(by(found)) == {B}
    assert line(by(found)[B]) == line(found.whole()) == [2, 1, 0, 0, 0, 0, 0, 0, 1]
    assert line(found.between(Level.VILLAGE)) == [0] * 9


def test_in_former_communes_a_move_between_villages_is_one_between_communes() -> None:
    made = small()
    assert made.change(C.FORMER, A, 1, former="F1")
    found = flow(made, 5, 25, former_borders())
    assert line(by(found, Level.COMMUNE)["F1"]) == [1, 0, 0, 1, 0, 0, 0, 0, 0]
    assert line(by(found, Level.COMMUNE)[None], NEAR) == [0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert found.unplaced() == {HERE: 2}  # c, and a at the end
    assert made.change(C.FORMER, B, 1, former="F2")
    found = flow(made, 5, 25, former_borders())
    assert set(by(found, Level.COMMUNE)) == {"F1", "F2"}
    assert found.unplaced() == {}
    assert {key: line(one) for key, one in found.lines(Level.DISTRICT).items()} == {
        ("D1",): [1, 0, 0, 1, 0, 0, 0, 0, 0], ("D2",): [1, 0, 0, 0, 0, 0, 0, 0, 1],
    }  # fmt: skip


def test_a_village_that_goes_to_another_commune_is_no_arrival_in_its_own_borders() -> None:
    made = begun()
    assert made.enter("a", A, "ho_ngheo", 2)
    assert made.enter("z", Z, "ho_ngheo", 1)
    assert made.rezone(A, 30)
    now, before = flow(made, 5, 40), flow(made, 5, 40, day(29))
    assert {key[1]: line(one) for key, one in now.lines(Level.COMMUNE).items()} == {THERE: [2, 0, 0, 0, 0, 0, 0, 0, 2]}
    assert {key[1]: line(one) for key, one in before.lines(Level.COMMUNE).items()} == {
        HERE: [1, 0, 0, 0, 0, 0, 0, 0, 1], THERE: [1, 0, 0, 0, 0, 0, 0, 0, 1],
    }  # fmt: skip
    assert line(flow(made, 5, 40, communes=(HERE,)).whole()) == [0] * 9
    assert line(flow(made, 5, 40, communes=(THERE,)).whole()) == [2, 0, 0, 0, 0, 0, 0, 0, 2]


def test_who_moves_to_another_commune_leaves_here_arrives_there_and_stays_in_the_whole() -> None:
    made = begun()
    assert made.enter("a", A, "ho_ngheo", 2)
    assert made.move_out("a", HERE, Z, 20)
    assert line(flow(made, 5, 40, communes=(HERE,)).whole()) == [1, 0, 0, 1, 0, 0, 0, 0, 0]
    assert line(flow(made, 5, 40, communes=(THERE,)).whole()) == [0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert line(flow(made, 5, 40).whole()) == [1, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("told", "column"),
    [
        ([("ask", 10, "ho_ngheo")], 7),  # never was
        ([("ask", 2, "ho_ngheo"), ("ask", 4, "khong_ngheo"), ("ask", 10, "ho_ngheo")], 6),  # poor again
        ([("ask", 10, "ho_can_ngheo"), ("ask", 12, "ho_ngheo")], 7),
        ([("ask", 2, "ho_can_ngheo"), ("ask", 10, "ho_ngheo")], 5),  # from near-poor
        ([("died_out", 2, ""), ("ask", 1, "ho_ngheo"), ("restore", 10, "")], 8),  # back onto the register
    ],
)
def test_by_which_column_a_household_comes(told: list[tuple[str, int, str]], column: int) -> None:
    made = begun()
    assert made.enter("a", A, None, 2)
    for what, on, named in told:
        if what == "ask":
            made.ask(HERE, "a", on, named, 2, (None,) * 12)
        else:
            assert made.act(HERE, RegisterKind(what), "a", on)
    whole = line(flow(made, 5, 20).whole())
    assert [at for at in range(2, 9) if whole[at - 1]] == [column]
    assert (whole[0], whole[8]) == (0, 1)


def test_who_has_no_class_and_whose_persons_nobody_listed_is_said() -> None:
    made = begun()
    assert made.enter("a", A, "ho_ngheo", 0)
    assert made.enter("b", A, None, 3)
    made.ask(HERE, "a", 10, "ho_ngheo", 2, (None,) * 12)
    whole = flow(made, 5, 20).whole()
    assert whole.classless == [1, 1]
    assert whole.unlisted[POOR] == [1, 0]
    assert line(whole, POOR, "persons") == [0, 0, 0, 0, 0, 0, 0, 2, 2]


def sizes(found: Table, communes: Any, measure: HouseholdClass) -> int:
    """Households of a class on the land of communes."""
    of = [
        row.commune_today if found.borders else row.land.commune for row in found.rows if row.household_class is measure
    ]
    return sum(one in communes for one in of)


@pytest.mark.thorough
@settings(max_examples=examples(150), deadline=None)
@given(registers(), DAYS, DAYS, BORDERS, SCOPES)
def test_in_each_place_the_end_follows_and_the_places_add_up_to_the_whole(
    made: AnyRegister, one: int, other: int, borders: Any, communes: Any
) -> None:
    since, on = sorted((one, other))
    before, after = made.table(since, borders), made.table(on, borders)
    found = between(before, after, communes)
    for level in after.levels:
        lines, moved = found.lines(level), found.between(level)
        summed = Line()
        for each in [*lines.values(), moved]:
            summed.add(each)
        assert summed == found.whole()
        for each in [*lines.values(), moved, found.whole()]:
            for measure in COUNTED:
                assert each.flows[measure].households.holds
                assert each.flows[measure].persons.holds
        for measure in COUNTED:
            assert [line(moved, measure)[at] for at in (0, 8)] == [0, 0]
            for unit in ("households", "persons"):
                assert all(figure >= 0 for each in lines.values() for figure in line(each, measure, unit))
    for measure in COUNTED:
        ends = line(found.whole(), measure)
        assert (ends[0], ends[8]) == (sizes(before, communes, measure), sizes(after, communes, measure))


@pytest.mark.thorough
@settings(max_examples=examples(60), deadline=None)
@given(registers(), DAYS, BORDERS)
def test_from_a_day_to_itself_nothing_flows(made: AnyRegister, on: int, borders: Any) -> None:
    found = flow(made, on, on, borders)
    for each in found.lines(Level.VILLAGE).values():
        for measure in COUNTED:
            for unit in ("households", "persons"):
                row = line(each, measure, unit)
                assert row[1:8] == [0] * 7
                assert row[0] == row[8]


# Of a round, and read from the database


@pytest.fixture
def former(session: Session) -> None:
    """COMMUNE is of two former communes of two districts, OTHER_COMMUNE of one alone. Invented rows."""
    for code, district, commune in (
        ("90001", "901", COMMUNE),
        ("90002", "902", COMMUNE),
        ("90003", "901", OTHER_COMMUNE),
    ):
        session.add(
            FormerCommune(
                province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=commune, valid_from=None,
                name=f"Xã {code}", district_code=district, district=f"Huyện {district}", status="thử", source="bài thử",
            )
        )  # fmt: skip
    session.commit()


def change_village(session: Session, kind: PlaceChange, village: str, **given: Any) -> None:
    session.rollback()
    wish = village_acts.Wish(kind, village, NOW.date(), given)
    village_acts.carry_out(session, village.rsplit("-", 1)[0], wish, Done(None, NOW, "thử"))
    session.commit()


def round_flow(session: Session, *communes: str, borders: date | None = None) -> Flowing:
    session.rollback()
    return of_round(session, session.get_one(Round, ROUND), communes or BOTH, NOW.date(), borders)


@pytest.mark.usefixtures("small_round")
def test_a_round_is_by_place_what_its_communes_proved(login_as: Any, session: Session) -> None:
    move(session, "ho-1")
    accept_all(session, login_as, *BOTH)
    close(session, *BOTH)
    found, told = round_flow(session), joined_flow(session, session.get_one(Round, ROUND), BOTH)
    assert written(found.whole().flows) == told.whole
    assert {key[1]: written(one.flows) for key, one in found.lines(Level.COMMUNE).items()} == told.communes
    proofs = session.scalars(select(RoundProof)).all()
    villages = {id: lines for one in proofs for id, lines in json.loads(one.body)["flow"]["villages"].items()}
    assert {key[2]: written(one.flows) for key, one in found.lines(Level.VILLAGE).items()} == villages
    alone = round_flow(session, COMMUNE)
    assert line(alone.whole())[3] == 1  # of the commune alone it left
    # In the villages of today and of the day before nothing is otherwise: nobody changed them.
    for borders in (NOW.date(), date(2026, 11, 22)):
        assert {
            key: written(one.flows) for key, one in round_flow(session, borders=borders).lines(Level.VILLAGE).items()
        } == {key: written(one.flows) for key, one in found.lines(Level.VILLAGE).items()}


@pytest.mark.usefixtures("small_round", "former")
def test_a_round_in_former_communes_and_in_villages_as_they_became(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, *BOTH)
    close(session, COMMUNE)
    assert {key[1] for key in round_flow(session, borders=date(2025, 6, 30)).lines(Level.COMMUNE)} == {None}
    assert round_flow(session, borders=date(2025, 6, 30)).unplaced() == {COMMUNE: 4}
    change_village(session, C.FORMER, VILLAGE, former="90001")
    change_village(session, C.FORMER, VILLAGE_2, former="90002")
    found = round_flow(session, borders=date(2025, 6, 30))
    assert {key: line(one)[0] for key, one in found.lines(Level.COMMUNE).items()} == {
        ("901", "90001"): 3, ("902", "90002"): 1,
    }  # fmt: skip
    assert found.round is not None
    assert list(found.round.missing) == [OTHER_COMMUNE]
    assert written(found.whole().flows) == joined_flow(session, session.get_one(Round, ROUND), BOTH).whole
    rows = [dict(zip(HEADER, row, strict=True)) for row in flowed(found, Level.DISTRICT, str)]
    poor = [row for row in rows if row["class"] == "ho_ngheo" and row["unit"] == "households"]
    assert [(row["line"], row["district_code"], row["1"]) for row in poor] == [
        ("place", "901", 3), ("place", "902", 1), ("between", None, 0), ("total", None, 4),
    ]  # fmt: skip
    assert [row["commune_code"] for row in rows if row["line"] == "not_counted"] == [OTHER_COMMUNE]
    change_village(session, C.MERGED, VILLAGE, other=VILLAGE_2)
    assert {
        key[2]: line(one)[0] for key, one in round_flow(session, borders=NOW.date()).lines(Level.VILLAGE).items()
    } == {VILLAGE_2: 4}
    assert {key[2]: line(one)[0] for key, one in round_flow(session).lines(Level.VILLAGE).items()} == {
        VILLAGE: 3, VILLAGE_2: 1,
    }  # fmt: skip


@pytest.mark.usefixtures("small_round")
def test_between_two_days_of_the_register_as_it_is_read(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    session.rollback()
    today = NOW.date()
    found = between_days(session, BOTH, today, date(2026, 11, 22), today)
    assert line(found.whole())[0] == 0
    assert line(found.whole())[8] == state(session, BOTH, today).total().households.get(POOR, 0)
    with pytest.raises(Problem, match="flow_backward"):
        between_days(session, BOTH, today, today, date(2026, 11, 22))
    with pytest.raises(Problem, match="borders_not_loaded"):
        between_days(session, BOTH, today, date(2026, 11, 22), today, date(2025, 6, 30))
    with pytest.raises(Problem, match="borders_not_loaded"):
        round_flow(session, borders=date(2025, 6, 30))
