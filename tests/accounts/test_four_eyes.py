"""Who interviews and who decides are two people: who held which account when, in every order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, CollectToken, PasswordKnown, ServerState
from survey.accounts import four_eyes
from survey.accounts.accounts import deactivate, find_account
from survey.accounts.four_eyes import Came, Hands, Known, Rule
from survey.problems import Problem
from tests.world import COMMUNE, NOW

HOURS = [NOW + timedelta(hours=number) for number in range(10)]
MADE, ENROLLED, HANDED_OVER = 2, 4, 6  # hours of the journey below


def of(session: Session, username: str) -> Account:
    found = find_account(session, username)
    assert found is not None
    return found


def journey(session: Session, username: str, maker: str, second: str) -> None:
    """`maker` sets a password of the account, its owner chooses another, `second` confirms: at the hours above."""
    account = of(session, username)
    four_eyes.made(session, account, of(session, maker), HOURS[MADE])
    session.flush()  # asked for next
    four_eyes.enrolled(session, account, HOURS[ENROLLED])
    four_eyes.hand_over(session, account.id, of(session, second), HOURS[HANDED_OVER])
    session.flush()  # asked for next


def stands(
    session: Session, decider: str, came: datetime, device: str = "a-phone", by: str = "enumerator"
) -> str | None:
    one = Came(of(session, by).id, came, device)
    return four_eyes.objection(session, of(session, decider), COMMUNE, one, HOURS[9])


# Hours at which an interview came: before the code was made, while only its maker had one, once the owner had chosen
# another, and at the hand-over itself.
@pytest.mark.parametrize(("hour", "blocked"), [(1, False), (2, True), (3, True), (5, True), (6, False), (8, False)])
@pytest.mark.parametrize(("maker", "second"), [("supervisor", "province"), ("supervisor", "supervisor-2"),
                                               ("province", "supervisor"), ("admin", "supervisor")])  # fmt: skip
@pytest.mark.parametrize("decider", ["supervisor", "supervisor-2", "province"])
def test_whoever_knew_a_password_when_it_came_does_not_decide(
    session: Session, decider: str, maker: str, second: str, hour: int, blocked: bool
) -> None:
    journey(session, "enumerator", maker, second)
    expected = "password_known" if blocked and decider == maker else None
    if decider == "province" and expected is None:
        expected = "somebody_may"  # of two supervisors one may
    assert stands(session, decider, HOURS[hour]) == expected


def test_the_province_decides_where_nobody_in_the_commune_may(session: Session) -> None:
    four_eyes.made(session, of(session, "enumerator"), of(session, "supervisor"), HOURS[2])
    session.flush()  # asked for next
    assert stands(session, "province", HOURS[3]) == "somebody_may"
    deactivate(of(session, "supervisor-2"))
    assert (stands(session, "province", HOURS[3]), stands(session, "supervisor", HOURS[3])) == (None, "password_known")
    assert stands(session, "province", HOURS[1]) == "somebody_may"
    assert stands(session, "province", HOURS[1], by="supervisor") is None  # nobody accepts their own
    deactivate(of(session, "supervisor"))
    assert stands(session, "province", HOURS[1]) is None  # where nobody reviews


def test_two_accounts_that_one_person_holds_are_one_person(session: Session) -> None:
    for username in ("enumerator", "supervisor"):
        four_eyes.made(session, of(session, username), of(session, "admin"), HOURS[2])
    session.flush()  # asked for next
    assert stands(session, "supervisor", HOURS[3]) == "password_known"
    assert stands(session, "supervisor-2", HOURS[3]) is None
    four_eyes.made(session, of(session, "enumerator-2"), of(session, "supervisor"), HOURS[2])
    four_eyes.made(session, of(session, "supervisor-2"), of(session, "admin"), HOURS[2])
    session.flush()  # asked for next
    assert stands(session, "supervisor-2", HOURS[3], by="enumerator-2") == "password_known"  # through the supervisor's


def refusal(session: Session, username: str, by: str) -> str | None:
    with session.begin_nested() as nested:
        try:
            four_eyes.hand_over(session, of(session, username).id, of(session, by), HOURS[6])
        except Problem as problem:
            return problem.code
        finally:
            nested.rollback()
    return None


def test_who_hands_an_account_over_never_knew_it(session: Session) -> None:
    enumerator = of(session, "enumerator")
    assert refusal(session, "enumerator", "province") == "not_found"  # nothing waits
    four_eyes.made(session, enumerator, of(session, "supervisor"), HOURS[2])
    session.flush()  # asked for next
    assert refusal(session, "enumerator", "province") == "not_enrolled"
    four_eyes.enrolled(session, enumerator, HOURS[4])
    refused = {one.username: refusal(session, "enumerator", one.username) for one in session.scalars(select(Account))}
    assert refused == {
        "enumerator": "not_found", "enumerator-2": "not_found", "enumerator-other": "not_found",
        "supervisor": "password_known", "supervisor-2": None, "supervisor-other": "not_found",
        "province": None, "province-other": "not_found", "admin": None,
    }  # fmt: skip
    four_eyes.made(session, of(session, "supervisor-2"), of(session, "supervisor"), HOURS[5])
    session.flush()  # asked for next
    assert refusal(session, "enumerator", "supervisor-2") == "password_known"  # it could be the maker


def test_a_new_code_begins_it_anew_and_the_server_can_end_it(session: Session) -> None:
    journey(session, "enumerator", "supervisor", "province")
    enumerator = of(session, "enumerator")
    assert not four_eyes.awaits_owner(session, enumerator)
    four_eyes.made(session, enumerator, of(session, "supervisor-2"), HOURS[7])
    session.flush()  # asked for next
    assert four_eyes.awaits_owner(session, enumerator)
    assert (stands(session, "supervisor", HOURS[8]), stands(session, "supervisor-2", HOURS[8])) == (
        None,
        "password_known",
    )
    four_eyes.enrolled(session, enumerator, HOURS[8])
    four_eyes.hand_over(session, enumerator.id, None, HOURS[9])
    rows = session.scalars(select(PasswordKnown).order_by(PasswordKnown.since)).all()
    assert [(row.until, row.confirmed_by) for row in rows] == [
        (HOURS[6], of(session, "province").id), (HOURS[9], None),
    ]  # fmt: skip


def test_a_key_of_collect_is_a_password_for_what_comes_by_collect(session: Session) -> None:
    enumerator, supervisor = of(session, "enumerator"), of(session, "supervisor")
    session.add(
        CollectToken(
            id="k", account_id=enumerator.id, token_hash="h", made_at=HOURS[2], made_by=supervisor.id, epoch=0,
            last_device="", expires_at=HOURS[9], revoked_at=HOURS[6], revoked_by=supervisor.id,
        )
    )  # fmt: skip
    session.flush()  # asked for next
    found = [stands(session, "supervisor", HOURS[hour], "collect:x") for hour in (1, 2, 5, 6)]
    assert found == [None, "password_known", "password_known", None]
    assert stands(session, "supervisor", HOURS[3]) is None
    assert stands(session, "supervisor-2", HOURS[3], "collect:x") is None


def test_what_was_known_before_the_rule_blocks_nothing_and_is_shown(session: Session) -> None:
    session.add(ServerState(key="four_eyes_since", value=HOURS[4].isoformat()))
    enumerator, supervisor = of(session, "enumerator"), of(session, "supervisor")
    four_eyes.made(session, enumerator, supervisor, HOURS[2])
    session.flush()  # asked for next
    assert not four_eyes.awaits_owner(session, enumerator)
    assert stands(session, "supervisor", HOURS[5]) is None
    hands = four_eyes.hands_of(session, [enumerator.id, supervisor.id])
    assert hands.unkept(supervisor.id, Came(enumerator.id, HOURS[5]), HOURS[6])
    assert not hands.unkept(supervisor.id, Came(enumerator.id, HOURS[1]), HOURS[6])


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Rule.UNTIL_HANDED_OVER, [None, "password_known", None]),
        (Rule.FOR_GOOD, [None, "password_known", "password_known"]),
        (Rule.SHOWN, [None, None, None]),
    ],
)
def test_the_province_says_what_is_blocked(session: Session, rule: Rule, found: list[str | None]) -> None:
    journey(session, "enumerator", "supervisor", "province")
    four_eyes.set_rule(session, of(session, "province"), rule, HOURS[7])
    session.flush()  # asked for next
    assert [stands(session, "supervisor", HOURS[hour]) for hour in (1, 3, 8)] == found
    with pytest.raises(Problem, match="forbidden"):
        four_eyes.set_rule(session, of(session, "supervisor"), Rule.SHOWN, HOURS[8])


NAMES = st.sampled_from("abcde")
SPANS = st.tuples(NAMES, st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9)))


@given(st.dictionaries(NAMES, st.lists(SPANS, max_size=3)), NAMES, NAMES, st.integers(0, 9))
def test_hands_grow_with_what_is_known_and_the_rules_are_in_order(
    spans: dict[str, list[tuple[str, int, int | None]]], author: str, decider: str, hour: int
) -> None:
    known = {
        account: [Known(by, HOURS[since], None if until is None else HOURS[until]) for by, since, until in every]
        for account, every in spans.items()
    }
    came = Came(author, HOURS[hour])
    shown, until, good = (
        Hands(known, None, rule).objection(decider, came, HOURS[9])
        for rule in (Rule.SHOWN, Rule.UNTIL_HANDED_OVER, Rule.FOR_GOOD)
    )
    assert shown == ("own_interview" if author == decider else None)
    assert until is None or good is not None  # what is blocked until the hand-over is blocked for good
    assert author in Hands(known).on(author, HOURS[hour])
    assert Hands(known).unkept(decider, came, HOURS[9]) == (until is not None)
    for account in known:
        fewer = Hands({one: every for one, every in known.items() if one != account})
        assert fewer.on(author, HOURS[hour]) <= Hands(known).on(author, HOURS[hour])
