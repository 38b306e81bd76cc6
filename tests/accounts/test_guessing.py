"""How often one may guess: a stranger never stops a known device, and names that nobody has cost only memory."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import AuditEvent, KnownBrowser, SignInTries
from survey.accounts import accounts, guessing, sessions, signin
from survey.accounts.accounts import find_account
from survey.accounts.guessing import MadeUpNames, Shown
from survey.accounts.turns import Turns
from survey.problems import Problem
from tests.world import NOW

SECONDS = timedelta(seconds=1)


def refused(act: Any, *given: Any) -> tuple[str, int | None]:
    with pytest.raises(Problem) as told:
        act(*given)
    return told.value.code, told.value.retry_after


def test_new_devices_wait_ever_longer() -> None:
    waits = [guessing.wait_after(failures).total_seconds() for failures in range(10)]
    assert waits == [0, 0, 0, 30, 60, 120, 240, 480, 900, 900]
    assert guessing.wait_after(10**6).total_seconds() == 900


def test_the_wait_the_end_and_the_way_back(session: Any) -> None:
    account, now = find_account(session, "enumerator"), NOW
    for _ in range(3):
        guessing.was_wrong(session, guessing.count(session, account, Shown(), now))
    assert refused(guessing.count, session, account, Shown(), now + 29 * SECONDS) == ("new_waits", 1)
    for _ in range(97):
        now += guessing.LONGEST
        guessing.was_wrong(session, guessing.count(session, account, Shown(), now))
    now += timedelta(days=30)
    assert refused(guessing.may_try, session, account, Shown(), now) == ("new_refused", 900)
    verbs = session.scalars(select(AuditEvent.verb)).all()
    assert (verbs.count("sign_in_failed"), verbs.count("new_devices_refused")) == (100, 1)
    guessing.let_in(session, account, None, now)
    guessing.count(session, account, Shown(), now)
    assert guessing.tries_of(session, account.id).untold == 101
    session.rollback()


def test_a_known_device_has_five_tries_of_its_own(session: Any) -> None:
    account, now = find_account(session, "enumerator"), NOW
    text = guessing.signed_in(session, account, Shown(), now)
    for at in range(5):
        guessing.count(session, account, Shown(text), now + at * SECONDS)
    assert refused(guessing.count, session, account, Shown(text), now + 60 * SECONDS) == ("slow_down", 840)
    other = find_account(session, "enumerator-2")
    assert guessing.count(session, other, Shown(text), now).browser is None  # new to another account
    assert guessing.count(session, account, Shown(text), now + guessing.WINDOW).browser is not None
    assert guessing.signed_in(session, account, Shown(text), now) == text
    assert guessing.tries_of(session, account.id).untold == 1  # of the five that have left the window, one is told
    session.rollback()


def test_a_hundred_wrong_tries_make_a_stolen_phone_a_stranger(session: Any) -> None:
    account, now = find_account(session, "enumerator"), NOW
    text = guessing.signed_in(session, account, Shown(), now)
    for at in range(100):
        guessing.count(session, account, Shown(text), now + at * guessing.WINDOW)
    assert guessing.count(session, account, Shown(text), now + 100 * guessing.WINDOW).browser is None
    session.rollback()


def test_a_right_try_counts_for_nothing(session: Any) -> None:
    account = find_account(session, "enumerator")
    text = guessing.signed_in(session, account, Shown(), NOW)
    for at in range(20):
        for shown in (Shown(), Shown(text)):
            guessing.take_back(session, guessing.count(session, account, shown, NOW + at * SECONDS))
    tries = guessing.tries_of(session, account.id)
    assert (tries.failures, tries.last, tries.untold) == (0, None, 0)
    session.rollback()


def test_an_office_shares_a_computer_and_its_cookie(session: Any) -> None:
    one, two = find_account(session, "supervisor"), find_account(session, "supervisor-2")
    text = guessing.signed_in(session, one, Shown(), NOW)
    assert guessing.signed_in(session, two, Shown(text), NOW) == text
    assert guessing.signed_in(session, two, Shown("của kẻ khác"), NOW) != "của kẻ khác"  # nobody names a device
    guessing.forget(session, NOW + guessing.KEPT + SECONDS)
    assert session.scalars(select(KnownBrowser)).all() == []
    session.rollback()


@pytest.mark.parametrize(("why", "known"), [(None, True), ("signed_out", True), ("ended", False), ("guessed", False)])
def test_a_session_of_before_makes_its_device_known(session: Any, why: str | None, known: bool) -> None:
    account = find_account(session, "enumerator")
    row, text = sessions.begin(session, account, NOW)
    row.why, row.ended = why, NOW if why else None
    session.flush()  # as a request before this one left it
    tried = guessing.count(session, account, Shown(session=text), NOW)
    assert (tried.browser is not None) is known
    made = guessing.signed_in(session, account, Shown(session=text), NOW)
    assert made != text and [one.token_hash for one in session.scalars(select(KnownBrowser))] != [tried.browser]
    assert guessing.count(session, find_account(session, "admin"), Shown(session=text), NOW).browser is None
    session.rollback()


def test_100000_tries_from_1000_addresses_stop_no_known_phone_and_write_nothing_for_names_that_nobody_has(
    session: Any,
) -> None:
    """What does not depend on a database is gone through whole; of the account's, 2,000."""
    made_up, account = MadeUpNames(), find_account(session, "enumerator")
    text = guessing.signed_in(session, account, Shown(), NOW)
    told = {"": 0, "new_waits": 0}
    for at in range(98_000):
        try:
            made_up.count(f"ten-{at % 20_000}", NOW + at * SECONDS / 1000)
            told[""] += 1
        except Problem as waits:
            told[waits.code] += 1
    assert len(made_up) == guessing.MOST_NAMES and told[""] + told["new_waits"] == 98_000
    looked_at = 0
    for at in range(2_000):
        try:
            guessing.count(session, account, Shown(), NOW + at * SECONDS / 10)
            looked_at += 1
        except Problem as waits:
            assert waits.code == "new_waits"
    assert looked_at == 5  # of 200 s: at 0, 0.1, 0.2, 30.2 and 90.2
    assert len(session.scalars(select(SignInTries)).all()) == 1
    guessing.may_try(session, account, Shown(text), NOW + 200 * SECONDS)
    assert guessing.count(session, account, Shown(text), NOW + 200 * SECONDS).browser is not None
    session.rollback()


