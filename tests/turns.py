"""Whoever commits rows that the proof of a closing binds, or that are counted, has moved their commune's turn in the
same transaction.

A closing hashes a commune in nobody's way and knows by the turn alone that it is still so (`survey/work/closing.py`):
one writer that takes none, and a signed proof says what is not there. So on SQLite each test watches the product: the
database itself says, by triggers that last as long as a connection, of which communes bound rows were written and of
which the turn moved. What a test writes by its own hand it may write as it likes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

from sqlalchemy import Connection, Engine, event

from models import HouseholdFact, PlaceTally
from models.database import READING
from survey.rounds.bound_tables import BOUND

BOUND_OF_COMMUNES = [one for one in BOUND if not one.is_late]
COUNTED = HouseholdFact, PlaceTally  # two who move one sum at once would lose a household from it
WATCHED = {one.name: one.columns for one in BOUND_OF_COMMUNES} | {
    one.__tablename__: tuple(one.__table__.columns.keys()) for one in COUNTED
}
ROOT = Path(__file__).parents[1]
BETWEEN = __file__, "/sqlalchemy/", "wrapper for sqlalchemy"  # whoever commits and this place
_KINDS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


def _triggers() -> list[str]:
    """SQL. A row that is written as it was is not written."""
    made = ["CREATE TEMP TABLE written (commune_id, name)", "CREATE TEMP TABLE turned (commune_id)"]
    for name, columns in WATCHED.items():
        changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in columns)
        for kind, row in _KINDS.items():
            when = f"WHEN {changed} " if kind == "UPDATE" else ""
            made.append(
                f"CREATE TEMP TRIGGER {name}_{kind} AFTER {kind} ON main.{name} {when}BEGIN "
                f"INSERT INTO written VALUES ({row}.commune_id, '{name}'); END"
            )
    made.append(
        "CREATE TEMP TRIGGER turn AFTER UPDATE OF turns ON main.commune_counter WHEN NEW.turns > OLD.turns BEGIN "
        "INSERT INTO turned VALUES (NEW.commune_id); END"
    )
    return made


TRIGGERS = _triggers()
EMPTIED = "DELETE FROM written", "DELETE FROM turned"
WITHOUT = "SELECT DISTINCT name FROM written WHERE commune_id NOT IN (SELECT commune_id FROM turned) ORDER BY name"


class Watch:
    """`found`: the tables that the product wrote without the turn of their rows' commune, and where it committed."""

    def __init__(self, engine: Engine) -> None:
        self.found: list[str] = []
        if engine.dialect.name == "sqlite":
            event.listen(engine, "begin", _prepare)
            event.listen(engine, "commit", self._look)

    def _look(self, connection: Connection) -> None:
        if not _writes(connection):
            return
        tables = [name for (name,) in connection.connection.cursor().execute(WITHOUT)]
        where = _door() if tables else None
        if where is not None:
            self.found.append(f"{where}: {', '.join(tables)}")


def _writes(connection: Connection) -> bool:
    return connection.get_execution_options().get("begins") != READING["begins"]


def _prepare(connection: Connection) -> None:
    """The triggers, in the first transaction that a connection writes in and in the next when that was rolled back; and
    each begins with nothing written, whatever a test wrote by its own hand on this connection before."""
    if _writes(connection):
        cursor = connection.connection.cursor()
        there = cursor.execute("SELECT 1 FROM temp.sqlite_master LIMIT 1").fetchone() is not None
        for statement in EMPTIED if there else TRIGGERS:
            cursor.execute(statement)


def _door() -> str | None:
    """The place of the product that commits; None where a test does so itself."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and any(one in frame.f_code.co_filename for one in BETWEEN):
        frame = frame.f_back
    where = Path(frame.f_code.co_filename if frame is not None else "/")
    if frame is None or not where.is_relative_to(ROOT) or where.is_relative_to(ROOT / "tests"):
        return None
    return f"{where.relative_to(ROOT)}:{frame.f_lineno}"
