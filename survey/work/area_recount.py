"""A village counts as urban or rural from a day on: changed in one step, then what rests on it is judged again."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models import Job, Submission
from models.commune_counter import lock_commune
from models.database import rows_by_id
from survey.clocks import day_of
from survey.jobs import queue
from survey.jobs.worker import Task
from survey.register.event_log import Done
from survey.submissions.derive import derive_told_otherwise
from survey.villages import acts
from survey.villages import area as village_area
from survey.villages.acts import Plan, Wish
from survey.villages.area import Recount
from survey.work.kinds import RECOUNT

IN_ONE = 10  # interviews of one transaction, some milliseconds each


def change_area(session: Session, commune_id: str, found: Recount, by: Done) -> Job:
    """Make the village what was counted before (`found`), and ask for the job that judges again: until it has ended
    nobody closes the commune. Raises the rule that stands against it by now."""
    lock_commune(session, commune_id)
    wanted = (commune_id, found.village_id, found.area, found.since, day_of(by.at))
    village_area.check(village_area.recount(session, *wanted, judging=False), by)
    village_area.change(session, found, by)
    given = {"village": found.village_id, "households": found.households}
    return queue.ask(session, RECOUNT, by.at, account_id=by.account_id, commune_id=commune_id, parameters=given)


def change_villages(session: Session, commune_id: str, wish: Wish, by: Done, seen: str) -> Job | None:
    """Write down what a person was shown of a village (`seen`), and ask for the job that judges again what rests on it;
    None where nothing does. Raises as `acts.carry_out`."""
    return _judged_later(session, acts.carry_out(session, commune_id, wish, by, seen=seen, judging=False), by)


def undo_change(session: Session, commune_id: str, seq: int, by: Done, seen: str) -> Job | None:
    """The same for a change that is undone. Raises as `acts.undo`."""
    return _judged_later(session, acts.undo(session, commune_id, seq, by, seen=seen, judging=False), by)


def _judged_later(session: Session, made: Plan, by: Done) -> Job | None:
    """Each commune is judged by a job of its own; returns the first."""
    asked = []
    for commune_id in made.lines:
        here = rows_by_id(session, Submission, commune_id, [one.submission_id for one in made.judged])
        if here or village_area.any_unseen(session, commune_id):
            given = {
                "village": next(one.village_id for one in made.changes if one.commune_id == commune_id),
                "households": len({one.code for one in made.others if one.submission_id in here}),
            }
            of = {"account_id": by.account_id, "commune_id": commune_id}
            asked.append(queue.ask(session, RECOUNT, by.at, **of, parameters=given))
    return asked[0] if asked else None


def recount_area(task: Task) -> dict[str, Any]:
    """`parameters`: "village", and how many "households" were counted. What is judged otherwise by now, some at a time:
    done twice that is the same. It is brought to its end: halfway, one village would be judged by two lines."""
    commune_id, after = task.commune_id or "", task.cursor or ""
    with task.reading() as session:
        left = [id for id in village_area.interviews_there(session, commune_id) if id > after]
    total = task.done + len(left)
    for start in range(0, len(left), IN_ONE):
        chunk = left[start : start + IN_ONE]
        with task.step(may_stop=False) as session:
            lock_commune(session, commune_id)
            derive_told_otherwise(session, commune_id, chunk)
            task.reached("recounting", task.done + len(chunk), total, chunk[-1])
    return dict(task.parameters)
