"""A commune's register as a list that goes out: to the commune police, or to be corrected. What a person is follows
from all that was ever written down of the commune, some two milliseconds of processor a household; so only of few a
page makes it at once (`is_small`), else it is a file that waits a day for who asked, in the folder of its job.

The list is of one moment: whoever takes the work over begins it anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Household, Job
from models.database import snapshot
from survey.clocks import day_of
from survey.corrections import police_list, register_list
from survey.corrections.police_list import Made, Tell, Translate
from survey.evidence import audit
from survey.jobs import queue
from survey.jobs.worker import KEPT, Task, folder_of
from survey.problems import Problem
from survey.register import tables
from survey.register.places import names_in
from survey.reports.csvfile import Style, written
from survey.terms import HouseholdState, JobState
from survey.text import N_
from survey.work.asker import check_asker
from survey.work.exporting import gone, path_of, write
from survey.work.kinds import WRITE_POLICE
from survey.work.tables_of_day import WordsIn

FEW = 80  # households on the register: of so many a list takes less than 150 ms of processor
TOLD = 200  # households between two words of how far it is
POLICE_LANGUAGE = "vi"  # of whoever checks it, whatever the reader's is


@dataclass(frozen=True)
class Wanted:
    """`what`: WRITE_POLICE or WRITE_REGISTER; `file`: "xlsx" or "csv"; `language`: of its words."""

    what: str
    commune_id: str
    file: str
    language: str = POLICE_LANGUAGE

    def filename(self, at: datetime) -> str:
        stem = "doi-chieu-cong-an" if self.what == WRITE_POLICE else "so-ho"
        return f"{stem}-{self.commune_id}-{day_of(at).isoformat()}.{self.file}"


def households_on(session: Session, commune_id: str) -> int:
    """How many stand on the register."""
    there = Household.commune_id == commune_id, Household.state == HouseholdState.PRESENT.value
    return session.scalar(select(func.count()).select_from(Household).where(*there)) or 0


def is_small(session: Session, commune_id: str) -> bool:
    """Whether a page makes the list at once."""
    return households_on(session, commune_id) <= FEW


def make(
    session: Session, wanted: Wanted, now: datetime, translate: Translate, tell: Tell = lambda _done, _all: None
) -> Made:
    """The list as it is handed out. `tell`: called with how many households are written, of how many."""
    if wanted.what == WRITE_POLICE:
        place = names_in(session, [wanted.commune_id], day_of(now)).get(wanted.commune_id, wanted.commune_id)
        return police_list.make(session, wanted.commune_id, place, wanted.file, now, translate, tell)
    listed = list(register_list.rows(session, wanted.commune_id, now, tell))
    head = register_list.headings(translate)
    data = _content(wanted.file, translate(N_("Register")), head, listed)
    code = list(register_list.HEADINGS).index(register_list.CODE)
    person = list(register_list.HEADINGS).index(register_list.PERSON)
    return Made(data, sum(bool(row[person]) for row in listed), len({row[code] for row in listed}))


def _content(file: str, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    if file == "csv":
        return b"".join(written(head, rows, Style.SEMICOLON))
    return tables.written(title, head, rows, register_list.widths())


# --- as a job ------------------------------------------------------------------------------------------------------


def ask(session: Session, wanted: Wanted, account_id: str, folder: Path, now: datetime) -> Job:
    """Put it into the line, in the place of the account's last file of the kind; the one under way where there is."""
    under_way = None
    for former in _of_account(session, wanted.what, account_id):
        if former.ended_at is not None:
            shutil.rmtree(folder_of(folder, former.id), ignore_errors=True)
        elif former.commune_id == wanted.commune_id and former.parameters["file"] == wanted.file:
            under_way = former
    if under_way is not None:
        return under_way
    given = {"file": wanted.file, "language": wanted.language, "filename": wanted.filename(now)}
    job = queue.ask(
        session, wanted.what, now, account_id=account_id, commune_id=wanted.commune_id, parameters=given
    )  # fmt: skip
    said = {"file": given["filename"], "job": job.id}
    audit.record(session, now, account_id, "export.asked", wanted.commune_id, said)
    return job


def write_list(words_in: WordsIn, task: Task) -> dict[str, Any]:
    """`parameters`: what is wanted. Can be stopped every `TOLD` households."""
    given, commune_id = task.parameters, task.commune_id or ""
    wanted = Wanted(task.kind, commune_id, given["file"], given["language"])

    def tell(done: int, of_all: int) -> None:
        if done % TOLD == 0:
            task.tell("listing", done, of_all)

    with task.reading() as session:
        snapshot(session)
        check_asker(session, task, commune_id)
        tell(0, households_on(session, commune_id))
        made = make(session, wanted, task.now(), words_in(wanted.language), tell)
    sha256, size = write(task.folder, [made.data])
    result = {"sha256": sha256, "size": size, "households": made.households, "persons": made.people}
    with task.step() as session:
        check_asker(session, task, commune_id)
        said = {"file": given["filename"]} | result
        audit.record(session, task.now(), task.account_id, "export.made", commune_id, said)
        task.reached("listing", made.households, made.households)
    return result


def kept_of(session: Session, what: str, commune_id: str, account_id: str, folder: Path, now: datetime) -> list[Job]:
    """The files that wait for the account."""
    return [
        job for job in _of_account(session, what, account_id)
        if job.commune_id == commune_id and not gone(job, folder, now) and job.ended_at is not None
    ]  # fmt: skip


def kept_file(
    session: Session, job_id: str, what: str, commune_id: str, account_id: str, folder: Path, now: datetime
) -> tuple[Job, Path]:
    """The file, for who asked for it alone. Raises `not_found`, `not_allowed_now` while it is made, `export_gone`."""
    job = session.get(Job, job_id) if job_id.isprintable() else None
    if job is None or (job.kind, job.commune_id, job.account_id) != (what, commune_id, account_id):
        raise Problem("not_found")
    if job.ended_at is None:
        raise Problem("not_allowed_now")
    if job.state != JobState.DONE or gone(job, folder, now):
        raise Problem("export_gone")
    return job, path_of(folder, job.id)


def kept_until(job: Job) -> datetime:
    assert job.ended_at is not None
    return job.ended_at + KEPT


def _of_account(session: Session, what: str, account_id: str) -> list[Job]:
    asked = select(Job).where(Job.kind == what, Job.account_id == account_id)
    return list(session.scalars(asked.order_by(Job.asked_at.desc(), Job.id)))
