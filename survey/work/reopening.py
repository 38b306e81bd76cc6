"""A commune that was opened again catches up with its register, some households at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from models.commune_counter import lock_commune
from survey.jobs.worker import Task
from survey.rounds import closing
from survey.submissions.derive import derive_told_otherwise

IN_ONE = 10  # households or interviews of one transaction, some milliseconds each


def catch_up(task: Task) -> dict[str, Any]:
    """`parameters`: "round". First the households, then the interviews that are judged otherwise by now; what is done
    twice is the same. The round is open, so it is brought to its end: nobody stops it halfway."""
    round_id, commune_id = task.parameters["round"], task.commune_id or ""
    with task.reading() as session:
        households = closing.behind(session, round_id, commune_id)
        interviews = closing.judged_in(session, round_id, commune_id)
    total = len(households) + len(interviews)

    def of_households(session: Session, ids: list[str]) -> None:
        for household_id in ids:
            closing.catch_up(session, round_id, commune_id, household_id)

    def of_interviews(session: Session, ids: list[str]) -> None:
        derive_told_otherwise(session, commune_id, ids)

    parts: tuple[tuple[list[str], Callable[[Session, list[str]], None]], ...] = (
        (households, of_households), (sorted(interviews), of_interviews),
    )  # fmt: skip
    at, last = task.cursor or (0, "")
    done = task.done
    for number, (ids, bring) in list(enumerate(parts))[at:]:
        left = [id for id in ids if number > at or id > last]
        for start in range(0, len(left), IN_ONE):
            chunk = left[start : start + IN_ONE]
            with task.step(may_stop=False) as session:
                lock_commune(session, commune_id)
                bring(session, chunk)
                done += len(chunk)
                task.reached("catching_up", done, total, [number, chunk[-1]])
    return {"round": round_id}
