"""What became of households without an interview, as places count it: by each step of it, and as somebody who reads all
that was said counts it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import HouseholdFact, PlaceTally, RegisterEvent, RoundCommune
from survey.outcome_steps import Said
from survey.outcomes.cases import Case, Of
from survey.rounds import log
from survey.submissions.log import Act
from survey.tallies import places
from survey.tallies.facts import Fact, outcome_of
from survey.tallies.places import counted
from survey.terms import Action, OutcomeState, RegisterState, RoundAction
from tests.examples import examples
from tests.interviews import ROUND, entry, outcome, push
from tests.review.test_review_and_rebuild import decide as decide_interview
from tests.web.desk.test_outcomes import address, decide, shown_then_done
from tests.words.test_outcome_steps import NOW as SAID_AT
from tests.words.test_outcome_steps import stories
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2


def said_in(session: Session, place_id: str = COMMUNE) -> dict[str, int]:
    """What is counted of a place: "absent", "waiting", "settled" by households, and who is on the list."""
    session.rollback()
    row = session.get(PlaceTally, (COMMUNE, ROUND, place_id, places.ALL))
    counts = {key: households for key, (households, _persons) in row.counts.items()} if row else {}
    found = {key.removeprefix("outcome."): number for key, number in counts.items() if key.startswith("outcome.")}
    return found | {"listed": sum(number for key, number in counts.items() if key.startswith("state."))}


def keys(fact: Fact) -> list[str]:
    return [key for _part, key, _persons in counted(fact)]


def test_what_is_said_is_counted_apart_from_what_is_confirmed() -> None:
    waits = Fact("a", VILLAGE, "to_visit", outcome="absent", outcome_state="waiting")
    assert keys(waits) == ["outcome.waiting", "state.to_visit"]
    assert keys(waits._replace(outcome_state="confirmed")) == ["outcome.absent", "outcome.settled", "state.to_visit"]
    left = Fact("b", VILLAGE, None, outcome="died_out", outcome_state="confirmed")
    assert keys(left) == ["outcome.died_out"]  # off the list, and of nothing else


@settings(max_examples=examples(300), deadline=None)
@given(stories(), st.sampled_from([None, *RegisterState]), st.sampled_from([None, SAID_AT]))
def test_it_is_what_a_reader_of_all_that_was_said_counts(
    story: tuple[list[Said], bool], interview: RegisterState | None, returned_at: Any
) -> None:
    case = Case(Of("c", "r", "h"), tuple(story[0]), interview, VILLAGE, returned_at)
    fact = Fact("h", VILLAGE, interview.value if interview else None, **outcome_of(case))
    found = [key for key in keys(fact) if key.startswith("outcome.")]
    stands = case.standing
    if interview is RegisterState.ACCEPTED or stands.which is None:
        assert found == []
    elif stands.which.state is OutcomeState.WAITING:
        assert found == ["outcome.waiting"]
    elif interview is RegisterState.RECEIVED:
        assert found == []  # a person looks at the interview first
    else:
        open_ = interview in (RegisterState.TO_VISIT, RegisterState.RETURNED)
        assert found == [f"outcome.{stands.which.kind}"] + ["outcome.settled"] * open_


@pytest.mark.usefixtures("small_round")
def test_each_step_moves_the_sums(session: Session, login_as: Any) -> None:
    phone, desk, sent = login_as("enumerator"), login_as("supervisor"), outcome("ho-1")
    assert said_in(session) == {"listed": 4}
    push(phone, sent)
    where = address(session, sent)
    assert said_in(session) == said_in(session, VILLAGE) | {"listed": 4} == {"waiting": 1, "listed": 4}
    decide(desk, where, "confirm")
    assert said_in(session) == {"absent": 1, "settled": 1, "listed": 4}
    decide(desk, where, "take_back", "nhầm hộ")
    assert said_in(session) == {"waiting": 1, "listed": 4}
    decide(desk, where, "send_back", "đến lại")
    assert said_in(session) == {"listed": 4}
    decide(desk, where, "take_back", "nhầm")
    decide(desk, where, "confirm")
    interview = entry("ho-1")
    push(phone, interview)
    assert said_in(session) == {"listed": 4}  # an interview waits for a person
    decide_interview(session, interview["id"], Action.RETURN, "Sửa")
    assert said_in(session) == {"listed": 4}  # sent back after it was confirmed: it is to be mended
    assert "outcome.absent" not in session.get_one(PlaceTally, (COMMUNE, ROUND, VILLAGE_2, places.ALL)).counts


@pytest.mark.usefixtures("small_round")
def test_who_left_the_list_with_it_is_counted_until_the_undoing(session: Session, login_as: Any) -> None:
    desk, sent = login_as("supervisor"), outcome("ho-1", "died_out")
    push(login_as("enumerator"), sent)
    assert shown_then_done(desk, address(session, sent)).status_code == 303
    assert said_in(session) == {"died_out": 1, "listed": 3}
    row = session.get_one(HouseholdFact, (COMMUNE, ROUND, "ho-1"))
    assert (row.state, row.village_id, row.outcome, row.opening_class) == (None, VILLAGE, "died_out", None)
    places.rebuild(session, COMMUNE, ROUND)
    session.commit()
    assert said_in(session) == {"died_out": 1, "listed": 3}
    event = session.scalars(select(RegisterEvent).where(RegisterEvent.kind == "died_out")).one()
    undo = f"/desk/{COMMUNE}/households/ho-1/undo/{event.seq}"
    basis = re.search(r'name="basis" value="(\w+)"', desk.post(undo).text)[1]  # type: ignore[index]
    assert desk.post(undo, data={"basis": basis, "reason": "nhầm hộ"}).status_code == 303
    assert said_in(session) == {"waiting": 1, "listed": 4}


@pytest.mark.usefixtures("small_round")
def test_who_moved_since_is_asked_again_while_the_round_is_open(session: Session, login_as: Any) -> None:
    """A round that is over stays as it was decided: then the confirmation holds, and opened again it does not."""
    desk, sent = login_as("supervisor"), outcome("ho-1")
    push(login_as("enumerator"), sent)
    decide(desk, address(session, sent), "confirm")
    page = f"/desk/{COMMUNE}/households/ho-1"
    wish = {"kind": "move", "since": "2026-11-23", "village": VILLAGE_2}
    basis = re.search(r'name="basis" value="(\w+)"', desk.post(page, data=wish).text)[1]  # type: ignore[index]
    assert desk.post(page, data=wish | {"basis": basis, "reason": "về bản khác"}).status_code == 303
    assert said_in(session)["waiting"] == said_in(session, VILLAGE_2)["waiting"] == 1
    row = session.get_one(RoundCommune, (COMMUNE, ROUND))
    for action, counts in (
        (RoundAction.CLOSE, {"absent": 1, "settled": 1}),
        (RoundAction.REOPEN, {"waiting": 1}),
        (RoundAction.CANCEL, {"absent": 1, "settled": 1}),
    ):
        log.take(session, row, action, Act(None, NOW), "vì sao")
        session.commit()
        assert said_in(session) == counts | {"listed": 4}, action


@pytest.mark.usefixtures("small_round")
def test_what_was_forgotten_is_named_and_made_again(session: Session, login_as: Any) -> None:
    push(login_as("enumerator"), outcome("ho-1"))
    session.rollback()
    session.get_one(HouseholdFact, (COMMUNE, ROUND, "ho-1")).outcome_state = "confirmed"
    session.commit()
    assert places.differing(session, COMMUNE, ROUND) == [places.Differing(household_id="ho-1", what=("outcome_state",))]
    places.add_up(session, COMMUNE, ROUND)
    session.commit()
    assert places.differing(session, COMMUNE, ROUND) == []
    assert said_in(session) == {"waiting": 1, "listed": 4}
