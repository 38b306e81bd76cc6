"""A round at one look: what its figures are of, in a commune small enough to count by hand."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models import Round
from survey.calendar.standing import Days
from survey.reports.dashboard import NONE, Pace, change, dashboard, lines
from survey.tallies.bases import Share
from survey.tallies.deprivations import MEASURES
from survey.tallies.facts import Fact
from survey.tallies.places import ALL, Basis, _Sums
from survey.tallies.sums import Sums
from survey.terms import Action, HouseholdClass, Indicator, Unit
from tests.interviews import ROUND, entry, push
from tests.review.test_review_and_rebuild import decide
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE, VILLAGE_2

POOR, NEAR_POOR, NOT_POOR = HouseholdClass
[TELECOM] = [one for one in MEASURES if one.term is Indicator.TELECOM]


def of(*facts: Fact, part: str = ALL) -> Sums:
    made = _Sums(COMMUNE)
    for fact in facts:
        made.add(fact)
    return Sums(made.counts()[COMMUNE, part])


def accepted(number: int, found: HouseholdClass | None, persons: int | None, **more: Any) -> Fact:
    return Fact(
        f"ho-{number}", VILLAGE, "accepted", household_class=found.value if found else None, persons=persons, **more
    )


def test_shares_are_of_the_classified_in_households_and_in_persons() -> None:
    sums = of(accepted(1, POOR, 6), accepted(2, NOT_POOR, 2), accepted(3, NOT_POOR, 2), accepted(4, None, 9))
    assert sums.share(Basis.FINAL, Unit.HOUSEHOLDS, POOR) == Share(1, 3)
    assert sums.share(Basis.FINAL, Unit.PERSONS, POOR) == Share(6, 10)
    assert sums.share(Basis.FINAL, Unit.PERSONS, POOR, NEAR_POOR) == Share(6, 10)
    assert sums.share(Basis.OPENING, Unit.HOUSEHOLDS, POOR).rate is None


def test_who_is_not_known_stays_in_the_whole_and_opens_the_share() -> None:
    lacks, has, unknown = "000000000010", "0" * 12, "0000000000-0"
    sums = of(
        accepted(1, POOR, 5, lacks=lacks), accepted(2, POOR, 3, lacks=has), accepted(3, NEAR_POOR, 2, lacks=unknown),
        accepted(4, NOT_POOR, None, lacks=has),
    )  # fmt: skip
    found = sums.lacking(Basis.FINAL, Unit.HOUSEHOLDS, TELECOM)
    assert (found, found.rate, found.bounds) == (Share(1, 4, 1), None, (0.25, 0.5))
    assert sums.lacking(Basis.FINAL, Unit.PERSONS, TELECOM) == Share(5, 10, 2)
    assert sums.unlisted(Basis.FINAL) == 1


def test_a_change_is_in_points_and_is_not_said_where_a_side_is_not_known() -> None:
    assert change(Share(1, 4), Share(1, 5)) == pytest.approx(5)
    assert change(Share(1, 4, 1), Share(1, 5)) is None
    assert change(Share(1, 4), Share(0, 0)) is None


def test_a_pace_says_what_is_left_a_day() -> None:
    days = Days(date(2026, 9, 1), date(2026, 9, 10))
    assert [(days.passed(date(2026, 9, day)), days.even_pace(20, date(2026, 9, day))) for day in (1, 6, 30)] == [
        (0, 0), (5, 10), (10, 20),
    ]  # fmt: skip
    assert (Pace(10, 7, 20, 5).behind, Pace(10, 7, 20, 5).a_day) == (3, 3)
    assert (Pace(10, 12, 20, 5).behind, Pace(20, 20, 20, 0).a_day, Pace(20, 19, 20, 0).a_day) == (0, 0, None)


@pytest.fixture
def reviewed(session: Session, login_as: Any) -> Round:
    """Of the four households of the commune, all poor last year: one poor, one not, one waits, one was not met."""
    sent = [entry("ho-1"), entry("ho-2", answers={"diem_b1": 200}), entry("ho-3")]
    push(login_as("enumerator"), *sent)
    for one in sent[:2]:
        decide(session, one["id"], Action.ACCEPT)
    return session.get_one(Round, ROUND)


@pytest.mark.usefixtures("small_round")
def test_a_commune_is_told_by_village(session: Session, reviewed: Round) -> None:
    found = dashboard(session, reviewed, (COMMUNE,), date(2026, 12, 31), by_village=True)  # its days are over
    assert found.came("ho_ngheo", POOR, NEAR_POOR, NOT_POOR) == (2, 4)
    assert found.came("ho_ngheo", NOT_POOR) == (1, 2)
    assert found.came(NONE, *HouseholdClass) == (0, 0)
    assert found.whole.share(Basis.FINAL, Unit.HOUSEHOLDS, POOR) == Share(1, 2)
    assert found.whole.share(Basis.OPENING, Unit.HOUSEHOLDS, POOR) == Share(4, 4)
    assert {one.tally.place_id: (one.pace.done, one.pace.total) for one in found.places} == {
        VILLAGE: (3, 3), VILLAGE_2: (0, 1),
    }  # fmt: skip
    assert [one.tally.place_id for one in found.late] == [VILLAGE_2]
    assert [one.tally.place_id for one in found.by_poverty] == [VILLAGE, VILLAGE_2]
    measures = {measure: now for measure, now, _before in lines(found, Unit.HOUSEHOLDS)}
    assert measures[TELECOM] == Share(2, 2)


@pytest.mark.usefixtures("small_round")
def test_a_province_adds_up_its_communes(session: Session, reviewed: Round) -> None:
    found = dashboard(session, reviewed, (COMMUNE, OTHER_COMMUNE), date(2026, 11, 23), by_village=False)
    assert {one.tally.place_id: one.pace.total for one in found.places} == {COMMUNE: 4, OTHER_COMMUNE: 1}
    assert found.whole.share(Basis.OPENING, Unit.HOUSEHOLDS, POOR) == Share(5, 5)
    assert found.pace.total == 5
    assert found.whole.counts["final.ho_ngheo"] == [1, 2]


@pytest.mark.usefixtures("small_round", "reviewed")
def test_the_page_says_it(login_as: Any) -> None:
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/dashboard").get_data(as_text=True)
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Đã xong hoặc đã gửi phiếu 3 trên 4 hộ." in told
    assert "1 hộ năm trước nghèo, nay không còn là hộ nghèo" in told
    assert login_as("province").get("/desk/dashboard").status_code == 200
    assert login_as("enumerator").get(f"/desk/{COMMUNE}/dashboard").status_code in (302, 403)


def test_without_a_round_it_says_so(login_as: Any) -> None:
    assert "Chưa có đợt rà soát nào" in login_as("province").get("/desk/dashboard").get_data(as_text=True)
