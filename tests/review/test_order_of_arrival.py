"""Whatever comes first: when all entries have arrived and the same was decided, the office stands the same.

Each example is a small round of its own on SQLite. Entries of several households arrive in a random order, cut into
pushes at random, from two phones, some more than once; then people decide; then what those decisions bring about
(mends) arrives, again in any order, with late copies of what was sent before. What is compared: the register, which
submissions count or are held and why, the class of each, and every receipt but its moment.
"""

from __future__ import annotations

import json
from itertools import takewhile
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Assessment,
    Household,
    Receipt,
    RegisterEntry,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from models.database import open_engine
from survey.accounts.accounts import find_account
from survey.evidence.signing import Signer
from survey.intake.envelope import read_entry
from survey.intake.receive import receive
from survey.problems import Problem
from survey.review import decide as review
from survey.submissions.derive import rebuild
from survey.terms import Action
from tests import world
from tests.databases import SQLite
from tests.examples import examples
from tests.interviews import entry, open_small_round

pytestmark = pytest.mark.thorough

CLOSED = "dot-da-dong"
SIGNER = Signer(b"7" * 32)
DECISIONS = [Action.ACCEPT, Action.RELEASE, Action.RETURN, Action.DISCARD, Action.REOPEN, Action.RESTORE]
NEW = {"village_id": world.VILLAGE, "head_name": "Hộ mới"}


def build(session: Session) -> None:
    world.build(session)
    open_small_round(session)
    other = session.get_one(Round, "dot-2026")
    columns = {column.name: getattr(other, column.name) for column in Round.__table__.columns}
    session.add(Round(**columns | {"id": CLOSED, "state": "closed", "year": 2025}))


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> SQLite:
    return SQLite(tmp_path_factory.mktemp("orders"), build)


def sendings() -> st.SearchStrategy[list[tuple[str, dict[str, Any]]]]:
    """(who sends, entry): interviews of a few households, some twice, with faults of every kind among them."""

    def made(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, dict[str, Any]]] = []
        for number in range(draw(st.integers(2, 7))):
            household = draw(st.sampled_from(["ho-1", "ho-2", "moi-1", "ho-4", "khong-co"]))
            changes: dict[str, Any] = {"id": f"e{number}", "answers": {"diem_b1": 100 + number}}
            if household == "moi-1" and draw(st.integers(0, 3)):
                changes["new_household"] = NEW
            fault = draw(st.sampled_from(["", "", "", "", "round", "answers", "form", "future", "shape"]))
            if fault == "round":
                changes["round_id"] = CLOSED
            elif fault == "answers":
                changes["answers"]["mang"] = None
            elif fault == "form":
                changes["form"] = {"id": "phieu_thu", "version": "9"}
            elif fault == "future":
                changes["finalised_at"] = "2026-12-30T01:00:00.000Z"
            elif fault == "shape":
                changes["confirmed"] = "x"
            if found and draw(st.integers(0, 3)) == 0:
                changes["id"] = draw(st.sampled_from([one["id"] for _, one in found]))
            if found and draw(st.integers(0, 4)) == 0:
                changes["replaces"] = draw(st.sampled_from([one["id"] for _, one in found]))
            who = draw(st.sampled_from(["enumerator", "enumerator", "supervisor", "enumerator-2"]))
            found.append((who, entry(household, **changes)))
        return found

    return st.composite(made)()


