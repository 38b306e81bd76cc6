"""A worker lives whatever a kind's code does, and what was written and how far it was stand or fall together."""

from __future__ import annotations

from datetime import timedelta
from threading import Event as ThreadEvent
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AuditEvent, Job
from survey.commands.jobs import work
from survey.evidence import audit
from survey.jobs import queue
from survey.jobs.queue import LEASE, REST
from survey.jobs.worker import CRASHED, KEPT, Task, folder_of, private
from survey.problems import Problem
from tests.working import worker_of
from tests.world import NOW

PARTS = 5
SAID = "Lò Văn Mẫu, 014070123456"


def count_up(task: Task) -> dict[str, int]:
    """Write a line for each part, one after another."""
    for part in range((task.cursor or 0) + 1, PARTS + 1):
        with task.step() as session:
            audit.record(session, task.now(), task.account_id, "part", str(part))
            task.reached("counting", part, PARTS, part)
    return {"parts": PARTS}


def parts(session: Session) -> list[str]:
    session.rollback()
    return sorted(session.scalars(select(AuditEvent.subject).where(AuditEvent.verb == "part")))


WHOLE = [str(part) for part in range(1, PARTS + 1)]


@pytest.fixture
def job(app: Flask, session: Session) -> Job:
    with Session(app.extensions["engine"]) as writing, writing.begin():
        asked = queue.ask(writing, "count", NOW).id
    return session.get_one(Job, asked)


def seen(session: Session, job: Job) -> Job:
    session.rollback()
    session.refresh(job)
    return job


def test_a_job_is_done_and_says_so(app: Flask, session: Session, job: Job) -> None:
    worker = worker_of(app, count=count_up)
    assert (worker.work(), worker.work()) == (True, False)
    assert parts(session) == WHOLE
    found = seen(session, job)
    assert (found.state, found.result, found.done, found.total, found.word) == ("done", {"parts": 5}, 5, 5, "counting")


def test_a_kind_that_crashes_fails_its_job_after_three_tries_and_never_the_worker(
    app: Flask, session: Session, job: Job, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(task: Task) -> None:
        with task.step() as session:
            audit.record(session, task.now(), None, "part", "1")
            raise ValueError(SAID)

    worker = worker_of(app, count=crash)
    for _time in range(3):
        assert worker.work()
        clock.advance(seconds=3 * REST.total_seconds())
    assert not worker.work()
    found = seen(session, job)
    assert (found.state, found.problem, found.tries) == ("failed", CRASHED, 3)
    assert parts(session) == []
    assert "ValueError" in caplog.text
    assert SAID not in caplog.text


def test_a_crash_in_the_middle_is_gone_on_from_there(app: Flask, session: Session, job: Job, clock: Any) -> None:
    def stumble(task: Task) -> Any:
        if task.cursor is None:
            with task.step() as session:
                audit.record(session, task.now(), None, "part", "1")
                task.reached("counting", 1, PARTS, 1)
            raise RuntimeError
        return count_up(task)

    worker = worker_of(app, count=stumble)
    worker.work()
    assert (seen(session, job).state, job.cursor) == ("queued", 1)
    clock.advance(seconds=REST.total_seconds())
    worker.work()
    assert (seen(session, job).state, parts(session)) == ("done", WHOLE)


def test_a_refusal_is_said_by_its_code(app: Flask, session: Session, job: Job) -> None:
    def refuse(task: Task) -> None:
        raise Problem("round_step")

    worker_of(app, count=refuse).work()
    assert (seen(session, job).state, job.problem, job.tries) == ("failed", "round_step", 1)


def test_it_is_stopped_between_two_steps_and_its_files_are_gone(app: Flask, session: Session, job: Job) -> None:
    def asked_to_stop(task: Task) -> Any:
        private(task.folder / "a.json", b"{}")
        with task.step() as session:
            audit.record(session, task.now(), None, "part", "1")
            task.reached("counting", 1, PARTS, 1)
        with Session(app.extensions["engine"]) as other, other.begin():
            queue.ask_to_stop(other, other.get_one(Job, task.id), task.now())
        return count_up(task)

    worker = worker_of(app, count=asked_to_stop)
    worker.work()
    assert (seen(session, job).state, parts(session)) == ("cancelled", ["1"])
    assert not folder_of(worker.folder, job.id).exists()


def test_a_slow_worker_writes_nothing_once_another_has_its_job(
    app: Flask, session: Session, job: Job, clock: Any
) -> None:
    other = worker_of(app, count=count_up)

    def slow(task: Task) -> Any:
        clock.advance(seconds=LEASE.total_seconds())
        assert other.work()
        return count_up(task)

    worker_of(app, count=slow).work()
    assert (seen(session, job).state, parts(session)) == ("done", WHOLE)


def test_a_worker_that_is_told_to_end_puts_its_job_back(app: Flask, session: Session, job: Job) -> None:
    def ended(task: Task) -> None:
        raise SystemExit(0)

    with pytest.raises(SystemExit):
        worker_of(app, count=ended).work()
    assert (seen(session, job).state, job.tries) == ("queued", 0)
    assert worker_of(app, count=count_up).work()


def test_a_lease_is_renewed_while_a_kind_reads_for_long(
    app: Flask, session: Session, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a thread, which knows nothing of the app around it: as by `jobs work`."""
    renewed, real = ThreadEvent(), queue.renew

    def renew(*given: Any) -> bool:
        held = real(*given)
        renewed.set()
        return held

    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=0.2))
    monkeypatch.setattr(queue, "renew", renew)
    found = []
    counting = {"count": lambda _task: found.append(renewed.wait(30))}
    monkeypatch.setattr("survey.commands.jobs.kinds", lambda *_given: counting)
    assert app.test_cli_runner().invoke(work, ["--until-empty"]).exit_code == 0
    assert (found, seen(session, job).state) == ([True], "done")


def test_files_of_jobs_that_ended_a_day_ago_are_removed(app: Flask, session: Session, job: Job, clock: Any) -> None:
    worker = worker_of(app, count=count_up)
    private(folder_of(worker.folder, job.id) / "a.json", b"{}")
    worker.work()
    worker.clean()
    [folder] = worker.folder.iterdir()
    assert (folder.stat().st_mode & 0o777, (folder / "a.json").stat().st_mode & 0o777) == (0o700, 0o600)
    clock.advance(seconds=KEPT.total_seconds() + 1)
    worker.clean()
    assert list(worker.folder.iterdir()) == []


def test_looking_for_work_keeps_no_writer_waiting(app: Flask, session: Session) -> None:
    """A writer is in the middle of its transaction; who finds nothing to do does not wait for it."""
    with Session(app.extensions["engine"]) as writing, writing.begin():
        audit.record(writing, NOW, None, "part", "1")
        writing.flush()
        assert not worker_of(app, count=count_up).work()
    assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_files_that_another_job_still_goes_by_stay(app: Flask, session: Session, job: Job, clock: Any) -> None:
    worker = worker_of(app, count=count_up)
    private(folder_of(worker.folder, job.id) / "rows.json", b"{}")
    worker.work()
    with Session(app.extensions["engine"]) as writing, writing.begin():
        queue.ask(writing, "count", clock.now, follows=job.id)
    clock.advance(seconds=KEPT.total_seconds() + 1)
    worker.clean()
    assert folder_of(worker.folder, job.id).exists()
    worker.work()
    worker.clean()
    assert not folder_of(worker.folder, job.id).exists()
