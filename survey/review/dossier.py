"""One submission as a supervisor reads it: all that a decision rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Assessment,
    Attachment,
    Deprivation,
    Household,
    HouseholdOutcome,
    OutcomeFile,
    RegisterEntry,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionFile,
    Thumbnail,
)
from survey.files.media_types import kind_of
from survey.form.reading import question_of, read
from survey.form.record import Clock, evaluate
from survey.poverty.way_out import WayOut
from survey.questionnaires.published import load_form
from survey.questionnaires.readings import OpenReading, doubts, unconfirmed
from survey.register.ledger import Event
from survey.review.register_preview import overridden_by
from survey.review.signs import Signs, signs_of
from survey.review.since_last_year import Part, compare
from survey.review.way_out import shortest_way
from survey.submissions.conflicts import group_of, in_group, twins
from survey.submissions.content import Evaluated, clock_of, content_of, evaluated
from survey.submissions.log import find
from survey.terms import Action, Indicator, QuarantineReason, SubmissionState

DESK = "desk"  # the device of what was put together here
MAX_RAW = 20_000  # characters shown of an entry that no form can read


@dataclass(frozen=True)
class Photo:
    """A file that the record names; `arrived` once its bytes are here."""

    path: str
    label: str
    sha256: str
    arrived: bool
    kind: str  # "image", "audio", "video" or "file": how a page offers it
    size: int
    small: bool  # a thumbnail stands for a picture that has not come yet


@dataclass(frozen=True)
class Check:
    """A check that failed; `confirmed`: why the enumerator says that it stands, None when nothing was said."""

    path: str
    label: str
    severity: str
    kind: str
    message: dict[str, str]
    confirmed: str | None


@dataclass(frozen=True)
class LoggedStep:
    """A line of the review log."""

    seq: int
    action: Action
    to_state: SubmissionState
    reason: QuarantineReason | None
    detail: str | None
    comments: tuple[dict[str, Any], ...]
    by: str | None
    at: datetime
    visited_on: date | None


@dataclass(frozen=True)
class Record:
    """A submission as the supervisor reads it."""

    submission: Submission
    state: SubmissionState
    reason: QuarantineReason | None
    surveyed_by: Account
    household: Household | None
    entry: RegisterEntry | None
    assessment: Assessment | None
    lacks: tuple[Deprivation, ...]
    doubts: tuple[OpenReading, ...]  # unconfirmed readings of the texts on which the class hangs
    steps: tuple[LoggedStep, ...]
    photos: tuple[Photo, ...] = ()
    checks: tuple[Check, ...] = ()
    parts: tuple[Part, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)  # of the questions shown, by path
    raw: str | None = None  # the entry's text, when no form can read it
    others: tuple[tuple[Submission, SubmissionState], ...] = ()  # of the same household and round, or of the same id
    merges: bool = False  # put together at the desk from two others
    signs: Signs = Signs()
    attached: bool = False  # a person found it to be of another household than it says
    overridden_by: Event | None = None  # the correction that holds against its class, or would once it is accepted
    way_out: WayOut | None = None  # after the decision, of a poor or near-poor household

    @property
    def contexts(self) -> bool:
        """Held because the phone worked with another area, region or way of B1 than the register has."""
        return self.state is SubmissionState.QUARANTINED and "(context)" in (self.steps[-1].detail or "")

    @property
    def seen(self) -> int:
        """The log's last number: a decision names it, so that nobody decides on what has changed meanwhile."""
        return self.steps[-1].seq


def _doubts(session: Session, submission: Submission) -> list[OpenReading]:
    """By the questionnaire of the round; a record without one by its own."""
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    asked = survey_round or submission
    open_readings = unconfirmed(session, load_form(session, asked.form_id, asked.form_version))
    return doubts(session, submission.commune_id, submission.id, open_readings)


def read_record(session: Session, commune_id: str, submission_id: str, language: str) -> Record:
    """Everything about one submission, in the reader's language; raises not_found."""
    submission, status = find(session, commune_id, submission_id)
    entry, household = None, None
    if status.household_id:
        household = session.get(Household, (commune_id, status.household_id))
    if submission.round_id and status.household_id:
        entry = session.get(RegisterEntry, (commune_id, submission.round_id, status.household_id))
    assessment = session.get(Assessment, (commune_id, submission_id))
    own = {"commune_id": commune_id, "submission_id": submission_id}
    lacks = session.scalars(select(Deprivation).filter_by(**own, deprived=True)).all()
    rank = list(Indicator)
    found = evaluated(session, submission)
    parts, labels = _answers(session, submission, found, entry, language)
    return Record(
        submission=submission,
        state=SubmissionState(status.state),
        reason=QuarantineReason(status.reason) if status.reason else None,
        surveyed_by=session.get_one(Account, submission.account_id),
        household=household,
        entry=entry,
        assessment=assessment,
        lacks=tuple(sorted(lacks, key=lambda lack: rank.index(Indicator(lack.indicator)))),
        doubts=tuple(_doubts(session, submission)) if assessment else (),
        steps=_steps(session, own),
        photos=_photos(session, submission, language),
        checks=_checks(submission, assessment, labels),
        parts=tuple(parts),
        labels=labels,
        raw=None if parts else _raw(submission),
        others=_others(session, submission),
        merges=submission.device_id == DESK and "merges" in content_of(submission),
        signs=signs_of(session, submission.commune_id, [submission.id]).get(submission.id, Signs()),
        attached=status.household_id != submission.household_id,
        overridden_by=overridden_by(session, submission, status, assessment.household_class if assessment else None),
        way_out=shortest_way(SubmissionState(status.state), found),
    )


