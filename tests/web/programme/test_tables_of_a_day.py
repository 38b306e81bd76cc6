"""The tables of a day are those that were printed on it, cell by cell, whatever was decided and written down since."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models import Round
from survey.accounts.accounts import find_account
from survey.clocks import day_of, end_of
from survey.layouts.forms import counted_layouts
from survey.layouts.past import Past, check_day, counted_of
from survey.layouts.tables import Book, Scope, held_in, make
from survey.problems import Problem
from survey.register import places
from survey.register.event_log import Done
from survey.residents import entering
from survey.residents.entering import Given
from survey.residents.residents import Numbers
from survey.review import decide as review
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.rounds import closing
from survey.submissions.derive import derive_told_otherwise
from survey.submissions.register_table import Level
from survey.terms import Action, Area, RegisterKind, ResidentStatus
from tests.examples import examples
from tests.layouts.against_sql import figures
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import KEY, reviewed
from tests.world import COMMUNE, NOW, VILLAGE, VILLAGE_2

ALL = tuple(counted_layouts())
HOUR = timedelta(hours=1)


@dataclass
class History:
    """Field work that goes on hour by hour; after each step the tables are printed."""

    work: Field
    at: datetime = NOW
    printed: list[tuple[datetime, dict[int, Any]]] = field(default_factory=list)

    @property
    def session(self) -> Session:
        return self.work.session

    @property
    def round(self) -> Round:
        return self.session.get_one(Round, self.work.round_id)

    def take(self, step: Callable[[History], None]) -> bool:
        """Whether it could be done."""
        self.at += HOUR
        self.session.rollback()
        try:
            step(self)
            self.session.commit()
        except Problem:
            self.session.rollback()
            return False
        self.printed.append((self.at + HOUR / 2, said(self.book())))
        return True

    def book(self, past: Past | None = None) -> Book:
        self.session.rollback()
        communes = tuple(held_in(self.session, self.round, [COMMUNE]))
        scope = Scope(self.round, COMMUNE, communes, Level.VILLAGE, past=past)
        return make(self.session, scope, ALL, self.at if past is None else past.at, str)

    def past(self, at: datetime) -> Past:
        self.session.rollback()
        counted = json.loads(json.dumps(counted_of(self.session, self.round, COMMUNE, at)))
        return Past(at, {COMMUNE: counted})

    def by(self, name: str = "supervisor") -> Done:
        found = find_account(self.session, name)
        assert found is not None
        return Done(found.id, self.at, "theo biên bản")

    def decide(self, number: int, action: Action) -> None:
        one = self.work.submission(self.work.sent[number])
        comments = [{"path": None, "text": "Xem lại"}] if action is Action.RETURN else []
        review.decide(
            self.session, self.work.account("supervisor"), COMMUNE, one.id, action,
            seen=self.work.seen(one.id), comments=comments, now=self.at,
        )  # fmt: skip

    def act(self, kind: RegisterKind, number: int, other: int | None = None, on: date | None = None, **of: Any) -> None:
        into = self.work.households[other] if other is not None else None
        wish = Wish(kind, self.work.households[number], on or day_of(self.at), into, of)
        register_acts.carry_out(self.session, COMMUNE, wish, self.by())

    def close(self) -> None:
        closing.close_communes(self.session, self.round, [COMMUNE], self.at, prover=KEY)

    def reopen(self) -> None:
        closing.reopen_commune(self.session, self.round, COMMUNE, "sót hộ", self.at)

    def accept_round(self) -> None:
        closing.accept_communes(self.session, self.round, [COMMUNE], self.at)

    def residents(self, households: int) -> None:
        numbers = {VILLAGE: Numbers(households, 4 * households), VILLAGE_2: Numbers(30, 120)}
        those = [
            Given(id, date(2025, 12, 31), one, ResidentStatus.PUBLISHED, "Niên giám") for id, one in numbers.items()
        ]
        done = self.by()
        entering.enter(self.session, those, done)
        self.session.flush()  # it is confirmed by what stands there
        entering.confirm_all(self.session, done.act, numbers, self.by("province"))

    def area(self, area: Area) -> None:
        """As the commune's recount does it."""
        places.change_area(self.session, VILLAGE, area, date(2026, 9, 1), self.by())
        derive_told_otherwise(
            self.session, COMMUNE, closing.judged_in(self.session, self.work.round_id, COMMUNE)
        )  # fmt: skip


