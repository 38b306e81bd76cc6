"""Signing in: who it is, or one sentence that does not tell what was wrong. How often one may try: `guessing.py`.

The password is looked at outside of any transaction: it takes long, and a crowd that guesses must hold up nobody who
writes. So a try is counted and committed first, and taken back when it was right.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from models import Account
from survey.accounts import demo, guessing
from survey.accounts.accounts import find_account, fold, hash_password, is_outdated, password_matches
from survey.accounts.guessing import MadeUpNames, Shown, Try

_nobody = ""


class Asked(NamedTuple):
    """Who would sign in: the counted try, the hash that the password is held against, and which of the account's
    passwords that is; `tried` None: nobody has this name."""

    tried: Try | None
    password_hash: str
    epoch: int


NOBODY = Asked(None, "", 0)


def look(session: Session, username: str, shown: Shown, made_up: MadeUpNames, now: datetime) -> str | None:
    """The id of the account with this name, None when nobody has it; writes nothing. Raises as `guessing.count` where a
    try would be refused, for a name that nobody has too."""
    account = find_account(session, username) if username.isprintable() else None
    if account is None:
        made_up.count(fold(username), now)
        return None
    guessing.may_try(session, account, shown, now)
    return account.id


def ask(session: Session, account_id: str, shown: Shown, now: datetime) -> Asked:
    """Count a try to sign in. Raises as `guessing.count`."""
    account = session.get_one(Account, account_id)
    return Asked(guessing.count(session, account, shown, now), account.password_hash, account.session_epoch)


def is_right(asked: Asked, password: str) -> bool:
    """Whether the password is the account's. An unknown name takes as long to refuse as a known one. Raises as
    `password_matches`."""
    known = asked.tried is not None and asked.tried.browser is not None
    return password_matches(asked.password_hash or _hash_of_nobody(), password, first=known) and asked.tried is not None


def answered(session: Session, asked: Asked, right: bool, password: str) -> Account | None:
    """The account, or None when name and password do not belong together (or it is closed); what was counted of a right
    one is taken back. That somebody signed in is recorded where that is done, after the second factor. Raises
    `demo_password`."""
    if asked.tried is None:
        return None
    account = session.get_one(Account, asked.tried.account_id)
    if not right or not account.active or account.session_epoch != asked.epoch:  # a new one was set meanwhile
        guessing.was_wrong(session, asked.tried)
        return None
    guessing.take_back(session, asked.tried)
    demo.refuse(session, password)
    if is_outdated(account.password_hash):
        account.password_hash = hash_password(password)  # the same password: sessions go on
    return account


def _hash_of_nobody() -> str:
    global _nobody
    _nobody = _nobody or hash_password("nobody")
    return _nobody
