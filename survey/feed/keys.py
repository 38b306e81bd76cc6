"""Keys to the feed: personal, to read alone, for an area and some tables, until a day.

A key never opens more than its account may see now: its area is narrowed by the account's, its tables by the account's
verbs, each time anew. It ends with its day, at a click, when the account is closed, and when the account's sessions end
(a new password or role): whoever loses a password resets it, and must not have to think of keys. It ends with a restore
too, or one that was revoked since the backup would be back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models import Account, FeedKey, LoginAttempt, Place
from survey.access import has_verb
from survey.accounts import access_keys
from survey.accounts.accounts import communes_of, find_account, fold
from survey.evidence import audit
from survey.evidence.lineage import generation
from survey.feed.reading import Reach, Table
from survey.feed.sets import TABLES
from survey.problems import Problem
from survey.terms import PlaceKind

LONGEST = 366  # days
MOST_WRONG = {"name": 5, "from": 60}  # an office may share an address
_WINDOW = timedelta(minutes=15)  # in which wrong keys are counted


class State(StrEnum):
    """Whether a key opens anything."""

    VALID = "valid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ENDED = "ended"  # with the account, its sessions or its right


@dataclass(frozen=True)
class Wanted:
    """A key as it is asked for. `place_id` None: all of the account's area; `days`: for how long."""

    name: str
    place_id: str | None
    sets: Sequence[str]
    days: int


def tables_of(account: Account, sets: Sequence[str] | None = None) -> dict[str, Table]:
    """By name, the tables that an account may read; of them those of a key."""
    allowed = {one.of.name: one for one in TABLES if has_verb(account.role, one.verb)}
    return {name: one for name, one in allowed.items() if sets is None or name in sets}


def areas_of(session: Session, account: Account) -> list[str]:
    """The provinces and communes within its area that a key can be narrowed to."""
    communes = communes_of(session, account, "report.read")
    known = select(Place.id, Place.parent_id).where(Place.kind == PlaceKind.COMMUNE)
    parents = {id: parent for id, parent in session.execute(known)}  # noqa: C416 - dict() needs tuples
    return sorted({parents[one] or "" for one in communes} - {""}) + communes if len(communes) > 1 else communes


def make(session: Session, account: Account, wanted: Wanted, by: Account, now: datetime) -> tuple[FeedKey, str]:
    """A key; its text is known here and now, and nowhere later. Raises `not_found` for an area or a table that the
    account does not reach, `bad_request` for what no key can be."""
    if not wanted.name.strip() or not wanted.sets or not 1 <= wanted.days <= LONGEST:
        raise Problem("bad_request")
    if not set(wanted.sets) <= set(tables_of(account)):
        raise Problem("not_found")
    if wanted.place_id is not None and wanted.place_id not in areas_of(session, account):
        raise Problem("not_found")
    text = access_keys.new_text()
    key = FeedKey(
        id=access_keys.new_id(), account_id=account.id, token_hash=access_keys.hash_of(text), name=wanted.name.strip(),
        place_id=wanted.place_id, sets=sorted(set(wanted.sets)), epoch=account.session_epoch,
        generation=generation(session), made_at=now, made_by=by.id, expires_at=now + timedelta(days=wanted.days),
        last_used_at=None, revoked_at=None, revoked_by=None,
    )  # fmt: skip
    session.add(key)
    said = {"key": key.id, "area": wanted.place_id or "all", "tables": len(key.sets), "days": wanted.days}
    audit.record(session, now, by.id, "feed_key_made", account.id, said)
    return key, text


def revoke(session: Session, account_id: str, key_id: str, by: Account, now: datetime) -> None:
    """End a key at once. Raises `not_found`."""
    access_keys.revoke(session, FeedKey, account_id, key_id, by, now, "feed_key_revoked")


def keys_of(session: Session, account_id: str) -> list[FeedKey]:
    """The account's keys, as `access_keys.keys_of` orders them."""
    return access_keys.keys_of(session, FeedKey, account_id)


def state_of(session: Session, key: FeedKey, account: Account, now: datetime) -> State:
    if key.revoked_at is not None:
        return State.REVOKED
    if now >= key.expires_at:
        return State.EXPIRED
    same = key.epoch == account.session_epoch and key.generation == generation(session)
    return State.VALID if same and account.active and tables_of(account, key.sets) else State.ENDED


def opened_by(session: Session, username: str, text: str, now: datetime) -> tuple[FeedKey, Account] | None:
    """The key and its account, None where account name and key do not belong together or the key opens nothing."""
    found = access_keys.find(session, FeedKey, text)
    account = find_account(session, username) if username.isprintable() else None
    if found is None or account is None or found[1].id != account.id:
        return None
    return found if state_of(session, *found, now) is State.VALID else None


def refuse(session: Session, username: str, address: str, now: datetime) -> None:
    """Count a key that was wrong, by name and by address. Raises `slow_down` beyond the limits. A right key is never
    held up by it: no stranger keeps an office from its figures."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - 4 * _WINDOW))
    subjects = {f"{kind}:feed {_stored(text)}": kind for kind, text in (("name", fold(username)), ("from", address))}
    for subject, kind in subjects.items():
        query = select(func.count()).where(LoginAttempt.subject == subject, LoginAttempt.at > now - _WINDOW)
        if (session.scalar(query) or 0) >= MOST_WRONG[kind]:
            raise Problem("slow_down", retry_after=int(_WINDOW.total_seconds()))
    session.add_all(LoginAttempt(id=str(uuid4()), subject=subject, at=now) for subject in subjects)
    audit.record(session, now, None, "feed_refused")


def _stored(text: str) -> str:
    """What of a typed name the database can hold: PostgreSQL's text takes no NUL."""
    return "".join(character for character in text if character.isprintable())[:100]


def used(session: Session, key_id: str, what: str, status: int, now: datetime) -> None:
    """Write a request down: which key asked which table, and how it was answered; not what it filtered by."""
    key = session.get_one(FeedKey, key_id)
    key.last_used_at = now
    audit.record(session, now, key.account_id, "feed.read", key.account_id, {"key": key_id, "table": what[:40],
                                                                             "status": status})  # fmt: skip


def reach_of(session: Session, key: FeedKey, account: Account, verb: str, today: date) -> Reach:
    """The places of a key, as far as its account reaches today."""
    communes = communes_of(session, account, verb)
    if key.place_id is not None:
        place = session.get_one(Place, key.place_id)
        within = select(Place.id).where(Place.parent_id == place.id)
        below = {place.id} if place.kind == PlaceKind.COMMUNE else set(session.scalars(within))
        communes = [one for one in communes if one in below]
    return Reach.over(session, communes, today)
