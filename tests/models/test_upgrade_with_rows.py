"""A place that people work at is upgraded with all of its rows, those that other rows name among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from migrations.upgrade import upgrade

AT = "2026-01-01 00:00:00+00:00"
ROWS = (
    "INSERT INTO place (id, kind, parent_id) VALUES ('14', 'province', NULL), ('03757', 'commune', '14')",
    (
        "INSERT INTO account (id, username, display_name, role, place_id, password_hash, active, session_epoch,"
        f" language, created_at) VALUES ('q', 'q', 'Q', 'supervisor', '03757', 'x', true, 0, 'vi', '{AT}')"
    ),
    (
        "INSERT INTO household_outcome (commune_id, id, entry_id, content_hash, content, reason, attempts, account_id,"
        f" device_id, received_at, held_for) VALUES ('03757', 'o', 'e', 'h', '{{}}', '', '[]', 'q', 'd', '{AT}',"
        " 'unknown_form')"
    ),
)
DECISION = (
    "INSERT INTO outcome_decision (commune_id, outcome_id, seq, action, reason, account_id, at)"
    f" VALUES ('03757', '{{}}', 1, 'confirm', '', 'q', '{AT}')"
)


def stands_at(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


@pytest.fixture
def place(left_at: Callable[[str], Engine]) -> Engine:
    """Of the release of 0039: 0042 makes tables anew that other rows name. What became of a household was decided."""
    engine = left_at("0039")
    with engine.begin() as connection:
        for statement in (*ROWS, DECISION.format("o")):
            connection.execute(text(statement))
    return engine


def test_rows_that_others_name_are_there_after_an_upgrade(place: Engine) -> None:
    upgrade(place)
    with place.connect() as connection:
        found = connection.execute(
            text(
                "SELECT o.id, o.held_for, d.action FROM household_outcome o JOIN outcome_decision d"
                " ON d.commune_id = o.commune_id AND d.outcome_id = o.id"
            )
        ).all()
    assert [tuple(one) for one in found] == [("o", "unknown_form", "confirm")]


def test_whoever_works_after_an_upgrade_is_watched_over_again(place: Engine) -> None:
    upgrade(place)
    with pytest.raises(IntegrityError), place.begin() as connection:  # the same connection: it is of a pool
        connection.execute(text(DECISION.format("nobody")))
    with pytest.raises(IntegrityError), place.begin() as connection:
        connection.execute(text("DELETE FROM household_outcome"))


def test_a_place_whose_rows_name_what_is_not_there_stays_as_it_was(place: Engine, databases: Any) -> None:
    if databases.name != "sqlite":
        pytest.skip("PostgreSQL enforces its keys while tables are altered")
    with place.connect() as connection:
        own = connection.connection.cursor()
        own.execute("PRAGMA foreign_keys = OFF")
        own.execute(DECISION.format("nobody"))
        own.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(CommandError, match="outcome_decision → household_outcome"):
        upgrade(place)
    assert stands_at(place) == "0039"
    with pytest.raises(IntegrityError), place.begin() as connection:
        connection.execute(text("DELETE FROM household_outcome"))
