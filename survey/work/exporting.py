"""A large data file, made beside the pages into a file that waits a day for who asked.

It lies in the job's folder, which only the server reads and no backup holds; a worker removes it when its day is over.
The file is there whole or not at all: it is written under another name, and what is left of that is removed whatever
happens.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Job
from models.database import snapshot
from survey.accounts.accounts import communes_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.exports import changes, formats, research, rows
from survey.exports.files import DATA, DataFile, Kind
from survey.exports.formats import Manner
from survey.exports.research import Asked
from survey.exports.rows import Choice
from survey.files.store import sync_to_disk
from survey.jobs import queue
from survey.jobs.worker import KEPT, Task, folder_of
from survey.problems import Problem
from survey.register.places import names_in
from survey.reports.csvfile import Cell, Style
from survey.terms import JobState
from survey.work.asker import check_asker
from survey.work.kinds import ASKED_BY, CHANGES, DATA_FILES, EXPORT, RESEARCH, TABLES

MOST = 5  # files of one account that are kept or being made: a disk is not filled by one who asks and asks
_FILE, _PART, SINCE = "file", ".part", "since.gz"
_HOUSEHOLD = 7  # where the household's id stands in IDENTITY


@dataclass(frozen=True)
class Wanted:
    """What is to be written: the offer's name, as what it is downloaded, of which households, in which manner."""

    offer: str
    filename: str
    choice: Choice
    title: str
    language: str
    style: str
    words: bool


@dataclass(frozen=True)
class WantedResearch:
    """A research file: as what it is downloaded, of which households, with what is asked of it."""

    filename: str
    choice: Choice
    title: str
    asked: Asked
    offer: str = research.NAME


@dataclass(frozen=True)
class WantedChanges:
    """A data package with its cursor: all of it, or what changed since the cursor that lies in the job's folder."""

    filename: str
    choice: Choice
    title: str
    language: str
    since: bool
    offer: str = changes.NAME


@dataclass(frozen=True)
class WantedTables:
    """The official tables of a place as they stood at an instant (`at`, ISO 8601). `lines`: as `tables.Scope.lines`."""

    filename: str
    choice: Choice
    language: str
    place_id: str
    at: str
    lines: str
    offer: str = "bieu.zip"


_KIND = {Wanted: EXPORT, WantedResearch: RESEARCH, WantedChanges: CHANGES, WantedTables: TABLES}


def ask(
    session: Session, wanted: Wanted | WantedResearch | WantedChanges | WantedTables, account_id: str,
    commune_id: str | None, folder: Path, now: datetime,
) -> Job:  # fmt: skip
    """Put the file into the line. Raises `exports_enough`."""
    if sum(not gone(one, folder, now) for one in of_account(session, account_id, now)) >= MOST:
        raise Problem("exports_enough")
    kind, given = _KIND[type(wanted)], asdict(wanted)
    return queue.ask(session, kind, now, account_id=account_id, commune_id=commune_id, parameters=given)


def of_account(session: Session, account_id: str, now: datetime) -> list[Job]:
    """The files that the account asked for, the newest first: without those whose day is over."""
    asked = select(Job).where(Job.kind.in_(DATA_FILES), Job.account_id == account_id)
    asked = asked.order_by(Job.asked_at.desc(), Job.id)
    return [job for job in session.scalars(asked) if job.ended_at is None or now < job.ended_at + KEPT]


def gone(job: Job, folder: Path, now: datetime) -> bool:
    """Whether there is nothing of it, and nothing comes any more."""
    if job.ended_at is None:
        return False
    return job.state != JobState.DONE.value or now >= job.ended_at + KEPT or not path_of(folder, job.id).is_file()


def kept_file(session: Session, job_id: str, account: Account, folder: Path, now: datetime) -> tuple[Job, Path]:
    """The file, for who asked for it and may still read all that is in it. Raises `not_found`, `export_gone`."""
    job = _own(session, job_id, account)
    if not set(job.parameters["choice"]["communes"]) <= set(communes_of(session, account, ASKED_BY[job.kind])):
        raise Problem("not_found")
    if job.ended_at is None:
        raise Problem("not_allowed_now")
    if gone(job, folder, now):
        raise Problem("export_gone")
    return job, path_of(folder, job.id)


def remove(session: Session, job_id: str, account: Account, folder: Path) -> Job:
    """Take the file away before its day is over. Raises `not_found`, and `not_allowed_now` while it is being made."""
    job = _own(session, job_id, account)
    if job.ended_at is None:
        raise Problem("not_allowed_now")
    shutil.rmtree(folder_of(folder, job.id), ignore_errors=True)
    return job


def _own(session: Session, job_id: str, account: Account) -> Job:
    job = session.get(Job, job_id) if job_id.isprintable() else None
    if job is None or job.kind not in DATA_FILES or job.account_id != account.id:
        raise Problem("not_found")
    return job


