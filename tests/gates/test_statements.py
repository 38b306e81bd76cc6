"""Which tests run on PostgreSQL in `make test` (tests/statements.py): together they say there all that was noted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from models import Account
from survey.accounts.accounts import find_account
from tests.gates.sources import ROOT
from tests.statements import (
    AT_ONCE,
    REFUSED,
    Notes,
    Noting,
    asks_which,
    chosen,
    differs,
    is_of_the_product,
    read,
    says_nothing,
    told_apart,
    write,
)


def on(database: str, *names: str) -> list[str]:
    return [f"tests/web/test_a.py::test_{name}[{database}]" for name in names]


def noted(**said: list[str]) -> Notes:
    return {on("sqlite", name)[0]: statements for name, statements in said.items()}


def names(tests: set[str]) -> str:
    return "".join(sorted(test.split("test_")[-1][0] for test in tests))


def test_lists_of_any_length_are_one_statement() -> None:
    assert told_apart("SELECT a FROM b WHERE c IN (?, ?, ?)") == told_apart("SELECT a FROM b WHERE c IN (?)")
    assert told_apart("INSERT INTO b (a) VALUES (?), (?)") == told_apart("INSERT INTO b (a) VALUES (?)")
    assert told_apart("INSERT INTO b (a, c) VALUES (?, ?), (?, ?)") == told_apart("INSERT INTO b (a, c) VALUES (?, ?)")
    assert told_apart("SAVEPOINT sa_savepoint_1") == told_apart("SAVEPOINT sa_savepoint_12")
    assert told_apart("SELECT a FROM b") != told_apart("SELECT a FROM c")


def test_of_what_is_written_down_each_column_counts() -> None:
    both = told_apart("UPDATE b SET a=?, c=? WHERE b.id = ?")
    assert told_apart("UPDATE b SET a=? WHERE b.id = ?") < both
    assert told_apart("UPDATE b SET c=? WHERE b.id = ?") < both
    assert not told_apart("UPDATE b SET d=? WHERE b.id = ?") < both
    assert told_apart("INSERT INTO b (a) VALUES (?)") < told_apart("INSERT INTO b (a, c) VALUES (?, ?)")
    assert told_apart("INSERT INTO b (a) VALUES (?) ON CONFLICT (a) DO NOTHING") - told_apart(
        "INSERT INTO b (a) VALUES (?)"
    )


@pytest.mark.parametrize(
    ("notes", "needed", "at_length", "run"),
    [
        (noted(a=["x"], b=["x"], c=["x"]), "", "", "a"),
        (noted(a=["x"], b=["x"], c=["x", "y"]), "", "", "c"),  # who makes most comes first
        (noted(a=["x", "z"], b=["z", "y"], c=["x", "y", "w"]), "", "", "ac"),
        (noted(a=["x"], b=["x"], c=["x"]), "c", "", "c"),  # what is run anyhow counts before all others
        (noted(a=["x"], b=["x"]), "", "", "ac"),  # one that is not noted
        (noted(a=["x"], b=["x"], c=[]), "", "", "a"),
        (noted(a=["x"], b=["x"], c=["x"]), "", "a", "b"),  # at length: only for what no other says
        (noted(a=["x", "y"], b=["x"], c=["x"]), "", "a", "ab"),
    ],
)
def test_each_statement_is_made_there(notes: Notes, needed: str, at_length: str, run: str) -> None:
    tests = on("postgresql", "a", "b", "c")
    found = chosen(tests, notes, on("postgresql", *needed), on("postgresql", *at_length))
    assert names(found) == run
    said = {one for test in found for one in notes.get(test.replace("postgresql", "sqlite"), ())}
    assert said == {one for statements in notes.values() for one in statements}


def test_what_tries_the_databases_and_what_they_may_differ_in_runs_on_both(request: pytest.FixtureRequest) -> None:
    here = request.node
    assert not differs(here, {})
    assert not differs(here, {here.nodeid: ["x"]})
    assert differs(here, {here.nodeid: ["x", AT_ONCE]})
    assert differs(here, {here.nodeid: [REFUSED]})


def test_one_that_asks_which_database_it_has_runs_on_both(request: pytest.FixtureRequest, databases: Any) -> None:
    assert databases.name in request.node.nodeid
    assert asks_which(request.node)


def test_the_product_is_heard_and_a_test_by_itself_is_not(session: Session) -> None:
    heard: list[bool] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            heard.append(is_of_the_product())

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", hear)
    try:
        session.scalar(select(func.count()).select_from(Account))
        find_account(session, "admin")
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert heard == [False, True]


def test_what_was_noted_is_read_from_every_process(tmp_path: Path) -> None:
    write(tmp_path / "gw0.json", {"tests/a/test_a.py::a[sqlite]": {"y", "x"}}, set())
    write(tmp_path / "gw1.json", {"tests/b/test_b.py::b[sqlite]": {"y"}, "tests/b/test_b.py::c[sqlite]": set()}, set())
    assert read(tmp_path) == {
        "tests/a/test_a.py::a[sqlite]": ["x", "y"],
        "tests/b/test_b.py::b[sqlite]": ["y"],
        "tests/b/test_b.py::c[sqlite]": [],
    }
    assert read(tmp_path / "none") == {}


def test_for_postgresql_no_file_is_read_that_says_nothing(tmp_path: Path) -> None:
    write(tmp_path / "gw0.json", {}, {"tests/gates/test_words.py"})
    as_noted, gates = tmp_path.stat(), ROOT / "tests" / "gates"
    os.utime(tmp_path, (as_noted.st_atime, as_noted.st_mtime + 1e6))
    assert says_nothing(gates / "test_words.py", tmp_path)
    assert not says_nothing(gates / "test_statements.py", tmp_path)
    assert not says_nothing(gates / "test_words.py", tmp_path / "none")
    os.utime(tmp_path, (0, 0))
    assert not says_nothing(gates / "test_words.py", tmp_path)  # it is younger than the notes


def test_a_file_is_silent_that_has_no_test_on_postgresql(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    noting: Any = Noting.__new__(Noting)
    here = [item for item in request.session.items if item.path == request.node.path]
    noting.pytest_collection_modifyitems([request.node])
    assert noting.silent == {"tests/gates/test_statements.py"}
    noting.pytest_collection_modifyitems([*here, request.node])
    marked = any(item.get_closest_marker("postgresql") for item in here)
    assert (noting.silent == set()) == marked
