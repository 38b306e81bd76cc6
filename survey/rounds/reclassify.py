"""Whose class another version of the questionnaire would change: read before a round is moved to it.

Old interviews keep their class: a version is what its interviews were judged by. When the law is read anew, the list
says of each household what the new version makes of the same answers, and somebody decides whether it is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models import Assessment, Deprivation, FormVersion, Household, RegisterEntry, Round, Submission
from survey.form.form import Form
from survey.form.record import evaluate
from survey.poverty.assess import assess
from survey.problems import Problem
from survey.questionnaires.published import load_form
from survey.submissions.content import clock_of, judged_answers, readable
from survey.submissions.derive import decided_under
from survey.submissions.lifecycle import LIVE
from survey.terms import HouseholdClass, Indicator


@dataclass(frozen=True)
class ClassChange:
    """A household whose class would be another, or (`after` None) could not be told: the version asks what its
    interview did not. `differs`: the indicators that the version answers differently."""

    commune_id: str
    village_id: str
    submission_id: str
    household_code: str
    head_name: str
    before: HouseholdClass | None
    after: HouseholdClass | None
    differs: tuple[Indicator, ...]


@dataclass(frozen=True)
class Comparison:
    """`read`: how many interviews of the round were judged by the version as well."""

    read: int
    changes: tuple[ClassChange, ...]


def compare(
    session: Session, survey_round: Round, version: FormVersion, communes: Sequence[str], most: int | None = None
) -> Comparison:
    """Judge what was received in a round from `communes` by another version of its questionnaire; nothing is stored.

    Raises `other_form`, and `too_large` when more than `most` interviews were to be judged."""
    if version.form_id != survey_round.form_id:
        raise Problem("other_form")
    form = load_form(session, version.form_id, version.version)
    if form is None:
        raise LookupError("a published questionnaire that cannot be read")
    rows = session.execute(_live(survey_round, communes)).all()
    if most is not None and len(rows) > most:
        raise Problem("too_large", detail={"records": len(rows)})
    found = (_change(session, form, *row) for row in rows if row[0].form_version != version.version)
    return Comparison(len(rows), tuple(change for change in found if change is not None))


def _live(survey_round: Round, communes: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """The interview that counts of each household, with its assessment, village and code."""
    return (
        select(Submission, Assessment, RegisterEntry.village_id, Household.code)
        .select_from(RegisterEntry)
        .join(
            Submission,
            (Submission.commune_id == RegisterEntry.commune_id) & (Submission.id == RegisterEntry.submission_id),
        )
        .join(
            Assessment,
            (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
        )
        .join(
            Household,
            (Household.commune_id == RegisterEntry.commune_id) & (Household.id == RegisterEntry.household_id),
        )
        .where(
            RegisterEntry.round_id == survey_round.id,
            RegisterEntry.commune_id.in_(communes),
            RegisterEntry.state.in_([state.value for state in LIVE.values()]),
            ~Assessment.refused,
        )
        .order_by(RegisterEntry.commune_id, RegisterEntry.village_id, Household.code)
    )


def _change(
    session: Session, form: Form, submission: Submission, stored: Assessment, village_id: str, code: str
) -> ClassChange | None:
    answers = judged_answers(session, submission, decided_under(session, submission))
    if not isinstance(answers, dict) or not readable(submission.content):
        return None
    judged = assess(form, evaluate(form, answers, clock_of(session, submission)))
    before = HouseholdClass(stored.household_class) if stored.household_class else None
    after = judged.household_class
    if after == before:
        return None
    key = {"commune_id": submission.commune_id, "submission_id": submission.id}
    known = {row.indicator: row.deprived for row in session.scalars(select(Deprivation).filter_by(**key))}
    differs = tuple(one.indicator for one in judged.indicators if one.deprived != known.get(one.indicator.value))
    return ClassChange(submission.commune_id, village_id, submission.id, code, stored.head_name, before, after, differs)
