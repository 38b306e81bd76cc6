"""`flask --app app jobs …`: the worker that does long work, and what there is to do, seen and stopped."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import click
from flask import current_app
from flask_babel import gettext
from sqlalchemy.orm import Session

from models import Job
from survey.accounts.escrow import blind
from survey.clocks import instant
from survey.commands.refusals import RefusedBy, RefusingGroup
from survey.evidence import audit
from survey.jobs import queue
from survey.jobs.worker import Asked, Kind, Worker
from survey.problems import Problem
from survey.terms import JobState
from survey.web.installation import in_one_sentence, require_place
from survey.web.session import clock_of, get_engine, now, reading, transaction
from survey.work import ALONE, FOLDER, TO_THE_END, kinds

PAUSE = 0.5  # seconds between two looks when there is nothing to do
jobs_group = RefusingGroup("jobs", help="Long work: do it, list it, show one, stop one.")


@jobs_group.command("work")
@click.option("--until-empty", is_flag=True, help="End when nothing is left to do.")
@click.option("--child", is_flag=True, help="End when the program that started this one has ended.")
def work(until_empty: bool, child: bool) -> None:
    """Do what waits, one job after another, until told to end (Ctrl-C, SIGTERM): the service runs this."""
    with reading():
        pass  # a place that is not whole is told, and not worked in
    folder = Path(current_app.config["INSTANCE"]) / FOLDER
    worker = Worker(get_engine(), folder, _kinds(), clock_of(current_app), alone=ALONE)
    if until_empty:
        while worker.work():
            pass
        worker.clean()
        return
    signal.signal(signal.SIGTERM, lambda *_: _end())
    ended: Event = _WhileParent(os.getppid()) if child else Event()
    try:
        worker.work_until(ended, PAUSE)
    except KeyboardInterrupt:
        raise SystemExit(0) from None


def _kinds() -> Mapping[str, Kind]:
    numbers = partial(blind, current_app.config["INDEX_KEY"])
    return kinds(current_app.extensions["prover"], current_app.extensions["words_in"], numbers)


class _WhileParent(Event):
    """Set when the process that started this one is gone."""

    def __init__(self, parent: int) -> None:
        super().__init__()
        self._parent = parent

    def is_set(self) -> bool:
        return super().is_set() or os.getppid() != self._parent


def _end() -> None:
    raise SystemExit(0)


@jobs_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_jobs(as_json: bool) -> None:
    """The last hundred jobs, the newest first."""
    with reading() as session:
        found = [_described(job) for job in session.scalars(queue.listing())]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        of = f"{one['done']}/{one['total']}" if one["total"] else ""
        state = JobState(one["state"]).vi
        click.echo("\t".join((one["id"], one["kind"], one["commune"] or "", state, of, one["problem"] or "")).rstrip())


@jobs_group.command("show")
@click.argument("job_id")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def show_job(job_id: str, as_json: bool) -> None:
    """One job: who asked, how far it is, how it ended."""
    with reading() as session:
        said = _described(_job(session, job_id))
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for name, value in said.items():
        click.echo(f"{name}\t{value if value is not None else ''}")


@jobs_group.command("cancel")
@click.argument("job_id")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def cancel_job(job_id: str, as_json: bool) -> None:
    """Stop a job: at once while it waits, between two of its steps while it is under way."""
    with transaction() as session:
        job = _job(session, job_id)
        if job.kind in TO_THE_END:
            raise click.ClickException(gettext("This work is not stopped halfway: it is brought to its end."))
        try:
            queue.ask_to_stop(session, job, now())
        except Problem:
            raise click.ClickException(gettext("It has ended already: %(state)s.", state=_state(job).vi)) from None
        audit.record(session, now(), None, "job_stopped", job.id, {"kind": job.kind})
        said = _described(job)
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else _state(job).vi)


def _job(session: Session, job_id: str) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise click.ClickException(gettext("There is no job %(id)s.", id=job_id))
    return job


def _state(job: Job) -> JobState:
    return JobState(job.state)


def _described(job: Job) -> dict[str, Any]:
    times = {"asked_at": job.asked_at, "begun_at": job.begun_at, "ended_at": job.ended_at}
    return {
        "id": job.id,
        "kind": job.kind,
        "commune": job.commune_id,
        "account": job.account_id,
        "state": job.state,
        "word": job.word,
        "done": job.done,
        "total": job.total,
        "tries": job.tries,
        "problem": job.problem,
        "result": job.result,
        "stopping": job.stop_asked_at is not None,
        **{name: instant(at) if at else None for name, at in times.items()},
    }


def do_at_once(ask: Callable[[Session], Asked]) -> Asked:
    """Long work that a command does itself, as a job: pages see it, and should the command die a worker goes on.
    How the job ended, None where there was none to ask for: one that was stopped has no result. Raises the problem that
    it met, and RefusedBy where this process stood still for so long that another goes on with it."""
    with in_one_sentence():
        require_place()
        folder = Path(current_app.config["INSTANCE"]) / FOLDER
        worker = Worker(get_engine(), folder, _kinds(), clock_of(current_app))
        job = worker.do_now(ask)
    if job is not None and job.problem is not None:
        raise Problem(job.problem)
    if job is not None and job.ended_at is None:
        said = gettext(
            "This command stood still for too long, another process goes on: see jobs show %(id)s", id=job.id
        )
        raise RefusedBy(said, "goes_on_elsewhere", {"job": job.id})
    return job
