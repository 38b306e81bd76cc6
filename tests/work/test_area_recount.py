"""A village becomes urban or rural: judged again some at a time it comes to the same as at once, whoever dies."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, Job, PlaceEvent, PlacePeriod, Round
from survey.clocks import day_of
from survey.problems import Problem
from survey.register import places
from survey.register.event_log import Done
from survey.rounds import closing
from survey.submissions.derive import rebuild
from survey.terms import Area
from survey.villages import area as village_area
from survey.work import area_recount, change_area
from tests.commands.test_places import run
from tests.interviews import ROUND, entry, push
from tests.review.test_review_and_rebuild import snapshot
from tests.review.test_three_faults import by_area
from tests.working import led, work, worker_of
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

__all__ = ["by_area"]
SINCE, BY = date(2026, 11, 1), Done(None, NOW, "đã lên phường")


@pytest.fixture
def sent(by_area: None, login_as: Any) -> None:
    """One interview between the two lines, and two that another line changes nothing of."""
    for household, points in (("ho-1", 150), ("ho-2", 132), ("ho-3", 132)):
        push(login_as("enumerator"), entry(household, {"diem_b1": points}, outcome=None))


def counted(session: Session) -> village_area.Recount:
    session.rollback()
    return village_area.recount(session, COMMUNE, VILLAGE, Area.URBAN, SINCE, day_of(NOW))


def classes(session: Session) -> list[str | None]:
    session.rollback()
    return sorted(str(one) for one in session.scalars(select(Assessment.household_class)))


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("dies_after", [None, 1, 2])
def test_it_comes_to_the_same_in_parts_and_after_a_death_in_the_middle(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, dies_after: int | None
) -> None:
    found = counted(session)
    assert found.households == 1
    with Session(app.extensions["engine"]) as once:
        village_area.make(once, COMMUNE, VILLAGE, Area.URBAN, SINCE, BY)
        once.flush()
        wanted = sorted(str(one) for one in once.scalars(select(Assessment.household_class)))
        once.rollback()
    with Session(app.extensions["engine"]) as asking, asking.begin():
        change_area(asking, COMMUNE, found, BY)
    assert classes(session) != wanted  # the village is another, nothing is judged by it yet
    left = closing.obstacles_by_commune(session, session.get_one(Round, ROUND), [COMMUNE])[COMMUNE]
    assert ("catching_up", 1) in left
    monkeypatch.setattr(area_recount, "IN_ONE", 1)
    if dies_after is not None:
        judge, calls = area_recount.derive_told_otherwise, []

        def judge_or_die(*given: Any) -> None:
            calls.append(given)
            if len(calls) == dies_after + 1:
                raise SystemExit(9)
            judge(*given)

        monkeypatch.setattr(area_recount, "derive_told_otherwise", judge_or_die)
        with pytest.raises(SystemExit):
            worker_of(app).work()
    work(app)
    assert classes(session) == wanted
    job = session.scalars(select(Job)).one()
    assert (job.state, job.done, job.total, job.result["households"]) == ("done", 3, 3, 1)
    left = closing.obstacles_by_commune(session, session.get_one(Round, ROUND), [COMMUNE])[COMMUNE]
    assert "catching_up" not in dict(left)


@pytest.mark.usefixtures("sent")
def test_what_somebody_did_since_it_was_counted_is_refused(app: Flask, session: Session) -> None:
    found = counted(session)
    with Session(app.extensions["engine"]) as asking, asking.begin():
        change_area(asking, COMMUNE, found, BY)
    before = snapshot(session)
    with Session(app.extensions["engine"]) as asking, pytest.raises(Problem, match="register_changes_nothing"):
        change_area(asking, COMMUNE, found, BY)
    assert snapshot(session) == before
    session.rollback()
    assert len(session.scalars(select(PlacePeriod).where(PlacePeriod.place_id == VILLAGE)).all()) == 2


@pytest.mark.usefixtures("sent")
def test_the_village_s_page_changes_it_at_once_and_has_it_judged_by_the_job(session: Session, login_as: Any) -> None:
    browser, here = login_as("supervisor"), f"/desk/{COMMUNE}/villages/{VILLAGE}"
    before = classes(session)

    def done(address: str, **said: str) -> Any:
        given = {"since": SINCE.isoformat(), **said}
        seen = browser.post(address, data=given).text
        basis = re.search(r'name="basis" value="([0-9a-f]{16})"', seen)
        assert basis is not None, seen
        return browser.post(address, data=given | {"basis": basis[1], "reason": "NQ 12"})

    asked = done(here, kind="area", area=Area.URBAN.value)
    assert (classes(session), asked.location.startswith("/jobs/")) == (before, True)
    left = closing.obstacles_by_commune(session, session.get_one(Round, ROUND), [COMMUNE])[COMMUNE]
    assert ("catching_up", 1) in left
    page = led(browser, asked)
    assert here in page.text or page.request.path == here
    after = classes(session)
    assert after != before
    session.rollback()
    seq = max(session.scalars(select(PlaceEvent.seq).where(PlaceEvent.commune_id == COMMUNE)))
    led(browser, done(f"{here}/undo/{seq}"))
    assert classes(session) == before
    assert [job.state for job in session.scalars(select(Job))] == ["done", "done"]


@pytest.mark.usefixtures("sent")
def test_what_a_command_judges_by_another_line_is_judged_some_at_a_time_too(app: Flask, session: Session) -> None:
    before = classes(session)
    said = run(app, f"places merge {VILLAGE} {VILLAGE_2} --on {SINCE} --reason NQ12 --json")[1]
    assert json.loads(said)["judged"] == 1
    after = classes(session)
    assert after != before
    job = session.scalars(select(Job)).one()
    assert (job.kind, job.state, job.done) == ("recount_area", "done", 3)
    rebuild(session)
    assert classes(session) == after
    seq = places.last_change(session, COMMUNE)
    session.rollback()
    assert run(app, f"places undo {seq} --commune {COMMUNE} --reason nhầm")[0] == 0
    assert classes(session) == before
