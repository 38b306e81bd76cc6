"""What each phone said of itself when it last called: what it still holds, its clock, its storage; its withdrawal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Account, CollectToken, Device, Household
from models.database import chunks
from survey.accounts import access_keys
from survey.accounts.accounts import villages_of
from survey.clocks import instant, seconds_of
from survey.devices import cleared
from survey.evidence import audit
from survey.intake.envelope import Envelope
from survey.terms import Role


class Unsent(NamedTuple):
    """An entry that a phone said it still holds, or held until its storage was cleared, and that is not here.
    `head_name`, `village_id`: by the register, None when the household is not on it (found in the field)."""

    entry_id: str
    household_id: str
    head_name: str | None
    village_id: str | None = None
    gone_since: datetime | None = None
    is_open: bool = False
    only_photos: bool = False

    @property
    def finished_at(self) -> datetime | None:
        """When it was finished, by the phone's clock; of an interview under way, when it was begun."""
        return cleared.finished_at(self.entry_id)


class Holding(NamedTuple):
    """A phone of an account: "3 phiếu còn trên máy của …". `gone`: what it lost with its storage."""

    account: Account
    device: Device
    unsent: Sequence[Unsent]
    gone: Sequence[Unsent]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be stranded on it."""
        return not self.unsent and not self.device.in_progress


def seen(session: Session, account: Account, envelope: Envelope, now: datetime, bound: str) -> None:
    """Record a contact of the phone that the session is `bound` to. What does not fit a column is left out, never
    refused. A brief call leaves standing what the phone said before of what it holds. What it says under another id is
    a report of that phone, marked as one, and never in the place of what another one said itself."""
    device, device_id = envelope.device, str(envelope.device["id"])
    if device_id != bound:
        there = session.get(Device, (device_id, account.id))
        if there is not None and there.reported_by is None:
            return
    skew = envelope.skew(now)
    row = {
        "id": device_id,
        "account_id": account.id,
        "label": _words(device.get("label"), 200),
        "app_version": _words(device.get("app_version"), 64),
        "last_contact_at": now,
        "clock_skew_seconds": seconds_of(skew),
        "storage": _storage(device.get("storage")),
        "escrow_id": _words(device.get("escrow"), 16) or None,
        "reported_by": bound if device_id != bound else None,
    }
    changes = {key: value for key, value in row.items() if key not in ("id", "account_id")}
    held = {"unsent": [], "in_progress": 0} if envelope.brief else _held(session, account, device_id, envelope, now)
    if not envelope.brief:
        changes |= held
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Device).values(row | held)
    session.execute(statement.on_conflict_do_update(index_elements=["id", "account_id"], set_=changes))


def _held(session: Session, account: Account, device_id: str, envelope: Envelope, now: datetime) -> dict[str, Any]:
    """What the phone says that it holds, and what it lost."""
    cleared.give_up(session, account, [one for one in envelope.formerly if one != device_id], now)
    named = (envelope.unsent, envelope.lost, now)
    unsent = cleared.after_report(session, account, device_id, *named, whole=envelope.names_all)
    return {"unsent": unsent, "in_progress": _count(envelope.device.get("in_progress"))}


def missed(session: Session, account: Account, device_id: str) -> dict[str, Any]:
    """What a phone is told of its account's interviews that are nowhere to be found: `gone`, and what other phones of
    the account named that it may itself have been (`elsewhere`). Names only of households that the account visits."""
    phones = devices_of(session, account)
    others = [one for one in phones if one.unsent and one.device.id != device_id]
    lost = {one.entry_id: one for phone in phones for one in phone.gone}
    if not others and not lost:
        return {"gone": [], "elsewhere": []}
    villages = None if account.role != Role.ENUMERATOR else set(villages_of(session, account))

    def told(one: Unsent) -> dict[str, Any]:
        return {
            "id": one.entry_id,
            "household_id": one.household_id,
            "head_name": one.head_name if villages is None or one.village_id in villages else None,
            "finished_at": one.finished_at and instant(one.finished_at),
            "open": one.is_open,
            "photos": one.only_photos,
        }

    return {
        "gone": [told(one) for one in lost.values()],
        "elsewhere": [
            {
                "device": {
                    "id": phone.device.id,
                    "label": phone.device.label,
                    "last_contact_at": instant(phone.device.last_contact_at),
                },
                "entries": [told(one) for one in phone.unsent],
            }
            for phone in others
        ],
    }


def devices_in(session: Session, commune_id: str) -> list[Holding]:
    """The phones of a commune's accounts, those that lost or hold something first."""
    found = _holdings(session, _phones().where(Account.place_id == commune_id))
    return sorted(found, key=lambda one: (-len(one.gone), -len(one.unsent), one.account.display_name, one.device.id))


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


def withdraw(session: Session, phone: Holding, by: Account, now: datetime) -> None:
    """It gets nothing more and may deliver what it holds. Which key for Collect lies on it nobody knows: the account's
    keys end with it, each of its other phones gets another."""
    phone.device.revoked_at = now
    audit.record(session, now, by.id, "device_revoked", phone.account.id, {"device": phone.device.id})
    access_keys.revoke_all(session, CollectToken, phone.account.id, by, now, "collect_key_revoked")


def allow(session: Session, phone: Holding, by: Account, now: datetime) -> None:
    """A withdrawn phone is one of the account's again; keys that ended stay ended."""
    phone.device.revoked_at = None
    audit.record(session, now, by.id, "device_allowed", phone.account.id, {"device": phone.device.id})


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
    over = {
        place_id: cleared.settled(session, place_id, _said(rows, place_id))
        for place_id in {account.place_id for account, _device in rows}
    }
    left = [(account, device, [one for one in device.unsent or [] if one["id"] not in over[account.place_id]])
            for account, device in rows]  # fmt: skip
    homes = {one["household_id"] for _account, _device, items in left for one in items}
    known = {
        (row.commune_id, row.id): row
        for chunk in chunks(homes)
        for row in session.execute(
            select(Household.commune_id, Household.id, Household.head_name, Household.village_id).where(
                Household.id.in_(chunk)
            )
        )
    }

    def waiting(account: Account, one: cleared.Item) -> Unsent:
        home = known.get((account.place_id or "", one["household_id"]))
        since = cleared.since(one) if "gone" in one else None
        name, village = home and home.head_name, home and home.village_id
        return Unsent(one["id"], one["household_id"], name, village, since, "open" in one, "photos" in one)

    return [
        Holding(
            account,
            device,
            [waiting(account, one) for one in items if "gone" not in one],
            [waiting(account, one) for one in items if "gone" in one],
        )
        for account, device, items in left
    ]


def _said(rows: Iterable[Any], place_id: str | None) -> list[cleared.Item]:
    return [one for account, device in rows if account.place_id == place_id for one in device.unsent or []]


def _words(value: Any, length: int) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(c for c in text if c.isprintable() and not "\ud800" <= c <= "\udfff")[:length]


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10_000 else 0


def _storage(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    kept = {key: value[key] for key in ("used", "quota") if isinstance(value.get(key), int) and 0 <= value[key] < 2**60}
    said = {key: value[key] for key in ("asked", "installed", "short") if isinstance(value.get(key), bool)}
    return kept | said | {"persisted": value.get("persisted") is True}
