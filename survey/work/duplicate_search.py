"""Persons in two households, searched for among the households of a commune or of a province."""

from __future__ import annotations

from functools import partial
from typing import Any

from survey.evidence import audit
from survey.jobs.worker import Task
from survey.register import duplicates


def search_duplicates(task: Task) -> dict[str, Any]:
    """`parameters`: "communes", and "of": the place that is searched. Comparing only reads; done twice it is the
    same."""
    communes, place_id = task.parameters["communes"], task.parameters["of"]
    # What is told is a short transaction of its own, in which the search ends where somebody stopped it.
    read, compared = partial(task.tell, "reading_households"), partial(task.tell, "comparing")
    with task.reading() as session:
        made = duplicates.search(session, communes, task.now(), read, compared)
    found = {"persons": made.persons, "pairs": len(made.found)}
    with task.step() as session:
        duplicates.keep(session, made)
        audit.record(session, task.now(), task.account_id, "duplicates.searched", place_id, found)
        task.reached("comparing", made.persons, made.persons)
    return found
