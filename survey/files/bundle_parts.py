"""A sealed bundle that is larger than a request may be, brought in parts (tus 1.0) and held until the page takes it.

Nothing but the file itself says what is here: its name holds whose it is and how large it will be, its length how far
it is. It is nobody else's, is taken once, and goes after a day.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from models import Upload
from survey.files import uploads
from survey.problems import Problem

KEPT = timedelta(days=1)
MOST = 4  # of an account at once; the oldest gives way
_ID = re.compile(r"[0-9a-f]{32}\Z")


def begin(folder: Path, account_id: str, size: int, now: datetime) -> str:
    """A new one of `size` bytes; returns its id."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean(folder, now)
    mine = sorted(folder.glob(f"{account_id}.*"), key=lambda path: path.stat().st_mtime)
    for path in mine[: max(0, len(mine) + 1 - MOST)]:
        path.unlink(missing_ok=True)
    part_id = uuid4().hex
    (folder / f"{account_id}.{part_id}.{size}").touch(mode=0o600)
    return part_id


def find(folder: Path, account_id: str, part_id: str) -> tuple[Path, int]:
    """(where its bytes lie, how many it will have). Raises `not_found`."""
    found = list(folder.glob(f"{account_id}.{part_id}.*")) if _ID.match(part_id) else []
    if not found:
        raise Problem("not_found")
    return found[0], int(found[0].name.rpartition(".")[2])


def append(folder: Path, account_id: str, part_id: str, offset: int, stream: IO[bytes]) -> int:
    """As `uploads.append`; returns how many bytes are here."""
    path, size = find(folder, account_id, part_id)
    return uploads.append(Upload(id=path.name, size=size), folder, offset, stream)


def whole(folder: Path, account_id: str, part_id: str) -> Path:
    """The file when all of it is here. Raises `not_found`."""
    path, size = find(folder, account_id, part_id)
    if path.stat().st_size != size:
        raise Problem("not_found")
    return path


def clean(folder: Path, now: datetime) -> None:
    """Remove what nobody took for a day."""
    for path in folder.glob("*.*.*"):
        if path.stat().st_mtime < (now - KEPT).timestamp():
            path.unlink(missing_ok=True)
