"""Which readings of the texts a paper confirms, and which classes hang on those that none does.

The value in use of a reading is part of the questionnaire's version, so that phones, this server and ODK Collect read
alike. A confirmation names a value and the paper; where it is not the value in use, a next version is made with it.

The ministry's tables leave questions open too (`table_readings.csv`; the first value of each is in use until a paper
names another). They change no class, so what the newest paper names is in use at once.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AssessmentReading, FormDraft, FormVersion, ReadingConfirmation
from survey.evidence import audit
from survey.form.form import Form
from survey.poverty.readings import Reading, readings
from survey.problems import Problem
from survey.questionnaires.drafts import draft_from
from survey.questionnaires.published import load_form
from survey.terms import HouseholdClass

TABLES = "bieu_tong_hop"  # stands where a questionnaire's id does, of the readings of the tables
BY = "; hiểu theo "  # in a row's law, before the paper


@dataclass(frozen=True)
class ReadingStatus:
    """A reading, and the newest paper about it; `by`: who entered that paper."""

    reading: Reading
    paper: ReadingConfirmation | None = None
    by: Account | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the paper confirms the value in use."""
        return self.paper is not None and self.paper.value == self.reading.value

    @property
    def decided_otherwise(self) -> bool:
        """Whether the paper names another value than the one in use: the next version must have it."""
        return self.paper is not None and not self.confirmed


@dataclass(frozen=True)
class OpenReading:
    """A class that hangs on an unconfirmed reading: what it would be under each other value (None: an answer would be
    missing)."""

    reading: Reading
    classes: dict[str, HouseholdClass | None]


def forms_in_use(session: Session) -> list[FormVersion]:
    """Of each questionnaire with readings the version published last, of those that rounds may use."""
    query = select(FormVersion).where(FormVersion.retired_at.is_(None))
    query = query.order_by(FormVersion.published_at.desc(), FormVersion.version.desc())
    newest: dict[str, FormVersion] = {}
    for stored in session.scalars(query):
        newest.setdefault(stored.form_id, stored)
    forms = {stored.form_id: load_form(session, stored.form_id, stored.version) for stored in newest.values()}
    return [stored for stored in newest.values() if (form := forms[stored.form_id]) is not None and form.readings]


def find_form(session: Session, form_id: str) -> tuple[FormVersion, Form]:
    """The version of `forms_in_use` and its form. Raises `not_found`."""
    stored = next((one for one in forms_in_use(session) if one.form_id == form_id), None)
    form = load_form(session, stored.form_id, stored.version) if stored else None
    if stored is None or form is None:
        raise Problem("not_found")
    return stored, form


def standings(session: Session, form: Form) -> list[ReadingStatus]:
    """Every reading of a questionnaire with its paper."""
    papers = _papers(session, form.id)
    return [ReadingStatus(one, *papers.get(one.name, (None, None))) for one in readings(form)]


def of_tables(session: Session, at: datetime | None = None) -> list[ReadingStatus]:
    """Every reading of the tables with its paper, whose value is in use, of the papers entered by an instant (None:
    now)."""
    papers, found = _papers(session, TABLES, at), []
    for one in _of_tables():
        paper, by = papers.get(one.name, (None, None))
        found.append(ReadingStatus(replace(one, value=paper.value) if paper else one, paper, by))
    return found


@cache
def _of_tables() -> list[Reading]:
    found: dict[str, Reading] = {}
    with Path(__file__).with_name("table_readings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            question = {"vi": row["question_vi"], "en": row["question_en"]}
            one = found.setdefault(row["reading"], Reading(row["reading"], question, row["value"], {}, row["law"]))
            one.meanings[row["value"]] = {"vi": row["words_vi"], "en": row["words_en"]}
    return list(found.values())


def _papers(
    session: Session, form_id: str, at: datetime | None = None
) -> dict[str, tuple[ReadingConfirmation, Account]]:
    query = (
        select(ReadingConfirmation, Account)
        .join(Account, Account.id == ReadingConfirmation.account_id)
        .where(ReadingConfirmation.form_id == form_id)
        .order_by(ReadingConfirmation.confirmed_at, ReadingConfirmation.id)
    )
    rows = session.execute(query if at is None else query.where(ReadingConfirmation.confirmed_at <= at))
    return {paper.reading: (paper, by) for paper, by in rows}  # the newest stays


def find(session: Session, form: Form | None, name: str) -> ReadingStatus:
    """Of a questionnaire, or of the tables. Raises `not_found`."""
    those = standings(session, form) if form is not None else of_tables(session)
    found = next((one for one in those if one.reading.name == name), None)
    if found is None:
        raise Problem("not_found")
    return found


def unconfirmed(session: Session, form: Form | None) -> list[Reading]:
    """The readings whose value in use no paper confirms."""
    return [one.reading for one in standings(session, form) if not one.confirmed] if form else []


def confirm(
    session: Session, form: Form | None, name: str, value: str, decision: str, decided_on: date, now: datetime,
    account_id: str,
) -> ReadingConfirmation:  # fmt: skip
    """Enter a paper that names `value`. Raises `not_found` for a value that the reading cannot have."""
    if value not in find(session, form, name).reading.meanings:
        raise Problem("not_found")
    form_id = form.id if form is not None else TABLES
    made = ReadingConfirmation(
        id=str(uuid4()), form_id=form_id, reading=name, value=value, decision=decision.strip(), decided_on=decided_on,
        account_id=account_id, confirmed_at=now,
    )  # fmt: skip
    session.add(made)
    detail = {"value": value, "decision": made.decision, "decided_on": decided_on.isoformat()}
    audit.record(session, now, account_id, "reading_confirmed", f"{form_id} {name}", detail)
    return made


def next_version(
    session: Session, stored: FormVersion, version: str, now: datetime, account_id: str | None
) -> FormDraft:
    """A draft of the questionnaire with the values that papers name. `not_allowed_now` when it has them already."""
    form = load_form(session, stored.form_id, stored.version)
    decided = [one for one in standings(session, form) if one.paper] if form else []
    if not any(one.decided_otherwise for one in decided):
        raise Problem("not_allowed_now")
    cells = {}
    for one in decided:
        assert one.paper is not None
        literal = one.paper.value if one.paper.value.isdecimal() else f"'{one.paper.value}'"
        law = one.reading.law.partition(BY)[0]
        law += f"{BY}{one.paper.decision}, ngày {one.paper.decided_on:%d/%m/%Y}"
        cells[one.reading.name] = {"calculation": literal, "law": law}
    return draft_from(session, stored, version, now, account_id, cells=cells)


def doubts(
    session: Session, commune_id: str, submission_id: str, open_readings: Sequence[Reading]
) -> list[OpenReading]:
    """Of the readings given, those on which the class of a submission hangs."""
    rows = session.scalars(
        select(AssessmentReading).where(
            AssessmentReading.commune_id == commune_id, AssessmentReading.submission_id == submission_id
        )
    )
    found: dict[str, dict[str, HouseholdClass | None]] = {}
    for row in rows:
        other = HouseholdClass(row.household_class) if row.household_class else None
        found.setdefault(row.reading, {})[row.value] = other
    return [OpenReading(one, found[one.name]) for one in open_readings if one.name in found]
