"""What is derived is made again beside an office that works: it is whole at every commit, and comes to what one
transaction comes to, whoever dies in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from models import Assessment, Deprivation, Household, Job, Member, RegisterEntry, RoundCommune, SubmissionStatus
from survey.jobs import queue
from survey.submissions import derive
from survey.work import REBUILD, rebuilding
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all, entry, push
from tests.review.test_register_acts import without_changes as of_the_log
from tests.working import work, worker_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")


@pytest.fixture
def whole(session: Session, login_as: Any) -> dict[str, Any]:
    """What is derived of two communes, in which everything was accepted but one interview that waits."""
    accept_all(session, login_as, COMMUNE, OTHER_COMMUNE)
    push(login_as("enumerator"), entry(answers={"mang": "khong"}))
    session.rollback()
    return without_changes(session)


def without_changes(session: Session) -> dict[str, Any]:
    """Every derived row, but for the numbers under which phones hear of it, and where each round stands."""
    session.rollback()
    found: dict[str, Any] = of_the_log(session)
    columns = RoundCommune.__table__.columns
    found["round_commune"] = sorted(map(tuple, session.execute(select(*columns)).all()), key=repr)
    session.rollback()
    return found


def spoil(session: Session) -> None:
    """Rows as a fault of the program or of a disk might leave them."""
    session.execute(update(SubmissionStatus).values(state="quarantined", reason="round_closed"))
    session.execute(delete(Deprivation))
    session.execute(update(Assessment).values(household_class=None, values={}))
    session.execute(delete(Member))
    session.execute(update(Household).values(current_class=None, current_submission_id=None, head_name="?"))
    session.execute(update(RegisterEntry).values(state="to_visit", submission_id=None, household_class=None))
    session.execute(update(RoundCommune).where(RoundCommune.commune_id == COMMUNE).values(opens_on=date(2026, 1, 1)))
    session.commit()


def ask(app: Flask) -> str:
    with Session(app.extensions["engine"]) as session, session.begin():
        return queue.ask(session, REBUILD, NOW).id


def test_on_a_healthy_database_nothing_changes_and_phones_hear_of_nothing(
    app: Flask, session: Session, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = select(RegisterEntry.household_id, RegisterEntry.change).order_by(RegisterEntry.household_id)
    before = session.execute(numbers).all()
    remade: dict[str, set[str]] = {}  # a step that must evaluate first begins anew
    remake = derive.remake_submission

    def noted(session: Session, commune_id: str, submission_id: str) -> set[str]:
        remade[submission_id] = remake(session, commune_id, submission_id)
        return remade[submission_id]

    monkeypatch.setattr(derive, "remake_submission", noted)
    code, said = run(app, "rebuild", "--json")
    assert (code, json.loads(said.splitlines()[0])) == (0, {"interviews": len(remade)})
    assert not any(remade.values())  # no household is derived twice for nothing
    assert without_changes(session) == whole
    assert session.execute(numbers).all() == before


def broken_at(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """One worker after another, each of which dies at its second step, until one comes to the end."""
    step = rebuilding._chunks

    def second(keys: Any, size: int) -> Iterator[Any]:
        for number, chunk in enumerate(step(keys, size)):
            if number == 1:
                raise SystemExit(9)
            yield chunk

    monkeypatch.setattr(rebuilding, "_chunks", second)
    for number in range(100):
        try:
            if not worker_of(app).work():
                return
        except SystemExit:
            yield number
    raise AssertionError("it gets no further")


def test_whoever_dies_it_is_whole_at_every_commit_and_comes_to_the_same(
    app: Flask, session: Session, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(session)
    assert without_changes(session) != whole
    job = ask(app)
    far = []
    for _died in broken_at(app, session, monkeypatch):
        session.rollback()
        far.append(session.get_one(Job, job).done)
        hold_together(session)
    assert len(far) > 5
    assert far == sorted(far)
    session.rollback()
    done = session.get_one(Job, job)
    assert (done.state, done.problem, done.done) == ("done", None, done.total)
    assert without_changes(session) == whole


def hold_together(session: Session) -> None:
    """An interview that was made again has its assessment and lacks, and household and place in the round say so."""
    made = session.execute(
        select(SubmissionStatus, Assessment)
        .join(
            Assessment,
            (Assessment.commune_id == SubmissionStatus.commune_id)
            & (Assessment.submission_id == SubmissionStatus.submission_id),
        )
        .where(SubmissionStatus.state == "accepted")
    ).all()
    for status, assessment in made:
        assert assessment.household_class is not None
        assert session.scalars(
            select(Deprivation.indicator).filter_by(
                commune_id=status.commune_id, submission_id=status.submission_id
            )
        ).first() is not None  # fmt: skip
        household = session.get_one(Household, (status.commune_id, status.household_id))
        assert (household.current_submission_id, household.current_class) == (
            status.submission_id, assessment.household_class,
        )  # fmt: skip
        placed = session.get_one(RegisterEntry, (status.commune_id, ROUND, status.household_id))
        assert (placed.state, placed.household_class) == ("accepted", assessment.household_class)


def test_it_is_stopped_between_two_steps_and_the_command_says_so(
    app: Flask, session: Session, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(session)
    remake, calls = derive.remake_submission, []

    def stop(writing: Session, *given: str) -> set[str]:
        calls.append(given)
        if len(calls) == 2:
            queue.ask_to_stop(writing, writing.scalars(select(Job)).one(), NOW)
        return remake(writing, *given)

    monkeypatch.setattr(derive, "remake_submission", stop)
    code, said = run(app, "rebuild", "--json")
    assert (code, json.loads(said.splitlines()[0])["rule"]) == (1, "stopped")
    hold_together(session)
    monkeypatch.setattr(derive, "remake_submission", remake)
    assert run(app, "rebuild")[0] == 0
    assert without_changes(session) == whole


def test_it_is_seen_on_the_page(app: Flask, session: Session, login_as: Any) -> None:
    job = ask(app)
    assert "Tính lại toàn bộ kết quả" in login_as("admin").get("/jobs/").text
    work(app)
    assert "phiếu đã tính lại" in login_as("admin").get(f"/jobs/{job}").text
    assert login_as("supervisor").get(f"/jobs/{job}").status_code == 404  # of more than one commune
    assert session.scalar(text("SELECT count(*) FROM job")) == 1
