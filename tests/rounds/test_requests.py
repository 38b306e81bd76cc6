"""An ad-hoc round is of the households that ask (Mẫu số 01), beside the periodic one and never instead of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion, Household, RegisterEntry, Round, RoundCommune, RoundRequest
from survey.problems import Problem
from survey.register import event_log, importing, loading
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.rounds import clock, closing, requests, rounds
from survey.terms import B1Method, CommuneState, RegisterKind, RoundKind
from tests.interviews import ROUND, entry, push
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")
PAPER: dict[str, Any] = {"asked_by": "Lò Văn Đông", "asked_on": date(2026, 11, 16), "reason": "mất mùa", "now": NOW}


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Problem) as refusal:
        yield
    assert refusal.value.code == code


@pytest.fixture
def ad_hoc(session: Session) -> Round:
    opened = rounds.open_round(
        session, title="Thường xuyên tháng 11", year=2026, form=session.get_one(FormVersion, ("phieu_thu", "1")),
        opens_on=date(2026, 11, 15), closes_on=date(2026, 11, 30), now=NOW, kind=RoundKind.AD_HOC,
        b1_method=B1Method.TOTAL,
    )  # fmt: skip
    session.commit()
    return opened


def of(session: Session, one: Round) -> list[str]:
    query = select(RegisterEntry.household_id).where(RegisterEntry.round_id == one.id)
    return sorted(session.scalars(query))


def test_it_begins_empty_and_holds_who_asked(session: Session, ad_hoc: Round, login_as: Any) -> None:
    assert of(session, ad_hoc) == []
    requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    session.commit()
    assert of(session, ad_hoc) == ["ho-1"]
    asked = session.get_one(RegisterEntry, (COMMUNE, ad_hoc.id, "ho-1"))
    assert (asked.opening_class, asked.opening_indicators) == ("ho_ngheo", {"bhyt": 1, "vien_thong": 1})
    browser = login_as("enumerator")
    told = browser.get("/api/v1/register?cursor=0").json["entries"]
    assert [one["household_id"] for one in told if one["round_id"] == ad_hoc.id] == ["ho-1"]
    assert [one["id"] for one in browser.get("/api/v1/hello").json["rounds"]] == [ROUND, ad_hoc.id]
    [taken] = push(browser, entry("ho-1", round_id=ad_hoc.id))
    assert taken["reason"] is None
    session.rollback()
    with refused("already_asked"):
        requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)


def test_an_import_meanwhile_fills_the_periodic_round_alone(session: Session, ad_hoc: Round) -> None:
    files = {"households.csv": "village,head,class\n1,Lò Thị Mới,\n".encode()}
    plan = importing.plan(session, COMMUNE, files, NOW)
    assert plan.mistakes == []
    loading.carry_out(session, plan, NOW)
    assert of(session, ad_hoc) == []
    assert len(of(session, session.get_one(Round, ROUND))) == 6


def test_what_is_no_request_is_refused(session: Session, ad_hoc: Round) -> None:
    with refused("not_ad_hoc"):
        requests.ask(session, session.get_one(Round, ROUND), COMMUNE, "ho-1", **PAPER)
    with refused("not_found"):
        requests.ask(session, ad_hoc, COMMUNE, "ho-5", **PAPER)  # another commune's
    for wrong in ({"asked_by": " "}, {"reason": "a\0b"}, {"asked_on": date(2026, 11, 24)}, {"asked_by": "x" * 121}):
        with pytest.raises(ValueError, match="a request names"):
            requests.ask(session, ad_hoc, COMMUNE, "ho-1", **(PAPER | wrong))
    closing.close_communes(session, ad_hoc, [OTHER_COMMUNE], NOW)
    with refused("not_ad_hoc"):
        requests.ask(session, ad_hoc, OTHER_COMMUNE, "ho-5", **PAPER)
    assert of(session, ad_hoc) == []


def test_a_paper_entered_by_mistake_is_taken_back_while_nobody_was_there(
    session: Session, ad_hoc: Round, login_as: Any
) -> None:
    made = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    session.commit()
    browser = login_as("enumerator")
    with refused("reason_needed"):
        requests.take_back(session, COMMUNE, made.id, " ", NOW)
    requests.take_back(session, COMMUNE, made.id, "nhầm hộ", NOW)
    session.commit()
    assert of(session, ad_hoc) == []
    told = browser.get("/api/v1/register?cursor=0").json["entries"]
    assert {"gone"} == {key for one in told if one["round_id"] == ad_hoc.id for key in one if key == "gone"}
    with refused("not_found"):
        requests.take_back(session, COMMUNE, made.id, "lần nữa", NOW)
    again = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    session.commit()
    assert len(session.scalars(select(RoundRequest)).all()) == 2
    push(browser, entry("ho-1", round_id=ad_hoc.id))
    session.rollback()
    with refused("request_answered"):
        requests.take_back(session, COMMUNE, again.id, "nhầm", NOW)


FOUND: dict[str, Any] = {"found_by": "Quàng Văn Thử", "found_on": date(2026, 11, 18), "reason": "như giấy", "now": NOW}


def test_who_does_not_pass_the_quick_identification_is_reviewed_no_further(
    session: Session, ad_hoc: Round, login_as: Any
) -> None:
    made = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    requests.identify(session, COMMUNE, made.id, passed=False, **FOUND)
    session.commit()
    assert of(session, ad_hoc) == []
    told = login_as("enumerator").get("/api/v1/register?cursor=0").json["entries"]
    assert {"gone"} == {key for one in told if one["round_id"] == ad_hoc.id for key in one if key == "gone"}
    act(session, RegisterKind.DISSOLVE)
    act(session, RegisterKind.RESTORE)
    assert of(session, ad_hoc) == []
    again = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)  # a new paper may come
    session.commit()
    assert of(session, ad_hoc) == ["ho-1"]
    requests.identify(session, COMMUNE, again.id, passed=True, **FOUND)
    assert [one.request.quick_passed for one in requests.listing(session, ad_hoc, COMMUNE)].count(True) == 1


def test_a_household_stays_while_another_paper_asks_for_it(session: Session, ad_hoc: Round) -> None:
    first = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    requests.identify(session, COMMUNE, first.id, passed=False, **FOUND)
    second = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    requests.identify(session, COMMUNE, first.id, passed=False, **FOUND)  # said again
    assert of(session, ad_hoc) == ["ho-1"]
    with refused("already_asked"):
        requests.identify(session, COMMUNE, first.id, passed=True, **FOUND)
    requests.take_back(session, COMMUNE, first.id, "nhầm", NOW)
    assert of(session, ad_hoc) == ["ho-1"]
    requests.take_back(session, COMMUNE, second.id, "nhầm", NOW)
    assert of(session, ad_hoc) == []


def test_an_interview_in_spite_of_the_no_is_seen_beside_its_paper(
    session: Session, ad_hoc: Round, login_as: Any
) -> None:
    made = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    requests.identify(session, COMMUNE, made.id, passed=False, **FOUND)
    session.commit()
    push(login_as("enumerator"), entry("ho-1", round_id=ad_hoc.id))
    session.rollback()
    [asked] = requests.listing(session, ad_hoc, COMMUNE)
    assert asked.state == "received"
    requests.identify(session, COMMUNE, made.id, passed=True, **FOUND)  # the way out: the paper says yes after all
    assert requests.without_paper(session, ad_hoc, COMMUNE) == []


def test_a_result_of_the_quick_identification_is_put_right(session: Session, ad_hoc: Round, login_as: Any) -> None:
    made = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    requests.identify(session, COMMUNE, made.id, passed=False, **FOUND)
    requests.identify(session, COMMUNE, made.id, passed=True, **FOUND)
    session.commit()
    assert of(session, ad_hoc) == ["ho-1"]
    push(login_as("enumerator"), entry("ho-1", round_id=ad_hoc.id))
    session.rollback()
    with refused("request_answered"):
        requests.identify(session, COMMUNE, made.id, passed=False, **FOUND)


def test_a_result_that_cannot_be_is_refused(session: Session, ad_hoc: Round) -> None:
    made = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    early, late = date(2026, 11, 15), date(2026, 11, 24)
    for wrong in (
        {"found_on": early},
        {"found_on": late},
        {"found_by": " "},
        {"reason": "a\0"},
        {"found_by": "x" * 121},
    ):
        with pytest.raises(ValueError, match="a quick identification names"):
            requests.identify(session, COMMUNE, made.id, passed=True, **(FOUND | wrong))
    with refused("not_found"):
        requests.identify(session, COMMUNE, "khong-co", passed=True, **FOUND)
    requests.identify(session, COMMUNE, made.id, passed=False, **FOUND)  # nobody is left to be visited
    closing.close_communes(session, ad_hoc, [COMMUNE], NOW)
    with refused("not_ad_hoc"):
        requests.identify(session, COMMUNE, made.id, passed=True, **FOUND)


def act(session: Session, kind: RegisterKind, **given: str) -> None:
    done = event_log.Done(None, NOW, "họp thôn")
    register_acts.carry_out(session, COMMUNE, Wish(kind, "ho-1", date(2026, 11, 23), None, given), done)
    session.commit()


def test_an_act_on_the_register_brings_back_only_who_still_asks(session: Session, ad_hoc: Round) -> None:
    made = requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    session.commit()
    act(session, RegisterKind.DISSOLVE)
    assert of(session, ad_hoc) == []
    with refused("register_ended"):
        requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER)
    act(session, RegisterKind.RESTORE)
    assert of(session, ad_hoc) == ["ho-1"]
    requests.take_back(session, COMMUNE, made.id, "nhầm hộ", NOW)
    session.commit()
    act(session, RegisterKind.CORRECT, head="Lò Văn Hoà")
    act(session, RegisterKind.MOVE, village=VILLAGE_2)
    assert of(session, ad_hoc) == []


def test_who_was_met_in_an_ad_hoc_round_is_there_again(session: Session, ad_hoc: Round, login_as: Any) -> None:
    push(login_as("enumerator"), entry("ho-1", round_id=ad_hoc.id))
    session.rollback()
    assert of(session, ad_hoc) == ["ho-1"]
    act(session, RegisterKind.DISSOLVE)
    assert of(session, ad_hoc) == []
    act(session, RegisterKind.RESTORE)
    assert of(session, ad_hoc) == ["ho-1"]


def test_a_household_met_without_a_paper_keeps_the_commune_open(session: Session, ad_hoc: Round, login_as: Any) -> None:
    found = {"village_id": VILLAGE, "head_name": "Lò Thị Mới"}
    push(login_as("enumerator"), entry("ho-moi", round_id=ad_hoc.id, new_household=found))
    session.rollback()
    left = closing.obstacles_by_commune(session, ad_hoc, [COMMUNE])[COMMUNE]
    assert [tuple(one) for one in left] == [("to_review", 1), ("not_asked", 1)]
    [met] = requests.without_paper(session, ad_hoc, COMMUNE)
    requests.ask(session, ad_hoc, COMMUNE, met.id, **PAPER)
    left = closing.obstacles_by_commune(session, ad_hoc, [COMMUNE])[COMMUNE]
    assert [tuple(one) for one in left] == [("to_review", 1)]


def test_the_clock_of_the_law_runs_from_the_first_day_and_names_its_source(session: Session, ad_hoc: Round) -> None:
    [decision] = clock.deadlines(ad_hoc, ad_hoc, date(2026, 11, 23))
    assert (decision.term.what, decision.term.days, decision.due_on, decision.left) == (
        "decision", 15, date(2026, 11, 30), 7,
    )  # fmt: skip
    assert decision.term.status == "verified"
    [season] = clock.deadlines(session.get_one(Round, ROUND), ad_hoc, date(2026, 12, 20))
    assert (season.due_on, season.left) == (date(2026, 12, 14), -6)
    assert all(term.source and term.status for term in clock.terms())


def test_a_household_that_came_later_has_its_own_days(session: Session, ad_hoc: Round, login_as: Any) -> None:
    assert requests.waiting_since(session, ad_hoc, [COMMUNE]) is None
    late, first = NOW + timedelta(days=20), NOW + timedelta(days=5)
    for household_id, at in (("ho-1", late), ("ho-2", first)):
        requests.ask(session, ad_hoc, COMMUNE, household_id, **PAPER | {"now": at})
    session.commit()
    assert requests.waiting_since(session, ad_hoc, [COMMUNE]) == first.date()
    [own] = clock.deadlines(ad_hoc, ad_hoc, late.date(), late.date())
    assert (own.due_on, own.left) == (late.date() + timedelta(days=15), 15)
    paper = session.scalars(select(RoundRequest).where(RoundRequest.household_id == "ho-2")).one()
    requests.take_back(session, COMMUNE, paper.id, "nhầm hộ", late)
    assert requests.waiting_since(session, ad_hoc, [COMMUNE]) == late.date()
    assert requests.waiting_since(session, ad_hoc, [OTHER_COMMUNE]) is None


@pytest.mark.parametrize(
    ("closed_on", "last_day"),
    [(None, date(2026, 9, 1)), (date(2026, 11, 20), date(2026, 11, 20)), (date(2027, 1, 20), date(2026, 12, 14))],
    ids=["under way", "closed early", "closed late"],
)
def test_a_paper_that_the_last_periodic_review_has_answered_is_refused(
    session: Session, ad_hoc: Round, closed_on: date | None, last_day: date
) -> None:
    row = session.get_one(RoundCommune, (COMMUNE, ROUND))
    if closed_on is not None:
        row.state, row.closed_at = CommuneState.CLOSED.value, datetime.combine(closed_on, time(5), UTC)
    session.commit()
    entered = PAPER | {"now": datetime(2027, 2, 1, 5, tzinfo=UTC)}
    with refused("asked_before_review"):
        requests.ask(session, ad_hoc, COMMUNE, "ho-1", **entered | {"asked_on": last_day - timedelta(days=1)})
    assert of(session, ad_hoc) == []
    requests.ask(session, ad_hoc, COMMUNE, "ho-1", **entered | {"asked_on": last_day})
    assert of(session, ad_hoc) == ["ho-1"]


def test_where_no_periodic_review_was_a_paper_is_believed(session: Session, ad_hoc: Round) -> None:
    session.get_one(RoundCommune, (COMMUNE, ROUND)).state = CommuneState.CANCELLED.value
    requests.ask(session, ad_hoc, COMMUNE, "ho-1", **PAPER | {"asked_on": date(2025, 1, 1)})
    assert of(session, ad_hoc) == ["ho-1"]


def test_a_household_is_found_by_its_printed_number(session: Session) -> None:
    code = session.get_one(Household, (COMMUNE, "ho-1")).code
    found = requests.find_by_code(session, COMMUNE, f" {code} ")
    assert found is not None and found.id == "ho-1"
    assert requests.find_by_code(session, OTHER_COMMUNE, code) is None
