"""A migrated database is what the models say, CHECK constraints included (`alembic check` does not look at those)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import Round, RoundCommune, StartRow
from models.database import open_engine
from survey.rounds import log
from tests.databases import described


def test_the_migrations_make_exactly_the_tables_of_the_models(databases: Any, wanted: dict[str, Any]) -> None:
    url = databases.empty()
    engine = open_engine(url)
    try:
        upgrade(engine)
        assert described(engine) == wanted
    finally:
        engine.dispose()
        databases.drop(url)


def test_what_was_published_and_asked_before_forms_were_managed_stays(left_at: Callable[[str], Engine]) -> None:
    engine = left_at("0001")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO form_version VALUES ('a', '1', 'h', 'source', '{}', '2026-01-01 00:00:00+00:00')")
        )
        connection.execute(
            text(
                "INSERT INTO round (id, kind, year, title, standard, b1_method, form_id, form_version, opens_on,"
                " closes_on, state) VALUES ('r', 'dinh_ky', 2026, 't', 's', 'nhap_tong', 'a', '1', '2026-09-01',"
                " '2026-12-14', 'open')"
            )
        )
    upgrade(engine)
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT source, source_kind, retired_at, xform FROM form_version")).one()
        assert tuple(kept) == ("source", None, None, None)
        assert connection.execute(text("SELECT form_version FROM round")).scalar() == "1"


def test_rounds_of_before_stand_in_each_commune_where_they_stood(left_at: Callable[[str], Engine]) -> None:
    """An open one everywhere, a closed one where it had something; nobody is said to have accepted anything."""
    engine = left_at("0010")
    with engine.begin() as connection:
        for statement in (
            (
                "INSERT INTO place (id, kind, parent_id) VALUES ('14', 'province', NULL),"
                " ('03646', 'commune', '14'), ('03757', 'commune', '14'), ('03757-01', 'village', '03757')"
            ),
            (
                "INSERT INTO form_version (form_id, version, hash, source, bundle, published_at)"
                " VALUES ('a', '1', 'h', 's', '{}', '2026-01-01 00:00:00+00:00')"
            ),
            (
                "INSERT INTO account (id, username, display_name, role, place_id, password_hash, active,"
                " session_epoch, language, created_at) VALUES ('q', 'q', 'Q', 'admin', NULL, 'x', true, 0, 'vi',"
                " '2026-01-01 00:00:00+00:00')"
            ),
            (
                "INSERT INTO round (id, kind, year, title, standard, b1_method, form_id, form_version, opens_on,"
                " closes_on, state) VALUES ('open', 'dinh_ky', 2026, 't', '', 'nhap_tong', 'a', '1', '2026-09-01',"
                " '2026-12-14', 'open'), ('over', 'dinh_ky', 2025, 't', '', 'nhap_tong', 'a', '1', '2025-09-01',"
                " '2025-12-14', 'closed')"
            ),
            (
                "INSERT INTO household (commune_id, id, code, village_id, base_head_name, head_name, created_at)"
                " VALUES ('03757', 'h', '1', '03757-01', 'H', 'H', '2026-01-01 00:00:00+00:00')"
            ),
            (
                "INSERT INTO register_entry (commune_id, round_id, household_id, village_id, state, change)"
                " VALUES ('03757', 'over', 'h', '03757-01', 'accepted', 1)"
            ),
            (
                "INSERT INTO audit_event (id, at, account_id, verb, subject)"
                " VALUES ('e', '2025-12-20 03:00:00+00:00', 'q', 'round_closed', 'over')"
            ),
        ):
            connection.execute(text(statement))
    upgrade(engine)
    with Session(engine) as session:
        rows = {(row.round_id, row.commune_id): row for row in session.scalars(select(RoundCommune))}
        assert {key: row.state for key, row in rows.items()} == {
            ("open", "03646"): "open", ("open", "03757"): "open", ("over", "03757"): "closed",
        }  # fmt: skip
        over = rows["over", "03757"]
        assert (over.closed_by, over.accepted_at) == ("q", None)
        assert over.closed_at == datetime(2025, 12, 20, 3, 0, tzinfo=UTC)
        before = {key: (row.state, row.opened_at, row.closed_at) for key, row in rows.items()}
        log.rebuild(session)  # the fold of what the migration wrote is what it wrote
        session.flush()
        assert {key: (row.state, row.opened_at, row.closed_at) for key, row in rows.items()} == before
        assert [one.state for one in session.scalars(select(Round).order_by(Round.id))] == ["open", "closed"]


def test_rounds_that_are_there_get_the_list_that_they_began_with(left_at: Callable[[str], Engine]) -> None:
    """What stood in the register before the round opened: not what was found later, and of one that went to another
    village the village that it left."""
    engine = left_at("0014")
    answers = '{"thanh_vien":[{"ho_ten":"A"},{"ho_ten":"B"}]}'
    august, october = "2026-08-01", "2026-10-01"
    households = [("a", august, None), ("b", august, None), ("c", october, "e"), ("d", august, "e")]
    places = "('14', 'province', NULL), ('03757', 'commune', '14')"
    villages = "('03757-01', 'village', '03757'), ('03757-02', 'village', '03757')"
    of_round = "2026, 't', '', 'nhap_tong', 'a', '1', '2026-09-01', '2026-12-14', 'open')"
    with engine.begin() as connection:
        for table, values in (
            ("place (id, kind, parent_id)", f"{places}, {villages}"),
            (
                "form_version (form_id, version, hash, source, bundle, published_at)",
                "('a', '1', 'h', 's', '{}', '2026-01-01 00:00:00+00:00')",
            ),
            (
                "round (id, kind, year, title, standard, b1_method, form_id, form_version, opens_on, closes_on, state)",
                f"('r', 'dinh_ky', {of_round}, ('x', 'thuong_xuyen', {of_round}",
            ),
            (
                "round_commune (commune_id, round_id, state, opens_on, closes_on, opened_at)",
                "('03757', 'r', 'open', '2026-09-01', '2026-12-14', '2026-09-01 00:00:00+00:00')",
            ),
        ):
            connection.execute(text(f"INSERT INTO {table} VALUES {values}"))
        for id, day, by_entry in households:
            connection.execute(
                text(
                    "INSERT INTO household (commune_id, id, code, village_id, base_head_name, head_name, created_at,"
                    " created_by_entry) VALUES ('03757', :id, :id, '03757-01', 'H', 'H', :at, :entry)"
                ),
                {"id": id, "at": f"{day} 00:00:00+00:00", "entry": by_entry},
            )
        entry = (
            "INSERT INTO register_entry (commune_id, round_id, household_id, village_id, state, opening_class,"
            " opening_answers, change)"
            " VALUES ('03757', :round, :id, :village, 'to_visit', 'ho_ngheo', :answers, :change)"
        )
        for number, (id, village, said) in enumerate((("a", "01", answers), ("b", "02", None), ("c", "01", None))):
            given = {"id": id, "village": f"03757-{village}", "answers": said, "change": number}
            connection.execute(text(entry), given | {"round": "r"})
            connection.execute(text(entry), given | {"round": "x", "change": number + 10})
        gone = "INSERT INTO register_gone (commune_id, round_id, household_id, village_id, opening_class, change)"
        for number, (id, village) in enumerate((("b", "01"), ("d", "01")), 20):
            values = {"id": id, "village": f"03757-{village}", "change": number}
            connection.execute(text(f"{gone} VALUES ('03757', 'r', :id, :village, 'ho_can_ngheo', :change)"), values)
    upgrade(engine)
    with Session(engine) as session:
        rows = session.scalars(select(StartRow).order_by(StartRow.round_id, StartRow.household_id)).all()
        assert [(row.round_id, row.household_id, row.village_id, row.household_class, row.persons) for row in rows] == [
            ("r", "a", "03757-01", "ho_ngheo", 2),
            ("r", "b", "03757-01", "ho_can_ngheo", None),
            ("r", "d", "03757-01", "ho_can_ngheo", None),
        ]
