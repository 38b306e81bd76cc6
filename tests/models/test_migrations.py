"""A migrated database is what the models say, CHECK constraints included (`alembic check` does not look at those)."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from migrations.upgrade import FOLDER, upgrade
from models.database import open_engine
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


def test_what_was_published_and_asked_before_forms_were_managed_stays(databases: Any) -> None:
    url = databases.empty()
    engine = open_engine(url)
    config = Config()
    config.set_main_option("script_location", FOLDER)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
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
    finally:
        engine.dispose()
        databases.drop(url)
