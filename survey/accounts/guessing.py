"""How often a password may be guessed: a stranger never stops who was signed in on this device before.

A *known* device brings the text of a cookie that it was given when the right password was typed on it: five wrong tries
of it for one account in 15 minutes, and after a hundred without a right one it is known no more. All other devices
share one count for each account: three tries, then a wait that doubles up to 15 minutes; after a hundred wrong ones
(NIST SP 800-63B, 5.2.2) none of them is looked at until the owner signs in on a known one, somebody who looks after
the account lets new devices in, or the operator does. No address counts against an account: a commune shares one.

A try is counted before the password is looked at and taken back when it was right, so that many at once are not more.
Names that nobody has are told the same waits, out of memory: nothing is written for them.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Account, KnownBrowser, SignInTries
from survey.accounts import sessions
from survey.accounts.access_keys import hash_of, new_text
from survey.evidence import audit
from survey.problems import Problem

WINDOW, OWN = timedelta(minutes=15), 5  # of a known device, for one account
FREE, SHORTEST, LONGEST = 3, timedelta(seconds=30), timedelta(minutes=15)  # of all other devices together
MOST = 100  # wrong ones without a right one between
KEPT = timedelta(days=400)  # since a device was last signed in on: as long as a browser keeps a cookie
MOST_NAMES = 10_000  # that nobody has, in memory


class Shown(NamedTuple):
    """What a browser brings: the text by which it is known, and that of the session which it had last."""

    device: str = ""
    session: str = ""


class Try(NamedTuple):
    """A try that was counted. `browser`: the hash by which the device is known; None for a new one. `before`: when the
    new devices tried the last time before."""

    account_id: str
    browser: str | None
    at: datetime
    before: datetime | None


def wait_after(failures: int) -> timedelta:
    """How long new devices wait after so many wrong tries: 30 s after three, then 1, 2, 4, 8 and 15 minutes."""
    return min(LONGEST, SHORTEST * 2 ** min(failures - FREE, 10)) if failures >= FREE else timedelta(0)


def may_try(session: Session, account: Account, shown: Shown, now: datetime) -> None:
    """Raises what `count` would; writes nothing."""
    browser = _known(session, account, shown)
    if browser is not None:
        _recent(browser, now)
    elif (tries := tries_of(session, account.id)) is not None:
        _may_try(tries.failures, tries.last, now)


def count(session: Session, account: Account, shown: Shown, now: datetime) -> Try:
    """Count a try to sign in from a device that brings this. Raises `slow_down` for a known one, `new_waits` or
    `new_refused` for another."""
    tries = _tries(session, account.id)  # first: whoever tries at the same time waits here
    browser = _known(session, account, shown)
    if browser is not None:
        recent = _recent(browser, now)
        browser = session.merge(browser)
        browser.failed, browser.wrong = [at.isoformat() for at in (*recent, now)], browser.wrong + 1
        _tell(tries, now)
        return Try(account.id, browser.token_hash, now, None)
    _may_try(tries.failures, tries.last, now)
    before, tries.failures, tries.last = tries.last, tries.failures + 1, now
    _tell(tries, now)
    return Try(account.id, None, now, before)


def take_back(session: Session, one: Try) -> None:
    """The password was right, or could not be looked at: the try counts for nothing."""
    tries = _tries(session, one.account_id)
    tries.untold = max(0, tries.untold - 1)
    if one.browser is None:
        tries.failures = max(0, tries.failures - 1)
        if tries.last == one.at:
            tries.last = one.before
    elif (browser := _browser(session, one.account_id, one.browser)) is not None:
        browser.wrong = max(0, browser.wrong - 1)
        failed = list(browser.failed)
        if one.at.isoformat() in failed:
            failed.remove(one.at.isoformat())
        browser.failed = failed


def was_wrong(session: Session, one: Try) -> None:
    """Write down that a counted try was wrong, and that with it new devices are looked at no more."""
    audit.record(session, one.at, one.account_id, "sign_in_failed")
    if one.browser is None and _tries(session, one.account_id).failures == MOST:
        audit.record(session, one.at, None, "new_devices_refused", one.account_id)


def signed_in(session: Session, account: Account, shown: Shown, now: datetime) -> str:
    """Somebody is signed in, with all that it takes: the counts begin anew, and the device is known by the text that is
    handed back. What was tried on this device is not told; what others tried is, until it was read."""
    tries = _tries(session, account.id)
    tries.failures, tries.last = 0, None
    text = shown.device if shown.device and _is_anybodys(session, shown.device) else new_text()
    hashed = hash_of(text)
    former = _known(session, account, shown)
    if former is not None:
        tries.untold = max(0, tries.untold - len(former.failed))
        if former.token_hash != hashed and former in session:
            session.delete(former)
    browser = _browser(session, account.id, hashed)
    if browser is None:
        browser = KnownBrowser(account_id=account.id, token_hash=hashed, made=now)
        session.add(browser)
    browser.failed, browser.wrong, browser.seen = [], 0, now
    return text


def let_in(session: Session, account: Account, by: Account | None, now: datetime) -> None:
    """New devices may try again at once; `by` None: at the server."""
    tries = _tries(session, account.id)
    if tries.failures:
        tries.failures, tries.last = 0, None
        audit.record(session, now, by.id if by else None, "new_devices_let_in", account.id)


def seen_by_owner(session: Session, account: Account) -> None:
    """The owner has read of the wrong tries."""
    tries = _tries(session, account.id)
    tries.untold, tries.untold_since = 0, None


def tries_of(session: Session, account_id: str) -> SignInTries | None:
    """What was tried; None where nothing ever was."""
    return session.get(SignInTries, account_id)


def waits_until(tries: SignInTries | None) -> datetime | None:
    """Until when new devices wait after the last wrong try; None where none do."""
    if tries is None or tries.last is None or tries.failures < FREE:
        return None
    return tries.last + wait_after(tries.failures)


def forget(session: Session, now: datetime) -> None:
    """Devices that nobody signed in on for long are known no more."""
    session.execute(delete(KnownBrowser).where(KnownBrowser.seen < now - KEPT))


class MadeUpNames:
    """The waits of names that nobody has, told as if somebody had them. In memory, for as many as fit; the longest
    untried go first."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self.most = most
        self._tried: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()
        self._lock = Lock()

    def count(self, name: str, now: datetime) -> None:
        """Count a try. Raises as `count` does for a new device."""
        with self._lock:
            failures, last = self._tried.get(name, (0, None))
            _may_try(failures, last, now)
            self._tried[name] = (failures + 1, now)
            self._tried.move_to_end(name)
            if len(self._tried) > self.most:
                self._tried.popitem(last=False)

    def __len__(self) -> int:
        return len(self._tried)


