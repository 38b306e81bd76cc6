"""Money of a project: what each entry moves, what is refused, and two who spend at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Fund, FundEntry
from survey.problems import Problem
from survey.programmes import funds, shipped
from survey.programmes.funds import Movement, Totals, WantedFund
from survey.support_terms import FundAct
from tests.programmes.test_shipped import done

DAY = date(2026, 3, 1)
MILLION = 1_000_000


@pytest.fixture
def fund(session: Session) -> str:
    shipped.load(session, "14", done(session))
    wanted = WantedFund("14", "14", "qd90", "2", "Vốn sự nghiệp 2025", 2025, "QĐ giao vốn")
    found = funds.open_fund(session, wanted, done(session)).id
    session.commit()
    return found


def moved(session: Session, fund: str, act: FundAct, millions: int, of_seq: int | None = None) -> int:
    entry = funds.move(session, fund, Movement(act, millions * MILLION, DAY, "QĐ 12/QĐ-UBND", of_seq), done(session))
    return entry.seq


def stands(session: Session, fund: str) -> tuple[int, int]:
    """Free and promised, in millions."""
    found = session.get_one(Fund, fund, populate_existing=True)
    return found.balance // MILLION, found.committed // MILLION


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(Problem) as refused:
        act()
    return refused.value.code


def test_each_act_moves_what_is_free_and_what_is_promised(session: Session, fund: str) -> None:
    moved(session, fund, FundAct.ALLOCATE, 100)
    promise = moved(session, fund, FundAct.COMMIT, 60)
    assert stands(session, fund) == (40, 60)
    paid = moved(session, fund, FundAct.PAY, 25, promise)
    assert stands(session, fund) == (40, 35)
    moved(session, fund, FundAct.PAY, 10)  # without a promise before
    assert stands(session, fund) == (30, 35)
    moved(session, fund, FundAct.RETURN, 5, paid)  # somebody brings back what was too much
    moved(session, fund, FundAct.RETURN, 15, promise)  # not all of it is needed
    assert stands(session, fund) == (50, 20)
    moved(session, fund, FundAct.HAND_BACK, 50)
    assert stands(session, fund) == (0, 20)
    assert funds.left_of(session, fund, [promise, paid]) == {promise: 20 * MILLION, paid: 20 * MILLION}
    assert funds.totals_of(session, [fund])[fund] == Totals(50 * MILLION, 20 * MILLION, 30 * MILLION)


def test_more_than_there_is_is_refused_and_nothing_is_written(session: Session, fund: str) -> None:
    moved(session, fund, FundAct.ALLOCATE, 10)
    assert refusal(lambda: moved(session, fund, FundAct.PAY, 11)) == "fund_not_enough"
    promise = moved(session, fund, FundAct.COMMIT, 4)
    moved(session, fund, FundAct.COMMIT, 4)
    # The promises together would do; what is left of this one does not.
    session.commit()
    assert refusal(lambda: moved(session, fund, FundAct.PAY, 5, promise)) == "fund_entry_wrong"
    session.rollback()
    assert (stands(session, fund), session.scalar(select(func.count()).select_from(FundEntry))) == ((2, 8), 3)


@pytest.mark.parametrize(
    ("act", "of_seq"), [(FundAct.RETURN, 1), (FundAct.PAY, 1), (FundAct.PAY, 9), (FundAct.RETURN, 9)]
)
def test_what_refers_to_no_commitment_or_payment_is_refused(
    session: Session, fund: str, act: FundAct, of_seq: int
) -> None:
    moved(session, fund, FundAct.ALLOCATE, 10)
    assert refusal(lambda: moved(session, fund, act, 1, of_seq)) == "fund_entry_wrong"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"amount": 0}, ("amount", "no_amount")),
        ({"amount": -5}, ("amount", "no_amount")),
        ({"amount": 10**16}, ("amount", "no_amount")),
        ({"day": date(2026, 12, 31)}, ("day", "day_ahead")),
        ({"day": date(1026, 3, 1)}, ("day", "no_day")),
        ({"document": " "}, ("document", "blank")),
        ({"act": FundAct.RETURN}, ("of_seq", "of_needed")),
        ({"of_seq": 1}, ("of_seq", "of_nothing")),
    ],
)
def test_what_an_entry_cannot_be(changes: dict[str, Any], fault: tuple[str, str]) -> None:
    one = Movement(FundAct.ALLOCATE, 1, DAY, "QĐ")
    assert list(one.faults(date(2026, 11, 23))) == []
    assert fault in list(Movement(**(vars(one) | changes)).faults(date(2026, 11, 23)))


def test_a_mistake_is_reversed_once_and_not_below_what_rests_on_it(session: Session, fund: str) -> None:
    given = moved(session, fund, FundAct.ALLOCATE, 10)
    promise = moved(session, fund, FundAct.COMMIT, 10)
    paid = moved(session, fund, FundAct.PAY, 3, promise)
    session.commit()

    def undo(seq: int) -> int:
        return funds.reverse(session, fund, seq, "nhập nhầm", done(session)).seq

    assert refusal(lambda: undo(given)) == "fund_not_enough"  # it is promised already
    session.rollback()
    moved(session, fund, FundAct.ALLOCATE, 100)
    session.commit()
    assert refusal(lambda: undo(promise)) == "fund_entry_wrong"  # it is paid from
    session.rollback()
    undone = undo(paid)
    session.commit()
    assert (stands(session, fund), funds.left_of(session, fund, [promise, paid])) == (
        (100, 10),
        {promise: 10 * MILLION, paid: 0},
    )
    assert (refusal(lambda: undo(paid)), refusal(lambda: undo(undone))) == ("fund_entry_wrong",) * 2
    session.rollback()
    undo(promise)
    assert stands(session, fund) == (110, 0)
    assert funds.totals_of(session, [fund])[fund] == Totals(110 * MILLION, 0, 0)


def test_two_who_spend_at_once_never_spend_the_same_money(app: Flask, session: Session, fund: str) -> None:
    """Eight pay 3 of 10 at the same moment: three of them get it."""
    moved(session, fund, FundAct.ALLOCATE, 10)
    session.commit()
    start = Barrier(8)

    def pay(_: int) -> str:
        with Session(app.extensions["engine"]) as own:
            start.wait()
            try:
                moved(own, fund, FundAct.PAY, 3)
                own.commit()
            except Problem as problem:
                return problem.code
            return "paid"

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(pay, range(8)))
    assert said == ["fund_not_enough"] * 5 + ["paid"] * 3
    session.rollback()
    assert stands(session, fund) == (1, 0)
    assert [one.seq for one in funds.entries_of(session, fund)] == [4, 3, 2, 1]


@pytest.mark.parametrize("column", ["balance", "committed"])
def test_the_table_itself_holds_that_nothing_is_below_zero(session: Session, fund: str, column: str) -> None:
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE fund SET {column} = -1"))
    session.rollback()


def test_balances_are_made_again_of_the_entries(app: Flask, session: Session, fund: str) -> None:
    moved(session, fund, FundAct.ALLOCATE, 10)
    moved(session, fund, FundAct.COMMIT, 4)
    session.commit()
    assert not funds.remake(session, fund)
    session.execute(update(Fund).values(balance=99, committed=0, entries=7))
    session.commit()
    assert app.test_cli_runner().invoke(args=["rebuild"]).exit_code == 0
    session.expire_all()
    assert (stands(session, fund), session.get_one(Fund, fund).entries) == ((6, 4), 2)
