"""Whose class another version of the questionnaire would change: told before a round is moved, nothing is stored."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models import Assessment, FormVersion, Round
from survey.problems import Problem
from survey.questionnaires.published import publish
from survey.register.places import change_area
from survey.rounds import closing
from survey.rounds.reclassify import compare
from survey.rounds.rounds import move_round
from survey.terms import Action, Area, HouseholdClass
from survey.xlsform.compile import compile_workbook
from tests.interviews import HOUSEHOLDS, ROUND, SOURCE, entry, push
from tests.review.test_review_and_rebuild import decide
from tests.review.test_three_faults import BY_AREA, by_area
from tests.world import COMMUNE, NOW, VILLAGE

__all__ = ["by_area"]

# In the second version the line of points is lower: 132 points are above it.
STRICTER = SOURCE.replace("| phieu_thu | 1 |", "| phieu_thu | 2 |").replace("${diem_b1} > 140", "${diem_b1} > 131")


def second(session: Session) -> FormVersion:
    assert "> 131" in STRICTER and "| phieu_thu | 2 |" in STRICTER
    return publish(session, compile_workbook(STRICTER), STRICTER, NOW)


@pytest.mark.usefixtures("small_round")
def test_it_lists_who_would_change_and_changes_nobody(login_as: Any, app: Flask, session: Session) -> None:
    round_id = ROUND
    push(login_as("enumerator"), entry(HOUSEHOLDS[0]), entry(HOUSEHOLDS[1], answers={"diem_b1": 100}))
    session.rollback()  # to see what came since
    version = second(session)
    session.commit()
    compared = compare(session, session.get_one(Round, round_id), version, [COMMUNE])
    assert compared.read == 2
    [change] = compared.changes
    assert (change.before, change.after) == (stored(session, change.submission_id), HouseholdClass.NOT_POOR)
    assert change.differs == ()
    assert compare(session, session.get_one(Round, round_id), version, []).read == 0
    session.rollback()

    said = app.test_cli_runner().invoke(args=["round", "changes", "2"])
    assert said.exit_code == 0
    assert json.loads(said.output.splitlines()[0])["submission_id"] == change.submission_id
    page = login_as("supervisor").get(f"/rounds/{round_id}/changes?version=2").text
    assert "1 hộ trong 2 hộ" in page
    assert change.household_code in page

    move_round(session, session.get_one(Round, round_id), version, NOW)
    assert stored(session, change.submission_id) == change.before  # old interviews keep their class


@pytest.mark.usefixtures("by_area")
def test_what_was_decided_is_compared_under_what_it_was_decided_under(login_as: Any, session: Session) -> None:
    """An area that is another since is no doing of the version."""
    one = entry(answers={"diem_b1": 150}, outcome=None)
    push(login_as("enumerator"), one)
    decide(session, one["id"], Action.ACCEPT)
    source = BY_AREA.replace("| phieu_thu | 1 |", "| phieu_thu | 2 |")
    version = publish(session, compile_workbook(source), source, NOW)
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW)
    change_area(session, VILLAGE, Area.URBAN, date(2026, 11, 1))
    session.commit()
    compared = compare(session, session.get_one(Round, ROUND), version, [COMMUNE])
    assert (compared.read, compared.changes) == (1, ())
    closing.reopen_commune(session, session.get_one(Round, ROUND), COMMUNE, "sót", NOW)
    session.flush()
    assert stored(session, session.query(Assessment).one().submission_id) == HouseholdClass.POOR
    assert compare(session, session.get_one(Round, ROUND), version, [COMMUNE]).changes == ()


def stored(session: Session, submission_id: str) -> HouseholdClass | None:
    found = session.get_one(Assessment, (COMMUNE, submission_id)).household_class
    return HouseholdClass(found) if found else None


@pytest.mark.usefixtures("small_round")
def test_too_many_are_for_the_command_and_another_questionnaire_is_refused(login_as: Any, session: Session) -> None:
    push(login_as("enumerator"), entry(HOUSEHOLDS[0]), entry(HOUSEHOLDS[1]))
    session.rollback()
    survey_round, version = session.query(Round).one(), second(session)
    with pytest.raises(Problem, match="too_large"):
        compare(session, survey_round, version, [COMMUNE], most=1)
    other = SOURCE.replace("| phieu_thu | 1 |", "| phieu_khac | 1 |")
    with pytest.raises(Problem, match="other_form"):
        compare(session, survey_round, publish(session, compile_workbook(other), other, NOW), [COMMUNE])
    session.rollback()
    assert login_as("supervisor").get(f"/rounds/{ROUND}/changes?version=9").status_code == 404
