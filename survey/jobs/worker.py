"""A worker: takes one job after another and does it, whatever becomes of the one before.

It knows no kind of work: it is handed them by name, each a function of a `Task`. A kind reads for as long as it likes
(`Task.reading`) and writes in short transactions (`Task.step`), each of which also writes how far it came: so what was
done and the cursor stand or fall together, and whoever takes the job over after a crash does nothing twice.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import Job
from models.database import reading_engine
from models.writer_queue import give_way
from survey.jobs import queue
from survey.lacks import lack_of
from survey.problems import Problem
from survey.terms import JobState

CRASHED = "job_crashed"
KEPT = timedelta(days=1)  # how long the files of a job that ended wait for whoever acts on its result
_log = logging.getLogger("so_ho.jobs")


class Stopped(Exception):
    """Somebody asked for an end, and it is obeyed."""


class Lost(Exception):
    """The job is another worker's by now: what this one was about to write is not written."""


class Task:
    """A job as its kind sees it."""

    def __init__(self, job: Job, worker: Worker) -> None:
        self.id, self.kind, self.commune_id, self.account_id = job.id, job.kind, job.commune_id, job.account_id
        self.parameters, self.cursor, self.follows = job.parameters, job.cursor, job.follows
        self.folder = folder_of(worker.folder, job.id)
        self.word, self.done, self.total = job.word, job.done, job.total
        self._worker = worker

    def now(self) -> datetime:
        return self._worker.clock()

    def folder_of_former(self) -> Path:
        """The files of the job whose result this one acts on."""
        return folder_of(self._worker.folder, self.follows or "")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A Session that only reads, for as long as it takes: nobody waits for it."""
        with Session(reading_engine(self._worker.engine), expire_on_commit=False) as session:
            yield session

    @contextmanager
    def step(self, *, may_stop: bool = True) -> Iterator[Session]:
        """A short transaction in which something is done and, with `reached`, how far that is. Raises Stopped when
        somebody asked for it (unless what is begun must be brought to its end), and Lost."""
        with Session(self._worker.engine, expire_on_commit=False) as session, session.begin():
            if may_stop and queue.is_to_stop(session, self.id):
                raise Stopped
            yield session
            said = {"word": self.word, "done": self.done, "total": self.total, "cursor": self.cursor}
            if not queue.reach(session, self.id, self._worker.name, self.now(), **said):
                raise Lost
        self._worker.give_way(self._worker.engine)

    def reached(self, word: str, done: int = 0, total: int | None = None, cursor: Any = None) -> None:
        """How far it is, once the transaction under way is; `cursor`: where the next worker would go on."""
        self.word, self.done, self.total = word, done, total
        self.cursor = self.cursor if cursor is None else cursor

    def tell(self, word: str, done: int = 0, total: int | None = None) -> None:
        """Say what is done now, where nothing is written."""
        with self.step():
            self.reached(word, done, total)


Kind = Callable[[Task], Any]  # returns the result, small JSON
Asked = TypeVar("Asked", Job, Job | None)


class Worker:
    """`folder`: of all jobs' files; `kinds`: what it can do; `give_way`: what it does between two steps;
    `alone`: the kinds of which a commune has one at a time."""

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        kinds: Mapping[str, Kind],
        clock: Callable[[], datetime],
        name: str = "",
        give_way: Callable[[Engine], None] = give_way,
        alone: Collection[str] = (),
    ) -> None:
        self.give_way, self.alone = give_way, alone
        self.engine, self.folder, self.kinds, self.clock = engine, folder, kinds, clock
        self.name = name or f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"

    def work(self) -> bool:
        """Do one job, to whatever end; False when there is none. An error of the database is raised: nobody would hear
        how the job ended."""
        with Session(reading_engine(self.engine)) as session:
            if not queue.waiting(session, self.clock(), self.alone):
                return False
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            job = queue.take(session, self.name, self.clock(), self.kinds, self.alone)
        if job is None:
            return False
        self._do(Task(job, self))
        return True

    def do_now(self, ask: Callable[[Session], Asked]) -> Asked:
        """Ask for a job and do it here; returns how it ended, None where there was none to ask for. Should this process
        die, another worker goes on."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            job = ask(session)
            if job is None:
                return job
            queue.begin(session, job, self.name, self.clock())
        self._do(Task(job, self))
        with Session(reading_engine(self.engine)) as session:
            return session.get_one(Job, job.id)

    def work_until(self, ended: Event, pause: float) -> None:
        """Work until told to end, looking again after a `pause` without anything to do."""
        while not ended.is_set():
            try:
                if self.work():
                    continue
                self.clean()
            except Exception as error:  # noqa: BLE001 - the database is away for a while: the worker stays
                _tell("looking for work", error)
            ended.wait(pause)

    def clean(self) -> None:
        """Remove the files of jobs that ended a while ago, or that there are not; not what another still goes by."""
        if not self.folder.is_dir():
            return
        with Session(reading_engine(self.engine)) as session:
            followed = set(session.scalars(select(Job.follows).where(Job.ended_at.is_(None))))
            for folder in self.folder.iterdir():
                if folder.name in followed:
                    continue
                job, before = session.get(Job, folder.name), self.clock() - KEPT
                over = job.ended_at if job is not None else datetime.fromtimestamp(folder.stat().st_mtime, UTC)
                if over is not None and over < before:
                    shutil.rmtree(folder, ignore_errors=True)

    def _do(self, task: Task) -> None:
        try:
            with self._holding(task):
                result = self.kinds[task.kind](task)
            self._write(queue.finish, task, result)
        except Stopped:
            self._write(queue.stop, task)
            shutil.rmtree(task.folder, ignore_errors=True)
        except Lost:
            _log.warning("job %s %s: another worker has it", task.kind, task.id)
        except Problem as problem:  # a refusal: another try would meet the same
            self._write(queue.fail, task, problem.code, again=problem.code in queue.PASSING)
        except Exception as error:  # noqa: BLE001 - whatever a kind's code does, the worker lives
            _tell(f"job {task.kind} {task.id}", error)
            lack = lack_of(error)
            self._write(queue.fail, task, lack.code if lack else CRASHED, again=True)
        except BaseException:  # told to end
            with Session(self.engine) as session, session.begin():
                queue.put_back(session, task.id, self.name)
            raise

    def _write(self, write: Callable[..., bool], task: Task, *given: Any, **named: Any) -> None:
        with Session(self.engine) as session, session.begin():
            write(session, task.id, self.name, self.clock(), *given, **named)

    @contextmanager
    def _holding(self, task: Task) -> Iterator[None]:
        """Renew the lease meanwhile, from a thread: a kind may read for minutes."""
        ended = Event()

        def hold() -> None:
            while not ended.wait(queue.LEASE.total_seconds() / 4):
                try:
                    with Session(self.engine) as session, session.begin():
                        queue.renew(session, task.id, self.name, self.clock())
                except Exception as error:  # noqa: BLE001 - the next time is soon
                    _tell("renewing a lease", error)

        thread = Thread(target=hold, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def folder_of(folder: Path, job_id: str) -> Path:
    """Where the files of a job lie; see `private`."""
    return folder / job_id


def private(path: Path, content: bytes) -> None:
    """Write a file that only the server may read, whole or not at all."""
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)


def is_idle(session: Session, now: datetime) -> bool:
    """Whether something has been waiting so long that no worker seems to be there."""
    oldest = select(Job.asked_at).where(Job.state == JobState.QUEUED.value).order_by(Job.asked_at).limit(1)
    running = select(Job.id).where(Job.state == JobState.RUNNING.value, Job.free_at > now).limit(1)
    since = session.scalar(oldest)
    return since is not None and now - since > queue.LEASE / 2 and session.scalar(running) is None


def _tell(what: str, error: Exception) -> None:
    """To the log only where and what kind: an exception's text may quote somebody's answers."""
    lack = lack_of(error)
    if lack is not None:
        _log.error("%s: %s, %s", what, lack.code, type(error).__name__)
    else:
        _log.error("%s: %s\n%s", what, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
