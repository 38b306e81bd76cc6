"""What one request of the feed reads at most, where a filter asks what is worked out of each stored row: two accepted
rows of three are made to be more than a request may look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from survey.feed import reading
from tests.web.desk.field import Field
from tests.web.feed.feed import Reader, three_accepted

NOBODY = "Relation eq 'khong_co'"


@pytest.fixture
def work(field: Callable[..., Field]) -> Field:
    return field(6, done=three_accepted)


@pytest.fixture
def reader(app: Flask, work: Field, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.setattr(reading, "READ_AT_ONCE", 2)
    return Reader(app)


def test_a_count_that_reads_too_many_rows_is_refused_with_what_to_filter_by(reader: Reader) -> None:
    for path in ("Members/$count", "Deprivations/$count"):
        column = NOBODY if path.startswith("Members") else "Deprived eq true"
        assert reader.code(path, filter=column) == (501, "count_unbounded")
        said = reader.get(path, {"$filter": column}).json["error"]["message"]
        assert "CommuneId" in said
        assert reader.code(path.partition("/")[0], filter=column, count="true") == (501, "count_unbounded")
    home = reader.rows("Members")[0]["HouseholdId"]
    own = [one for one in reader.rows("Members") if one["HouseholdId"] == home]
    men = sum(one["Sex"] == "nam" for one in own)
    assert reader.get("Members/$count", {"$filter": f"HouseholdId eq '{home}' and Sex eq 'nam'"}).text == str(men)
    assert int(reader.get("Members/$count").text) == len(reader.rows("Members"))  # of all it is one sum


def test_what_is_counted_by_stored_columns_has_no_bound(reader: Reader) -> None:
    assert reader.get("Households/$count", {"$filter": "Class ne 'khong_co'"}).text == "6"


def test_a_page_ends_after_rows_that_do_not_fit_and_the_next_one_goes_on(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_AT_ONCE", 1)
    first: Any = reader.get("Members", {"$filter": NOBODY}).json
    assert first["value"] == []
    assert "$skiptoken" in first["@odata.nextLink"]
    assert reader.rows("Members", filter=NOBODY) == []
    everybody = reader.rows("Members")
    last = everybody[-1]["PersonCode"]
    assert [one["PersonCode"] for one in reader.rows("Members", filter=f"PersonCode eq '{last}'")] == [last]
    women = [one for one in everybody if one["Sex"] == "nu"]
    assert reader.rows("Members", filter="Sex eq 'nu'") == women
    assert reader.rows("Members", filter="Sex eq 'nu'", top="2") == women[:2]
    assert reader.rows("Members", filter="Sex eq 'nu'", top="1", skip="1") == women[1:2]
    assert reader.code("Members", filter=NOBODY, skip="1") == (501, "skip_unbounded")
