"""A round: opened with the register frozen as it stands, closed when every household is accounted for."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    Deprivation,
    FormVersion,
    Household,
    RegisterEntry,
    Round,
    Submission,
    SubmissionStatus,
)
from models.commune_counter import lock_commune, next_change
from survey.clocks import HERE
from survey.evidence import audit
from survey.form.form import Form
from survey.form.record import Clock, evaluate
from survey.poverty.assess import assess
from survey.problems import Problem
from survey.questionnaires import standards
from survey.questionnaires.published import has_official_points, load_form
from survey.register.entries import on_register
from survey.register.places import province_of
from survey.submissions.derive import derive_again
from survey.terms import B1Method, HouseholdState, RegisterState, RoundKind, RoundState, SubmissionState


class Obstacle(NamedTuple):
    """Why a round cannot be closed: `code` not_visited, to_review, returned, held or illustrative_b1; and how
    many households or records."""

    code: str
    number: int


def open_round(
    session: Session,
    *,
    title: str,
    year: int,
    form: FormVersion,
    opens_on: date,
    closes_on: date,
    now: datetime,
    account_id: str | None = None,
    kind: RoundKind = RoundKind.PERIODIC,
    standard: str | None = None,
    trial: bool = False,
    b1_method: B1Method = B1Method.TABLE,
    round_id: str | None = None,
) -> Round:
    """Open a round over every household on the register. `standard`: for a questionnaire that names none itself.

    Raises `round_exists` when one of its kind and year is open, `form_retired` when the questionnaire is, what
    `standards.standard_of` raises, what `standards.objection` says unless it is a `trial`, and ValueError when it has
    no title or ends before it begins."""
    if not title.strip() or not title.isprintable() or closes_on < opens_on:
        raise ValueError("a round needs a title, and a last day that is not before the first")
    session.refresh(form, ["retired_at"], with_for_update=True)  # nobody retires it meanwhile
    if form.retired_at is not None:
        raise Problem("form_retired")
    same = select(Round).where(Round.kind == kind.value, Round.year == year, Round.state == RoundState.OPEN.value)
    if session.scalars(same).first() is not None:
        raise Problem("round_exists")
    compiled = load_form(session, form.form_id, form.version)
    if compiled is None:
        raise LookupError("a published questionnaire that cannot be read")
    communes = session.scalars(select(Household.commune_id).distinct().order_by(Household.commune_id)).all()
    judged_by = standards.standard_of(session, compiled, opens_on, closes_on, standard)
    provinces = {province_of(one) for one in communes}
    against = standards.objection(judged_by, opens_on, closes_on, provinces) if judged_by and not trial else None
    if against:
        raise Problem(against)
    opened = Round(
        id=round_id or str(uuid4()),
        kind=kind.value,
        year=year,
        title=title,
        standard=judged_by.code if judged_by else "",
        trial=trial,
        b1_method=b1_method.value,
        form_id=form.form_id,
        form_version=form.version,
        opens_on=opens_on,
        closes_on=closes_on,
        state=RoundState.OPEN.value,
    )
    session.add(opened)
    session.flush()  # register entries refer to it
    for commune_id in communes:
        lock_commune(session, commune_id)
        households = select(Household).filter_by(commune_id=commune_id, state=HouseholdState.PRESENT.value)
        for household in session.scalars(households.order_by(Household.code, Household.id)):
            indicators = _opening_indicators(session, household, compiled, opens_on)
            on_register(session, commune_id, opened.id, household.id, indicators)
    audit.record(session, now, account_id, "round_opened", opened.id)
    return opened


def obstacles(session: Session, survey_round: Round) -> list[Obstacle]:
    """What stands in the way of closing, in the order of the work."""
    counted = (
        select(RegisterEntry.state, func.count())
        .where(RegisterEntry.round_id == survey_round.id)
        .group_by(RegisterEntry.state)
    )
    states = {state: number for state, number in session.execute(counted)}  # noqa: C416 - dict() needs tuples
    held = (
        select(func.count())
        .select_from(SubmissionStatus)
        .join(
            Submission,
            (Submission.commune_id == SubmissionStatus.commune_id) & (Submission.id == SubmissionStatus.submission_id),
        )
        .where(
            Submission.round_id == survey_round.id,
            SubmissionStatus.state == SubmissionState.QUARANTINED.value,
        )
    )
    illustrative = (
        select(func.count())
        .select_from(RegisterEntry)
        .join(
            Assessment,
            (Assessment.commune_id == RegisterEntry.commune_id)
            & (Assessment.submission_id == RegisterEntry.submission_id),
        )
        .where(RegisterEntry.round_id == survey_round.id, Assessment.illustrative)
    )
    counts_officially = not survey_round.trial
    found = [
        Obstacle("not_visited", states.get(RegisterState.TO_VISIT.value, 0)),
        Obstacle("to_review", states.get(RegisterState.RECEIVED.value, 0)),
        Obstacle("returned", states.get(RegisterState.RETURNED.value, 0)),
        Obstacle("held", session.scalar(held) or 0),
        Obstacle("illustrative_b1", session.scalar(illustrative) or 0 if counts_officially else 0),
    ]
    return [obstacle for obstacle in found if obstacle.number]


def close_round(session: Session, survey_round: Round, now: datetime, account_id: str | None = None) -> None:
    """Close a round, as official unless it is a trial. Raises `round_not_ready` with the obstacles, `not_allowed_now`
    when it is closed.

    While B1 rests on the illustrative table it cannot be closed as official: its classes would pass for the law's.
    """
    entries = select(RegisterEntry).where(RegisterEntry.round_id == survey_round.id)
    communes = entries.with_only_columns(RegisterEntry.commune_id).distinct().order_by(RegisterEntry.commune_id)
    for commune_id in session.scalars(communes).all():
        lock_commune(session, commune_id)
    if survey_round.state != RoundState.OPEN:
        raise Problem("not_allowed_now")
    found = obstacles(session, survey_round)
    if found:
        raise Problem("round_not_ready", detail={"obstacles": [list(obstacle) for obstacle in found]})
    survey_round.state = RoundState.CLOSED.value
    for entry in session.scalars(entries.order_by(RegisterEntry.commune_id, RegisterEntry.household_id)):
        entry.change = next_change(session, entry.commune_id)  # phones hear that it is over
    audit.record(session, now, account_id, "round_closed", survey_round.id)


def move_round(
    session: Session,
    survey_round: Round,
    form: FormVersion,
    now: datetime,
    account_id: str | None = None,
    most: int | None = None,
) -> int:
    """Ask an open round with another version of its questionnaire from now on: phones fetch it at their next contact,
    interviews that are open or sent keep theirs. Records that rest on an illustrative points table are judged again
    when the version brings an agreed one; returns how many. Raises `not_allowed_now` for a closed round, `other_form`,
    `other_standard`, `form_retired`, `points_not_agreed` for one that goes back to an illustrative table, and
    `too_large` when more than `most` records were to be judged again."""
    session.refresh(form, ["retired_at"], with_for_update=True)  # nobody retires it meanwhile
    session.refresh(survey_round, with_for_update=True)
    if survey_round.state != RoundState.OPEN:
        raise Problem("not_allowed_now")
    if form.form_id != survey_round.form_id:
        raise Problem("other_form")
    if form.retired_at is not None:
        raise Problem("form_retired")
    if form.version == survey_round.form_version:
        return 0
    wanted = load_form(session, form.form_id, form.version)
    if wanted is not None and wanted.standard not in ("", survey_round.standard):
        raise Problem("other_standard")
    official = has_official_points(session, survey_round)
    before, survey_round.form_version = survey_round.form_version, form.version
    session.flush()  # records are judged by the round's version next
    if official and not has_official_points(session, survey_round):  # records judged officially would not be any more
        raise Problem("points_not_agreed")
    judged = judge_again(session, survey_round, most)
    detail = {"form": form.form_id, "from": before, "to": form.version, "judged_again": judged}
    audit.record(session, now, account_id, "round_moved", survey_round.id, detail)
    return judged


def judge_again(session: Session, survey_round: Round, most: int | None = None) -> int:
    """Judge again what rests on an illustrative points table; returns how many records."""
    of_round = (
        select(Submission.commune_id, Submission.id)
        .join(
            Assessment,
            (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
        )
        .where(Submission.round_id == survey_round.id, Assessment.illustrative)
        .order_by(Submission.commune_id, Submission.id)
    )
    if not has_official_points(session, survey_round):
        return 0
    found = session.execute(of_round).all()
    if most is not None and len(found) > most:
        raise Problem("too_large", detail={"records": len(found)})
    for commune_id in sorted({commune_id for commune_id, _ in found}):
        lock_commune(session, commune_id)
    for commune_id, submission_id in found:
        derive_again(session, commune_id, submission_id)
    return len(found)


def _opening_indicators(
    session: Session, household: Household, form: Form | None, opens_on: date
) -> dict[str, int] | None:
    """Last year's twelve indicators: as assessed when they came from a submission, else from the imported answers,
    judged a year before the round opens. None when there are no answers."""
    if household.current_submission_id is not None:
        rows = select(Deprivation).filter_by(
            commune_id=household.commune_id, submission_id=household.current_submission_id
        )
        return {row.indicator: int(row.deprived) for row in session.scalars(rows)}
    if form is None or not household.current_answers:
        return None
    moment = datetime(opens_on.year - 1, opens_on.month, min(opens_on.day, 28), tzinfo=HERE)
    judged = assess(form, evaluate(form, household.current_answers, Clock(moment.date(), moment)))
    return {row.indicator.value: int(row.deprived) for row in judged.indicators if row.deprived is not None}
