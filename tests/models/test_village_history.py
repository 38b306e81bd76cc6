"""What 0020 makes of the villages that are there: their periods follow from it, as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic import command
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from models import PlaceEvent, PlacePeriod
from survey.borders.villages import fold
from survey.register.places import changes_in, follow
from tests.models.conftest import migrate
from tests.models.test_histories import run

PLACES = """INSERT INTO place VALUES ('14', 'province', NULL);
INSERT INTO place VALUES ('03757', 'commune', '14');
INSERT INTO place VALUES ('03664', 'commune', '14');
INSERT INTO place VALUES ('03757-01', 'village', '03757');
INSERT INTO place VALUES ('03757-02', 'village', '03757');
INSERT INTO place VALUES ('03757-03', 'village', '03757');
INSERT INTO place VALUES ('03664-01', 'village', '03664');
"""
PERIODS = [
    ("03664-01", "2025-07-01", None, "Bản Hò Hẹo", "Bản", "nong_thon"),
    ("03757-01", "2025-07-01", "2026-01-01", "Bản Nà Ca", "Bản", "nong_thon"),
    ("03757-01", "2026-01-01", "2026-03-01", "Bản Nà Ca", "Bản", "thanh_thi"),
    ("03757-01", "2026-03-01", None, "Tổ dân phố Nà Ca", "Tổ dân phố", "thanh_thi"),
    ("03757-02", "2025-07-01", "2026-05-01", "Bản Xa", "Bản", "nong_thon"),
    ("03757-02", "2026-05-01", None, "Tiểu khu 2", "Tiểu khu", "thanh_thi"),  # both since one day
    ("03757-03", "2025-07-01", "2026-05-01", "Bản Hoà", "Bản", None),
    ("03757-03", "2026-05-01", None, "Bản Hoà", "Bản", "nong_thon"),
]


def periods(session: Session) -> list[tuple[Any, ...]]:
    query = select(*PlacePeriod.__table__.columns).order_by(PlacePeriod.place_id, PlacePeriod.valid_from)
    return [tuple(row) for row in session.execute(query)]


def test_periods_follow_from_what_happened_and_are_what_they_were(left_at: Callable[[str], Engine]) -> None:
    engine = left_at("0019")
    rows = ", ".join(f"({', '.join('NULL' if one is None else repr(one) for one in (*row, None))})" for row in PERIODS)
    run(engine, f"{PLACES}INSERT INTO place_period VALUES {rows};\n")
    upgrade(engine)
    with Session(engine) as session:
        before = periods(session)
        assert len(before) == len(PERIODS)
        kinds = {
            village: list(session.scalars(select(PlaceEvent.kind).filter_by(village_id=village).order_by("seq")))
            for village in ("03757-01", "03757-02", "03757-03", "03664-01")
        }
        assert kinds == {
            "03757-01": ["found", "area", "renamed"], "03757-02": ["found", "renamed", "area"],
            "03757-03": ["found", "area"], "03664-01": ["found"],
        }  # fmt: skip
        for commune in ("03757", "03664"):
            assert fold(changes_in(session, [commune])).failing == []
            follow(session, commune)
        assert periods(session) == before
        session.commit()
    migrate(engine, "0019", command.downgrade)
    assert "place_event" not in inspect(engine).get_table_names()
    upgrade(engine)
    with Session(engine) as session:
        assert periods(session) == before
