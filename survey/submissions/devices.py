"""What each phone said of itself when it last called: what it still holds, its clock, its storage."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Account, Device
from survey.submissions.rebuild import read_instant


class Holding(NamedTuple):
    """A phone of an account: "3 phiếu còn trên máy của …"."""

    account: Account
    device: Device


def seen(
    session: Session, account: Account, device: dict[str, Any], unsent: list[dict[str, str]], now: datetime
) -> str:
    """Record a contact; returns the device's id. What does not fit a column is left out, never refused."""
    clock = read_instant(device.get("clock"))
    skew = int((clock - now).total_seconds()) if clock else None
    row = {
        "id": str(device["id"]),
        "account_id": account.id,
        "label": _words(device.get("label"), 200),
        "app_version": _words(device.get("app_version"), 64),
        "last_contact_at": now,
        "clock_skew_seconds": skew if skew is None or abs(skew) < 2**31 else None,
        "unsent": unsent,
        "in_progress": _count(device.get("in_progress")),
        "storage": _storage(device.get("storage")),
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    changes = {key: value for key, value in row.items() if key not in ("id", "account_id")}
    statement = insert(Device).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["id", "account_id"], set_=changes))
    return str(row["id"])


def devices_in(session: Session, commune_id: str) -> list[Holding]:
    """The phones of a commune's accounts, those that hold something first."""
    query = select(Account, Device).join(Device, Device.account_id == Account.id).where(Account.place_id == commune_id)
    found = [Holding(account, device) for account, device in session.execute(query)]
    return sorted(found, key=lambda one: (-len(one.device.unsent), one.account.display_name, one.device.id))


def _words(value: Any, length: int) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(c for c in text if c.isprintable() and not "\ud800" <= c <= "\udfff")[:length]


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10_000 else 0


def _storage(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    kept = {key: value[key] for key in ("used", "quota") if isinstance(value.get(key), int) and 0 <= value[key] < 2**60}
    return kept | {"persisted": value.get("persisted") is True}