def _may_try(failures: int, last: datetime | None, now: datetime) -> None:
    if failures >= MOST:
        raise Problem("new_refused", retry_after=int(LONGEST.total_seconds()))
    if last is not None and now < last + wait_after(failures):
        raise Problem("new_waits", retry_after=max(1, round((last + wait_after(failures) - now).total_seconds())))


def _recent(browser: KnownBrowser, now: datetime) -> list[datetime]:
    """When the last wrong tries were on a known device. Raises `slow_down` after five."""
    recent = [at for at in map(datetime.fromisoformat, browser.failed) if at > now - WINDOW]
    if len(recent) >= OWN:
        raise Problem("slow_down", retry_after=max(1, round((min(recent) + WINDOW - now).total_seconds())))
    return recent


def _tell(tries: SignInTries, now: datetime) -> None:
    tries.untold, tries.untold_since = tries.untold + 1, tries.untold_since if tries.untold else now


def _known(session: Session, account: Account, shown: Shown) -> KnownBrowser | None:
    """The device among those known to the account, by a text of its own, or by that of a session which was begun on it
    (before there were texts: its row is not written yet)."""
    found = _browser(session, account.id, hash_of(shown.device)) if shown.device else None
    begun = sessions.begun_by(session, account, shown.session) if found is None and shown.session else None
    if begun is not None:
        hashed = hash_of(shown.session)
        found = _browser(session, account.id, hashed) or KnownBrowser(
            account_id=account.id, token_hash=hashed, made=begun, seen=begun, failed=[], wrong=0
        )
    return found if found is not None and found.wrong < MOST else None


def _browser(session: Session, account_id: str, token_hash: str) -> KnownBrowser | None:
    return session.get(KnownBrowser, (account_id, token_hash))


def _is_anybodys(session: Session, text: str) -> bool:
    """Whether it is the text of this device for another account: an office shares a computer."""
    query = KnownBrowser.__table__.select().where(KnownBrowser.token_hash == hash_of(text)).limit(1)
    return session.execute(query).first() is not None


def _tries(session: Session, account_id: str) -> SignInTries:
    """The account's row, held until the transaction ends: many tries at once come one after another."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"account_id": account_id, "failures": 0, "last": None, "untold": 0, "untold_since": None}
    session.execute(insert(SignInTries).values(values).on_conflict_do_nothing())
    return session.get_one(SignInTries, account_id, with_for_update=True)
