"""A round closed commune by commune, each with its proof: read and hashed in nobody's way, then closed in one step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Job, Round
from survey.calendar.standing import standing
from survey.evidence.signing import Signer
from survey.jobs import queue
from survey.jobs.worker import Task
from survey.problems import Problem
from survey.rounds import closing, log, proof
from survey.terms import CommuneState
from survey.work.asker import check_asker
from survey.work.kinds import CLOSE

AGAIN = 8  # how often a commune is read anew because somebody wrote there meanwhile


def ask_to_close(
    session: Session, survey_round: Round, communes: Collection[str], now: datetime, account_id: str | None
) -> Job:
    """A job that closes the round in communes. Of those that are being closed already nobody asks twice: where none is
    left, the job that closes the first."""
    going_on = being_closed(session, survey_round.id)
    left = sorted(set(communes) - going_on.keys())  # in the order in which all who need several communes take them
    if not left:
        return session.get_one(Job, going_on[min(communes)])
    of_one = left[0] if len(left) == 1 else None
    given = {"round": survey_round.id, "communes": left}
    return queue.ask(session, CLOSE, now, account_id=account_id, commune_id=of_one, parameters=given)


def being_closed(session: Session, round_id: str) -> dict[str, str]:
    """The communes in which the round is being closed, with the jobs that do it."""
    under_way = session.scalars(select(Job).where(Job.kind == CLOSE, Job.ended_at.is_(None)).order_by(Job.asked_at))
    return {
        commune_id: job.id
        for job in under_way
        if job.parameters["round"] == round_id
        for commune_id in job.parameters["communes"][(job.cursor or [0])[0] :]
    }


def close_round(prover: Signer, task: Task) -> dict[str, Any]:
    """`parameters`: "round" and "communes". Each is closed as it was hashed, or not at all: who changed anything
    meanwhile is seen, and it is hashed again. One that cannot be closed any more stays open and is named ("left":
    commune and code of the problem); where it is the only one, that is how the job ends. Stopped, the rest stays open.
    A commune that was closed without a proof gets it."""
    round_id, communes = task.parameters["round"], task.parameters["communes"]
    at, left = task.cursor or (0, [])
    for number, commune_id in list(enumerate(communes, 1))[at:]:
        task.tell("closing", number - 1, len(communes))
        try:
            _close(prover, task, round_id, commune_id, (number, len(communes), left))
        except Problem as problem:
            if len(communes) == 1:
                raise
            left = [*left, [commune_id, problem.code]]
            with task.step():
                task.reached("closing", number, len(communes), [number, left])
    return {"round": round_id, "communes": len(communes) - len(left), "left": left}


def _close(prover: Signer, task: Task, round_id: str, commune_id: str, reached: tuple[int, int, list[Any]]) -> None:
    number, total, left = reached
    for _time in range(AGAIN):
        with task.reading() as session:
            reading = _read(session, round_id, commune_id)
        try:
            with task.step() as session:
                check_asker(session, task, commune_id)
                survey_round = session.get_one(Round, round_id)
                if reading is not None:
                    _write(session, survey_round, commune_id, task, prover, reading)
                task.reached("closing", number, total, [number, left])
            return
        except proof.Changed:
            continue
    raise Problem("commune_written_to")


def _read(session: Session, round_id: str, commune_id: str) -> proof.Reading | None:
    """None where it is closed with its proof already: another job came first, or the one that died here."""
    survey_round, row = session.get_one(Round, round_id), standing(session, round_id, commune_id)
    is_closed = row is not None and row.state in proof.IS_CLOSED
    made = proof.latest(session, round_id, commune_id)
    if is_closed and made is not None and proof.is_current(session, made):
        return None
    if row is not None and is_closed:
        return proof.read(session, survey_round, commune_id, row.closed_at)
    return closing.read(session, survey_round, commune_id)


def _write(
    session: Session, survey_round: Round, commune_id: str, task: Task, prover: Signer, reading: proof.Reading
) -> None:
    [row] = log.rows_of(session, survey_round, [commune_id])
    if row.state in (CommuneState.CLOSED, CommuneState.ACCEPTED):
        closing.prove(session, survey_round, commune_id, prover, task.now(), reading)
    else:
        given = (task.now(), task.account_id, prover, reading)
        closing.close_communes(session, survey_round, [commune_id], *given)
