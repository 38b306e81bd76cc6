"""What the register's log refuses by itself, and what 0011 makes of the households that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import Household, RegisterEvent, VillageCounter
from survey.register.event_log import broken, events_of
from survey.register.ledger import fold
from survey.register.places import next_code
from survey.terms import HouseholdState, RegisterKind
from tests.models.conftest import migrate, revisions
from tests.models.test_histories import run

AT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # the 21st in Việt Nam


@pytest.fixture
def engine(left_at: Callable[[str], Engine]) -> Engine:
    """A database as it was before the register was a ledger, with four households in two communes."""
    return filled(left_at("0010"))


@pytest.fixture(scope="module")
def upgraded(databases: Any) -> Iterator[Engine]:
    """The same as it is today, for tests that leave nothing behind."""
    with revisions(databases) as left:
        made = filled(left("0010"))
        upgrade(made)
        yield made


@pytest.fixture
def session(upgraded: Engine) -> Iterator[Session]:
    """What is written in it is not kept."""
    with Session(upgraded) as session:
        yield session


def filled(made: Engine) -> Engine:
    run(
        made,
        """INSERT INTO place VALUES ('14', 'province', NULL);
INSERT INTO place VALUES ('03757', 'commune', '14');
INSERT INTO place VALUES ('03664', 'commune', '14');
INSERT INTO place VALUES ('03757-01', 'village', '03757');
INSERT INTO place VALUES ('03664-01', 'village', '03664');
""",
    )
    answers = '{"thong_tin_ho":{"dia_chi":"S\\u1ed1 7"}}'
    with made.begin() as connection:
        for commune, id, code, found, at in (
            ("03757", "b", "03757-01-007", "entry-9", AT),
            ("03757", "a", "03757-01-002", None, AT),
            ("03757", "c", "của-riêng", None, AT.replace(day=19)),
            ("03664", "d", "03664-01-010", None, AT),
        ):
            connection.execute(
                text(
                    "INSERT INTO household (commune_id, id, code, village_id, base_head_name, base_class, base_answers,"
                    " head_name, current_class, created_by_entry, created_at) VALUES (:commune, :id, :code, :village,"
                    " 'Lò Văn Hoà', 'ho_ngheo', :answers, 'Quàng Thị Ước', 'khong_ngheo', :found, :at)"
                ),
                {
                    "commune": commune,
                    "id": id,
                    "code": code,
                    "village": f"{commune}-01",
                    "answers": answers,
                    "found": found,
                    "at": at.isoformat(sep=" ") if made.dialect.name == "sqlite" else at,
                },
            )
    return made


def test_each_household_that_is_there_has_entered_and_numbers_go_on(engine: Engine) -> None:
    upgrade(engine)
    with Session(engine) as session:
        rows = session.scalars(select(RegisterEvent).order_by(RegisterEvent.commune_id, RegisterEvent.seq)).all()
        assert [(row.commune_id, row.seq, row.household_id) for row in rows] == [
            ("03664", 1, "d"), ("03757", 1, "c"), ("03757", 2, "a"), ("03757", 3, "b"),
        ]  # fmt: skip
        last = rows[-1]
        assert (last.kind, last.effective_on, last.at, last.account_id) == ("enter", date(2026, 11, 21), AT, None)
        assert last.payload == {
            "code": "03757-01-007",
            "village": "03757-01",
            "head": "Lò Văn Hoà",
            "class": "ho_ngheo",
            "answers": {"thong_tin_ho": {"dia_chi": "Số 7"}},
            "entry": "entry-9",
        }
        assert "entry" not in rows[0].payload
        assert (broken(session, "03757"), broken(session, "03664")) == (None, None)
        found = fold(events_of(session, "03757"))
        assert found.failing == []
        assert {one.id: one.code for one in found.households.values()} == {
            "a": "03757-01-002", "b": "03757-01-007", "c": "của-riêng",
        }  # fmt: skip
        assert set(session.scalars(select(Household.state))) == {HouseholdState.PRESENT}
        assert (next_code(session, "03757", "03757-01"), next_code(session, "03664", "03664-01")) == (
            "03757-01-008",
            "03664-01-011",
        )


def test_the_migration_can_be_taken_back_and_run_again(engine: Engine) -> None:
    run(engine, "INSERT INTO member VALUES ('03757', 'a', 1, 'Lò Văn Hoà', '{}');\n")
    upgrade(engine)
    migrate(engine, "0010", command.downgrade)
    assert "register_event" not in inspect(engine).get_table_names()
    assert "state" not in {column["name"] for column in inspect(engine).get_columns("household")}
    upgrade(engine)
    with Session(engine) as session:
        assert len(session.scalars(select(VillageCounter)).all()) == 2


EVENT: dict[str, Any] = {
    "commune_id": "03757", "seq": 4, "generation": "g", "act": "x", "kind": "correct", "household_id": "a",
    "effective_on": date(2026, 11, 22), "at": AT, "payload": {}, "salt": "s", "binding": "b", "hash": "h",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"kind": "vanish"}, "kind_known"),
        ({"seq": 0}, "from_one"),
        ({"seq": 1}, "register_event"),  # there is such a one
        ({"kind": "void"}, "void_names_one"),
        ({"voids": 3}, "void_names_one"),
        ({"kind": "void", "voids": 4}, "void_looks_back"),
        ({"kind": "void", "voids": 9}, "void_looks_back"),
        ({"kind": "merge"}, "of_two"),
        ({"kind": "split"}, "of_two"),
        ({"other_id": "b"}, "of_one"),
        ({"kind": "merge", "other_id": "a"}, "not_itself"),
        ({"household_id": "nobody"}, "FOREIGN KEY|foreign key"),
        ({"kind": "merge", "other_id": "d"}, "FOREIGN KEY|foreign key"),  # of another commune
        ({"account_id": "nobody"}, "FOREIGN KEY|foreign key"),
    ],
)
def test_an_impossible_event_is_refused_by_the_database(
    session: Session, wrong: dict[str, Any], constraint: str
) -> None:
    session.add(RegisterEvent(**EVENT))
    session.flush()
    session.rollback()
    session.add(RegisterEvent(**EVENT | wrong))
    with pytest.raises(IntegrityError, match=constraint):
        session.flush()


def test_an_event_is_undone_once(session: Session) -> None:
    void = EVENT | {"kind": RegisterKind.VOID.value, "voids": 2}
    session.add_all([RegisterEvent(**void), RegisterEvent(**void | {"seq": 5})])
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"},
        {"state": "merged"},
        {"same_as": "b"},
        {"state": "test", "same_as": "b"},
        {"state": "merged", "same_as": "a"},
    ],
)
def test_an_impossible_household_is_refused_by_the_database(session: Session, wrong: dict[str, Any]) -> None:
    one = session.get_one(Household, ("03757", "a"))
    one.state, one.same_as = wrong.get("state", "present"), wrong.get("same_as")
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    one = session.get_one(Household, ("03757", "a"))
    one.state, one.same_as = "merged", "b"
    session.flush()


@pytest.mark.parametrize(
    "change",
    [
        "payload = '{}'",
        "reason = 'khác'",
        "effective_on = '2026-11-01'",
        "household_id = 'b'",
        "hash = 'f'",
        "seq = 9",
        "salt = 'f'",
    ],
)
def test_a_changed_log_is_seen_at_its_first_changed_event(session: Session, change: str) -> None:
    session.execute(text(f"UPDATE register_event SET {change} WHERE commune_id = '03757' AND seq = 2"))
    assert (broken(session, "03757"), broken(session, "03664")) == (2, None)


def test_a_log_with_a_hole_is_seen(session: Session) -> None:
    session.execute(text("DELETE FROM register_event WHERE commune_id = '03757' AND seq = 1"))
    assert broken(session, "03757") == 1
