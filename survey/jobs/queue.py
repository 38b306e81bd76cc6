"""The line of jobs: asked for, taken by one worker, seen, stopped, ended.

A job is its worker's until `free_at` (the lease), which the worker moves on while it lives. A worker that died says
nothing: its job is free when the time is over, and the next one goes on at the cursor. Each of these is one short
transaction of the caller; time is an argument.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Select, Update, and_, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from models import Job
from models.commune_counter import lock_commune
from survey.problems import Problem
from survey.terms import JobState

LEASE = timedelta(seconds=60)
REST = timedelta(seconds=10)  # after a failure, times how many there were
TRIES = 3  # in which it gets no further
PASSING = frozenset({"busy", "storage_full"})  # these pass by themselves
LONG_REST = timedelta(seconds=60)  # of what has begun, until they have
GAVE_UP = "job_gave_up"  # it was begun so often and nobody lived to tell why


def ask(
    session: Session,
    kind: str,
    now: datetime,
    *,
    account_id: str | None = None,
    commune_id: str | None = None,
    parameters: dict[str, Any] | None = None,
    follows: str | None = None,
) -> Job:
    """Put work into the line. Raises `not_allowed_now` when another job acts on what this one follows."""
    if follows is not None and session.scalar(select(Job.id).where(Job.follows == follows)) is not None:
        raise Problem("not_allowed_now")
    job = Job(
        id=str(uuid4()),
        kind=kind,
        commune_id=commune_id,
        account_id=account_id,
        follows=follows,
        parameters=parameters or {},
        state=JobState.QUEUED.value,
        tries=0,
        word="",
        done=0,
        asked_at=now,
    )
    try:
        with session.begin_nested():  # what follows it refers to it
            session.add(job)
    except IntegrityError:
        if follows is None:
            raise
        raise Problem("not_allowed_now") from None  # from two pages at one moment
    return job


def begin(session: Session, job: Job, worker: str, now: datetime) -> None:
    """It is this worker's from here on."""
    job.state, job.worker, job.free_at = JobState.RUNNING.value, worker, now + LEASE
    job.tries, job.begun_at = job.tries + 1, job.begun_at or now
    session.flush()  # whether one is under way is asked next


def under_way(session: Session, kind: str, commune_id: str) -> bool:
    """Whether one of the kind has begun in the commune and not ended."""
    begun = select(Job.id).where(Job.kind == kind, Job.commune_id == commune_id, Job.begun_at.is_not(None))
    return session.scalar(begun.where(Job.ended_at.is_(None)).limit(1)) is not None


def waiting(session: Session, now: datetime, alone: Collection[str] = ()) -> bool:
    """Whether there is anything to be taken. Reads alone: who has nothing to do keeps nobody waiting."""
    return session.scalar(_free(now, alone).limit(1)) is not None


def take(
    session: Session, worker: str, now: datetime, kinds: Collection[str], alone: Collection[str] = ()
) -> Job | None:
    """The oldest job that is nobody's, now this worker's; None when there is none. One that was begun too often ends
    here, and one that was to stop before it had written anything: else its kind knows where it may. Two workers never
    take the same: on PostgreSQL its row is locked and passed over by the other, on SQLite one of them writes at a
    time. `alone`: kinds of which a commune has one at a time; the others wait until what has begun there has ended."""
    free = _free(now, alone).where(Job.kind.in_(kinds)).limit(1).with_for_update(skip_locked=True, of=Job)
    while (job := session.scalars(free.execution_options(populate_existing=True)).first()) is not None:
        if job.kind in alone and job.commune_id is not None:
            lock_commune(session, job.commune_id)  # two that have not begun do not begin at one moment
            if session.scalar(select(Job.id).where(Job.id == job.id, _waits_for_another(alone))) is not None:
                free = free.where(Job.id != job.id)
                continue
        if job.stop_asked_at is not None and job.cursor is None:  # its worker died before it obeyed
            _end(job, JobState.CANCELLED, now)
        elif job.tries >= TRIES:
            job.problem = job.problem or GAVE_UP
            _end(job, JobState.FAILED, now)
        else:
            begin(session, job, worker, now)
            return job
        session.flush()  # the next free one is another
    return None


def renew(session: Session, job_id: str, worker: str, now: datetime) -> bool:
    """Whether it is this worker's still, and then for longer."""
    return _change(session, job_id, worker, free_at=now + LEASE)


def reach(
    session: Session, job_id: str, worker: str, now: datetime, *, word: str, done: int, total: int | None, cursor: Any
) -> bool:
    """Write down how far it came, if it is this worker's still. Who gets further has not tried in vain."""
    far = {"word": word, "done": done, "total": total, "cursor": cursor}
    if cursor is not None and cursor != session.scalar(select(Job.cursor).where(Job.id == job_id)):
        far["tries"] = 1
    return _change(session, job_id, worker, free_at=now + LEASE, **far)


