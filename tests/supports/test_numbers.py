"""A worker outside the register who is a member of a household is one person: given the same once, counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, Support, SupportClaim, SupportEntry
from survey.problems import Problem
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.support_terms import SupportOrigin
from survey.supports import claims, from_phones, giving, lists, reading
from survey.supports.giving import Given, Worker
from survey.supports.lists import Whole
from survey.terms import PlanMeasure, RegisterKind
from tests.examples import examples
from tests.given import blind, by, support
from tests.interviews import push
from tests.review.test_persons import FATHER, MOTHER
from tests.supports.test_counted import counted, enter_kinds, told
from tests.working import blind_of
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
TODAY = date(2026, 11, 23)
ONE, TWO = "014190000001", "014190000002"  # "băm-1", "băm-2"
OFFICERS = {COMMUNE: "supervisor", OTHER_COMMUNE: "supervisor-other"}
HERE, THERE = (COMMUNE, "ho-1"), (OTHER_COMMUNE, "ho-5")


@pytest.fixture(autouse=True)
def catalogue(session: Session) -> None:
    enter_kinds(session)


@pytest.fixture
def acts(session: Session) -> Iterator[Done]:
    """One after another, each a minute after the one before."""
    return (replace(by(session), at=NOW + timedelta(minutes=one)) for one in range(1, 1000))


def code(session: Session, home: tuple[str, str], name: str = MOTHER) -> str:
    people = register_acts.known_of(session, session.get_one(Household, home)).people
    return next(one.id for one in people.members(home[1]) if one.name == name)


def number(session: Session, home: tuple[str, str], said: str, name: str = MOTHER) -> None:
    """The register knows the number of a member."""
    wish = Wish(RegisterKind.PERSON, home[1], TODAY, given={"number": said}, person_id=code(session, home, name))
    register_acts.carry_out(session, home[0], wish, by(session, OFFICERS[home[0]]))
    session.commit()


def to_member(session: Session, done: Done, home: tuple[str, str] = HERE, name: str = MOTHER, **said: Any) -> Support:
    """A health card of this year, if nothing else is said."""
    exception = said.pop("exception", "")
    words = {"kind": "the_bhyt", "given_on": date(2026, 11, 1)} | said
    one = Given(home[0], words.pop("kind"), "ct2026", "1", words.pop("given_on"), home[1], code(session, home, name))
    return giving.give(session, one, SupportOrigin.DESK, done, blind, exception=exception)


def to_worker(session: Session, done: Done, commune: str = COMMUNE, said: str = ONE, **more: Any) -> Support:
    exception = more.pop("exception", "")
    words = {"kind": "the_bhyt", "given_on": date(2026, 11, 1)} | more
    worker = Worker("Ai Đó", "1990", blind(said))
    one = Given(commune, words.pop("kind"), "ct2026", "1", words.pop("given_on"), worker=worker)
    return giving.give(session, one, SupportOrigin.DESK, done, blind, exception=exception)


def refusal(act: Any, *args: Any, **said: Any) -> tuple[str, list[str]]:
    """The rule, and what it would repeat."""
    with pytest.raises(Problem) as refused:
        act(*args, **said)
    detail = refused.value.detail or {}
    return refused.value.code, detail.get("supports", [])


def taken(session: Session) -> dict[str, str]:
    """Subject → the support that has it; the same when all is made again."""
    session.flush()
    columns = SupportClaim.benefit_group, SupportClaim.subject, SupportClaim.window_key, SupportClaim.support_id
    found = sorted(session.execute(select(*columns)).all())
    claims.remake(session, "14")
    assert sorted(session.execute(select(*columns)).all()) == found
    return {subject: support_id for _, subject, _, support_id in found}


@pytest.mark.parametrize("home", [HERE, THERE])
def test_who_was_given_it_as_a_worker_is_not_given_it_as_a_member(
    session: Session, acts: Iterator[Done], home: tuple[str, str]
) -> None:
    number(session, home, ONE)
    first = to_worker(session, next(acts))
    assert first.person_number is None
    assert refusal(to_member, session, next(acts), home) == ("support_given", [first.id])
    to_member(session, next(acts), home, FATHER)  # nobody knows his number
    giving.reverse(session, COMMUNE, first.id, next(acts))
    mother = to_member(session, next(acts), home)
    assert (mother.person_number, mother.worker_number) == ("băm-1", None)
    assert taken(session)["n:băm-1"] == mother.id == taken(session)[f"p:{mother.person_id}"]


@pytest.mark.parametrize("home", [HERE, THERE])
def test_who_was_given_it_as_a_member_is_not_given_it_as_a_worker(
    session: Session, acts: Iterator[Done], home: tuple[str, str]
) -> None:
    number(session, home, ONE)
    first = to_member(session, next(acts), home)
    assert refusal(to_worker, session, next(acts)) == ("support_given", [first.id])
    assert refusal(to_worker, session, next(acts), given_on=TODAY) == ("support_given", [first.id])
    giving.reverse(session, home[0], first.id, next(acts))
    again = to_worker(session, next(acts))
    assert taken(session)["n:băm-1"] == again.id
    to_worker(session, next(acts), kind="dao_tao")  # another benefit
    to_worker(session, next(acts), said=TWO)


def test_who_becomes_a_member_later_was_given_it_before(session: Session, acts: Iterator[Done]) -> None:
    first = to_worker(session, next(acts), OTHER_COMMUNE)
    to_member(session, next(acts), kind="dao_tao")  # the register does not know her number yet
    number(session, HERE, ONE)
    assert refusal(to_member, session, next(acts)) == ("support_given", [first.id])
    to_worker(session, next(acts), kind="dao_tao")  # what was written before does not follow the number


def test_two_members_with_one_number_lose_nothing_by_it(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, ONE)
    number(session, THERE, ONE)
    mother, other = to_member(session, next(acts)), to_member(session, next(acts), THERE)
    assert taken(session) == {
        "n:băm-1": mother.id, f"p:{mother.person_id}": mother.id, f"p:{other.person_id}": other.id,
    }  # fmt: skip
    line = reading.one(session, OTHER_COMMUNE, other.id)
    assert line is not None and not line.is_double
    assert refusal(to_worker, session, next(acts)) == ("support_given", [mother.id])
    giving.reverse(session, COMMUNE, mother.id, next(acts))
    assert taken(session)["n:băm-1"] == other.id
    assert refusal(to_worker, session, next(acts)) == ("support_given", [other.id])
    giving.reverse(session, OTHER_COMMUNE, other.id, next(acts))
    assert taken(session) == {}
    to_worker(session, next(acts))


def test_of_two_members_the_number_is_the_firsts_also_where_the_day_was_before(
    session: Session, acts: Iterator[Done]
) -> None:
    """Rows of a list are of the instant at which it began, whatever was entered at a desk meanwhile."""
    number(session, HERE, ONE)
    number(session, THERE, ONE)
    of_the_list, at_a_desk = next(acts), next(acts)
    to_member(session, at_a_desk, THERE)
    first = to_member(session, of_the_list)
    assert taken(session)["n:băm-1"] == first.id


@pytest.mark.parametrize("is_worker_first", [True, False])
def test_what_stands_all_the_same_is_told_as_given_twice(
    session: Session, acts: Iterator[Done], is_worker_first: bool
) -> None:
    number(session, HERE, ONE)
    both = (to_worker, to_member) if is_worker_first else (to_member, to_worker)
    first, second = both[0](session, next(acts)), both[1](session, next(acts), exception="Cả hai đã nhận")
    assert taken(session)["n:băm-1"] == first.id
    found = [reading.one(session, COMMUNE, each.id) for each in (first, second)]
    assert [one and one.is_double for one in found] == [False, True]
    giving.reverse(session, COMMUNE, first.id, next(acts))
    assert taken(session)["n:băm-1"] == second.id
    line = reading.one(session, COMMUNE, second.id)
    assert line is not None and not line.is_double


HOMES = ((COMMUNE, "ho-1"), (COMMUNE, "ho-2"), (COMMUNE, "ho-3"), (OTHER_COMMUNE, "ho-5"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("member"), st.sampled_from(HOMES), st.booleans()),
        st.tuples(st.just("worker"), st.sampled_from([ONE, TWO]), st.booleans()),
        st.tuples(st.just("reverse"), st.integers(0, 9), st.booleans()),
    ),
    min_size=3,
    max_size=10,
)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_given_and_taken_back_rebuild_finds_the_same(session: Session, steps: Any) -> None:
    """Two mothers have the one number, a third the other, the fourth none; a flag: the second act of one instant, or an
    exception."""
    session.rollback()
    for home, said in zip(HOMES, (ONE, ONE, TWO), strict=False):
        wish = Wish(RegisterKind.PERSON, home[1], TODAY, given={"number": said}, person_id=code(session, home))
        register_acts.carry_out(session, home[0], wish, by(session))
    given: list[Support] = []
    for at, (act, what, flag) in enumerate(steps):
        done = replace(by(session), at=NOW + timedelta(minutes=at))
        exception = "Cả hai đã nhận" if flag else ""
        try:
            with session.begin_nested():
                if act == "member":
                    given.append(to_member(session, done, what, exception=exception))
                elif act == "worker":
                    given.append(to_worker(session, done, said=what, exception=exception))
                elif given:
                    one = given[what % len(given)]
                    giving.reverse(session, one.commune_id, one.id, done)
        except Problem as problem:
            assert problem.code in ("support_given", "support_reversed")
    standing = set(taken(session).values())
    assert standing <= {one.id for one in given}
    session.rollback()


# --- phones and lists -----------------------------------------------------------------------------------------------


def test_a_phone_that_tells_of_it_is_held_with_the_rule(
    session: Session, acts: Iterator[Done], app: Any, login_as: Any
) -> None:
    number(session, HERE, ONE)
    worker = Worker("Ai Đó", "1990", blind_of(app)(ONE))
    one = Given(OTHER_COMMUNE, "the_bhyt", "ct2026", "1", date(2026, 11, 1), worker=worker)
    first = giving.give(session, one, SupportOrigin.DESK, next(acts), blind_of(app))
    session.commit()
    phone = login_as("enumerator")
    assert phone.get("/api/v1/supports").json["given"] == []  # of a worker no household is told
    [result] = push(phone, support(said={"kind": "the_bhyt", "person": code(session, HERE)}))
    assert (result["outcome"], result["reason"]["code"]) == ("held", "support_given") and result["receipt"]
    session.rollback()
    assert session.scalars(select(SupportEntry)).one().rule == "support_given"
    [held] = from_phones.held(session, COMMUNE)
    found = from_phones.find(session, COMMUNE, held.row.id, TODAY, blind_of(app)).now
    assert found is not None and [one.id for one in found.earlier] == [first.id]
    made = from_phones.accept(session, COMMUNE, held.row.id, by(session, reason="Cả hai đã nhận"), blind_of(app))
    session.commit()
    assert session.get_one(Support, (COMMUNE, made)).person_number == blind_of(app)(ONE)
    [given] = phone.get("/api/v1/supports").json["given"]
    assert (given["household_id"], given["person"]) == ("ho-1", code(session, HERE))


def read(session: Session, *people: str) -> lists.Read:
    """A list of health cards of members of the first household."""
    home = session.get_one(Household, HERE).code
    rows = [f"{home};the_bhyt;ct2026;1;{one};01/11/2026;;;QĐ {at};" for at, one in enumerate(people)]
    data = "\n".join([";".join(lists.headings()), *rows]).encode()
    return lists.read_list(session, COMMUNE, "the.csv", data, NOW, Whole(), blind)


def test_a_row_of_a_list_is_left_out_with_its_reason(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, ONE)
    found = read(session, FATHER, MOTHER)
    assert [one.person for one in found.sound] == [FATHER, MOTHER]
    to_worker(session, next(acts), OTHER_COMMUNE)
    left = read(session, FATHER, MOTHER)
    assert [one.person for one in left.sound] == [FATHER]
    assert [[each.code for each in one.mistakes] for one in left.left] == [["refused"]]
    done = next(acts)
    assert [lists.write_row(session, one.given, done, blind) for one in found.sound] == [None, "support_given"]


def test_a_list_may_name_two_members_with_one_number(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, ONE)
    number(session, HERE, ONE, FATHER)
    found, done = read(session, FATHER, MOTHER), next(acts)
    assert [lists.write_row(session, one.given, done, blind) for one in found.sound] == [None, None]
    assert set(taken(session)) == {"n:băm-1"} | {f"p:{code(session, HERE, one)}" for one in (FATHER, MOTHER)}


# --- counting -------------------------------------------------------------------------------------------------------


def job(month: int) -> dict[str, Any]:
    return {"kind": "viec_lam", "given_on": date(2026, month, 15)}


def test_a_worker_who_is_a_member_counts_once_with_the_household(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, ONE)
    to_worker(session, next(acts), OTHER_COMMUNE, **job(3))
    to_worker(session, next(acts), OTHER_COMMUNE, TWO, **job(4))
    session.commit()
    before = counted(session, PlanMeasure.JOBS_OF_POOR, place="14")[-1]
    assert (before.numerator, before.denominator) == (0, 2)
    assert to_member(session, next(acts), **job(5)).household_class == "ho_ngheo"
    session.commit()
    found = told(counted(session, place="14"))
    assert [found[month] for month in range(3, 7)] == [1, 2, 2, 2]  # in March, as a worker
    share = counted(session, PlanMeasure.JOBS_OF_POOR, place="14")
    assert (share[-1].numerator, share[-1].denominator, share[-1].figure.value) == (1, 2, Decimal(50))
    assert told(counted(session)) == dict.fromkeys(range(5, 12), 1)  # of her commune alone: there she is a member


def test_a_member_first_and_then_a_worker_is_one(session: Session, acts: Iterator[Done]) -> None:
    number(session, THERE, ONE)
    to_member(session, next(acts), THERE, **job(2))
    again = to_worker(session, next(acts), **job(3))
    to_worker(session, next(acts), **job(4))
    session.commit()
    assert told(counted(session, place="14")) == dict.fromkeys(range(2, 12), 1)
    giving.reverse(session, COMMUNE, again.id, next(acts))
    session.commit()
    assert told(counted(session, place="14")) == dict.fromkeys(range(2, 12), 1)


def test_one_number_of_two_members_is_nobodys(session: Session, acts: Iterator[Done]) -> None:
    number(session, HERE, ONE)
    number(session, HERE, ONE, FATHER)
    for name in (MOTHER, FATHER):
        to_member(session, next(acts), name=name, **job(3))
    for _ in range(2):
        to_worker(session, next(acts), **job(4))
    session.commit()
    assert {month: value for month, value in told(counted(session)).items() if month < 6} == {3: 2, 4: 3, 5: 3}


def test_one_number_of_two_codes_of_one_person_is_theirs(session: Session, acts: Iterator[Done]) -> None:
    """His code was found to name the mother: one person, and the worker is that person too."""
    number(session, HERE, ONE)
    number(session, HERE, ONE, FATHER)
    father = code(session, HERE, FATHER)
    for name in (MOTHER, FATHER):
        to_member(session, next(acts), name=name, **job(4))
    to_worker(session, next(acts), **job(3))
    for kind, said in ((RegisterKind.LEFT, {}), (RegisterKind.IDENTIFIED, {"as": code(session, HERE)})):
        wish = Wish(kind, "ho-1", TODAY, person_id=father, given=said)
        register_acts.carry_out(session, COMMUNE, wish, by(session))
    session.commit()
    assert told(counted(session)) == dict.fromkeys(range(3, 12), 1)
