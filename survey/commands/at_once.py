"""Long work that a command does itself, as a job: pages see it, and should the command die a worker goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import current_app
from flask_babel import gettext
from sqlalchemy.orm import Session

from survey.commands.refusals import RefusedBy
from survey.jobs.worker import Asked, Worker
from survey.problems import Problem
from survey.web.installation import in_one_sentence, require_place
from survey.web.session import clock_of, get_engine
from survey.work import FOLDER, kinds


def do_at_once(ask: Callable[[Session], Asked]) -> Asked:
    """How the job ended, None where there was none to ask for: one that was stopped has no result. Raises the problem
    that it met, and RefusedBy where this process stood still for so long that another goes on with it."""
    with in_one_sentence():
        require_place()
        folder = Path(current_app.config["INSTANCE"]) / FOLDER
        worker = Worker(get_engine(), folder, kinds(current_app.extensions["prover"]), clock_of(current_app))
        job = worker.do_now(ask)
    if job is not None and job.problem is not None:
        raise Problem(job.problem)
    if job is not None and job.ended_at is None:
        said = gettext(
            "This command stood still for too long, another process goes on: see jobs show %(id)s", id=job.id
        )
        raise RefusedBy(said, "goes_on_elsewhere", {"job": job.id})
    return job
