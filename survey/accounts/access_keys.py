"""Keys with which a program comes for an account instead of a session: ODK Collect, Excel. A key is a long random text,
shown once and kept as its hash, and ends at once when somebody revokes it.

A text of 256 bits need not be hashed slowly: nobody guesses it, and what is looked up by its hash is found in one step.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, CollectToken, FeedKey
from survey.evidence import audit
from survey.problems import Problem

Key = TypeVar("Key", CollectToken, FeedKey)


def new_text() -> str:
    return secrets.token_urlsafe(32)


def new_id() -> str:
    return secrets.token_hex(8)


def hash_of(text: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def find(session: Session, kind: type[Key], text: str) -> tuple[Key, Account] | None:
    """The key and whose it is, revoked or not; None for a text that never was one."""
    key = session.scalar(select(kind).where(kind.token_hash == hash_of(text)))
    return (key, session.get_one(Account, key.account_id)) if key else None


def keys_of(session: Session, kind: type[Key], account_id: str) -> list[Key]:
    """The account's keys: those in use first, the newest of them first."""
    query = select(kind).where(kind.account_id == account_id)
    found = session.scalars(query.order_by(kind.made_at.desc(), kind.id))
    return sorted(found, key=lambda key: key.revoked_at is not None)


def revoke(
    session: Session, kind: type[Key], account_id: str, key_id: str, by: Account, now: datetime, act: str
) -> None:
    """End a key of an account, recorded as `act`. Raises `not_found`."""
    key = session.get(kind, key_id) if key_id.isprintable() else None
    if key is None or key.account_id != account_id:
        raise Problem("not_found")
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by = now, by.id
        audit.record(session, now, by.id, act, account_id, {"key": key.id})


def revoke_all(session: Session, kind: type[Key], account_id: str, by: Account, now: datetime, act: str) -> None:
    """End every key of an account that nobody ended, each recorded as `act`."""
    for key in keys_of(session, kind, account_id):
        revoke(session, kind, account_id, key.id, by, now, act)