def said(book: Book) -> dict[int, Any]:
    """Of each table its figures, faults and notes; under 0 the marks, but that of the day."""
    marks = [(one.code, one.values) for one in book.marks if one.code != "as_of"]
    return {0: marks} | {
        number: (
            figures(book, number), [(one.code, one.values) for one in made.faults],
            [(one.code, one.values) for one in made.notes],
        )
        for number, made in book.tables.items()
    }  # fmt: skip


def held_against(history: History) -> int:
    """Ask for every instant at which the tables were printed; how many there were."""
    for at, then in history.printed:
        now = said(history.book(history.past(at)))
        for number, of_table in then.items():
            assert now[number] == of_table, (at, number)
    return len(history.printed)


def step(name: str, *given: Any, **more: Any) -> Callable[[History], None]:
    return lambda history: getattr(history, name)(*given, **more)


CLOSED_AND_CORRECTED = (
    step("residents", 20),
    step("close"),
    step("act", RegisterKind.MOVE, 0, village=VILLAGE_2),  # a closed round stays as it was decided
    step("accept_round"),
    step("residents", 25),
    step("reopen"),
    step("decide", 2, Action.REOPEN),
    step("decide", 2, Action.RETURN),
    step("act", RegisterKind.CORRECT, 3, **{"class": "ho_ngheo"}),
    step("area", Area.URBAN),  # another line and other points: classes change
    step("act", RegisterKind.MERGE, 1, 0),
    step("act", RegisterKind.UNMERGE, 1, 0),
)


@pytest.fixture
def history(field: Callable[..., Field]) -> History:
    return History(field(4, done=reviewed))


def test_each_day_is_as_it_was_printed(history: History) -> None:
    done = [history.take(one) for one in CLOSED_AND_CORRECTED]
    assert done == [True] * len(done)
    poor = [then[4][0]["total", "t"] for _, then in history.printed]
    assert len(set(map(str, [then for _, then in history.printed]))) >= 8  # most steps change what is printed
    assert poor[0] == 2 and poor[6] == 1  # the third was opened again and counts no more
    assert held_against(history) == len(CLOSED_AND_CORRECTED)


def test_a_day_before_the_round_was_held_has_no_figures(history: History) -> None:
    assert counted_of(history.session, history.round, COMMUNE, NOW - timedelta(days=1)) is None
    opens_on = history.round.opens_on
    for day, code in ((opens_on - timedelta(days=1), "tables_before_round"), (date(2027, 1, 1), "tables_in_future")):
        with pytest.raises(Problem, match=code):
            check_day(history.round, day, NOW)
    assert check_day(history.round, opens_on, NOW) == end_of(opens_on)
    assert check_day(history.round, day_of(NOW), NOW) == NOW
    assert day_of(end_of(opens_on)) == opens_on
    assert day_of(end_of(opens_on) + timedelta(microseconds=1)) == opens_on + timedelta(days=1)


NUMBERS = st.integers(0, 3)
STEPS = st.one_of(
    st.builds(lambda number, action: step("decide", number, action), NUMBERS,
              st.sampled_from([Action.REOPEN, Action.ACCEPT, Action.RETURN])),
    st.builds(lambda number, village: step("act", RegisterKind.MOVE, number, village=village), NUMBERS,
              st.sampled_from([VILLAGE, VILLAGE_2])),
    st.builds(lambda number, of: step("act", RegisterKind.CORRECT, number, **{"class": of}),
              NUMBERS, st.sampled_from(["ho_ngheo", "ho_can_ngheo", "khong_ngheo"])),
    st.builds(lambda kind, one, other: step("act", kind, one, other), st.sampled_from(
        [RegisterKind.MERGE, RegisterKind.UNMERGE, RegisterKind.DUPLICATE]), NUMBERS, NUMBERS),
    st.builds(lambda kind, one: step("act", kind, one),
              st.sampled_from([RegisterKind.DISSOLVE, RegisterKind.RESTORE]), NUMBERS),
    st.builds(lambda area: step("area", area), st.sampled_from(Area)),
    st.builds(lambda number: step("residents", number), st.integers(10, 40)),
    st.sampled_from([step("close"), step("reopen"), step("accept_round")]),
)  # fmt: skip


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=2, max_size=7))
def test_any_day_of_any_history_is_as_it_was_printed(
    field: Callable[..., Field], app: Flask, steps: list[Callable[[History], None]]
) -> None:
    history = History(field(4, done=reviewed))
    for one in steps:
        history.take(one)
    held_against(history)