def test_a_name_that_nobody_has_is_told_the_same(session: Any) -> None:
    made_up, account, now = MadeUpNames(), find_account(session, "enumerator"), NOW

    def told(act: Any, *given: Any) -> tuple[str, int | None]:
        try:
            act(*given)
        except Problem as waits:
            return waits.code, waits.retry_after
        return "", None

    for step in [0, 0, 0, 1, 29, 1, 60, 900, *[900] * 100]:
        now += step * SECONDS
        of_nobody = told(made_up.count, "khong-co", now)
        assert of_nobody == told(guessing.count, session, account, Shown(), now)
    assert of_nobody == ("new_refused", 900)
    session.rollback()


def test_an_old_hash_is_made_anew_when_its_password_was_typed(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account = find_account(session, "enumerator")
    with monkeypatch.context() as patch:
        old = accounts.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=2)
        patch.setattr(accounts, "_hasher", old)
        accounts.set_password(account, "chiều nay nắng to")
    epoch = account.session_epoch
    asked = signin.ask(session, account.id, Shown(), NOW)
    assert signin.is_right(asked, "chiều nay nắng to") and not signin.is_right(asked, "chiều nay mưa to")
    assert signin.answered(session, asked, True, "chiều nay nắng to") is account
    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert accounts.password_matches(account.password_hash, "chiều nay nắng to") and account.session_epoch == epoch
    session.rollback()


def test_a_password_that_was_set_meanwhile_is_not_passed_over(session: Any) -> None:
    account = find_account(session, "enumerator")
    asked = signin.ask(session, account.id, Shown(), NOW)
    account.session_epoch += 1
    assert signin.answered(session, asked, True, "") is None
    session.rollback()


@pytest.mark.parametrize(
    ("name", "may"),
    [("ban-na-ca.2", True), ("bản-nà-ca", True), ("аdmin", False), ("админ", True), ("admin٣", False), ("_", True)],
)
def test_a_username_is_of_one_script(name: str, may: bool) -> None:
    assert accounts.can_be_username(name) is may


def test_who_is_known_goes_before_a_crowd_of_strangers() -> None:
    turns, order = Turns(1, first=2, others=2), []
    assert turns.take(0, first=False)

    def wait(first: bool) -> None:
        if turns.take(30, first=first):
            order.append(first)
            turns.give()

    crowd = [threading.Thread(target=wait, args=(False,)) for _ in range(2)]
    for one in crowd:
        one.start()
    while turns._waiting[False] < 2:
        continue  # until they stand there
    assert not turns.take(30, first=False)  # the queue is full: told at once
    known = threading.Thread(target=wait, args=(True,))
    known.start()
    while turns._waiting[True] < 1:
        continue  # until they stand there
    turns.give()
    for one in (*crowd, known):
        one.join(30)
    assert order == [True, False, False]
    assert turns.take(0, first=False) and not turns.take(0, first=True)
