"""Who had which benefit: through merges, splits and reversals, and the same again when it is made anew."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Fund, Support, SupportClaim
from survey.problems import Problem
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.support_terms import SupportOrigin
from survey.supports import claims, giving
from survey.supports.giving import Given
from survey.terms import RegisterKind
from tests.commands.test_commands import run
from tests.given import blind, by, enter_catalogue, open_fund
from tests.review.test_persons import MOTHER, codes
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
TODAY, BEFORE = date(2026, 11, 23), date(2026, 11, 1)


@pytest.fixture(autouse=True)
def catalogue(session: Session) -> None:
    enter_catalogue(session)


def given(household_id: str = "ho-1", kind: str = "nha_o", on: date = BEFORE, **changes: Any) -> Given:
    return Given(changes.pop("commune", COMMUNE), kind, "ct2026", "1", on, household_id, **changes)


def give(session: Session, *args: Any, **changes: Any) -> Support:
    made = giving.give(session, given(*args, **changes), SupportOrigin.DESK, by(session), blind)
    session.commit()
    return made


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(Problem) as refused:
        act()
    return refused.value.code


def refused(session: Session, *args: Any, **changes: Any) -> str:
    code = refusal(lambda: give(session, *args, **changes))
    session.rollback()
    return code


def taken(session: Session, group: str = "") -> dict[str, str]:
    """Subject → the support that has it, of a group where one is named; the same when all is made again."""
    session.rollback()
    columns = SupportClaim.benefit_group, SupportClaim.subject, SupportClaim.window_key, SupportClaim.support_id
    found = sorted(session.execute(select(*columns)).all())
    claims.remake(session, "14")
    assert sorted(session.execute(select(*columns)).all()) == found
    session.rollback()
    return {subject: support_id for each, subject, _, support_id in found if group in ("", each)}


def act(session: Session, wish: Wish, commune_id: str = COMMUNE, who: str = "supervisor") -> None:
    register_acts.carry_out(session, commune_id, wish, by(session, who))
    session.commit()


def split(session: Session, household_id: str = "ho-1") -> str:
    act(session, Wish(RegisterKind.SPLIT, household_id, TODAY, given={"members": [MOTHER]}, new_id="ho-moi"))
    return "ho-moi"


def test_a_household_that_was_merged_has_what_the_other_had(session: Session) -> None:
    first = give(session, "ho-2").id
    act(session, Wish(RegisterKind.MERGE, "ho-2", TODAY, "ho-1"))
    assert taken(session) == {"h:ho-2": first, "h:ho-1": first}
    assert refused(session, "ho-1") == "support_given"


def test_what_was_given_to_both_is_of_the_first_until_that_is_taken_back(session: Session) -> None:
    first, second = give(session, "ho-2").id, give(session, "ho-1").id
    act(session, Wish(RegisterKind.MERGE, "ho-2", TODAY, "ho-1"))
    one, other = sorted((first, second))  # written down at one instant: by id
    assert taken(session)["h:ho-1"] == (second if one == second else first)
    giving.reverse(session, COMMUNE, first, by(session, reason="Ghi nhầm"))
    session.commit()
    assert taken(session) == {"h:ho-1": second} and other


def test_an_unmerged_household_leaves_nothing_behind(session: Session) -> None:
    first = give(session, "ho-2").id
    act(session, Wish(RegisterKind.MERGE, "ho-2", TODAY, "ho-1"))
    act(session, Wish(RegisterKind.UNMERGE, "ho-2", TODAY, "ho-1"))
    assert taken(session) == {"h:ho-2": first}


def test_both_heirs_of_a_split_have_what_was_given_before_it(session: Session) -> None:
    first = give(session, "ho-1").id
    new = split(session)
    assert taken(session) == {"h:ho-1": first, f"h:{new}": first}
    assert refused(session, new) == refused(session, "ho-1") == "support_given"
    # Given on the day of the split, it may have been to either: both have it.
    monthly = give(session, "ho-1", "tien_dien", TODAY).id
    assert taken(session, "tien_dien") == {"h:ho-1": monthly, f"h:{new}": monthly}


def test_a_split_undone_takes_the_heir_away(session: Session) -> None:
    first = give(session, "ho-1").id
    split(session)
    seq = register_acts.event_log.last_seq(session, COMMUNE)
    register_acts.undo(session, COMMUNE, seq, by(session))
    session.commit()
    assert taken(session) == {"h:ho-1": first}


def test_a_person_keeps_it_wherever_they_live(session: Session) -> None:
    mother = codes(session)[MOTHER]
    first = give(session, "ho-1", "the_bhyt", person=mother).id
    act(session, Wish(RegisterKind.TRANSFERRED, "ho-1", TODAY, "ho-2", person_id=mother))
    assert taken(session) == {f"p:{mother}": first}
    assert refused(session, "ho-2", "the_bhyt", TODAY, person=mother) == "support_given"


def test_another_commune_counts_as_well(session: Session) -> None:
    done = by(session, "supervisor-other")
    first = giving.give(session, given("ho-5", commune=OTHER_COMMUNE), SupportOrigin.DESK, done, blind).id
    session.commit()
    move = Wish(RegisterKind.MOVE, "ho-5", TODAY, given={"village": "03757-01", "commune": COMMUNE})
    act(session, move, OTHER_COMMUNE, "province")
    act(session, Wish(RegisterKind.MERGE, "ho-5", TODAY, "ho-1"))
    assert taken(session) == {"h:ho-5": first, "h:ho-1": first}
    assert refused(session, "ho-1") == "support_given"


def test_taken_back_it_may_be_given_anew_and_its_money_comes_back(session: Session) -> None:
    fund = open_fund(session, 50)
    made = give(session, amount=40_000_000, fund_id=fund)
    assert session.get_one(Fund, fund, populate_existing=True).balance == 10_000_000
    assert refused(session, "ho-2", amount=40_000_000, fund_id=fund) == "fund_not_enough"
    done = by(session, reason="Ghi nhầm hộ")
    giving.reverse(session, COMMUNE, made.id, done)
    session.commit()
    assert session.get_one(Fund, fund, populate_existing=True).balance == 50_000_000
    assert taken(session) == {}
    assert refusal(lambda: giving.reverse(session, COMMUNE, made.id, done)) == "support_reversed"
    session.rollback()
    give(session, amount=40_000_000, fund_id=fund)


def test_each_rule_refuses_at_a_desk(session: Session) -> None:
    other = open_fund(session, 50, OTHER_COMMUNE)
    assert refused(session, on=date(2025, 12, 31)) == "support_before_project"
    assert refused(session, on=date(2026, 11, 24)) == "register_future"
    assert refused(session, kind="the_bhyt") == "support_person_needed"
    assert refused(session, fund_id=other, amount=1) == "support_fund_unknown"
    own = open_fund(session, 1)
    assert refused(session, fund_id=own) == "support_amount_needed"
    assert refused(session, fund_id=own, amount=1_000_001) == "fund_not_enough"
    act(session, Wish(RegisterKind.DIED_OUT, "ho-2", TODAY))
    assert refused(session, "ho-2", on=TODAY) == "register_ended"
    assert session.scalars(select(Support)).all() == []


def test_the_class_of_that_day_is_frozen(session: Session) -> None:
    made = give(session)
    wish = Wish(RegisterKind.CORRECT, "ho-1", TODAY, given={"class": "khong_ngheo"})
    act(session, wish)
    assert (made.household_class, give(session, kind="tien_dien", on=TODAY).household_class) == (
        "ho_ngheo", "khong_ngheo",
    )  # fmt: skip


def test_an_exception_needs_room_and_has_no_claim(session: Session) -> None:
    first = give(session).id
    done = by(session)

    def except_(**changes: Any) -> Support:
        return giving.give(session, given(**changes), SupportOrigin.DESK, done, blind, exception="Nhà cháy, làm lại")

    made = except_()
    session.commit()
    assert made.exception == "Nhà cháy, làm lại" and taken(session) == {"h:ho-1": first}
    assert refusal(lambda: except_(on=date(2026, 11, 24))) == "register_future"
    session.rollback()
    giving.reverse(session, COMMUNE, first, by(session, reason="Ghi nhầm"))
    session.commit()
    assert taken(session) == {"h:ho-1": made.id}


def test_rebuild_makes_again_what_was_spoilt(app: Flask, session: Session) -> None:
    first = give(session).id
    act(session, Wish(RegisterKind.MERGE, "ho-1", TODAY, "ho-2"))
    found = taken(session)
    session.execute(update(SupportClaim).where(SupportClaim.subject == "h:ho-2").values(subject="h:ho-9"))
    session.commit()
    assert run(app, "rebuild", "--json")[0] == 0
    assert taken(session) == found == {"h:ho-1": first, "h:ho-2": first}


def test_another_rule_of_a_kind_counts_for_what_was_given(session: Session, login_as: Any) -> None:
    first = give(session, kind="ket_noi", person=codes(session)[MOTHER]).id
    assert taken(session) == {}
    row = {
        "code": "ket_noi", "label": "Kết nối việc làm", "benefit_group": "ket_noi", "subject": "person",
        "once_in": "calendar_year", "counts_as": "jobs", "status": "decided", "source": "QĐ 12/QĐ-UBND", "seen": "1",
        "reason": "mỗi năm một lần",
    }  # fmt: skip
    assert login_as("province").post("/desk/programmes/kind", data=row).status_code == 303
    assert list(taken(session).values()) == [first]


def test_of_two_at_once_one_wins(app: Flask, session: Session) -> None:
    """The same benefit by two officers, of two households of which one is heir to the other's."""
    fund = open_fund(session, 40)
    act(session, Wish(RegisterKind.MERGE, "ho-2", TODAY, "ho-1"))
    officers = [by(session, name).account_id for name in ("supervisor", "supervisor-2")]
    session.rollback()
    engine, start = app.extensions["engine"], Barrier(2, timeout=30)

    def try_it(number: int) -> str:
        with Session(engine) as mine:
            start.wait()
            try:
                one = given(amount=30_000_000, fund_id=fund)
                giving.give(mine, one, SupportOrigin.DESK, Done(officers[number], NOW), blind)
                mine.commit()
            except Problem as problem:
                mine.rollback()
                return problem.code
        return "given"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(try_it, range(2)))
    assert said[0] in ("fund_not_enough", "given") and said != ["given", "given"] and "given" in said
    session.rollback()
    assert session.get_one(Fund, fund, populate_existing=True).balance == 10_000_000
    assert len(session.scalars(select(Support)).all()) == 1
