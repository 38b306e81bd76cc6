"""Two years of a commune (tests/two_years.py) by the web and the terminal: accounted for, proved, and red when a row is
changed. `make test` tells them of thirty households, `make journeys` of 150."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, Submission
from tests.commands.test_commands import run
from tests.conftest import Clock
from tests.two_years import NOT_POOR, POOR, Commune, between, first_year, second_year, settle
from tests.world import COMMUNE, VILLAGE

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("size", [pytest.param(30, id="30"), pytest.param(150, id="150", marks=pytest.mark.journey)])
@pytest.mark.miscounts
def test_two_years_of_a_commune_are_accounted_for_and_proved(
    app: Flask, login_as: Callable[[str], Any], clock: Clock, session: Session, tmp_path: Path, size: int
) -> None:
    it = settle(Commune(app, login_as, clock, tmp_path, size), session)
    path, said = first_year(it)
    asked_path = between(it)
    second_path, _ = second_year(it, said)
    proofs = (path, asked_path, second_path)

    # What came late changes nothing that was closed; all three proofs still hold against the database, also rebuilt.
    it.on(2026, 11, 2)
    [late] = it.send(VILLAGE, it.interview(it.heard[VILLAGE][0], NOT_POOR))
    assert (late["outcome"], late["reason"]["code"]) == ("held", "round_closed")
    assert run(app, "rebuild")[0] == 0
    for one in proofs:
        assert it.verified(one)[0] == 0
        assert it.stands_in_database(one), one

    # One row that somebody changes turns the proof of its year red, and no other.
    session.rollback()
    of_year = select(Submission.id).where(Submission.round_id == it.round_id, Submission.commune_id == COMMUNE)
    poor = select(Assessment).where(Assessment.household_class == POOR, Assessment.submission_id.in_(of_year))
    row = session.scalars(poor.limit(1)).one()
    row.household_class = NOT_POOR
    session.commit()
    assert [it.stands_in_database(one) for one in proofs] == [True, True, False]
    assert it.verified(second_path)[0] == 0  # the file itself is what it was
