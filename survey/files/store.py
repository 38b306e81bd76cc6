"""Files of answers (photos, signatures, sound, films, documents): addressed by their SHA-256, whole or not at all.

A file is written beside its place, synced to the disk, hashed, judged and renamed: what stands under a hash always has
it. The receipt follows the rename. Sending it again gives the same receipt.

Nothing is kept for good that no entry of its sender names, and nobody hears of what others sent: whether a hash is
known would confirm a guess (`may_keep`, `has_own`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import and_, func, select, union_all
from sqlalchemy.orm import Session

from models import (
    Account,
    Attachment,
    HouseholdOutcome,
    OutcomeFile,
    Place,
    Submission,
    SubmissionFile,
    Thumbnail,
)
from models.commune_counter import lock_commune
from survey.evidence.receipts import file_receipt, find_receipt
from survey.evidence.signing import SignedReceipt, Signer
from survey.files.media_types import judge
from survey.problems import Problem
from survey.terms import PlaceKind

CHUNK = 64 * 1024
DAY = timedelta(days=1)


def path_of(folder: Path, sha256: str) -> Path:
    """Where a file's bytes lie below the instance's files folder."""
    return folder / sha256[:2] / sha256


def commune_of(session: Session, commune_id: str) -> str:
    """The id of a commune that a file is sent to: any that exists. Raises `not_found`."""
    place = session.get(Place, commune_id)
    if place is None or place.kind != PlaceKind.COMMUNE:
        raise Problem("not_found")
    return place.id


def has_own(session: Session, account_id: str, commune_id: str, sha256: str) -> bool:
    """Whether a file is here that the account brought, or that an interview or outcome of its own names."""
    found = session.get(Attachment, (commune_id, sha256))
    if found is None or found.account_id == account_id:
        return found is not None
    return is_named(session, account_id, commune_id, sha256)


def is_named(session: Session, account_id: str, commune_id: str, sha256: str) -> bool:
    """Whether an interview or outcome that the account sent to a commune names a file."""
    named = union_all(
        select(SubmissionFile.sha256)
        .join(Submission, and_(Submission.commune_id == commune_id, Submission.id == SubmissionFile.submission_id))
        .where(SubmissionFile.commune_id == commune_id, SubmissionFile.sha256 == sha256)
        .where(Submission.account_id == account_id),
        select(OutcomeFile.sha256)
        .join(HouseholdOutcome, and_(
            HouseholdOutcome.commune_id == commune_id, HouseholdOutcome.id == OutcomeFile.outcome_id
        ))
        .where(OutcomeFile.commune_id == commune_id, OutcomeFile.sha256 == sha256)
        .where(HouseholdOutcome.account_id == account_id),
    )  # fmt: skip
    return session.scalars(named.limit(1)).first() is not None


def may_keep(session: Session, account_id: str, commune_id: str, sha256: str) -> None:
    """Raises `not_found` for an unknown commune, and `not_named` for a file that no entry of the account there names:
    whether the office has it from somebody else makes no difference."""
    commune_of(session, commune_id)
    if not is_named(session, account_id, commune_id, sha256):
        raise Problem("not_named")


def check_quota(session: Session, account_id: str, size: int, most: int, now: datetime) -> None:
    """Raises `file_quota` where an account would have brought more than `most` bytes within a day, with `size` more."""
    came = select(func.sum(Attachment.size)).where(
        Attachment.account_id == account_id, Attachment.received_at > now - DAY
    )
    if (session.scalar(came) or 0) + size > most:
        raise Problem("file_quota", retry_after=3600)


def store_file(
    session: Session,
    account: Account,
    commune_id: str,
    sha256: str,
    media_type: str,
    stream: IO[bytes],
    folder: Path,
    now: datetime,
    signer: Signer,
) -> SignedReceipt:
    """Keep a file.

    Raises `media_type` (called a picture, and none) and `hash_mismatch`, nothing is kept then; `not_found` for an
    unknown commune.
    """
    commune_of(session, commune_id)
    path = path_of(folder, sha256)
    with _beside(path) as temporary:
        with temporary.open("wb") as file:
            shutil.copyfileobj(stream, file, CHUNK)
            file.flush()
            os.fsync(file.fileno())
        size, kept_as = put_in_place(temporary, path, sha256, media_type)
    return record_file(session, account, commune_id, sha256, size, kept_as, now, signer)


def put_in_place(whole: Path, path: Path, sha256: str, said: str) -> tuple[int, str]:
    """Judge the file `whole`, which is synced to the disk, and give it the name `path` on the same disk; returns its
    size and the media type that it is kept as. Raises `hash_mismatch` and `media_type`, and leaves `path` then."""
    with whole.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    if digest != sha256 or not size:
        raise Problem("hash_mismatch")
    media_type = judge(whole, said)
    if media_type is None:
        raise Problem("media_type")
    with _beside(path) as temporary:  # a second name: `whole` is its owner's to remove, after the receipt
        temporary.unlink()
        os.link(whole, temporary)
        os.replace(temporary, path)
        sync_to_disk(path.parent)
    return size, media_type


def record_file(
    session: Session,
    account: Account,
    commune_id: str,
    sha256: str,
    size: int,
    media_type: str,
    now: datetime,
    signer: Signer,
) -> SignedReceipt:
    """Say that a file which stands in its place belongs to a commune: its row, its receipt, and the small picture that
    stood for it goes. Again gives the same receipt."""
    lock_commune(session, commune_id)
    if session.get(Attachment, (commune_id, sha256)) is None:
        session.add(
            Attachment(
                commune_id=commune_id,
                sha256=sha256,
                size=size,
                media_type=media_type,
                account_id=account.id,
                received_at=now,
            )
        )
    if (thumbnail := session.get(Thumbnail, (commune_id, sha256))) is not None:
        session.delete(thumbnail)
    known = find_receipt(session, commune_id, sha256, sha256, signer)
    return known or file_receipt(session, signer, now, commune_id, sha256, size)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new empty file in the folder of `path`, removed at the end if it is still there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes left half written in the files folder. For a start, when nobody writes there."""
    for path in folder.glob("*/tmp*"):  # a hash has no such letters
        path.unlink(missing_ok=True)


def sync_to_disk(path: Path) -> None:
    """A file's bytes, or the names in a folder, last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
