"""Where houses stand, and how they come onto a drawing: distances and places that can be worked out by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from models import HouseholdFact
from survey.positions import Position, kilometres, middle, position_in
from survey.reports.house_map import MARGIN, MOST, WIDTH, House, _round_length, sheet
from survey.terms import Action, HouseholdClass
from tests.interviews import entry, push
from tests.review.test_review_and_rebuild import decide
from tests.world import COMMUNE


def house(number: int, latitude: float, longitude: float, village: str = "v1") -> House:
    found = HouseholdClass.POOR if number == 1 else HouseholdClass.NOT_POOR
    return House("c1", f"ho-{number}", village, f"M-{number}", "Lò Thị Ấm", found, Position(latitude, longitude))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"xac_nhan": {"vi_tri": "21.5 103.7 0 8"}}, (21.5, 103.7)),
        ({"vi_tri": "21.5 103.7"}, (21.5, 103.7)),
        ({"vi_tri": "0 0 0 0"}, None),
        ({"vi_tri": "21.5"}, None),
        ({"vi_tri": "91 103.7"}, None),
        ({"vi_tri": "nan 103.7"}, None),
        ({"vi_tri": "đầu bản"}, None),
        ({"vi_tri": None, "a": [1]}, None),
        ({"thanh_vien": [{"vi_tri": "21.5 103.7"}]}, None),
        (None, None),
    ],
)
def test_a_position_is_read_where_it_is_one(values: Any, found: tuple[float, float] | None) -> None:
    assert position_in(values) == found


def test_distances_are_those_of_the_earth() -> None:
    assert kilometres(Position(21, 103), Position(22, 103)) == pytest.approx(111.195, abs=0.01)
    # Sơn La to Hà Nội (21.327 N 103.914 E, 21.028 N 105.854 E).
    assert kilometres(Position(21.327, 103.914), Position(21.028, 105.854)) == pytest.approx(203.9, abs=1)
    assert middle([Position(21, 103), Position(21.2, 103.1), Position(5, 103.2)]) == (21, 103.1)


def test_north_is_up_and_a_kilometre_is_as_long_in_each_direction() -> None:
    drawn = sheet([house(1, 21.00, 103.0), house(2, 21.09, 103.0), house(3, 21.0, 103.1)], Counter())
    south, north, east = (at for _one, at in drawn.houses)
    assert north.y < south.y and east.x > south.x
    assert (north.x, east.y) == (south.x, south.y)
    up, across = south.y - north.y, east.x - south.x
    assert up / across == pytest.approx(0.09 / (0.1 * 0.93358), rel=0.002)  # cos 21°
    assert (drawn.scale, drawn.line) == (2, pytest.approx(2 / 10.008 * up, rel=0.002))


def test_a_position_far_from_all_others_is_named_and_not_drawn() -> None:
    near = [house(number, 21 + number / 1000, 103) for number in range(1, 6)]
    drawn = sheet([*near, house(9, 10.8, 106.7)], Counter({("c1", "v2"): 3}))
    assert [one.household_id for one in drawn.far] == ["ho-9"]
    assert len(drawn.houses) == 5
    assert [(one.place_id, one.houses, one.number(HouseholdClass.POOR), one.without) for one in drawn.villages] == [
        ("v1", 5, 1, 0), ("v2", 0, 0, 3),
    ]  # fmt: skip
    assert [one.place_id for one, _at in drawn.spots] == ["v1"]


def test_of_many_houses_the_villages_are_drawn() -> None:
    drawn = sheet([house(number, 21 + number / 1e5, 103) for number in range(MOST + 1)], Counter())
    assert drawn.houses == []
    assert [one.houses for one, _at in drawn.spots] == [MOST + 1]


@given(st.lists(st.tuples(st.floats(21, 21.3), st.floats(103, 103.3)), max_size=30))
def test_everything_lies_on_the_paper(positions: list[tuple[float, float]]) -> None:
    drawn = sheet([house(number, *one) for number, one in enumerate(positions)], Counter())
    for _one, at in [*drawn.houses, *drawn.spots]:
        assert MARGIN - 0.2 <= at.x <= WIDTH - MARGIN + 0.2
        assert MARGIN - 0.2 <= at.y <= drawn.height - MARGIN + 0.2
    assert len(drawn.houses) + len(drawn.far) == len(positions)  # the corners are further apart than a sheet reaches
    assert 0 < drawn.line <= WIDTH / 4 + 1


@pytest.mark.parametrize(("most", "found"), [(0.3, 0.2), (1, 1), (1.9, 1), (2.5, 2), (7, 5), (23, 20)])
def test_a_scale_is_a_round_length(most: float, found: float) -> None:
    assert _round_length(most) == pytest.approx(found)


@pytest.mark.miscounts  # the small questionnaire asks for no position
@pytest.mark.usefixtures("small_round")
def test_the_page_draws_a_house(session: Session, login_as: Any) -> None:
    sent = entry("ho-1")
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/map").get_data(as_text=True)
    assert '<svg class="map"' not in page
    session.execute(
        update(HouseholdFact).where(HouseholdFact.household_id == "ho-1").values(latitude=21.5, longitude=103.7)
    )
    session.commit()
    browser = login_as("supervisor")
    page = browser.get(f"/desk/{COMMUNE}/map").get_data(as_text=True)
    assert page.count('class="house house-ho_ngheo"') == 2  # in the legend, and the house
    assert f"/desk/{COMMUNE}/households/ho-1" in page
    assert browser.get(f"/desk/{COMMUNE}/map?village=khong-co").status_code == 404
    assert f"/desk/{COMMUNE}/exports/households.geojson" in page
    assert login_as("enumerator").get(f"/desk/{COMMUNE}/map").status_code in (302, 403)
