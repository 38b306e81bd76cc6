"""The register as it stands when a round opens in a commune: every household, and what last year said of it.

What last year said is worked out by the questionnaire, some milliseconds a household: `known_openings` does it before
anybody is kept waiting, and `freeze` writes all entries at once, working out again only what became another meanwhile.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Text, insert, select, type_coerce
from sqlalchemy.orm import Session

from models import Deprivation, Household, JSONText, RegisterEntry, Round
from models.base import as_kept
from models.commune_counter import next_changes
from models.database import chunks
from survey.calendar.earlier_rounds import classes_before
from survey.clocks import HERE, day_of
from survey.form.form import Form
from survey.form.record import Clock, evaluate
from survey.poverty.assess import Assessment, assess
from survey.rounds import start_list
from survey.tallies.places import follow
from survey.terms import HouseholdState, RegisterState, RoundKind


class KnownOpening(NamedTuple):
    """Last year's twelve indicators of a household, and what they are of: an interview, or (None) the `answers` that
    were imported, as text."""

    submission_id: str | None
    answers: str | None
    indicators: dict[str, int] | None


def known_openings(
    session: Session, survey_round: Round, commune_id: str, form: Form | None
) -> dict[str, KnownOpening]:
    """Of every household of the commune that the round would ask. Reads alone."""
    if survey_round.kind != RoundKind.PERIODIC:
        return {}
    answers = type_coerce(Household.current_answers, Text)
    present = select(Household.id, Household.current_submission_id, answers).where(
        Household.commune_id == commune_id, Household.state == HouseholdState.PRESENT.value
    )
    rows = session.execute(present).all()
    assessed = _assessed(session, commune_id, [submission_id for _, submission_id, _ in rows if submission_id])
    found = {}
    for id, submission_id, text in rows:
        if submission_id:
            found[id] = KnownOpening(submission_id, None, assessed[submission_id])
        else:
            said = indicators_of_import(json.loads(text) if text else None, form, survey_round.opens_on)
            found[id] = KnownOpening(None, text, said)
    return found


def _assessed(session: Session, commune_id: str, submissions: list[str]) -> dict[str, dict[str, int]]:
    """The indicators of interviews, by the key that they are kept under: nothing is searched through again and
    again."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for chunk in chunks(submissions):
        rows = select(Deprivation.submission_id, Deprivation.indicator, Deprivation.deprived).where(
            Deprivation.commune_id == commune_id, Deprivation.submission_id.in_(chunk)
        )
        for submission_id, indicator, deprived in session.execute(rows):
            found[submission_id][indicator] = int(deprived)
    return found


def freeze(
    session: Session,
    survey_round: Round,
    commune_id: str,
    known: Mapping[str, KnownOpening],
    form: Form | None = None,
    only: Collection[str] | None = None,
) -> None:
    """Put every household of a commune (of some hundreds: `only` these) on a periodic round's register, as it stands.
    An ad-hoc round begins empty. The caller holds the commune."""
    if survey_round.kind != RoundKind.PERIODIC:
        return
    asked = select(RegisterEntry.household_id).filter_by(commune_id=commune_id, round_id=survey_round.id)
    answers = type_coerce(Household.current_answers, Text)
    present = select(
        Household.id, Household.village_id, Household.current_class, Household.current_submission_id, answers
    ).where(
        Household.commune_id == commune_id,
        Household.state == HouseholdState.PRESENT.value,
        Household.id.not_in(asked),
    )
    present = present if only is None else present.where(Household.id.in_(only))
    rows = session.execute(present.order_by(Household.code, Household.id)).all()
    if not rows:
        return
    kept, dialect, entries = JSONText(), session.get_bind().dialect, []
    once = classes_before(session, survey_round, commune_id, only)
    for row, change in zip(rows, next_changes(session, commune_id, len(rows)), strict=True):
        id, village_id, opening_class, submission_id, text = row
        opening = known.get(id)
        imported = None if submission_id else text
        if opening is None or (opening.submission_id, opening.answers) != (submission_id, imported):  # another since
            household = session.get_one(Household, (commune_id, id))
            indicators = opening_indicators(session, household, form, survey_round.opens_on)
        else:
            indicators = opening.indicators
        entries.append(
            {
                "commune_id": commune_id,
                "round_id": survey_round.id,
                "household_id": id,
                "village_id": village_id,
                "state": RegisterState.TO_VISIT.value,
                "opening_class": opening_class,
                "opening_answers": text,
                "opening_indicators": kept.process_bind_param(indicators, dialect),
                "once": kept.process_bind_param(once.get(id, []), dialect),
                "change": change,
            }
        )
    session.execute(insert(as_kept(RegisterEntry)), entries)
    follow(session, commune_id, survey_round.id, [row[0] for row in rows])
    start_list.freeze(session, survey_round.id, commune_id, only)


def opening_indicators(
    session: Session, household: Household, form: Form | None, opens_on: date
) -> dict[str, int] | None:
    """Last year's twelve indicators: as assessed when they came from a submission, else from the imported answers,
    judged a year before the round opens. None when there are no answers."""
    if household.current_submission_id is not None:
        submission_id = household.current_submission_id
        return _assessed(session, household.commune_id, [submission_id])[submission_id]
    return indicators_of_import(household.current_answers, form, opens_on)


def indicators_of_import(answers: dict[str, object] | None, form: Form | None, opens_on: date) -> dict[str, int] | None:
    """Of imported answers, judged a year before the round opens."""
    if form is None or not answers:
        return None
    moment = judged_on(opens_on)
    return indicators_in(assess(form, evaluate(form, answers, Clock(day_of(moment), moment))))


def judged_on(opens_on: date) -> datetime:
    """When imported answers are taken to be of: a year before the round opens."""
    return datetime(opens_on.year - 1, opens_on.month, min(opens_on.day, 28), tzinfo=HERE)


def indicators_in(judged: Assessment) -> dict[str, int]:
    return {row.indicator.value: int(row.deprived) for row in judged.indicators if row.deprived is not None}
