"""What a household is: the register's events and its accepted interviews, folded.

An interview counts by its own day: accepted late, it does not put itself in the place of a later one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import OF_SUBMISSION, Assessment, Household, RegisterEvent, RosterRow, Round, Submission, SubmissionStatus
from models.database import chunks
from survey.clocks import day_of
from survey.form.form import Form
from survey.questionnaires.published import load_form
from survey.register.event_log import code_in, events_around, made_code
from survey.register.ledger import Interview, fold, households_in
from survey.register.persons import Person, Row, said_in
from survey.submissions.content import clocks_of, members_in
from survey.submissions.identities import match
from survey.terms import SubmissionState

Kept = dict[tuple[str, str], dict[int, RosterRow]]  # who is who, by interview and household


def interviews_of(session: Session, commune_id: str, household_ids: Iterable[str]) -> list[Interview]:
    """The interviews of some households that say what they are: accepted, in a round that counts (no trial), and
    answered; one that refused is accounted for in its round and stays what it was. Each says who its members are; whom
    nobody has identified yet is, as `keep_identities` would write it down."""
    found: list[Interview] = []
    for chunk in chunks(set(household_ids)):
        of_chunk = session.execute(_counting(commune_id, chunk, Submission, SubmissionStatus, Assessment)).all()
        submissions = [submission for submission, *_ in of_chunk]
        kept = _kept_rows(session, commune_id, [one.id for one in submissions])
        clocks = clocks_of(session, commune_id, submissions)
        forms = {(one.form_id, one.form_version) for one in submissions}
        of_form = {one: load_form(session, *one) for one in forms}
        for submission, status, assessment, seq in of_chunk:
            form = of_form[submission.form_id, submission.form_version]
            found.append(_interview(submission, status, assessment, form, clocks[submission.id].today, seq, kept))
    return _identified(session, commune_id, found)


def classes_found(session: Session, commune_id: str, household_ids: Iterable[str]) -> list[Interview]:
    """The same interviews with the class that each found, and nothing of who lived there: in a tenth of the time."""
    found: list[Interview] = []
    columns = (
        Submission.id, Submission.finalised_at_said, Submission.received_at, SubmissionStatus.household_id,
        SubmissionStatus.updated_at, Assessment.household_class,
    )  # fmt: skip
    for chunk in chunks(set(household_ids)):
        rows = session.execute(_counting(commune_id, chunk, *columns)).all()
        clocks = clocks_of(session, commune_id, rows)
        found += [
            Interview(
                row.id, str(row.household_id), clocks[row.id].today, row.after, row.updated_at,
                household_class=row.household_class,
            )
            for row in rows
        ]  # fmt: skip
    return found


def _counting(commune_id: str, household_ids: Collection[str], *columns: Any) -> Select[Any]:
    """`columns` of the interviews that say what some households are; `after`: the number of the last event that was
    written down before each was accepted."""
    before = select(RegisterEvent.seq).where(
        RegisterEvent.commune_id == commune_id, RegisterEvent.at < SubmissionStatus.updated_at
    )
    told = before.order_by(RegisterEvent.seq.desc()).limit(1).correlate(SubmissionStatus).scalar_subquery()
    return (
        select(*columns, func.coalesce(told, 0).label("after"))
        .join(SubmissionStatus, OF_SUBMISSION)
        .join(
            Assessment,
            (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
        )
        .join(Round, Round.id == Submission.round_id)
        .where(
            SubmissionStatus.commune_id == commune_id,
            SubmissionStatus.household_id.in_(household_ids),
            SubmissionStatus.state == SubmissionState.ACCEPTED.value,
            ~Assessment.refused,
            ~Round.trial,
        )
        .order_by(SubmissionStatus.updated_at, Submission.id)
    )


def keep_identities(session: Session, commune_id: str, interviews: Iterable[Interview]) -> None:
    """Write down who the members of interviews are that were not identified before: from then on it stays so."""
    for one in interviews:
        for row in one.rows:
            if not row.is_kept:
                session.add(
                    RosterRow(
                        commune_id=commune_id,
                        submission_id=one.submission_id,
                        household_id=one.household_id,
                        position=row.position,
                        person_id=row.person_id,
                        doubts=list(row.doubts),
                    )
                )


def _kept_rows(session: Session, commune_id: str, ids: Sequence[str]) -> Kept:
    found: Kept = defaultdict(dict)
    rows = select(RosterRow).where(RosterRow.commune_id == commune_id, RosterRow.submission_id.in_(ids))
    for row in session.scalars(rows):
        found[row.submission_id, row.household_id][row.position] = row
    return found


def _identified(session: Session, commune_id: str, interviews: list[Interview]) -> list[Interview]:
    """With the code of everybody, in the order in which they were accepted: who was met first has the say."""
    unknown = [one for one in interviews if any(not row.person_id for row in one.rows)]
    if not unknown:
        return interviews
    told = {one.submission_id: one for one in interviews if one not in unknown}
    for one in sorted(unknown, key=lambda each: (each.accepted_at, each.submission_id)):
        events = events_around(session, commune_id, [one.household_id])  # of its own: a commune's are thousands
        near = households_in(events) | {one.household_id}
        people = fold(events, [each for each in told.values() if each.household_id in near]).people
        known = {id: people.known[id] for id in people.homes.get(one.household_id, ())}
        known = {id: person for id, person in known.items() if person.same_as is None}
        known |= {person.id: person for person in _met_once(session, commune_id, one.household_id)
                  if person.id not in people.known}  # fmt: skip
        told[one.submission_id] = replace(one, rows=_with_codes(session, commune_id, one, list(known.values())))
    return [told[one.submission_id] for one in interviews]


def _met_once(session: Session, commune_id: str, household_id: str) -> list[Person]:
    """Who was identified in an interview of a household that counts no more, or not now: a corrected interview finds
    them again."""
    rows = session.execute(
        select(RosterRow, Assessment, Submission)
        .join(SubmissionStatus, (SubmissionStatus.commune_id == RosterRow.commune_id)
              & (SubmissionStatus.submission_id == RosterRow.submission_id))
        .join(Submission, OF_SUBMISSION)
        .join(Assessment, (Assessment.commune_id == RosterRow.commune_id)
              & (Assessment.submission_id == RosterRow.submission_id))
        .where(SubmissionStatus.commune_id == commune_id, SubmissionStatus.household_id == household_id,
               RosterRow.household_id == household_id)
        .order_by(Submission.received_at, Submission.id, RosterRow.position)
    ).all()  # fmt: skip
    found: dict[str, Person] = {}
    for row, assessment, submission in rows:
        form = load_form(session, submission.form_id, submission.form_version)
        members = members_in(form, assessment.values) if form is not None else []
        if row.position < len(members):
            day = day_of(submission.received_at)
            found[row.person_id] = Person(
                row.person_id, said_in(members[row.position][1]), household_id, day, day, doubts=tuple(row.doubts)
            )
    return list(found.values())


def _with_codes(session: Session, commune_id: str, interview: Interview, known: list[Person]) -> tuple[Row, ...]:
    """Each row with its code: of whom it is, else the one that it brings along, else one made from the interview."""
    found, doubts = match(known, interview.rows)
    asked = {person.id: person.doubts for person in known}  # nobody has said yet who they are
    elsewhere = _met_elsewhere(session, commune_id, interview)
    taken = {*found.values(), *(person.id for person in known)}
    rows = []
    for row in interview.rows:
        code = found.get(row.position) or code_in(row.said)
        if row.position not in found and (not code or code in taken or code in elsewhere):
            code = made_code(f"{commune_id} {interview.household_id} {interview.submission_id} {row.position}")
        taken.add(code)
        rows.append(replace(row, person_id=code, doubts=doubts.get(row.position, asked.get(code, ())), is_kept=False))
    return tuple(rows)


def _met_elsewhere(session: Session, commune_id: str, interview: Interview) -> set[str]:
    """Codes that the interview brings along and that name people of other households: met there in an interview, named
    there by an event, or entered there with a list, which numbers the members of a household."""
    codes = {code_in(row.said) for row in interview.rows} - {""}
    found: set[str] = set()
    if not codes:
        return found
    for table in (RosterRow, RegisterEvent):
        named = (table.commune_id == commune_id) & table.person_id.in_(codes)
        elsewhere = select(table.person_id).where(named, table.household_id != interview.household_id)
        found |= {code for code in session.scalars(elsewhere) if code is not None}
    homes = {code: code.rpartition("-")[0] for code in codes}
    listed = select(Household.id).where(Household.commune_id == commune_id, Household.id.in_(homes.values()))
    others = set(session.scalars(listed)) - {interview.household_id}
    return found | {code for code, home in homes.items() if home in others}


def _interview(
    submission: Submission,
    status: SubmissionStatus,
    assessment: Any,
    form: Form | None,
    day: date,
    seq: int,
    kept: Kept,
) -> Interview:  # fmt: skip
    members = members_in(form, assessment.values) if form is not None else []
    rows = kept.get((submission.id, str(status.household_id)), {})
    return Interview(
        submission.id,
        str(status.household_id),
        day,
        seq,
        status.updated_at,
        assessment.head_name,
        assessment.household_class,
        submission.round_id,
        tuple(_row(at, values, rows.get(at)) for at, (_name, values) in enumerate(members)),
    )


def _row(position: int, values: dict[str, Any], kept: RosterRow | None) -> Row:
    said = said_in(values)
    return Row(position, said, kept.person_id, tuple(kept.doubts)) if kept is not None else Row(position, said)
