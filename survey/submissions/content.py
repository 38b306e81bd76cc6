"""What a submission says, read for whoever judges it: its answers, its day, and the record that follows from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, Round, Submission, SubmissionEvent, SubmissionStatus
from survey.clocks import HERE, TOLERANCE, day_of, read_instant
from survey.form.form import Form, Item
from survey.form.record import Clock, Evaluation
from survey.questionnaires.published import load_form
from survey.register.entries import context_of, context_of_village
from survey.register.places import named_now
from survey.submissions.evaluated_first import evaluation
from survey.terms import QuarantineReason
from survey.text import plain_name

OLDEST = timedelta(days=400)
# What the phone is told and carries in its answers, and the register knows better: which line and which points.
TOLD = ("khu_vuc", "vung", "cach_b1")
BY_CLOCK = frozenset({"today", "start", "end"})  # questions that the phone answers by its clock
MAX_CONTENT = 400_000  # characters of ASCII JSON; a household of 20 members takes about 40,000


Told = Mapping[str, str | None]


class Dated(NamedTuple):
    """What the review log says of an interview's time. `visited_on`: the day that a person found it to be of;
    `receipt_wrong`: the server's own clock was in doubt when it came."""

    visited_on: date | None
    receipt_wrong: bool


def dated(session: Session, submission: Submission) -> Dated:
    """What was found of a submission's time since it came."""
    return _dated(session, submission.commune_id, [submission.id])[submission.id]


def dated_at(session: Session, submission: Submission, at: datetime) -> Dated:
    """What had been found of it by an instant."""
    return _dated(session, submission.commune_id, [submission.id], at)[submission.id]


def _dated(session: Session, commune_id: str, ids: Sequence[str], at: datetime | None = None) -> dict[str, Dated]:
    held_for_us = SubmissionEvent.reason == QuarantineReason.SERVER_CLOCK.value
    query = select(SubmissionEvent.submission_id, SubmissionEvent.visited_on, SubmissionEvent.reason).where(
        SubmissionEvent.commune_id == commune_id,
        SubmissionEvent.submission_id.in_(ids),
        SubmissionEvent.visited_on.is_not(None) | held_for_us,
    )
    query = query if at is None else query.where(SubmissionEvent.at <= at)
    rows = session.execute(query.order_by(SubmissionEvent.seq))
    found = dict.fromkeys(ids, Dated(None, False))
    for row in rows:
        was = found[row.submission_id]
        for_us = was.receipt_wrong or row.reason == QuarantineReason.SERVER_CLOCK
        found[row.submission_id] = Dated(row.visited_on or was.visited_on, for_us)
    return found


def clocks_of(session: Session, commune_id: str, submissions: Sequence[Any]) -> dict[str, Clock]:
    """As `clock_of`, of many of a commune at once, by id. Their rows may name no more than what is read of them."""
    found = _dated(session, commune_id, [one.id for one in submissions])
    return {one.id: clock_when(one, found[one.id]) for one in submissions}


def clock_of(session: Session, submission: Submission) -> Clock:
    """The day and instant under which a record is judged: the day that a person found it to be of; else when the phone
    says it was finalised, since ages and terms run to the interview, not to the day the line came back; when that
    cannot be, the instant of its receipt."""
    return clock_when(submission, dated(session, submission))


def clock_when(submission: Any, found: Dated) -> Clock:
    """The same, by what was found of its time."""
    said, received_at = read_instant(submission.finalised_at_said), submission.received_at
    moment = said or received_at
    if not found.receipt_wrong and not received_at - OLDEST <= moment <= received_at + TOLERANCE:
        moment = received_at
    local = moment.astimezone(HERE)
    if found.visited_on is not None:
        local = datetime.combine(found.visited_on, time(12), HERE)
    return Clock(day_of(local), local)


def answers_of(session: Session, submission: Submission) -> Any:
    """The answers as received; where a person found the interview to be of another day than the phone wrote down, with
    that day in the questions that the phone answers by its clock."""
    form = load_form(session, submission.form_id, submission.form_version)
    return _answers(submission, form, dated(session, submission))


def _answers(submission: Submission, form: Form | None, found: Dated) -> Any:
    answers = content_of(submission).get("answers")
    if found.visited_on is None or form is None or not isinstance(answers, dict):
        return answers
    return _moved_to(found.visited_on, form.children, answers)


