"""Sơn La's places as the statistics office has them, each true for a period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from models import Place
from survey.access import Where
from survey.accounts.accounts import where_is
from survey.register.places import change_area, load_province, periods_at, region_of, villages_in
from survey.terms import Area
from tests.world import COMMUNE, VILLAGE

TODAY = date(2026, 11, 23)


def test_sơn_la_has_67_xã_and_8_phường_and_chiềng_an_its_official_code(session: Any) -> None:
    communes = session.scalars(select(Place.id).where(Place.parent_id == "14")).all()
    periods = periods_at(session, communes, TODAY)
    divisions = [period.division for period in periods.values()]
    assert (divisions.count("Xã"), divisions.count("Phường")) == (67, 8)
    assert periods["03664"].name == "Phường Chiềng An"
    assert "03667" not in periods


def test_loading_a_province_again_changes_nothing(session: Any) -> None:
    before = set(session.scalars(select(Place.id)))
    assert len(load_province(session, "14")) == 75
    assert set(session.scalars(select(Place.id))) == before


def test_before_the_merger_of_2025_the_communes_did_not_exist(session: Any) -> None:
    assert periods_at(session, [COMMUNE], date(2025, 6, 30)) == {}


def test_a_village_that_becomes_urban_was_rural_before(session: Any) -> None:
    change_area(session, VILLAGE, Area.URBAN, date(2026, 10, 1))
    session.flush()
    assert periods_at(session, [VILLAGE], date(2026, 9, 30))[VILLAGE].area == Area.RURAL
    assert periods_at(session, [VILLAGE], date(2026, 10, 1))[VILLAGE].area == Area.URBAN
    change_area(session, VILLAGE, Area.RURAL, date(2026, 10, 1))
    assert periods_at(session, [VILLAGE], date(2026, 10, 1))[VILLAGE].area == Area.RURAL
    with pytest.raises(LookupError):
        change_area(session, "03757-99", Area.RURAL, TODAY)


def test_a_place_knows_what_it_lies_in(session: Any) -> None:
    assert where_is(session, VILLAGE) == Where("14", COMMUNE, VILLAGE)
    assert where_is(session, COMMUNE) == Where("14", COMMUNE)
    assert where_is(session, "14") == Where("14")
    assert where_is(session, "99999") is None
    assert where_is(session, "a\x00") is None
    assert region_of(session, COMMUNE, TODAY) == "mien_nui_phia_bac"
    assert villages_in(session, COMMUNE) == ["03757-01", "03757-02"]
