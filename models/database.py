"""How the database is opened.

SQLite facts this rests on: pysqlite starts transactions by itself, too late for savepoints to be safe, so it is told
not to (`isolation_level=None`) and we say BEGIN; a transaction that will write says BEGIN IMMEDIATE, because one that
begins as a reader and then writes fails at once when another wrote in between; WAL lets readers go on while one writes;
`synchronous=FULL` makes a committed receipt survive a power cut.

SQLite has no queue of writers: each sleeps and looks again, and who came last is as likely to be next as who waits
longest. So the writers of this process stand in one (`models/writer_queue.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.orm import ORMExecuteState, Session

from models.writer_queue import Turns

WAIT = 60  # seconds for another writer, then "database is locked"
Table = TypeVar("Table")
READING = {"begins": "BEGIN"}  # execution options of an engine whose transactions only read


def open_engine(url: str) -> Engine:
    """An engine for `url` (SQLite or PostgreSQL). Transactions are for writing; see `reading_engine`.
    Its errors do not quote the values of a statement: whoever writes a log writes them too."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": WAIT}, pool_size=10, max_overflow=60, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    _begin_in_turn(engine)
    return engine


def reading_engine(engine: Engine) -> Engine:
    """The same pool, for transactions that only read: they never wait for a writer."""
    return engine.execution_options(**READING)


class ReadingSession(Session):
    """A Session that is there to read. What it is made to write is a fault of the program: it is refused before a
    statement goes out (RuntimeError), so nothing of it is stored."""


@event.listens_for(ReadingSession, "before_flush")
def _refuse_rows(session: Session, *_: Any) -> None:
    changed = [*session.new, *session.deleted, *(one for one in session.dirty if session.is_modified(one))]
    if changed:
        raise RuntimeError(f"a session that reads was made to write {type(changed[0]).__name__}")


@event.listens_for(ReadingSession, "do_orm_execute")
def _refuse_statements(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise RuntimeError("a session that reads was made to write by a statement")


def snapshot(session: Session) -> None:
    """Let a session that has read nothing yet see the database as it is now until its transaction ends: SQLite's
    readers do (WAL), PostgreSQL would show each statement what was committed before it."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {WAIT * 1000}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_in_turn(engine: Engine) -> None:
    """Say BEGIN; a writer waits for its turn first, and has it until its connection goes back to the pool."""
    turns = Turns()

    def begin(connection: Connection) -> None:
        begins = connection.get_execution_options().get("begins", "BEGIN IMMEDIATE")
        held = connection.connection.record_info
        if begins == "BEGIN IMMEDIATE" and held is not None and "turn" not in held:
            held["turn"] = turns.take(WAIT)
        connection.exec_driver_sql(begins)

    def give_back(_connection: Any, record: Any) -> None:
        if turn := record.record_info.pop("turn", None):
            turns.give(turn)

    event.listen(engine, "begin", begin)
    event.listen(engine, "checkin", give_back)


def chunks(values: Iterable[str], size: int = 500) -> list[list[str]]:
    """No statement names more values than a database takes."""
    listed = sorted(values)
    return [listed[start : start + size] for start in range(0, len(listed), size)]


def rows_by_id(session: Session, table: type[Table], commune_id: str, ids: Iterable[str]) -> dict[str, Table]:
    """Rows of one commune by their `id`, many at once; who is not there is left out."""
    found: dict[str, Table] = {}
    for chunk in chunks(set(ids)):
        query = select(table).where(table.commune_id == commune_id, table.id.in_(chunk))  # type: ignore[attr-defined]
        found |= {row.id: row for row in session.scalars(query)}  # type: ignore[attr-defined]
    return found
