"""Many rows of a table at once, in the way that each database takes soonest: no statement is made for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy.orm import Session

from models.base import Base, as_kept

# Rows of one statement on SQLite, which makes the list of words anew, that a CHECK lets in, for each statement.
IN_ONE = 200
AT_HAND = 32  # MB of pages that SQLite keeps while somebody fills a database, else it keeps 2


def at_hand(session: Session) -> None:
    """Before very many rows of many tables are inserted: their trees do not find room in what SQLite keeps otherwise,
    so a page would be written and read again for every few rows. It stays so while the connection is open."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{AT_HAND * 1024}")


def insert_many(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, which all name the same columns, two at least; as `insert_values`."""
    if rows:
        names = tuple(rows[0])
        insert_values(session, model, names, list(map(itemgetter(*names), rows)))


def insert_values(session: Session, model: type[Base], names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert `rows`, values of the columns `names` in this order, with JSON as the text that is kept. In the order of
    their key: ids are drawn at random, and a database that goes to and fro in its tree for them takes twice as long."""
    if not rows:
        return
    session.flush()  # what they refer to
    connection = session.connection()
    kept, quote = as_kept(model), connection.dialect.identifier_preparer.quote
    columns = [
        _as_bound(values, kept.c[name].type.dialect_impl(connection.dialect), connection)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]
    key = [names.index(column.name) for column in model.__table__.primary_key]
    bound = sorted(zip(*columns, strict=True), key=itemgetter(*key))
    into = f"{quote(model.__tablename__)} ({', '.join(map(quote, names))})"
    if connection.dialect.name == "sqlite":
        row = f"({', '.join('?' * len(names))})"
        for start in range(0, len(bound), IN_ONE):
            part = bound[start : start + IN_ONE]
            statement = f"INSERT INTO {into} VALUES {', '.join([row] * len(part))}"  # noqa: S608  # our own names
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))
        return
    driver: Any = connection.connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for values in bound:
            copy.write_row(values)


def _as_bound(values: Sequence[Any], kind: Any, connection: Any) -> Sequence[Any]:
    """Values of one column as the driver takes them; the same one is made ready once."""
    ready: Callable[[Any], Any] | None = kind.bind_processor(connection.dialect)
    if ready is None:
        return values
    made = {value: ready(value) for value in set(values)}
    return [made[value] for value in values]
