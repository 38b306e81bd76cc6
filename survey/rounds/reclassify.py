"""Whose class another version of the questionnaire would change, read before a round is moved to it; and of which class
the households of a round would be under another poverty standard: two standards on the same answers.

Old interviews keep their class: a version is what its interviews were judged by. When the law is read anew, the list
says of each household what the new version makes of the same answers, and somebody decides whether it is asked again.
A standard is what a published questionnaire that names it makes of answers. Nothing is stored by either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, defer

from models import Assessment, Deprivation, FormVersion, Household, RegisterEntry, Round, Standard, Submission
from survey.form.form import Form
from survey.form.record import evaluate
from survey.poverty.assess import Assessment as Judged
from survey.poverty.assess import assess
from survey.problems import Problem
from survey.questionnaires.published import load_form
from survey.questionnaires.standards import objection
from survey.register.places import province_of
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
    rows = _live(session, survey_round, communes, most)
    found = (_change(session, form, *row) for row in rows if row[0].form_version != version.version)
    return Comparison(len(rows), tuple(change for change in found if change is not None))


@dataclass(frozen=True)
class Both:
    """A household's class now and under the other standard; None: it cannot be told, an answer is missing."""

    commune_id: str
    village_id: str
    submission_id: str
    household_code: str
    head_name: str
    now: HouseholdClass | None
    other: HouseholdClass | None


@dataclass(frozen=True)
class TwoStandards:
    """`form`: the questionnaire that judges by the other standard; `objection`: why a round of these days and places
    could not be judged by it officially, as the code of a problem; `illustrative`: of how many households its points of
    B1 are not official; `without_interview`: households of the round that have no answers to be judged."""

    standard: Standard
    form: FormVersion
    objection: str | None
    illustrative: int
    without_interview: int
    households: tuple[Both, ...]

    @property
    def table(self) -> Counter[tuple[HouseholdClass | None, HouseholdClass | None]]:
        """How many households are of a class now and of a class under the other."""
        return Counter((one.now, one.other) for one in self.households)


def under_standard(
    session: Session, survey_round: Round, code: str, communes: Sequence[str], most: int | None = None
) -> TwoStandards:
    """Judge what was received in a round from `communes` by another standard that is in the system.

    Raises `standard_unknown`, `standard_without_form`, and `too_large` as `compare` does."""
    standard = session.get(Standard, code)
    if standard is None:
        raise Problem("standard_unknown")
    version, form = _questionnaire_of(session, survey_round, code)
    rows = _live(session, survey_round, communes, most)
    found, illustrative = [], 0
    for submission, stored, village_id, household_code in rows:
        judged = _judged(session, form, submission)
        illustrative += judged is not None and judged.illustrative
        now = HouseholdClass(stored.household_class) if stored.household_class else None
        of = (submission.commune_id, village_id, submission.id, household_code, stored.head_name)
        found.append(Both(*of, now, judged.household_class if judged is not None else None))
    provinces = (province_of(commune_id) for commune_id in communes)
    return TwoStandards(
        standard,
        version,
        objection(standard, survey_round.opens_on, survey_round.closes_on, provinces),
        illustrative,
        _on_the_list(session, survey_round, communes) - len(rows),
        tuple(found),
    )


def _questionnaire_of(session: Session, survey_round: Round, code: str) -> tuple[FormVersion, Form]:
    """The published questionnaire that names a standard: the round's own before others, the newest before older."""
    versions = session.scalars(
        select(FormVersion)
        .options(defer(FormVersion.bundle), defer(FormVersion.source))
        .where(FormVersion.retired_at.is_(None))
        .order_by(FormVersion.form_id != survey_round.form_id, FormVersion.published_at.desc(), FormVersion.version)
    )
    for version in versions:
        form = load_form(session, version.form_id, version.version)
        if form is not None and form.standard == code:
            return version, form
    raise Problem("standard_without_form")


def _on_the_list(session: Session, survey_round: Round, communes: Sequence[str]) -> int:
    of_round = RegisterEntry.round_id == survey_round.id, RegisterEntry.commune_id.in_(communes)
    return session.scalar(select(func.count()).select_from(RegisterEntry).where(*of_round)) or 0


def _judged(session: Session, form: Form, submission: Submission) -> Judged | None:
    """What another questionnaire makes of an interview; None: it cannot be read."""
    answers = judged_answers(session, submission, decided_under(session, submission))
    if not isinstance(answers, dict) or not readable(submission.content):
        return None
    return assess(form, evaluate(form, answers, clock_of(session, submission)))


Live = Row[Submission, Assessment, str, str]  # an interview, its assessment, village and household's number


def _live(session: Session, survey_round: Round, communes: Sequence[str], most: int | None) -> Sequence[Live]:
    """The interview that counts of each household, with its assessment, village and code. Raises `too_large` when there
    are more than `most`."""
    query = (
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
    rows = session.execute(query).all()
    if most is not None and len(rows) > most:
        raise Problem("too_large", detail={"records": len(rows)})
    return rows


def _change(
    session: Session, form: Form, submission: Submission, stored: Assessment, village_id: str, code: str
) -> ClassChange | None:
    judged = _judged(session, form, submission)
    if judged is None:
        return None
    before = HouseholdClass(stored.household_class) if stored.household_class else None
    after = judged.household_class
    if after == before:
        return None
    key = {"commune_id": submission.commune_id, "submission_id": submission.id}
    known = {row.indicator: row.deprived for row in session.scalars(select(Deprivation).filter_by(**key))}
    differs = tuple(one.indicator for one in judged.indicators if one.deprived != known.get(one.indicator.value))
    return ClassChange(submission.commune_id, village_id, submission.id, code, stored.head_name, before, after, differs)
