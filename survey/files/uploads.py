"""A file in parts (tus 1.0): what came of it stays, whatever happens to the line, the server or the phone.

What has arrived is what lies on the disk: the offset is the length of the partial file and stands nowhere else. A part
is synced before it is acknowledged, so that a kill loses at most the part that was under way. The bytes are written
without a transaction; the file becomes an answer's file by the same steps as one that came whole (`files.py`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Account, Attachment, Thumbnail, Upload
from models.commune_counter import lock_commune
from survey.files.media_types import judge_small
from survey.files.store import CHUNK, commune_of, has_own, is_named, sync_to_disk
from survey.problems import Problem

KEPT = timedelta(days=14)  # an upload that nobody went on with for so long is given up
MOST_UNFINISHED = 50  # of an account: the oldest give way
MOST_UNFINISHED_BYTES = 200_000_000  # of an account, as their sizes were said; likewise
MOST_BYTES_OF_A_THUMBNAIL = 40_000


@dataclass(frozen=True)
class Checksum:
    """What a part must have: `algorithm` is one of `ALGORITHMS`, `digest` its bytes."""

    algorithm: str
    digest: bytes


ALGORITHMS = ("sha1", "sha256")


def begin(
    session: Session, account: Account, commune_id: str, sha256: str, size: int, media_type: str, folder: Path,
    now: datetime,
) -> Upload:  # fmt: skip
    """The upload of this file by this account: a new one, or the one that was begun. Raises `not_found` for an unknown
    commune. A file that is said to have another size than before is begun anew."""
    key = {"commune_id": commune_of(session, commune_id), "account_id": account.id, "sha256": sha256}
    row = key | {"id": uuid4().hex, "size": size, "media_type": media_type[:60], "asked_at": now}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    # Two windows may begin the same file at once: one row comes of it.
    session.execute(insert(Upload).values(row).on_conflict_do_nothing())
    upload = session.scalars(select(Upload).filter_by(**key)).one()
    if upload.size != size:
        _remove_bytes(folder, upload.id)
    upload.size, upload.media_type, upload.asked_at = size, media_type[:60], now
    _give_way(session, account, folder)
    return upload


def find(session: Session, account: Account, upload_id: str) -> Upload:
    """An account's own upload; raises `not_found`."""
    upload = session.get(Upload, upload_id[:32])
    if upload is None or upload.account_id != account.id:
        raise Problem("not_found")
    return upload


def is_whole(session: Session, upload: Upload) -> bool:
    """Whether the server has the file for good, as far as its sender may hear: one that others brought is to be sent
    like any other, until an entry of the sender names it."""
    return has_own(session, upload.account_id, upload.commune_id, upload.sha256)


def waits_to_end(session: Session, upload: Upload) -> bool:
    """Whether its file is to be kept for good as soon as all of it is here."""
    own = upload.account_id, upload.commune_id, upload.sha256
    return is_named(session, *own) and not has_own(session, *own)


def held(upload: Upload, folder: Path) -> int:
    """How many bytes have come."""
    try:
        return partial_of(folder, upload.id).stat().st_size
    except FileNotFoundError:
        return 0


def partial_of(folder: Path, upload_id: str) -> Path:
    return folder / upload_id


def expires(upload: Upload) -> datetime:
    """Until when an unfinished upload is kept."""
    return upload.asked_at + KEPT


def append(upload: Upload, folder: Path, offset: int, stream: IO[bytes], checksum: Checksum | None = None) -> int:
    """Write what `stream` brings after the first `offset` bytes; returns how many there are then, all on the disk.

    Raises `upload_busy` while another request writes, `upload_offset` when another number of bytes is here,
    `too_large` for more than the upload's size, `checksum_mismatch`; the part is not kept then, nor when the disk is
    full (OSError). Of a part whose line broke what came is kept.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(partial_of(folder, upload.id)) as file:
        here = os.lseek(file, 0, os.SEEK_END)
        if here != offset:
            raise Problem("upload_offset", detail={"offset": here})
        try:
            try:
                end = _copy(stream, file, offset)
            finally:
                os.fsync(file)
            if end > upload.size:
                raise Problem("too_large")
            if checksum is not None and _digest(file, offset, end, checksum.algorithm) != checksum.digest:
                raise Problem("checksum_mismatch")
        except (OSError, Problem):
            os.ftruncate(file, offset)
            raise
        if not offset:
            sync_to_disk(folder)
        return end


def drop(session: Session, upload: Upload, folder: Path) -> None:
    """Give an upload up: what came is no use."""
    _remove_bytes(folder, upload.id)
    session.delete(upload)


def clean(session: Session, folder: Path, now: datetime) -> int:
    """Remove what nobody goes on with, and bytes that stand under their hash by now; returns how many uploads went."""
    lying = list(folder.iterdir()) if folder.exists() else []  # looked at first: no row comes after its bytes
    gone, kept = 0, set()
    for upload in session.scalars(select(Upload)):
        if expires(upload) < now:
            session.delete(upload)
            gone += 1
        elif not is_whole(session, upload):
            kept.add(upload.id)
    for path in lying:
        if path.name not in kept:
            path.unlink(missing_ok=True)
    return gone


def keep_thumbnail(
    session: Session, account: Account, commune_id: str, sha256: str, media_type: str, content: bytes
) -> None:
    """Keep a small picture until the original comes. Raises `not_found` when no entry of the account in the commune
    names that file, `too_large`, `media_type`. Of an original that is here, none is kept."""
    if not is_named(session, account.id, commune_id, sha256):
        raise Problem("not_found")
    if len(content) > MOST_BYTES_OF_A_THUMBNAIL:
        raise Problem("too_large")
    if not judge_small(content, media_type):
        raise Problem("media_type")
    lock_commune(session, commune_id)
    if session.get(Attachment, (commune_id, sha256)) is None:
        session.merge(Thumbnail(commune_id=commune_id, sha256=sha256, media_type=media_type, content=content))


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """The descriptor of a file for one request of one process at a time; the system gives it free when one dies."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem("upload_busy", retry_after=2) from None
        yield file
    finally:
        os.close(file)


def _copy(stream: IO[bytes], file: int, end: int) -> int:
    """Copy a stream to where the descriptor stands, which is `end`; returns where it stands then."""
    while chunk := stream.read(CHUNK):
        rest = memoryview(chunk)
        while rest:
            written = os.write(file, rest)
            rest, end = rest[written:], end + written
    return end


def _digest(file: int, start: int, end: int, algorithm: str) -> bytes:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for at in range(start, end, CHUNK):
        digest.update(os.pread(file, min(CHUNK, end - at), at))
    return digest.digest()


def _give_way(session: Session, account: Account, folder: Path) -> None:
    ours = select(Upload).where(Upload.account_id == account.id).order_by(Upload.asked_at.desc(), Upload.id)
    unfinished = [upload for upload in session.scalars(ours) if not is_whole(session, upload)]
    before = 0
    for number, upload in enumerate(unfinished):
        before += upload.size
        if number >= MOST_UNFINISHED or before > MOST_UNFINISHED_BYTES:
            drop(session, upload, folder)


def _remove_bytes(folder: Path, upload_id: str) -> None:
    partial_of(folder, upload_id).unlink(missing_ok=True)
