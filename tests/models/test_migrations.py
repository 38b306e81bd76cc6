"""A migrated database is what the models say, CHECK constraints included (`alembic check` does not look at those)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from alembic import command
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import Round, RoundCommune, StartRow
from models.database import open_engine
from survey.rounds import log
from tests.databases import described
from tests.models.conftest import migrate
from tests.world import VILLAGE


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


def test_what_households_were_once_goes_with_their_places_on_the_lists(left_at: Callable[[str], Engine]) -> None:
    """As it was kept with the start list or the last paper that asks; of whoever came later as it is to be found now;
    and back again."""
    engine = left_at("0023")
    rounds = [("v", "dinh_ky", 2024), ("r", "dinh_ky", 2025), ("x", "thuong_xuyen", 2025)]
    entries = [
        ("v", "a", "accepted", "ho_ngheo"), ("v", "b", "accepted", "ho_ngheo"), ("v", "c", "to_visit", "ho_ngheo"),
        ("r", "a", "to_visit", "ho_ngheo"), ("r", "b", "to_visit", None), ("x", "b", "to_visit", None),
        ("x", "d", "to_visit", None),
    ]  # fmt: skip
    papers = [(1, '["ho_ngheo"]', "2025-10-03 00:00:00+00:00", "x"), (2, '["khong_ngheo"]', None, None)]

    def add(table: str, **given: Any) -> None:
        values = ", ".join(f":{one}" for one in given)
        connection.execute(text(f"INSERT INTO {table} ({', '.join(given)}) VALUES ({values})"), given)

    at = datetime(2024, 8, 1, tzinfo=UTC).isoformat(" ")
    with engine.begin() as connection:
        for id, kind, parent in (("14", "province", None), ("03757", "commune", "14"), (VILLAGE, "village", "03757")):
            add("place", id=id, kind=kind, parent_id=parent)
        add("form_version", form_id="a", version="1", hash="h", source="s", bundle="{}", published_at=at)
        for id, kind, year in rounds:
            add(
                "round", id=id, kind=kind, year=year, title="t", standard="", b1_method="nhap_tong", form_id="a",
                form_version="1", opens_on=f"{year}-09-01", closes_on=f"{year}-12-14", state="open",
            )  # fmt: skip
        in_village = {"commune_id": "03757", "village_id": VILLAGE}
        for id in "abcd":
            add("household", **in_village, id=id, code=id, base_head_name="H", head_name="H", created_at=at)
        for number, (round_id, id, state, named) in enumerate(entries, 1):
            own = in_village | {"round_id": round_id, "household_id": id, "change": number}
            add("register_entry", **own, state=state, opening_class=named)
        add("register_gone", **in_village, round_id="r", household_id="c", change=8)
        add("start_row", **in_village, round_id="r", household_id="a", once='["ho_can_ngheo"]')
        for number, once, taken_back_at, why in papers:
            add(
                "round_request", commune_id="03757", id=str(number), round_id="x", household_id="d", asked_by="A",
                asked_on="2025-10-01", reason="x", at=f"2025-10-0{number} 00:00:00+00:00", once=once,
                taken_back_at=taken_back_at, taken_back_reason=why,
            )  # fmt: skip
    upgrade(engine)

    def kept(*tables: str) -> dict[str, str]:
        with engine.connect() as connection:
            rows = [
                row
                for table in tables
                for row in connection.execute(text(f"SELECT round_id, household_id, once FROM {table}"))
            ]
        return {f"{round_id} {id}": once for round_id, id, once in rows}

    assert kept("register_entry", "register_gone") == {
        "v a": "[]", "v b": "[]", "v c": "[]", "r a": '["ho_can_ngheo"]', "r b": '["ho_ngheo"]',
        "x b": '["ho_ngheo"]', "x d": '["khong_ngheo"]', "r c": '["ho_ngheo"]',
    }  # fmt: skip
    migrate(engine, "0023", command.downgrade)
    assert kept("start_row", "round_request") == {"r a": '["ho_can_ngheo"]', "x d": '["khong_ngheo"]'}
