"""At one in the morning in Việt Nam it is yesterday in UTC: pages, commands and lists go by the day in Việt Nam."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models import PlacePeriod
from survey.jobs import queue
from survey.register import importing
from survey.register.event_log import Done
from survey.terms import PlaceChange
from survey.villages import acts as village_acts
from survey.villages.acts import Wish
from survey.work.kinds import RECOUNT
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all
from tests.rounds.test_proof import close
from tests.world import COMMUNE, NOW, VILLAGE

DAY = date(2026, 11, 25)
EVENING, MORNING = datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 24, 18, tzinfo=UTC)
COMMUNE_NAME, VILLAGE_NAME = "Xã Mới Đặt", "Bản Mới Đặt"
pytestmark = pytest.mark.usefixtures("small_round")


@pytest.fixture(autouse=True)
def renamed(session: Session) -> None:
    """The commune and a village are called otherwise since a day."""
    for before in session.query(PlacePeriod).filter(PlacePeriod.place_id == COMMUNE, PlacePeriod.valid_to.is_(None)):
        said = {column.name: getattr(before, column.name) for column in PlacePeriod.__table__.columns}
        before.valid_to = DAY
        session.add(PlacePeriod(**said | {"valid_from": DAY, "name": COMMUNE_NAME}))
    wish = Wish(PlaceChange.RENAMED, VILLAGE, DAY, {"name": VILLAGE_NAME})
    village_acts.carry_out(session, COMMUNE, wish, Done(None, datetime(2026, 11, 26, tzinfo=UTC), "NQ 12/NQ-HĐND"))
    session.commit()


@pytest.mark.parametrize(
    ("account", "address", "name"),
    [
        ("province", "/desk/", COMMUNE_NAME),
        ("supervisor", f"/desk/{COMMUNE}/", VILLAGE_NAME),
        ("admin", "/accounts/", COMMUNE_NAME),
        ("supervisor", "/accounts/new", VILLAGE_NAME),
        ("admin", "/jobs/", COMMUNE_NAME),
        ("admin", "/rounds/new", COMMUNE_NAME),
        ("admin", f"/rounds/{ROUND}", COMMUNE_NAME),
        ("admin", f"/rounds/{ROUND}/{COMMUNE}/days", COMMUNE_NAME),
        ("province", f"/rounds/{ROUND}/flow", COMMUNE_NAME),
        ("province", f"/rounds/{ROUND}/{COMMUNE}/proof", COMMUNE_NAME),
        ("admin", "/register/import/", COMMUNE_NAME),
    ],
)
def test_a_page_names_places_as_they_are_called_today(
    session: Session, clock: Any, login_as: Any, account: str, address: str, name: str
) -> None:
    if address.endswith(("proof", "flow")):
        accept_all(session, login_as, COMMUNE)
        close(session, COMMUNE)
    queue.ask(session, RECOUNT, NOW, commune_id=COMMUNE, parameters={})
    session.commit()
    for moment, is_called in ((EVENING, False), (MORNING, True)):
        clock.now = moment
        answer = login_as(account).get(address)
        assert answer.status_code == 200
        assert (name in answer.text) is is_called, moment


def test_a_command_names_them_so(app: Flask, session: Session, clock: Any, login_as: Any, tmp_path: Path) -> None:
    accept_all(session, login_as, COMMUNE)
    for moment, is_called in ((EVENING, False), (MORNING, True)):
        clock.now = moment
        code, said = run(app, "round", "flow", ROUND)
        assert (code, COMMUNE_NAME in said) == (0, is_called), said
        assert run(app, "export", "csv", str(tmp_path))[0] == 0
        assert (COMMUNE_NAME in (tmp_path / "households.csv").read_text("utf-8")) is is_called


@pytest.mark.parametrize(("moment", "mistakes"), [(EVENING, ["unknown_village"]), (MORNING, [])])
def test_a_list_names_villages_as_they_are_called_today(
    session: Session, moment: datetime, mistakes: list[str]
) -> None:
    rows = f"Thôn, bản;Chủ hộ;Mã hộ;Phân loại năm trước\n{VILLAGE_NAME};Lò Thị Mới;;Hộ nghèo\n"
    made = importing.plan(session, COMMUNE, {"households.csv": rows.encode()}, moment)
    assert [one.code for one in made.mistakes] == mistakes
