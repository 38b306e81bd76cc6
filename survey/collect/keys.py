"""Keys with which the phones of ODK Collect come (`accounts/access_keys.py`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import (
    Account,
    CollectToken,
)
from survey.accounts import access_keys
from survey.clocks import day_of
from survey.evidence import audit


def make_token(session: Session, account: Account, made_by: Account, now: datetime) -> tuple[CollectToken, str]:
    """A key for one phone of `account`; its text is known here and now, and nowhere later."""
    text = access_keys.new_text()
    token = CollectToken(
        id=access_keys.new_id(), account_id=account.id, token_hash=access_keys.hash_of(text), made_at=now,
        made_by=made_by.id, last_used_at=None, last_device="", revoked_at=None, revoked_by=None,
    )  # fmt: skip
    session.add(token)
    audit.record(session, now, made_by.id, "collect_key_made", account.id, {"key": token.id})
    return token, text


def tokens_of(session: Session, account_id: str) -> list[CollectToken]:
    """The account's keys: those in use first, the newest of them first."""
    return access_keys.keys_of(session, CollectToken, account_id)


def revoke(session: Session, account_id: str, token_id: str, by: Account, now: datetime) -> None:
    """End a key: its phone gets no more forms and names; what it still holds may come and is held. Raises not_found."""
    access_keys.revoke(session, CollectToken, account_id, token_id, by, now, "collect_key_revoked")


def find_token(session: Session, text: str) -> tuple[CollectToken, Account] | None:
    """The key and whose it is, revoked or not; None for a text that never was one."""
    return access_keys.find(session, CollectToken, text)


def is_valid(token: CollectToken, account: Account) -> bool:
    return token.revoked_at is None and account.active


def used(session: Session, token: CollectToken, device: str, now: datetime) -> None:
    """Remember that a key was used; once a day it is in the log too."""
    before = token.last_used_at
    token.last_used_at = now
    token.last_device = "".join(c for c in device if c.isprintable())[:80]
    if before is None or day_of(before) != day_of(now):
        audit.record(session, now, token.account_id, "collect_key_used", token.account_id, {"key": token.id})