class Office:
    """One database in which one order happens."""

    def __init__(self, databases: SQLite) -> None:
        self.url = databases.fresh()
        self.engine = databases.share_statements(open_engine(self.url))
        self.session = Session(self.engine, expire_on_commit=False)

    def account(self, name: str) -> Account:
        found = find_account(self.session, name)
        assert found is not None
        return found

    def arrive(self, sent: list[tuple[str, dict[str, Any]]], random: Random) -> None:
        """In any order, in pushes of any size, from either phone; some pushes come twice."""
        waiting = random.sample(sent, len(sent)) + [one for one in sent if random.random() < 0.3]
        while waiting:
            who, _ = waiting[0]
            size = random.randint(1, 3)
            push = list(takewhile(lambda one: one[0] == who, waiting[:size]))  # noqa: B023 - used at once
            for _again in range(random.choice([1, 1, 2])):
                entries = [read_entry(one) for _, one in push]
                receive(self.session, self.account(who), random.choice("ab"), entries, world.NOW, SIGNER)
                self.session.commit()
            waiting = waiting[len(push) :]

    def decide(self, steps: list[tuple[int, int]]) -> list[str]:
        """The nth submission by its content, the nth decision open to a person: the same in every order."""
        done = []
        for which, action in steps:
            rows = self.session.execute(select(Submission, SubmissionStatus).join(SubmissionStatus, joined()))
            found = sorted(rows.all(), key=lambda row: row[0].content)
            submission, _ = found[which % len(found)]
            chosen = DECISIONS[action % len(DECISIONS)]
            seen = self.session.scalars(
                select(func.max(SubmissionEvent.seq)).where(SubmissionEvent.submission_id == submission.id)
            ).one()
            said = [{"path": None, "text": "Xem lại"}] if chosen in (Action.RETURN, Action.DISCARD) else []
            try:
                review.decide(
                    self.session, self.account("supervisor-2"), submission.commune_id, submission.id, chosen,
                    seen=seen, comments=said, now=world.NOW,
                )  # fmt: skip
            except Problem as refusal:
                self.session.rollback()
                done.append(refusal.code)
            else:
                self.session.commit()
                done.append(chosen.value)
        return done

    def stands(self) -> dict[str, Any]:
        """All that people and phones see of it, by content and not by our own ids."""
        self.session.expire_all()
        rows = self.session.execute(select(Submission, SubmissionStatus).join(SubmissionStatus, joined())).all()
        names = {submission.id: submission.content for submission, _ in rows}
        receipts = [json.loads(body) for body in self.session.scalars(select(Receipt.body))]
        return {
            "submissions": sorted((one.content, st.household_id, st.state, st.reason or "") for one, st in rows),
            "register": sorted(
                (one.household_id, one.round_id, one.state, names.get(one.submission_id or "", ""))
                for one in self.session.scalars(select(RegisterEntry))
            ),
            "households": sorted(
                (one.id, one.head_name, one.current_class or "", names.get(one.current_submission_id or "", ""))
                for one in self.session.scalars(select(Household))
            ),
            "classes": sorted(
                (names[one.submission_id], one.household_class or "")
                for one in self.session.scalars(select(Assessment))
            ),
            "receipts": sorted((one["entry_id"], one["content_hash"], str(one["files"])) for one in receipts),
        }

    def close(self, databases: SQLite) -> None:
        self.session.close()
        self.engine.dispose()
        databases.drop(self.url)


def joined() -> Any:
    return (SubmissionStatus.commune_id == Submission.commune_id) & (SubmissionStatus.submission_id == Submission.id)


STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=6)


@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sendings(), STEPS, STEPS, st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_the_end_does_not_depend_on_the_order_of_arrival(
    databases: SQLite,
    sent: list[tuple[str, dict[str, Any]]],
    first: list[tuple[int, int]],
    then: list[tuple[int, int]],
    one_way: Random,
    another: Random,
) -> None:
    ends = []
    for random in (one_way, another):
        office = Office(databases)
        try:
            office.arrive(sent, random)
            middle = office.stands()
            done = office.decide(first)
            # What was returned comes back mended, some of it twice, with late copies of what was there already.
            back = sorted(
                (one.entry_id, one.household_id, one.round_id)
                for one, status in office.session.execute(
                    select(Submission, SubmissionStatus).join(SubmissionStatus, joined())
                )
                if status.state == "returned" and one.household_id is not None
            )
            mends = [
                ("enumerator", entry(household, id=f"m{number}-{copy}", round_id=round_id, replaces=entry_id,
                                     answers={"diem_b1": 200 + number + copy}))
                for number, (entry_id, household, round_id) in enumerate(back)
                for copy in range(1 + number % 2)
            ]  # fmt: skip
            office.arrive(mends + sent, random)
            done += office.decide(then)
            end = office.stands()
            rebuild(office.session)
            office.session.commit()
            assert office.stands() == end
            ends.append((middle, done, end))
        finally:
            office.close(databases)
    assert ends[0] == ends[1]
