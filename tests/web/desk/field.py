"""Field work for the desk's tests: a round, households with last year's answers, interviews sent as phones send them.

The answers are those of `tests/cases/households.md`, so each is a household that the form accepts.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Household, RegisterEntry, Submission, SubmissionEvent
from survey.accounts.accounts import find_account
from survey.evidence.signing import Signer
from survey.intake.envelope import read_entry
from survey.intake.receive import Outcome, receive
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.review import decide as review
from survey.rounds.rounds import open_round
from survey.terms import Action, B1Method, HouseholdClass
from tests import world
from tests.databases import Fill
from tests.poverty.households import FILE, WORKBOOK, Case, household_form, read_cases

SOURCE = WORKBOOK.read_text(encoding="utf-8")
FORM = household_form()
# Each is complete, in a village of its own kind, and keys its points in.
CASES = [case for case in read_cases(FORM, FILE.read_text(encoding="utf-8")) if case.complete and not case.illustrative]
CASES = [case for case in CASES if case.answers["cach_b1"] == "nhap_tong" and case.answers["khu_vuc"] == "nong_thon"]
NAMES = {"bố": "Lò Văn Đông", "mẹ": "Quàng Thị Ước", "con cả": "Lò Văn Ký", "con út": "Lò Thị Hằng", "bà": "Lò Thị Ính"}
CLASSES = [*HouseholdClass, None]
ROUND_ID = str(uuid5(NAMESPACE_OID, "round"))


def answers_of(case: Case, method: B1Method) -> dict[str, Any]:
    """The case's answers as a phone sends them in a round of that method, the persons with names."""
    answers: dict[str, Any] = copy.deepcopy(case.answers) | {"cach_b1": method.value}
    for number, person in enumerate(answers["thanh_vien"], 1):
        person["ho_ten"] = NAMES.get(person["ho_ten"], f"Lò Văn {number}")
    return without_blanks(answers)


def without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_blanks(one) for key, one in value.items() if one is not None}
    return [without_blanks(one) for one in value] if isinstance(value, list) else value


@dataclass
class Field:
    """A round in the world's commune, and what is needed to send and decide."""

    session: Session
    signer: Signer
    round_id: str
    method: B1Method
    households: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # entry ids, in the order of sending

    def account(self, username: str) -> Account:
        found = find_account(self.session, username)
        assert found is not None
        return found

    def entry(self, number: int, case: Case, **changes: Any) -> dict[str, Any]:
        """An interview of household `number` with the answers of `case`."""
        code = f"{world.VILLAGE}-{number + 1:03d}"
        answers = answers_of(case, self.method) | {"ma_ho": code}
        entry = {
            "id": str(uuid4()), "commune_id": world.COMMUNE, "round_id": self.round_id,
            "household_id": self.households[number], "form": {"id": FORM.id, "version": FORM.version},
            "answers": answers, "confirmed": {}, "files": [],
            "started_at": "2026-10-15T01:10:00.000Z", "finalised_at": "2026-10-15T01:42:00.000Z",
            "replaces": None, "new_household": None,
        }  # fmt: skip
        return entry | changes

    def send(self, entry: dict[str, Any], by: str = "enumerator", at: datetime = world.NOW) -> Outcome:
        [outcome] = receive(
            self.session,
            self.account(by),
            "a-phone",
            [read_entry(entry)],
            at + timedelta(seconds=len(self.sent)),
            self.signer,
        )
        self.session.commit()
        self.sent.append(entry["id"])
        return outcome

    def send_two(self) -> None:
        """Two interviews of the first household that differ in the floor area."""
        first = self.entry(0, CASES[0])
        second = copy.deepcopy(first) | {"id": "phieu-hai"}
        second["answers"]["nha_o"]["dien_tich"] += 7
        self.send(first)
        self.send(second)

    def submission(self, entry_id: str) -> Submission:
        return self.session.scalars(select(Submission).where(Submission.entry_id == entry_id)).one()

    def decide(self, entry_id: str, action: Action, by: str = "supervisor", **more: Any) -> None:
        submission = self.submission(entry_id)
        comments = more.pop("comments", [{"path": None, "text": "Xem lại"}] if action is Action.RETURN else [])
        review.decide(
            self.session, self.account(by), world.COMMUNE, submission.id, action,
            seen=self.seen(submission.id), comments=comments, now=world.NOW, **more,
        )  # fmt: skip
        self.session.commit()

    def seen(self, submission_id: str) -> int:
        numbers = self.session.scalars(
            select(SubmissionEvent.seq).where(SubmissionEvent.submission_id == submission_id)
        )
        return max(numbers)

    def household(self, number: int) -> Household:
        return self.session.get_one(Household, (world.COMMUNE, self.households[number]))

    def register(self, number: int) -> RegisterEntry:
        self.session.rollback()  # to see what others did since
        return self.session.get_one(RegisterEntry, (world.COMMUNE, self.round_id, self.households[number]))


def open_field(app: Flask, session: Session, count: int, method: B1Method = B1Method.TOTAL) -> Field:
    """A round over `count` households of the world's first village, each with a class and answers of last year. They
    stand in the place of what was in the database: laid once, and copied for each test."""
    session.close()
    app.extensions["engine"].dispose()
    app.extensions["databases"].become(app.config["DATABASE_URL"], _laid(count, method))
    return Field(session, Signer(app.config["RECEIPT_KEY"]), ROUND_ID, method, household_ids(count))


def household_ids(count: int) -> list[str]:
    return [str(uuid5(NAMESPACE_OID, f"household {number}")) for number in range(count)]


def three_accepted(work: Field) -> None:
    """Five interviews, of which three are accepted."""
    for number in range(5):
        work.send(work.entry(number, CASES[number]))
    for number in range(3):
        work.decide(work.sent[number], Action.ACCEPT)


@cache
def _laid(count: int, method: B1Method) -> Fill:
    """The same function for the same field: it names the template."""
    return partial(_lay, count=count, method=method)


def _lay(session: Session, count: int, method: B1Method) -> None:
    form = publish(session, FORM, SOURCE, world.NOW)
    for number, household_id in enumerate(household_ids(count)):
        import_household(
            session,
            commune_id=world.COMMUNE,
            household_id=household_id,
            village_id=world.VILLAGE,
            head_name=f"Lò Văn Đông {number + 1}",
            now=world.NOW,
            base_class=CLASSES[number % len(CLASSES)],
            base_answers=None if number % 5 == 4 else answers_of(CASES[(number + 1) % len(CASES)], method),
        )
    open_round(
        session,
        round_id=ROUND_ID,
        title="Rà soát định kỳ 2026",
        year=2026,
        form=form,
        opens_on=date(2026, 9, 1),
        closes_on=date(2026, 12, 14),
        now=world.NOW,
        b1_method=method,
    )
