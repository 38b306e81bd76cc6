"""A round is opened commune by commune: stopped it stays planned in the rest, taken up again it comes to its end."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import FormVersion, Household, Job, RegisterEntry, Round, RoundCommune
from survey.jobs import queue
from survey.register.entries import import_household
from survey.rounds import rounds
from survey.terms import HouseholdClass
from survey.work import OPEN_ROUND
from tests.interviews import ROUND
from tests.working import work, worker_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE


@pytest.fixture
def planned(app: Flask, small_round: str) -> str:
    """A round of next year over two communes with households and all the others without."""
    with Session(app.extensions["engine"]) as session, session.begin():
        import_household(
            session, commune_id=OTHER_COMMUNE, household_id="kia", village_id=OTHER_VILLAGE, head_name="Lò Thị Kia",
            now=NOW, base_class=HouseholdClass.POOR,
        )  # fmt: skip
        form = session.scalars(select(FormVersion)).first()
        assert form is not None
        made = rounds.open_round(
            session, title="Rà soát 2027", year=2027, form=form, opens_on=NOW.date().replace(month=9),
            closes_on=NOW.date().replace(month=12), now=NOW, plan=True,
        )  # fmt: skip
        queue.ask(session, OPEN_ROUND, NOW, parameters={"round": made.id})
        return made.id


def states(session: Session, round_id: str) -> dict[str, str]:
    session.rollback()
    rows = select(RoundCommune.commune_id, RoundCommune.state).where(RoundCommune.round_id == round_id)
    return {commune_id: state for commune_id, state in session.execute(rows)}  # noqa: C416


def asked(session: Session, round_id: str) -> list[Any]:
    session.rollback()
    entries = select(RegisterEntry).where(RegisterEntry.round_id == round_id).order_by(RegisterEntry.household_id)
    return [(one.commune_id, one.household_id, one.village_id, one.opening_class) for one in session.scalars(entries)]


def present(session: Session) -> list[Any]:
    found = session.scalars(select(Household).order_by(Household.id))
    return [(one.commune_id, one.id, one.village_id, one.current_class) for one in found]


def test_it_is_open_everywhere_with_every_household_as_it_stands(app: Flask, session: Session, planned: str) -> None:
    work(app)
    assert set(states(session, planned).values()) == {"open"}
    assert asked(session, planned) == present(session)
    entries = session.scalars(select(RegisterEntry).where(RegisterEntry.round_id == planned)).all()
    for entry in entries:  # frozen as before, when all was one transaction
        household = session.get_one(Household, (entry.commune_id, entry.household_id))
        assert entry.opening_answers == household.current_answers
    job = session.scalars(select(Job)).one()
    assert (job.state, job.done, job.total) == ("done", 120, 120)


def test_stopped_in_the_middle_it_stays_planned_in_the_rest_and_can_be_opened_there(
    app: Flask, session: Session, planned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, calls = rounds.start, []

    def start_and_stop(writing: Session, *given: Any) -> list[str]:
        calls.append(given)
        if len(calls) == 2:  # the communes without households, then the first with some
            queue.ask_to_stop(writing, writing.scalars(select(Job)).one(), NOW)
        return start(writing, *given)

    monkeypatch.setattr(rounds, "start", start_and_stop)
    work(app)
    assert session.scalars(select(Job.state)).one() == "cancelled"
    left = {one for one, state in states(session, planned).items() if state == "planned"}
    assert left == {max(COMMUNE, OTHER_COMMUNE)}
    with Session(app.extensions["engine"]) as writing, writing.begin():
        queue.ask(writing, OPEN_ROUND, NOW, parameters={"round": planned})
    work(app)
    assert asked(session, planned) == present(session)


def test_a_worker_that_died_in_the_middle_is_followed_by_one_that_opens_the_rest(
    app: Flask, session: Session, planned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, calls = rounds.start, []

    def start_or_die(*given: Any) -> list[str]:
        calls.append(given)
        if len(calls) == 3:
            raise SystemExit(9)
        return start(*given)

    monkeypatch.setattr(rounds, "start", start_or_die)
    with pytest.raises(SystemExit):
        worker_of(app).work()
    work(app)
    assert set(states(session, planned).values()) == {"open"}
    assert asked(session, planned) == present(session)
    assert (session.scalars(select(Job.done)).one(), session.get(RoundCommune, (COMMUNE, ROUND)).state) == (120, "open")


def test_of_two_jobs_the_second_passes_over_what_is_open_by_then(
    app: Flask, session: Session, planned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rounds.known_in

    def known_late(*given: Any) -> Any:
        """Another job opens it all between the reading and the step."""
        monkeypatch.setattr(rounds, "known_in", before)
        with Session(app.extensions["engine"]) as other, other.begin():
            rounds.start(other, other.get_one(Round, planned), None, NOW)
        return before(*given)

    monkeypatch.setattr(rounds, "known_in", known_late)
    with Session(app.extensions["engine"]) as writing, writing.begin():
        writing.execute(delete(Job))
        job = queue.ask(writing, OPEN_ROUND, NOW, parameters={"round": planned}).id
    work(app)
    found = session.get_one(Job, job)
    assert (found.state, found.problem, set(states(session, planned).values())) == ("done", None, {"open"})
