"""What last year said of every household, worked out before a round opens: what it costs, and what it says."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from models import Household, Round
from models.database import chunks
from survey.rounds.freezing import known_openings, opening_indicators
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")


def test_interviews_are_read_by_their_key_and_never_searched_through(
    app: Flask, session: Session, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(session, login_as, COMMUNE)
    session.rollback()
    session.expunge_all()
    monkeypatch.setattr("survey.rounds.freezing.chunks", partial(chunks, size=2))  # chunks, the last one not full
    said: list[tuple[str, Any]] = []
    engine = session.get_bind()

    def heard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        said.append((statement, parameters))

    survey_round = session.get_one(Round, ROUND)
    event.listen(engine, "before_cursor_execute", heard)
    found = known_openings(session, survey_round, COMMUNE, None)
    event.remove(engine, "before_cursor_execute", heard)
    of_interviews = [one for one in said if "FROM deprivation" in one[0]]
    interviews = [known for known in found.values() if known.submission_id]
    assert (len(interviews), len(of_interviews)) == (4, 2)
    assert len(said) == 3
    if engine.dialect.name == "sqlite":
        for statement, parameters in of_interviews:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert [row[3] for row in plan] == [
                "SEARCH deprivation USING INDEX sqlite_autoindex_deprivation_1 (commune_id=? AND submission_id=?)"
            ]
    for household in session.scalars(select(Household).where(Household.commune_id == COMMUNE)):
        if household.id in found:
            expected = opening_indicators(session, household, None, survey_round.opens_on)
            assert found[household.id].indicators == expected


def test_imported_answers_that_changed_since_are_another_opening(app: Flask, session: Session) -> None:
    survey_round = session.get_one(Round, ROUND)
    before = known_openings(session, survey_round, COMMUNE, None)
    session.execute(update(Household).values(current_answers={"a": 1}))
    after = known_openings(session, survey_round, COMMUNE, None)
    session.rollback()
    assert before.keys() == after.keys()
    assert all(before[id] != after[id] for id in before)
