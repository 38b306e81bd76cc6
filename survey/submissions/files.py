"""Files of answers (photos, signatures, sound, films, documents): addressed by their SHA-256, whole or not at all.

A file is written beside its place, hashed on the way, synced to the disk and renamed: what stands under a hash always
has it. The receipt follows the rename. Sending it again gives the same receipt.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from models import Account, Attachment, Place
from survey.problems import Problem
from survey.submissions.media import judge
from survey.submissions.receipts import SignedReceipt, Signer, file_receipt, find_receipt
from survey.submissions.register import lock_commune
from survey.terms import PlaceKind

CHUNK = 64 * 1024


def path_of(folder: Path, sha256: str) -> Path:
    """Where a file's bytes lie below the instance's files folder."""
    return folder / sha256[:2] / sha256


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
    place = session.get(Place, commune_id)
    if place is None or place.kind != PlaceKind.COMMUNE:
        raise Problem("not_found")
    size, kept_as = _write(stream, path_of(folder, sha256), sha256, media_type)
    lock_commune(session, commune_id)
    if session.get(Attachment, (commune_id, sha256)) is None:
        session.add(
            Attachment(
                commune_id=commune_id,
                sha256=sha256,
                size=size,
                media_type=kept_as,
                account_id=account.id,
                received_at=now,
            )
        )
    known = find_receipt(session, commune_id, sha256, sha256, signer)
    return known or file_receipt(session, signer, now, commune_id, sha256, size)


def _write(stream: IO[bytes], path: Path, sha256: str, said: str) -> tuple[int, str]:
    """Stream to a temporary file, judge it, put it in its place; returns its size and what it is kept as."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256 or not size:
            raise Problem("hash_mismatch")
        media_type = judge(Path(temporary), said)
        if media_type is None:
            raise Problem("media_type")
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return size, media_type


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
