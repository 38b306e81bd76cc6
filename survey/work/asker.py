"""Whether who asked for a piece of work may still have it done: hours may have passed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models import Account
from survey.access import may
from survey.accounts.accounts import holder_of, where_is
from survey.jobs.worker import Task
from survey.problems import Problem
from survey.work.kinds import ASKED_BY


def check_asker(session: Session, task: Task, commune_id: str) -> None:
    """Raises `forbidden`. What was asked for by command nobody forbids."""
    if task.account_id is None:
        return
    account, where = session.get_one(Account, task.account_id), where_is(session, commune_id)
    if not account.active or where is None or not may(holder_of(session, account), ASKED_BY[task.kind], where):
        raise Problem("forbidden")
