"""A commune that is opened again catches up in parts, and comes to the same as at once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Job, RegisterEntry, RegisterGone, Round, RoundCommune
from survey.jobs import queue
from survey.review import register_acts
from survey.review.register_acts import Done, Wish
from survey.rounds import closing
from survey.terms import RegisterKind
from survey.work import REOPEN, reopening
from tests.databases import once
from tests.interviews import ROUND, accept_all
from tests.working import work, worker_of
from tests.world import COMMUNE, NOW, VILLAGE_2


@pytest.fixture
def closed(app: Flask, session: Session, small_round: str, login_as: Any) -> None:
    """The round is closed in the commune; since then one household moved within it and another was a test."""
    once(app, session, "a commune closed, then changed", lambda: close_and_change(app, session, login_as))


def close_and_change(app: Flask, session: Session, login_as: Any) -> None:
    accept_all(session, login_as, COMMUNE)
    with Session(app.extensions["engine"]) as here, here.begin():
        closing.close_communes(here, here.get_one(Round, ROUND), [COMMUNE], NOW)
    with Session(app.extensions["engine"]) as here, here.begin():
        mine = here.scalar(select(Account.id).where(Account.username == "supervisor"))
        done = Done(mine, NOW, "khi đợt đã đóng")
        register_acts.carry_out(
            here, COMMUNE, Wish(RegisterKind.MOVE, "ho-1", NOW.date(), given={"village": VILLAGE_2}), done
        )
        register_acts.carry_out(here, COMMUNE, Wish(RegisterKind.TEST, "ho-2", NOW.date()), done)


def listed(session: Session) -> tuple[Any, ...]:
    session.rollback()
    entries = select(RegisterEntry.household_id, RegisterEntry.village_id, RegisterEntry.state)
    gone = select(RegisterGone.household_id, RegisterGone.village_id).where(RegisterGone.commune_id == COMMUNE)
    return (
        sorted(tuple(row) for row in session.execute(entries.where(RegisterEntry.commune_id == COMMUNE))),
        sorted(tuple(row) for row in session.execute(gone)),
    )


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("dies_after", [None, 1, 2])
def test_it_comes_to_the_same_in_parts_and_after_a_death_in_the_middle(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, dies_after: int | None
) -> None:
    before = listed(session)
    with Session(app.extensions["engine"]) as once:
        closing.reopen_commune(once, once.get_one(Round, ROUND), COMMUNE, "sót", NOW)
        once.flush()
        entries = select(RegisterEntry.household_id, RegisterEntry.village_id, RegisterEntry.state)
        wanted = sorted(tuple(row) for row in once.execute(entries.where(RegisterEntry.commune_id == COMMUNE)))
        once.rollback()
    assert wanted != before[0]
    with Session(app.extensions["engine"]) as session_, session_.begin():
        closing.begin_again(session_, session_.get_one(Round, ROUND), COMMUNE, "sót", NOW)
        queue.ask(session_, REOPEN, NOW, commune_id=COMMUNE, parameters={"round": ROUND})
    monkeypatch.setattr(reopening, "IN_ONE", 1)
    if dies_after is not None:
        catch_up, calls = closing.catch_up, []

        def catch_up_or_die(*given: Any) -> None:
            calls.append(given)
            if len(calls) == dies_after + 1:
                raise SystemExit(9)
            catch_up(*given)

        monkeypatch.setattr(closing, "catch_up", catch_up_or_die)
        with pytest.raises(SystemExit):
            worker_of(app).work()
    work(app)
    assert listed(session)[0] == wanted
    job = session.scalars(select(Job)).one()
    assert (job.state, job.done) == ("done", job.total)
    assert session.get_one(RoundCommune, (COMMUNE, ROUND)).state == "open"
