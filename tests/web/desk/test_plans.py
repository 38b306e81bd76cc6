"""How SQLite goes about what the desk asks: one household's page never goes through a whole commune.

SQLite has no statistics here, so it plans alike for four households and for 300,000, and takes an index that has all
columns for a good one even where it narrows to a commune alone: the queue by a sign took 14 s so. PostgreSQL gathers
statistics by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models import RosterRow
from survey.review.signs import Sign
from survey.terms import Action
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_household import act, address
from tests.world import COMMUNE

# Of these a commune has thousands.
LARGE = ("assessment", "deprivation", "household", "member", "register_entry", "register_event", "roster_row",
         "submission", "submission_event", "submission_status")  # fmt: skip
# Of the newest first, to the one that was written down before an interview was accepted: few came since.
BACKWARDS = "ORDER BY register_event.seq DESC"
STEP = re.compile(r"(SCAN|SEARCH) (\w+?)(?:_\d+)?(?: USING .*?\((.*)\))?( LEFT-JOIN)?$")


def through_a_commune(plan: str) -> bool:
    """Whether a step of a plan reads all that a commune has of a table, of all years."""
    step = STEP.match(plan)
    return step is not None and step[2] in LARGE and step[3] in (None, "commune_id=?")


@contextmanager
def planned(session: Session) -> Iterator[list[tuple[str, str]]]:
    """The steps through a whole commune of what is said to the database meanwhile, each with its statement."""
    found: list[tuple[str, str]] = []
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            asked.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    with engine.connect() as connection:
        for statement, parameters in asked:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            known = "register_event" if BACKWARDS in statement else "-"
            told = [step[3] for step in steps if through_a_commune(step[3]) and known not in step[3]]
            found += [(step, statement) for step in told]


@pytest.fixture
def work(field: Callable[..., Field]) -> Field:
    """One household accepted, one returned, one that waits, one not visited."""
    work = field(4)
    for number in range(3):
        work.send(work.entry(number, CASES[number]))
    work.decide(work.sent[0], Action.ACCEPT)
    work.decide(work.sent[1], Action.RETURN)
    return work


def test_a_step_through_a_commune_is_told() -> None:
    assert through_a_commune("SCAN submission")
    assert through_a_commune("SEARCH submission_status_1 USING COVERING INDEX ix_waiting (commune_id=?)")
    assert through_a_commune("SEARCH household USING INDEX x (commune_id=?) LEFT-JOIN")
    assert not through_a_commune("SEARCH submission_status USING INDEX x (commune_id=? AND state=?)")
    assert not through_a_commune("SCAN round")


@pytest.fixture
def sqlite(work: Field) -> Field:
    if work.session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by what it knows of the rows")
    return work


def test_no_page_and_no_act_goes_through_a_commune(sqlite: Field, login_as: Any) -> None:
    work, browser = sqlite, login_as("supervisor")
    waits, person = work.submission(work.sent[2]).id, work.session.scalars(select(RosterRow.person_id)).first()
    pages = [address(work), f"{address(work)}/persons/{person}", f"/desk/{COMMUNE}/records/{waits}?state=submitted"]
    pages += [f"/desk/{COMMUNE}/needs", f"/desk/{COMMUNE}/needs/households?class=all", f"/desk/{COMMUNE}/models"]
    pages += [f"/desk/{COMMUNE}/coverage"]
    pages += [f"/desk/{COMMUNE}/", f"/desk/{COMMUNE}/workload", f"/desk/{COMMUNE}/households"]
    pages += [f"/desk/{COMMUNE}/queue?state=submitted&sign={sign}" for sign in ("", *Sign)]
    faults: dict[str, set[tuple[str, str]]] = {}
    for page in pages:
        with planned(work.session) as found:
            assert browser.get(page).status_code == 200, page
        faults[page] = set(found)
    with planned(work.session) as found:
        assert act(browser, work, "correct", address="Tổ 3").status_code == 303
    faults["a correction"] = set(found)
    with planned(work.session) as found:
        work.decide(work.sent[2], Action.ACCEPT)
    faults["a decision"] = set(found)
    with planned(work.session) as found:
        work.send(work.entry(3, CASES[3]))
    faults["a receipt"] = set(found)
    assert {what: found for what, found in faults.items() if found} == {}
