"""What a phone held and no longer has: its storage was cleared before the interviews were sent.

`Device.unsent` keeps each as {"id", "household_id", "gone": <since when>}; "open": true is an interview that was still
under way, its id a draft's; "photos": true is one whose entry had arrived without all its files. It is missed until it
arrives after all (from a file that was carried out, from a copy of the phone), until another interview of the household
arrives, or until a person says that it is settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Attachment,
    Device,
    HouseholdOutcome,
    OutcomeFile,
    Proposal,
    Submission,
    SubmissionFile,
    SupportEntry,
)
from models.database import chunks
from survey.clocks import instant, read_instant
from survey.evidence import audit

MOST_GONE = 1000  # of one phone
Item = dict[str, Any]


def finished_at(entry_id: str) -> datetime | None:
    """When a phone made a UUIDv7, by its own clock (RFC 9562 §5.7: the first 48 bits are milliseconds since 1970)."""
    try:
        made = UUID(entry_id)
        return datetime.fromtimestamp((made.int >> 80) / 1000, UTC) if made.version == 7 else None
    except (ValueError, OverflowError):
        return None


def after_report(
    session: Session, account: Account, device_id: str, unsent: list[Item], lost: list[Item], now: datetime, whole: bool
) -> list[Item]:
    """What is to be kept in `Device.unsent` when a phone names what it holds (`unsent`; `whole`: all of it) and what it
    knows itself to have lost. What it named before, that is not here and that it does not name any more, is gone."""
    query = select(Device.unsent).where(Device.id == device_id, Device.account_id == account.id)
    before: list[Item] = session.scalar(query.with_for_update()) or []
    held = {one["id"] for one in unsent}
    known = {one["id"]: one for one in before if whole or "gone" in one}
    missed = {one["id"]: one | known.get(one["id"], {}) for one in lost} | known
    marked = [_gone(one, now) for key, one in missed.items() if key not in held]
    over = settled(session, account.place_id, marked)
    kept = [one for one in marked if one["id"] not in over][-MOST_GONE:]
    _log(session, account, device_id, [one for one in kept if "gone" not in known.get(one["id"], {})], now)
    return [*unsent, *kept]


def give_up(session: Session, account: Account, device_ids: Sequence[str], now: datetime) -> None:
    """Somebody said that these phones of the account were the one they hold now, before it was cleared."""
    query = select(Device).where(Device.account_id == account.id, Device.id.in_(device_ids))
    for device in session.scalars(query.with_for_update()):
        marked = [_gone(one, now) for one in device.unsent or []]
        _log(session, account, device.id, [one for one in device.unsent or [] if "gone" not in one], now)
        device.unsent, device.in_progress = marked, 0


def settle(device: Device, entry_id: str) -> bool:
    """A person says that nothing more is to be done about one of them; False when it is not missed."""
    left = [one for one in device.unsent or [] if not ("gone" in one and one["id"] == entry_id)]
    is_found = len(left) < len(device.unsent or [])
    device.unsent = left
    return is_found


def settled(session: Session, commune_id: str | None, items: Sequence[Item]) -> set[str]:
    """The ids of those that are here; of the gone ones also those whose household was interviewed again since."""
    ids = [one["id"] for one in items]
    here: set[str] = set()
    for table in (Submission, HouseholdOutcome, Proposal, SupportEntry):
        here |= among(session, select(table.entry_id), table.entry_id, ids)
    with_photos = [one["id"] for one in items if "photos" in one]
    here -= among(session, _without_files(), Submission.entry_id, with_photos)
    here -= among(session, _outcomes_without_files(), HouseholdOutcome.entry_id, with_photos)
    gone = [one for one in items if "gone" in one and one["household_id"]]
    last: dict[str | None, datetime] = {}
    for chunk in chunks({one["household_id"] for one in gone}):
        query = (
            select(Submission.household_id, func.max(Submission.received_at))
            .where(Submission.commune_id == (commune_id or ""), Submission.household_id.in_(chunk))
            .group_by(Submission.household_id)
        )
        last |= {row[0]: row[1] for row in session.execute(query)}
    again = {one["id"] for one in gone if (at := last.get(one["household_id"])) and at >= since(one)}
    return here | again


def _without_files() -> Select[str]:
    """Entries that are here, and a file of theirs is not."""
    at = (SubmissionFile.commune_id == Submission.commune_id) & (SubmissionFile.submission_id == Submission.id)
    same = (Attachment.commune_id == SubmissionFile.commune_id) & (Attachment.sha256 == SubmissionFile.sha256)
    found = select(Submission.entry_id).join(SubmissionFile, at).outerjoin(Attachment, same)
    return found.where(Attachment.sha256.is_(None))


def _outcomes_without_files() -> Select[str]:
    at = (OutcomeFile.commune_id == HouseholdOutcome.commune_id) & (OutcomeFile.outcome_id == HouseholdOutcome.id)
    same = (Attachment.commune_id == OutcomeFile.commune_id) & (Attachment.sha256 == OutcomeFile.sha256)
    found = select(HouseholdOutcome.entry_id).join(OutcomeFile, at).outerjoin(Attachment, same)
    return found.where(Attachment.sha256.is_(None))


def since(item: Item) -> datetime:
    """Since when it is missed."""
    return read_instant(item.get("gone")) or datetime.max.replace(tzinfo=UTC)


def among(session: Session, query: Select[str], column: Any, wanted: Iterable[str]) -> set[str]:
    """What a query finds among many values."""
    return {one for chunk in chunks(wanted) for one in session.scalars(query.where(column.in_(chunk)))}


def _gone(item: Item, now: datetime) -> Item:
    return item if "gone" in item else item | {"gone": instant(now)}


def _log(session: Session, account: Account, device_id: str, items: Sequence[Item], now: datetime) -> None:
    if items:
        detail = {"device": device_id, "entries": [one["id"] for one in items][:50]}
        audit.record(session, now, account.id, "storage_cleared", account.id, detail)
