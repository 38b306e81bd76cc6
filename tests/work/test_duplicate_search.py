"""Persons in two households are searched for by a job: how far it is, stopping it, and who writes meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Alike, Household, Job
from survey.jobs import queue
from survey.jobs.worker import Task
from survey.register import likeness
from survey.register.entries import import_household
from survey.work import DUPLICATES
from tests.working import work
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE

HOA = {"ho_ten": "Lò Văn Hoà", "gioi_tinh": "nam", "nam_sinh": 1970, "thang_sinh": 4, "ngay_sinh": 7}
POM = {"ho_ten": "Quàng Thị Pỏm", "gioi_tinh": "nu", "nam_sinh": 1972, "cccd": "014172000001"}


def enter(app: Flask, household_id: str, village_id: str, *people: dict[str, Any]) -> None:
    with Session(app.extensions["engine"]) as session, session.begin():
        import_household(
            session, commune_id=village_id[:5], household_id=household_id, village_id=village_id,
            head_name=people[0]["ho_ten"], now=NOW, base_answers={"thanh_vien": [dict(one) for one in people]},
        )  # fmt: skip


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """A search of two communes, in each of which the same couple stands; told is after each name."""
    monkeypatch.setattr(likeness, "_TOLD", 1)
    enter(app, "ho-a", VILLAGE, HOA, POM)
    enter(app, "ho-b", OTHER_VILLAGE, HOA, POM)
    with Session(app.extensions["engine"]) as session, session.begin():
        given = {"communes": [COMMUNE, OTHER_COMMUNE], "of": "14"}
        return queue.ask(session, DUPLICATES, NOW, parameters=given).id


def at_each_word(monkeypatch: pytest.MonkeyPatch, do: Any) -> list[tuple[str, int, int | None]]:
    """`do` whenever it is told how far the search is, before that is written; returns what was told."""
    tell, told = Task.tell, []

    def tell_then(task: Task, word: str, done: int = 0, total: int | None = None) -> None:
        told.append((word, done, total))
        do(task, word)
        tell(task, word, done, total)

    monkeypatch.setattr(Task, "tell", tell_then)
    return told


def test_it_tells_how_many_communes_were_read_and_how_many_persons_compared(
    app: Flask, session: Session, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = 0
    for answers in session.scalars(select(Household.current_answers).where(Household.state == "present")):
        persons += len((answers or {}).get("thanh_vien", [])) or 1
    session.rollback()
    told = at_each_word(monkeypatch, lambda task, word: None)
    work(app)
    assert told[:2] == [("reading_households", 0, 2), ("reading_households", 1, 2)]
    compared = [done for word, done, total in told[2:] if (word, total) == ("comparing", persons)]
    assert len(compared) == len(told) - 2 > 1
    assert compared == sorted(set(compared))
    assert compared[-1] == persons
    job = session.get_one(Job, asked)
    assert (job.state, job.word, job.done, job.total) == ("done", "comparing", persons, persons)
    assert {(one.household_id, one.other_id) for one in session.scalars(select(Alike))} == {("ho-a", "ho-b")}


@pytest.mark.parametrize("when", ["reading_households", "comparing"])
def test_stopped_while_it_reads_or_compares_it_ends_there_and_writes_nothing(
    app: Flask, session: Session, asked: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def stop(task: Task, word: str) -> None:
        if word == when:
            with Session(app.extensions["engine"]) as writing, writing.begin():
                queue.ask_to_stop(writing, writing.get_one(Job, task.id), NOW)

    told = at_each_word(monkeypatch, stop)
    work(app)
    assert [word for word, *_ in told].count(when) == 1
    assert session.get_one(Job, asked).state == "cancelled"
    assert session.scalar(select(func.count()).select_from(Alike)) == 0


def test_who_writes_meanwhile_does_not_wait_and_is_of_the_next_search(
    app: Flask, session: Session, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = []

    def write(_task: Task, word: str) -> None:
        if word == "comparing" and not entered:  # from another connection: it would wait for this one without end
            enter(app, "ho-c", VILLAGE, HOA, POM)
            entered.append("ho-c")

    at_each_word(monkeypatch, write)
    work(app)
    pairs = select(Alike.household_id, Alike.other_id)
    assert (entered, session.execute(pairs).all()) == (["ho-c"], [("ho-a", "ho-b")])
    session.rollback()
    with Session(app.extensions["engine"]) as writing, writing.begin():
        queue.ask(writing, DUPLICATES, NOW, parameters={"communes": [COMMUNE, OTHER_COMMUNE], "of": "14"})
    work(app)
    assert set(session.execute(pairs).all()) == {("ho-a", "ho-b"), ("ho-a", "ho-c"), ("ho-b", "ho-c")}