def finish(session: Session, job_id: str, worker: str, now: datetime, result: Any) -> bool:
    given = {"result": result, "problem": None}
    return _change(session, job_id, worker, state=JobState.DONE.value, worker=None, free_at=None, ended_at=now, **given)


def stop(session: Session, job_id: str, worker: str, now: datetime) -> bool:
    """Its worker obeyed."""
    state = JobState.CANCELLED.value
    return _change(session, job_id, worker, state=state, worker=None, free_at=None, ended_at=now)


def fail(session: Session, job_id: str, worker: str, now: datetime, problem: str, *, again: bool) -> bool:
    """It could not be done. `again`: another try may help, after a rest, unless there were enough. What has begun
    waits as long as it takes for what passes by itself: half of it is worse than late."""
    tries, cursor = session.execute(select(Job.tries, Job.cursor).where(Job.id == job_id)).one()
    if again and cursor is not None and problem in PASSING:
        queued = {"state": JobState.QUEUED.value, "free_at": now + LONG_REST, "tries": tries - 1}
        return _change(session, job_id, worker, worker=None, problem=problem, **queued)
    if again and tries < TRIES:
        queued = {"state": JobState.QUEUED.value, "free_at": now + REST * tries}
        return _change(session, job_id, worker, worker=None, problem=problem, **queued)
    failed = {"state": JobState.FAILED.value, "free_at": None, "ended_at": now}
    return _change(session, job_id, worker, worker=None, problem=problem, **failed)


def put_back(session: Session, job_id: str, worker: str) -> bool:
    """The worker is told to end: the next one goes on at once, and this was no failure."""
    queued = {"state": JobState.QUEUED.value, "free_at": None, "tries": Job.tries - 1}
    return _change(session, job_id, worker, worker=None, **queued)


def ask_to_stop(session: Session, job: Job, now: datetime) -> None:
    """What has written nothing and waits ends here; the rest is stopped by its worker between two transactions, if its
    kind allows it there. Raises `not_allowed_now` for one that has ended."""
    waits = update(Job).where(Job.id == job.id, Job.state == JobState.QUEUED.value, Job.cursor.is_(None))
    ended = {"state": JobState.CANCELLED.value, "ended_at": now, "stop_asked_at": now, "free_at": None}
    if _count(session, waits.values(ended)) == 0:
        under_way = update(Job).where(Job.id == job.id, Job.ended_at.is_(None))
        if _count(session, under_way.values(stop_asked_at=now)) == 0:
            raise Problem("not_allowed_now")
    session.refresh(job)


def is_to_stop(session: Session, job_id: str) -> bool:
    return session.scalar(select(Job.stop_asked_at).where(Job.id == job_id)) is not None


def listing(most: int = 100) -> Select[Job]:
    """The jobs, the newest first."""
    return select(Job).order_by(Job.asked_at.desc(), Job.id).limit(most)


def _waits_for_another(alone: Collection[str]) -> ColumnElement[bool]:
    """Another of its kind, one of `alone`, began in its commune before it and has not ended."""
    other = aliased(Job)
    before = or_(Job.begun_at.is_(None), tuple_(other.begun_at, other.id) < tuple_(Job.begun_at, Job.id))
    begun = select(other.id).where(
        other.kind == Job.kind, other.commune_id == Job.commune_id, other.id != Job.id,
        other.begun_at.is_not(None), other.ended_at.is_(None), before,
    )  # fmt: skip
    return and_(Job.kind.in_(alone), begun.exists())


def _free(now: datetime, alone: Collection[str]) -> Select[Job]:
    rested = or_(Job.free_at.is_(None), Job.free_at <= now)
    queued = and_(Job.state == JobState.QUEUED.value, rested)
    left = and_(Job.state == JobState.RUNNING.value, Job.free_at <= now)
    return select(Job).where(or_(queued, left), ~_waits_for_another(alone)).order_by(Job.asked_at, Job.id)


def _end(job: Job, state: JobState, now: datetime) -> None:
    job.state, job.worker, job.free_at, job.ended_at = state.value, None, None, now


def _change(session: Session, job_id: str, worker_id: str, **values: Any) -> bool:
    """Change the job if it is this worker's: one that was slow finds that another has taken it."""
    mine = update(Job).where(Job.id == job_id, Job.worker == worker_id, Job.state == JobState.RUNNING.value)
    return _count(session, mine.values(values)) == 1


def _count(session: Session, statement: Update) -> int:
    found = session.execute(statement.execution_options(synchronize_session=False))
    return int(found.rowcount)  # type: ignore[attr-defined]
