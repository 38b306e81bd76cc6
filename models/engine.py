"""How the database is opened.

SQLite facts this rests on: pysqlite starts transactions by itself, too late for savepoints to be safe, so it is told
not to (`isolation_level=None`) and we say BEGIN; a transaction that will write says BEGIN IMMEDIATE, because one that
begins as a reader and then writes fails at once when another wrote in between; WAL lets readers go on while one writes;
`synchronous=FULL` makes a committed receipt survive a power cut.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

READING = {"begins": "BEGIN"}  # execution options of an engine whose transactions only read


def open_engine(url: str) -> Engine:
    """An engine for `url` (SQLite or PostgreSQL). Transactions are for writing; see `reading_engine`."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    engine = create_engine(url, connect_args={"timeout": 60}, pool_size=10, max_overflow=60)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def reading_engine(engine: Engine) -> Engine:
    """The same pool, for transactions that only read: they never wait for a writer."""
    return engine.execution_options(**READING)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 60000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begins", "BEGIN IMMEDIATE"))
