"""A planned round opened: commune by commune, each in a transaction of its own."""

from __future__ import annotations

from typing import Any

from models import Round
from models.commune_counter import lock_commune
from survey.jobs.worker import Task
from survey.rounds import rounds


def open_round(task: Task) -> dict[str, Any]:
    """`parameters`: "round", and "communes" if it is to be opened in some alone. Where it is open nothing is left to
    do; stopped, it stays planned in the rest, and can be opened there or cancelled on its page."""
    round_id = task.parameters["round"]
    with task.reading() as session:
        groups = rounds.waiting_in(session, round_id, task.parameters.get("communes"))
    total = task.total or sum(map(len, groups))
    done = task.done
    for group in groups:
        with task.reading() as session:
            known = rounds.known_in(session, session.get_one(Round, round_id), group)
        with task.step() as session:
            survey_round = session.get_one(Round, round_id)
            for commune_id in group:
                lock_commune(session, commune_id)
            for left in rounds.waiting_in(session, round_id, group):  # another job may have come first
                rounds.start(session, survey_round, left, task.now(), task.account_id, known)
            done += len(group)
            task.reached("opening", done, total, group[-1])
    return {"round": round_id, "communes": total}
