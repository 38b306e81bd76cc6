"""Rows of the feed that are made of what is kept: every key of the sums has a base and a measure there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from survey.feed.made import tallies
from survey.tallies.facts import Fact
from survey.tallies.places import counted
from survey.terms import RegisterState

PLACE = {"RoundId": "dot", "PlaceId": "03757", "CommuneId": "03757", "Group": "all"}
ACCEPTED: dict[str, Any] = {
    "opening_class": "ho_can_ngheo", "household_class": "ho_ngheo", "illustrative": True, "persons": 4,
    "lacks": "1-0000000000", "asked": "11-0111111-1",
    "hangs": "mang", "people": "thai", "sex": "nam", "area": "nong_thon", "work": "-",
}  # fmt: skip


@pytest.mark.parametrize(
    "fact",
    [
        *(Fact("ho", "03757-01", state, **ACCEPTED) for state in RegisterState),
        Fact("ho", "03757-01", "accepted", refused=True),
        Fact("ho", "03757-01", "accepted", persons=None, household_class="ho_ngheo"),
        Fact("ho", "03757-01", "to_visit", outcome="absent", outcome_state="waiting"),
        Fact("ho", "03757-01", None, outcome="died_out", outcome_state="confirmed"),
    ],
    ids=str,
)
def test_every_key_of_the_sums_has_a_base_and_a_measure(fact: Fact) -> None:
    counts = {key: [1, persons] for part, key, persons in counted(fact) if not part}
    rows = list(tallies(SimpleNamespace(counts=counts, **PLACE)))
    assert {(row["Measure"], row["Unit"]) for row in rows if row["Unit"] == "households"}
    assert len({(row["Unit"], row["Base"], row["Measure"]) for row in rows}) == len(rows)  # what a row is known by
    told = {row["Kind"] for row in rows}
    assert all(kind in told for kind in ("outcome",) if fact.outcome)
    assert all(row["Unit"] == "households" for row in rows if row["Kind"] == "outcome")