def path_of(folder: Path, job_id: str) -> Path:
    """Where the file of a job lies."""
    return folder_of(folder, job_id) / _FILE


def export(task: Task) -> dict[str, Any]:
    """`parameters`: a `Wanted`. Begun anew by whoever takes it over. Can be stopped at each hundredth."""
    given, choice = task.parameters, _choice(task)
    offer = formats.offers()[given["offer"]]
    with task.reading() as session:
        snapshot(session)
        _check(session, task, choice)
        count = rows.count(session, choice)
        names = names_in(session, choice.communes, day_of(task.now()))
        manner = Manner(given["title"], task.now(), given["language"], Style(given["style"]), given["words"])
        progress = _Progress(task, count * formats.readings(offer))
        written = write(task.folder, formats.pieces(session, offer, choice, names, manner, progress.watch))
    return _made(task, choice, *written, count)


def export_research(task: Task) -> dict[str, Any]:
    """`parameters`: a `WantedResearch`. Begun anew by whoever takes it over, as another release."""
    given, choice = task.parameters, _choice(task)
    with task.reading() as session:
        snapshot(session)
        _check(session, task, choice)
        count = rows.count(session, choice)
        progress = _Progress(task, count)
        asked = Asked(**given["asked"])
        prepare(task.folder)
        pieces = research.pieces(
            session, choice, asked, given["title"], task.now(), task.folder, progress.household
        )  # fmt: skip
        written = write(task.folder, pieces)
    return _made(task, choice, *written, count)


def export_changes(task: Task) -> dict[str, Any]:
    """`parameters`: a `WantedChanges`. Begun anew by whoever takes it over."""
    given, choice = task.parameters, _choice(task)
    with task.reading() as session:
        snapshot(session)
        _check(session, task, choice)
        since = changes.cursor_in(session, task.folder / SINCE, choice) if given["since"] else None
        count = rows.count(session, choice)
        names = names_in(session, choice.communes, day_of(task.now()))
        progress = _Progress(task, count * (len(DATA) - 1))
        prepare(task.folder)
        manner = given["language"], given["title"], task.now()
        pieces = changes.pieces(session, choice, names, since, *manner, task.folder, progress.watch)
        written = write(task.folder, pieces)
    return _made(task, choice, *written, count)


def _choice(task: Task) -> Choice:
    given = task.parameters["choice"]
    return Choice(given["round_id"], tuple(given["communes"]), given["everything"])


def _check(session: Session, task: Task, choice: Choice) -> None:
    for commune_id in choice.communes:
        check_asker(session, task, commune_id)


def _made(task: Task, choice: Choice, sha256: str, size: int, count: int) -> dict[str, Any]:
    made = {"sha256": sha256, "size": size, "households": count}
    with task.step() as session:
        said = {"file": task.parameters["offer"], "round": choice.round_id, "communes": len(choice.communes)}
        audit.record(session, task.now(), task.account_id, "export.made", task.commune_id or "", said | made)
        task.reached("exporting", 100, 100)
    return made


class _Progress:
    """Tells each hundredth of the households that are gone through, `households` in all readings together."""

    def __init__(self, task: Task, households: int) -> None:
        self._task, self._all, self._done, self._told = task, max(households, 1), 0, -1
        self._tell()

    def watch(self, file: DataFile) -> DataFile:
        if file.kind in (Kind.CODEBOOK, Kind.NO_INTERVIEW):
            return file
        return replace(file, rows=lambda: self._seen(file))

    def household(self) -> None:
        self._done += 1
        self._tell()

    def _seen(self, file: DataFile) -> Iterator[Sequence[Cell]]:
        last: Cell = None
        reading = file.rows()
        try:
            for row in reading:
                if row[_HOUSEHOLD] != last:
                    last = row[_HOUSEHOLD]
                    self.household()
                yield row
        finally:
            del reading  # what is broken off lets its cursor go while the connection is there

    def _tell(self) -> None:
        # A column that is not what its type says has the rows read once more: it does not come to its end before.
        hundredth = min(self._done * 100 // self._all, 99)
        if hundredth > self._told:
            self._told = hundredth
            self._task.tell("exporting", hundredth, 100)


def prepare(folder: Path) -> None:
    """What another worker left when it died goes away first."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob(f"*{_PART}"):
        left.unlink(missing_ok=True)


def write(folder: Path, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Its SHA-256 and size in bytes."""
    prepare(folder)
    part, sha256, size = folder / f"{secrets.token_hex(8)}{_PART}", hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
                sha256.update(piece)
                size += len(piece)
        sync_to_disk(part)
        part.replace(folder / _FILE)
    finally:
        part.unlink(missing_ok=True)
    return sha256.hexdigest(), size