def _moved_to(day: date, items: Sequence[Item], answers: Any) -> Any:
    """The answers with `day` in the place of each day that the phone's clock gave."""
    if isinstance(answers, list):
        return [_moved_to(day, items, one) for one in answers]
    if not isinstance(answers, dict):
        return answers
    moved = dict(answers)
    for item in items:
        said = answers.get(item.name)
        if item.children:
            moved |= {item.name: _moved_to(day, item.children, said)} if item.name in answers else {}
        elif item.type in BY_CLOCK and isinstance(said, str) and said:
            moved[item.name] = day.isoformat() + said[10:]
    return moved


def content_of(submission: Submission) -> dict[str, Any]:
    """The entry as received; {} when it was not an object."""
    content = json.loads(submission.content)
    return content if isinstance(content, dict) else {}


def judged_answers(
    session: Session, submission: Submission, told: Told | None = None, when: Dated | None = None
) -> Any:
    """The answers under which a record is judged: area, region and method of B1 are what the register says today of the
    day of the interview; what the phone carried of them is evidence and stays in the submission. `told`: as if the
    register said so; `when`: as if that were all that was found of its time."""
    form = load_form(session, submission.form_id, submission.form_version)
    found = when or dated(session, submission)
    answers = _answers(submission, form, found)
    truth = _told(session, submission, form, found) if told is None else told
    return _laid_over(form, answers, truth)


def judged_under(session: Session, submission: Submission) -> Told:
    """What a record is judged under of what its form is told, by name: by the register of today of the day of the
    interview, and as the phone carried it where the register knows nothing."""
    form = load_form(session, submission.form_id, submission.form_version)
    answers = judged_answers(session, submission) if form is not None else None
    return {name: answers.get(name) for name in told_names(form)} if form and isinstance(answers, dict) else {}


def _told(session: Session, submission: Submission, form: Form | None, found: Dated) -> Told:
    """What the register says of the day of an interview, as far as its form asks for it."""
    if form is None or not told_names(form):
        return {}
    return _context(session, submission, clock_when(submission, found).today)


def told_names(form: Form) -> list[str]:
    """Of `TOLD`, those that a form asks for."""
    return [item.name for item in form.children if item.columns.get("preload") == "context" and item.name in TOLD]


def _laid_over(form: Form | None, answers: Any, truth: Told) -> Any:
    if form is None or not isinstance(answers, dict):
        return answers
    return answers | {name: truth[name] for name in told_names(form) if truth.get(name) is not None}


def _context(session: Session, submission: Submission, day: date) -> dict[str, str | None]:
    """Of the household that the interview is of; of one that nobody has entered yet, by the village that it names."""
    status = session.get(SubmissionStatus, (submission.commune_id, submission.id))
    household_id = status.household_id if status is not None else submission.household_id
    known = context_of(session, submission.commune_id, household_id, submission.round_id, day)
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    named = content_of(submission).get("new_household")
    village_id = named.get("village_id") if isinstance(named, dict) else None
    village = session.get(Place, village_id) if isinstance(village_id, str) else None
    if known or survey_round is None or village is None or village.parent_id != submission.commune_id:
        return known
    return context_of_village(session, submission.commune_id, named_now(session, village.id, day), survey_round, day)


class Evaluated(NamedTuple):
    """A submission's answers under its own form, and what the register says of its day (`told`). Whoever has it hands
    it on to who needs it next."""

    form: Form
    evaluation: Evaluation
    told: Told


def evaluated(
    session: Session, submission: Submission, told: Told | None = None, when: Dated | None = None
) -> Evaluated | None:
    """The record under its own form; None when the form is not known or there are no answers to read. `told`, `when`:
    see `judged_answers`."""
    form = load_form(session, submission.form_id, submission.form_version)
    if form is None or not readable(submission.content):
        return None
    found = when or dated(session, submission)
    answers = _answers(submission, form, found)
    if not isinstance(answers, dict):
        return None
    truth = _told(session, submission, form, found) if told is None else told
    clock = clock_when(submission, found)
    return Evaluated(form, evaluation(session, form, _laid_over(form, answers, truth), clock), truth)


def members_in(form: Form, values: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(name, values) of each member, in order; without a name where the form says not which answer it is."""
    if form.members is None:
        return []
    found: Any = values
    for part in form.members.path.split("/"):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    label = (form.members.member_label or "").rsplit("/", 1)[-1]
    return [(plain_name(str(member.get(label, ""))), member) for member in found or []]


def readable(content: str) -> bool:
    """Whether answers are worth evaluating: an entry too large or with what JSON has no word for is only kept."""
    return len(content) <= MAX_CONTENT and "NaN" not in content and "Infinity" not in content
