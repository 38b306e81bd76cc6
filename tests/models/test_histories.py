"""A database of any day of our history becomes what the models say, with every row that was in it.

`history/` holds the migrations as they once were, in PostgreSQL's SQL, so that no git history is needed: 0001 as it
stood in 36b3700, and what the later ones did. Two were changed after databases had been made with them: 0001 got the
server's generation (7da6b06) and `assessment.refused` (9f35a7f), and 0005 was slipped in below 0006 (2d43dda).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from migrations.upgrade import upgrade
from models.database import open_engine
from tests.databases import described

pytestmark = pytest.mark.thorough

HISTORY = Path(__file__).parent / "history"
TYPES = {"TIMESTAMP WITH TIME ZONE": "DATETIME", "DOUBLE PRECISION": "DOUBLE", "BYTEA": "BLOB"}  # SQLite's
GENERATION = "INSERT INTO server_state VALUES ('generation', 'the-first');\n"
REFUSED = {
    "    illustrative BOOLEAN NOT NULL,": "    illustrative BOOLEAN NOT NULL, refused BOOLEAN NOT NULL,",
    "illustrative, persons": "illustrative, refused, persons",
    "3, true, 4": "3, true, false, 4",
}
GONE_OF_0005 = """CREATE TABLE register_gone (
    commune_id VARCHAR(16) NOT NULL CONSTRAINT fk_register_gone_commune_id REFERENCES place (id),
    round_id VARCHAR(36) NOT NULL CONSTRAINT fk_register_gone_round_id REFERENCES round (id),
    household_id VARCHAR(36) NOT NULL,
    village_id VARCHAR(16) NOT NULL CONSTRAINT fk_register_gone_village_id REFERENCES place (id),
    change INTEGER NOT NULL,
    CONSTRAINT pk_register_gone PRIMARY KEY (commune_id, round_id, household_id));
CREATE INDEX ix_register_gone_change ON register_gone (commune_id, change);
"""
FIRST = ("36b3700", "7da6b06", "9f35a7f")
# What was run since, and where alembic then took the database to stand.
LATER: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "at once": ((), ("0001",)),
    "f3fea00": (("0002",), ("0002",)),
    "2f8ed25": (("0002", "0003"), ("0003",)),
    "d74cae9": (("0002", "0003", "0004"), ("0004",)),
    "99019f6": (("0002", "0003", "0004", "0006"), ("0004", "0006")),  # two heads
    "7195d78": (("0002", "0003", "0004", "0006"), ("0006",)),
}


def statements(engine: Engine, sql: str) -> list[str]:
    for name, sqlite in TYPES.items() if engine.dialect.name == "sqlite" else ():
        sql = sql.replace(name, sqlite)
    return [statement for statement in sql.split(";\n") if statement.strip()]


def run(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        for statement in statements(engine, sql):
            connection.exec_driver_sql(statement)


def made_as(engine: Engine, first: str, later: str) -> None:
    """The tables and rows of a server that began with the commit `first` and went on to `later`."""
    steps, stands = LATER[later]
    begun = "".join((HISTORY / name).read_text("utf-8") for name in ("0001.sql", "rows.sql"))
    for known, with_refused in REFUSED.items() if first == "9f35a7f" else ():
        begun = begun.replace(known, with_refused)
    run(engine, begun + ("" if first == "36b3700" else GENERATION))
    for step in steps:
        run(engine, (HISTORY / f"{step}.sql").read_text("utf-8"))
    run(engine, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);\n")
    run(engine, "".join(f"INSERT INTO alembic_version VALUES ('{one}');\n" for one in stands))


def rows_of(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {
            table: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings()]
            for table in inspect(engine).get_table_names()
            if table not in ("alembic_version", "server_state")
        }


def of_before(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of now by the columns that they had before."""
    return [{column: row[column] for column in before[0]} for row in now] if before else now


@pytest.fixture
def engine(databases: Any) -> Iterator[Engine]:
    """An empty database."""
    url = databases.empty()
    made = open_engine(url)
    yield made
    made.dispose()
    databases.drop(url)


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("later", LATER)
def test_a_database_of_any_day_becomes_what_the_models_say_with_its_rows(
    engine: Engine, wanted: dict[str, Any], first: str, later: str
) -> None:
    made_as(engine, first, later)
    before = rows_of(engine)
    upgrade(engine)
    assert described(engine) == wanted
    after = rows_of(engine)
    assert {table: of_before(after[table], rows) for table, rows in before.items()} == before
    assert [row["household_id"] for row in after["submission_status"]] == ["h1", "h1"]
    assert [bool(row["refused"]) for row in after["assessment"]] == [False]
    with engine.connect() as connection:
        generations = connection.execute(text("SELECT value FROM server_state WHERE key = 'generation'")).all()
    assert len(generations) == 1
    assert first == "36b3700" or generations == [("the-first",)]
    run(engine, "UPDATE submission_event SET action = 'pass_over' WHERE id = 'v1';\n")
    with pytest.raises(IntegrityError):
        run(engine, "UPDATE submission_event SET action = 'anything' WHERE id = 'v1';\n")


def test_what_somebody_mended_by_hand_is_left_and_the_rest_made(engine: Engine, wanted: dict[str, Any]) -> None:
    """The table that a log named was made by hand; what else 0005 would have brought is still missing."""
    made_as(engine, "7da6b06", "7195d78")
    run(engine, GONE_OF_0005)
    run(engine, "INSERT INTO register_gone VALUES ('03664', 'r1', 'h9', '03664-01', 1);\n")
    run(engine, "ALTER TABLE submission_event ADD COLUMN household_id VARCHAR(36);\n")
    upgrade(engine)
    assert described(engine) == wanted
    assert [row["household_id"] for row in rows_of(engine)["register_gone"]] == ["h9"]
