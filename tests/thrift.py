"""What the tests spare the processor: work of an app's start that no test asks about, done once and not once an app."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import Engine
from werkzeug.routing import Rule

from models.database import reading_engine
from survey.accounts import escrow
from survey.operations.keys import ESCROW, MAKE
from survey.web import installation

KEYS = 4  # that one test could hold beside each other


def spare() -> None:
    """Hundreds of apps and places are made in a run."""
    _addresses_when_asked()
    _few_escrow_keys()


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


def tables_of(engine: Engine) -> str:
    """Every table and index of an SQLite database, as it was made."""
    with reading_engine(engine).connect() as connection:
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master ORDER BY type, name").scalars()
        return "\n".join(one or "" for one in made)


def spare_seen_tables(tables: str) -> None:
    """A database made letter by letter as one in which nothing was missing is not looked through once more: a third of
    a second at each start of an office."""
    look = installation.differences
    installation.differences = lambda engine: [] if tables_of(engine) == tables else look(engine)
