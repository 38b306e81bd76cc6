"""What each phone said of itself when it last called: what it still holds, its clock, its storage; its withdrawal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Account, Device, Household, Submission
from survey.submissions.rebuild import read_instant


class Waiting(NamedTuple):
    """An entry that a phone said it still holds, and that is not here. `head_name`: by the register, None when the
    household is not on it (found in the field)."""

    entry_id: str
    household_id: str
    head_name: str | None


class Holding(NamedTuple):
    """A phone of an account: "3 phiếu còn trên máy của …"."""

    account: Account
    device: Device
    unsent: Sequence[Waiting]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be stranded on it."""
        return not self.unsent and not self.device.in_progress


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
    found = _holdings(session, _phones().where(Account.place_id == commune_id))
    return sorted(found, key=lambda one: (-len(one.unsent), one.account.display_name, one.device.id))


def devices_of(session: Session, account: Account) -> list[Holding]:
    """The phones of one account, the last heard of first."""
    found = _holdings(session, _phones().where(Account.id == account.id))
    return sorted(found, key=lambda one: one.device.last_contact_at, reverse=True)


def find_device(session: Session, commune_id: str, account_id: str, device_id: str) -> Holding | None:
    """A phone of an account of the commune."""
    wanted = (Account.place_id == commune_id, Account.id == account_id, Device.id == device_id)
    return next(iter(_holdings(session, _phones().where(*wanted))), None)


def stranded(session: Session, account: Account) -> list[Holding]:
    """The account's phones that hold what nobody else has: to be named before anything is taken from the account."""
    return [one for one in devices_of(session, account) if not one.is_empty]


def is_revoked(session: Session, account_id: str, device_id: str) -> bool:
    device = session.get(Device, (device_id, account_id))
    return device is not None and device.revoked_at is not None


def is_withdrawn(session: Session, account_id: str, device_ids: Iterable[str], since: datetime) -> bool:
    """Whether a session of the account is one of a revoked phone. One that has not said yet which phone it is of counts
    as such when it is older than the withdrawal: the person signs in again then."""
    revoked = session.execute(
        select(Device.id, Device.revoked_at).where(Device.account_id == account_id, Device.revoked_at.is_not(None))
    ).all()
    known = set(device_ids)
    if known:
        return any(row.id in known for row in revoked)
    return any(since < row.revoked_at for row in revoked)


def _phones() -> Select[Account, Device]:
    return select(Account, Device).join(Device, Device.account_id == Account.id)


def _holdings(session: Session, query: Select[Account, Device]) -> list[Holding]:
    rows = session.execute(query).all()
    said = {one["id"]: one for _account, device in rows for one in device.unsent or []}
    here = _among(session, select(Submission.entry_id), Submission.entry_id, said)
    homes = {one["household_id"] for key, one in said.items() if key not in here}
    names = {
        (row.commune_id, row.id): row.head_name
        for chunk in _chunks(homes)
        for row in session.execute(
            select(Household.commune_id, Household.id, Household.head_name).where(Household.id.in_(chunk))
        )
    }
    return [
        Holding(
            account,
            device,
            [
                Waiting(one["id"], one["household_id"], names.get((account.place_id or "", one["household_id"])))
                for one in device.unsent or []
                if one["id"] not in here
            ],
        )
        for account, device in rows
    ]


def _among(session: Session, query: Select[str], column: Any, wanted: Iterable[str]) -> set[str]:
    return {one for chunk in _chunks(wanted) for one in session.scalars(query.where(column.in_(chunk)))}


def _chunks(values: Iterable[str], size: int = 500) -> list[list[str]]:
    """No statement names more values than a database takes."""
    listed = sorted(values)
    return [listed[start : start + size] for start in range(0, len(listed), size)]


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
