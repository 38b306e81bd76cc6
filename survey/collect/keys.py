"""Keys with which the phones of ODK Collect come: shown once, kept as a hash, revoked at any time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    CollectToken,
)
from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem


def make_token(session: Session, account: Account, made_by: Account, now: datetime) -> tuple[CollectToken, str]:
    """A key for one phone of `account`; its text is known here and now, and nowhere later."""
    text = secrets.token_urlsafe(32)
    token = CollectToken(
        id=secrets.token_hex(8), account_id=account.id, token_hash=_hash_of(text), made_at=now, made_by=made_by.id,
        last_used_at=None, last_device="", revoked_at=None, revoked_by=None,
    )  # fmt: skip
    session.add(token)
    audit.record(session, now, made_by.id, "collect_key_made", account.id, {"key": token.id})
    return token, text


def tokens_of(session: Session, account_id: str) -> list[CollectToken]:
    """The account's keys: those in use first, the newest of them first."""
    query = select(CollectToken).where(CollectToken.account_id == account_id)
    found = session.scalars(query.order_by(CollectToken.made_at.desc(), CollectToken.id))
    return sorted(found, key=lambda token: token.revoked_at is not None)


def revoke(session: Session, account_id: str, token_id: str, by: Account, now: datetime) -> None:
    """End a key: its phone gets no more forms and names; what it still holds may come and is held. Raises not_found."""
    token = session.get(CollectToken, token_id)
    if token is None or token.account_id != account_id:
        raise Problem("not_found")
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = now, by.id
        audit.record(session, now, by.id, "collect_key_revoked", account_id, {"key": token.id})


def find_token(session: Session, text: str) -> tuple[CollectToken, Account] | None:
    """The key and whose it is, revoked or not; None for a text that never was one."""
    token = session.scalar(select(CollectToken).where(CollectToken.token_hash == _hash_of(text)))
    return (token, session.get_one(Account, token.account_id)) if token else None


def is_valid(token: CollectToken, account: Account) -> bool:
    return token.revoked_at is None and account.active


def used(session: Session, token: CollectToken, device: str, now: datetime) -> None:
    """Remember that a key was used; once a day it is in the log too."""
    before = token.last_used_at
    token.last_used_at = now
    token.last_device = "".join(c for c in device if c.isprintable())[:80]
    if before is None or day_of(before) != day_of(now):
        audit.record(session, now, token.account_id, "collect_key_used", token.account_id, {"key": token.id})


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
