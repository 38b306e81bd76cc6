"""Which server tests `make test` runs on PostgreSQL too: as many as say there whatever the product says to a database.

`make unit` goes through all of them on SQLite and notes for each which statements of the product it makes (NOTES names
the folder). On PostgreSQL it then runs (CHOSEN=enough)

- what tries the databases themselves: by folder (ALWAYS), or because it asks which one it has;
- what several do at once, and what a database refuses: there the two differ;
- of the others the one that makes most of what is still unsaid there, and so on, until each statement is made.

A test that is not noted runs. `make further` runs the rest (CHOSEN=rest), so nothing lands without it. Two statements
are one when they differ in how long their lists are; of what is written down, each column counts for itself.

`make quick` (CHOSEN=few) looks in the same notes, of the last `make unit`, for fewer tests on SQLite: each statement
once, and every test of a file that was changed since.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Collection, Generator, Iterable, Mapping
from functools import lru_cache
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, ExceptionContext, event

ALWAYS = ("tests/models/", "tests/jobs/", "tests/work/")
AT_ONCE, REFUSED = "several at once", "refused"
ROOT = Path(__file__).resolve().parent.parent
PRODUCT = tuple(f"{ROOT}/{folder}/" for folder in ("survey", "models"))
TESTS = f"{ROOT}/tests/"

Notes = dict[str, list[str]]

LISTS = ((re.compile(r"\?(?:, \?)+"), "?"), (re.compile(r"\(\?\)(?:, \(\?\))+"), "(?)"))
NUMBERED = re.compile(r"(sa_savepoint)_\d+")
INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]*)\) VALUES (.*)", re.DOTALL)
UPDATE = re.compile(r"UPDATE (\w+) SET (.*?) (WHERE .*)", re.DOTALL)


@lru_cache(maxsize=4096)
def told_apart(statement: str) -> frozenset[str]:
    """What a statement of SQLite is counted as."""
    for pattern, short in (*LISTS, (NUMBERED, r"\1")):
        statement = pattern.sub(short, statement)
    written = INSERT.fullmatch(statement) or UPDATE.fullmatch(statement)
    if written is None:
        return frozenset((statement,))
    table, columns, rest = written.groups()
    verb = statement.partition(" ")[0]
    return frozenset((f"{verb} {table} {rest}", *(f"{verb} {table}: {column}" for column in columns.split(", "))))


def is_of_the_product() -> bool:
    """Whether the product says it, and not a test by itself."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(TESTS):
            return False
        if frame.f_code.co_filename.startswith(PRODUCT):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return True  # of a thread that the product began


class Noting:
    """Hears what is said to SQLite while a test runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.noted: dict[str, set[str]] = {}
        self.said: set[str] = set()
        self.silent: set[str] = set()  # files without a test on PostgreSQL
        if not _worker():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        event.listen(Engine, "before_cursor_execute", self.hear)
        event.listen(Engine, "handle_error", self.hear_refusal)

    def hear(self, _connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            self.said.add(AT_ONCE)
        if is_of_the_product():
            self.said |= told_apart(statement)

    def hear_refusal(self, _context: ExceptionContext) -> None:
        self.said.add(REFUSED)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before any of them is left out."""
        speaking = {_file(item.nodeid) for item in items if item.get_closest_marker("postgresql")}
        self.silent = {_file(item.nodeid) for item in items} - speaking

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self.said = set()
        result = yield
        if "sqlite" in item.nodeid:
            self.noted[item.nodeid] = self.said
        return result

    def pytest_sessionfinish(self) -> None:
        if self.noted:
            write(self.folder / f"{_worker()}.json", self.noted, self.silent)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def _file(test: str) -> str:
    return test.partition("::")[0]


def write(file: Path, noted: Mapping[str, Collection[str]], silent: Collection[str]) -> None:
    """Each text once, and of each test the numbers of its texts."""
    texts = sorted({one for said in noted.values() for one in said})
    number = {text: place for place, text in enumerate(texts)}
    said = {test: sorted(number[one] for one in said) for test, said in noted.items()}
    file.write_text(json.dumps({"texts": texts, "said": said, "silent": sorted(silent)}), "utf-8")


