"""Positions for maps: where a household is by its interview, and nothing that is no place on earth."""

from __future__ import annotations

import json
from typing import Any

import pytest

from survey.access import VERBS
from survey.exports import geojson
from survey.exports.columns import DataColumn
from survey.exports.files import DataFile, Kind
from survey.exports.fixed_columns import IDENTITY
from survey.form.form import Item

POINTS = [DataColumn(name, "geopoint", {}, Item(name, name, "geopoint")) for name in ("vi_tri", "vi_tri_2")]
WHO = ["dot", 2026, True, "03757", "Mường Khiêng", "03757-01", "Bản Nà Ca", "h1", "03757-01-001", "e1", "accepted",
       False, "open", "ho_ngheo", None]  # fmt: skip


def features(*positions: list[Any]) -> list[dict[str, Any]]:
    rows = [[*WHO, *said] for said in positions]
    file = DataFile(Kind.HOUSEHOLDS, [*IDENTITY, *POINTS], lambda: iter(rows))
    found = json.loads(b"".join(geojson.written(file)))
    assert found["type"] == "FeatureCollection"
    made: list[dict[str, Any]] = found["features"]
    return made


def test_a_household_is_where_its_interview_says() -> None:
    [one] = features(["21.3270001 103.9140002 612.4 4.9", None])
    assert one["geometry"] == {"type": "Point", "coordinates": [103.9140002, 21.3270001, 612.4]}
    assert one["properties"] == {
        "round_id": "dot", "round_year": 2026, "trial": True, "commune_id": "03757", "commune_name": "Mường Khiêng",
        "village_id": "03757-01", "village_name": "Bản Nà Ca", "household_id": "h1", "household_code": "03757-01-001",
        "entry_id": "e1", "state": "accepted", "provisional": False, "round_state": "open",
        "household_class": "ho_ngheo", "b1_illustrative": None, "position_of": "vi_tri", "accuracy_m": 4.9,
    }  # fmt: skip


def test_the_first_question_that_has_a_position_is_taken() -> None:
    [one] = features(["", "21.3 103.9 0.0 12"])
    assert one["properties"]["position_of"] == "vi_tri_2"
    assert one["geometry"]["coordinates"] == [103.9, 21.3]  # 0 is how a phone says that it does not know the height


@pytest.mark.parametrize(
    "said", [None, "", "21.3", "91 103.9", "21.3 181", "nan 103", "inf 1", "ở nhà", "1 2 3 4 5", 21.3]
)
def test_what_is_no_place_on_earth_is_on_no_map(said: Any) -> None:
    assert features([said, None]) == []


def test_many_are_one_whole_document() -> None:
    assert len(features(*([["21.3 103.9", None]] * 3), [None, None], *([["21.4 103.9", None]] * 400))) == 403


def test_who_may_have_positions_may_see_the_records_they_stand_in() -> None:
    assert VERBS["export.read"].items() <= VERBS["review.read"].items()
