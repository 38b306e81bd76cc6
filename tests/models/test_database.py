"""Writers on SQLite: one after the other, in the order in which they asked; a failed one gives its turn back."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from models.database import open_engine, reading_engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = open_engine(f"sqlite:///{tmp_path / 'turns.sqlite3'}")
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE line (number INTEGER)"))
    return made


def numbers(engine: Engine) -> list[int]:
    with reading_engine(engine).connect() as connection:
        return list(connection.scalars(text("SELECT number FROM line ORDER BY rowid")))


def test_writers_write_in_the_order_in_which_they_came(engine: Engine) -> None:
    def write(number: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO line VALUES (:number)"), {"number": number})

    threads = [Thread(target=write, args=(number,)) for number in range(8)]
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO line VALUES (-1)"))
        for waiting, thread in enumerate(threads, start=2):
            thread.start()
            while engine.pool.checkedout() < waiting:  # type: ignore[attr-defined]
                thread.join(0.001)
            thread.join(0.01)
        assert numbers(engine) == []  # who reads waits for nobody
    for thread in threads:
        thread.join()
    assert numbers(engine) == [-1, *range(8)]


def test_a_writer_that_fails_holds_up_nobody(engine: Engine) -> None:
    with pytest.raises(OperationalError), engine.begin() as connection:
        connection.execute(text("INSERT INTO no_such_table VALUES (1)"))
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO line VALUES (1)"))
        connection.rollback()
        connection.execute(text("INSERT INTO line VALUES (2)"))
        connection.commit()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO line VALUES (3)"))
    assert numbers(engine) == [2, 3]


def test_an_error_of_the_database_quotes_nobodys_answers(engine: Engine) -> None:
    with pytest.raises(OperationalError) as refused, engine.begin() as connection:
        connection.execute(text("INSERT INTO line VALUES (:name, 1)"), {"name": "Lò Văn Đông"})
    assert "Lò Văn Đông" not in str(refused.value)
