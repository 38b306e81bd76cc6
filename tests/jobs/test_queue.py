"""The line of jobs: each is taken by one worker, left by a dead one to the next, stopped when asked, tried thrice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Job
from survey.jobs import queue
from survey.jobs.queue import LEASE, REST, TRIES
from survey.problems import Problem
from survey.terms import JobState
from tests.world import COMMUNE, NOW

KINDS = {"a"}


@pytest.fixture
def writing(app: Flask) -> Any:
    with Session(app.extensions["engine"], expire_on_commit=False) as made:
        yield made


def asked(session: Session, number: int = 1, **given: Any) -> list[Job]:
    found = [queue.ask(session, "a", NOW + REST * at / 100, **given) for at in range(number)]
    session.commit()
    return found


def test_the_oldest_is_taken_first_and_nobody_takes_it_again(writing: Session) -> None:
    first, second = asked(writing, 2, commune_id=COMMUNE, parameters={"of": "x"})
    later = NOW + REST
    assert [queue.take(writing, name, later, KINDS).id for name in ("one", "two")] == [first.id, second.id]
    assert queue.take(writing, "three", later, KINDS) is None
    assert (first.state, first.worker, first.free_at, first.tries) == ("running", "one", later + LEASE, 1)


def test_a_kind_that_a_worker_does_not_know_is_left_for_another(writing: Session) -> None:
    asked(writing)
    assert queue.take(writing, "one", NOW, {"b"}) is None
    assert queue.waiting(writing, NOW)


def test_two_workers_at_one_moment_never_have_one_job(app: Flask, writing: Session) -> None:
    asked(writing, 12)
    workers = 4
    begin = Barrier(workers)

    def take(name: str) -> list[str]:
        begin.wait()
        found = []
        while True:
            with Session(app.extensions["engine"]) as session, session.begin():
                job = queue.take(session, name, NOW + REST, KINDS)
                if job is None:
                    return found
                found.append(job.id)

    with ThreadPoolExecutor(workers) as threads:
        taken = [id for found in threads.map(take, map(str, range(workers))) for id in found]
    assert len(taken) == len(set(taken)) == 12


def test_what_a_dead_worker_had_is_free_when_its_time_is_over_and_its_own_word_counts_no_more(writing: Session) -> None:
    [job] = asked(writing)
    queue.take(writing, "dead", NOW, KINDS)
    assert queue.reach(writing, job.id, "dead", NOW, word="w", done=3, total=9, cursor={"at": 3})
    assert queue.take(writing, "next", NOW + LEASE / 2, KINDS) is None
    again = queue.take(writing, "next", NOW + LEASE, KINDS)
    assert again is not None
    assert (again.cursor, again.done, again.tries) == ({"at": 3}, 3, 2)
    assert not queue.reach(writing, job.id, "dead", NOW, word="w", done=5, total=9, cursor={"at": 5})
    assert not queue.renew(writing, job.id, "dead", NOW)
    assert not queue.finish(writing, job.id, "dead", NOW, {})
    assert queue.renew(writing, job.id, "next", NOW + 2 * LEASE)
    assert queue.take(writing, "third", NOW + 2 * LEASE, KINDS) is None


def test_a_job_that_was_begun_three_times_is_given_up(writing: Session) -> None:
    [job] = asked(writing)
    for at in range(TRIES):
        assert queue.take(writing, str(at), NOW + at * LEASE, KINDS) is not None
    assert queue.take(writing, "last", NOW + TRIES * LEASE, KINDS) is None
    assert (job.state, job.problem, job.worker) == (JobState.FAILED, queue.GAVE_UP, None)
    assert not queue.waiting(writing, NOW + 9 * LEASE)


def test_a_failure_rests_is_tried_again_and_fails_for_good_the_third_time(writing: Session) -> None:
    [job] = asked(writing)
    at = NOW
    for time in range(1, TRIES + 1):
        assert queue.take(writing, "one", at, KINDS) is not None
        assert queue.fail(writing, job.id, "one", at, "job_crashed", again=True)
        writing.refresh(job)
        assert job.state == ("failed" if time == TRIES else "queued")
        assert queue.take(writing, "one", at, KINDS) is None
        at += REST * time
    assert (job.problem, job.ended_at is not None) == ("job_crashed", True)


def test_a_refusal_is_not_tried_again(writing: Session) -> None:
    [job] = asked(writing)
    queue.take(writing, "one", NOW, KINDS)
    assert queue.fail(writing, job.id, "one", NOW, "round_step", again=False)
    writing.refresh(job)
    assert (job.state, job.problem) == ("failed", "round_step")


def test_what_waits_is_stopped_at_once_and_what_is_under_way_by_its_worker(writing: Session) -> None:
    waiting, under_way = asked(writing, 2)
    queue.ask_to_stop(writing, waiting, NOW)
    assert waiting.state == "cancelled"
    taken = queue.take(writing, "one", NOW + REST, KINDS)
    assert taken is under_way
    queue.ask_to_stop(writing, under_way, NOW)
    assert (under_way.state, queue.is_to_stop(writing, under_way.id)) == ("running", True)
    assert queue.stop(writing, under_way.id, "one", NOW)
    writing.refresh(under_way)
    assert under_way.state == "cancelled"
    for ended in (waiting, under_way):
        with pytest.raises(Problem, match="not_allowed_now"):
            queue.ask_to_stop(writing, ended, NOW)


def test_one_that_was_to_stop_when_its_worker_died_is_not_begun_again(writing: Session) -> None:
    [job] = asked(writing)
    queue.take(writing, "dead", NOW, KINDS)
    queue.ask_to_stop(writing, job, NOW)
    assert queue.take(writing, "next", NOW + LEASE, KINDS) is None
    assert job.state == "cancelled"


def test_one_that_was_to_stop_in_the_middle_is_begun_again_for_its_kind_knows_where_it_may(writing: Session) -> None:
    [job] = asked(writing)
    queue.take(writing, "dead", NOW, KINDS)
    queue.reach(writing, job.id, "dead", NOW, word="w", done=1, total=2, cursor={"at": 1})
    queue.ask_to_stop(writing, job, NOW)
    assert queue.take(writing, "next", NOW + LEASE, KINDS) is job
    assert queue.is_to_stop(writing, job.id)


def test_one_that_is_put_back_goes_on_at_once_and_has_not_failed(writing: Session) -> None:
    [job] = asked(writing)
    queue.take(writing, "one", NOW, KINDS)
    assert queue.put_back(writing, job.id, "one")
    writing.refresh(job)
    assert (job.state, job.tries) == ("queued", 0)
    assert queue.take(writing, "two", NOW, KINDS) is job


def test_no_two_jobs_act_on_one_result(writing: Session) -> None:
    [former] = asked(writing)
    asked(writing, follows=former.id)
    with pytest.raises(Problem, match="not_allowed_now"):
        queue.ask(writing, "a", NOW, follows=former.id)


@pytest.mark.parametrize(
    "impossible",
    [
        "state = 'lost'",
        "state = 'running'",
        "worker = 'one'",
        "state = 'done'",
        "state = 'failed', ended_at = asked_at",
        "done = -1",
    ],
)
def test_the_table_refuses_what_cannot_be(writing: Session, impossible: str) -> None:
    asked(writing)
    with pytest.raises(IntegrityError):
        writing.execute(text(f"UPDATE job SET {impossible}"))


def test_what_has_begun_and_waits_again_is_not_ended_by_whoever_wants_it_stopped(writing: Session) -> None:
    [job] = asked(writing)
    queue.take(writing, "one", NOW, KINDS)
    queue.reach(writing, job.id, "one", NOW, word="w", done=200, total=1000, cursor={"entered": 200})
    queue.put_back(writing, job.id, "one")
    queue.ask_to_stop(writing, job, NOW)
    assert (job.state, job.stop_asked_at) == ("queued", NOW)
    assert queue.take(writing, "two", NOW, KINDS) is job


def test_of_what_a_commune_has_alone_the_second_waits_for_the_first_to_end(writing: Session) -> None:
    first, second = asked(writing, 2, commune_id=COMMUNE)
    later = NOW + REST
    assert queue.take(writing, "one", later, KINDS, KINDS) is first
    assert queue.take(writing, "two", later, KINDS, KINDS) is None
    assert not queue.waiting(writing, later, KINDS)
    assert queue.put_back(writing, first.id, "one")  # half of it is there: the other waits as before
    assert queue.take(writing, "two", later, KINDS, KINDS) is first
    assert queue.finish(writing, first.id, "two", later, {})
    assert queue.take(writing, "two", later, KINDS, KINDS) is second


def test_two_that_had_both_begun_end_one_after_the_other(writing: Session) -> None:
    """As a server left them that knew no such rule."""
    first, second = asked(writing, 2, commune_id=COMMUNE)
    for job in (first, second):
        queue.take(writing, "old", NOW + REST, KINDS)
        queue.put_back(writing, job.id, "old") if job is second else None
    queue.put_back(writing, first.id, "old")
    taken = queue.take(writing, "new", NOW + REST, KINDS, KINDS)
    assert taken is not None
    assert queue.take(writing, "other", NOW + REST, KINDS, KINDS) is None
    queue.finish(writing, taken.id, "new", NOW + REST, {})
    assert queue.take(writing, "new", NOW + REST, KINDS, KINDS) is not None


@pytest.mark.parametrize("passing", sorted(queue.PASSING))
def test_what_has_begun_waits_as_long_as_it_takes_for_what_passes(writing: Session, passing: str) -> None:
    [job] = asked(writing)
    queue.take(writing, "one", NOW, KINDS)
    queue.reach(writing, job.id, "one", NOW, word="w", done=1, total=9, cursor={"at": 1})
    at = NOW
    for _time in range(3 * TRIES):
        assert queue.fail(writing, job.id, "one", at, passing, again=True)
        assert queue.take(writing, "one", at + queue.LONG_REST / 2, KINDS) is None
        at += queue.LONG_REST
        assert queue.take(writing, "one", at, KINDS) is job


def test_who_gets_further_between_two_deaths_has_not_tried_in_vain(writing: Session) -> None:
    [job] = asked(writing)
    for at in range(3 * TRIES):
        assert queue.take(writing, str(at), NOW + at * LEASE, KINDS) is job
        queue.reach(writing, job.id, str(at), NOW + at * LEASE, word="w", done=at, total=99, cursor={"at": at})
    for at in range(3 * TRIES, 4 * TRIES - 1):
        assert queue.take(writing, str(at), NOW + at * LEASE, KINDS) is job
        queue.reach(
            writing, job.id, str(at), NOW + at * LEASE, word="w", done=at, total=99, cursor={"at": 3 * TRIES - 1}
        )
    assert queue.take(writing, "last", NOW + 4 * TRIES * LEASE, KINDS) is None
    assert job.problem == queue.GAVE_UP


def test_of_two_that_follow_one_at_one_moment_one_is_refused_and_the_session_lives(
    writing: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    [former] = asked(writing)
    asked(writing, follows=former.id)
    with monkeypatch.context() as patched, pytest.raises(Problem, match="not_allowed_now"):
        patched.setattr(writing, "scalar", lambda *_: None)  # the other's is not seen yet
        queue.ask(writing, "a", NOW, follows=former.id)
    assert writing.get(Job, former.id) is former
