"""A commune is closed by a job as it was hashed, or not at all; who writes meanwhile waits for a moment only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, Job, ProofLeaf, Round, RoundCommune, RoundProof
from models.commune_counter import lock_commune
from survey.jobs import queue
from survey.jobs.queue import LEASE
from survey.rounds import closing, proof, proof_file
from survey.work import ask_to_close, being_closed
from survey.work import closing as work_closing
from tests.interviews import ROUND, accept_all
from tests.working import work, worker_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")


@pytest.fixture
def ready(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)


def asked(app: Flask, *communes: str, by: str | None = "supervisor") -> str:
    with Session(app.extensions["engine"]) as session, session.begin():
        account_id = session.scalar(select(Account.id).where(Account.username == by))
        return ask_to_close(session, session.get_one(Round, ROUND), communes or [COMMUNE], NOW, account_id).id


def state(session: Session, commune_id: str = COMMUNE) -> str:
    session.rollback()
    return session.get_one(RoundCommune, (commune_id, ROUND)).state


def ended(session: Session, job_id: str) -> tuple[str, str | None]:
    session.rollback()
    session.expire_all()
    job = session.get_one(Job, job_id)
    return job.state, job.problem


def after_each_reading(monkeypatch: pytest.MonkeyPatch, do: Callable[[int], None]) -> list[int]:
    """`do`, with its number, after each time that the commune was read and hashed, before it is closed."""
    read, times = proof.read, []

    def read_then(*given: Any) -> proof.Reading:
        found = read(*given)
        times.append(len(times) + 1)
        do(times[-1])
        return found

    monkeypatch.setattr(proof, "read", read_then)
    return times


def holds(session: Session) -> bool:
    made = proof.latest(session, ROUND, COMMUNE)
    assert made is not None
    return proof_file.verify(proof.file_of(session, [made])).holds and proof.differences(session, made) == []


@pytest.mark.usefixtures("ready")
def test_it_is_closed_with_the_proof_of_what_is_there(app: Flask, session: Session) -> None:
    job = asked(app)
    assert being_closed(session, ROUND) == {COMMUNE: job}
    assert asked(app) == job  # nobody asks twice
    work(app)
    assert (ended(session, job), state(session), being_closed(session, ROUND)) == (("done", None), "closed", {})
    assert session.get_one(Job, job).result == {"round": ROUND, "communes": 1, "left": []}
    assert holds(session)


@pytest.mark.usefixtures("ready")
def test_what_is_changed_after_it_was_hashed_is_seen_and_hashed_again(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def correct(number: int) -> None:
        if number == 1:
            with Session(app.extensions["engine"]) as other, other.begin():
                lock_commune(other, COMMUNE)
                other.get_one(Household, (COMMUNE, "ho-1")).code = "03757-01-777"

    times = after_each_reading(monkeypatch, correct)
    job = asked(app)
    work(app)
    assert (len(times), ended(session, job)[0], state(session)) == (2, "done", "closed")
    assert session.scalars(select(ProofLeaf).where(ProofLeaf.leaf.contains("03757-01-777"))).first() is not None
    assert holds(session)


@pytest.mark.usefixtures("ready")
def test_where_somebody_writes_on_and_on_it_stays_open_and_says_why(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, login_as: Any
) -> None:
    def write(_number: int) -> None:
        with Session(app.extensions["engine"]) as other, other.begin():
            lock_commune(other, COMMUNE)

    times = after_each_reading(monkeypatch, write)
    job = asked(app)
    work(app)
    assert (len(times), ended(session, job)) == (work_closing.AGAIN, ("failed", "commune_written_to"))
    assert (state(session), session.scalars(select(RoundProof)).all()) == ("open", [])
    assert "Trong lúc lập bản chứng thực vẫn còn phiếu" in login_as("supervisor").get(f"/jobs/{job}").text


@pytest.mark.usefixtures("ready")
def test_a_household_that_is_not_done_any_more_keeps_it_open(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reopen(number: int) -> None:
        with Session(app.extensions["engine"]) as other, other.begin():
            lock_commune(other, COMMUNE)
            queue.ask(other, closing.REOPEN, NOW, commune_id=COMMUNE, parameters={"round": ROUND})

    after_each_reading(monkeypatch, reopen)
    monkeypatch.setattr(work_closing, "AGAIN", 2)
    job = asked(app)
    worker_of(app).work()
    assert (ended(session, job)[0], state(session)) == ("failed", "open")


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("is_committed", [False, True])
def test_after_a_death_before_or_after_the_last_step_another_worker_ends_it_once(
    app: Flask, session: Session, clock: Any, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    job = asked(app)
    with monkeypatch.context() as dying:

        def die(*_given: Any, **_named: Any) -> None:
            raise SystemExit(9)

        dying.setattr(*((queue, "finish") if is_committed else (proof, "make")), die)
        dying.setattr(queue, "put_back", lambda *_: None)  # killed, not told to end
        with pytest.raises(SystemExit):
            worker_of(app).work()
    assert state(session) == ("closed" if is_committed else "open")
    clock.advance(seconds=LEASE.total_seconds() + 1)
    work(app)
    assert (ended(session, job), state(session)) == (("done", None), "closed")
    assert [one.revision for one in session.scalars(select(RoundProof))] == [1]


def test_of_several_one_that_cannot_be_closed_stays_open_and_is_named(
    app: Flask, session: Session, login_as: Any
) -> None:
    accept_all(session, login_as, COMMUNE)
    job = asked(app, COMMUNE, OTHER_COMMUNE, by="admin")
    work(app)
    assert (state(session), state(session, OTHER_COMMUNE), ended(session, job)[0]) == ("closed", "open", "done")
    assert session.get_one(Job, job).result["left"] == [[OTHER_COMMUNE, "round_not_ready"]]
    page = login_as("admin").get(f"/jobs/{job}").text
    assert "chưa đóng được" in page


@pytest.mark.usefixtures("ready")
def test_stopped_before_its_last_step_nothing_is_closed(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(app)

    def stop(_number: int) -> None:
        with Session(app.extensions["engine"]) as other, other.begin():
            queue.ask_to_stop(other, other.get_one(Job, job), NOW)

    after_each_reading(monkeypatch, stop)
    work(app)
    assert (ended(session, job)[0], state(session)) == ("cancelled", "open")
    assert session.scalars(select(RoundProof)).all() == []


@pytest.mark.usefixtures("ready")
def test_who_may_not_close_there_any_more_closes_nothing(app: Flask, session: Session) -> None:
    job = asked(app)
    session.rollback()
    session.scalars(select(Account).where(Account.username == "supervisor")).one().active = False
    session.commit()
    work(app)
    assert (ended(session, job), state(session)) == (("failed", "forbidden"), "open")


@pytest.mark.usefixtures("ready")
def test_the_pages_say_that_it_is_being_closed(app: Flask, login_as: Any) -> None:
    supervisor, province = login_as("supervisor"), login_as("province")
    job = asked(app)
    assert f'href="/jobs/{job}"' in supervisor.get(f"/rounds/{ROUND}/{COMMUNE}/").text
    assert f'href="/jobs/{job}"' in province.get(f"/rounds/{ROUND}").text
    assert supervisor.post(f"/rounds/{ROUND}/{COMMUNE}/close").location.endswith(f"/jobs/{job}")
    work(app)
    done = supervisor.get(f"/jobs/{job}").text
    assert f'href="/rounds/{ROUND}/{COMMUNE}/"' in done
