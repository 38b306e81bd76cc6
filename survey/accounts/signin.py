"""Signing in: who it is, or one sentence that does not tell what was wrong; and a limit on guessing.

Failed attempts are counted in the database by account name (known or not) and by address, so that the limit holds over
several server processes. The address allows more: a whole commune office may share one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models import Account, LoginAttempt
from survey.accounts.accounts import find_account, fold, hash_password, password_matches
from survey.evidence import audit
from survey.problems import Problem

WINDOW = timedelta(minutes=15)
LIMITS = {"name": 5, "from": 60}
_nobody = ""


def authenticate(session: Session, username: str, password: str, address: str, now: datetime) -> Account | None:
    """The account, or None when name and password do not belong together (or it is closed). Raises `slow_down`. That
    somebody signed in is recorded where that is done, after the second factor."""
    subjects = subjects_of(username, address)
    for kind, subject in subjects.items():
        limit_failures(session, subject, LIMITS[kind], now)
    account = find_account(session, username) if username.isprintable() else None
    right = password_matches(account.password_hash if account else _hash_of_nobody(), password)
    if account is not None and account.active and right:
        session.execute(delete(LoginAttempt).where(LoginAttempt.subject == subjects["name"]))
        return account
    for subject in subjects.values():
        count_failure(session, subject, now)
    audit.record(session, now, account.id if account else None, "sign_in_failed")
    return None


def confirmed(session: Session, account: Account, password: str, now: datetime) -> bool:
    """Whether who is signed in knows the password: asked before what outlives the session, on a desk that was left
    open. Raises `slow_down`."""
    subject = subjects_of(account.username, "")["name"]
    limit_failures(session, subject, LIMITS["name"], now)
    right = password_matches(account.password_hash, password)
    if not right:
        count_failure(session, subject, now)
    return right


def subjects_of(username: str, address: str) -> dict[str, str]:
    """By kind of `LIMITS`, whose failures are counted."""
    return {kind: f"{kind}:{_stored(text)}" for kind, text in (("name", fold(username)), ("from", address))}


def limit_failures(session: Session, subject: str, limit: int, now: datetime) -> None:
    """Raises `slow_down` when `limit` attempts of `subject` (a kind, a colon, who) failed within the window."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - 4 * WINDOW))
    query = select(func.count()).where(LoginAttempt.subject == subject, LoginAttempt.at > now - WINDOW)
    if (session.scalar(query) or 0) >= limit:
        raise Problem("slow_down", retry_after=int(WINDOW.total_seconds()))


def count_failure(session: Session, subject: str, now: datetime) -> None:
    """One more attempt of `subject` that failed."""
    session.add(LoginAttempt(id=str(uuid4()), subject=subject, at=now))


def _stored(text: str) -> str:
    """What of a typed name the database can hold: PostgreSQL's text takes no NUL."""
    return "".join(character for character in text if character.isprintable())[:100]


def _hash_of_nobody() -> str:
    """An unknown name takes as long to refuse as a known one."""
    global _nobody
    _nobody = _nobody or hash_password("nobody")
    return _nobody
