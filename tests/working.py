"""Long work as a worker beside the app does it, here and now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask

from survey.accounts.escrow import blind
from survey.jobs.worker import Worker
from survey.work import ALONE, FOLDER
from survey.work import kinds as kinds_with


def blind_of(app: Flask) -> Callable[[str], str]:
    """The app's keyed hash of an identity number."""
    return partial(blind, app.config["INDEX_KEY"])


def worker_of(app: Flask, **kinds: Any) -> Worker:
    """A worker on the app's database and folder, with the kinds of work that there are or those given."""
    folder = Path(app.config["INSTANCE"]) / FOLDER
    nobody_waits = lambda _engine: None  # noqa: E731
    known = kinds or kinds_with(app.extensions["prover"], app.extensions["words_in"], blind_of(app))
    return Worker(app.extensions["engine"], folder, known, app.config["CLOCK"], "", nobody_waits, ALONE)


def work(app: Flask) -> None:
    """Do all that waits."""
    worker = worker_of(app)
    while worker.work():
        pass


def led(browser: Any, answer: Any) -> Any:
    """Where whoever asked for a job is led once it is done; an answer that leads to none is left as it is."""
    if "/jobs/" not in (answer.location or ""):
        return answer
    work(browser.application)
    return browser.get(answer.location, follow_redirects=True)
