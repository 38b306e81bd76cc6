"""What this server knows to be missing, and where it may still be: above all after it came back from a backup.

Phones keep what they sent until its round is closed, and send all of it again under another generation. So what is
missing is on a phone that has not called since, is announced by one that has, or is proved by somebody's receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Attachment,
    Device,
    Household,
    HouseholdOutcome,
    LostReceipt,
    Proposal,
    Submission,
    SubmissionFile,
    SupportEntry,
)
from survey.devices.phones import Holding, devices_in
from survey.devices.receipt_check import Claim, Finding, Presence
from survey.evidence.lineage import restored_at, restored_from


class FilesMissing(NamedTuple):
    """An entry that is here without some of its files; `label`: the phone it came from, "" when it is not known."""

    submission_id: str
    head_name: str | None
    missing: int
    display_name: str
    label: str


class Proved(NamedTuple):
    """A genuine receipt that was shown of an entry that is not here."""

    receipt: LostReceipt
    shown_by: str


@dataclass(frozen=True)
class Holes:
    """What is missing in a commune."""

    restored_at: datetime | None
    restored_from: datetime | None  # when the backup was made
    silent: list[Holding]  # phones that have not called since the restore
    announced: list[Holding]  # phones that said they hold entries which are not here
    gone: list[Holding]  # phones that lost interviews with their storage
    files: list[FilesMissing]
    proved: list[Proved]

    @property
    def nothing(self) -> bool:
        return not (self.silent or self.announced or self.gone or self.files or self.proved)


def holes_in(session: Session, commune_id: str) -> Holes:
    """Everything that is known to be missing in a commune."""
    phones = devices_in(session, commune_id)
    since = restored_at(session)
    silent = [one for one in phones if since is not None and one.device.last_contact_at <= since]
    return Holes(
        since,
        restored_from(session),
        sorted(silent, key=lambda one: one.device.last_contact_at, reverse=True),
        [one for one in phones if one.unsent],
        [one for one in phones if one.gone],
        _files(session, commune_id),
        _proved(session, commune_id),
    )


def remember_lost(
    session: Session, commune_id: str, account: Account, claims: list[Claim], findings: list[Finding], now: datetime
) -> None:
    """Keep the genuine receipts of entries that are not here, until the entries come again."""
    for claim, found in zip(claims, findings, strict=True):
        if not found.genuine or found.kind != "entry" or found.place is not Presence.GONE:
            continue
        said = claim.entry.get("commune_id") if found.matches_entry and isinstance(claim.entry, dict) else None
        if said not in (None, commune_id) or not found.entry_id or not found.content_hash:
            continue
        key = (commune_id, found.entry_id, found.content_hash)
        if session.get(LostReceipt, key) is None:
            session.add(
                LostReceipt(
                    commune_id=commune_id,
                    entry_id=found.entry_id,
                    content_hash=found.content_hash,
                    body=claim.body,
                    signature=claim.signature,
                    shown_at=now,
                    shown_by=account.id,
                )
            )
            session.flush()  # the same receipt may stand in the file twice


def _files(session: Session, commune_id: str) -> list[FilesMissing]:
    here = (Attachment.commune_id == SubmissionFile.commune_id) & (Attachment.sha256 == SubmissionFile.sha256)
    lacking = (
        select(SubmissionFile.submission_id, func.count().label("missing"))
        .outerjoin(Attachment, here)
        .where(SubmissionFile.commune_id == commune_id, Attachment.sha256.is_(None))
        .group_by(SubmissionFile.submission_id)
        .subquery()
    )
    query = (
        select(Submission.id, Household.head_name, lacking.c.missing, Account.display_name, Device.label)
        .join(lacking, lacking.c.submission_id == Submission.id)
        .join(Account, Account.id == Submission.account_id)
        .outerjoin(Device, (Device.id == Submission.device_id) & (Device.account_id == Submission.account_id))
        .outerjoin(
            Household, (Household.commune_id == Submission.commune_id) & (Household.id == Submission.household_id)
        )
        .where(Submission.commune_id == commune_id)
        .order_by(Account.display_name, Submission.received_at, Submission.id)
    )
    return [
        FilesMissing(submission_id, head_name, missing, display_name, label or "")
        for submission_id, head_name, missing, display_name, label in session.execute(query)
    ]


def _proved(session: Session, commune_id: str) -> list[Proved]:
    here = [
        (table.entry_id == LostReceipt.entry_id) & (table.content_hash == LostReceipt.content_hash)
        for table in (Submission, HouseholdOutcome, Proposal, SupportEntry)
    ]
    query = (
        select(LostReceipt, Account.display_name)
        .join(Account, Account.id == LostReceipt.shown_by)
        .outerjoin(Submission, here[0])
        .outerjoin(HouseholdOutcome, here[1])
        .outerjoin(Proposal, here[2])
        .outerjoin(SupportEntry, here[3])
        .where(
            LostReceipt.commune_id == commune_id,
            *(table.id.is_(None) for table in (Submission, HouseholdOutcome, Proposal, SupportEntry)),
        )
        .order_by(LostReceipt.shown_at, LostReceipt.entry_id)
    )
    return [Proved(receipt, name) for receipt, name in session.execute(query)]
