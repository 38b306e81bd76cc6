"""Nobody waits at a commune's lock for rules to be run; what is of no open round is not evaluated at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.orm import Session

from models import Assessment, FormVersion, Round, Submission, SubmissionStatus
from survey.accounts.accounts import find_account
from survey.clocks import day_of
from survey.form.form import Form
from survey.questionnaires.published import publish
from survey.review.confirm_day import confirm
from survey.review.quarantine import judge_all
from survey.review.reassign import attach
from survey.submissions import evaluated_first
from survey.submissions.derive import rebuild
from survey.submissions.log import last_step
from tests.interviews import ROUND, entry, push
from tests.world import COMMUNE, NOW, VILLAGE


class Watch:
    """Which evaluations were made, and whether a commune was locked meanwhile by the connection that asked."""

    def __init__(self) -> None:
        self.locked, self.before = False, list[bool]()
        self.free = self.waited_for = 0

    def execute(self, _c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.locked = self.locked or statement.startswith(("UPDATE commune_counter", "INSERT INTO commune_counter"))

    def begin_part(self, _c: Connection, _name: str) -> None:
        self.before.append(self.locked)

    def end_part(self, _c: Connection, _name: str, _context: None) -> None:
        self.before.pop()

    def undo_part(self, _c: Connection, _name: str, _context: None) -> None:
        self.locked = self.before.pop()

    def end(self, _c: Connection) -> None:
        self.locked, self.before = False, []

    def evaluated(self) -> None:
        if self.locked:
            self.waited_for += 1
        else:
            self.free += 1

    def took(self) -> tuple[int, int]:
        """(made while nobody waited, made under a lock) since it was asked last."""
        found, self.free, self.waited_for = (self.free, self.waited_for), 0, 0
        return found


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watching, real = Watch(), evaluated_first.evaluate

    def evaluate(*of: Any) -> Any:
        watching.evaluated()
        return real(*of)

    monkeypatch.setattr(evaluated_first, "evaluate", evaluate)
    heard = {
        "before_cursor_execute": watching.execute, "savepoint": watching.begin_part,
        "release_savepoint": watching.end_part, "rollback_savepoint": watching.undo_part,
        "commit": watching.end, "rollback": watching.end,
    }  # fmt: skip
    for name, hear in heard.items():
        event.listen(Engine, name, hear)
    yield watching
    for name, hear in heard.items():
        event.remove(Engine, name, hear)


def held(session: Session, entry_id: str) -> tuple[Submission, SubmissionStatus]:
    session.rollback()
    submission = session.scalars(select(Submission).where(Submission.entry_id == entry_id)).one()
    return submission, session.get_one(SubmissionStatus, (submission.commune_id, submission.id))


@pytest.mark.usefixtures("small_round")
def test_what_arrives_is_evaluated_before_the_lock(login_as: Any, watch: Watch) -> None:
    browser = login_as("enumerator")
    sent = [entry(), entry("ho-2", answers={"diem_b1": 99}), entry(answers={"mang": None})]
    push(browser, *sent)
    assert watch.took() == (3, 0)
    push(browser, *sent)
    assert watch.took() == (0, 0)  # they are here


@pytest.mark.usefixtures("small_round")
def test_held_interviews_are_judged_again_before_the_lock(login_as: Any, session: Session, watch: Watch) -> None:
    unknown = [entry(f"la-{number}") for number in range(3)]
    results = push(login_as("enumerator"), *unknown)
    assert {result["reason"]["code"] for result in results} == {"unknown_household"}
    supervisor = find_account(session, "supervisor")
    assert supervisor is not None
    watch.took()
    assert judge_all(session, supervisor, COMMUNE, NOW) == (0, 3)
    free, waited_for = watch.took()
    assert (free > 0, waited_for) == (True, 0)


@pytest.mark.usefixtures("small_round")
def test_what_waited_for_its_household_is_evaluated_before_the_lock(
    login_as: Any, session: Session, watch: Watch
) -> None:
    browser, early = login_as("enumerator"), entry("moi", answers={"diem_b1": 99})
    push(browser, early)
    watch.took()
    push(browser, entry("moi", new_household={"village_id": VILLAGE, "head_name": "Lò Văn Mới", "address": ""}))
    assert held(session, early["id"])[1].reason == "two_interviews"  # it was welcomed
    free, waited_for = watch.took()
    assert (free > 1, waited_for) == (True, 0)


@pytest.mark.usefixtures("small_round")
def test_one_that_is_attached_or_dated_is_evaluated_before_the_lock(
    login_as: Any, session: Session, watch: Watch
) -> None:
    strange = entry("la")
    behind = entry("ho-2", finalised_at=(NOW - timedelta(days=90)).isoformat())
    push(login_as("enumerator"), strange, behind)
    supervisor = find_account(session, "supervisor")
    assert supervisor is not None
    watch.took()

    submission, status = held(session, strange["id"])
    attach(session, supervisor, COMMUNE, submission.id, "ho-1", seen=last_step(session, submission).seq, now=NOW)
    assert status.state == "submitted"
    assert watch.took()[1] == 0

    submission, status = held(session, behind["id"])
    assert status.reason == "doubtful_date"
    confirm(session, supervisor, COMMUNE, submission.id, day_of(NOW), seen=last_step(session, submission).seq, now=NOW)
    session.commit()
    assert status.state == "submitted"
    free, waited_for = watch.took()
    assert (free > 0, waited_for) == (True, 0)


@pytest.mark.usefixtures("small_round")
def test_the_rules_of_a_form_that_no_round_asks_with_are_not_run(login_as: Any, session: Session, watch: Watch) -> None:
    stored = session.get_one(FormVersion, (session.get_one(Round, ROUND).form_id, entry()["form"]["version"]))
    other = Form.from_json(stored.bundle | {"id": "bay"})
    publish(session, other, "", NOW)
    session.commit()
    sent = [
        entry(form={"id": "bay", "version": other.version}),
        entry(round_id=None, form={"id": "bay", "version": other.version}),
        entry(round_id="khong-co"),
    ]
    results = push(login_as("enumerator"), *sent)
    assert [result["reason"]["code"] for result in results] == ["unknown_form", "bad_shape", "round_closed"]
    assert watch.took() == (0, 0)
    rebuild(session)
    assert session.scalars(select(Assessment)).all() == []
    assert watch.took() == (0, 0)


@pytest.mark.usefixtures("small_round")
def test_an_entry_that_cannot_be_evaluated_is_stored_all_the_same(
    login_as: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_of: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(evaluated_first, "evaluate", fails)
    [result] = push(login_as("enumerator"), entry())
    assert result["reason"]["code"] == "bad_shape"  # stored bare, and the fault is in the log
    assert held(session, result["id"])[0].content