def _answers(
    session: Session, submission: Submission, found: Evaluated | None, entry: RegisterEntry | None, language: str
) -> tuple[list[Part], dict[str, str]]:
    """The answers beside last year's, and the questions' labels by path; nothing when no form can read the entry."""
    if found is None:
        return [], {}
    form, evaluation, _ = found
    now = read(form, evaluation, language)
    before = None
    if entry is not None and entry.opening_answers is not None:
        before = read(form, evaluate(form, entry.opening_answers, _last_year(session, submission)), language)
    parts = compare(form, now, before, {problem.path for problem in evaluation.problems})
    labels: dict[str, str] = {}
    for part in parts:
        labels |= {line.path: line.label for line in part.lines}
        for inner in part.parts:
            labels |= {line.path: f"{inner.label}: {line.label}" for line in inner.lines}
    return parts, labels


def _last_year(session: Session, submission: Submission) -> Clock:
    """A year before the interview, so that ages and terms are last year's."""
    clock = clock_of(session, submission)
    day = clock.today.replace(year=clock.today.year - 1, day=min(clock.today.day, 28))
    return Clock(day, clock.now.replace(year=day.year, day=day.day))


def _steps(session: Session, own: dict[str, str]) -> tuple[LoggedStep, ...]:
    rows = session.execute(
        select(SubmissionEvent, Account.display_name)
        .outerjoin(Account, Account.id == SubmissionEvent.account_id)
        .filter_by(**own)
        .order_by(SubmissionEvent.seq)
    )
    return tuple(
        LoggedStep(
            event.seq,
            Action(event.action),
            SubmissionState(event.to_state),
            QuarantineReason(event.reason) if event.reason else None,
            event.detail,
            tuple(event.comments or ()),
            name,
            event.at,
            event.visited_on,
        )
        for event, name in rows
    )


def photos_of_outcome(session: Session, outcome: HouseholdOutcome, label: str) -> tuple[Photo, ...]:
    """The files that speak for an outcome; nothing was asked about them, so all are called `label`."""
    mine = (OutcomeFile.commune_id == outcome.commune_id) & (OutcomeFile.outcome_id == outcome.id)
    return _photos_of(session, OutcomeFile, mine, lambda _path: label)


def _photos(session: Session, submission: Submission, language: str) -> tuple[Photo, ...]:
    form = load_form(session, submission.form_id, submission.form_version)
    asked = form.by_path if form else {}

    def label(path: str) -> str:
        item = asked.get(question_of(path))
        return (item.label.get(language) if item else None) or path

    mine = (SubmissionFile.commune_id == submission.commune_id) & (SubmissionFile.submission_id == submission.id)
    return _photos_of(session, SubmissionFile, mine, label)


def _photos_of(
    session: Session,
    table: type[SubmissionFile] | type[OutcomeFile],
    mine: ColumnElement[bool],
    label: Callable[[str], str],
) -> tuple[Photo, ...]:
    """The files that an entry names, with what has come of each."""
    rows = session.execute(
        select(table.path, table.sha256, Attachment.media_type, Attachment.size, Thumbnail.media_type)
        .outerjoin(Attachment, and_(Attachment.commune_id == table.commune_id, Attachment.sha256 == table.sha256))
        .outerjoin(Thumbnail, and_(Thumbnail.commune_id == table.commune_id, Thumbnail.sha256 == table.sha256))
        .where(mine)
        .order_by(table.path, table.sha256)
    )
    return tuple(
        Photo(
            path, label(path), sha256, media_type is not None, kind_of(media_type or ""), size or 0, small is not None
        )
        for path, sha256, media_type, size, small in rows
    )


def _checks(submission: Submission, assessment: Assessment | None, labels: dict[str, str]) -> tuple[Check, ...]:
    confirmed = content_of(submission).get("confirmed")
    said = confirmed if isinstance(confirmed, dict) else {}
    problems: list[dict[str, Any]] = assessment.problems if assessment else []
    return tuple(
        Check(
            problem["path"],
            labels.get(problem["path"], problem["path"]),
            problem["severity"],
            problem["kind"],
            problem["message"],
            str(said[problem["path"]]) if problem["path"] in said else None,
        )
        for problem in problems
    )


def _raw(submission: Submission) -> str:
    """The entry's text for people, the beginning of it when it is long."""
    return json.dumps(json.loads(submission.content), ensure_ascii=False, indent=1)[:MAX_RAW]


def _others(session: Session, submission: Submission) -> tuple[tuple[Submission, SubmissionState], ...]:
    """Every other submission of its household in the round, and what bears its id with other content."""
    group = group_of(session, submission)
    rows = [*(in_group(session, submission.commune_id, group) if group else ()), *twins(session, submission)]
    found = {other.id: (other, SubmissionState(status.state)) for other, status in rows if other.id != submission.id}
    return tuple(found.values())
