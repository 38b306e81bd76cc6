"""A household of which somebody sends a hundred interviews costs each push the same, and each waits for a person."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event, select

from models import Submission, SubmissionStatus
from survey.accounts.accounts import find_account
from survey.review.decide import decide
from survey.submissions.derive import rebuild
from survey.submissions.lifecycle import MOST_COMPARED
from survey.submissions.log import last_step
from survey.terms import Action
from survey.web.session import get_engine
from tests.interviews import entry, push
from tests.world import COMMUNE, NOW

pytestmark = pytest.mark.usefixtures("small_round")


def reasons(session: Any) -> Counter[str | None]:
    session.rollback()
    return Counter(session.scalars(select(SubmissionStatus.reason)))


def told(results: list[dict[str, Any]]) -> list[str]:
    return [(one["reason"] or {}).get("code", "stored") for one in results]


def several(first: int, last: int, household: str = "ho-1", **more: Any) -> list[dict[str, Any]]:
    return [entry(household, {"ghi_chu": f"Lần {number}"}, **more) for number in range(first, last)]


def statements(app: Any, act: Any) -> int:
    counted = []
    with app.app_context():
        engine = get_engine()
    note = lambda *_: counted.append(1)  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(counted)


def test_the_twenty_first_beside_twenty_is_held_without_being_compared(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    assert told(push(browser, *several(0, MOST_COMPARED))) == ["stored"] + ["two_interviews"] * (MOST_COMPARED - 1)
    assert told(push(browser, *several(100, 103))) == ["too_many"] * 3
    assert reasons(session) == {"two_interviews": 20, "too_many": 3}
    assert rebuild(session) == 23
    assert Counter(session.scalars(select(SubmissionStatus.reason))) == {"two_interviews": 20, "too_many": 3}


def test_a_push_costs_the_same_beside_twenty_and_beside_two_hundred(app: Any, login_as: Any) -> None:
    browser = login_as("enumerator")
    push(browser, *several(0, 40))
    few = statements(app, lambda: push(browser, *several(1000, 1001)))
    for begin in range(50, 200, 50):
        push(browser, *several(begin, begin + 50))
    assert statements(app, lambda: push(browser, *several(2000, 2001))) == few


def test_one_id_with_a_hundred_contents_costs_no_more(app: Any, login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    same = [one | {"id": "mot-ma"} for one in several(0, 40)]
    assert told(push(browser, *same))[MOST_COMPARED + 1 :] == ["too_many"] * 19
    few = statements(app, lambda: push(browser, *(one | {"id": "mot-ma"} for one in several(1000, 1001))))
    push(browser, *(one | {"id": "mot-ma"} for one in several(50, 100)))
    assert statements(app, lambda: push(browser, *(one | {"id": "mot-ma"} for one in several(2000, 2001)))) == few
    elsewhere = push(browser, *(one | {"id": "mot-ma"} for one in several(0, 1, "ho-2")))
    assert told(elsewhere) == ["too_many"]


def test_one_of_many_is_chosen_and_the_others_give_way(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    push(browser, *several(0, MOST_COMPARED + 3))
    chosen = session.scalars(select(SubmissionStatus).filter_by(reason="too_many")).first()
    account = find_account(session, "supervisor")
    seen = last_step(session, session.get_one(Submission, (COMMUNE, chosen.submission_id))).seq
    decide(session, account, COMMUNE, chosen.submission_id, Action.RELEASE, seen=seen, comments=[], now=NOW)
    states = Counter(session.scalars(select(SubmissionStatus.state)))
    assert states == {"submitted": 1, "superseded": MOST_COMPARED + 2}


def test_when_they_are_few_again_each_waits_as_beside_one_other(login_as: Any, session: Any) -> None:
    push(login_as("enumerator"), *several(0, MOST_COMPARED + 1))
    account = find_account(session, "supervisor")
    held = session.scalars(select(SubmissionStatus).filter_by(reason="two_interviews")).first()
    seen = last_step(session, session.get_one(Submission, (COMMUNE, held.submission_id))).seq
    why = [{"path": None, "text": "Gửi trùng"}]
    decide(session, account, COMMUNE, held.submission_id, Action.DISCARD, seen=seen, comments=why, now=NOW)
    found = Counter(session.scalars(select(SubmissionStatus.reason)))
    assert found == {"two_interviews": MOST_COMPARED, None: 1}
