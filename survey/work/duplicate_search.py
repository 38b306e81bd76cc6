"""Persons in two households, searched for among the households of a commune or of a province."""

from __future__ import annotations

from functools import partial
from typing import Any

from survey.evidence import audit
from survey.jobs.worker import Task
from survey.register import duplicates


def search_duplicates(task: Task) -> dict[str, Any]:
    """`parameters`: "communes", and "of": the place that is searched. Comparing only reads; what was found is written
    down a commune at a time. Whoever takes it over compares again, and writes the communes that are left."""
    communes, place_id = task.parameters["communes"], task.parameters["of"]
    after = task.cursor or ""
    # What is told is a short transaction of its own, in which the search ends where somebody stopped it.
    read, compared = partial(task.tell, "reading_households"), partial(task.tell, "comparing")
    with task.reading() as session:
        made = duplicates.search(session, communes, task.now(), read, compared)
        written = duplicates.to_keep(session, made)
    for number, commune_id in enumerate(written, 1):
        if commune_id > after:
            with task.step() as session:
                duplicates.keep_of(session, made, commune_id)
                task.reached("writing_pairs", number, len(written), commune_id)
    found = {"persons": made.persons, "pairs": len(made.found)}
    with task.step() as session:
        audit.record(session, task.now(), task.account_id, "duplicates.searched", place_id, found)
        task.reached("comparing", made.persons, made.persons)
    return found
