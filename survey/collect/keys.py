"""Keys with which the phones of ODK Collect come (`accounts/access_keys.py`)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from models import Account, CollectToken, Round
from survey.accounts import access_keys
from survey.calendar.default import meant
from survey.calendar.standing import days_of, standing
from survey.clocks import HERE, day_of
from survey.evidence import audit
from survey.terms import CommuneState

AFTER = timedelta(days=30)  # a round closed: what is late on a phone still comes as it always did


def make_token(session: Session, account: Account, made_by: Account, now: datetime) -> tuple[CollectToken, str]:
    """A key for one phone of `account`; its text is known here and now, and nowhere later."""
    text = access_keys.new_text()
    round_of = meant(session, [account.place_id or ""], day_of(now), is_open=True)
    token = CollectToken(
        id=access_keys.new_id(), account_id=account.id, token_hash=access_keys.hash_of(text), made_at=now,
        made_by=made_by.id, epoch=account.session_epoch, round_id=round_of.id if round_of else None,
        expires_at=None if round_of else now + AFTER, last_used_at=None, last_device="",
        revoked_at=None, revoked_by=None,
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


def ends_at(session: Session, token: CollectToken, account: Account) -> datetime | None:
    """When a key ends by itself; None while its round is open: that will be 30 days after it closes."""
    if token.round_id is None:
        return token.expires_at
    there = standing(session, token.round_id, account.place_id or "")
    if there is not None and there.closed_at is not None:
        return there.closed_at + AFTER
    if there is not None and there.state in (CommuneState.OPEN, CommuneState.PLANNED):
        return None
    last = days_of(session, session.get_one(Round, token.round_id), account.place_id or "").closes_on
    return datetime.combine(last, time(), HERE) + timedelta(days=1) + AFTER


def is_valid(session: Session, token: CollectToken, account: Account, now: datetime) -> bool:
    """Whether a key opens anything: not revoked, not over, no new password since, the account not closed."""
    if token.revoked_at is not None or not account.active or token.epoch != account.session_epoch:
        return False
    last = ends_at(session, token, account)
    return last is None or now < last


def used(session: Session, token: CollectToken, device: str, now: datetime) -> None:
    """Remember that a key was used; once a day it is in the log too."""
    before = token.last_used_at
    token.last_used_at = now
    token.last_device = "".join(c for c in device if c.isprintable())[:80]
    if before is None or day_of(before) != day_of(now):
        audit.record(session, now, token.account_id, "collect_key_used", token.account_id, {"key": token.id})
