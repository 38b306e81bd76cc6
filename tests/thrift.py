"""What the tests spare the processor: work of an app's start that no test asks about, done once and not once an app."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import count
from typing import Any, cast

from sqlalchemy import Connection, Engine, inspect
from werkzeug.routing import Rule

from models.database import reading_engine
from survey.accounts import escrow
from survey.apart import child
from survey.commands import installation as making
from survey.operations.keys import ESCROW, MAKE
from survey.web import installation

in_a_child = child._answered
KEYS = 4  # that one test could hold beside each other


def spare() -> None:
    """Hundreds of apps and places are made in a run."""
    _addresses_when_asked()
    _few_escrow_keys()
    _schemas_known_by_their_text()
    _migrations_once()
    child._answered = read_here


def sweep_seldom() -> None:
    """After collecting: the thousands of tests that a worker holds are not gone through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def read_here(module: str, order: Any, parts: Sequence[bytes], memory: int, processor: int, wall: int) -> Any:
    """Files of strangers are read by the process that tests, and the same file once: a child takes half a second to
    start. What a child is bound to, `test_hostile_workbooks` shows on real ones."""
    return json.loads(_read_here(module, json.dumps(order), tuple(parts)))


@lru_cache(maxsize=32)
def _read_here(module: str, order: str, parts: tuple[bytes, ...]) -> str:
    try:
        return json.dumps(import_module(module).work(json.loads(order), list(parts)))
    except Exception:  # noqa: BLE001 - whatever it is, a child would have ended without an answer
        raise child.Stopped from None


def _addresses_when_asked() -> None:
    """A route's way of writing its address is compiled when an address is written: a quarter of a second an app."""
    compiled = Rule._compile_builder

    def later(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: list[Any] = []

        def build(bound: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(rule, append_unknown))
            return made[0](bound, **values)  # type: ignore[no-any-return]

        return build

    Rule._compile_builder = later  # type: ignore[method-assign,assignment]


def _few_escrow_keys() -> None:
    """Places take turns with a few keys of full length: to make one takes a second, to read one a tenth."""
    escrow._read = lru_cache(maxsize=4 * KEYS)(escrow._read.__wrapped__)
    made: list[bytes] = []
    turns = count()

    def make() -> bytes:
        turn = next(turns) % KEYS
        if turn == len(made):
            made.append(escrow.make_key())
        return made[turn]

    MAKE[ESCROW] = make


# What a database says of its tables, in its own catalog. Of PostgreSQL's the numbers of the rows are part of it: they
# are the same in copies of one template.
_SCHEMA = {
    "sqlite": "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2",
    "postgresql": "SELECT "
    + ", ".join(
        f"(SELECT md5(string_agg(one::text, ',' ORDER BY one::text)) FROM {catalog} one WHERE {number} >= 16384)"
        for catalog, number in (("pg_attribute", "attrelid"), ("pg_constraint", "conrelid"), ("pg_index", "indrelid"))
    )
    + ", (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE oid >= 16384)",
}


_known: dict[str, list[str]] = {}  # what was found other than in the models, by what the database says of its tables


def _schemas_known_by_their_text() -> None:
    """Each command holds the database against the models: of tables that were made by the same words it is known what
    came of that."""
    compared = installation.differences

    def differences(engine: Engine) -> list[str]:
        tables = tables_of(engine)
        if tables not in _known:
            _known[tables] = compared(engine)
        return _known[tables]

    installation.differences = differences


def tables_of(engine: Engine) -> str:
    """What a database says of its tables."""
    with reading_engine(engine).connect() as connection:
        return "\n".join(map(str, connection.exec_driver_sql(_SCHEMA[engine.dialect.name]).all()))


def spare_seen_tables(tables: str) -> None:
    """What another process found to be as the models are is not looked through by this one: a third of a second at
    each start of an office."""
    _known[tables] = []


def _migrations_once() -> None:
    """A new place is brought up by every migration once in a run, the next one is a copy of it."""
    upgrade = making.upgrade
    kept = sqlite3.connect(":memory:", check_same_thread=False)

    def copied(engine: Engine) -> None:
        if engine.dialect.name != "sqlite" or inspect(engine).get_table_names():
            upgrade(engine)
        elif _is_empty(kept):
            upgrade(engine)
            with engine.connect() as connection:
                _of(connection).backup(kept)
        else:
            with engine.connect() as connection:
                kept.backup(_of(connection))

    making.upgrade = copied


def _of(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _is_empty(database: sqlite3.Connection) -> bool:
    return not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