@lru_cache(maxsize=1)
def _written(folder: Path) -> list[dict[str, Any]]:
    """What every process wrote."""
    return [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]


def read(folder: Path) -> Notes:
    every = _written(folder)
    return {test: [one["texts"][place] for place in said] for one in every for test, said in one["said"].items()}


def says_nothing(file: Path, folder: Path) -> bool:
    """Whether no test of this file is there on PostgreSQL, so that it need not be read for that."""
    return any(str(file.relative_to(ROOT)) in one["silent"] for one in _written(folder)) and (
        file.stat().st_mtime <= folder.stat().st_mtime
    )


def chosen(tests: Iterable[str], notes: Notes, needed: Collection[str], at_length: Collection[str]) -> set[str]:
    """Of these tests the `needed` ones, those that are not noted, and of the others few that together make every
    statement; those `at_length` only for what no other says."""

    def said(test: str) -> frozenset[str]:
        return frozenset(notes.get(on_sqlite(test), ()))

    tests = list(tests)
    short = [test for test in tests if test not in at_length]
    found = {test for test in short if test in needed or on_sqlite(test) not in notes}
    made = {one for test in found for one in said(test)}
    for among in (short, at_length):
        # Whoever would add most is taken next. What a test would add only grows less: the last count is a bound.
        bounds = [(-len(said(test)), place, test) for place, test in enumerate(among) if test not in found]
        heapify(bounds)
        while bounds:
            _, place, test = heappop(bounds)
            adds = len(said(test) - made)
            again = (-adds, place, test)
            if adds and bounds and again > bounds[0]:
                heappush(bounds, again)
            elif adds:
                found.add(test)
                made |= said(test)
    return found


def on_sqlite(test: str) -> str:
    return test.replace("postgresql", "sqlite")


def asks_which(item: pytest.Item) -> bool:
    """Whether it tries the databases themselves."""
    if item.nodeid.startswith(ALWAYS):
        return True
    asked: Any = item._fixtureinfo  # type: ignore[attr-defined]
    own = [made for all_made in asked.name2fixturedefs.values() for made in all_made if made.baseid.endswith(".py")]
    return "databases" in asked.argnames or any("databases" in made.argnames for made in own)


def differs(item: pytest.Item, notes: Notes) -> bool:
    """Whether the two databases may differ in it, whatever it says to them."""
    return asks_which(item) or bool({AT_ONCE, REFUSED} & set(notes.get(on_sqlite(item.nodeid), ())))


def enough_for_postgresql(items: list[pytest.Item], notes: Notes) -> tuple[list[pytest.Item], set[str]]:
    """The tests that there are on PostgreSQL, and which of them `make test` runs there."""
    there = [item for item in items if item.get_closest_marker("postgresql") and not item.get_closest_marker("journey")]
    at_length = [item.nodeid for item in there if item.get_closest_marker("thorough")]
    needed = {item.nodeid for item in there if item.nodeid not in at_length and differs(item, notes)}
    return there, chosen([item.nodeid for item in there], notes, needed, at_length)


def few_on_sqlite(items: list[pytest.Item], notes: Notes, noted_at: float) -> tuple[list[pytest.Item], set[str]]:
    """The short tests on SQLite, and which of them `make quick` runs."""
    there = [item for item in items if "sqlite" in item.nodeid and not item.get_closest_marker("thorough")]
    needed = {item.nodeid for item in there if item.path.stat().st_mtime > noted_at}
    return there, chosen([item.nodeid for item in there], notes, needed, ())


def select(config: pytest.Config, items: list[pytest.Item], folder: Path, which: str) -> None:
    """Leave `enough` of those on PostgreSQL or the `rest` of them, or a `few` of those on SQLite. Where nothing was
    noted all are left."""
    notes = read(folder)
    if not notes:
        return
    there, run = (
        few_on_sqlite(items, notes, folder.stat().st_mtime) if which == "few" else enough_for_postgresql(items, notes)
    )
    gone = {item for item in there if (item.nodeid in run) == (which == "rest")}
    config.hook.pytest_deselected(items=list(gone))
    items[:] = [item for item in items if item not in gone]
