"""That the watch over the turns of communes (`tests/turns.py`) sees a writer that takes none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import Household
from models.commune_counter import lock_commune
from models.database import open_engine
from survey.intake import receive
from survey.rounds import bound_tables
from tests.interviews import entry, push
from tests.turns import BOUND_OF_COMMUNES, COUNTED, Watch
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
PRODUCT = Path(bound_tables.__file__).with_name("planted.py")


@pytest.fixture
def watched(app: Flask) -> Iterator[tuple[Engine, Watch]]:
    """An engine of the test's own, so that what it plants is not held against itself."""
    if app.extensions["engine"].dialect.name != "sqlite":
        pytest.skip("what is watched is SQLite")
    engine = open_engine(app.config["DATABASE_URL"])
    yield engine, Watch(engine)
    engine.dispose()


def commit_as(place: Path, session: Session) -> None:
    exec(compile("session.commit()", str(place), "exec"), {"session": session})


@pytest.mark.parametrize(
    ("turn_of", "place", "seen"),
    [
        (None, PRODUCT, ["survey/rounds/planted.py:1: household"]),
        (OTHER_COMMUNE, PRODUCT, ["survey/rounds/planted.py:1: household"]),
        (COMMUNE, PRODUCT, []),
        (None, Path(__file__), []),
    ],
)
def test_the_product_takes_the_turn_of_the_commune_whose_rows_it_writes(
    watched: tuple[Engine, Watch], turn_of: str | None, place: Path, seen: list[str]
) -> None:
    engine, watch = watched
    with Session(engine) as session:
        if turn_of is not None:
            lock_commune(session, turn_of)
        session.get_one(Household, (COMMUNE, "ho-1")).code = "03757-01-777"
        commit_as(place, session)
        session.get_one(Household, (COMMUNE, "ho-1")).code = "03757-01-777"  # as it is
        session.get_one(Household, (COMMUNE, "ho-1")).head_name = "Người khác"  # not bound
        commit_as(PRODUCT, session)
    assert watch.found == seen


def test_what_was_rolled_back_is_not_held_against_the_next(watched: tuple[Engine, Watch]) -> None:
    engine, watch = watched
    with Session(engine) as session:
        session.get_one(Household, (COMMUNE, "ho-1")).code = "03757-01-777"
        session.flush()
        session.rollback()
        lock_commune(session, OTHER_COMMUNE)
        commit_as(PRODUCT, session)
    assert watch.found == []


def test_every_bound_table_is_watched_however_a_row_is_written(watched: tuple[Engine, Watch]) -> None:
    """By statement as by the rows of a session."""
    engine, _watch = watched
    with engine.begin() as connection:
        triggers = "SELECT tbl_name, count(*) AS number FROM temp.sqlite_master WHERE type = 'trigger' GROUP BY 1"
        found = connection.execute(text(triggers)).all()
        three = {one.name: 3 for one in BOUND_OF_COMMUNES} | {one.__tablename__: 3 for one in COUNTED}
        three |= {"commune_counter": 1}
        assert {row.tbl_name: row.number for row in found} == three


def test_a_door_that_forgets_it_is_found(
    app: Flask, watched: tuple[Engine, Watch], login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a phone sends is kept held, which tells no phone anything: the lock alone moves the turn."""
    engine, watch = watched
    monkeypatch.setitem(app.extensions, "engine", engine)
    browser = login_as("enumerator")
    push(browser, entry("ho-1", form={"id": "phieu_thu", "version": "?"}))
    assert watch.found == []
    monkeypatch.setattr(receive, "lock_commune", lambda *_: 0)
    push(browser, entry("ho-2", form={"id": "phieu_thu", "version": "?"}))
    assert len(watch.found) == 1
    assert watch.found[0].startswith("survey/web/session.py:")
