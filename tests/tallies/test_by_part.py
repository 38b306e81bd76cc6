"""What several communes come to by group: made again when a sum of one of them is another, and kept until then."""

from __future__ import annotations

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import PlaceTally
from survey.tallies import sums
from survey.tallies.places import ALL
from survey.tallies.sums import Sum, by_part
from tests.interviews import ROUND
from tests.world import COMMUNE, OTHER_COMMUNE

POOR, KINH = "final.ho_ngheo", "people.kinh"


def put(session: Session, commune_id: str, part: str, **counts: list[int]) -> PlaceTally:
    row = PlaceTally(
        commune_id=commune_id, round_id=ROUND, place_id=commune_id, part=part,
        counts={key.replace("__", "."): both for key, both in counts.items()}, revision=1,
    )  # fmt: skip
    session.add(row)
    session.flush()  # read in this transaction, which is not committed: what is counted by hand fits no household
    return row


@pytest.fixture
def communes(small_round: str, session: Session) -> tuple[PlaceTally, PlaceTally]:
    session.execute(delete(PlaceTally))
    put(session, COMMUNE, KINH, final__ho_ngheo=[1, 4])
    return put(session, COMMUNE, ALL, final__ho_ngheo=[2, 7]), put(session, OTHER_COMMUNE, ALL, final__ho_ngheo=[3, 9])


def found(session: Session, *communes: str) -> dict[str, Sum]:
    return {part: one.of(POOR) for part, one in by_part(session, ROUND, communes).items()}


def test_a_sum_that_is_another_is_added_up_again(session: Session, communes: tuple[PlaceTally, PlaceTally]) -> None:
    assert found(session, COMMUNE, OTHER_COMMUNE) == {ALL: (5, 16), KINH: (1, 4)}
    assert found(session, COMMUNE, OTHER_COMMUNE) == {ALL: (5, 16), KINH: (1, 4)}
    communes[1].counts = {POOR: [4, 10]}  # with the same revision: nothing is believed but the sums
    session.flush()  # as above
    assert found(session, COMMUNE, OTHER_COMMUNE) == {ALL: (6, 17), KINH: (1, 4)}
    assert found(session, OTHER_COMMUNE) == {ALL: (4, 10)}
    communes[1].counts = {}
    session.flush()  # as above
    assert found(session, OTHER_COMMUNE) == {}


def test_of_the_same_numbers_of_another_group_it_is_another(
    session: Session, communes: tuple[PlaceTally, PlaceTally]
) -> None:
    assert found(session, OTHER_COMMUNE) == {ALL: (3, 9)}
    session.delete(communes[1])
    session.flush()  # as above
    put(session, OTHER_COMMUNE, KINH, final__ho_ngheo=[3, 9])
    assert found(session, OTHER_COMMUNE) == {KINH: (3, 9)}


def test_only_so_many_are_kept(
    session: Session, communes: tuple[PlaceTally, PlaceTally], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[bytes, dict[str, sums.Sums]] = {}
    monkeypatch.setattr(sums, "_added_up", kept)
    monkeypatch.setattr(sums, "KEPT", 2)
    for number in range(5):
        communes[1].counts = {POOR: [number + 1, 0]}
        session.flush()  # as above
        assert found(session, OTHER_COMMUNE) == {ALL: (number + 1, 0)}
        assert len(kept) <= 2


def test_whoever_changes_what_was_found_changes_nothing_for_the_next(
    session: Session, communes: tuple[PlaceTally, PlaceTally]
) -> None:
    by_part(session, ROUND, [COMMUNE]).clear()
    assert found(session, COMMUNE) == {ALL: (2, 7), KINH: (1, 4)}
