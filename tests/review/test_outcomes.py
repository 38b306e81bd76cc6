"""Which confirmed outcome still says something of a household, after what became of it or of its interview since."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models import RegisterEntry, Round, SubmissionEvent, SubmissionStatus
from survey.accounts.accounts import find_account
from survey.register.event_log import Done
from survey.review import register_acts, workload
from survey.review.register_acts import Wish
from survey.rounds import accounting, closing
from survey.terms import Action, OutcomeKind, RegisterKind
from tests.interviews import ROUND, entry, outcome, push
from tests.review.test_register_acts import TODAY
from tests.review.test_review_and_rebuild import decide as decide_interview
from tests.web.desk.test_outcomes import address, confirmed, decide
from tests.web.phone.test_outcomes import told
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE, VILLAGE_2

pytestmark = pytest.mark.usefixtures("small_round")


def obstacles(session: Any) -> dict[str, int]:
    session.rollback()
    return dict(closing.obstacles_by_commune(session, session.get_one(Round, ROUND), [COMMUNE])[COMMUNE])


def ends(session: Any) -> dict[str, Any]:
    found = accounting.transitions(session, session.get_one(Round, ROUND), COMMUNE)
    return {one.household_id: one.state for one in found}


def move(session: Any, clock: Any, commune_id: str, **given: str) -> None:
    session.rollback()
    by = find_account(session, "province" if "commune" in given else "supervisor")
    register_acts.carry_out(
        session, commune_id, Wish(RegisterKind.MOVE, "ho-1", TODAY, None, given), Done(by.id, clock.now, "chuyển")
    )
    session.commit()


def confirm(login_as: Any, session: Any, clock: Any, kind: str) -> None:
    sent = outcome("ho-1", kind)
    push(login_as("enumerator"), sent)
    assert decide(login_as("supervisor"), address(session, sent), "confirm").status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind(kind)}
    clock.advance(hours=1)


@pytest.mark.parametrize("kind", ["moved_away", "absent", "refused", "not_found"])
def test_who_comes_back_from_another_commune_is_decided_on_again(
    login_as: Any, session: Any, clock: Any, kind: str
) -> None:
    confirm(login_as, session, clock, kind)
    move(session, clock, COMMUNE, village="03664-01", commune=OTHER_COMMUNE)
    assert confirmed(session) == {"ho-1": OutcomeKind(kind)}  # gone: nobody looks for it here
    clock.advance(hours=1)
    move(session, clock, OTHER_COMMUNE, village=VILLAGE, commune=COMMUNE)
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")).state == "to_visit"
    assert confirmed(session) == {} and ends(session)["ho-1"] is None
    assert obstacles(session) == {"not_visited": 3, "outcome_unconfirmed": 1}
    assert told(login_as("enumerator"))["state"] == "waiting"


@pytest.mark.parametrize("kind", ["moved_away", "not_found"])
def test_who_was_moved_to_another_village_is_decided_on_again_there(
    login_as: Any, session: Any, clock: Any, kind: str
) -> None:
    confirm(login_as, session, clock, kind)
    move(session, clock, COMMUNE, village=VILLAGE_2)
    assert confirmed(session) == {} and ends(session)["ho-1"] is None
    assert obstacles(session) == {"not_visited": 3, "outcome_unconfirmed": 1}
    assert told(login_as("enumerator-2"))["state"] == "waiting"


def test_who_was_moved_first_and_decided_on_afterwards_is_accounted_for(
    login_as: Any, session: Any, clock: Any
) -> None:
    move(session, clock, COMMUNE, village=VILLAGE_2)
    clock.advance(hours=1)
    sent = outcome("ho-1", "absent")
    push(login_as("enumerator-2"), sent)
    assert decide(login_as("supervisor"), address(session, sent), "confirm").status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.ABSENT}
    assert ends(session)["ho-1"] == "absent"


def returned(login_as: Any, session: Any, clock: Any) -> None:
    sent = entry("ho-1")
    push(login_as("enumerator"), sent)
    decide_interview(session, sent["id"], Action.RETURN, "Xem lại")
    session.rollback()
    status = session.scalars(select(SubmissionStatus)).one()
    event = session.scalars(select(SubmissionEvent).where(SubmissionEvent.action == "return")).one()
    status.updated_at = event.at = clock.now
    session.commit()
    clock.advance(hours=1)


def of_workload(session: Any) -> Any:
    session.rollback()
    return next(one for one in workload.due(session, COMMUNE, ROUND) if one.household_id == "ho-1")


def test_what_is_confirmed_after_an_interview_was_sent_back_is_the_end_everywhere(
    login_as: Any, session: Any, clock: Any
) -> None:
    returned(login_as, session, clock)
    assert obstacles(session) == {"not_visited": 3, "returned": 1}
    sent = outcome("ho-1")
    push(login_as("enumerator"), sent)
    assert obstacles(session) == {"not_visited": 3, "outcome_unconfirmed": 1}
    assert of_workload(session).is_sent and told(login_as("enumerator"))["state"] == "waiting"
    assert decide(login_as("supervisor"), address(session, sent), "confirm").status_code == 303
    assert confirmed(session) == {"ho-1": OutcomeKind.ABSENT}
    assert obstacles(session) == {"not_visited": 3} and ends(session)["ho-1"] == "absent"
    assert of_workload(session).is_done and told(login_as("enumerator"))["state"] == "confirmed"


def test_an_interview_sent_back_after_a_confirmation_is_to_be_mended_everywhere(
    login_as: Any, session: Any, clock: Any
) -> None:
    confirm(login_as, session, clock, "absent")
    returned(login_as, session, clock)
    assert confirmed(session) == {} and ends(session)["ho-1"] is None
    assert obstacles(session) == {"not_visited": 3, "returned": 1}
    due = of_workload(session)
    assert not due.is_done and not due.is_sent
    assert told(login_as("enumerator")) is None


def test_a_closing_that_the_proof_alone_refuses_names_the_household(
    login_as: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey_round = session.get_one(Round, ROUND)
    [lost, *_] = accounting.transitions(session, survey_round, COMMUNE)
    monkeypatch.setattr(closing, "_breaking", lambda *_: {})
    monkeypatch.setattr(accounting, "transitions", lambda *_: [lost])
    [named] = closing.breaks(session, survey_round, COMMUNE)
    assert (named.code, named.household_id, named.number) == ("not_accounted", "ho-1", "03757-01-001")
